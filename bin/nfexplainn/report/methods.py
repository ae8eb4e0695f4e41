"""The methods text, written from the parameters that the run really used."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from nfexplainn.analyses.unit_sweep.report import sweep_text
from nfexplainn.data.classes import CONTRAST
from nfexplainn.features import architecture_facts, assay_facts
from nfexplainn.io.text import write_text
from nfexplainn.motifs.jaspar import DEFAULT_RELEASE
from nfexplainn.page.chapters import METHODS, PARAMETERS, Part
from nfexplainn.page.load import Inputs
from nfexplainn.page.mqc import DASH, Cell, Page, cell, escape, plural
from nfexplainn.page.style import name_of
from nfexplainn.report.methods_analyses import analyses_text, denoising_text
from nfexplainn.report.methods_splits import split_text
from nfexplainn.report.references import REFERENCES
from nfexplainn.report.starts import starts_text
from nfexplainn.training.sweep import units_of_name

_LINK = '<a href="https://doi.org/{doi}">doi:{doi}</a>'
_LOSSES = {
    "bce": "the binary cross-entropy",
    "cross_entropy": "the cross-entropy",
    "mse": "the mean squared error",
    "pearson": "one minus Pearson's correlation",
}
_NEGATIVES = {
    "gc": "regions matched by GC content",
    "shuffle": "exact dinucleotide shuffles of the positives",
    "others": "the peaks of the other rows",
}


class MethodsText:
    """Sentences, with references numbered in the order of their first use."""

    def __init__(self) -> None:
        self.cited: list[str] = []

    def cite(self, *keys: str) -> str:
        """Give the marks of references, such as ``[1, 2]``."""
        for key in keys:
            if key not in self.cited:
                self.cited.append(key)
        return "[" + ", ".join(str(self.cited.index(key) + 1) for key in keys) + "]"

    def references(self) -> str:
        """List what was cited."""
        items = []
        for key in self.cited:
            words, doi = _cited(key) or REFERENCES[key]
            items.append(f"<li>{escape(words)} {_LINK.format(doi=doi)}</li>")
        return f"<ol>{''.join(items)}</ol>"


def _cited(name: str) -> tuple[str, ...]:
    """Give what is cited for an architecture; nothing for one of the paper's own."""
    facts = architecture_facts().get(name)
    return facts.reference if facts else ()


def write_methods(page: Page, inputs: Inputs) -> None:
    """Write the methods text with its references, for the page and as ``methods.html``."""
    text = methods_html(inputs)
    page.section(METHODS, "", "html", text)
    write_text(page.folder / "methods.html", text + "\n")


def methods_html(inputs: Inputs) -> str:
    """Write the methods text for the parameters of a run.

    What the parameters do not tell is left out; what differs between the data sets is named.
    """
    inputs = replace(inputs, params=_with_common(inputs))
    params = inputs.params
    text = MethodsText()
    paragraphs = [
        _data(params, inputs, text),
        _training(params, inputs, text),
        _interpretation(params, text),
        _annotation(params, text),
        _evidence(inputs, text),
        analyses_text(inputs, text.cite),
        _verdicts(inputs),
        f"The steps were run with Nextflow {text.cite('nextflow')}, and this report was made with"
        f" MultiQC {text.cite('multiqc')}.",
    ]
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs if paragraph)
    differ = _differences(params)
    return (
        '<div class="nfx-text"><p class="nfx-faint">Text for a paper, generated from the'
        f" parameters of this run.</p>{body}{differ}<h4>References</h4>{text.references()}</div>"
    )


