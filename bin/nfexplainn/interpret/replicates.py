"""What the names of a run and of its files tell: data set, model and replicate."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from nfexplainn.data.dataset import Dataset
from nfexplainn.errors import UserError

if TYPE_CHECKING:
    from nfexplainn.models.checkpoint import LoadedModel


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


def own_parts(dataset: Dataset, id: str) -> Dataset:
    """Give a data set with the parts of the run of a name; without folds all have the same.

    Raises
    ------
    UserError
        If there are folds, and the name is no run's.
    """
    return dataset if dataset.fold is None else dataset.of_replicate(int(run_of(id)["replicate"]))


def load_by_replicate(
    paths: Iterable[str | Path], kernel: str = "auto", threads: int = 1
) -> dict[int, LoadedModel]:
    """Load ``R.model.safetensors`` of the replicates of a model, by their numbers, ascending.

    Raises
    ------
    UserError
        If a file is broken, or its name has no replicate.
    """
    from nfexplainn.models.checkpoint import load_model

    files = {replicate_of(path): path for path in paths}
    return {
        number: load_model(files[number], kernel=kernel, threads=threads)
        for number in sorted(files)
    }


def replicate_of(path: str | Path) -> int:
    """Number of the replicate in the name of a run's file."""
    match = re.search(r"\.r(\d+)\.[a-z_]+\.[a-z]+$", Path(path).name)
    if match is None:
        raise UserError(
            f"{path}: the name has no replicate; call it <dataset>.<model>.r<replicate>.units.tsv."
        )
    return int(match.group(1))
