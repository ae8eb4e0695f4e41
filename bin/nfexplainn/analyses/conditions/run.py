"""Compare conditions: slopes of every sample on every motif, and tests between conditions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nfexplainn.analyses.conditions.moderated import Comparison, fit_conditions
from nfexplainn.analyses.conditions.options import ConditionOptions, Sample
from nfexplainn.analyses.conditions.sites import Cluster, Sites
from nfexplainn.analyses.conditions.slopes import Slopes, adjusted_slopes, composition_space
from nfexplainn.data.dataset import Dataset
from nfexplainn.errors import UserError
from nfexplainn.interpret.pwms import consensus

ROW, CLUSTER = "row", "cluster"
FEWEST_WINDOWS = 200
"""With a value in all samples: fewer tell too little of composition and of sites."""
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Line = dict[str, object]


@dataclass(frozen=True)
class Motifs:
    """What is said of some motifs, and where they have sites.

    Attributes
    ----------
    kind : {'row', 'cluster'}
    words : tuple of mappings
        ``motif``, ``name``, ``family`` and ``consensus`` of each.
    sites : Sites
    """

    kind: str
    words: tuple[Mapping[str, str], ...]
    sites: Sites


def told_rows(table: Iterable[Mapping[str, str]], ids: Sequence[str], sites: Sites) -> Motifs:
    """Describe the rows of ``D.<model>.evidence.tsv``, in the order of their sites."""
    keys = ("motif", "name", "family", "consensus")
    found = {line["motif"]: {key: line[key] for key in keys} for line in table}
    return Motifs(ROW, tuple(found[id] for id in ids), sites)


def told_clusters(clusters: Sequence[Cluster], sites: Sites) -> Motifs:
    """Describe clusters of known motifs, by the one that stands for all and their names."""
    words = tuple(
        {
            "motif": one.id,
            "name": one.motif.name or one.motif.id,
            "family": ", ".join(one.names),
            "consensus": consensus(one.motif.ppm),
        }
        for one in clusters
    )
    return Motifs(CLUSTER, words, sites)


@dataclass(frozen=True)
class Found:
    """What is known of the conditions.

    Attributes
    ----------
    tests, slopes : list of lines
        Columns ``CONDITION_COLUMNS`` and ``CONDITION_SLOPE_COLUMNS``.
    """

    tests: list[Line]
    slopes: list[Line]


def compare_conditions(
    dataset: Dataset,
    options: ConditionOptions,
    rows: Motifs,
    clusters: Motifs,
) -> Found:
    """Compare the conditions by a model's rows on unseen windows, and by known motifs on all.

    Parameters
    ----------
    dataset : Dataset
        Of measured values.
    options : ConditionOptions
    rows, clusters : Motifs
        The prior of the rows is fitted to them and the clusters together, in the unseen windows,
        as a model has few rows.

    Raises
    ------
    UserError
        If a sample is no task, the values are classes, or conditions have too few samples.
    """
    samples = options.samples
    check_samples(dataset.meta.id, dataset.meta.tasks, dataset.meta.task_type, samples)
    found = Found([], [])
    for motifs, others in ((rows, clusters), (clusters, None)):
        signal = _signal_of(dataset, motifs.sites.windows, samples)
        if not len(motifs.words):
            continue
        reason = why_untested(signal.values, samples)
        if reason:
            found.tests.extend(_untested(motifs, len(signal.windows), options, reason))
            continue
        present = _present(motifs.sites, signal.windows)
        count = len(present)
        if others is not None:
            present = np.concatenate([present, _present(others.sites, signal.windows)])
        space = composition_space(dataset, signal.windows)
        slopes = adjusted_slopes(present, signal.values, space)
        found.tests.extend(_tests(motifs, count, slopes, options))
        found.slopes.extend(_slope_lines(motifs, count, slopes, samples))
    told = {"dataset": dataset.meta.id}
    return replace(
        found,
        tests=[told | one for one in found.tests],
        slopes=[told | one for one in found.slopes],
    )


def check_samples(
    dataset: str, tasks: Sequence[str], task_type: str, samples: Sequence[Sample]
) -> None:
    """Refuse samples that a data set does not have, and data sets without measured values."""
    if task_type != "regression":
        raise UserError(
            f"{dataset} holds classes (task_type {task_type}), but conditions are compared by"
            " measured values; give counts or signal, or leave its conditions out."
        )
    missing = [one.task for one in samples if one.task not in tasks]
    if missing:
        shown = f"{', '.join(tasks[:10])}{', ...' if len(tasks) > 10 else ''}"
        raise UserError(
            f"{dataset} has no sample {', '.join(map(repr, missing))}, for which a condition is"
            f" given; its samples are {shown}: use the names in the header of its file."
        )


def pairs_of(names: Sequence[str], reference: str | None) -> list[tuple[int, int]]:
    """Give the pairs of conditions that are compared, by their places, the reference first."""
    if reference is None:
        return list(combinations(range(len(names)), 2))
    first = names.index(reference)
    return [(first, place) for place in range(len(names)) if place != first]


@dataclass(frozen=True)
class _Signal:
    """The signal of samples, float64 (n, samples), in windows with a value in all of them."""

    windows: Ints
    values: Floats


def _signal_of(dataset: Dataset, windows: Ints, samples: Sequence[Sample]) -> _Signal:
    places = [dataset.meta.tasks.index(one.task) for one in samples]
    values = dataset.labels[windows][:, places].astype(np.float64)
    known = ~np.isnan(values).any(axis=1)
    return _Signal(windows[known], values[known])


def why_untested(values: Floats, samples: Sequence[Sample]) -> str:
    """Say why nothing can be tested; empty where something can.

    Parameters
    ----------
    values : float64 array, shape (windows, samples)
        Without NaN.
    samples : sequence of Sample
    """
    if len(values) < FEWEST_WINDOWS:
        return (
            f"{len(values)} windows have a value in all samples, but at least {FEWEST_WINDOWS}"
            " are needed"
        )
    names = [one.task for one in samples]
    for name, own in zip(names, values.T, strict=True):
        if np.ptp(own) == 0:
            return f"'{name}' has the value {own[0]:g} in every window"
    # Without a difference between replicates any between conditions would be certain.
    for (name, own), (other, its) in combinations(zip(names, values.T, strict=True), 2):
        if np.array_equal(own, its):
            return (
                f"'{name}' and '{other}' have the same values in every window: one sample given"
                " twice?"
            )
    return ""


def _untested(
    motifs: Motifs, windows: int, options: ConditionOptions, reason: str
) -> Iterator[Line]:
    """Tell of every pair and motif that, and why, nothing was tested."""
    names, condition = _conditions(options.samples)
    counts = np.bincount(condition, minlength=len(names)).tolist()
    for first, second in pairs_of(names, options.reference_condition):
        known = _of_pair(motifs.kind, names, counts, (first, second))
        for words in motifs.words:
            yield known | dict(words) | {"windows": windows, "tests": 0, "reason": reason}


def _conditions(samples: Sequence[Sample]) -> tuple[list[str], Ints]:
    """Name the conditions, and give the place of each sample's among them."""
    names = sorted({one.condition for one in samples})
    return names, np.array([names.index(one.condition) for one in samples], dtype=np.int64)