def _data(params: Mapping[str, Any], inputs: Inputs, text: MethodsText) -> str:
    assays = Counter(str(d.meta["assay"]) for d in inputs.datasets if d.meta.get("assay"))
    kinds = ", ".join(f"{escape(assay)} ({count})" for assay, count in sorted(assays.items()))
    out = [
        "The run comprised"
        f" {plural(len(inputs.datasets), 'data set')}{': ' + kinds if kinds else ''}."
    ]
    if params.get("width"):
        cut = dict.fromkeys(assay_facts(assay).windows for assay in sorted(assays))
        out += [text.format(width=escape(params["width"])) for text in cut if text]
    out.append(denoising_text(inputs, text.cite))
    out.append(_unknown(params.get("max_unknown")))
    negatives = params.get("negatives")
    used = {str(d.meta.get("extra", {}).get("negatives", "")) for d in inputs.datasets}
    used |= {str(negatives)} if negatives else set()
    named = sorted(_NEGATIVES[kind] for kind in used if kind in _NEGATIVES)
    if named:
        mark = f" {text.cite('shuffle')}" if "shuffle" in used else ""
        out.append(f"Negative sequences were {' or '.join(named)}{mark}.")
    out.append(split_text(inputs))
    return " ".join(filter(None, out))


def _unknown(share: object) -> str:
    if share is None:
        return ""
    if not float(str(share)):
        return "Sequences with an unknown base (N) were left out."
    return (
        f"Sequences with more than {_percent(share)} unknown bases (N) were left out; in the"
        " others an N contributes 0 to a filter."
    )


def _training(params: Mapping[str, Any], inputs: Inputs, text: MethodsText) -> str:
    # The models of a sweep are one architecture.
    names = sorted(
        {model.name if units_of_name(model.name) is None else "explainn" for model in inputs.models}
    ) or ["explainn"]
    out = []
    if "explainn" in names:
        shape = []
        if params.get("units"):
            *smaller, largest = str(params["units"]).split(",")
            count = f"{', '.join(smaller)} or {largest}" if smaller else largest
            shape.append(f"{count} independent units")
        if params.get("filter_length"):
            shape.append(f"filters of {params['filter_length']} bp")
        if params.get("pool_size"):
            shape.append(f"max-pooling over {params['pool_size']} positions")
        if params.get("num_fc") is not None:
            shape.append(f"{plural(int(params['num_fc']), 'fully connected layer')} per unit")
        dimensions = f" ({escape(', '.join(shape))})" if shape else ""
        out.append(
            f"ExplaiNN models {text.cite('explainn')}{dimensions} were trained: the prediction is"
            " the bias plus the sum over the units of final weight times unit output."
        )
    out.append(sweep_text(inputs, text.cite))
    others = [
        f"{escape(name_of(name))} {text.cite(name if _cited(name) else 'explainn')}"
        for name in names
        if name != "explainn"
    ]
    if others:
        out.append(
            f"For comparison, {', '.join(others)} were trained on the same sequences with the same"
            " seeds; differences were tested by paired t tests over the replicates."
        )
    loss = params.get("loss")
    losses = _LOSSES.get(str(loss), "the loss of the task type")
    steps = []
    if params.get("learning_rate"):
        steps.append(f"learning rate {params['learning_rate']}")
    if params.get("batch_size"):
        steps.append(f"batches of {params['batch_size']}")
    if params.get("max_epochs"):
        steps.append(f"at most {params['max_epochs']} epochs")
    settings = f" ({escape(', '.join(steps))})" if steps else ""
    stop = ""
    if params.get("patience"):
        stop = (
            f", stopped after {plural(int(params['patience']), 'epoch')} without a better"
            " validation loss, the best weights kept"
        )
    out.append(f"They minimised {losses} by Adam {text.cite('adam')}{settings}{stop}.")
    if params.get("reverse_complement"):
        out.append(
            "For assays without strand information, models were trained on both strands and"
            " predictions are their mean."
        )
    out += _replicates(inputs, params)
    out += starts_text(params)
    return " ".join(filter(None, out))


