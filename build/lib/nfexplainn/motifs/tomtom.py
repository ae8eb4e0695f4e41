"""Tomtom: which known motifs does a motif look like, and how surely.

Written from Gupta et al. 2007 (Genome Biology 8:R24), Tanaka et al. 2011 (Bioinformatics
27:1603, "complete scores") and Storey 2002, and proved on the output of the MEME Suite's program.
The defaults are those of the program, with which the paper annotates (Novakovsky et al. 2023).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nfexplainn.motifs.columns import (
    Distance,
    Floats,
    Ints,
    NullModel,
    best_alignments,
    integer_scores,
)
from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.motifs.qvalues import pi_zero, q_values

if TYPE_CHECKING:
    import pandas as pd

# Name and type of each column of the result.
COLUMNS: dict[str, type] = {
    "query_id": str,
    "target_id": str,
    "offset": np.int64,
    "p_value": np.float64,
    "e_value": np.float64,
    "q_value": np.float64,
    "overlap": np.int64,
    "query_consensus": str,
    "target_consensus": str,
    "orientation": str,
}
# With as few p-values (one per target and strand) the share of true nulls is taken as 1.
FEW_P_VALUES = 100
# Columns further from uniform than this say something.
FLAT = 1e-6


def tomtom(
    queries: MotifSet,
    targets: MotifSet,
    *,
    distance: Distance = "ed",
    min_overlap: int = 1,
    pseudocount: float = 0.1,
    both_strands: bool = True,
    max_q: float | None = None,
    max_e: float | None = None,
) -> pd.DataFrame:
    """Compare every query with every target.

    Parameters
    ----------
    queries, targets, distance, min_overlap, pseudocount, both_strands, max_q, max_e
        As of :func:`compare`.

    Returns
    -------
    DataFrame
        The columns of :func:`compare`.
    """
    import pandas as pd

    joined = compare(
        queries,
        targets,
        distance=distance,
        min_overlap=min_overlap,
        pseudocount=pseudocount,
        both_strands=both_strands,
        max_q=max_q,
        max_e=max_e,
    )
    return pd.DataFrame(joined).astype(COLUMNS)


def compare(
    queries: MotifSet,
    targets: MotifSet,
    *,
    distance: Distance = "ed",
    min_overlap: int = 1,
    pseudocount: float = 0.1,
    both_strands: bool = True,
    max_q: float | None = None,
    max_e: float | None = None,
) -> dict[str, NDArray[Any]]:
    """Compare every query with every target.

    Parameters
    ----------
    queries, targets : MotifSet
        The queries' background is that of the pseudo-count of both.
    distance : {'ed', 'pearson'}
        Score of two columns: minus their Euclidean distance, or their correlation.
    min_overlap : int
        Alignments with fewer common columns do not count (for a narrower motif: its width).
    pseudocount : float
        Added to each column in proportion to the background, against the motif's sites.
    both_strands : bool
        Compare with the targets' reverse complements too.
    max_q, max_e : float, optional
        Give only pairs with a q-value, or an E-value, of at most this.

    Returns
    -------
    dict of arrays
        One value per pair, by the names of `COLUMNS`: ``offset`` is how many columns of the
        target lie before the query's first, as Tomtom prints it; ``target_consensus`` is on the
        matched strand, ``orientation``. Queries in their order; the rows of one by p, then larger
        overlap, then the target's id. A query of one column, or without any information, matches
        everything equally: its p and q are 1.

    Raises
    ------
    ValueError
        If `distance` is unknown.
    """
    if distance not in ("ed", "pearson"):
        raise ValueError(f"unknown distance {distance!r}")
    forward = [_columns(motif, queries.background, pseudocount) for motif in targets.motifs]
    strands = forward + [columns[::-1, ::-1] for columns in forward if both_strands]
    columns = np.concatenate([np.zeros((0, 4)), *strands])
    lengths = np.array([len(columns) for columns in strands], dtype=np.int64)
    ids = np.array([motif.id for motif in targets.motifs], dtype=np.str_)
    by_id = np.argsort(np.argsort(ids, kind="stable"), kind="stable")
    letters = np.array([consensus(ppm) for ppm in strands], dtype=np.str_)
    count = len(ids)
    parts: list[dict[str, Any]] = []
    compared: dict[bytes, dict[str, Any]] = {}
    for query in queries.motifs if count else ():
        ppm = _columns(query, queries.background, pseudocount)
        key = ppm.tobytes()
        if key in compared:
            same = compared[key]
            parts.append(same | {"query_id": np.full(len(same["target_id"]), query.id)})
            continue
        overlap, offset, p = _compare(ppm, columns, lengths, distance, min_overlap, both_strands)
        pi0 = pi_zero(p) if len(p) > FEW_P_VALUES else 1.0
        q = q_values(p, pi0)
        chosen = _better_strand(p, overlap, count)
        e = p[chosen] * count
        order = np.lexsort((by_id, -overlap[chosen], p[chosen]))
        if max_q is not None:
            order = order[q[chosen][order] <= max_q]
        if max_e is not None:
            order = order[e[order] <= max_e]
        rows = chosen[order]
        parts.append(
            {
                "query_id": np.full(len(rows), query.id),
                "target_id": ids[order],
                "offset": offset[rows],
                "p_value": p[rows],
                "e_value": e[order],
                "q_value": q[rows],
                "overlap": overlap[rows],
                "query_consensus": np.full(len(rows), consensus(ppm)),
                "target_consensus": letters[rows],
                "orientation": np.where(rows < count, "+", "-"),
            }
        )
        compared[key] = parts[-1]
    return {
        name: np.concatenate([part[name] for part in parts]) if parts else np.zeros(0, dtype=kind)
        for name, kind in COLUMNS.items()
    }


def consensus(ppm: Floats) -> str:
    """Give the most probable letter of each position (the first of equals)."""
    return "".join("ACGT"[letter] for letter in ppm.argmax(axis=1))


def _columns(
    motif: Motif, background: tuple[float, float, float, float], pseudocount: float
) -> Floats:
    added = pseudocount * np.array(background)
    return (motif.ppm * motif.nsites + added) / (motif.nsites + pseudocount)


def _compare(
    query: Floats,
    columns: Floats,
    lengths: Ints,
    distance: Distance,
    min_overlap: int,
    both_strands: bool,
) -> tuple[Ints, Ints, Floats]:
    """Align one query with all targets on all strands: overlap, offset and p of each."""
    values = integer_scores(query, columns, distance)
    best = best_alignments(values, lengths, min_overlap)
    if len(query) == 1 or np.ptp(query, axis=1).max() < FLAT:
        return best.overlap, best.offset, np.ones(len(lengths))
    null = NullModel(values, set(lengths.tolist()))
    p = np.empty(len(lengths))
    for length in np.unique(lengths):
        rows = lengths == length
        # p is the chance of so good a score on either strand, not on the one at hand only.
        log_below = null.log_all_below(int(length), best.score[rows]) * (1 + both_strands)
        p[rows] = -np.expm1(log_below)
    return best.overlap, best.offset, p


def _better_strand(p: Floats, overlap: Ints, count: int) -> Ints:
    """Row of each target's better strand: smaller p, then larger overlap, then forward."""
    forward = np.arange(count)
    if len(p) == count:
        return forward
    # Scores so low that p is 1 in single precision are equals, as in Tomtom.
    one, two = p[:count].astype(np.float32), p[count:].astype(np.float32)
    exact = (p[:count] < 1e-30) | (p[count:] < 1e-30)
    smaller = np.where(exact, p[count:] < p[:count], two < one)
    equal = np.where(exact, p[count:] == p[:count], two == one)
    reverse = smaller | (equal & (overlap[count:] > overlap[:count]))
    return forward + count * reverse
