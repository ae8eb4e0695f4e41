"""What the report reads: the files of every step, sorted into data sets and models."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nfexplainn.io.tsv import iterate_tsv
from nfexplainn.order import natural_key

Row = dict[str, str]

_RUN = re.compile(r"^(?P<dataset>.+)\.(?P<model>[^.]+)\.r(?P<replicate>\d+)$")
_OF_DATASET = (
    *(".status.json", ".counts.tsv", ".dropped.tsv", ".readings.tsv", ".audit.tsv"),
    *(".baseline.tsv", ".header.json", ".predicted.json"),
)
_OF_RUN = (
    *(".history.tsv", ".timing.tsv", ".metrics.tsv", ".model.tsv", ".effects.tsv"),
    *(".importances.parquet", ".units.meme", ".units.tsv"),
)
_OF_MODEL = (
    *(".tomtom.tsv", ".support.tsv", ".verdict.json", ".units.tsv"),
    *(".consensus.tsv", ".consensus.meme", ".ensemble.tsv"),
)
BEST_HITS = 5


@dataclass(frozen=True)
class ModelResult:
    """All that is known of one model (its replicates together) on one data set.

    Attributes
    ----------
    dataset, name : str
    verdict : mapping
        The content of ``verdict.json``; empty where the step is missing.
    units : list of rows
        The final units of all replicates.
    tomtom : list of rows
        The five best hits of every unit; the table holds only those at the run's q_threshold.
    histories, metrics, effects : mapping of replicate to rows
    sizes : mapping of replicate to int
        Number of parameters.
    importances, motifs : mapping of replicate to path
        Parquet file and MEME file.
    consensus, ensemble : list of rows
        Motifs and scores of the replicates together.
    consensus_motifs : path or None
    best : int or None
        Number of the best replicate, where the run tells it.
    folds : int
        Of a cross-validation, each tested by other replicates; 1 without.
    """

    dataset: str
    name: str
    verdict: Mapping[str, Any] = field(default_factory=dict)
    units: list[Row] = field(default_factory=list)
    tomtom: list[Row] = field(default_factory=list)
    histories: Mapping[int, list[Row]] = field(default_factory=dict)
    metrics: Mapping[int, list[Row]] = field(default_factory=dict)
    effects: Mapping[int, list[Row]] = field(default_factory=dict)
    sizes: Mapping[int, int] = field(default_factory=dict)
    importances: Mapping[int, Path] = field(default_factory=dict)
    motifs: Mapping[int, Path] = field(default_factory=dict)
    consensus: list[Row] = field(default_factory=list)
    consensus_motifs: Path | None = None
    ensemble: list[Row] = field(default_factory=list)
    best: int | None = None
    folds: int = 1

    @property
    def best_replicate(self) -> int:
        """The replicate that is shown: the run's or the verdict's best, else the first there is."""
        if self.best is not None:
            return self.best
        best = self.verdict.get("best_replicate")
        if best is not None:
            return int(str(best).lstrip("r"))
        return min([*self.histories, *self.metrics, *self.motifs], default=1)

    @property
    def best_units(self) -> list[Row]:
        """The final units of the best replicate."""
        return [row for row in self.units if replicate_of(row) == self.best_replicate]

    @property
    def tasks(self) -> list[str]:
        """Names of the tasks, in the order of the final units' columns (or of the metrics)."""
        if self.units:
            return [key.removeprefix("effect:") for key in self.units[0] if key[:7] == "effect:"]
        rows = [row for rows in self.metrics.values() for row in rows]
        return list(dict.fromkeys(row["task"] for row in rows if row["task"] != "*"))


@dataclass(frozen=True)
class DatasetResult:
    """All that is known of one data set.

    Attributes
    ----------
    id : str
    state : {'ok', 'unusable', 'error'}
    reason, advice : str
        Why it is not usable and what to do; empty where it is.
    meta : mapping
        Header of the data set (assay, task type, notes, ...); empty where it is missing.
    counts, dropped, audit, baseline : list of rows
    models : tuple of ModelResult
    readings : list of rows
        What was read as what; empty for results of earlier versions.
    """

    id: str
    state: str
    reason: str
    advice: str
    meta: Mapping[str, Any]
    counts: list[Row]
    dropped: list[Row]
    audit: list[Row]
    baseline: list[Row]
    models: tuple[ModelResult, ...]
    readings: list[Row] = field(default_factory=list)

    @property
    def folds(self) -> int:
        """Number of folds of a cross-validation; 1 without."""
        return int(self.meta.get("folds", 1))


