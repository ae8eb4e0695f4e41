"""Which files of a results folder belong to which data set, model and replicate."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nfexplainn.errors import UserError
from nfexplainn.order import natural_key

MODEL = ".model.safetensors"
_RUN = re.compile(r"(?P<dataset>[^.]+)\.(?P<model>[^.]+)\.r(?P<replicate>\d+)(?P<ending>\..+)$")
_OF_DATASET = re.compile(r"(?P<dataset>[^.]+)\.dataset\.parquet$")
# Links to folders are followed no further than results go: <data set>/<model>/<file>.
_DEPTHS = ("*", "*/*", "*/*/*")


@dataclass(frozen=True)
class ReplicateFiles:
    """The files of one trained model; a path is None where there is none.

    Attributes
    ----------
    number : int
        Of the replicate.
    model : Path
        ``R.model.safetensors``.
    calibration : Path or None
        ``R.calibration.json``, which runs before 0.1.0's ``--apply`` have not written.
    predictions : Path or None
        ``R.predictions.parquet`` of the training run.
    metrics : Path or None
        ``R.metrics.tsv``.
    """

    number: int
    model: Path
    calibration: Path | None = None
    predictions: Path | None = None
    metrics: Path | None = None


@dataclass(frozen=True)
class DatasetFiles:
    """The files of a data set and its models.

    Attributes
    ----------
    name : str
    folder : Path
        Under which its files lie.
    dataset : Path or None
        ``D.dataset.parquet``.
    models : mapping of str to tuple of ReplicateFiles
        In natural order, each by the number of the replicate.
    """

    name: str
    folder: Path
    dataset: Path | None = None
    models: Mapping[str, tuple[ReplicateFiles, ...]] = field(default_factory=dict)


def group_files(paths: Iterable[Path], folder: Path) -> dict[str, DatasetFiles]:
    """Sort files by what their names say.

    Parameters
    ----------
    paths : iterable of Path
        Other files are passed over.
    folder : Path
        Where they lie, however deep.

    Returns
    -------
    dict of str to DatasetFiles
        By the name of the data set, in natural order; those with a model only.

    Raises
    ------
    UserError
        If a model is there twice.
    """
    datasets: dict[str, Path] = {}
    runs: dict[tuple[str, str, int], dict[str, Path]] = {}
    for path in sorted(paths):
        run, of_dataset = _RUN.fullmatch(path.name), _OF_DATASET.fullmatch(path.name)
        if of_dataset:
            datasets[of_dataset["dataset"]] = path
        elif run:
            key = (run["dataset"], run["model"], int(run["replicate"]))
            other = runs.setdefault(key, {}).setdefault(run["ending"], path)
            if other != path and run["ending"] == MODEL:
                raise UserError(
                    f"{path}: {other} is a model of the same name; give a folder that holds one."
                )
    found: dict[str, dict[str, list[ReplicateFiles]]] = {}
    for (dataset, model, number), files in sorted(runs.items(), key=lambda one: one[0][2]):
        if MODEL in files:
            others = (".calibration.json", ".predictions.parquet", ".metrics.tsv")
            replicate = ReplicateFiles(number, files[MODEL], *(files.get(end) for end in others))
            found.setdefault(dataset, {}).setdefault(model, []).append(replicate)
    return {
        name: DatasetFiles(
            name,
            folder,
            datasets.get(name),
            {model: tuple(found[name][model]) for model in sorted(found[name], key=natural_key)},
        )
        for name in sorted(found, key=natural_key)
    }


def find_files(folder: str | Path) -> dict[str, DatasetFiles]:
    """Find the data sets of a results folder, or of the folder of one data set in it.

    Raises
    ------
    UserError
        If there is no such folder, or no model in it; why, as far as the folder tells.
    """
    place = Path(folder)
    if not place.is_dir():
        what = "this is a file" if place.exists() else "there is no such folder"
        raise UserError(f"{folder}: {what}; give the results folder of a finished run.")
    paths = [path for depth in _DEPTHS for path in place.glob(depth) if path.is_file()]
    found = group_files(paths, place)
    if not found:
        raise UserError(f"{folder}: {_why_nothing(place, paths)}")
    return found


def _why_nothing(folder: Path, paths: Iterable[Path]) -> str:
    if not any(folder.iterdir()):
        return "the folder is empty; give the results folder of a finished run."
    names = [path.name for path in paths]
    if any(name.endswith(".dataset.parquet") for name in names):
        return (
            "there are data sets and no trained model: the run ended before its training did,"
            " or its models diverged; see multiqc_report.html there, and run it again with"
            " -resume."
        )
    if (folder / "pipeline_info").is_dir():
        return (
            "this is the folder of a run that ended before any training; see its report or log,"
            " and run it again with -resume."
        )
    return (
        "there is no <data set>/<model>/*.model.safetensors in it; give the results folder of a"
        " finished run, or the folder of one of its data sets."
    )
