"""Sets whose truth is known, and models of them: what ``evidence`` measures on.

A set has a truth (planted words: frequent ones, or rare ones alone) or none: random sequences
against their shuffles, real positives and their shuffles with the labels dealt anew, or windows of
one genome on both sides.
"""

from __future__ import annotations

import dataclasses
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bin"))

from recipe_options import options_of

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.data.shuffle import dinucleotide_shuffle
from nfexplainn.data.splits import make_groups, split_random
from nfexplainn.evaluation.predict import predict_logits
from nfexplainn.evidence.groups import UnitSites
from nfexplainn.evidence.tables import Evidence, evidence_of
from nfexplainn.interpret.flanks import FlankScanner
from nfexplainn.interpret.options import AnnotateOptions
from nfexplainn.interpret.outputs import OutputCollector, StoredOutputs
from nfexplainn.interpret.run import interpret_model
from nfexplainn.interpret.status import unit_name
from nfexplainn.io.coordinates import read_names, shuffle_name, window_name
from nfexplainn.io.fasta import Fasta, read_fasta
from nfexplainn.models.model import FilterModel
from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.native.scan import NativeScanner
from nfexplainn.simulation.sequences import background, plant
from nfexplainn.training.recipes import compiled_shuffle
from nfexplainn.training.run import Plan, train_model

DEMO = Path(__file__).resolve().parent.parent / "assets" / "demo"
LENGTH = 200
PLANTED = {"TGACGTCATC": 0.5, "GGGCGGAAGT": 0.2, "CACGTGACCT": 0.1, "TTGCGCAATC": 0.05}
# Which word has which share turns with the seed of a set.
RARE = (0.2, 0.1, 0.05, 0.025)
NULLS = ("random", "permuted", "negatives")
_APART = 300  # bp from the start of a window of the genome to that of the next
HELD_OUT = 0.1


def motif(word: str) -> Motif:
    """A motif of a word, with 90 % of its letter in each column."""
    ppm = np.full((len(word), 4), 0.1 / 3)
    ppm[np.arange(len(word)), ["ACGT".index(letter) for letter in word]] = 0.9
    return Motif(word, word, ppm, 100)


def shares_of(kind: str, seed: int) -> dict[str, float]:
    """Give the words of a set and the share of the positives that holds each; none: no truth."""
    if kind == "planted":
        return PLANTED
    words = list(PLANTED)
    turned = words[seed % len(words) :] + words[: seed % len(words)]
    return dict(zip(turned, RARE, strict=True)) if kind == "rare" else {}


def planted_codes(count: int, rng: np.random.Generator, shares: Mapping[str, float]) -> dna.Codes:
    """Draw sequences that hold words, each in its share of them."""
    codes = background(count, LENGTH, rng)
    words = [motif(word) for word in shares]
    return plant(codes, words, rng, probability=list(shares.values()))[0]


def make_set(kind: str, positives: int, seed: int) -> Dataset:
    """Make a set of as many positives as negatives; it has no split yet.

    Parameters
    ----------
    kind : {'planted', 'rare', 'random', 'permuted', 'negatives'}
    positives, seed : int
    """
    rng = np.random.default_rng([seed, positives])
    labels = np.repeat(np.float32([1, 0]), positives)
    if kind == "negatives":
        names, codes = _genome_windows(2 * positives, rng)
        return _data_set(names, codes, labels, "file", seed)
    if kind == "permuted":
        fasta = _peaks(("MAFK", "OCT4")[seed % 2])
        if len(fasta.names) < positives:
            sys.exit(f"ERROR: there are only {len(fasta.names)} real positives.")
        own = fasta.cut(rng.choice(len(fasta.names), positives, replace=False), LENGTH)
    else:
        shares = shares_of(kind, seed)
        own = planted_codes(positives, rng, shares) if shares else _background(positives, rng)
    codes = np.concatenate([own, dinucleotide_shuffle(own, rng)])
    names = [f"s{row}" for row in range(positives)]
    names += [shuffle_name(name, 1) for name in names]
    if kind == "permuted":
        # Fresh shuffles in every epoch would be told from sequences: these are given.
        return _data_set(names, codes, rng.permutation(labels), "file", seed)
    return _data_set(names, codes, labels, "shuffle", seed)


