"""Build the whole report: the sections in the order of the page, and the tables behind them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from nfexplainn.analyses.cycles.report import cycle_units, question_cycles
from nfexplainn.page.chapters import SUMMARY, Chapter, Content, Part
from nfexplainn.page.load import DatasetResult, Inputs
from nfexplainn.page.mqc import Page
from nfexplainn.page.units import units_of
from nfexplainn.report import (
    best_pwms,
    calibration,
    comparison,
    consensus,
    curves,
    data,
    evidence,
    importance,
    methods,
    motifs,
    performance,
    site_effects,
    split_scores,
)
from nfexplainn.report.analyses import analysis_parts
from nfexplainn.report.diverged import with_diverged
from nfexplainn.report.methods import write_versions
from nfexplainn.report.motifs import rows_per_model, shown_units
from nfexplainn.report.summary import summary_units, write_summary

CORE = (
    data.STATUS_PART,
    data.PART,
    curves.PART,
    performance.PART,
    comparison.PART,
    split_scores.PART,
    calibration.PART,
    evidence.PART,
    best_pwms.PART,
    motifs.PART,
    consensus.PART,
    importance.PART,
    site_effects.PART,
    motifs.TOMTOM_PART,
    methods.PART,
    methods.PARAMETERS_PART,
)
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
    content = Content(inputs, everything, units, shown)
    for part in all_parts():
        part.write(page, content)
    write_versions(page, inputs.versions)
    # First on the page, and last here: it links to the other sections.
    write_summary(page, inputs, units, list(everywhere.values()), everything)


def all_parts() -> list[Part]:
    """Give what is written, in the order of the page; the summary, which links to it, is apart."""
    parts = [*CORE, *analysis_parts()]
    return sorted(parts, key=lambda part: (-part.chapter.position, part.place))


def all_chapters() -> list[Chapter]:
    """Give the chapters in the order of the page, the summary first."""
    return list(dict.fromkeys([SUMMARY, *(part.chapter for part in all_parts())]))


def readable(inputs: Inputs) -> Inputs:
    """Leave out the models that were trained to be compared with: they have no units to read.

    A data set that has no others keeps them.
    """

    def of(dataset: DatasetResult) -> DatasetResult:
        read = tuple(model for model in dataset.models if model.units or model.verdict)
        return dataclasses.replace(dataset, models=read or dataset.models)

    return dataclasses.replace(inputs, datasets=tuple(of(dataset) for dataset in inputs.datasets))
