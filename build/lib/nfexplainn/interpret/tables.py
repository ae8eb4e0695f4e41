"""The files of one interpreted model: tables of units and effects, motifs, chosen sequences."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nfexplainn.data.dataset import Dataset
from nfexplainn.interpret.reestimate import second_motifs
from nfexplainn.interpret.run import Interpretation
from nfexplainn.interpret.status import UnitState
from nfexplainn.interpret.unit_files import EFFECT_COLUMNS, UNIT_COLUMNS
from nfexplainn.io.tsv import Table, write_tsv
from nfexplainn.motifs.formats import write_jaspar, write_meme, write_transfac
from nfexplainn.motifs.homer import write_homer
from nfexplainn.motifs.motif import MotifSet


def unit_table(states: Sequence[UnitState], width: int) -> Table:
    """Give a row per unit, columns :data:`UNIT_COLUMNS`; `width` is the filters' length."""
    rows = [
        [width if name == "width" else getattr(state, name) for name in UNIT_COLUMNS]
        for state in states
    ]
    return Table(UNIT_COLUMNS, rows)


def effect_table(result: Interpretation, tasks: Sequence[str]) -> Table:
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
            result.site_effect.value[unit, column],
            result.site_effect.direction[unit, column],
        )
        for unit, state in enumerate(result.states)
        for column, task in enumerate(tasks)
    ]
    return Table(EFFECT_COLUMNS, rows)


def write_motifs(
    states: Sequence[UnitState], prefix: str | Path, names: Sequence[str] = ()
) -> None:
    """Write the motifs of the units that have one to ``.units.meme`` and other programs' formats.

    These are ``.jaspar``, ``.transfac`` and ``.homer``. The counts are those of the sites; an N,
    which is a quarter of each base, is rounded. `names`, where given, are those of all units.
    """
    named = names or [""] * len(states)
    motifs = MotifSet(
        tuple(
            dataclasses.replace(state.motif, name=name)
            for state, name in zip(states, named, strict=True)
            if state.motif is not None
        )
    )
    counts: Mapping[str, NDArray[np.int64]] = {
        state.unit: state.counts[:, :4]
        for state in states
        if state.counts is not None and not state.counts[:, 4].any()
    }
    write_meme(motifs, f"{prefix}.units.meme")
    write_jaspar(motifs, f"{prefix}.units.jaspar", counts=counts)
    write_transfac(motifs, f"{prefix}.units.transfac", counts=counts)
    write_homer(motifs, f"{prefix}.units.homer")


def write_second_motifs(
    result: Interpretation, dataset: Dataset, prefix: str | Path, both_strands: bool
) -> None:
    """Write the re-estimated motifs (``.reestimated.meme``) and both kinds' AUPRC (``.pwms.tsv``).

    A unit is re-estimated in the task in which its effect is largest.
    """
    with_motif = [at for at, state in enumerate(result.states) if state.motif is not None]
    motifs = [state.motif for state in result.states if state.motif is not None]
    effect = np.where(np.isnan(result.effect), -np.inf, result.effect)[with_motif]
    second = second_motifs(dataset, motifs, effect.argmax(axis=1), both_strands=both_strands)
    write_meme(MotifSet(second.motifs), f"{prefix}.reestimated.meme")
    second.table.write(f"{prefix}.pwms.tsv")


def write_selection(result: Interpretation, dataset: Dataset, path: str | Path) -> None:
    """Write the names of the well-predicted sequences, with their part of the data set."""
    rows = np.flatnonzero(result.selection.chosen).tolist()
    chosen = ((dataset.names[row], str(dataset.split[row])) for row in rows)
    write_tsv(path, ("name", "split"), chosen)
