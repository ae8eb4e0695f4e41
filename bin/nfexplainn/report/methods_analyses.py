"""What the methods text says of the analyses that were asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nfexplainn.report.mqc import escape

Cite = Callable[..., str]


def analyses_text(params: Mapping[str, Any], cite: Cite) -> str:
    """Describe the analyses that the run, or one of its data sets, asked for.

    Parameters
    ----------
    params : mapping
        Resolved parameters; ``datasets`` holds, per data set, those that differ.
    cite : callable
        Gives the mark of a reference by its key.
    """
    parts = [_streme, _cooperativity]
    return " ".join(text for part in parts if (text := part(params, cite)))


def _asked(params: Mapping[str, Any], name: str) -> Any:
    """Value of a parameter in the run, else in the first data set that sets it."""
    datasets = params.get("datasets") or {}
    values = [params.get(name), *(own.get(name) for own in datasets.values())]
    return next((value for value in values if value), None)


def _streme(params: Mapping[str, Any], cite: Cite) -> str:
    if not _asked(params, "streme"):
        return ""
    number, share, least, largest = (
        escape(params.get(f"streme_{name}", "as set"))
        for name in ("nmotifs", "hofract", "minw", "maxw")
    )
    return (
        f"STREME {cite('streme')} was given the training positives and negatives of each task"
        f" ({number} motifs of {least} to {largest} bp, hold-out {share}). Every motif of the units"
        " and of STREME was scored by the AUPRC of its best hit per sequence; the best of either"
        " was chosen on the validation part (with fewer than 50 positives there, on training and"
        " validation) and scored once on the test part."
    )


def _cooperativity(params: Mapping[str, Any], cite: Cite) -> str:
    if not _asked(params, "cooperativity"):
        return ""
    number = escape(params.get("cooperativity_backbones", 60))
    return (
        f"Cooperativity was measured {cite('explainn')} on {number} random sequences with one motif"
        " in the middle and another at every distance on either strand, as the prediction with"
        " both, minus that with each, plus that with none; the word GGGCT was the control. A"
        " change with distance is a p-value of Friedman's test below 0.01 over bins of 10 bp of"
        " gaps beyond two filter lengths, of at least a tenth of the stronger motif's effect and"
        " twice that with the control."
    )
