"""Where a model's weights start: at random, from known profiles, or from what the data hold.

This is the one place that decides it. The robust recipe seeds the first 30 % of the filters with
motifs of the training part: PWMs that hold on the validation part, each in several units, and then
enriched words. The units of a PWM rise with a match and count a little in the sum; all other units
start as drawn. (A start in which all others are silent finds as many motifs, but with a few hundred
positives it predicts worse: the sum over many random units is what keeps a small model calibrated.)
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn.data.classes import class_labels
from nfexplainn.data.dataset import Dataset
from nfexplainn.data.shuffle import dinucleotide_shuffle
from nfexplainn.dna import Codes
from nfexplainn.filters import Filters
from nfexplainn.models.config import ExplaiNNConfig
from nfexplainn.models.explainn_weights import (
    FILTER_NORM,
    FILTERS,
    FINAL,
    Weights,
    initial_weights,
    layer_names,
)
from nfexplainn.models.profiles import start_from_profiles
from nfexplainn.motifs.motif import Motif
from nfexplainn.native import library
from nfexplainn.native.scan import NativeScanner
from nfexplainn.scanner import Scanner, TableScanner
from nfexplainn.seeds import seed_for
from nfexplainn.training.options import TrainingOptions
from nfexplainn.training.seed_pwms import (
    LEAST_VALID_Z,
    MOST_CANDIDATES,
    WIDTH,
    MakeScanner,
    PwmSeed,
    enrichment,
    refined_seeds,
)
from nfexplainn.training.seed_words import RANDOM_SCALE, seed_filters, words_of_dataset

SEEDED_SHARE = 0.3
SEEDED_GAMMA = 2.0  # of the filters' batch norm: a sharper rise with a match
SEEDED_FINAL = 0.05
# More positives would take longer and find no other motifs.
MOST_SEQUENCES = 5000
_ODDS_SCALE, _LARGEST_ODDS = 0.2, 3.0


@dataclass(frozen=True)
class Start:
    """Where a model starts.

    Attributes
    ----------
    weights : mapping of str to array
        By the authors' names.
    profiles : tuple of str
        Names of the profiles that the filters start from, one per unit; empty without.
    """

    weights: Weights
    profiles: tuple[str, ...] = ()


def start_of(
    config: ExplaiNNConfig,
    profiles: tuple[Motif, ...],
    dataset: Dataset,
    options: TrainingOptions,
) -> Start:
    """Give the start of an ExplaiNN.

    Parameters
    ----------
    config : ExplaiNNConfig
    profiles : tuple of Motif
        That the filters start from, whatever the recipe; empty: random, or seeded.
    dataset : Dataset
    options : TrainingOptions
    """
    weights = initial_weights(config, options.seed)
    filters = f"{FILTERS}.weight"
    if profiles:
        weights[filters], found = start_from_profiles(weights[filters], profiles)
        labels = tuple(start.label for start in found)
        print(
            f"{len(labels)} filters initialised from profiles, {options.initial_filters}",
            file=sys.stderr,
        )
        return Start(weights, labels)
    if options.recipe == "robust":
        pwms, words = seed(weights, config, dataset, options)
        print(
            f"{pwms} filters initialised from PWMs, {words} from enriched k-mers", file=sys.stderr
        )
    return Start(weights)


def seed(
    weights: Weights, config: ExplaiNNConfig, dataset: Dataset, options: TrainingOptions
) -> tuple[int, int]:
    """Seed a model's first filters from the data, in place; tell how many by PWMs and by words."""
    assert options.motif_seeds is not None and options.seed_copies is not None
    filters = weights[f"{FILTERS}.weight"]
    most = round(SEEDED_SHARE * config.units)
    seeds = pwm_seeds(dataset, options.motif_seeds, min(WIDTH, filters.shape[2]))
    copies = [one for one in seeds for _ in range(options.seed_copies)][:most]
    for unit, (_, _, found) in enumerate(copies):
        filters[unit] = pwm_filter(filters[unit], found)
    words = words_of_dataset(dataset, most - len(copies))
    words = [word for word in words if len(word.codes) <= filters.shape[2]]
    filters[len(copies) :] = seed_filters(filters[len(copies) :], words)
    let_rise(weights, config, copies)
    return len(copies), len(words)


