"""The tables of units: their columns, and how they are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from nfexplainn.errors import UserError
from nfexplainn.motifs.lines import write_text

UNIT_COLUMNS = (
    "unit",
    "status",
    "sites",
    "width",
    "information",
    "consensus",
    "threshold",
    "maximum",
    "reason",
)
EFFECT_COLUMNS = (
    "unit",
    "task",
    "weight",
    "importance_median",
    "importance_q25",
    "importance_q75",
    "importance_n",
    "effect",
    "effect_basis",
)
# Columns that stay text even where all their values look like numbers.
_TEXTS = ("task", "unit", "consensus", "dataset", "model", "target_id", "target_name", "name")


def write_tsv(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a table: tabs, Unix line ends, floats as ``%.6g``, missing values empty."""
    text = frame.to_csv(sep="\t", index=False, float_format="%.6g", na_rep="", lineterminator="\n")
    write_text(path, text)


def read_tsv(path: str | Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read a table of the pipeline; only an empty field is missing (a task may be called NA).

    Raises
    ------
    UserError
        If the file cannot be read or lacks one of `columns`.
    """
    try:
        frame = pd.read_csv(
            path,
            sep="\t",
            keep_default_na=False,
            na_values=[""],
            dtype=dict.fromkeys(_TEXTS, str),
        )
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: the table cannot be read ({error}); make it anew.") from error
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise UserError(f"{path}: the column {missing[0]} is missing; make the table anew.")
    return frame
