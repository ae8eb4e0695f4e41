"""Score an earlier run's models on a data set that they were not trained on."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nfexplainn.analyses.explain.sequences import Located
from nfexplainn.analyses.predict.run import PredictOptions, likeness_summary
from nfexplainn.analyses.predict.tables import PredictionWriter
from nfexplainn.data.dataset import Dataset, DatasetMeta, read_dataset
from nfexplainn.data.duplicates import hold_middles, strand_free_key
from nfexplainn.data.padding import RAW
from nfexplainn.evaluation.likeness import fit_likeness
from nfexplainn.evaluation.metrics import Metric, compute_metrics
from nfexplainn.io.coordinates import read_names
from nfexplainn.io.text import write_text
from nfexplainn.models.checkpoint import ModelHeader
from nfexplainn.results.ensemble import (
    Prediction,
    check_dataset,
    load_replicates,
    predict_ensemble,
)
from nfexplainn.results.files import DatasetFiles
from nfexplainn.results.windows import pad_of

# The strand in a name that is a place, see io/coordinates.py.
_TURNED = re.compile(r"\(-\)(\||$)")


def score_all(
    files: DatasetFiles, path: str | Path, options: PredictOptions, prefix: Path, threads: int = 1
) -> dict[str, Any]:
    """Predict a data set with all models of another one, and score what can be.

    Writes ``<prefix>.new_data.json`` and, where the models can read the sequences,
    ``<prefix>.predicted.parquet`` and ``.tsv``. Sequences that the models were trained, validated
    or tested on, and windows that overlap these by more than half, are predicted and have no part
    in the scores.

    Parameters
    ----------
    files : DatasetFiles
        The models, and their data set, without which it is not known what they have seen.
    path : path
        ``D.dataset.parquet`` of the new data set.
    options : PredictOptions
    prefix : Path
    threads : int

    Returns
    -------
    dict
        What is in the JSON file.

    Raises
    ------
    UserError
        If a file is broken, or a model does not belong to its data set.
    """
    new = read_dataset(path)
    found: dict[str, Any] = {
        "dataset": new.meta.id,
        "models_of": files.name,
        "length": new.meta.length,
        "sequences": len(new),
        "seen": None,
        "likeness": likeness_summary(None),
        "refused": "",
        "models": [],
    }
    likeness, seen, digest = None, np.zeros(len(new), dtype=bool), ""
    loaded = {
        name: load_replicates(runs, **options.loading(threads))
        for name, runs in files.models.items()
    }
    first = next(iter(loaded.values()))[0].loaded.header
    own = None if files.dataset is None else read_dataset(files.dataset)
    found["refused"] = _why_not(new.meta, first, None if own is None else own.meta)
    if not found["refused"]:
        if own is not None:
            likeness = fit_likeness(own).percentiles(new.codes)
            seen = np.isin(strand_free_key(new.codes), strand_free_key(own.codes))
            seen |= hold_middles(new.codes, own.codes)
            # A shuffle of what is left out goes with it, so that the share of positives stays.
            parent = read_names(new.names).parent
            seen |= (parent >= 0) & seen[parent]
            digest = own.digest()
            found |= {"seen": int(seen.sum()), "likeness": likeness_summary(likeness)}
        with PredictionWriter(prefix, located_of(new), likeness) as writer:
            for name, replicates in loaded.items():
                header = replicates[0].loaded.header
                if files.dataset is not None:
                    check_dataset(files.models[name], header, files.dataset, digest)
                predicted = predict_ensemble(replicates, new.codes)
                writer.add(name, predicted)
                found["models"].append(_scored(name, header, new, predicted, ~seen))
    text = json.dumps(found, indent=1, sort_keys=True) + "\n"
    write_text(prefix.with_name(f"{prefix.name}.new_data.json"), text)
    return found


def _why_not(new: DatasetMeta, header: ModelHeader, own: DatasetMeta | None) -> str:
    """Say why models cannot read a data set; empty where they can."""
    length = int(header.config["length"])
    if new.length != length:
        return f"its sequences have {new.length} bp, but the models read {length}"
    if own is None:
        return ""
    if pad_of(new) != pad_of(own):
        return (
            f"its sequences are padded with {pad_of(new)} N on both sides, and those of the models"
            f" with {pad_of(own)}"
        )
    if new.extra.get(RAW) != own.extra.get(RAW) and own.extra.get(RAW) and new.extra.get(RAW):
        return "the ends of its reads were trimmed differently from those of the models"
    return ""


def located_of(dataset: Dataset) -> Located:
    """Give the sequences of a data set with their places, as far as their names tell them.

    The name of a record that was cut is not the place of what was kept.
    """
    where = read_names(dataset.names)
    pad = pad_of(dataset.meta)
    width = dataset.codes.shape[1] - 2 * pad
    placed = (where.chrom >= 0) & (where.parent < 0) & (where.end - where.start == width)
    names = list(dataset.names)
    chrom = [
        where.chromosomes[at] if there else name
        for at, there, name in zip(where.chrom.tolist(), placed.tolist(), names, strict=True)
    ]
    start = np.where(placed, where.start - pad, 0).astype(np.int64)
    turned = np.array([bool(_TURNED.search(name)) for name in names], dtype=np.bool_)
    strand = np.where(placed & turned, -1, 1).astype(np.int8)
    return Located(names, dataset.codes, chrom, start, strand, {}, pad)


def pair_tasks(
    new: Sequence[str], trained: Sequence[str], kinds: tuple[str, str]
) -> tuple[list[tuple[int, int]], str]:
    """Find the tasks of a data set that a model's can be scored by.

    Those of one name; of two that have a single task each, these. Classes that exclude each other
    are scored where all are the same, and values by values alone.

    Parameters
    ----------
    new, trained : sequence of str
    kinds : tuple of str
        Task types of the data set and of the model.

    Returns
    -------
    pairs : list of tuple of int
    why : str
        Why there is none; else empty.
    """
    measured = [kind if kind in ("regression", "multiclass") else "labels" for kind in kinds]
    if measured[0] != measured[1]:
        told = {"regression": "values", "multiclass": "classes", "labels": "positives"}
        return [], f"it holds {told[measured[0]]}, but the model predicts {told[measured[1]]}"
    place = {task: column for column, task in enumerate(trained)}
    pairs = [(column, place[task]) for column, task in enumerate(new) if task in place]
    if measured[0] == "multiclass" and not len(pairs) == len(new) == len(trained):
        return [], "its classes are not those of the model"
    if not pairs and len(new) == len(trained) == 1:
        pairs = [(0, 0)]
    return pairs, "" if pairs else "no task has the name of a task of the model"


def _scored(
    name: str,
    header: ModelHeader,
    new: Dataset,
    predicted: Prediction,
    unseen: NDArray[np.bool_],
) -> dict[str, Any]:
    pairs, why = pair_tasks(new.meta.tasks, header.tasks, (new.meta.task_type, header.task_type))
    metrics: list[Metric] = []
    if pairs and not unseen.any():
        why = (
            "all its sequences are among those that the models were trained, validated or tested"
            " on, or overlap these"
        )
        pairs = []
    if pairs:
        ours, theirs = (list(columns) for columns in zip(*pairs, strict=True))
        labels = new.labels[unseen][:, ours]
        tasks = [new.meta.tasks[column] for column in ours]
        kind = new.meta.task_type
        metrics = compute_metrics(labels, predicted.mean[unseen][:, theirs], tasks, kind)
    of_task: Mapping[str, str] = {new.meta.tasks[a]: header.tasks[b] for a, b in pairs}
    return {
        "model": name,
        "replicates": list(predicted.replicates),
        "why": why,
        "scores": [{**asdict(one), "of_task": of_task.get(one.task, "")} for one in metrics],
    }
