"""Predictions of a trained model, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from nfexplainn.data.dataset import Dataset
from nfexplainn.dna import Codes, reverse_complement
from nfexplainn.io import arrow

_GROUP_ROWS = 65536


class Predictor(Protocol):
    """What gives logits (see :class:`nfexplainn.models.model.Model`)."""

    @property
    def batch(self) -> int:
        """Number of sequences that one call should be given."""

    def logits(self, codes: Codes) -> NDArray[np.float32]:
        """Give logits, float32 (n, tasks), of codes, uint8 (n, length)."""


def predict_logits(
    model: Predictor,
    codes: Codes,
    *,
    average_strands: bool,
    rows: NDArray[np.integer] | None = None,
    strand: Callable[[Codes], Codes] | None = None,
) -> NDArray[np.float32]:
    """Give a model's logits.

    Parameters
    ----------
    model : Predictor
    codes : uint8 array, shape (n, length)
    average_strands : bool
        Average the logits of a sequence and of its reverse complement.
    rows : int array, optional
        Which sequences, by default all; they are taken out batch by batch.
    strand : callable, optional
        Gives the strand to predict for, as :func:`nfexplainn.dna.reverse_complement`; by default
        the one given.

    Returns
    -------
    float32 array, shape (n, tasks)
    """
    parts: list[NDArray[np.float32]] = []
    count = len(codes) if rows is None else len(rows)
    for start in range(0, max(1, count), model.batch):  # none have a shape, too
        at = slice(start, start + model.batch)
        batch = codes[at] if rows is None else codes[rows[at]]
        batch = strand(batch) if strand else batch
        logits = model.logits(batch)
        if average_strands:
            logits = (logits + model.logits(reverse_complement(batch))) / np.float32(2)
        parts.append(logits)
    return np.concatenate(parts)


def write_predictions(dataset: Dataset, logits: NDArray[np.float32], path: str | Path) -> None:
    """Write name, split and, per task, ``label:<task>`` and ``logit:<task>`` as Parquet.

    The same predictions give the same bytes; the file appears only when it is complete.

    Parameters
    ----------
    dataset : Dataset
    logits : float32 array, shape (n, tasks)
        In the order of the data set.
    path : path
    """
    text, tasks = pa.string(), dataset.meta.tasks
    fields: list[tuple[str, Any]] = [("name", text), ("split", pa.dictionary(pa.int32(), text))]
    fields += [(f"{kind}:{task}", pa.float32()) for kind in ("label", "logit") for task in tasks]
    schema = pa.schema(fields)
    path = Path(path)
    part = path.with_name(path.name + ".part")
    with pq.ParquetWriter(str(part), schema, compression="zstd") as writer:
        for first in range(0, len(dataset), _GROUP_ROWS):  # of which alone copies are held
            at = slice(first, first + _GROUP_ROWS)
            columns = [
                arrow.texts(dataset.names[at]),
                arrow.words(dataset.split[at].tolist()),
            ]
            for values in (dataset.labels, logits):
                columns += [arrow.floats(of_task) for of_task in values[at].T]
            writer.write_table(pa.table(columns, schema=schema), row_group_size=_GROUP_ROWS)
    part.replace(path)
