"""What the methods text says of the analyses that ran, with the values that each data set had."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from nfexplainn.page.load import Inputs, read_table
from nfexplainn.page.mqc import escape, thousands
from nfexplainn.page.style import NAMES
from nfexplainn.training.sweep import units_of_name

Cite = Callable[..., str]
Values = Mapping[str, Any]
Part = Callable[[Values, Sequence[str], Cite], str]
# With more data sets their number stands for their names.
NAMED = 10
_FOUND = ("ok", "none")


def analyses_text(inputs: Inputs, cite: Cite) -> str:
    """Describe the analyses of which a data set has results.

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
    parts: tuple[tuple[str, Part], ...] = (
        ("discovery", _streme),
        ("cooperativity", _cooperativity),
        ("nullification", _nullification),
        ("modes", _modes),
        ("attribution", _attribution),
        ("umap", _maps),
        ("explained", _explained),
    )
    told = [_told(inputs, _ran(inputs, name), part, cite) for name, part in parts]
    return " ".join(text for text in told if text)


def sweep_text(inputs: Inputs, cite: Cite) -> str:
    """Tell the rule by which a number of units was chosen, where several were trained."""
    where = {}
    for dataset in inputs.datasets:
        sized = [model.name for model in dataset.models if units_of_name(model.name) is not None]
        if len(sized) > 1:
            where[dataset.id] = sized
    return _told(inputs, where, _sweep, cite)


def denoising_text(inputs: Inputs, cite: Cite) -> str:
    """Describe how single cells were denoised, where they were."""
    where: dict[str, list[str]] = {
        dataset.id: []
        for dataset in inputs.datasets
        if dataset.meta.get("assay") == "single_cell"
        and values_of(inputs, dataset.id).get("peakvi")
    }
    return _told(inputs, where, _peakvi, cite)


def values_of(inputs: Inputs, dataset: str) -> Values:
    """Give the settings of a data set: the run's, where it has none of its own."""
    general = {key: value for key, value in inputs.params.items() if key != "datasets"}
    return general | dict((inputs.params.get("datasets") or {}).get(dataset) or {})


def _ran(inputs: Inputs, name: str) -> dict[str, list[str]]:
    """Find the data sets with results of an analysis, and their models."""
    found: dict[str, list[str]] = {}
    for dataset, model, _, path in inputs.ending(f".{name}.tsv"):
        models = found.setdefault(dataset, [])
        if name == "discovery" and not _streme_ran(read_table(path)):
            continue
        if model not in models:
            models.append(model)
    return {dataset: models for dataset, models in found.items() if models}


def _streme_ran(rows: Sequence[Mapping[str, str]]) -> bool:
    return any(row["source"] == "streme" and row["state"] in _FOUND for row in rows)


def _told(inputs: Inputs, where: Mapping[str, Sequence[str]], part: Part, cite: Cite) -> str:
    """Say what was done, once per way in which it was, and in which data sets."""
    of: dict[str, list[str]] = {}
    for dataset in inputs.datasets:
        if dataset.id in where:
            text = part(values_of(inputs, dataset.id), where[dataset.id], cite)
            of.setdefault(text, []).append(dataset.id)
    every = sum(1 for dataset in inputs.datasets if dataset.models)
    return " ".join(
        text if len(some) >= every else f"In {_names(some)}: {text}" for text, some in of.items()
    )


def _names(some: Sequence[str]) -> str:
    return escape(", ".join(some)) if len(some) <= NAMED else f"{len(some)} of the data sets"


def _most(values: Values, name: str, default: int) -> str:
    return thousands(float(values.get(name) or default))


def _streme(values: Values, _: Sequence[str], cite: Cite) -> str:
    defaults = {"nmotifs": 10, "hofract": 0, "minw": 8, "maxw": 19}
    number, share, least, largest = (
        escape(values.get(f"streme_{name}", default)) for name, default in defaults.items()
    )
    return (
        f"STREME {cite('streme')} was given the training positives and negatives of each task"
        f" ({number} motifs of {least} to {largest} bp, hold-out {share}). Every motif of the units"
        " and of STREME was scored by the AUPRC of its best hit per sequence; the best of either"
        " was chosen on the validation part (with fewer than 50 positives there, on training and"
        " validation) and scored once on the test part."
    )


def _cooperativity(values: Values, _: Sequence[str], cite: Cite) -> str:
    number = escape(values.get("cooperativity_backbones", 60))
    step = int(values.get("cooperativity_step") or 1)
    places = "at every distance" if step == 1 else f"at distances {step} bp apart"
    return (
        f"Cooperativity was measured {cite('explainn')} on {number} random sequences with one motif"
        f" in the middle and another {places} on either strand, as the prediction with"
        " both, minus that with each, plus that with none; the word GGGCT was the control. A"
        " change with distance is a p-value of Friedman's test below 0.01 over bins of 10 bp of"
        " gaps beyond two filter lengths, of at least a tenth of the stronger motif's effect and"
        " twice that with the control."
    )


