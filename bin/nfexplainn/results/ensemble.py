"""Predictions of the replicates of a model together, with calibrated probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.errors import UserError
from nfexplainn.evaluation.calibration import Calibration, calibrate, read_calibration
from nfexplainn.evaluation.predict import predict_logits
from nfexplainn.io import arrow
from nfexplainn.io.reading import reading
from nfexplainn.models.checkpoint import LoadedModel, ModelHeader, load_model
from nfexplainn.results.files import ReplicateFiles


@dataclass(frozen=True)
class Replicate:
    """A loaded model and how its logits become probabilities (None: that is not known)."""

    number: int
    loaded: LoadedModel
    calibration: Calibration | None


@dataclass(frozen=True)
class Prediction:
    """What the replicates of a model predict.

    Attributes
    ----------
    tasks : tuple of str
    replicates : tuple of int
        Their numbers.
    logits : float32 array, shape (replicates, n, tasks)
        Of regression the values themselves.
    probability : float64 array, shape (n, tasks), or None
        Mean of the replicates' calibrated probabilities; None of values, and where no replicate
        can be calibrated.
    """

    tasks: tuple[str, ...]
    replicates: tuple[int, ...]
    logits: NDArray[np.float32]
    probability: NDArray[np.float64] | None

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean over the replicates, (n, tasks)."""
        return np.asarray(self.logits.mean(axis=0, dtype=np.float64))

    @property
    def low(self) -> NDArray[np.float32]:
        """The least over the replicates, (n, tasks)."""
        return np.asarray(self.logits.min(axis=0))

    @property
    def high(self) -> NDArray[np.float32]:
        """The largest over the replicates, (n, tasks)."""
        return np.asarray(self.logits.max(axis=0))

    def columns(self, *, replicates: bool = False) -> dict[str, NDArray[np.floating]]:
        """Give the columns of a table: mean, low, high and probability of each task.

        Parameters
        ----------
        replicates : bool
            And the logits of each replicate, ``logit:<task>:r<number>``.
        """
        found: dict[str, NDArray[np.floating]] = {}
        mean, low, high = self.mean, self.low, self.high
        for column, task in enumerate(self.tasks):
            found[f"mean:{task}"] = mean[:, column].astype(np.float32)
            found[f"low:{task}"] = low[:, column]
            found[f"high:{task}"] = high[:, column]
            if self.probability is not None:
                found[f"probability:{task}"] = self.probability[:, column].astype(np.float32)
        if replicates:
            found |= {
                f"logit:{task}:r{number}": self.logits[place, :, column]
                for column, task in enumerate(self.tasks)
                for place, number in enumerate(self.replicates)
            }
        return found


def load_replicates(files: Sequence[ReplicateFiles], **how: Any) -> list[Replicate]:
    """Load the replicates of one model, with their calibrations.

    What a run of an earlier version did not write is fitted to the predictions that it left.

    Parameters
    ----------
    files : sequence of ReplicateFiles
    **how
        As of :func:`~nfexplainn.models.checkpoint.load_model`: kernel, device, threads,
        trust_programs.

    Raises
    ------
    UserError
        If a file is broken, or the replicates differ in length, tasks or training data.
    """
    loaded = [load_model(one.model, **how) for one in files]
    first = loaded[0].header
    for one, model in zip(files, loaded, strict=True):
        if _shape(model.header) != _shape(first):
            raise UserError(
                f"{one.model}: its tasks or length differ from those of {files[0].model}, but"
                " both are named replicates of one model; give a folder of one run."
            )
        if len({first.dataset_digest, model.header.dataset_digest} - {""}) > 1:
            raise UserError(
                f"{one.model}: it was trained on other sequences than {files[0].model}, but both"
                " are named replicates of one model; remove the files of the earlier run."
            )
    return [
        Replicate(one.number, model, calibration_of(one, model.header))
        for one, model in zip(files, loaded, strict=True)
    ]


def check_dataset(
    files: Sequence[ReplicateFiles], header: ModelHeader, dataset: Path, digest: str
) -> None:
    """Refuse a data set that a model was not trained on: likeness would be that to others.

    Parameters
    ----------
    files : sequence of ReplicateFiles
        The replicates of the model.
    header : ModelHeader
        Of one of them.
    dataset : Path
        ``D.dataset.parquet``.
    digest : str
        Of its content.

    Raises
    ------
    UserError
        If the model says that it was trained on another content.
    """
    if header.dataset_digest not in ("", digest):
        raise UserError(
            f"{files[0].model}: it was not trained on the sequences of {dataset}: perhaps two"
            " runs wrote into one folder; give a folder of one run, or remove the files of the"
            " other."
        )


def _shape(header: ModelHeader) -> tuple[Any, ...]:
    return (header.tasks, header.task_type, header.config["length"], header.strand_symmetric)


def calibration_of(files: ReplicateFiles, header: ModelHeader) -> Calibration | None:
    """Read the calibration of a replicate, or fit it to the predictions of its training run.

    Returns
    -------
    Calibration or None
        None where there is neither.

    Raises
    ------
    UserError
        If a file is broken, or is of other tasks.
    """
    if header.task_type == "regression":
        return Calibration("none", header.task_type, header.tasks)
    if files.calibration is not None:
        found = read_calibration(files.calibration)
        if (found.tasks, found.task_type) != (header.tasks, header.task_type):
            raise UserError(
                f"{files.calibration}: the calibration is for other tasks than {files.model};"
                " copy the results folder again."
            )
        return found
    if files.predictions is None:
        return None
    fault = "the predictions of the training run cannot be read"
    with reading(str(files.predictions), fault, "copy the results folder again"):
        table = pq.ParquetFile(str(files.predictions)).read(use_threads=False)
        labels, logits = (
            np.stack(
                [arrow.copy(table.column(f"{kind}:{task}"), np.float32) for task in header.tasks],
                axis=1,
            )
            for kind in ("label", "logit")
        )
        split = np.array(table.column("split").to_pylist())
        return calibrate(labels, logits, split, header.tasks, header.task_type)


def predict_ensemble(replicates: Sequence[Replicate], codes: dna.Codes) -> Prediction:
    """Predict sequences with all replicates of a model.

    Parameters
    ----------
    replicates : sequence of Replicate
        Of one model.
    codes : uint8 array, shape (n, length)
    """
    header = replicates[0].loaded.header
    logits = np.stack(
        [
            predict_logits(
                one.loaded.model, codes, average_strands=one.loaded.header.strand_symmetric
            )
            for one in replicates
        ]
    )
    total: NDArray[np.float64] | None = None  # a sum, so that few arrays of many tasks are held
    for one, of_one in zip(replicates, logits, strict=True):
        part = one.calibration.probabilities(of_one) if one.calibration is not None else None
        if part is None:
            total = None
            break
        total = part if total is None else np.add(total, part, out=total)
    mean = None if total is None else np.divide(total, len(replicates), out=total)
    return Prediction(header.tasks, tuple(one.number for one in replicates), logits, mean)
