"""How many units are enough: the one-standard-error rule over a sweep.

The paper sweeps the number of units (Novakovsky, Fornes et al., Genome Biology 2023, Figures 1B and
4A) and looks for the plateau by eye. The rule of Breiman et al. (Classification and Regression
Trees, 1984) sees it alike every time: the smallest model whose validation score lies within one
standard error of the best one's.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_SIZED = re.compile(r"explainn_u(\d+)")


@dataclass(frozen=True)
class Plateau:
    """Where a sweep stops to pay.

    Attributes
    ----------
    best : int
        Number of units with the best mean.
    error : float
        Its standard error; 0 for a single replicate.
    chosen : int
        The smallest number whose mean is within that of the best.
    rises : bool
        The largest number tried is needed: more might be better still.
    """

    best: int
    error: float
    chosen: int
    rises: bool


def units_of_name(name: str) -> int | None:
    """Number of units in the name of a model of a sweep (``explainn_u20``), or None."""
    match = _SIZED.fullmatch(name)
    return int(match[1]) if match else None


def plateau(
    scores: Mapping[int, Sequence[float]], *, larger_is_better: bool = True
) -> Plateau | None:
    """Find the smallest number of units within one standard error of the best.

    Parameters
    ----------
    scores : mapping of int to floats
        Validation scores of the replicates, by number of units; empty ones do not count.
    larger_is_better : bool

    Returns
    -------
    Plateau or None
        None where there is no score.
    """
    sign = 1 if larger_is_better else -1
    means = {units: sign * statistics.fmean(some) for units, some in scores.items() if some}
    if not means:
        return None
    best = min(means, key=lambda units: (-means[units], units))
    values = scores[best]
    error = statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0
    chosen = min(units for units, mean in means.items() if mean >= means[best] - error)
    return Plateau(best, error, chosen, len(means) > 1 and chosen == max(means))


def recommendation(found: Plateau, scores: Mapping[int, Sequence[float]], metric: str) -> str:
    """Say in words how many units to take, and why."""

    def mean(units: int) -> str:
        return f"{statistics.fmean(scores[units]):.3f}".replace("-", "\u2212")

    replicates = len(scores[found.best])
    if found.chosen == found.best:
        why = f"no smaller number is within one standard error ({found.error:.3f}) of its"
        why += f" validation {metric} of {mean(found.best)}"
    else:
        why = f"its validation {metric} of {mean(found.chosen)} is within one standard error"
        why += f" ({found.error:.3f}) of the best, {mean(found.best)} with {found.best}"
    text = f"Use {found.chosen} units: {why}."
    if replicates < 2:
        text += " With one replicate there is no standard error: train more replicates."
    if found.rises:
        text += " It is the largest number tried, so more may be better still."
    return text
