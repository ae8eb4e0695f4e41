"""Columns that several tables have, or that one step writes and the report reads (no pandas)."""

from __future__ import annotations

TOMTOM_COLUMNS = (
    *("replicate", "unit", "target_id", "target_name", "offset", "p_value", "e_value", "q_value"),
    *("overlap", "orientation"),
)
MOTIF_COLUMNS = (
    "sites",
    "width",
    "information",
    "consensus",
    "annotation",
    "target_id",
    "q_value",
)
"""What the tables of units and of consensus motifs tell of a motif."""
CONSENSUS_COLUMNS = (
    *("dataset", "model", "task", "motif", "score", "support", "replicates"),
    *MOTIF_COLUMNS,
    "units",
)