@dataclass(frozen=True)
class Inputs:
    """All that the report shows.

    Attributes
    ----------
    datasets : tuple of DatasetResult
        In natural order of their ids.
    params : mapping
        Resolved parameters of the run; ``datasets`` holds, per data set, those that differ.
    versions : list of (step, tool, version)
        Sorted, each once.
    files : mapping of name to path
        Every file found, also those of analyses that only their own section knows.
    """

    datasets: tuple[DatasetResult, ...]
    params: Mapping[str, Any]
    versions: list[tuple[str, str, str]]
    files: Mapping[str, Path] = field(default_factory=dict)

    def ending(self, suffix: str) -> list[tuple[str, str, int | None, Path]]:
        """Find the files of an analysis by how their names end.

        Parameters
        ----------
        suffix : str
            As `.streme.tsv`.

        Returns
        -------
        list of (dataset, model, replicate, path)
            In natural order; model is empty in the name of a data set's file, and replicate None
            in that of a model's.
        """
        found: list[tuple[str, str, int | None, Path]] = []
        ids = {dataset.id for dataset in self.datasets}
        # Of many data sets, few of all files: these alone are sorted.
        for name in sorted(filter(lambda name: name.endswith(suffix), self.files), key=natural_key):
            path = self.files[name]
            stem = name.removesuffix(suffix)
            run = _RUN.match(stem)
            if run:
                found.append((run["dataset"], run["model"], int(run["replicate"]), path))
            elif stem in ids:
                found.append((stem, "", None, path))
            elif "." in stem:
                dataset, _, model = stem.rpartition(".")
                found.append((dataset, model, None, path))
        return found

    @property
    def models(self) -> list[ModelResult]:
        """Every model of every data set, in order."""
        return [model for dataset in self.datasets for model in dataset.models]

    @property
    def folded(self) -> bool:
        """Whether there are folds in any data set."""
        return any(dataset.folds > 1 for dataset in self.datasets)


def read_table(path: Path) -> list[Row]:
    """Read a whole TSV with a header into a dict per row."""
    return list(iterate_tsv(path))


def number(text: str | float | int | None) -> float | None:
    """Turn a cell into a number; an empty, missing or NaN cell is None."""
    if text is None or text == "":
        return None
    value = float(text)
    return None if value != value else value


def replicate_of(row: Mapping[str, str]) -> int:
    """Number of the replicate that a row is about (``2`` or ``r2``)."""
    return int(row["replicate"].lstrip("r"))


def load_inputs(
    places: Iterable[str | Path],
    params: Mapping[str, Any],
    versions: Mapping[str, Any],
    best: Mapping[str, int] | None = None,
) -> Inputs:
    """Read all files of the steps that lie in `places` (folders, searched through, or files).

    Files that a data set does not have (an unusable one has only its status) are no error; files
    of other kinds are passed over.

    Parameters
    ----------
    places : iterable of path
    params : mapping
        Resolved parameters of the run.
    versions : mapping
        ``{step: {tool: version}}``, or ``{tool: version}``.
    best : mapping, optional
        Number of the best replicate by ``<dataset>.<model>``.

    Returns
    -------
    Inputs

    Raises
    ------
    ValueError
        If two different files have the same name.
    """
    files = _find(places)
    of_dataset: dict[str, dict[str, Path]] = {}
    of_model: dict[str, dict[str, dict[str, Path]]] = {}
    of_run: dict[str, dict[str, dict[int, dict[str, Path]]]] = {}
    for name, path in files.items():
        for suffix in sorted({*_OF_DATASET, *_OF_RUN, *_OF_MODEL}, key=len, reverse=True):
            if not name.endswith(suffix):
                continue
            stem = name.removesuffix(suffix)
            run = _RUN.match(stem)
            if run and suffix in _OF_RUN:
                replicates = of_run.setdefault(run["dataset"], {}).setdefault(run["model"], {})
                replicates.setdefault(int(run["replicate"]), {})[suffix] = path
            elif suffix in _OF_MODEL and "." in stem:
                dataset, _, model = stem.rpartition(".")
                of_model.setdefault(dataset, {}).setdefault(model, {})[suffix] = path
            elif suffix in _OF_DATASET:
                of_dataset.setdefault(stem, {})[suffix] = path
            break
    ids = sorted({*of_dataset, *of_model, *of_run}, key=natural_key)
    datasets = tuple(
        _dataset(id, of_dataset.get(id, {}), of_model.get(id, {}), of_run.get(id, {}), best or {})
        for id in ids
    )
    return Inputs(datasets, params, _flat_versions(versions), files)


