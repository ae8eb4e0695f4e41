"""Which known motifs may name a motif: those that Tomtom finds, and that explain it.

Tomtom compares columns, and columns without information are like each other. So a motif with flat
flanks is "found" in the gap of a long known profile (CTCF with its second half-site, 34 columns),
with a small q-value, whatever its core is: such a match shares few of the profile's bits. And a
short profile is found in a motif that says much more (TCTAGA in TTCTAGAA): such a match explains
few of the motif's bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from nfexplainn.motifs.columns import Distance
from nfexplainn.motifs.complexity import low_complexity
from nfexplainn.motifs.motif import MotifSet, column_information, telling_bits, weakened_logs
from nfexplainn.motifs.tomtom import tomtom

if TYPE_CHECKING:
    import pandas as pd

LEAST_EXPLAINED = 0.5
"""Share of a motif's information that a known motif must explain to name it."""
PART_EXPLAINED = 0.8
"""The same of a longer known motif, of which the motif is a part."""
# A whole known motif stands before one of which only a part is there, unless that explains more by
# this share.
_WHOLE_FIRST = 0.1


def known_matches(
    queries: MotifSet,
    known: MotifSet,
    *,
    distance: str,
    min_overlap: int,
    max_q: float,
    min_coverage: float,
    min_unit_coverage: float,
) -> pd.DataFrame:
    """Find the known motifs that may name each query, the one that explains most of it first.

    The thresholds were chosen on planted motifs and real sets (``benchmarks/names.py``).

    Parameters
    ----------
    queries, known : MotifSet
    distance, min_overlap, max_q
        As of :func:`nfexplainn.motifs.tomtom.tomtom`.
    min_coverage : float
        Share of a known motif's information that the common columns must hold. With less of it, a
        query that it explains well (:data:`PART_EXPLAINED`) is a part of it.
    min_unit_coverage : float
        The same share of the query's information; the known motif must explain half of it
        (:data:`LEAST_EXPLAINED`), and what is of low complexity has no match. 0 asks for none of
        this and keeps Tomtom's order; with a `min_coverage` of 0 that is Tomtom's result.

    Returns
    -------
    DataFrame
        As of :func:`nfexplainn.motifs.tomtom.tomtom`, and ``coverage``, ``explained`` and ``part``.
    """
    hits = tomtom(
        queries,
        known,
        distance=cast(Distance, distance),
        min_overlap=min_overlap,
        max_q=max_q,
    )
    covered, told = coverage(hits, known), explained(hits, queries, known)
    part = covered < min_coverage
    hits = hits.assign(coverage=covered, explained=told, part=part)
    if min_unit_coverage <= 0:
        return hits[~part].reset_index(drop=True)
    simple = {motif.id for motif in queries.motifs if low_complexity(motif.ppm)}
    good = told >= np.where(part, PART_EXPLAINED, LEAST_EXPLAINED)
    good &= unit_coverage(hits, queries) >= min_unit_coverage
    good &= ~hits["query_id"].isin(simple).to_numpy()
    places = {motif.id: place for place, motif in enumerate(queries.motifs)}
    query = np.array([places[query] for query in hits["query_id"]], dtype=np.int64)
    order = np.lexsort((-(told - _WHOLE_FIRST * part), query))
    return hits.iloc[order[good[order]]].reset_index(drop=True)


def coverage(hits: pd.DataFrame, known: MotifSet) -> NDArray[np.float64]:
    """Share of the known motif's bits in the columns that it has in common with the query.

    Parameters
    ----------
    hits : DataFrame
        Of Tomtom: ``target_id``, ``offset``, ``overlap`` and ``orientation`` are read.
    known : MotifSet
        Holds all targets.

    Returns
    -------
    float64 array, shape (hits,)
        From 0 to 1; 0 for a known motif without information.
    """
    bits = {motif.id: np.maximum(column_information(motif.ppm), 0.0) for motif in known.motifs}
    shares = np.zeros(len(hits))
    rows = zip(hits["target_id"], hits["offset"], hits["overlap"], hits["orientation"], strict=True)
    for row, (target, offset, overlap, strand) in enumerate(rows):
        columns = bits[target] if strand == "+" else bits[target][::-1]
        first = max(0, int(offset))
        if columns.sum() > 0:
            shares[row] = columns[first : first + int(overlap)].sum() / columns.sum()
    return shares


def unit_coverage(hits: pd.DataFrame, queries: MotifSet) -> NDArray[np.float64]:
    """Share of the query's telling bits in the columns that it has in common with the known motif.

    Parameters
    ----------
    hits : DataFrame
        Of Tomtom: ``query_id``, ``offset`` and ``overlap`` are read.
    queries : MotifSet

    Returns
    -------
    float64 array, shape (hits,)
        From 0 to 1; 0 for a query without such columns.
    """
    bits = {motif.id: telling_bits(motif.ppm) for motif in queries.motifs}
    shares = np.zeros(len(hits))
    rows = zip(hits["query_id"], hits["offset"], hits["overlap"], strict=True)
    for row, (query, offset, overlap) in enumerate(rows):
        columns = bits[query]
        if columns.sum() > 0:
            shares[row] = columns[max(0, -offset) :][:overlap].sum() / columns.sum()
    return shares


def explained(hits: pd.DataFrame, queries: MotifSet, known: MotifSet) -> NDArray[np.float64]:
    """Share of the query's bits that the known motif explains.

    The expected log-odds of the query's columns under the aligned columns of the known motif, as
    sharp as suits it best, over the information of the whole query. So a column counts as far as
    both agree in it, and one that the known motif lacks counts nothing.

    Parameters
    ----------
    hits : DataFrame
        Of Tomtom: ``query_id`` and what :func:`coverage` reads.
    queries, known : MotifSet
        Hold all queries and targets.

    Returns
    -------
    float64 array, shape (hits,)
        From 0 to 1; 0 for a query without information.
    """
    ppms = {motif.id: motif.ppm for motif in queries.motifs}
    bits = {motif.id: float(column_information(motif.ppm).sum()) for motif in queries.motifs}
    targets = {motif.id: motif.ppm for motif in known.motifs}
    logs = {target: weakened_logs(targets[target]) for target in hits["target_id"].unique()}
    shares = np.zeros(len(hits))
    columns = ("query_id", "target_id", "offset", "overlap", "orientation")
    rows = zip(*(hits[column] for column in columns), strict=True)
    for row, (query, target, offset, overlap, strand) in enumerate(rows):
        under = logs[target] if strand == "+" else logs[target][:, ::-1, ::-1]
        own = ppms[query][max(0, -offset) :][:overlap]
        told = (under[:, max(0, offset) :][:, :overlap] * own).sum(axis=(1, 2)).max()
        if bits[query] > 0:
            shares[row] = max(float(told), 0.0) / bits[query]
    return shares
