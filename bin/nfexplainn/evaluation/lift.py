"""Motifs that unseen sequences support so clearly that a weak verdict becomes usable."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from nfexplainn.evaluation.thresholds import Thresholds

EVERY_TASK = "*"
# Losses in nats, which `lift_gain` is of.
_LOSSES = ("bce", "cross_entropy")


@dataclass(frozen=True)
class LiftingMotif:
    """A supported group of units, as ``evidence.tsv`` tells it.

    Attributes
    ----------
    motif, name : str
        Its id, and the best match among known motifs; empty where there is none.
    gain, gain_low, gain_high : float
        Nats a sequence.
    share, alone, alone_low : float
    where : str
        Which of several tasks it speaks of, such as ``in 2 of 3 tasks, most in a``.
    """

    motif: str
    name: str
    gain: float
    gain_low: float
    gain_high: float
    share: float
    alone: float
    alone_low: float
    where: str = ""

    @property
    def sentence(self) -> str:
        """Say that it lifts a verdict, and by which numbers."""
        name = f"{self.name} ({self.motif})" if self.name else self.motif
        where = f" {self.where}" if self.where else ""
        share = "more than 100 %" if self.share > 1 else f"{100 * self.share:.0f} %"
        return (
            f"The motif {name} raises the verdict from weak to usable{where}: without it the loss"
            f" on unseen sequences rises by {self.gain:.2g} nats (95 % interval"
            f" {self.gain_low:.2g} to {self.gain_high:.2g}), {share} of what the model explains,"
            f" and by itself it reaches AUROC {self.alone:.2f} (at least {self.alone_low:.2f})."
        )


@dataclass(frozen=True)
class SupportedMotifs:
    """What unseen sequences say of a model's motifs, as far as a verdict needs it.

    Attributes
    ----------
    lifting : mapping of str to LiftingMotif
        Of each task (``*``: of all together) the one of the largest share that may lift it.
    supported : mapping of str to int
        Number of supported motifs of each task that was tested.
    """

    lifting: Mapping[str, LiftingMotif]
    supported: Mapping[str, int]

    def of_task(self, task: str) -> LiftingMotif | None:
        """Give what may lift a task."""
        return self.lifting.get(task)

    def of_all(self, tasks: Collection[str]) -> LiftingMotif | None:
        """Give what may lift the verdict of all tasks.

        It is the motif of all together, where they were tested so; else at least half of the tasks
        must have one, of which that of the largest share is given.
        """
        if EVERY_TASK in self.lifting:
            return self.lifting[EVERY_TASK]
        own = {task: self.lifting[task] for task in tasks if task in self.lifting}
        if not own or 2 * len(own) < len(tasks):
            return None
        task = max(own, key=lambda one: own[one].share)
        if len(tasks) == 1:
            return own[task]
        return replace(own[task], where=f"in {len(own)} of {len(tasks)} tasks, most in {task}")

    def count(self, tasks: Collection[str]) -> int | None:
        """Count the supported motifs of some tasks; None where none of them was tested."""
        known = [self.supported[one] for one in (*tasks, EVERY_TASK) if one in self.supported]
        return sum(known) if known else None


NOT_TESTED = SupportedMotifs({}, {})


def supported_motifs(
    rows: pd.DataFrame,
    tasks: pd.DataFrame,
    low_complexity: Collection[str],
    limits: Thresholds | None = None,
) -> SupportedMotifs:
    """Find the motifs that may lift a weak verdict.

    Parameters
    ----------
    rows, tasks : DataFrame
        Columns as in ``evidence.tsv`` and ``evidence_tasks.tsv``.
    low_complexity : collection of str
        Ids of motifs that are a run of one base, or of two in turn: shuffled negatives alone make
        such motifs.
    limits : Thresholds, optional

    Returns
    -------
    SupportedMotifs
    """
    limits = limits or Thresholds()
    loss = dict(zip(tasks["task"], tasks["loss_function"], strict=True))
    supported = dict.fromkeys(loss, 0)
    lifting: dict[str, LiftingMotif] = {}
    for row in rows.to_dict("records"):
        if str(row["supported"]).lower() != "true":  # text here, a truth value in a table read
            continue
        task = str(row["task"])
        supported[task] = supported.get(task, 0) + 1
        # A number that is missing (NaN) is at least nothing.
        clear = (
            row["gain_low"] >= limits.lift_gain
            and row["share"] >= limits.lift_share
            and row["alone_low"] >= limits.lift_alone
        )
        if not clear or loss.get(task) not in _LOSSES or row["motif"] in low_complexity:
            continue
        name = row["name"] if isinstance(row["name"], str) else ""
        found = LiftingMotif(
            motif=str(row["motif"]),
            name=name,
            gain=float(row["gain"]),
            gain_low=float(row["gain_low"]),
            gain_high=float(row["gain_high"]),
            share=float(row["share"]),
            alone=float(row["alone"]),
            alone_low=float(row["alone_low"]),
        )
        if task not in lifting or found.share > lifting[task].share:
            lifting[task] = found
    return SupportedMotifs(lifting, supported)
