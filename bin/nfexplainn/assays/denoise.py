"""Denoise single cells with PeakVI (scvi-tools), as in the paper's pancreatic islets.

Only this module needs scvi-tools, which has an image of its own (containers/peakvi).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from nfexplainn.assays.cell_counts import Cells, check_counts
from nfexplainn.assays.clusters import Clusters
from nfexplainn.data.dataset import Floats
from nfexplainn.errors import UserError

HISTORY_COLUMNS = ("epoch", "train_loss", "valid_loss")
_CELLS_AT_A_TIME = 128
_MIN_CELLS = 50


@dataclass(frozen=True)
class DenoiseOptions:
    """Settings; the names are those of the parameters.

    Attributes
    ----------
    peakvi_latent : int
        Latent dimensions; 21 in the paper.
    peakvi_epochs : int
        At most; training stops when the validation loss has not fallen for 50 epochs.
    """

    peakvi_latent: int = 21
    peakvi_epochs: int = 500


def gather_counts(cells: Cells, clusters: Clusters) -> sparse.csr_matrix:
    """Gather the counts of the cells that are in a cluster, and see whether PeakVI can use them.

    Returns
    -------
    csr_matrix
        float32, cells of a cluster x regions.

    Raises
    ------
    UserError
        If there are too few cells, or what the file holds is no counts.
    """
    kept = np.flatnonzero(clusters.cluster >= 0)
    if len(kept) < _MIN_CELLS:
        raise UserError(
            f"{cells.name}: only {len(kept)} cells are in a cluster, fewer than the {_MIN_CELLS}"
            " that PeakVI needs; leave peakvi out."
        )
    counts = count_matrix(cells)[kept]
    empty = np.flatnonzero(np.diff(counts.indptr) == 0)
    if len(empty):
        name = cells.barcodes[kept[empty[0]]]
        raise UserError(
            f"{cells.name}: the cell '{name}' has no count in any region; remove empty cells"
            f" ({len(empty):,}), or leave peakvi out."
        )
    return counts


def count_matrix(cells: Cells) -> sparse.csr_matrix:
    """Gather the counts, float32, cells x regions.

    Raises
    ------
    UserError
        If the matrix is empty, or a value is negative or no number.
    """
    column = np.full(cells.features, -1)
    column[cells.rows] = np.arange(len(cells.rows))
    parts = []
    for cell, feature, value in cells.entries():
        check_counts(cells.name, value, "PeakVI needs counts")
        used = column[feature] >= 0
        parts.append((cell[used], column[feature[used]], value[used].astype(np.float32)))
    if not parts:
        raise UserError(
            f"{cells.name}: the matrix holds no count at all; PeakVI needs counts, so give the"
            " matrix of the counted cells."
        )
    rows, columns, values = (np.concatenate([part[i] for part in parts]) for i in range(3))
    shape = (len(cells.barcodes), len(cells.rows))
    return sparse.csr_matrix((values, (rows, columns)), shape=shape)


def denoised_means(
    counts: sparse.csr_matrix,
    clusters: Clusters,
    options: DenoiseOptions,
    seed: int,
    threads: int = 1,
) -> tuple[Floats, list[tuple[int, float, float]]]:
    """Average the probabilities of being accessible, as PeakVI estimates them, over clusters.

    The matrix of probabilities is never in memory as a whole.

    Parameters
    ----------
    counts : csr_matrix
        Of :func:`gather_counts`.
    clusters : Clusters
    options : DenoiseOptions
    seed : int
    threads : int
        CPU threads.

    Returns
    -------
    means : float32 array, shape (regions, clusters)
    history : list of (epoch, training loss, validation loss)

    Raises
    ------
    UserError
        If scvi-tools is missing.
    """
    model = _train(counts, options, seed, threads)
    mine = clusters.cluster[clusters.cluster >= 0]
    sums = np.zeros((len(clusters.tasks), counts.shape[1]))
    for first in range(0, len(mine), _CELLS_AT_A_TIME):
        rows = np.arange(first, min(first + _CELLS_AT_A_TIME, len(mine)))
        found = model.get_normalized_accessibility(
            indices=rows, batch_size=_CELLS_AT_A_TIME, return_numpy=True
        )
        np.add.at(sums, mine[rows], np.asarray(found, dtype=np.float64))
    means = (sums / clusters.sizes[:, None]).T.astype(np.float32)
    return np.ascontiguousarray(means), _history(model)


def _train(counts: sparse.csr_matrix, options: DenoiseOptions, seed: int, threads: int) -> Any:
    try:
        import anndata
        import scvi
        import torch
    except ImportError as error:
        raise UserError(
            f"PeakVI needs scvi-tools, which is not installed ({error}); run with an engine, such"
            " as -profile docker, which uses the image peakvi_container, or leave peakvi out."
        ) from error
    torch.set_num_threads(threads)
    scvi.settings.seed = seed
    data = anndata.AnnData(counts)
    scvi.model.PEAKVI.setup_anndata(data)
    model = scvi.model.PEAKVI(data, n_latent=options.peakvi_latent)
    # Whole batches: batch norm cannot do with a last one of a single cell.
    model.train(
        max_epochs=options.peakvi_epochs,
        batch_size=min(128, max(2, len(counts.indptr) // 4)),
        enable_progress_bar=False,
        datasplitter_kwargs={"drop_last": True},
    )
    return model


def _history(model: Any) -> list[tuple[int, float, float]]:
    columns = [
        model.history[name].iloc[:, 0].to_dict()
        for name in ("reconstruction_loss_train", "reconstruction_loss_validation")
    ]
    return [
        (int(epoch) + 1, float(value), float(columns[1].get(epoch, np.nan)))
        for epoch, value in columns[0].items()
    ]
