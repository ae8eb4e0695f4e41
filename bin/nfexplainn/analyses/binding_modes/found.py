"""Which binding modes a model has found: those of which a unit, or a filter, is a member."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    *("replicate", "mode", "name", "members", "unit", "target_id", "target_name", "q_value"),
    "units",
)


def found_modes(matches: pd.DataFrame, modes: pd.DataFrame) -> pd.DataFrame:
    """Find the modes of every replicate.

    Parameters
    ----------
    matches : DataFrame
        As ``tomtom.tsv``: only matches at the run's q-value are in it. What is a part of a known
        motif only is no member of its mode.
    modes : DataFrame
        As ``known_modes.tsv``.

    Returns
    -------
    DataFrame
        Columns :data:`COLUMNS`, a row per replicate and mode: its surest match, and the number of
        units (or filters) that match a member.
    """
    of = modes.set_index("target_id")[["mode", "name", "members"]]
    joined = matches[matches["part"] == 0].join(of, on="target_id", how="inner")
    joined = joined.sort_values(["replicate", "mode", "q_value", "p_value", "unit"], kind="stable")
    groups = joined.groupby(["replicate", "mode"], sort=True)
    best = groups.head(1).copy()
    counts = groups["unit"].nunique()
    pairs = zip(best["replicate"], best["mode"], strict=True)
    best["units"] = [int(counts[pair]) for pair in pairs]
    return best[list(COLUMNS)].reset_index(drop=True)
