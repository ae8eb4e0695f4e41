"""Tables of results as data frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nfexplainn.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

OLD_NAMES = {"support": "matched_in", "negatives": "negative_kind"}
"""What columns of units, evidence and metrics were called before 0.1.0, and are called now."""


def get_one(known: Mapping[str, Any], name: str, opening: str) -> Any:
    """Give what has a name; of an unknown one the sentence says which there are."""
    if name not in known:
        raise UserError(f"{opening} '{name}'; there are {', '.join(known)}.")
    return known[name]


def led(frame: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Put columns of one value in front."""
    return frame.assign(**names)[[*names, *frame.columns]]


def read(path: Path) -> pd.DataFrame:
    """Read a table of the pipeline; columns of earlier versions get their names of today."""
    from nfexplainn.interpret.unit_files import read_tsv

    return read_tsv(path, ()).rename(columns=OLD_NAMES)


def joined(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put frames one under the other; what has no rows takes no part."""
    import pandas as pd

    some = [frame for frame in frames if len(frame)]
    if some:
        return pd.concat(some, ignore_index=True)
    return frames[0] if frames else pd.DataFrame()
