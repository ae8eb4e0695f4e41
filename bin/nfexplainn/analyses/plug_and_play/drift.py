"""How far units went from the profiles that their filters started from (paper, Figure 6C)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nfexplainn.interpret.options import AnnotateOptions
from nfexplainn.interpret.pwms import consensus
from nfexplainn.motifs.motif import MotifSet
from nfexplainn.motifs.starts import filter_weights, starts
from nfexplainn.motifs.tomtom import tomtom

DRIFT_COLUMNS = (
    "unit",
    "profile",
    "name",
    "strand",
    "state",
    "q_value",
    "correlation",
    "filter_change",
    "nearest",
    "nearest_name",
    "nearest_q",
    "initial_consensus",
    "consensus",
)
# A unit's motif is not compared when it says next to nothing: see AnnotateOptions.
KEPT, DRIFTED, UNREADABLE = "kept", "drifted", "no motif"


def unit_drift(
    weights: NDArray[np.float32],
    profiles: MotifSet,
    motifs: MotifSet,
    units: pd.DataFrame,
    options: AnnotateOptions | None = None,
) -> pd.DataFrame:
    """Compare each unit with its own start.

    Parameters
    ----------
    weights : float32 array, shape (units, 4, width)
        The filters after training, without batch norm.
    profiles : MotifSet
        What they started from: unit 1 from the first, unit 2 from its reverse complement, and so
        on.
    motifs : MotifSet
        The units' motifs, read off their sites.
    units : DataFrame
        With the columns ``unit``, ``information`` and ``consensus``.
    options : AnnotateOptions, optional
        Of the comparison by Tomtom, and the q-value over which a unit has drifted.

    Returns
    -------
    DataFrame
        A row per unit, columns :data:`DRIFT_COLUMNS`. ``state`` is ``kept`` where the unit's motif
        still matches its own profile, ``drifted`` where it does not, ``no motif`` where there is
        none with enough information. ``q_value``: of the match with its own profile, among all
        profiles; ``nearest``: the profile that it matches best. ``correlation``: Pearson's of the
        filter's numbers before and after; ``change``: the length of their difference over that of
        the start (0: bit-identical).
    """
    options = options or AnnotateOptions()
    of = starts(profiles.motifs, weights.shape[2])
    readable = units.loc[units["information"] >= options.min_information, "unit"]
    queries = MotifSet(tuple(m for m in motifs.motifs if m.id in set(readable)), motifs.background)
    hits = tomtom(
        queries,
        profiles,
        distance=options.tomtom_distance,  # type: ignore[arg-type]
        min_overlap=options.tomtom_min_overlap,
    )
    own = hits.set_index(["query_id", "target_id"])["q_value"].to_dict()
    best = hits.drop_duplicates("query_id").set_index("query_id")
    names = {profile.id: profile.name for profile in profiles.motifs}
    before = filter_weights(of)
    rows: list[dict[str, Any]] = []
    for at, unit, said in zip(range(len(of)), units["unit"], units["consensus"], strict=True):
        start = of[at]
        row = {
            "unit": unit,
            "profile": start.profile.id,
            "name": start.profile.name,
            "strand": start.strand,
            "state": UNREADABLE,
            **_filter_change(before[at], weights[at]),
            "initial_consensus": consensus(start.motif.ppm),
            "consensus": said,
        }
        if unit in best.index:
            q = float(own[unit, start.profile.id])
            nearest = str(best.loc[unit, "target_id"])
            row |= {
                "state": KEPT if q <= options.q_threshold else DRIFTED,
                "q_value": q,
                "nearest": nearest,
                "nearest_name": names[nearest],
                "nearest_q": float(best.loc[unit, "q_value"]),
            }
        rows.append(row)
    return pd.DataFrame(rows, columns=list(DRIFT_COLUMNS))


def _filter_change(before: NDArray[np.float32], after: NDArray[np.float32]) -> dict[str, float]:
    old, new = before.astype(np.float64).ravel(), after.astype(np.float64).ravel()
    spread = old.std() * new.std()
    together = ((old - old.mean()) * (new - new.mean())).mean()
    size = float(np.sqrt((old**2).sum()))
    return {
        "correlation": float(together / spread) if spread > 0 else float("nan"),
        "filter_change": float(np.sqrt(((new - old) ** 2).sum())) / size
        if size > 0
        else float("nan"),
    }