def few_trained(name: str, trained: int, seed: int) -> Dataset:
    """Give a real set with its shuffles of which few pairs train and all others are unseen.

    Parameters
    ----------
    name : {'MAFK', 'OCT4'}
    trained : int
        Pairs of the training part; a quarter as many validate.
    seed : int
    """
    rng = np.random.default_rng([seed, trained])
    fasta = _peaks(name)
    own = fasta.cut(np.arange(len(fasta.names)), LENGTH)
    names = [f"s{row}" for row in range(len(own))]
    names += [shuffle_name(one, 1) for one in names]
    codes = np.concatenate([own, dinucleotide_shuffle(own, rng)])
    dataset = _data_set(names, codes, np.repeat(np.float32([1, 0]), len(own)), "shuffle", seed)
    order = rng.permutation(len(own))
    part = np.full(len(own), "test", dtype="<U5")
    part[order[:trained]] = "train"
    part[order[trained : trained + trained // 4]] = "valid"
    return dataclasses.replace(dataset, split=np.tile(part, 2))


def _background(count: int, rng: np.random.Generator) -> dna.Codes:
    return background(count, LENGTH, rng)


def _data_set(
    names: Sequence[str], codes: dna.Codes, labels: np.ndarray, negatives: str, seed: int
) -> Dataset:
    extra = {"negatives": negatives}
    meta = DatasetMeta("s", "sequences", "binary", ("t",), LENGTH, True, seed, extra=extra)
    split = np.full(len(names), "train")
    return Dataset(meta, list(names), codes, split, labels[:, None].astype(np.float32))


@cache
def _peaks(name: str) -> Fasta:
    path = DEMO / f"{name}_H1hESC_200bp.fa.gz"
    return read_fasta(path, path.name)


@cache
def _genome() -> Fasta:
    path = DEMO / "sacCer3_R64.fa.gz"
    return read_fasta(path, path.name)


def _genome_windows(count: int, rng: np.random.Generator) -> tuple[list[str], dna.Codes]:
    """Draw windows that do not overlap from the yeast genome."""
    genome = _genome()
    places = [
        (row, start)
        for row, length in enumerate(genome.lengths.tolist())
        for start in range(0, length - LENGTH, _APART)
    ]
    drawn = rng.choice(len(places), count, replace=False)
    letters = [_chromosome(row) for row in range(len(genome.names))]
    names, codes = [], np.empty((count, LENGTH), dtype=np.uint8)
    for at, place in enumerate(drawn.tolist()):
        row, start = places[place]
        names.append(window_name(genome.names[row], start, start + LENGTH))
        codes[at] = letters[row][start : start + LENGTH]
    return names, codes


@cache
def _chromosome(row: int) -> np.ndarray:
    genome = _genome()
    length = int(genome.lengths[row])
    return genome.cut(np.array([row], dtype=np.intp), length)[0]


def parts(dataset: Dataset, folds: int, replicates: int, seed: int) -> list[Dataset]:
    """Give the data set of each replicate, which differ in their split alone.

    With one fold all replicates have the same random split. With K, replicate r holds out the r-th
    of K parts as test and the next one as validation; each part has the same share of every kind of
    group, and there are K replicates.
    """
    groups = make_groups(dataset.codes, read_names(dataset.names))
    rng = np.random.default_rng([seed, 5])
    if folds == 1:
        split = split_random(groups, dataset.labels, HELD_OUT, HELD_OUT, rng)
        return [dataclasses.replace(dataset, split=split)] * replicates
    fold = _folds(groups, dataset.labels[:, 0], folds, rng)
    found = []
    for held_out in range(folds):
        split = np.full(len(dataset), "train", dtype="<U5")
        split[fold == (held_out + 1) % folds] = "valid"
        split[fold == held_out] = "test"
        found.append(dataclasses.replace(dataset, split=split))
    return found


def _folds(
    groups: np.ndarray, labels: np.ndarray, folds: int, rng: np.random.Generator
) -> np.ndarray:
    """Deal groups with the same labels out in turn; give each sequence's part."""
    positives = np.bincount(groups, weights=labels)
    order = np.lexsort((rng.permutation(len(positives)), positives, np.bincount(groups)))
    fold = np.empty(len(positives), dtype=np.int64)
    fold[order] = np.arange(len(order)) % folds
    return fold[groups]


@dataclass(frozen=True)
class Fitted:
    """A trained model with what its interpretation keeps.

    Attributes
    ----------
    model : FilterModel
    dataset : Dataset
        With the split that it was trained by.
    stored : StoredOutputs
    status : list of str
        Of each unit.
    effect : float64 array, shape (units,)
    logits : float32 array, shape (n, 1)
    ended_early : bool
        Whether the limit of epochs ended the training at its best epoch.
    seconds : float
        CPU seconds.
    """

    model: FilterModel
    dataset: Dataset
    stored: StoredOutputs
    status: list[str]
    effect: np.ndarray
    logits: np.ndarray
    ended_early: bool
    seconds: float

    def live_units(self, place: int) -> list[UnitSites]:
        """Give its units that have sites, as members of rows; `place` is that of the replicate."""
        size = np.abs(np.nan_to_num(self.effect))
        share = size / max(float(size.max(initial=0.0)), 1e-300)
        return [
            UnitSites(place, unit, self.stored.counts[unit], float(share[unit]))
            for unit, status in enumerate(self.status)
            if status != "dead" and self.stored.counts[unit].any()
        ]


def fit(dataset: Dataset, recipe: str, units: int, seed: int, epochs: int) -> Fitted:
    """Train and interpret one replicate, as the pipeline does, in this process."""
    started = time.process_time()
    plan = Plan("explainn", {"length": dataset.meta.length, "tasks": 1, "units": units})
    options = options_of(recipe, seed, epochs)
    trained = quietly(lambda: train_model(plan, dataset, options, report=lambda _: None))
    model = trained.model
    assert hasattr(model, "filters")
    logits = predict_logits(model, dataset.codes, average_strands=True)
    scanner = FlankScanner(model.filters(), NativeScanner)
    kept = OutputCollector(dataset, scanner.units, True)
    with tempfile.NamedTemporaryFile(suffix=".parquet") as scratch:
        found = interpret_model(
            model,
            dataset,
            logits,
            scratch.name,
            both_strands=True,
            make_scanner=lambda _: scanner,
            keep=kept.add,
        )
    stored = kept.store(model, scanner, found.thresholds, trained.result.loss)
    states = [state.status for state in found.states]
    ended_early = trained.result.history[-1].best
    seconds = time.process_time() - started
    effect = found.effect[:, 0]
    return Fitted(model, dataset, stored, states, effect, logits, ended_early, seconds)


def evidence_tables(dataset: Dataset, fits: Sequence[Fitted], known: MotifSet) -> Evidence:
    """Give the tables that the pipeline writes of replicates of one split."""
    tables = [
        pd.DataFrame(
            {
                "replicate": number,
                "unit": [unit_name(unit) for unit in range(len(one.status))],
                "status": one.status,
                f"effect:{dataset.meta.tasks[0]}": one.effect,
            }
        )
        for number, one in enumerate(fits, 1)
    ]
    stored = {number: one.stored for number, one in enumerate(fits, 1)}
    return evidence_of(dataset, "explainn", stored, pd.concat(tables), known, AnnotateOptions())


def unit_outputs(model: FilterModel, codes: dna.Codes) -> np.ndarray:
    """Give the units' outputs, mean over both strands, float32 (units, n)."""
    forward = model.unit_outputs(codes)
    forward += model.unit_outputs(dna.reverse_complement(codes))
    return np.ascontiguousarray(forward.T) / np.float32(2)


def fresh_sequences(count: int, seed: int) -> tuple[dna.Codes, np.ndarray]:
    """Draw planted sequences and their shuffles that no model has seen, with their labels."""
    rng = np.random.default_rng([seed, 99])
    own = planted_codes(count // 2, rng, PLANTED)
    codes = np.concatenate([own, compiled_shuffle(own, seed)])
    return codes, np.repeat([1.0, 0.0], len(own))[:, None]


def quietly(call: Callable[[], Any]) -> Any:
    """Call something that tells on stderr what it does, without a word."""
    with Path(os.devnull).open("w") as nothing:
        before, sys.stderr = sys.stderr, nothing
        try:
            return call()
        finally:
            sys.stderr = before
