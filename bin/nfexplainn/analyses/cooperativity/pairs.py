"""What a model makes of a pair of motifs: curves over distance, and whether it sees any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn.analyses.cooperativity.effects import ORIENTATIONS, PairMarginalizer, PairOutputs
from nfexplainn.analyses.cooperativity.sites import Pair
from nfexplainn.analyses.cooperativity.statistics import (
    LEAST_P,
    LEAST_SHARE,
    Floats,
    Trend,
    median_interval,
    ratio,
    trend,
)

CURVE_COLUMNS = (
    *(
        "dataset",
        "model",
        "replicate",
        "task",
        "pair",
        "kind",
        "orientation",
        "second_start",
        "gap",
    ),
    *("difference", "difference_low", "difference_high", "ratio", "ratio_low", "ratio_high"),
)
VERDICT_COLUMNS = (
    *("dataset", "model", "replicate", "task", "pair", "kind", "first", "second", "orientation"),
    *("first_effect", "second_effect", "difference", "least_gap", "bins", "range"),
    *("relative_range", "control_range", "p", "distance_dependent", "channel", "channel_share"),
    *("channel_first_effect", "channel_second_effect", "reason"),
)


@dataclass(frozen=True)
class Reader:
    """How the channels of a model make its outputs.

    Attributes
    ----------
    weights : float64 array, shape (tasks, channels)
    bias : float64 array, shape (tasks,)
    names : tuple of str
        Of the channels where they are units; empty where they are the outputs themselves.
    """

    weights: Floats
    bias: Floats
    names: tuple[str, ...] = ()

    def outputs(self, channels: Floats) -> Floats:
        """Outputs (..., tasks) of channels (..., channels)."""
        return channels @ self.weights.T + self.bias


@dataclass(frozen=True)
class Findings:
    """Rows of :data:`CURVE_COLUMNS` and :data:`VERDICT_COLUMNS`, without data set and model."""

    curves: list[dict[str, object]]
    verdicts: list[dict[str, object]]


def analyse_pairs(
    marginalizer: PairMarginalizer,
    pairs: Sequence[Pair],
    reader: Reader,
    tasks: Sequence[str],
    filter_length: int,
) -> Findings:
    """Look at all pairs with one model.

    A change with distance is seen where, over gaps of more than two filter lengths (so that no
    unit looks at both motifs with one filter), Friedman's test over bins of ten bases has
    p < 0.01, and the largest and smallest median of a bin differ by at least a tenth of the
    stronger motif's own effect, and by twice as much as with the control.

    Parameters
    ----------
    marginalizer : PairMarginalizer
    pairs : sequence of Pair
        Those with a reason get a row that says it.
    reader : Reader
    tasks : sequence of str
    filter_length : int

    Returns
    -------
    Findings
    """
    found = Findings([], [])
    ranges: dict[tuple[str, str, int], float] = {}
    # Controls first: a pair is compared with that of its first motif.
    for pair in sorted(pairs, key=lambda pair: pair.kind != "control"):
        outputs = None if pair.reason else marginalizer.outputs(pair.first_word, pair.second_word)
        if outputs is None:
            reason = pair.reason or "the sequences are too short for both motifs side by side"
            found.verdicts.append(_names(pair) | {"reason": reason})
            continue
        _one_pair(found, pair, outputs, reader, tasks, filter_length, ranges)
    order = {pair.name: place for place, pair in enumerate(pairs)}
    for rows in (found.curves, found.verdicts):
        rows.sort(key=lambda row: order[str(row["pair"])])
    return found


def _one_pair(
    found: Findings,
    pair: Pair,
    outputs: PairOutputs,
    reader: Reader,
    tasks: Sequence[str],
    filter_length: int,
    ranges: dict[tuple[str, str, int], float],
) -> None:
    channels = outputs.interaction()
    # From the channels: an interaction that no channel has is exactly 0, not a rounding error.
    difference = channels @ reader.weights.T
    none, first = reader.outputs(outputs.none), reader.outputs(outputs.first)
    second, both = reader.outputs(outputs.second), reader.outputs(outputs.both)
    least = _least_gap(outputs.gaps, filter_length)
    for column, task in enumerate(tasks):
        base, single = none[:, column], first[:, column]
        for turn, orientation in enumerate(ORIENTATIONS):
            sign = "+" if orientation > 0 else "-"
            label = _names(pair) | {"task": task, "orientation": sign}
            values = difference[turn, :, :, column]
            medians = median_interval(values)
            ratios = median_interval(
                ratio(
                    both[turn, :, :, column],
                    single[:, None],
                    second[turn, :, :, column],
                    base[:, None],
                )
            )
            found.curves.extend(
                label
                | {
                    **{"second_start": int(start), "gap": int(gap)},
                    **dict(zip(CURVE_COLUMNS[-6:], map(float, numbers), strict=True)),
                }
                for start, gap, *numbers in zip(
                    outputs.starts, outputs.gaps, *medians, *ratios, strict=True
                )
            )
            effect = float(np.median(single - base))
            other = float(np.median(second[turn, :, :, column] - base[:, None]))
            tested = trend(values, outputs.gaps, least)
            key = (pair.first_word, task, orientation)
            if pair.kind == "control":
                ranges[key] = tested.range
            found.verdicts.append(
                label
                | _verdict(tested, effect, other, ranges.get(key), pair.kind)
                | _channel(channels[turn], outputs, turn, reader, column)
                | {"difference": float(np.median(values))}
            )


def _least_gap(gaps: NDArray[np.intp], filter_length: int) -> int:
    """More than two filter lengths; in sequences too short for that, more than one."""
    far = 2 * filter_length + 1
    return far if (gaps >= far).any() else filter_length + 1


def _verdict(
    tested: Trend, effect: float, other: float, control: float | None, kind: str
) -> dict[str, object]:
    stronger = max(abs(effect), abs(other))
    share = tested.range / stronger if stronger else float("nan")
    seen: bool | None = None
    reason = ""
    if np.isnan(tested.p):
        reason = "the sequences are too short for different gaps"
    elif kind != "control":
        known = control is not None and not np.isnan(control)
        seen = bool(
            tested.p < LEAST_P
            and share >= LEAST_SHARE
            and (not known or tested.range >= 2 * float(control or 0.0))
        )
    return {
        "first_effect": effect,
        "second_effect": other,
        "least_gap": tested.least_gap,
        "bins": tested.bins,
        "range": tested.range,
        "relative_range": share,
        "control_range": control,
        "p": tested.p,
        "distance_dependent": None if seen is None else int(seen),
        "reason": reason,
    }


def _channel(
    channels: Floats, outputs: PairOutputs, turn: int, reader: Reader, task: int
) -> dict[str, object]:
    """Name the unit that most of an interaction comes from, its share, what each motif does to it.

    Units add up, so an interaction of two motifs lies within units that both motifs move.
    """
    if not reader.names:
        return {}
    weights = reader.weights[task]
    sizes = np.abs(channels).sum(axis=(0, 1)) * np.abs(weights)
    total = float(sizes.sum())
    if not total:
        return {"channel_share": 0.0}
    best = int(sizes.argmax())
    bare = outputs.none[:, best]
    first = np.median(outputs.first[:, best] - bare)
    second = np.median(outputs.second[turn, :, :, best] - bare[:, None])
    return {
        "channel": reader.names[best],
        "channel_share": float(sizes[best]) / total,
        "channel_first_effect": float(first * weights[best]),
        "channel_second_effect": float(second * weights[best]),
    }


def _names(pair: Pair) -> dict[str, object]:
    return {"pair": pair.name, "kind": pair.kind, "first": pair.first, "second": pair.second}
