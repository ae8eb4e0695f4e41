"""What must not be concluded from a model, as far as its results tell."""

from __future__ import annotations

import statistics

from nfexplainn.data.classes import CONTRAST
from nfexplainn.evaluation.calibration import read_calibration
from nfexplainn.page.evidence import ModelEvidence
from nfexplainn.page.load import DatasetResult, Inputs, ModelResult, number
from nfexplainn.report.markdown import md

_NEGATIVES = {
    "shuffle": "shuffles of the positives with the same dinucleotides: it has not learnt features"
    " that separate positives from other genomic regions but not from shuffles",
    "gc": "regions of the genome with the same GC content: it has not seen regions of other"
    " composition, nor learnt what separates this assay from others with the same open regions",
    "others": "the sequences of the other rows of the sheet: it separates these from each other,"
    " not from the rest of a genome",
    CONTRAST: "the sequences of the other side: it separates the two sides from each other, not"
    " from the rest of a genome",
}


def limits(
    inputs: Inputs, dataset: DatasetResult, model: ModelResult, known: ModelEvidence | None
) -> list[str]:
    """Give the limits of a model, a sentence or two each, as Markdown; some are empty.

    Parameters
    ----------
    inputs : Inputs
    dataset : DatasetResult
    model : ModelResult
    known : ModelEvidence or None
    """
    return [
        _quality(model),
        "It was trained only on the data above. Test it before you use it for other cell types,"
        " conditions, species or assays.",
        "Predictions for sequences unlike the training data are unreliable. `--predict` gives the"
        " *likeness* of each: below the 1st or above the 99th percentile the model extrapolates.",
        _negatives(dataset),
        _calibration(inputs, dataset, model),
        _length(dataset),
        _names(known),
        "A gain is the increase of the model's loss without a motif. It does not prove binding,"
        " and a motif cannot be distinguished from features that correlate with it in the data.",
        _folds(dataset),
        _leaks(dataset),
    ]


def _quality(model: ModelResult) -> str:
    verdict = str(model.verdict.get("verdict") or "")
    if verdict == "unusable":
        return "The verdict is *unusable*: interpret neither its predictions nor its motifs."
    if verdict == "weak":
        return (
            "The verdict is *weak*: report only motifs that unseen sequences support, and no single"
            " prediction."
        )
    return ""


def _negatives(dataset: DatasetResult) -> str:
    kind = str((dataset.meta.get("extra") or {}).get("negatives") or "")
    if dataset.meta.get("task_type") == "regression" or kind not in _NEGATIVES:
        return ""
    told = (dataset.meta.get("extra") or {}).get(CONTRAST)
    first = f"Its positives were of {md(told['sides'][0])}. " if told else ""
    return f"{first}Its negatives were {_NEGATIVES[kind]}."


def _calibration(inputs: Inputs, dataset: DatasetResult, model: ModelResult) -> str:
    if dataset.meta.get("task_type") == "regression":
        return (
            "Its predictions are on the scale of the training data, after the transformation in"
            " the notes above; single predictions have no interval."
        )
    found = [
        read_calibration(path)
        for name, kind, _, path in inputs.ending(".calibration.json")
        if (name, kind) == (dataset.id, model.name)
    ]
    errors = [seen.error for one in found for seen in one.unseen]
    mean = f"{statistics.fmean(errors):.3f}" if errors else ""
    said = f" Their expected calibration error on the test part is {mean}." if mean else ""
    return (
        "Its probabilities assume the share of positives in its validation"
        f" part{_share(dataset)}; along a genome positives are far rarer, so the probabilities"
        f" are far too high there.{said}"
    )


def _share(dataset: DatasetResult) -> str:
    rows = [row for row in dataset.counts if row["task"] != "*"]
    positives = sum(number(row.get("positives")) or 0 for row in rows)
    total = positives + sum(number(row.get("negatives")) or 0 for row in rows)
    several = ", mean over the tasks" if len({row["task"] for row in rows}) > 1 else ""
    return f" ({100 * positives / total:.0f} % positives{several})" if total else ""


def _length(dataset: DatasetResult) -> str:
    length = int(dataset.meta.get("length") or 0)
    if not length:
        return ""
    return (
        f"It reads {length} bp at a time: it knows neither elements further away nor the position"
        " of a sequence in the genome."
    )


def _names(known: ModelEvidence | None) -> str:
    if known is None:
        return ""
    return (
        "A motif is named after the known motif that explains it best. Members of a family share"
        " a motif, so the name does not tell which of them binds. Do not report groups that are"
        " not supported."
    )


def _folds(dataset: DatasetResult) -> str:
    if dataset.folds < 2:
        return ""
    return (
        f"It was cross-validated ({dataset.folds} folds): each replicate was tested on sequences"
        " that others were trained on. The replicates together have seen every sequence of this"
        " data set, so test their mean only on new sequences."
    )


def _leaks(dataset: DatasetResult) -> str:
    warned = [row["check"].replace("_", " ") for row in dataset.audit if row["state"] == "warn"]
    if not warned:
        return ""
    return f"Its scores may be too high, as the audit warns ({md(', '.join(sorted(set(warned))))})."
