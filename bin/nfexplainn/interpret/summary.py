"""One wide table of all units: what they are, what they are called, what they do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from nfexplainn.errors import UserError
from nfexplainn.interpret.columns import NAME_COLUMNS, UNIT_MOTIF_COLUMNS

FIXED_COLUMNS = (
    "dataset",
    "model",
    "replicate",
    "unit",
    "status",
    *UNIT_MOTIF_COLUMNS,
    *NAME_COLUMNS,
    "matched_in",
    "replicates",
)
_PER_TASK = {
    "weight": "weight",
    "importance": "importance_median",
    "importance_n": "importance_n",
    "effect": "effect",
    "site_effect": "site_effect",
    "direction": "direction",
}


def final_units(
    dataset: str,
    model: str,
    units: Mapping[int, pd.DataFrame],
    effects: Mapping[int, pd.DataFrame],
    tomtom: pd.DataFrame,
    support: pd.DataFrame,
) -> pd.DataFrame:
    """Join all that is known about the units.

    A unit with a match is ``annotated``, unless its sites are few: it then keeps that flag, with
    the annotation beside it. What is of low complexity is called so, and stays ``unannotated``. The
    rank within a task and replicate is by effect, largest first; units without an effect, and dead
    ones, have none.

    Parameters
    ----------
    dataset, model : str
    units, effects : mapping of replicate to DataFrame
        As in ``units.tsv`` and ``effects.tsv`` of a run.
    tomtom, support : DataFrame
        Of all replicates, best match first per unit.

    Returns
    -------
    DataFrame
        Columns :data:`FIXED_COLUMNS`, seven per task, and ``reason``.

    Raises
    ------
    UserError
        If the replicates differ in their tasks, or units and effects in their units.
    """
    tasks: list[str] = []
    parts = []
    for replicate in sorted(units):
        if replicate not in effects:
            raise UserError(f"{dataset}: replicate {replicate} has no table of effects; give it.")
        found = list(dict.fromkeys(effects[replicate]["task"]))
        if tasks and found != tasks:
            raise UserError(f"{dataset}: the replicates differ in their tasks; train them again.")
        tasks = found
        table = units[replicate].copy()
        table.insert(0, "replicate", replicate)
        _add_effects(table, effects[replicate], tasks)
        parts.append(table)
    frame = pd.concat(parts, ignore_index=True)
    frame["dataset"], frame["model"] = dataset, model
    keys = ["replicate", "unit"]
    best = tomtom.drop_duplicates(keys)[[*keys, "target_id", "q_value"]]
    told = support[[*keys, "matched_in", "replicates", "annotation"]]
    frame = frame.merge(best, on=keys, how="left").merge(told, on=keys, how="left")
    for column in ("matched_in", "replicates"):
        frame[column] = frame[column].astype("Int64")
    named = frame["target_id"].notna() & (frame["status"] == "unannotated")
    frame.loc[named, "status"] = "annotated"
    per_task = [f"{kind}:{task}" for task in tasks for kind in (*_PER_TASK, "rank")]
    return frame[[*FIXED_COLUMNS, *per_task, "reason"]]


def _add_effects(table: pd.DataFrame, effects: pd.DataFrame, tasks: Sequence[str]) -> None:
    dead = (table["status"] == "dead").to_numpy()
    for task in tasks:
        rows = effects[effects["task"] == task].set_index("unit").reindex(table["unit"])
        if rows["weight"].isna().any():
            raise UserError(
                f"The effects of the task {task} lack a unit; interpret the models again."
            )
        for name, column in _PER_TASK.items():
            table[f"{name}:{task}"] = rows[column].to_numpy()
        values = np.where(dead, np.nan, rows["effect"].to_numpy(dtype=float))
        rank = pd.Series(values).rank(ascending=False, method="first")
        table[f"rank:{task}"] = rank.astype("Int64").to_numpy()


def ended_early(histories: Mapping[int, pd.DataFrame]) -> list[int]:
    """Give the replicates that ``max_epochs`` stopped while the validation loss still fell.

    Patience would have gone on after a best epoch, so where the last epoch is the best, only the
    limit can have ended the training.

    Parameters
    ----------
    histories : mapping of replicate to DataFrame
        As in ``history.tsv``.
    """
    return [
        replicate
        for replicate, table in histories.items()
        if len(table) and int(table["best"].iloc[-1]) == 1
    ]
