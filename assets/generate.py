#!/usr/bin/env python3
"""Write down what the Python code says of itself, for what cannot ask it.

Run it after a change of imports, scripts, modules or descriptions (``ASSAY``, ``ARCHITECTURE``,
``PART``), in the environment of the tests: ``python assets/generate.py``. It writes

* ``assets/features.json`` for Groovy: assays and architectures; ``assets/code.json``, the files of
  code of every process (with one's own Nextflow and Docker no Python runs beside Nextflow);
* ``bin/nfexplainn/features.json`` for the steps that run none of them;
* the lists of assays and architectures in the schemas, the defaults in ``nextflow.config``, the
  docs' tables of parameters, and the report's chapters in their order, for MultiQC and the docs.

Tests hold all of them.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / "bin"
PACKAGE = "nfexplainn"
IMAGE = re.compile(r"ghcr\.io/nf-explainn/.*:")
# Doubled ones are taken for a template by nf-core lint.
OPEN, CLOSE = "{", "}"
SOFTWARE_VERSIONS = 500  # place of MultiQC's own chapter
# The order of the docs; what is not here comes last.
ORDER = ("peaks", "sequences", "starrseq", "pbm", "htselex", "smileseq", "table", "matrix")
ORDER += ("accessibility", "single_cell")
sys.path.insert(0, str(BIN))
# what Python, its checkers and a compiler leave beside the code
_LEFT_BEHIND = re.compile(r"__pycache__|/\.|\.(pyc|so)$")


def process_scripts(root: Path = ROOT) -> dict[str, list[str]]:
    """Find the scripts that every process starts.

    Parameters
    ----------
    root : Path
        Top folder of the project.

    Returns
    -------
    dict of str to list of str
        Names in ``bin/`` by the name of the process.
    """
    found: dict[str, list[str]] = {}
    for path in sorted((root / "modules").rglob("*.nf")):
        text = path.read_text(encoding="utf-8")
        (process,) = re.findall(r"^process (\w+) \{", text, re.MULTILINE)
        scripts = re.findall(r"^ +(\w+\.py) ", text, re.MULTILINE)
        if scripts:
            found[process] = list(dict.fromkeys(scripts))
    return dict(sorted(found.items()))


def files_of(scripts: list[str], root: Path = ROOT) -> list[str]:
    """List the files that scripts read as code, imported at once or late.

    Parameters
    ----------
    scripts : list of str
        Names in ``bin/``.
    root : Path
        Top folder of the project.

    Returns
    -------
    list of str
        Relative to `root`, sorted: the scripts; the modules that they import, directly or not;
        in their packages what is not Python (kernel sources, style sheets); the assets that they
        name.
    """
    todo = [root / "bin" / script for script in scripts]
    seen: set[Path] = set()
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        todo += [found for found in _imported(path, root) if found not in seen]
        if path.name == "__init__.py":
            seen |= set(_beside(path.parent))
    return sorted(str(path.relative_to(root)) for path in seen)


def _imported(path: Path, root: Path) -> Iterator[Path]:
    """Yield the files of the package that a module names in imports or in texts, and its assets."""
    # What the package's root loads late is for notebooks, and no step's code.
    if path.suffix != ".py" or path == root / "bin" / PACKAGE / "__init__.py":
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            base = node.module or ""
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.ImportFrom):
            raise SystemExit(
                f"{path}: a relative import, which this does not follow; name it whole."
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names = [node.value]  # what importlib is given
            beside = (
                path.with_name(node.value) if re.fullmatch(r"[\w.]+\.json", node.value) else path
            )
            if beside != path and beside.is_file():
                yield beside
        elif isinstance(node, ast.BinOp):
            yield from _assets(node, root)
        for name in names:
            if name == PACKAGE or name.startswith(f"{PACKAGE}."):
                yield from _module(name, root)


def _module(name: str, root: Path) -> Iterator[Path]:
    """Yield the file of a module and those of the packages round it; none of what is no module.

    A ``*`` stands for every folder or module at its place.
    """
    if "*" in name:
        before, _, after = name.partition(".*")
        for place in sorted((root / "bin" / before.replace(".", "/")).iterdir()):
            yield from _module(f"{before}.{place.stem}{after}", root)
        return
    if not re.fullmatch(r"[\w.]+", name):
        return
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        place = root / "bin" / Path(*parts[:length])
        for candidate in (place / "__init__.py", place.with_suffix(".py")):
            if candidate.is_file():
                yield candidate


def _beside(package: Path) -> Iterator[Path]:
    """Yield the files of a package that are not Python, those of packages within it left out.

    What lies in the root is for the module that names it.
    """
    if package.name == PACKAGE:
        return
    for path in sorted(package.iterdir()):
        if _LEFT_BEHIND.search(f"/{path.name}"):
            continue
        if path.is_dir() and not (path / "__init__.py").exists():
            yield from _beside(path)
        elif path.is_file() and path.suffix != ".py":
            yield path


def _assets(node: ast.BinOp, root: Path) -> Iterator[Path]:
    """Yield the files of a path that is written as ``... / "assets" / "motifs"``."""
    parts: list[str] = []
    left: ast.expr = node
    while isinstance(left, ast.BinOp) and isinstance(left.op, ast.Div):
        if not (isinstance(left.right, ast.Constant) and isinstance(left.right.value, str)):
            return
        parts.insert(0, left.right.value)
        left = left.left
    if parts[:1] == ["assets"] and len(parts) > 1:  # a part of a longer path is "assets" alone
        place = root.joinpath(*parts)
        if place.is_file():
            yield place
        elif place.is_dir():
            yield from (path for path in sorted(place.rglob("*")) if path.is_file())


def steps(root: Path = ROOT) -> dict[str, list[str]]:
    """Give the files of code of every process, by its name; ``DATASET_PREPARE`` per assay."""
    code = {name: files_of(scripts, root) for name, scripts in process_scripts(root).items()}
    general = code.pop("DATASET_PREPARE")
    for name in assay_modules(root):
        own = files_of([f"nfexplainn/assays/{name}.py"], root)
        code[f"DATASET_PREPARE_{name.upper()}"] = sorted({*general, *own})
    return dict(sorted(code.items()))


def assay_modules(root: Path = ROOT) -> list[str]:
    """Name the modules that describe an assay, without importing them."""
    folder = root / "bin" / PACKAGE / "assays"
    return [path.stem for path in sorted(folder.glob("*.py")) if "\nASSAY = " in path.read_text()]


def groovy_features() -> dict[str, Any]:
    """Give what Groovy needs to know of assays and architectures."""
    parameters = {
        name
        for group in json.loads((ROOT / "nextflow_schema.json").read_text())["$defs"].values()
        for name in group["properties"]
    }
    assays = {}
    for assay in _assays():
        of_all = {
            "module": assay.name,
            "description": assay.description,
            "genome": assay.facts.genome,
            "negatives": list(assay.negatives),
            "losses": list(assay.losses),
            "options": list(assay.options),
            "defaults": dict(assay.defaults),
            "cycles": assay.cycles,
            "values": assay.values,
            "holds": dict(assay.holds),
            "denoise": assay.denoise,
        }
        for name in (assay.name, *assay.aliases):
            assays[name] = of_all
    architectures = {
        name: {
            "options": [option for option in one.parameters() if option in parameters],
            "shortest": one.shortest,
            "pretrained": one.pretrained,
        }
        for name, one in _architectures().items()
    }
    return {"assays": assays, "architectures": architectures}


def python_features() -> dict[str, Any]:
    """Give what the steps need to know that run none of them."""
    assays = {}
    for assay in _assays():
        assays[assay.name] = dataclasses.asdict(assay.facts)
        for name, label in assay.aliases.items():
            assays[name] = dataclasses.asdict(dataclasses.replace(assay.facts, label=label))
    contrast = importlib.import_module(f"{PACKAGE}.assays.contrast")  # of no row of the sheet
    assays["contrast"] = dataclasses.asdict(contrast.FACTS)
    architectures = {
        name: {"title": one.title, "pretrained": one.pretrained, "reference": one.reference}
        for name, one in _architectures().items()
    }
    return {"assays": assays, "architectures": architectures}


def _assays() -> list[Any]:
    """Give the descriptions of the assays, those of peaks and sequences first."""
    found = [importlib.import_module(f"{PACKAGE}.assays.{name}").ASSAY for name in assay_modules()]
    return sorted(found, key=lambda assay: (*ORDER, assay.name).index(assay.name))


def _architectures() -> Mapping[str, Any]:
    found: Mapping[str, Any] = importlib.import_module(f"{PACKAGE}.models.registry").ARCHITECTURES
    return found


def files(root: Path = ROOT) -> dict[str, str]:
    """Give the content of every file that is written, by its path from the top folder."""
    groovy = groovy_features()
    schema = _with_models(root / "nextflow_schema.json", list(groovy["architectures"]))
    groups = list(json.loads(schema)["$defs"].values())
    return {
        "assets/features.json": json.dumps(groovy, indent=1) + "\n",
        "assets/code.json": json.dumps(steps(root), indent=1) + "\n",
        "bin/nfexplainn/features.json": json.dumps(python_features(), indent=1) + "\n",
        "assets/schema_input.json": _with_list(
            root / "assets/schema_input.json", "assay", list(groovy["assays"])
        ),
        "nextflow_schema.json": schema,
        "nextflow.config": _with_defaults(root / "nextflow.config", groups),
        "docs/usage.md": _with_parameters(root / "docs" / "usage.md", groups),
        "docs/output.md": _with_answers(root / "docs" / "output.md"),
        "assets/multiqc/multiqc_config.yml": _with_chapters(
            root / "assets/multiqc/multiqc_config.yml"
        ),
    }


def _with_list(path: Path, name: str, values: Sequence[str]) -> str:
    """Give a schema's text with a property's ``enum`` replaced."""
    text = path.read_text(encoding="utf-8")
    listed = json.dumps(list(values))
    new, count = re.subn(
        rf'("{name}": [{OPEN}][^{CLOSE}]*?"enum": )\[[^\]]*\]',
        lambda found: found[1] + listed,
        text,
    )
    assert count == 1, f"{path}: no enum of {name}"
    return new


def _with_models(path: Path, names: Sequence[str]) -> str:
    """Give the schema's text with the architectures of today in what it says of ``models``."""
    text = path.read_text(encoding="utf-8")
    listed, one = ", ".join(names), "|".join(names)
    changes = (
        (r'("description": "Architectures to train, comma-separated: )[^"]*', f"{listed}."),
        (r'("pattern": ")\^\(explainn[^"]*', f"^({one})(,({one}))*$"),
        (r'("errorMessage": "give one or more of: )explainn[^"]*', listed),
    )
    for pattern, new in changes:
        text, count = re.subn(pattern, lambda found, new=new: found[1] + new, text)
        assert count == 1, f"{path}: {pattern} stands there {count} times"
    return text


