"""The files of one interpreted model: tables of units and effects, motifs, chosen sequences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from nfexplainn.dataset import Dataset
from nfexplainn.errors import UserError
from nfexplainn.interpret.run import Interpretation
from nfexplainn.interpret.status import UnitState
from nfexplainn.interpret.unit_files import EFFECT_COLUMNS, UNIT_COLUMNS, write_tsv
from nfexplainn.motifs.formats import write_jaspar, write_meme, write_transfac
from nfexplainn.motifs.motif import MotifSet


def read_logits(path: str | Path, dataset: Dataset) -> NDArray[np.float32]:
    """Read predictions in the order of a data set's sequences.

    Returns
    -------
    float32 array, shape (n, tasks)
        NaN for sequences without a prediction.

    Raises
    ------
    UserError
        If a task has no column, or a name is unknown or there twice.
    """
    columns = [f"logit:{task}" for task in dataset.meta.tasks]
    try:
        table = pq.read_table(str(path), columns=["name", *columns])
    except (OSError, pa.ArrowInvalid) as error:
        raise UserError(
            f"{path}: the predictions of {dataset.meta.id} cannot be read ({error});"
            " evaluate the model anew."
        ) from error
    if table.num_columns != 1 + len(columns):
        lacking = next(c for c in ["name", *columns] if c not in table.column_names)
        raise UserError(f"{path}: the column {lacking} is missing; evaluate the model anew.")
    where = pd.Index(dataset.names).get_indexer(table.column("name").to_pylist())
    if (where < 0).any() or len(np.unique(where)) != len(where):
        row = int(np.argmax(where < 0)) if (where < 0).any() else 0
        name = table.column("name")[row].as_py()
        raise UserError(
            f"{path}: the predictions are not of the data set {dataset.meta.id} (see {name!r});"
            " evaluate the model anew."
        )
    logits = np.full((len(dataset), len(columns)), np.nan, dtype=np.float32)
    for column, name in enumerate(columns):
        logits[where, column] = table.column(name).to_numpy().astype(np.float32)
    return logits


def unit_table(states: Sequence[UnitState], width: int) -> pd.DataFrame:
    """Give a row per unit, columns :data:`UNIT_COLUMNS`; `width` is the filters' length."""
    rows = [
        (
            state.unit,
            state.status,
            state.sites,
            width,
            state.information,
            state.consensus,
            state.threshold,
            state.maximum,
            state.reason,
        )
        for state in states
    ]
    return pd.DataFrame(rows, columns=list(UNIT_COLUMNS))


def effect_table(result: Interpretation, tasks: Sequence[str]) -> pd.DataFrame:
    """Give a row per unit and task, columns :data:`EFFECT_COLUMNS`."""
    importance = result.importance
    rows = [
        (
            state.unit,
            task,
            result.weights[column, unit],
            importance.median[unit, column],
            importance.q25[unit, column],
            importance.q75[unit, column],
            importance.n[unit],
            result.effect[unit, column],
            result.effect_basis[column],
        )
        for unit, state in enumerate(result.states)
        for column, task in enumerate(tasks)
    ]
    return pd.DataFrame(rows, columns=list(EFFECT_COLUMNS))


def write_motifs(states: Sequence[UnitState], prefix: str | Path) -> None:
    """Write the motifs of the units that have one to ``.units.meme``, ``.jaspar``, ``.transfac``.

    The counts are those of the sites; an N, which is a quarter of each base, is rounded.
    """
    motifs = MotifSet(tuple(state.motif for state in states if state.motif is not None))
    counts: Mapping[str, NDArray[np.int64]] = {
        state.unit: state.counts[:, :4]
        for state in states
        if state.counts is not None and not state.counts[:, 4].any()
    }
    write_meme(motifs, f"{prefix}.units.meme")
    write_jaspar(motifs, f"{prefix}.units.jaspar", counts=counts)
    write_transfac(motifs, f"{prefix}.units.transfac", counts=counts)


def write_selection(result: Interpretation, dataset: Dataset, path: str | Path) -> None:
    """Write the names of the well-predicted sequences, with their part of the data set."""
    rows = np.flatnonzero(result.selection.chosen)
    names = [dataset.names[row] for row in rows]
    write_tsv(pd.DataFrame({"name": names, "split": dataset.split[rows].tolist()}), path)
