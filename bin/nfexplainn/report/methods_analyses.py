"""What the methods text says of the analyses that ran, with the values that each data set had."""

from __future__ import annotations

from collections.abc import Sequence

from nfexplainn.page.chapters import Cite, Methods, Values
from nfexplainn.page.load import Inputs, read_table
from nfexplainn.page.methods import told, values_of
from nfexplainn.page.mqc import escape
from nfexplainn.report.analyses import analysis_parts


def analyses_text(inputs: Inputs, cite: Cite) -> str:
    """Describe the analyses of which a data set has results, in the order of their chapters.

    Parameters
    ----------
    inputs : Inputs
    cite : callable
        Gives the mark of references by their keys.

    Returns
    -------
    str
        HTML; sentences that do not hold for all data sets name theirs.
    """
    parts = sorted(analysis_parts(), key=lambda part: -part.chapter.position)
    texts = [
        told(inputs, _ran(inputs, methods), methods.say, cite)
        for part in parts
        for methods in (part.methods if isinstance(part.methods, tuple) else (part.methods,))
    ]
    return " ".join(filter(None, texts))


def denoising_text(inputs: Inputs, cite: Cite) -> str:
    """Describe how single cells were denoised, where they were."""
    where: dict[str, list[str]] = {
        dataset.id: []
        for dataset in inputs.datasets
        if dataset.meta.get("assay") == "single_cell"
        and values_of(inputs, dataset.id).get("peakvi")
    }
    return told(inputs, where, _peakvi, cite)


def _ran(inputs: Inputs, methods: Methods) -> dict[str, list[str]]:
    """Find the data sets with results of an analysis, and their models."""
    found: dict[str, list[str]] = {}
    file = methods.table if "." in methods.table else f"{methods.table}.tsv"
    for dataset, model, _, path in inputs.ending(f".{file}"):
        models = found.setdefault(dataset, [])
        if methods.ran and not methods.ran(read_table(path)):
            continue
        if model not in models:
            models.append(model)
    return {dataset: models for dataset, models in found.items() if models}


def _peakvi(values: Values, _: Sequence[str], cite: Cite) -> str:
    latent = escape(values.get("peakvi_latent", 21))
    epochs = escape(values.get("peakvi_epochs", 500))
    return (
        f"Cells were denoised by PeakVI {cite('peakvi')} (scvi-tools, {latent} latent dimensions,"
        f" at most {epochs} epochs); the probability that a region is open was averaged over the"
        " cells of each cluster."
    )