def _with_defaults(path: Path, groups: Sequence[Mapping[str, Any]]) -> str:
    """Give Nextflow's configuration with the defaults of the schema."""
    blocks = []
    for group in groups:
        width = max(map(len, group["properties"]))
        lines = [
            f"    {name:<{width}} = {_groovy(_configured(one))}\n"
            for name, one in group["properties"].items()
        ]
        blocks.append(f"    // {group['title']}\n{''.join(lines)}")
    text = path.read_text(encoding="utf-8")
    head, opening, rest = text.partition("params {\n")
    after = rest.partition("\n}\n")[2]
    return head + opening + "\n".join(blocks) + "}\n" + after


def _configured(one: Mapping[str, Any]) -> object:
    """Give what the configuration holds of a parameter that nobody gives.

    Where it counts whether somebody did, that is nothing; ``params.nf`` fills in the default.
    """
    return None if one.get("null_unless_given") else one.get("default")


def _groovy(value: object) -> str:
    """Write a default as Groovy does."""
    if isinstance(value, str):
        return f"'{value}'"
    return json.dumps(value)


def _with_parameters(path: Path, groups: Sequence[Mapping[str, Any]]) -> str:
    """Give the page on usage with a row per parameter, under the headings of the groups."""
    text = path.read_text(encoding="utf-8")
    for group in groups:
        rows = "".join(_row(name, one, path.parent) for name, one in group["properties"].items())
        opening = f"### {group['title']}\n"
        assert opening in text, f"{path}: no heading {group['title']}"
        before, _, after = text.partition(opening)
        words, table, rest = after.partition("| parameter | default | |\n|---|---|---|\n")
        rest = re.sub(r"\A(\|[^\n]*\n)*", "", rest)
        text = f"{before}{opening}{words}{table}{rows}{rest}"
    return text


