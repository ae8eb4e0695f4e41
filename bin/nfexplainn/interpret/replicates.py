"""The best of a model's replicates, for analyses that ask one of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nfexplainn.errors import UserError
from nfexplainn.interpret.summary import best_replicate
from nfexplainn.interpret.support import replicate_of
from nfexplainn.interpret.unit_files import read_tsv


def best_of(histories: Sequence[str | Path]) -> int:
    """Choose the replicate with the smallest validation loss.

    Parameters
    ----------
    histories : sequence of path
        ``R.history.tsv`` of all replicates.

    Raises
    ------
    UserError
        If there is none, or one cannot be read.
    """
    read = {replicate_of(path): read_tsv(path, ("epoch", "valid_loss")) for path in histories}
    return best_replicate(read)


def of_replicate(paths: Sequence[str], replicate: int) -> str:
    """Pick the file of a replicate by its name.

    Raises
    ------
    UserError
        If it is not among them.
    """
    found = [path for path in paths if replicate_of(path) == replicate]
    if not found:
        given = ", ".join(paths) or "nothing"
        raise UserError(f"{given}: the file of replicate {replicate} is missing; give it too.")
    return found[0]
