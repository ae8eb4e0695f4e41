"""What a prepare step is asked to do (``spec.json``), and the driver that all assays share."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nfexplainn.assays.checks import check_dataset
from nfexplainn.data.audit import audit_dataset
from nfexplainn.data.dataset import MOST_FOLDS, Dataset, Source, write_dataset, write_header
from nfexplainn.data.tables import write_audit, write_counts, write_dropped, write_readings
from nfexplainn.errors import UnusableError, UserError, quoted
from nfexplainn.io.coordinates import Coordinates
from nfexplainn.io.reading import read_json, reading
from nfexplainn.io.text import sha256, write_text
from nfexplainn.seeds import SEED, seed_for
from nfexplainn.typed import from_json, typed

NEGATIVE_KINDS = ("gc", "shuffle", "others")
_MOST_NEGATIVES = 100  # per positive, as in nextflow_schema.json
_LONGEST = 100_000  # bp, as there
SPLIT_KINDS = ("random", "homology", "chromosome", "given")


@dataclass(frozen=True)
class Options:
    """Scientific settings of the prepare steps; the names are those of the parameters.

    Attributes
    ----------
    width : int
        Length of the windows round summits, in bp.
    blacklist : str or int or None
        BED of regions to leave out: a position in the spec's files, or a path.
    top_n : int or None
        Peaks to keep per file, by score.
    chromosomes, exclude_chromosomes : tuple of str
        Chromosomes to use (empty: all) and not to use.
    length : int or None
        Length to cut given sequences to, about their middle; None: they must be equal.
    negatives : str or None
        For rows that say nothing: ``gc``, ``shuffle`` or ``others``; None: the assay's default.
    negatives_ratio : float
        Negatives per positive.
    max_unknown : float
        Largest share of unknown bases (N) in a sequence; with more it is dropped.
    split_by : {'random', 'homology', 'chromosome', 'given'}
    valid_fraction, test_fraction : float
    valid_chromosomes, test_chromosomes : tuple of str
        Empty with ``split_by`` 'chromosome': chosen so that the fractions are met.
    seed : int
    min_positives : int
        With fewer in every task, a data set is unusable.
    folds : int or None
        Parts of a cross-validation, at least 3; None or 1: one split; 0: folds for a small data
        set.
    """

    width: int = 200
    blacklist: str | int | None = None
    top_n: int | None = None
    chromosomes: tuple[str, ...] = ()
    exclude_chromosomes: tuple[str, ...] = ()
    length: int | None = None
    negatives: str | None = None
    negatives_ratio: float = 1.0
    max_unknown: float = 0.1
    split_by: str = "random"
    valid_fraction: float = 0.1
    test_fraction: float = 0.1
    valid_chromosomes: tuple[str, ...] = ()
    test_chromosomes: tuple[str, ...] = ()
    seed: int = SEED
    min_positives: int = 100
    folds: int | None = None

    def __post_init__(self) -> None:
        """Refuse settings that contradict each other."""
        wrong = []
        for key, bases in (("width", self.width), ("length", self.length)):
            if bases is not None and not 1 <= bases <= _LONGEST:
                wrong.append(f"{key} is {bases}; it counts bases: give 1 to {_LONGEST:,}.")
        if self.top_n is not None and self.top_n < 1:
            wrong.append(f"top_n is {self.top_n}; give 1 or more, or leave it out.")
        if not 0 < self.negatives_ratio <= _MOST_NEGATIVES:
            wrong.append(
                f"negatives_ratio is {self.negatives_ratio:g}; it must be above 0 and at most"
                f" {_MOST_NEGATIVES}."
            )
        if not 0 <= self.max_unknown < 1:
            wrong.append(
                f"max_unknown is {self.max_unknown:g}; it is a fraction: give 0 or more, below 1."
            )
        if self.split_by not in SPLIT_KINDS:
            wrong.append(
                f"split_by is {quoted(self.split_by)}; it must be one of {', '.join(SPLIT_KINDS)}."
            )
        if self.negatives is not None and self.negatives not in NEGATIVE_KINDS:
            kinds = ", ".join(NEGATIVE_KINDS)
            wrong.append(f"negatives is {quoted(self.negatives)}; it must be one of {kinds}.")
        fractions = (self.valid_fraction, self.test_fraction)
        if min(fractions) < 0 or sum(fractions) >= 1 or self.valid_fraction == 0:
            wrong.append(
                f"valid_fraction {fractions[0]:g} and test_fraction {fractions[1]:g} must leave"
                " sequences for training, and validation needs some (early stopping uses them)."
            )
        wrong += self._wrong_folds()
        both = set(self.valid_chromosomes) & set(self.test_chromosomes)
        if both:
            wrong.append(f"'{min(both)}' is both in valid_chromosomes and in test_chromosomes.")
        if wrong:
            raise UserError("\n".join(wrong))

    def _wrong_folds(self) -> list[str]:
        if self.folds in (None, 0, 1):
            return []
        if self.folds == 2 or not 0 <= self.folds <= MOST_FOLDS:
            return [
                f"folds is {self.folds}; give 1 for one split, or 3 to {MOST_FOLDS}: one fold is"
                " for testing, one for early stopping, the others for training."
            ]
        if self.valid_chromosomes or self.test_chromosomes:
            return [
                f"folds {self.folds} cannot be used with valid_chromosomes or test_chromosomes:"
                " every chromosome is held out once; leave one of them out."
            ]
        return []


@dataclass(frozen=True)
class InputFile:
    """A file of the spec: its name as the user wrote it and where it lies."""

    name: str
    path: str


@dataclass(frozen=True)
class Row:
    """A row of the samplesheet.

    ``negatives`` is a position in the spec's files, a kind, or None; ``values`` is one or None;
    ``line`` is the sheet's line.
    """

    sample: str
    data: int
    line: int | None = None
    negatives: int | str | None = None
    split: str | None = None
    label: str | None = None
    values: int | None = None


@dataclass(frozen=True)
class Spec:
    """One data set to prepare.

    Attributes
    ----------
    id, assay : str
    module : str
        Which module of ``assays`` reads it, where the assay is another name of that.
    rows : tuple of Row
    files : tuple of InputFile
    options : Options
    genome : InputFile or None
    others : tuple of int
        Positions in ``files`` of the main files of other data sets' rows, for negatives 'others'.
    raw_options : mapping
        All options as given, for assays with options of their own.
    """

    id: str
    assay: str
    rows: tuple[Row, ...]
    files: tuple[InputFile, ...]
    options: Options = field(default_factory=Options)
    genome: InputFile | None = None
    others: tuple[int, ...] = ()
    raw_options: Mapping[str, Any] = field(default_factory=dict)
    module: str = ""

    def rng(self, purpose: str, sample: str = "") -> np.random.Generator:
        """Make the generator of one random draw; see :func:`~nfexplainn.seeds.seed_for`."""
        return np.random.default_rng(seed_for(self.options.seed, self.id, sample, purpose))

    def file(self, position: int) -> InputFile:
        """Give a file by its position."""
        return self.files[position]

    def sources(self) -> tuple[Source, ...]:
        """Names and sha256 of all files: those of the rows in their order, then the others."""
        of_rows = [p for row in self.rows for p in (row.data, row.negatives, row.values)]
        places = [p for p in (*of_rows, *range(len(self.files))) if isinstance(p, int)]
        files = [self.files[place] for place in dict.fromkeys(places)]
        return tuple(Source(file.name, sha256(file.path)) for file in files)


@dataclass(frozen=True)
class Prepared:
    """What an assay hands to the driver.

    Attributes
    ----------
    dataset : Dataset
    where : Coordinates
        Where its sequences come from.
    dropped : list of (source, reason, count)
        Records that could not be used.
    readings : list of (source, item, value)
        What was read as what: ``peaks.bed``, ``windows``, ``round 1,078 summits (column 10)``.
    """

    dataset: Dataset
    where: Coordinates
    dropped: list[tuple[str, str, int]] = field(default_factory=list)
    readings: list[tuple[str, str, str]] = field(default_factory=list)


def read_spec(path: str | Path) -> Spec:
    """Read a ``spec.json``; option keys that :class:`Options` lacks are kept in ``raw_options``.

    Rows are sorted by sample, so that no result depends on their order.

    Raises
    ------
    UserError
        If an option's value cannot be used.
    """
    source = Path(path).name
    raw = read_json(path, source)
    with reading(source, "this is not a specification of a data set", "create it again"):
        files = tuple(from_json(InputFile, file, source) for file in raw["files"])
        rows = [from_json(Row, row, source) for row in raw["rows"]]
        genome = from_json(InputFile, raw["genome"], source) if raw.get("genome") else None
        options = raw.get("options") or {}
        spec = Spec(
            id=_text(raw, "id"),
            assay=_text(raw, "assay"),
            rows=tuple(sorted(rows, key=lambda row: row.sample)),
            files=files,
            options=make_options(options, raw.get("seed"), source),
            genome=genome,
            others=tuple(raw.get("others") or ()),
            raw_options=options,
            module=_text(raw, "module") if "module" in raw else _text(raw, "assay"),
        )
        of_rows = [place for row in rows for place in (row.data, row.negatives, row.values)]
        for place in (*of_rows, *spec.others):
            if not isinstance(place, str | None) and not 0 <= place < len(files):
                raise ValueError(f"it has no file {place}")
    return spec


def _text(raw: Mapping[str, Any], key: str) -> str:
    """Give a value that must be a text."""
    if not isinstance(raw[key], str):
        raise ValueError(f"{key} is not text")
    return str(raw[key])


def make_options(raw: Mapping[str, Any], seed: int | None = None, source: str = "") -> Options:
    """Make options from JSON values: lists or comma-separated texts, null for the default.

    Raises
    ------
    UserError
        With a sentence per value of a wrong type, or out of its range; ``source`` opens it.
    """
    values = typed(Options, {key: value for key, value in raw.items() if value != ""}, source)
    if values.get("negatives") == "auto":
        del values["negatives"]
    return Options(**(values | typed(Options, {"seed": seed}, source)))


def run_prepare(parse: Callable[[Spec], Prepared]) -> None:
    """Run a prepare script: read ``--spec``, call ``parse``, write the files of the contract.

    Writes into the current folder ``<id>.status.json`` always, if the data set is no mistake the
    tables of what was dropped and of what was read as what, and if it is usable its Parquet file
    and the tables of counts and of the audit. A user's mistake and an unusable data set are states,
    not failures: the other data sets go on.
    """
    parser = argparse.ArgumentParser(description=parse.__doc__)
    parser.add_argument("--spec", type=Path, required=True, help="spec.json of the data set")
    path = parser.parse_args().spec
    with reading(path.name, "this is not a specification of a data set", "create it again"):
        name = _text(read_json(path, path.name), "id")
    status: dict[str, object] = {"dataset": name, "state": "ok", "reason": "", "advice": ""}
    prepared = None
    try:
        spec = read_spec(path)
        prepared = parse(spec)
        check_dataset(prepared.dataset)
        _write(prepared, name)
        if prepared.dataset.meta.folds > 1:
            status["folds"] = prepared.dataset.meta.folds
    except UserError as error:
        status |= {
            "state": "error",
            "reason": str(error),
            "advice": "Correct the input and run again with -resume.",
        }
    except UnusableError as error:
        status |= {"state": "unusable", "reason": error.reason, "advice": error.advice}
        _write_sources(prepared or error, name)
    write_text(Path(f"{name}.status.json"), json.dumps(status, indent=1, sort_keys=True) + "\n")


def _write_sources(told: Prepared | UnusableError, name: str) -> None:
    """Write what was left out, and what was read as what."""
    write_dropped(told.dropped, Path(f"{name}.dropped.tsv"))
    write_readings(told.readings, Path(f"{name}.readings.tsv"))


def _write(prepared: Prepared, name: str) -> None:
    """Write the data set and its tables; the data set comes last, when all else is there."""
    dataset = prepared.dataset
    write_counts(dataset, Path(f"{name}.counts.tsv"))
    _write_sources(prepared, name)
    checks = [
        audit_dataset(each, prepared.where, fold) for fold, each in enumerate(dataset.of_folds())
    ]
    write_audit(checks, Path(f"{name}.audit.tsv"))
    write_header(dataset, Path(f"{name}.header.json"))
    part = Path(f"{name}.dataset.parquet.part")
    write_dataset(dataset, part)
    part.replace(f"{name}.dataset.parquet")
