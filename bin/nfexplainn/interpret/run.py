"""Interpret one trained model on its data set: motifs, states, importances and effects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nfexplainn.data.dataset import Dataset
from nfexplainn.errors import UserError
from nfexplainn.filters import Filters, SiteCounts
from nfexplainn.interpret.contributions import ContributionWriter, written_sequences
from nfexplainn.interpret.importance import (
    EffectSums,
    Importance,
    OutputSamples,
    undefined_effect,
)
from nfexplainn.interpret.options import InterpretOptions
from nfexplainn.interpret.pwms import Chunk, count_sites, strand_chunks
from nfexplainn.interpret.selection import Selection, select_well_predicted
from nfexplainn.interpret.site_effect import SiteEffect, SiteSums
from nfexplainn.interpret.status import UnitState, constant_filters, unit_states
from nfexplainn.models.model import FilterModel
from nfexplainn.scanner import Scanner, TableScanner

# The test part is for judging the model: motifs are read from what it was trained on.
SPLITS = ("train", "valid")

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Interpretation:
    """All that one model says about its units.

    Attributes
    ----------
    states : list of UnitState
    weights : float32 array, shape (tasks, units)
        Of the final layer.
    importance : Importance
    effect : float64 array, shape (units, tasks)
    effect_basis : tuple of str
        Per task: from which sequences the effect was computed, or why it is undefined.
    site_effect : SiteEffect
        What the presence of the units' motifs does, in the well-predicted sequences.
    selection : Selection
        Over the rows of the data set.
    thresholds : float32 array, shape (units,)
        Least activation of a site, as :class:`nfexplainn.interpret.pwms.SiteTable` has it.
    """

    states: list[UnitState]
    weights: NDArray[np.float32]
    importance: Importance
    effect: NDArray[np.float64]
    effect_basis: tuple[str, ...]
    site_effect: SiteEffect
    selection: Selection
    thresholds: NDArray[np.float32]


def select_rows(dataset: Dataset, logits: NDArray[np.float32]) -> Selection:
    """Choose the well-predicted sequences of the training and validation part.

    Parameters
    ----------
    dataset : Dataset
    logits : float32 array, shape (n, tasks)
        A row per sequence of the data set, averaged over strands; NaN where there is none.
    """
    rows = dataset.rows(*SPLITS)
    rows = rows[np.isfinite(logits[rows]).all(axis=1)]
    part = select_well_predicted(dataset.meta.task_type, dataset.labels[rows], logits[rows])
    chosen = np.zeros(len(dataset), dtype=bool)
    chosen[rows] = part.chosen
    effect_rows = np.zeros(dataset.labels.shape, dtype=bool)
    effect_rows[rows] = part.effect_rows
    return Selection(chosen, effect_rows, part.effect_basis, part.rule)


def interpret_model(
    model: FilterModel,
    dataset: Dataset,
    logits: NDArray[np.float32],
    importances_path: str | Path,
    options: InterpretOptions | None = None,
    *,
    both_strands: bool | None = None,
    report: Report | None = None,
    make_scanner: Callable[[Filters], Scanner] = TableScanner,
    keep: Callable[[Chunk, NDArray[np.float32]], None] | None = None,
) -> Interpretation:
    """Interpret every unit of a model.

    Where the model was trained on both strands, every sequence is looked at on both, and each
    strand counts as a sequence.

    Parameters
    ----------
    model : FilterModel
    dataset : Dataset
    logits : float32 array, shape (n, tasks)
        As for :func:`select_rows`.
    importances_path : path
        Where the contributions of single sequences are written (Parquet).
    options : InterpretOptions, optional
    both_strands : bool, optional
        Whether the model was trained on both strands; by default as the data set says.
    report : callable, optional
        Called with the number of chunks done and in all.
    make_scanner : callable
        Gives the scanner of filters.
    keep : callable, optional
        Called with every chunk and its unit outputs, (n, units).

    Raises
    ------
    UserError
        If model and data set do not belong together.
    """
    options = options or InterpretOptions()
    filters, weights = model.filters(), model.final_weight
    _check(dataset, filters, weights)
    scanner = make_scanner(filters)
    selection = select_rows(dataset, logits)
    both = dataset.meta.strand_symmetric if both_strands is None else both_strands
    regression = dataset.meta.task_type == "regression"
    well = np.flatnonzero(selection.chosen)
    rest = np.flatnonzero(selection.effect_rows.any(axis=1) & ~selection.chosen)
    steps = _Steps(report, scanner.chunk, both, [len(well), len(well), len(rest)])

    flat = constant_filters(filters)
    lowest, highest = np.full((2, scanner.units), [[np.inf], [-np.inf]])
    samples, at_sites = OutputSamples(scanner.units), SiteSums(scanner.units)
    sums = EffectSums(dataset.labels, selection.effect_rows, regression, scanner.units)

    def outputs_of(chunk: Chunk) -> NDArray[np.float32]:
        outputs = model.unit_outputs(chunk.codes)
        np.minimum(lowest, outputs.min(axis=0), out=lowest)
        np.maximum(highest, outputs.max(axis=0), out=highest)
        sums.add(chunk.rows, outputs)
        if keep is not None:
            keep(chunk, outputs)
        return outputs

    def well_chunks() -> Iterator[Chunk]:
        for chunk in strand_chunks(dataset.codes, well, scanner.chunk, both):
            yield chunk
            steps.done()

    tasks = dataset.meta.tasks
    written = written_sequences(selection.chosen, len(tasks))
    with ContributionWriter(importances_path, tasks, dataset.names, weights, written) as writer:

        def visit(chunk: Chunk, found: SiteCounts) -> None:
            outputs = outputs_of(chunk)
            samples.add(outputs, found.activated)
            at_sites.add(outputs, found.activated)
            writer.add(chunk.rows, chunk.strand, outputs, found.activated)

        table = count_sites(
            scanner,
            well_chunks,
            fraction=options.activation_threshold,
            skip=flat,
            visit=visit,
        )
        for chunk in strand_chunks(dataset.codes, rest, scanner.chunk, both):
            outputs_of(chunk)
            steps.done()
    undefined = undefined_effect(dataset.labels, selection.effect_rows, regression)
    return Interpretation(
        states=unit_states(
            table,
            flat,
            lowest,
            highest,
            min_sites=options.min_sites,
            min_information=options.min_information,
        ),
        weights=weights,
        importance=samples.importance(weights.astype(np.float64)),
        effect=sums.effect(weights.astype(np.float64)),
        effect_basis=tuple(
            why or basis for why, basis in zip(undefined, selection.effect_basis, strict=True)
        ),
        site_effect=at_sites.site_effect(weights.astype(np.float64)),
        selection=selection,
        thresholds=table.threshold,
    )


class _Steps:
    """Count chunks for the progress report."""

    def __init__(self, report: Report | None, size: int, both: bool, rows: list[int]) -> None:
        strands = 2 if both else 1
        self._report = report
        self._all = sum(strands * -(-count // size) for count in rows)
        self._done = 0

    def done(self) -> None:
        self._done += 1
        if self._report is not None:
            self._report(self._done, self._all)


def _check(dataset: Dataset, filters: Filters, weights: NDArray[np.float32]) -> None:
    tasks = len(dataset.meta.tasks)
    if len(weights) != tasks:
        raise UserError(
            f"The model has {len(weights)} tasks and the data set {dataset.meta.id} has {tasks};"
            " give the data set that the model was trained on."
        )
    needed = filters.covered + filters.weights.shape[2] - 1
    if dataset.meta.length < needed:
        raise UserError(
            f"The model needs sequences of {needed} bp and those of the data set"
            f" {dataset.meta.id} have {dataset.meta.length}; give the data set that the model was"
            " trained on."
        )
