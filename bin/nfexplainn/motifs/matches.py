"""Which known motifs may name a motif: those that Tomtom finds and that it mostly covers.

Tomtom compares columns, and columns without information are like each other. So a motif with flat
flanks is "found" in the gap of a long known profile (CTCF with its second half-site, 34 columns),
with a small q-value, whatever its core is. Such a match shares few of the profile's bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from nfexplainn.motifs.columns import Distance
from nfexplainn.motifs.motif import MotifSet, column_information
from nfexplainn.motifs.tomtom import tomtom

if TYPE_CHECKING:
    import pandas as pd


def known_matches(
    queries: MotifSet,
    known: MotifSet,
    *,
    distance: str,
    min_overlap: int,
    max_q: float,
    min_coverage: float,
) -> pd.DataFrame:
    """Find the known motifs that may name each query.

    Parameters
    ----------
    queries, known : MotifSet
    distance, min_overlap, max_q
        As of :func:`nfexplainn.motifs.tomtom.tomtom`.
    min_coverage : float
        Share of a known motif's information that the common columns must hold; 0 leaves Tomtom's
        result as it is.

    Returns
    -------
    DataFrame
        As of :func:`nfexplainn.motifs.tomtom.tomtom`, in its order.
    """
    hits = tomtom(
        queries,
        known,
        distance=cast(Distance, distance),
        min_overlap=min_overlap,
        max_q=max_q,
    )
    return hits[coverage(hits, known) >= min_coverage].reset_index(drop=True)


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
