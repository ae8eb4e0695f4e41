"""Motifs of the first filters of networks without units, made as those of units are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn.data.dataset import Dataset
from nfexplainn.dna import N_CODE, Codes
from nfexplainn.filters import Filters
from nfexplainn.interpret.filter_sites import FilterSites
from nfexplainn.interpret.flanks import FlankScanner
from nfexplainn.interpret.options import InterpretOptions
from nfexplainn.interpret.outputs import unseen_rows
from nfexplainn.interpret.pwms import Chunk, count_sites, strand_chunks
from nfexplainn.interpret.run import select_rows
from nfexplainn.interpret.status import UnitState, constant_filters, filter_name, unit_states
from nfexplainn.models.first_layer import FirstLayer
from nfexplainn.scanner import Scanner, TableScanner


@dataclass(frozen=True)
class FilterMotifs:
    """What the filters look for.

    Attributes
    ----------
    states : list of UnitState
        Named ``filter_001`` on; threshold and maximum are activations, and their natural
        logarithms after an exponential.
    width : int
        Length of the filters, in bp.
    sequences : int
        Well-predicted sequences that were looked at.
    sites : FilterSites
    """

    states: list[UnitState]
    width: int
    sequences: int
    sites: FilterSites


def filter_motifs(
    layer: FirstLayer,
    dataset: Dataset,
    logits: NDArray[np.float32],
    options: InterpretOptions | None = None,
    *,
    both_strands: bool = True,
    make_scanner: Callable[[Filters], Scanner] = TableScanner,
) -> FilterMotifs:
    """Give every filter of a first layer its motif, from the well-predicted sequences.

    Parameters
    ----------
    layer : FirstLayer
    dataset : Dataset
    logits : float32 array, shape (n, tasks)
        As for :func:`nfexplainn.interpret.run.select_rows`.
    options : InterpretOptions, optional
    both_strands : bool
        Whether the network was trained on both strands.
    make_scanner : callable
        Gives the scanner of filters.
    """
    options = options or InterpretOptions()
    weight, offset = (part.cpu().numpy().astype(np.float32) for part in layer.filters())
    filters = Filters(weight, offset, layer.covered)
    scanner = FlankScanner(filters, make_scanner)
    rows = np.flatnonzero(select_rows(dataset, logits).chosen)
    flat = constant_filters(filters)

    def chunks(some: NDArray[np.intp] = rows) -> Iterator[Chunk]:
        for chunk in strand_chunks(dataset.codes, some, scanner.chunk, both_strands):
            yield Chunk(chunk.rows, chunk.strand, padded(chunk.codes, layer.padding))

    lowest, highest = np.full((2, scanner.units), [[np.inf], [-np.inf]])
    for chunk in chunks():
        best = scanner.maxima(chunk.codes).astype(np.float64)
        # What leaves the activation; a filter that never does is dead.
        active = np.exp(best) if layer.activation == "exponential" else np.maximum(best, 0)
        np.minimum(lowest, active.min(axis=0), out=lowest)
        np.maximum(highest, active.max(axis=0), out=highest)
    table = count_sites(
        scanner,
        chunks,
        fraction=options.activation_threshold,
        activation=layer.activation,
        skip=flat,
    )
    states = unit_states(
        table,
        flat,
        lowest,
        highest,
        min_sites=options.min_sites,
        min_information=options.min_information,
        name=filter_name,
    )
    unseen = unseen_rows(dataset)
    activated = np.zeros((len(unseen), scanner.units), dtype=np.bool_)
    for chunk in chunks(unseen):
        at = np.searchsorted(unseen, chunk.rows)
        activated[at] |= scanner.plain.sites(chunk.codes, table.threshold).activated
    sites = FilterSites(unseen, activated, scanner.counts)
    return FilterMotifs(states, weight.shape[2], len(rows), sites)


def padded(codes: Codes, padding: int) -> Codes:
    """Add unknown bases to both ends of sequences, as a convolution's padding of zeros does."""
    if not padding:
        return codes
    return np.pad(codes, ((0, 0), (padding, padding)), constant_values=N_CODE)