def _find(places: Iterable[str | Path]) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for place in map(Path, places):
        for path in [place] if place.is_file() else _walk(place):
            other = files.setdefault(path.name, path)
            if other != path and other.read_bytes() != path.read_bytes():
                raise ValueError(f"{other} and {path} differ but have the same name")
    return dict(sorted(files.items()))


def _walk(folder: Path) -> Iterator[Path]:
    # A workflow engine stages folders as links, which Path.rglob does not follow in Python 3.11.
    for parent, folders, names in os.walk(folder, followlinks=True):
        folders.sort()
        for name in sorted(names):
            yield Path(parent, name)


def _record(files: Mapping[str, Path], suffix: str) -> dict[str, Any]:
    return dict(json.loads(files[suffix].read_text(encoding="utf-8"))) if suffix in files else {}


def _dataset(
    id: str,
    files: Mapping[str, Path],
    model_files: Mapping[str, Mapping[str, Path]],
    run_files: Mapping[str, Mapping[int, Mapping[str, Path]]],
    best: Mapping[str, int],
) -> DatasetResult:
    status, meta = _record(files, ".status.json"), _record(files, ".header.json")
    models = sorted({*model_files, *run_files}, key=natural_key)
    return DatasetResult(
        id=id,
        state=status.get("state", "ok"),
        reason=status.get("reason") or "",
        advice=status.get("advice") or "",
        meta=meta,
        counts=_rows(files, ".counts.tsv"),
        dropped=_rows(files, ".dropped.tsv"),
        audit=_rows(files, ".audit.tsv"),
        baseline=_rows(files, ".baseline.tsv"),
        models=tuple(
            _model(
                id,
                model,
                model_files.get(model, {}),
                run_files.get(model, {}),
                best.get(f"{id}.{model}"),
                int(meta.get("folds", 1)),
            )
            for model in models
        ),
        readings=_rows(files, ".readings.tsv"),
    )


def _model(
    dataset: str,
    name: str,
    files: Mapping[str, Path],
    runs: Mapping[int, Mapping[str, Path]],
    best: int | None,
    folds: int,
) -> ModelResult:
    runs = dict(sorted(runs.items()))
    result = ModelResult(
        dataset=dataset,
        name=name,
        verdict=_record(files, ".verdict.json"),
        units=_rows(files, ".units.tsv"),
        histories={r: _history(f) for r, f in runs.items() if ".history.tsv" in f},
        metrics={r: _rows(f, ".metrics.tsv") for r, f in runs.items() if ".metrics.tsv" in f},
        effects={r: _rows(f, ".effects.tsv") for r, f in runs.items() if ".effects.tsv" in f},
        sizes={
            r: int(row["parameters"]) for r, f in runs.items() for row in _rows(f, ".model.tsv")
        },
        importances={
            r: f[".importances.parquet"] for r, f in runs.items() if ".importances.parquet" in f
        },
        motifs={r: f[".units.meme"] for r, f in runs.items() if ".units.meme" in f},
        consensus=_rows(files, ".consensus.tsv"),
        consensus_motifs=files.get(".consensus.meme"),
        ensemble=_rows(files, ".ensemble.tsv"),
        best=best,
        folds=folds,
    )
    if ".tomtom.tsv" not in files:
        return result
    hits = _best_hits(files[".tomtom.tsv"], result.best_replicate)
    return dataclasses.replace(result, tomtom=hits)


def _rows(files: Mapping[str, Path], suffix: str) -> list[Row]:
    return read_table(files[suffix]) if suffix in files else []


def _history(files: Mapping[str, Path]) -> list[Row]:
    """Join a run's epochs with the seconds that they took, where those are known."""
    timing = {row["epoch"]: row for row in _rows(files, ".timing.tsv")}
    return [row | timing.get(row["epoch"], {}) for row in _rows(files, ".history.tsv")]


def _best_hits(path: Path, replicate: int) -> list[Row]:
    """Keep a replicate's best hits per unit; the table (best first) may have millions of rows."""
    kept: list[Row] = []
    count: Counter[str] = Counter()
    for row in iterate_tsv(path):
        if replicate_of(row) != replicate or count[row["unit"]] >= BEST_HITS:
            continue
        count[row["unit"]] += 1
        kept.append(row)
    return kept


def _flat_versions(versions: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    flat = set()
    for step, tools in versions.items():
        if isinstance(tools, Mapping):
            flat |= {(step, str(tool), str(version)) for tool, version in tools.items()}
        else:
            flat.add(("", step, str(tools)))
    return sorted(flat)
