"""Attributions by DeepLIFT against shuffled references, that add up to the prediction.

Shrikumar et al. 2017 (DeepLIFT), as in Novakovsky et al. 2023, Fig. 1D and S2: ten references per
sequence; here they are its own dinucleotide shuffles.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from nfexplainn import dna
from nfexplainn.analyses.attribution.network import one_hot_network, rules
from nfexplainn.data.dataset import Dataset
from nfexplainn.data.shuffle import dinucleotide_shuffle
from nfexplainn.interpret.selection import select_well_predicted

REFERENCES = 10
LARGEST_ERROR = 1e-3
_CHUNK = 16  # sequences, each with all its references
_STREAM = 7  # of random numbers, so that other steps' draws are others

Floats = NDArray[np.float32]
Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Attributions:
    """Attributions of one task in some sequences.

    Attributes
    ----------
    hypothetical : float32 array, shape (n, length, 4)
        What each base would add, were it there; at the base that is there, what it does add. 0
        where that is unknown.
    delta : float64 array, shape (n,)
        Prediction less the mean prediction of the references.
    error : float64 array, shape (n,)
        How far the attributions' sum is from that, absolute.
    """

    hypothetical: Floats
    delta: NDArray[np.float64]
    error: NDArray[np.float64]

    def contributions(self, codes: dna.Codes) -> Floats:
        """What the bases that are there add, shape (n, length); an N adds 0."""
        return np.asarray(_actual(self.hypothetical, codes)[..., 0], dtype=np.float32)


def inner_columns(codes: dna.Codes) -> slice:
    """Give the columns within the padding, which is N in all sequences, shape (n, length)."""
    known = np.flatnonzero((codes < dna.N_CODE).any(axis=0))
    return slice(int(known[0]), int(known[-1]) + 1) if len(known) else slice(0, codes.shape[1])


def choose_sequences(dataset: Dataset, logits: Floats, task: int, most: int) -> NDArray[np.intp]:
    """Choose the well-predicted test sequences of a task that show what raises it.

    Positives where there are classes; for values, the upper end of label and prediction, or with
    several tasks those well predicted whose label is above the mean. Of too many the highest
    predictions are taken.

    Parameters
    ----------
    dataset : Dataset
    logits : float32 array, shape (n, tasks)
    task : int
    most : int

    Returns
    -------
    int array
        Ascending rows of the data set.
    """
    rows = dataset.rows("test")
    rows = rows[np.isfinite(logits[rows]).all(axis=1)]
    labels = dataset.labels[rows]
    chosen = select_well_predicted(dataset.meta.task_type, labels, logits[rows]).chosen
    limit = 0.5
    if dataset.meta.task_type == "regression":
        known = labels[:, task][~np.isnan(labels[:, task])]
        limit = float(known.mean()) if len(known) else 0.0
    good = rows[chosen & (labels[:, task] > limit)]
    order = np.argsort(-logits[good, task], kind="stable")[:most]
    return np.sort(good[order])


def attribute(
    model: nn.Module,
    codes: dna.Codes,
    task: int,
    seed: int,
    *,
    both_strands: bool,
    references: int = REFERENCES,
    double: bool = False,
    report: Report | None = None,
) -> Attributions:
    """Attribute predictions to bases.

    Where predictions are the mean of both strands, so are the attributions. The references hold
    the same N as their sequence, in the same places, so that nothing is attributed to those.

    Parameters
    ----------
    model : ExplaiNN, ConvNet or DanQ
        In evaluation mode.
    codes : uint8 array, shape (n, length)
    task : int
    seed : int
        Of the shuffles.
    both_strands : bool
    references : int
        Shuffles per sequence.
    double : bool
        Compute in float64, slower and without errors of rounding. The model is changed.
    report : callable, optional
        Told the sequences done and their number.
    """
    kind = torch.float64 if double else torch.float32
    network = one_hot_network(model.double() if double else model)
    network.requires_grad_(False)
    random = np.random.default_rng([seed, _STREAM])
    n, whole = codes.shape
    hypothetical = np.zeros((n, whole, 4), dtype=np.float32)
    inner = inner_columns(codes)
    left, right = inner.start, whole - inner.stop
    codes = codes[:, inner]
    length = codes.shape[1]
    shuffled = dinucleotide_shuffle(np.repeat(codes, references, axis=0), random)
    # Padding is part of the network: zeros, which no attribution goes to.
    forward = nn.Sequential(nn.ConstantPad1d((left, right), 0.0), network).eval()
    backward = nn.Sequential(nn.ConstantPad1d((right, left), 0.0), network).eval()
    delta, error = np.zeros(n), np.zeros(n)
    strands = (1, -1) if both_strands else (1,)
    for first in range(0, n, _CHUNK):
        part = slice(first, min(first + _CHUNK, n))
        given = codes[part]
        other = shuffled[part.start * references : part.stop * references]
        summed = np.zeros((len(given), length, 4))
        changed = np.zeros(len(given))
        for strand in strands:
            turned = strand < 0
            padded = backward if turned else forward
            x = _one_hot(dna.reverse_complement(given) if turned else given, kind)
            baseline = _one_hot(dna.reverse_complement(other) if turned else other, kind)
            found = _deep_lift(padded, x, baseline.view(len(x), references, 4, length), task)
            values = found.permute(0, 2, 1).double().numpy()
            summed += values[:, ::-1, ::-1] if turned else values
            with torch.no_grad():
                seen, unseen = padded(x)[:, task], padded(baseline)[:, task]
            changed += (seen - unseen.view(len(x), references).mean(dim=1)).double().numpy()
        summed, changed = summed / len(strands), changed / len(strands)
        summed[given == dna.N_CODE] = 0
        hypothetical[part, inner], delta[part] = summed, changed
        error[part] = np.abs(_actual(summed, given).sum(axis=(1, 2)) - changed)
        if report is not None:
            report(part.stop, n)
    return Attributions(hypothetical, delta, error)


def _deep_lift(
    network: nn.Module, x: torch.Tensor, references: torch.Tensor, task: int
) -> torch.Tensor:
    from tangermeme.deep_lift_shap import deep_lift_shap

    with warnings.catch_warnings():
        # It warns of what is measured here, and reported.
        warnings.simplefilter("ignore")
        return deep_lift_shap(
            network,
            x,
            target=task,
            references=references,
            batch_size=_CHUNK * references.shape[1],
            hypothetical=True,
            additional_nonlinear_ops=dict(rules()),
            device="cpu",
            only_warn=True,  # of columns of zeros, which an N is
        )


def _one_hot(codes: dna.Codes, kind: torch.dtype) -> torch.Tensor:
    return torch.from_numpy(np.eye(5, 4)[codes].transpose(0, 2, 1).copy()).to(kind)


def _actual(hypothetical: NDArray[Any], codes: dna.Codes) -> NDArray[Any]:
    """Take the values of the bases that are there, shape (n, length, 1); an N has any, of 0."""
    bases = np.minimum(codes, dna.N_CODE - 1)
    return np.take_along_axis(hypothetical, bases[..., None].astype(np.intp), axis=2)
