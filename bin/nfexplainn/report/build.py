"""Build the whole report: the sections in the order of the page, and the tables behind them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from nfexplainn.analyses.attribution.report import write_attribution
from nfexplainn.analyses.binding_modes.report import write_modes
from nfexplainn.analyses.cooperativity.report import write_cooperativity
from nfexplainn.analyses.cycles.report import cycle_units, question_cycles, write_cycles
from nfexplainn.analyses.discovery.report import write_discovery
from nfexplainn.analyses.explain.report import write_explained
from nfexplainn.analyses.nullification.report import write_nullification
from nfexplainn.analyses.plug_and_play.report import write_drift
from nfexplainn.analyses.transfer.report import write_transfer
from nfexplainn.analyses.unit_maps.report import write_maps
from nfexplainn.analyses.unit_sweep.report import write_sweep
from nfexplainn.page.load import DatasetResult, Inputs
from nfexplainn.page.mqc import Page
from nfexplainn.page.units import units_of
from nfexplainn.report.comparison import write_comparison
from nfexplainn.report.consensus import write_consensus
from nfexplainn.report.curves import write_curves
from nfexplainn.report.data import write_data, write_status
from nfexplainn.report.diverged import with_diverged
from nfexplainn.report.importance import write_importance
from nfexplainn.report.methods import write_methods, write_parameters, write_versions
from nfexplainn.report.motifs import (
    rows_per_model,
    shown_units,
    write_motifs,
    write_tomtom,
)
from nfexplainn.report.performance import write_performance
from nfexplainn.report.reestimated import write_reestimated
from nfexplainn.report.summary import summary_units, write_summary
from nfexplainn.report.weights import write_weights

DEFAULT_UNITS = 100


def build_report(inputs: Inputs, folder: str | Path) -> None:
    """Write every ``*_mqc.*`` file and ``tables/*.tsv`` into `folder`.

    Parameters
    ----------
    inputs : Inputs
        The parameter ``max_report_units`` limits the motifs shown per model.
    folder : path
        Made where it is missing.
    """
    page = Page(folder)
    everything = with_diverged(page, inputs)
    inputs = question_cycles(readable(everything))
    params: Mapping[str, Any] = inputs.params
    units = {position: units_of(model, position) for position, model in enumerate(inputs.models)}
    wanted = int(params.get("max_report_units") or DEFAULT_UNITS)
    shown = shown_units(units, rows_per_model(len(units), wanted))
    # A unit of the summary may rank too low in the whole table to be shown there.
    everywhere = {
        unit.symbol: unit
        for unit in chain(*shown.values(), summary_units(inputs, units), cycle_units(inputs, units))
        if unit.motif is not None
    }
    write_status(page, inputs)
    write_data(page, inputs)
    write_curves(page, everything)
    write_performance(page, everything)
    write_cycles(page, inputs, units)
    write_comparison(page, everything)
    write_sweep(page, everything)
    write_motifs(page, inputs, units, shown)
    write_reestimated(page, inputs)
    write_consensus(page, inputs)
    write_importance(page, inputs, units)
    write_weights(page, inputs, units)
    write_tomtom(page, inputs, shown)
    write_discovery(page, inputs)
    write_cooperativity(page, inputs)
    write_nullification(page, everything)
    write_attribution(page, inputs)
    write_maps(page, inputs)
    write_modes(page, everything)
    write_explained(page, inputs)
    write_drift(page, inputs)
    write_transfer(page, everything)
    write_methods(page, everything)
    write_versions(page, inputs.versions)
    write_parameters(page, inputs)
    # First on the page, and last here: it links to the other sections.
    write_summary(page, inputs, units, list(everywhere.values()))


def readable(inputs: Inputs) -> Inputs:
    """Leave out the models that were trained to be compared with: they have no units to read.

    A data set that has no others keeps them.
    """

    def of(dataset: DatasetResult) -> DatasetResult:
        read = tuple(model for model in dataset.models if model.units or model.verdict)
        return dataclasses.replace(dataset, models=read or dataset.models)

    return dataclasses.replace(inputs, datasets=tuple(of(dataset) for dataset in inputs.datasets))
