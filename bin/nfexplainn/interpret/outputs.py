"""What a model's units say of each sequence, kept for steps that join several replicates.

The contribution of a unit is final weight x output, so these outputs, the final layer and the
labels are all that is needed to remove units from a model, exactly and without the model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nfexplainn.data.dataset import Dataset
from nfexplainn.dna import Codes
from nfexplainn.errors import UserError
from nfexplainn.interpret.flanks import FlankScanner
from nfexplainn.interpret.pwms import Chunk, strand_chunks
from nfexplainn.io.reading import reading
from nfexplainn.models.model import FilterModel
from nfexplainn.scanner import Scanner

MOST_KEPT = 50_000
"""Sequences kept of each part: of more, a sample, which tells as much and bounds time and disk."""
UNSEEN = "test"
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class StoredOutputs:
    """The units of one replicate.

    Attributes
    ----------
    rows : int64 array, shape (n,)
        Rows of the data set, ascending: of each part at most :data:`MOST_KEPT`.
    outputs : float32 array, shape (n, units)
        Mean over the strands that the model looks at.
    sites : bool array, shape (unseen, units)
        Whether a sequence of those of the test part, in their order, has a window above the
        unit's threshold, on a strand that the model looks at.
    counts : int64 array, shape (units, width, 5)
        Bases A, C, G, T, N of the sites with the bases beside them (see
        :mod:`nfexplainn.interpret.flanks`); from training and validation part.
    weight : float32 array, shape (tasks, units)
    bias : float32 array, shape (tasks,)
        Of the final layer.
    loss : str
        That the model was trained with: ``bce``, ``cross_entropy``, ``mse`` or ``pearson``.
    """

    rows: NDArray[np.int64]
    outputs: Floats
    sites: NDArray[np.bool_]
    counts: NDArray[np.int64]
    weight: Floats
    bias: Floats
    loss: str


def kept_rows(dataset: Dataset) -> NDArray[np.int64]:
    """Choose the rows whose outputs are kept, ascending."""
    rng = np.random.default_rng([dataset.meta.seed, 17])
    parts = []
    for part in ("train", "valid", UNSEEN):
        rows = dataset.rows(part)
        some = len(rows) > MOST_KEPT
        parts.append(rng.choice(rows, MOST_KEPT, replace=False) if some else rows)
    return np.sort(np.concatenate(parts)).astype(np.int64)


def unseen_rows(dataset: Dataset) -> NDArray[np.int64]:
    """Give those of the test part, ascending."""
    rows = kept_rows(dataset)
    return rows[dataset.split[rows] == UNSEEN]


class OutputCollector:
    """Collect the outputs of the units, strand by strand, in any order.

    Parameters
    ----------
    dataset : Dataset
    units : int
    both_strands : bool
        Whether a sequence is looked at on both strands.
    """

    def __init__(self, dataset: Dataset, units: int, both_strands: bool) -> None:
        self._dataset = dataset
        self._both = both_strands
        self.rows = kept_rows(dataset)
        self.outputs: Floats = np.zeros((len(self.rows), units), dtype=np.float32)
        self._seen = np.zeros(len(self.rows), dtype=np.int8)

    def add(self, chunk: Chunk, outputs: Floats) -> None:
        """Add the outputs, shape (n, units), of a chunk; those of rows not kept are let go."""
        at = np.minimum(np.searchsorted(self.rows, chunk.rows), max(len(self.rows) - 1, 0))
        kept = self.rows[at] == chunk.rows if len(self.rows) else np.zeros(len(at), dtype=bool)
        self.outputs[at[kept]] += outputs[kept] / (2 if self._both else 1)
        self._seen[at[kept]] += 1

    def complete(self, outputs_of: Callable[[Codes], Floats], size: int) -> Floats:
        """Compute what no chunk has brought, and give all outputs.

        Parameters
        ----------
        outputs_of : callable
            Gives the units' outputs, shape (n, units), of codes.
        size : int
            Sequences at a time.
        """
        missing = self.rows[self._seen == 0]
        for chunk in strand_chunks(self._dataset.codes, missing, size, self._both):
            self.add(chunk, outputs_of(chunk.codes))
        return self.outputs

    def sites(self, scanner: Scanner, threshold: Floats) -> NDArray[np.bool_]:
        """Tell which units have a site in which sequence of the test part."""
        unseen = unseen_rows(self._dataset)
        found = np.zeros((len(unseen), self.outputs.shape[1]), dtype=np.bool_)
        for chunk in strand_chunks(self._dataset.codes, unseen, scanner.chunk, self._both):
            at = np.searchsorted(unseen, chunk.rows)
            found[at] |= scanner.sites(chunk.codes, threshold).activated
        return found

    def store(
        self, model: FilterModel, scanner: FlankScanner, threshold: Floats, loss: str
    ) -> StoredOutputs:
        """Compute what is missing, and give all that is kept of a model.

        Parameters
        ----------
        model : FilterModel
        scanner : FlankScanner
            That has counted the sites.
        threshold : float32 array, shape (units,)
            Least activation of a site.
        loss : str
            Of the training; empty where it is not known.
        """
        return StoredOutputs(
            rows=self.rows,
            outputs=self.complete(model.unit_outputs, scanner.chunk),
            sites=self.sites(scanner.plain, threshold),
            counts=scanner.counts,
            weight=model.final_weight,
            bias=model.final_bias,
            loss=loss,
        )


def write_outputs(stored: StoredOutputs, path: str | Path) -> None:
    """Write to ``R.outputs.npz``; the same outputs give the same bytes."""
    np.savez(
        path,
        rows=stored.rows,
        outputs=stored.outputs,
        sites=np.packbits(stored.sites, axis=1),
        counts=stored.counts,
        weight=stored.weight,
        bias=stored.bias,
        loss=np.array(stored.loss),
    )


def read_outputs(path: str | Path, dataset: Dataset) -> StoredOutputs:
    """Read what :func:`write_outputs` wrote.

    Raises
    ------
    UserError
        If the file cannot be read or is of another data set.
    """
    fault, remedy = "the outputs of the units cannot be read", "interpret the model again"
    with reading(str(path), fault, remedy):
        with np.load(path, allow_pickle=False) as file:
            held = {name: file[name] for name in file.files}
        units = held["outputs"].shape[1]
        sites = np.unpackbits(held.pop("sites"), axis=1, count=units).astype(np.bool_)
        stored = StoredOutputs(sites=sites, **held | {"loss": str(held["loss"])})
    if not np.array_equal(stored.rows, kept_rows(dataset)):
        raise UserError(
            f"{path}: the outputs are not those of the data set {dataset.meta.id}; {remedy}."
        )
    return stored
