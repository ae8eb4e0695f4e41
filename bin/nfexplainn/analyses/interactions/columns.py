"""What the tables of interactions hold, without what computes it."""

from __future__ import annotations

COLUMNS = (
    *("dataset", "model", "task", "first", "first_name", "second", "second_name", "kind"),
    *("distance", "coefficient", "coefficient_sd", "found_in", "replicates", "gain", "gain_low"),
    *("gain_high", "share", "p", "q", "tests", "supported"),
)
SPACING_COLUMNS = (
    *("dataset", "model", "task", "first", "second", "gap_from", "gap_to", "sequences"),
    *("excess", "excess_low", "excess_high"),
)
