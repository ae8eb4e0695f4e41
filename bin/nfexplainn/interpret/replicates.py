"""What the name of a run tells: data set, model and replicate."""

from __future__ import annotations

import re

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
