"""Predict the sequences of a user with all models of a data set, and sum up what came out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nfexplainn.analyses.explain.sequences import Located
from nfexplainn.analyses.predict.tables import PredictionWriter
from nfexplainn.data.dataset import read_dataset
from nfexplainn.data.duplicates import strand_free_key
from nfexplainn.data.unknown import mostly_known
from nfexplainn.evaluation.likeness import HIGH, LOW, fit_likeness
from nfexplainn.io.text import write_text
from nfexplainn.results.ensemble import (
    Prediction,
    check_dataset,
    load_replicates,
    predict_ensemble,
)
from nfexplainn.results.files import DatasetFiles

BINS = 40
MAX_UNKNOWN = 0.1
"""Share of N above which training leaves a sequence out, unless it is told otherwise."""
SHOWN = 20
"""Sequences that the report shows of each model, task by task, and tasks."""
_QUANTILES = (0, 5, 25, 50, 75, 95, 100)


@dataclass(frozen=True)
class PredictOptions:
    """How sequences are predicted.

    Attributes
    ----------
    kernel : {'auto', 'native', 'torch'}
        What computes the units.
    device : {'auto', 'cpu', 'gpu'}
    trust_programs : bool
        Whether model files may hold programs of others, which are code.
    """

    kernel: str = "auto"
    device: str = "auto"
    trust_programs: bool = False

    def loading(self, threads: int) -> dict[str, Any]:
        """Give what loading a model takes."""
        return {**vars(self), "threads": threads}


def predict(
    files: DatasetFiles,
    located: Located,
    options: PredictOptions,
    prefix: Path,
    threads: int = 1,
) -> None:
    """Write ``<prefix>.predicted.parquet``, ``.tsv`` and, for the report, ``.json``.

    Parameters
    ----------
    files : DatasetFiles
        The models, and the data set, without which likeness is not known.
    located : Located
        Sequences of the models' length.
    options : PredictOptions
    prefix : Path
        Folder and name of the data set.
    threads : int

    Raises
    ------
    UserError
        If a model file is broken or does not belong here.
    """
    likeness, seen, digest = None, 0, ""
    if files.dataset is not None:
        dataset = read_dataset(files.dataset)
        likeness = fit_likeness(dataset).percentiles(located.codes)
        known = np.isin(strand_free_key(located.codes), strand_free_key(dataset.codes))
        seen, digest = int(known.sum()), dataset.digest()
    told: list[dict[str, Any]] = []
    with PredictionWriter(prefix, located, likeness) as writer:
        for name, runs in files.models.items():
            replicates = load_replicates(runs, **options.loading(threads))
            header = replicates[0].loaded.header
            if files.dataset is not None:
                check_dataset(runs, header, files.dataset, digest)
            found = predict_ensemble(replicates, located.codes)
            writer.add(name, found)
            told.append(
                {
                    "model": name,
                    "architecture": header.architecture,
                    "task_type": header.task_type,
                    "replicates": list(found.replicates),
                    "both_strands": header.strand_symmetric,
                    "tasks": summarise(found, located.names),
                }
            )
    # The N that the assay adds are no unknown bases.
    sequences = located.codes[:, located.pad : located.codes.shape[1] - located.pad]
    summary = {
        "dataset": files.name,
        "length": int(located.codes.shape[1]),
        "sequences": len(located),
        "notes": dict(located.notes),
        "likeness": likeness_summary(likeness),
        "unknown": int((~mostly_known(sequences, MAX_UNKNOWN)).sum()),
        "seen": seen,
        "models": told,
    }
    write_text(
        prefix.with_name(f"{prefix.name}.predicted.json"),
        json.dumps(summary, indent=1, sort_keys=True) + "\n",
    )


def likeness_summary(percentiles: NDArray[np.float64] | None) -> dict[str, Any]:
    """Count the sequences beyond the percentiles from which one is unlike the training data."""
    if percentiles is None:
        return {"known": 0, "low": 0, "high": 0, "reason": "the data set's file is not there"}
    known = percentiles[~np.isnan(percentiles)]
    return {
        "known": len(known),
        "low": int((known < LOW).sum()),
        "high": int((known > HIGH).sum()),
        "reason": "",
    }


def summarise(found: Prediction, names: Sequence[str]) -> list[dict[str, Any]]:
    """Sum up each task: quantiles, a histogram, and the sequences with the highest predictions.

    Of the probability where there is one, else of the mean over the replicates.
    """
    out = []
    mean, apart = found.mean, found.high - found.low
    for column, task in enumerate(found.tasks):
        calibrated = found.probability is not None
        shown = found.probability[:, column] if found.probability is not None else mean[:, column]
        counts, edges = histogram(shown, calibrated)
        order = np.argsort(-shown, kind="stable")[: SHOWN if column < SHOWN else 0].tolist()
        out.append(
            {
                "task": task,
                "calibrated": calibrated,
                "quantiles": _quantiles(shown),
                "above_half": int((shown >= 0.5).sum()) if calibrated else None,
                "range": float(np.median(apart[:, column])) if len(shown) else None,
                "counts": counts,
                "edges": edges,
                "top": [
                    {
                        "name": names[row],
                        "value": float(shown[row]),
                        "mean": float(mean[row, column]),
                        "low": float(found.low[row, column]),
                        "high": float(found.high[row, column]),
                    }
                    for row in order
                ],
            }
        )
    return out


def _quantiles(values: NDArray[np.floating]) -> Mapping[str, float]:
    if not len(values):
        return {}
    found = np.percentile(values.astype(np.float64), _QUANTILES)
    return {str(share): float(value) for share, value in zip(_QUANTILES, found, strict=True)}


def histogram(values: NDArray[np.floating], calibrated: bool) -> tuple[list[int], list[float]]:
    """Count values in bins of equal width; probabilities from 0 to 1.

    Returns
    -------
    counts : list of int
    edges : list of float
        One more.
    """
    if not len(values):
        return [], []
    low, high = (0.0, 1.0) if calibrated else (float(values.min()), float(values.max()))
    if low == high:
        low, high = low - 0.5, high + 0.5
    counts, edges = np.histogram(values.astype(np.float64), bins=BINS, range=(low, high))
    return [int(count) for count in counts], [float(edge) for edge in edges]