def _interpretation(params: Mapping[str, Any], text: MethodsText) -> str:
    share = _percent(params.get("activation_threshold", 0.5))
    out = [
        f"A unit's motif was counted from the sites at which its filter reaches at least {share}"
        f" of its largest activation over the well-predicted sequences {text.cite('explainn')}."
        " Its importance in a task is the median of weight times output over the sequences with"
        " such a site; its effect is the weight times the difference of its mean output between"
        " positives and negatives (for regression, times the slope of the output on the target)."
        " Motifs are ranked by effect."
    ]
    if params.get("min_sites"):
        out.append(f"Motifs of fewer than {escape(params['min_sites'])} sites are flagged.")
    return " ".join(out)


def _annotation(params: Mapping[str, Any], text: MethodsText) -> str:
    if params.get("motif_db"):
        known = f"the motifs of {escape(params['motif_db'])}"
    else:
        release = params.get("jaspar_release") or DEFAULT_RELEASE
        known = (
            f"the {escape(params.get('jaspar_taxon', 'vertebrates'))} collection of JASPAR"
            f" {escape(release)} {text.cite('jaspar')}"
        )
    threshold = escape(params.get("q_threshold", 0.05))
    distance = {"ed": "Euclidean distance", "pearson": "Pearson's correlation"}.get(
        str(params.get("tomtom_distance", "ed")), "column distance"
    )
    least = params.get("min_information")
    bits = f" Motifs under {escape(least)} bits were not annotated." if least else ""
    share = params.get("min_coverage")
    covered = (
        f" and covers at least {_percent(share)} of the known motif's information" if share else ""
    )
    own = params.get("min_unit_coverage")
    if own:
        covered += (
            f"{',' if covered else ' and covers'} at least {_percent(own)} of the motif's own and"
            " explains half of it; a motif of which a longer one explains four fifths is named as"
            " a part of that one, and a motif of low complexity is named low complexity"
        )
    return (
        f"Motifs were compared with {known} by a NumPy implementation of Tomtom"
        f" {text.cite('tomtom', 'tomtom_scores')} ({distance} of columns, both strands, complete"
        f" scores); a match counts at q ≤ {threshold}{covered}.{bits} The support of a motif is the"
        " number"
        " of replicates with a unit that matches it at the same threshold."
    )


def _replicates(inputs: Inputs, params: Mapping[str, Any]) -> list[str]:
    """Say how many models a data set has, and in what they differ."""
    given = params.get("replicates")
    counts = sorted({len(model.metrics) for model in inputs.models if model.metrics})
    if given:
        # Contrasts are trained once per fold, whatever the number for the others.
        contrasts = [one for one in inputs.datasets if CONTRAST in (one.meta.get("extra") or {})]
        own = {len(model.metrics) for one in contrasts for model in one.models if model.metrics}
        counts = sorted(own | {int(given)})
    if not counts:
        return []
    *others, most = counts
    several = f"{', '.join(map(str, others))} and {most} replicates"
    said = several if others else plural(most, "replicate")
    fold = " and, with folds, in the fold that they are tested on" if inputs.folded else ""
    seed = escape(params.get("seed", DASH))
    return [f"{said} per data set differ in the seed{fold} (run seed {seed})."]


def _evidence(inputs: Inputs, text: MethodsText) -> str:
    if not inputs.ending(".evidence.tsv"):
        return ""
    unseen = (
        " With folds, every sequence was used once, with the models that have not seen it; the"
        " interval is for the mean over these fitted models."
        if inputs.folded
        else ""
    )
    return (
        "Units of all replicates with similar motifs (cosine of columns at least 0.7), or with"
        " matches in one cluster of known motifs, were joined into groups. The gain of a group is"
        " the increase of the loss on the test part when its units are removed from the model and"
        " the bias is refitted to the training part, mean over the replicates. It was tested by a"
        " one-sided t-test with standard errors clustered by related sequences (where few"
        " clusters contribute, by a clustered bootstrap-t); q-values are those of Benjamini and"
        f" Hochberg {text.cite('fdr')}. A group is supported if q ≤ 0.05, it has at least 1 % of"
        f" what the model explains, and its contributions alone are predictive.{unseen}"
    )


