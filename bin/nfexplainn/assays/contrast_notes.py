"""What is told of the sides of a contrast: what was left out, and how strong their peaks are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nfexplainn.assays.common import PrepLog

if TYPE_CHECKING:
    from nfexplainn.assays.contrast import Side

MUCH_STRONGER = 1.5
"""Ratio of the median scores from which on the strength of peaks is told."""


def much_stronger(one: float, other: float) -> bool:
    """Tell whether two medians are far apart; below 0, as logarithms may be, there is no ratio."""
    least, most = sorted((one, other))
    return least >= 0 and most > MUCH_STRONGER * least


def note(
    log: PrepLog,
    sides: tuple[Side, Side],
    apart: tuple[Side, Side],
    kept: tuple[Side, Side],
    matching: str,
) -> None:
    """Say what was left out of each side, and why."""
    shared = " and ".join(
        f"{one.given - len(left):,} of {one.given:,} of {one.name}"
        for one, left in zip(sides, apart, strict=True)
    )
    log.note(f"Removed because they overlap or equal one of the other side: {shared}.")
    _note_strength(log, sides)
    if matching == "none":
        log.note("The sides were not matched by GC content: composition alone may separate them.")
        return
    lost = " and ".join(
        f"{len(one) - len(left):,} of {len(one):,} of {one.name}"
        for one, left in zip(apart, kept, strict=True)
    )
    log.note(f"The sides were matched by GC content, keeping their ratio; this removed {lost}.")


def _note_strength(log: PrepLog, sides: tuple[Side, Side]) -> None:
    """Name peaks of other strength as a cause, where the scores of both are of one column."""
    column = score_column(sides)
    medians = {side.name: side.score[1] for side in sides if side.score and column}
    if not column or not much_stronger(*medians.values()):
        return
    weak, strong = sorted(medians, key=lambda name: medians[name])
    log.note(
        f"The peaks of {strong} are stronger than those of {weak} (median of {column}:"
        f" {medians[strong]:.3g} and {medians[weak]:.3g}). Strong peaks contain their factor's"
        " motif more often than weak ones, which alone may cause a difference; compare peaks of"
        " similar strength (--top_n)."
    )


def told(
    sides: tuple[Side, Side], apart: tuple[Side, Side], kept: tuple[Side, Side], matching: str
) -> dict[str, Any]:
    """Give what the metadata say of the sides."""
    column = score_column(sides)
    return {
        "score_column": column,
        "scores": [side.score[1] if column and side.score else None for side in sides],
        "sides": [side.name for side in sides],
        "given": [side.given for side in sides],
        "in_both": [side.given - len(left) for side, left in zip(sides, apart, strict=True)],
        "unmatched": [len(one) - len(left) for one, left in zip(apart, kept, strict=True)],
        "kept": [len(side) for side in kept],
        "matching": matching,
    }


def score_column(sides: tuple[Side, Side]) -> str:
    """Name the column of the scores that both sides have, which alone can be compared."""
    a, b = (side.score[0] if side.score else "" for side in sides)
    return a if a == b else ""
