"""What the names of a run and of its files tell: data set, model and replicate."""

from __future__ import annotations

import re
from pathlib import Path

from nfexplainn.errors import UserError


def run_of(id: str) -> dict[str, str | int]:
    """Take a run's name apart.

    Parameters
    ----------
    id : str
        ``<dataset>.<model>.r<replicate>``

    Returns
    -------
    dict
        ``dataset``, ``model`` (str) and ``replicate`` (int).

    Raises
    ------
    UserError
        If it is no such name.
    """
    found = re.fullmatch(r"(.+)\.([^.]+)\.r(\d+)", id)
    if found is None:
        raise UserError(f"--id is {id!r}; give <dataset>.<model>.r<replicate>.")
    return {"dataset": found[1], "model": found[2], "replicate": int(found[3])}


def replicate_of(path: str | Path) -> int:
    """Number of the replicate in the name of a run's file."""
    match = re.search(r"\.r(\d+)\.[a-z_]+\.[a-z]+$", Path(path).name)
    if match is None:
        raise UserError(
            f"{path}: the name has no replicate; call it <dataset>.<model>.r<replicate>.units.tsv."
        )
    return int(match.group(1))
