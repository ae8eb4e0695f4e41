"""Columns that several tables have, or that one step writes and the report reads (no pandas)."""

from __future__ import annotations

TOMTOM_COLUMNS = (
    *("replicate", "unit", "target_id", "target_name", "offset", "p_value", "e_value", "q_value"),
    *("overlap", "orientation"),
)
NAME_COLUMNS = ("annotation", "target_id", "q_value")
"""What is told of a motif's best match."""
UNIT_MOTIF_COLUMNS = ("sites", "width", "information", "consensus")
"""What the tables of units tell of a motif: attributes of ``UnitState``."""
MOTIF_COLUMNS = ("sites", "width", "information", "consensus", *NAME_COLUMNS)
"""What the table of consensus motifs tells of one."""
CONSENSUS_COLUMNS = (
    *("dataset", "model", "task", "motif", "score", "support", "replicates"),
    *MOTIF_COLUMNS,
    "units",
)