def _of_pair(
    kind: str, names: Sequence[str], counts: Sequence[int], pair: tuple[int, int]
) -> dict[str, object]:
    """Say which conditions are compared, the reference being the first of the pair."""
    first, second = pair
    return {
        "kind": kind,
        "condition": names[second],
        "reference": names[first],
        "samples": int(counts[second]),
        "samples_reference": int(counts[first]),
    }


def _present(sites: Sites, windows: Ints) -> Mask:
    return sites.present[:, np.searchsorted(sites.windows, windows)]


def _tests(
    motifs: Motifs,
    count: int,
    slopes: Slopes,
    options: ConditionOptions,
) -> Iterator[Line]:
    """Test the first rows of some slopes, with a prior of all of them."""
    names, condition = _conditions(options.samples)
    tested = np.flatnonzero(slopes.tested)
    fit = fit_conditions(slopes.values[tested], condition, names, slopes.noise[tested])
    own = tested < count
    for first, second in pairs_of(names, options.reference_condition):
        found = fit.compare(first, second, own)
        means = fit.means[own][:, [first, second]]
        known = _of_pair(motifs.kind, names, fit.counts.tolist(), (first, second)) | {
            "windows": slopes.windows,
            "prior_degrees": fit.prior.degrees,
            "tests": int(own.sum()),
        }
        tested_lines = dict(zip(tested[own].tolist(), _lines(found, means, known), strict=True))
        lines = [
            known
            | dict(words)
            | {"with_site": int(slopes.with_site[row])}
            | tested_lines.get(row, {})
            for row, words in enumerate(motifs.words)
        ]
        yield from sorted(lines, key=_by_p)


def _lines(found: Comparison, means: Floats, known: Mapping[str, object]) -> Iterator[Line]:
    """Tell what was found of each row that was tested."""
    for place, difference in enumerate(found.difference.tolist()):
        yield {
            "slope": float(means[place, 1]),
            "slope_reference": float(means[place, 0]),
            "difference": difference,
            "difference_low": float(found.low[place]),
            "difference_high": float(found.high[place]),
            "t": float(found.t[place]),
            "degrees": float(found.degrees[place]),
            "p": float(found.p[place]),
            "q": float(found.q[place]),
            "higher_in": known["condition" if difference > 0 else "reference"],
        }


def _by_p(line: Mapping[str, Any]) -> tuple[float, str]:
    return float(line.get("p", np.inf)), str(line["motif"])


def _slope_lines(
    motifs: Motifs, count: int, slopes: Slopes, samples: Sequence[Sample]
) -> Iterator[Line]:
    for row in np.flatnonzero(slopes.known[:count]).tolist():
        for column, sample in enumerate(samples):
            yield {
                "kind": motifs.kind,
                "motif": motifs.words[row]["motif"],
                "name": motifs.words[row]["name"],
                "sample": sample.task,
                "condition": sample.condition,
                "sample_replicate": sample.replicate,
                "slope": float(slopes.values[row, column]),
            }


def table_rows(
    lines: Iterable[Mapping[str, object]], columns: Sequence[str], model: str
) -> list[list[object]]:
    """Bring lines into the order of columns, with the model's name."""
    return [[model if name == "model" else line.get(name) for name in columns] for line in lines]