def let_rise(
    weights: Weights, config: ExplaiNNConfig, pwms: Sequence[tuple[int, int, PwmSeed]]
) -> None:
    """Let the first units rise with a match of their PWM and count a little, in place.

    A unit that falls with a match, or counts against it, would first have to unlearn that.

    Parameters
    ----------
    weights : mapping of str to array
    config : ExplaiNNConfig
    pwms : sequence of (task, sign, PwmSeed)
        One per unit: whose sum it counts in, and whether for or against.
    """
    seeded = len(pwms)
    weights[f"{FILTER_NORM}.weight"][:seeded] = SEEDED_GAMMA
    for layer, _ in layer_names(config.num_fc)[1:]:
        weight = weights[f"{layer}.weight"]
        own = weight[: seeded * (len(weight) // config.units)]
        np.abs(own, out=own)
    final = weights[f"{FINAL}.weight"]
    for unit, (task, sign, _) in enumerate(pwms):
        final[task, unit] = SEEDED_FINAL * sign


def pwm_filter(start: NDArray[np.float32], found: PwmSeed) -> NDArray[np.float32]:
    """Give a filter that starts from a PWM, in its middle, shape (4, filter_length)."""
    filled = RANDOM_SCALE * start
    odds = np.clip(found.odds, -_LARGEST_ODDS, _LARGEST_ODDS)
    begin = (start.shape[1] - len(odds)) // 2
    filled[:, begin : begin + len(odds)] = _ODDS_SCALE * odds.T
    return filled.astype(np.float32)


def pwm_seeds(dataset: Dataset, most: int, width: int = WIDTH) -> list[tuple[int, int, PwmSeed]]:
    """Find PWMs on the training part that are enriched on the validation part, too.

    Each task gives an equal share, and of each task both sides do where the negatives are real
    sequences: against shuffles only the positives hold motifs. The sides of measured values are
    their upper and lower fifths.

    Parameters
    ----------
    dataset : Dataset
    most : int
        In all.
    width : int
        Columns.

    Returns
    -------
    list of (task, sign, PwmSeed)
        The sign is 1 for what positives hold, and -1 for what negatives do.
    """
    tasks = len(dataset.meta.tasks)
    shuffles = dataset.meta.extra.get("negatives") == "shuffle"
    signs = (1,) if shuffles else (1, -1)
    sides = [(task, sign) for task in range(tasks) for sign in signs]
    classes = class_labels(dataset)
    found: list[tuple[int, int, PwmSeed]] = []
    for number, (task, sign) in enumerate(sides):
        share = most // len(sides) + (number < most % len(sides))
        if share:
            kept = _seeds_of_side(dataset, classes[:, task], sign, shuffles, width)[:share]
            found += [(task, sign, one) for one in kept]
    return found


def _seeds_of_side(
    dataset: Dataset, classes: NDArray[np.float32], sign: int, shuffles: bool, width: int
) -> list[PwmSeed]:
    rng = np.random.default_rng(seed_for(dataset.meta.seed, "", "", "pwm seeds"))
    make_scanner = _make_scanner()
    parts: dict[str, tuple[Codes, Codes]] = {}
    for part, more in (("train", 1), ("valid", 2)):
        rows = dataset.rows(part)
        own, others = (
            dataset.codes[rng.permutation(rows[classes[rows] == kind])[:MOST_SEQUENCES]]
            for kind in ((1, 0) if sign > 0 else (0, 1))
        )
        if shuffles:  # cheap, and each makes the share of sequences with a hit by chance surer
            others = np.concatenate(
                [others, *(dinucleotide_shuffle(own, rng) for _ in range(more))]
            )
        parts[part] = own, others
    if not all(len(side) for part in parts.values() for side in part):
        return []
    if parts["train"][0].shape[1] < width:
        return []
    seeds = refined_seeds(*parts["train"], MOST_CANDIDATES, make_scanner, width)
    z = enrichment(seeds, *parts["valid"], make_scanner)
    return [one for one, valid_z in zip(seeds, z, strict=True) if valid_z > LEAST_VALID_Z]


def _make_scanner() -> MakeScanner:
    try:
        library.load()
    except library.KernelError:
        return TableScanner

    def native(filters: Filters) -> Scanner:
        return NativeScanner(filters)

    return native
