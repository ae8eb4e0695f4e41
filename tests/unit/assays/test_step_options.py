"""Each step gets the options that it reads: lists in assets/ against the code that reads them."""

from __future__ import annotations

import ast
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nfexplainn.assays.spec import Options
from nfexplainn.data.padding import PadOptions
from nfexplainn.models.registry import ARCHITECTURES
from nfexplainn.training.options import TrainingOptions

ROOT = Path(__file__).resolve().parents[3]
FEATURES: dict[str, Any] = json.loads((ROOT / "assets" / "features.json").read_text())
CODE = json.loads((ROOT / "assets" / "code.json").read_text())
ASSAYS = {name: one for name, one in FEATURES["assays"].items() if one["module"] == name}
SHAPES = FEATURES["architectures"]
SCHEMA = json.loads((ROOT / "nextflow_schema.json").read_text())
PARAMETERS = {
    name: one for group in SCHEMA["$defs"].values() for name, one in group["properties"].items()
}
# files that the sheet or a parameter names, which describe() turns into positions
FILES = {"blacklist", "labels", "regions", "clusters", "barcodes"}
# not parameters: the seed has a place of its own in spec.json, and a step makes the denoised cells
APART = {"seed", "denoised"}
READERS = {"option_file", "choice"}


def code_files(assay: str) -> list[Path]:
    return [ROOT / name for name in CODE[f"DATASET_PREPARE_{assay.upper()}"]]


def names_read(path: Path) -> Iterator[str]:
    """Options that a module names: attributes of `options`, fields of its classes, words."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute | ast.Name):
            owner = node.value.attr if isinstance(node.value, ast.Attribute) else node.value.id
            if owner == "options":
                yield node.attr
        elif isinstance(node, ast.ClassDef) and node.name.endswith("Options"):
            for field in node.body:
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    yield field.target.id
        elif isinstance(node, ast.Call):
            called = node.func
            named = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
            of_raw = isinstance(called, ast.Attribute) and "raw_options" in ast.dump(called.value)
            if named in READERS or (named == "get" and of_raw):
                for argument in node.args:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        yield argument.value


@pytest.mark.parametrize("assay", sorted(ASSAYS))
def test_an_assay_gets_what_its_code_reads(assay: str) -> None:
    general = {field.name for field in dataclasses.fields(Options)}
    found: set[str] = set()
    for path in code_files(assay):
        if path.suffix != ".py" or path.name == "spec.py":
            continue
        names = set(names_read(path))
        found |= names & (general | FILES | set(PARAMETERS))
    listed = set(ASSAYS[assay]["options"])
    # code that assays share: only peaks are ranked, and measured values have no negatives
    idle = {"top_n", "negatives"} if not ASSAYS[assay]["negatives"] else {"top_n"}
    # shares a module with smileseq, which pads
    if "pad" not in listed and any(path.name == "sequences.py" for path in code_files(assay)):
        idle |= {field.name for field in dataclasses.fields(PadOptions)}
    assert found - listed - APART <= idle
    assert listed <= set(PARAMETERS)
    steps = {name for name in listed if "prepare" in (PARAMETERS[name].get("steps") or [])}
    assert listed - steps <= FILES | {"negatives"}


def test_every_parameter_of_the_preparation_is_some_assays() -> None:
    listed = {name for assay in ASSAYS.values() for name in assay["options"]}
    of_step = {name for name, one in PARAMETERS.items() if "prepare" in (one.get("steps") or [])}
    assert of_step - listed - APART == set()


def test_an_architecture_gets_what_its_configuration_holds() -> None:
    assert set(SHAPES) == set(ARCHITECTURES)
    general = {field.name for field in dataclasses.fields(TrainingOptions)}
    of_step = {name for name, one in PARAMETERS.items() if "train" in (one.get("steps") or [])}
    for name, shape in SHAPES.items():
        fields = {field.name for field in dataclasses.fields(ARCHITECTURES[name].config)}
        wanted = fields & set(PARAMETERS) - {"length"}
        assert wanted <= set(shape["options"]), name
        assert set(shape["options"]) <= of_step
    own = {option for shape in SHAPES.values() for option in shape["options"]}
    # what no architecture claims, all get
    assert of_step - own <= general | {"kernel", "device"}
