"""Simulated models for the tests of the evidence: units' outputs, final layers and labels."""

from __future__ import annotations

import itertools

import numpy as np

from nfexplainn.evidence.removal import Part, Replicate


def simulated(
    n: int = 600,
    units: int = 6,
    tasks: int = 1,
    kind: str = "bce",
    seed: int = 0,
    strength: float = 1.0,
    unknown: float = 0.0,
    number: int = 1,
) -> Replicate:
    """Give a replicate whose first two units carry the labels and whose others are noise.

    The first half of the rows trains, then follow validation and unseen rows.
    """
    rng = np.random.default_rng(seed)
    outputs = np.maximum(rng.normal(size=(units, n)), 0).astype(np.float32)
    weight = 0.1 * rng.normal(size=(tasks, units))
    ramp = np.linspace(-1.5, 1.5, tasks) if tasks > 2 else np.full(tasks, 1.5)
    weight[:, 0], weight[:, 1] = strength * ramp, strength * -np.roll(ramp, 1)
    bias = 0.3 * rng.normal(size=tasks)
    carried = (outputs[:2].T @ weight[:, :2].T).astype(np.float64)
    if kind == "bce":
        p = 1 / (1 + np.exp(-(carried - carried.mean(axis=0))))
        labels = (rng.random(p.shape) < p).astype(np.float64)
    elif kind == "cross_entropy":
        drawn = (carried + rng.gumbel(size=carried.shape)).argmax(axis=1)
        labels = np.eye(tasks)[drawn]
    else:
        labels = carried + rng.normal(size=carried.shape)
    labels[rng.random(labels.shape) < unknown] = np.nan
    edges = [0, n // 2, 3 * n // 4, n]
    parts = [
        Part(np.arange(a, b, dtype=np.int64), outputs[:, a:b], labels[a:b])
        for a, b in itertools.pairwise(edges)
    ]
    return Replicate(number, *parts, weight, bias)


def alone(*units: int) -> list[np.ndarray]:
    """Give some units of a model of one replicate."""
    return [np.array(units, dtype=np.int64)]
