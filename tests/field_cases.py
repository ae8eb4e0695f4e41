"""Inputs as people have them, of ``shared/field/cases``, prepared in this process."""

from __future__ import annotations

import csv
import importlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nfexplainn.assays.spec import InputFile, Prepared, Row, Spec, make_options
from nfexplainn.io.genome import index_genome

_OF_ROW = ("split", "label")
_FILES_OF_ROW = ("negatives", "values")
_FILES = ("blacklist", "regions", "labels", "clusters", "barcodes")
_OTHER = ("sample", "assay", "data", "genome", "jaspar_taxon", *_OF_ROW, *_FILES_OF_ROW)


def case_specs(folder: Path, root: Path, work: Path, **options: Any) -> dict[str, Spec]:
    """Make a spec of every row of a case's sheet.

    Parameters
    ----------
    folder : Path
        With ``sheet.csv``.
    root : Path
        Of the project, for which PROJECT stands in the sheet.
    work : Path
        Where indexed copies of genomes are kept.
    **options
        Further options, such as ``min_positives``.
    """
    with (folder / "sheet.csv").open(encoding="utf-8-sig") as handle:
        rows = list(csv.DictReader(handle))
    return {row["sample"]: _spec(row, folder, root, work, options) for row in rows}


def prepare_spec(spec: Spec) -> Prepared:
    """Prepare a data set with the function of its assay."""
    prepared = importlib.import_module(f"nfexplainn.assays.{spec.assay}").prepare(spec)
    assert isinstance(prepared, Prepared)
    return prepared


def reading(prepared: Prepared, item: str, source: str = "") -> str:
    """Give what was noted of an item, joined where there are several."""
    return "; ".join(
        value for where, what, value in prepared.readings if what == item and source in where
    )


def _spec(
    row: Mapping[str, str], folder: Path, root: Path, work: Path, more: Mapping[str, Any]
) -> Spec:
    files: list[InputFile] = []

    def position(text: str) -> int:
        """Give the position of a file, which is added where it is new."""
        path = str(folder / text.replace("PROJECT", str(root)))
        names = [file.path for file in files]
        if path not in names:
            files.append(InputFile(text, path))
            return len(files) - 1
        return names.index(path)

    cells = {key: value for key, value in row.items() if key and value}
    line: dict[str, Any] = {"sample": cells["sample"], "data": position(cells["data"]), "line": 2}
    line |= {key: cells[key] for key in _OF_ROW if key in cells}
    for key in _FILES_OF_ROW:
        if key in cells:
            is_file = (folder / cells[key]).exists()
            line[key] = position(cells[key]) if is_file else cells[key]
    raw: dict[str, Any] = {key: value for key, value in cells.items() if key not in _OTHER}
    raw |= {key: position(raw[key]) for key in _FILES if key in raw}
    raw = {key: _number(value) for key, value in raw.items()} | dict(more)
    genome = cells.get("genome")
    return Spec(
        cells["sample"],
        cells["assay"],
        (Row(**line),),
        tuple(files),
        make_options(raw, 42),
        _genome(folder / genome.replace("PROJECT", str(root)), work) if genome else None,
        raw_options=raw,
    )


def _number(value: Any) -> Any:
    """Read a whole number of the sheet."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _genome(path: Path, work: Path) -> InputFile:
    """Index a copy of a genome, once."""
    place = work / path.parent.name
    copy = place / path.name
    unpacked = place / "genome.fa"
    if not copy.exists():
        place.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        index_genome(copy, path.name, unpacked)
    return InputFile(path.name, str(unpacked if unpacked.exists() else copy))
