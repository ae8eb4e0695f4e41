"""The sentences of a contrast: whether sequence tells its sides apart, and by what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

SAME, COMPOSITION, MOTIFS = "none", "composition", "motifs"
MOST_NAMED = 3
"""Motifs of a side in a sentence."""


def sentence_of(
    answer: str,
    sides: tuple[str, str],
    names: tuple[Sequence[str], Sequence[str]],
    values: bool = False,
) -> str:
    """Say what a contrast has shown.

    Parameters
    ----------
    answer : {'none', 'composition', 'motifs'}
    sides : tuple of str
        Names of both.
    names : tuple of sequence of str
        What the supported motifs richer in either are called; of values, those with which either
        is the higher.
    values : bool
        Whether the sides are measured values.
    """
    a, b = sides
    found = "; ".join(
        f"{side} is higher with {_listed(own)}" if values else f"{_listed(own)} in {side}"
        for side, own in zip(sides, names, strict=True)
        if own
    )
    if answer == SAME:
        note = f" Single motifs are supported nevertheless ({found}): interpret them with care."
        return f"Sequence explains no difference between {a} and {b}." + (note if found else "")
    if answer == COMPOSITION and values:
        return (
            f"{a} and {b} differ by composition: mono- and dinucleotides predict the difference as"
            " well as the model, and no motif is supported."
        )
    if answer == COMPOSITION:
        return (
            f"{a} and {b} differ in composition: mono- and dinucleotides separate them as well as"
            " the model, and no motif is supported."
        )
    if not found and values:
        return (
            f"Sequence predicts the difference between {a} and {b} better than composition, but"
            " no single motif is supported."
        )
    if not found:
        return (
            f"Sequence separates {a} from {b} better than composition, but no single motif is"
            " supported."
        )
    return f"{a} and {b} differ in motifs{':' if values else ', more often'} {found}."


def _listed(names: Sequence[str]) -> str:
    """Name the first, which gain most, and count the others."""
    every = list(dict.fromkeys(names))
    more = len(every) - MOST_NAMED
    return ", ".join(every[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def verdict_of(
    answer: str,
    sides: tuple[str, str],
    names: tuple[Sequence[str], Sequence[str]],
    score: float,
    values: bool = False,
) -> dict[str, Any]:
    """Give verdict, reason and advice of a contrast, for ``verdict.json``.

    It is usable where motifs are supported, weak where something else tells the sides apart, or
    where motifs are supported although the scores as a whole do not tell them. The 4-mer baseline
    has no say: it equals the model on planted sets whose motif is supported. The score is the
    AUROC, or of values the correlation.
    """
    found = any(names)
    word = "weak"
    if answer == SAME and not found:
        word = "unusable"
    elif answer == MOTIFS and found:
        word = "usable"
    advice: Mapping[str, str] = {
        "usable": "Read the motifs and their sides in the chapter What differs.",
        "weak": "Compare values on one scale and of similar composition, or give more sequences."
        if values
        else "Compare peaks of similar strength and composition, or give more of them.",
        "unusable": f"This may be the answer; more {'sequences' if values else 'peaks'} can"
        " reveal smaller differences.",
    }
    name = "Correlation" if values else "AUROC"
    said = sentence_of(answer, sides, names, values)
    reason = f"{said} {name} {score:.3f} on unseen sequences."
    return {"verdict": word, "reason": reason, "advice": advice[word]}
