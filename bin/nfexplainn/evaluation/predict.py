"""Predictions of a trained model, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nfexplainn.data.dataset import Dataset
from nfexplainn.dna import N_CODE, Codes
from nfexplainn.io import arrow

# On a CPU larger batches fall out of the caches and wait for new memory pages.
CPU_BATCH = 200
GPU_BATCH = 4096
_GROUP_ROWS = 65536


def reverse_complement(codes: Tensor) -> Tensor:
    """Reverse complement of codes, uint8 (B, L), on their device; N stays N."""
    flipped = codes.flip(1)
    return torch.where(flipped < N_CODE, (N_CODE - 1) - flipped, flipped)


def predict_logits(
    model: nn.Module,
    codes: Codes | Tensor,
    *,
    average_strands: bool,
    device: torch.device | None = None,
    batch_size: int | None = None,
    rows: Tensor | None = None,
    strand: Callable[[Tensor], Tensor] | None = None,
) -> NDArray[np.float32]:
    """Give a model's logits.

    Parameters
    ----------
    model : nn.Module
        Used in evaluation mode; its mode is put back.
    codes : uint8 array or Tensor, shape (n, length)
    average_strands : bool
        Average the logits of a sequence and of its reverse complement.
    device : torch.device, optional
        Where to compute; by default where the model is. The model is moved there.
    batch_size : int, optional
        Sequences at a time.
    rows : int64 Tensor, optional
        Which sequences, by default all; they are taken out batch by batch.
    strand : callable, optional
        Gives the strand to predict for, as :func:`reverse_complement`; by default the one given.

    Returns
    -------
    float32 array, shape (n, tasks)
    """
    parts = []
    with evaluating(model, device) as place, torch.inference_mode():
        for batch in _batches(codes, place, batch_size, rows):
            batch = strand(batch) if strand else batch
            logits = model(batch)
            if average_strands:
                logits = (logits + model(reverse_complement(batch))) / 2
            parts.append(logits.float().cpu())
    if not parts:
        tasks: int = model.config.tasks  # type: ignore[union-attr,assignment]
        return np.zeros((0, tasks), dtype=np.float32)
    return torch.cat(parts).numpy()


def unit_outputs(
    model: nn.Module,
    codes: Codes | Tensor,
    *,
    device: torch.device | None = None,
    batch_size: int | None = None,
) -> Iterator[NDArray[np.float32]]:
    """Yield a model's unit outputs on the strand given, float32 (b, units), batch by batch.

    Parameters are those of :func:`predict_logits`; for the other strand give its codes.
    """
    with evaluating(model, device) as place:
        for batch in _batches(codes, place, batch_size):
            # The mode must not last over a yield, or it would reach the caller's own code.
            with torch.inference_mode():
                outputs = model.unit_outputs(batch).float().cpu().numpy()  # type: ignore[operator]
            yield outputs


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
                arrow.texts(dataset.split[at].tolist()).dictionary_encode(),
            ]
            for values in (dataset.labels, logits):
                columns += [arrow.floats(of_task) for of_task in values[at].T]
            writer.write_table(pa.table(columns, schema=schema), row_group_size=_GROUP_ROWS)
    part.replace(path)


@contextmanager
def evaluating(model: nn.Module, device: torch.device | None = None) -> Iterator[torch.device]:
    """Hold a model in evaluation mode on a device (by default its own), and name the device."""
    if device is None:
        device = next(model.parameters()).device
    model.to(device)
    training = model.training
    model.eval()
    try:
        yield device
    finally:
        model.train(training)


def _batches(
    codes: Codes | Tensor,
    device: torch.device,
    batch_size: int | None,
    rows: Tensor | None = None,
) -> Iterator[Tensor]:
    size = batch_size or (GPU_BATCH if device.type == "cuda" else CPU_BATCH)
    tensor = codes if isinstance(codes, Tensor) else torch.from_numpy(np.ascontiguousarray(codes))
    for start in range(0, len(tensor if rows is None else rows), size):
        at = slice(start, start + size)
        yield (tensor[at] if rows is None else tensor[rows[at]]).to(device)