def _nullification(values: Values, models: Sequence[str], cite: Cite) -> str:
    units = [model for model in models if _is_explainn(model)]
    networks = [model for model in models if model not in units]
    kept = "its mean over those sequences" if values.get("nullify_with") != "zero" else "0"
    number = _most(values, "nullify_sequences", 2000)
    out = [
        f"Filters were nullified {cite('explainn', 'aitac')} over at most {number} well-predicted"
        " sequences of the training and validation parts (where none was, over labelled ones):"
    ]
    if networks:
        out.append(
            f"in {_list(networks)}, the map of one filter of the first layer, after its"
            f" activation, was replaced by {kept}{';' if units else '.'}"
        )
    if units:
        out.append("in ExplaiNN, the output of one unit was set to 0.")
    out.append("The influence is the mean squared change of the prediction.")
    return " ".join(out)


def _modes(values: Values, models: Sequence[str], cite: Cite) -> str:
    table = values.get("mode_clusters")
    if table:
        clusters = f"the clusters of known motifs in {escape(PurePath(str(table)).name)}"
    else:
        clusters = (
            "clusters of the known motifs, joined by average linkage down to a mean similarity of"
            " 2.5 (-log10 p of Tomtom, mean of both comparisons)"
        )
    filters = "" if all(map(_is_explainn, models)) else " (of other networks: a first-layer filter)"
    threshold = escape(values.get("q_threshold", 0.05))
    return (
        f"Binding modes {cite('explainn')} were {clusters}; a model has found a mode if at least"
        f" one of its units{filters} matches a member at q ≤ {threshold}."
    )


def _attribution(values: Values, models: Sequence[str], cite: Cite) -> str:
    number = _most(values, "attribution_sequences", 1000)
    recurrent = ""
    if "danq" in models:
        recurrent = (
            " DanQ's recurrent layers took integrated gradients over those layers alone"
            f" {cite('integrated_gradients')}."
        )
    return (
        f"Predictions of at most {number} well-predicted test sequences per task were attributed to"
        f" bases by DeepLIFT {cite('deeplift')} in tangermeme {cite('tangermeme')}, against ten"
        f" dinucleotide shuffles {cite('shuffle')} of each sequence, for the best replicate of each"
        f" model ({_list(models)}).{recurrent} Motifs in the attributions were found by TF-MoDISco"
        f" {cite('modisco')} (modisco-lite with its defaults; in sequences of up to 60 bp windows"
        " of 11 bp and 4 on either side), compared with the known motifs as those of units are, and"
        " with ExplaiNN's units by the cosine of their aligned columns."
    )


def _maps(_: Values, __: Sequence[str], cite: Cite) -> str:
    return (
        "At most 15\u202f000 well-predicted sequences were laid out by UMAP"
        f" {cite('umap')} of the outputs of all units of the best replicate (15 neighbours, minimal"
        " distance 0.1, Euclidean)."
    )


def _explained(values: Values, _: Sequence[str], cite: Cite) -> str:
    file = values.get("explain")
    source = f" in {escape(PurePath(str(file)).name)}" if file else ""
    return (
        f"The predictions of the sequences{source} were split over the units of the best replicate"
        f" {cite('explainn')}: each adds its final weight times its output, without approximation."
    )


def _sweep(_: Values, __: Sequence[str], cite: Cite) -> str:
    return (
        "Of the numbers of units, the one recommended is the smallest whose mean validation score"
        " over the replicates lies within one standard error of the best"
        f" {cite('cart')}; the test part had no share in the choice."
    )


def _peakvi(values: Values, _: Sequence[str], cite: Cite) -> str:
    latent = escape(values.get("peakvi_latent", 21))
    epochs = escape(values.get("peakvi_epochs", 500))
    return (
        f"Cells were denoised by PeakVI {cite('peakvi')} (scvi-tools, {latent} latent dimensions,"
        f" at most {epochs} epochs); the probability that a region is open was averaged over the"
        " cells of each cluster."
    )


def _is_explainn(model: str) -> bool:
    return model == "explainn" or units_of_name(model) is not None


def _list(models: Sequence[str]) -> str:
    """Name architectures as the paper does, each once."""
    names = ["ExplaiNN" if _is_explainn(model) else NAMES.get(model, model) for model in models]
    return escape(", ".join(dict.fromkeys(names)))