def _row(name: str, one: Mapping[str, Any], docs: Path) -> str:
    """Describe a parameter in a row of the docs."""
    default = one.get("default")
    shown = "" if "default" not in one else f"`{json.dumps(default).strip(chr(34))}`"
    text = str(one["description"])
    if one.get("enum"):
        text += f" One of {', '.join(f'`{value}`' for value in one['enum'])}."
    if page := one.get("page"):
        title = (docs / "usage" / f"{page}.md").read_text(encoding="utf-8").partition("\n")[0]
        text += f" See [{title.lstrip('# ')}](usage/{page}.md)."
    text += " *sheet*" if one.get("per_dataset") else ""
    # an image's tag changes with every version
    return (
        f"| `--{name}` | {'of this version' if IMAGE.match(str(default)) else shown} | {text} |\n"
    )


def _with_answers(path: Path) -> str:
    """Give the page on the results with the chapters of the report in their order."""
    chapters = importlib.import_module(f"{PACKAGE}.report.build").all_chapters()
    rows = "".join(f"| {chapter.title} | {chapter.answers} |\n" for chapter in chapters[:-1])
    rows += f"| Software Versions, {chapters[-1].title} | {chapters[-1].answers} |\n"
    before, head, after = path.read_text(encoding="utf-8").partition(
        "| chapter | what it answers |\n|---|---|\n"
    )
    rest = re.sub(r"\A(\|[^\n]*\n)*", "", after)
    return f"{before}{head}{rows}{rest}"


def _with_chapters(path: Path) -> str:
    """Give MultiQC's configuration with the chapters of today in their order."""
    chapters = importlib.import_module(f"{PACKAGE}.report.build").all_chapters()
    places = {chapter.key: chapter.position for chapter in chapters}
    places["multiqc_software_versions"] = SOFTWARE_VERSIONS
    lines = [
        f"  {key}: {OPEN} order: {place} {CLOSE}\n"
        for key, place in sorted(places.items(), key=lambda pair: -pair[1])
    ]
    head, _, _ = path.read_text(encoding="utf-8").partition("report_section_order:\n")
    return f"{head}report_section_order:\n{''.join(lines)}"


if __name__ == "__main__":
    for name, content in files().items():
        (ROOT / name).write_text(content, encoding="utf-8")