def _verdicts(inputs: Inputs) -> str:
    thresholds: Mapping[str, Any] = next(
        (m.verdict["thresholds"] for m in inputs.models if m.verdict.get("thresholds")), {}
    )
    if not thresholds:
        return ""
    shown = ", ".join(
        f"{escape(str(name).replace('_', ' '))} {escape(value)}"
        for name, value in sorted(thresholds.items())
        if not isinstance(value, Mapping)
    )
    mean = (
        "; with folds, the mean over the folds, without pooling predictions"
        if inputs.folded
        else ""
    )
    return (
        "The verdict compares the median of the replicates' test scores (AUROC, or Pearson's"
        f" r{mean}) with logistic (linear) models on GC content and on 4-mers, fitted to the same"
        " parts, and a supported group of clear gain raises it from weak to usable (thresholds:"
        f" {shown})."
    )


def _with_common(inputs: Inputs) -> dict[str, Any]:
    """Give the parameters with what all data sets have of their own alike."""
    own = inputs.params.get("datasets") or {}
    names = {dataset.id for dataset in inputs.datasets} | set(own)
    first, *others = [own.get(name, {}) for name in sorted(names)] or [{}]
    common = {
        name: value
        for name, value in first.items()
        if all(name in o and o[name] == value for o in others)
    }
    return {**inputs.params, **common}


def _differences(params: Mapping[str, Any]) -> str:
    own = params.get("datasets") or {}
    items = []
    for dataset, settings in sorted(own.items()):
        # A setting that the run leaves open, such as split_column, is in the data set's alone.
        differing = {
            name: value
            for name, value in settings.items()
            if name != "assay" and params.get(name) != value
        }
        if differing:
            words = ", ".join(
                f"{escape(name)} = {escape(_short(value))}"
                for name, value in sorted(differing.items())
            )
            items.append(f"<li>{escape(dataset)}: {words}</li>")
    if not items:
        return ""
    return f"<p>Settings that differ by data set:</p><ul>{''.join(items)}</ul>"


def _short(value: object) -> object:
    """Name a file without its folders."""
    return PurePath(value).name if isinstance(value, str) and "/" in value else value


def _percent(share: object) -> str:
    return f"{100 * float(str(share)):g} %"


def write_parameters(page: Page, inputs: Inputs) -> None:
    """Write the parameters and software versions, as sections and as tables."""
    rows: dict[str, dict[str, Cell]] = {}
    plain: list[dict[str, object]] = []
    for name, value in sorted(inputs.params.items()):
        if isinstance(value, Mapping | list):
            continue
        shown = DASH if value is None else str(value).lower() if isinstance(value, bool) else value
        rows[name] = {"value": cell(shown)}
        plain.append({"parameter": name, "value": value})
    page.tsv("parameters", ("parameter", "value"), plain)
    if rows:
        page.table(
            PARAMETERS,
            "",
            rows,
            {"value": {"title": "Value"}},
            first="Parameter",
            lead="As resolved for this run; Methods lists what data sets override.",
        )


def write_versions(page: Page, versions: Sequence[tuple[str, str, str]]) -> None:
    """Write the software versions as MultiQC reads them, and ``versions.tsv``."""
    columns = ("step", "tool", "version")
    page.tsv("versions", columns, [dict(zip(columns, row, strict=True)) for row in versions])
    steps: dict[str, dict[str, str]] = {}
    for step, tool, version in versions:
        steps.setdefault(step.rpartition(":")[2] or "all steps", {})[tool] = version
    if steps:
        text = json.dumps(steps, indent=1, sort_keys=True)
        write_text(page.folder / "nf-explainn_mqc_versions.yml", text + "\n")


PART = Part(METHODS, lambda page, content: write_methods(page, content.everything))


PARAMETERS_PART = Part(PARAMETERS, lambda page, content: write_parameters(page, content.inputs))
