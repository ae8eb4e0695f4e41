"""How the sequences of each data set were split, told from what the preparation did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nfexplainn.features import assay_facts
from nfexplainn.page.chapters import Values
from nfexplainn.page.load import Inputs
from nfexplainn.page.methods import NAMED, values_of
from nfexplainn.page.mqc import escape

_PARTS = {"valid": "validation", "test": "test"}


def split_text(inputs: Inputs) -> str:
    """Describe the split, a sentence per way in which it was made.

    Parameters
    ----------
    inputs : Inputs

    Returns
    -------
    str
        HTML; a sentence that does not hold for all data sets names its own. Empty without any.
    """
    of: dict[str, list[str]] = {}
    for dataset in inputs.datasets:
        told = _split(dataset.meta, values_of(inputs, dataset.id))
        if told:
            of.setdefault(told, []).append(dataset.id)
    every = sum(map(len, of.values()))
    return " ".join(
        f"The sequences{'' if len(some) == every else f' of {_named(some)}'} were split {told}."
        for told, some in of.items()
    )


def _split(meta: Mapping[str, Any], values: Values) -> str:
    """Say how one data set was split: the end of a sentence, empty where it is not known."""
    extra = meta.get("extra", {})
    drawn = list(extra.get("split_at_random", ()))
    column = extra.get("split_column")
    groups = extra.get("split_groups")
    if (folds := int(meta.get("folds", 1))) > 1:
        return _folded(folds, meta)
    if extra.get("split_by") in ("random", "homology"):
        labels = "" if meta.get("task_type") == "regression" else ", in equal proportion of labels,"
        shares = ", ".join(f"{word} {_share(values, part)}" for part, word in _PARTS.items())
        return (
            f"at random{labels} into training, validation and test parts ({shares})"
            f"{_kept_together(meta)}"
        )
    if extra.get("split_by") == "chromosome":
        held = {part: extra.get(f"{part}_chromosomes", ()) for part in _PARTS}
        return f"by chromosome into training, validation and test parts{_held_out(held)}"
    if extra.get("split_by") != "given":
        return ""
    source = f"by the column {escape(column)} of the table" if column else "by the samplesheet"
    known = "split_at_random" in extra
    given = [word for part, word in _PARTS.items() if known and part not in drawn]
    if groups:
        source += _held_out(groups)
    elif given:
        source += f" into {_joined(['training', *given])} parts"
    return f"{source}{_drawn(drawn, values)}{_left_out(meta)}"


def _folded(folds: int, meta: Mapping[str, Any]) -> str:
    """Describe a cross-validation."""
    chromosomes = meta.get("extra", {}).get("fold_chromosomes")
    labels = "" if meta.get("task_type") == "regression" else ", in equal proportion of labels"
    made = " of whole chromosomes" if chromosomes else f" at random{labels}"
    kept = "" if chromosomes else _kept_together(meta)
    return (
        f"into {folds} folds{made} ({folds}-fold cross-validation: every sequence was held out"
        " once): each model was tested on one fold, stopped by the next and trained on the"
        f" others{kept}"
    )


def _drawn(drawn: Sequence[str], values: Values) -> str:
    """Tell what was taken from training at random, since it was not given."""
    if not drawn:
        return ""
    first, *others = drawn
    rest = "".join(f", {_share(values, part)} for {_PARTS[part]}" for part in others)
    share = _share(values, first)
    return f"; {share} of training was taken at random for {_PARTS[first]}{rest}"


def _left_out(meta: Mapping[str, Any]) -> str:
    """Tell what a given split of positives and negatives costs."""
    if meta.get("task_type") not in ("binary", "multilabel"):
        return ""
    return "; sequences that equal or overlap one of a later part were left out of the earlier"


def _kept_together(meta: Mapping[str, Any]) -> str:
    kept = []
    if meta.get("extra", {}).get("split_by") == "homology":
        kept.append(
            "sequences that share a tenth of their 10-mers, on either strand, were kept in one"
            " part, as were sequences linked by similar ones (MinHash sketches of size 128)"
        )
    if meta.get("extra", {}).get("negatives") == "shuffle":
        kept.append("a shuffled negative was kept in the part of the sequence it was made from")
    if assay_facts(meta.get("assay")).genome:
        kept.append("overlapping windows were kept in one part")
    return f"; {', and '.join(kept)}" if kept else ""


def _held_out(groups: Mapping[str, Sequence[str]]) -> str:
    """Name the chromosomes or groups of validation and test, or count them."""
    shown = [
        f"{_PARTS[part]}: {', '.join(some) if len(some) <= NAMED else f'{len(some)} groups'}"
        for part, some in groups.items()
        if some
    ]
    return f" ({escape('; '.join(shown))})" if shown else ""


def _named(some: Sequence[str]) -> str:
    return escape(_joined(some)) if len(some) <= NAMED else f"{len(some)} of the data sets"


def _share(values: Values, part: str) -> str:
    return f"{100 * float(values.get(f'{part}_fraction', 0.1)):g} %"


def _joined(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
