"""The fewest rows that predict as well: forward selection, each step tested on validation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nfexplainn.evidence.clusters import Floats, Ints
from nfexplainn.evidence.correlation import CorrelationTarget
from nfexplainn.evidence.removal import Replicate, Target, Units, some_of

LARGEST_P = 0.01
"""The row is chosen of many by the loss that tests it, so that .05 takes noise (benchmarks.md)."""
BEYOND = 3
"""Steps shown after the last that helps."""
MOST_STEPS = 20
# The row that helps most is found on so many training and validation sequences, then put to all.
_SCREENED = 5_000
_SCREENED_VALID = 20_000

AnyTarget = Target | CorrelationTarget
MakeTarget = Callable[[Sequence[Replicate]], AnyTarget]


@dataclass(frozen=True)
class Step:
    """A row that joins the model.

    Attributes
    ----------
    row : int
        Place among the candidates; -1 for the bias alone.
    loss : float
        Validation loss with it.
    p : float
        Of the one-sided test that it does not lower the loss; NaN for the bias alone.
    chosen : bool
        Whether it and all before it lower the loss surely.
    logits : list of float64 array, shape (n, tasks)
        Each replicate's, on validation sequences.
    """

    row: int
    loss: float
    p: float
    chosen: bool
    logits: list[Floats]


def forward_selection(
    replicates: Sequence[Replicate],
    candidates: Sequence[Units],
    make: MakeTarget,
    least: int = 0,
) -> list[Step]:
    """Add rows one by one, each time the one that lowers the validation loss most.

    Rows are chosen while the paired, clustered one-sided t-test of the improvement has p at most
    :data:`LARGEST_P`; a few steps more show how the curve goes on.

    Parameters
    ----------
    replicates : sequence of Replicate
    candidates : sequence of Units
        Of the rows.
    make : callable
        Gives the target, on validation sequences, of replicates.
    least : int
        Number of steps, the bias alone being one, to go on to also where no more help.

    Returns
    -------
    list of Step
        The first is the bias alone.
    """
    exact = make(replicates)
    screen = make([_thinned(one) for one in replicates])
    nothing: list[Ints] = [np.zeros(0, dtype=np.int64) for _ in replicates]
    now, logits = exact.keep(nothing)
    steps = [Step(-1, exact.mean(now), float("nan"), True, logits)]
    kept, left, beyond = nothing, list(range(len(candidates))), 0
    while left and len(steps) <= MOST_STEPS and (beyond < BEYOND or len(steps) < least):
        trials = [_joined(kept, candidates[row]) for row in left]
        values = [screen.mean(screen.keep(units)[0]) for units in trials]
        best = int(np.argmin(values))
        after, logits = exact.keep(trials[best])
        p = float(exact.judge((now - after)[None]).p[0])
        chosen = steps[-1].chosen and p <= LARGEST_P
        beyond += not chosen
        steps.append(Step(left.pop(best), exact.mean(after), p, chosen, logits))
        kept, now = trials[best], after
    return steps


def chosen_rows(steps: Sequence[Step]) -> list[int]:
    """Give the places of the chosen candidates, in the order in which they joined."""
    return [step.row for step in steps if step.chosen and step.row >= 0]


def join_units(some: Sequence[Units], replicates: int) -> Units:
    """Give the units of several rows together."""
    joined: Units = [np.zeros(0, dtype=np.int64) for _ in range(replicates)]
    for units in some:
        joined = _joined(joined, units)
    return joined


def _joined(one: Units, other: Units) -> list[Ints]:
    return [np.concatenate([a, b]) for a, b in zip(one, other, strict=True)]


def _thinned(one: Replicate) -> Replicate:
    train, valid = some_of(one.train, _SCREENED), some_of(one.valid, _SCREENED_VALID)
    return replace(one, train=train, valid=valid)
