"""What ``evidence`` measures of the replicates of one set."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from evidence_sets import PLANTED, Fitted, motif, unit_outputs

from nfexplainn.data.splits import make_groups
from nfexplainn.evaluation.predict import predict_logits
from nfexplainn.evidence import judge, minimal
from nfexplainn.evidence.clusters import clustered_means
from nfexplainn.evidence.groups import motif_rows
from nfexplainn.evidence.losses import best_bias, losses
from nfexplainn.evidence.naming import Named, named_rows
from nfexplainn.evidence.removal import Part, Replicate, Units
from nfexplainn.evidence.tables import evidence_replicate
from nfexplainn.interpret.options import AnnotateOptions
from nfexplainn.io.coordinates import read_names
from nfexplainn.models.config import ExplaiNNConfig
from nfexplainn.models.explainn_weights import FINAL
from nfexplainn.models.native_model import NativeExplaiNN
from nfexplainn.motifs.motif import MotifSet
from nfexplainn.motifs.tomtom import tomtom

EVERY = slice(None)
Line = dict[str, object]
CANDIDATES = 60
"""Of the minimal model, as in the pipeline."""


@dataclass(frozen=True)
class Measured:
    """Rows of a model with what unseen sequences say of them."""

    model: judge.Model
    rows: list[Named]
    members: list[Units]
    tested: judge.Tested
    q: np.ndarray
    supported: np.ndarray
    words: list[str]
    seconds: float


def measure(fits: Sequence[Fitted]) -> Measured:
    """Join the units of all replicates into rows, and test each."""
    started = time.process_time()
    units = [unit for place, one in enumerate(fits) for unit in one.live_units(place)]
    rows = named_rows(motif_rows(units), MotifSet(()), AnnotateOptions())
    replicates = tuple(
        evidence_replicate(number, one.stored, one.dataset) for number, one in enumerate(fits, 1)
    )
    dataset = fits[0].dataset
    clusters = make_groups(dataset.codes, read_names(dataset.names))
    model = judge.Model(replicates, "bce", ("t",), clusters, _folds_of(fits))
    members = [one.row.units(len(fits)) for one in rows]
    unseen = len(model.target(EVERY).rows)
    nowhere = np.zeros((len(rows), unseen), dtype=np.bool_)
    (tested,) = judge.assess(
        model, members, nowhere, np.random.default_rng([dataset.meta.seed, 19])
    )
    (q,) = judge.q_of([tested])
    good = judge.supported(tested, q, "bce")
    seconds = time.process_time() - started
    return Measured(model, rows, members, tested, q, good, words_of(rows), seconds)


def _folds_of(fits: Sequence[Fitted]) -> np.ndarray | None:
    """Give the fit that each sequence is tested by; nothing where all have the same test part."""
    tests = np.stack([one.dataset.split == "test" for one in fits])
    return None if (tests == tests[0]).all() else tests.argmax(axis=0).astype(np.int64)


def words_of(rows: Sequence[Named]) -> list[str]:
    """Give the planted word that each row looks like; empty where there is none."""
    motifs = [one.row.motif(str(place)) for place, one in enumerate(rows)]
    truth = MotifSet(tuple(motif(word) for word in PLANTED))
    hits = tomtom(MotifSet(tuple(motifs)), truth, max_q=0.05).drop_duplicates("query_id")
    found = dict(zip(hits["query_id"], hits["target_id"], strict=True))
    return [str(found.get(one.id, "")) for one in motifs]


def told(found: Measured, planted: bool) -> Line:
    """Tell what is supported."""
    tested, p = found.tested, found.tested.means.p[found.tested.tested]
    names = [found.words[row] if planted else "" for row in np.flatnonzero(found.supported)]
    return {
        "unseen": len(found.model.target(EVERY).rows),
        "rows": len(found.rows),
        "tests": len(p),
        "below": np.mean(p <= 0.05) if len(p) else 0.0,
        "least_p": p.min(initial=1.0),
        "least_q": np.nanmin(found.q) if len(p) else 1.0,
        "supported": len(names),
        "found": len({name for name in names if name}),
        "false": sum(not name for name in names),
        "words": ",".join(name or "none" for name in names),
        "base_loss": tested.base,
        "model_loss": tested.model,
        "evidence_seconds": found.seconds,
    }


def exact(found: Measured, fits: Sequence[Fitted], most: int = 3) -> float:
    """Give the largest difference between a gain and what the model itself loses.

    The model without a row is one whose final weights are 0 there, its logits are predicted anew,
    and its bias is refitted. Without any row its loss is that of the base rate.
    """
    gains = found.tested.means.value
    worst = 0.0
    target = found.model.target(EVERY)
    for row in np.argsort(-gains)[:most]:
        summed, times = np.zeros(len(target.rows)), np.zeros(len(target.rows))
        for one, units in zip(fits, found.members[row], strict=True):
            at = np.searchsorted(target.rows, one.dataset.rows("test"))
            summed[at] += _loss_without(one, units) - _loss_without(one, np.zeros(0, np.int64))
            times[at] += 1
        worst = max(worst, abs(float((summed / times).mean()) - float(gains[row])))
    for one, replicate in zip(fits, found.model.replicates, strict=True):
        every = np.arange(replicate.weight.shape[1])
        own = one.dataset.labels[one.dataset.rows("train")].mean()
        labels = one.dataset.labels[one.dataset.rows("test"), 0]
        base = -np.log(np.where(labels > 0, own, 1 - own)).mean()
        worst = max(worst, abs(float(_loss_without(one, every).mean()) - float(base)))
    return worst


def _loss_without(one: Fitted, units: np.ndarray) -> np.ndarray:
    """Give the loss of each test sequence with some final weights set to 0 and a refitted bias."""
    weights = {name: array.copy() for name, array in one.model.weights().items()}
    weights[f"{FINAL}.weight"][:, units] = 0
    config = one.model.config
    assert isinstance(config, ExplaiNNConfig)
    model = NativeExplaiNN(config, weights)
    logits = predict_logits(model, one.dataset.codes, average_strands=True).astype(np.float64)
    labels = one.dataset.labels.astype(np.float64)
    train, test = one.dataset.rows("train"), one.dataset.rows("test")
    bias = best_bias("bce", logits[train], labels[train])
    return losses("bce", logits[test] + bias, labels[test])[:, 0]


def smallest(found: Measured, folds: int) -> Line:
    """Select rows forward on validation, each fold by itself; score them on the test part.

    ``steps`` tells each step as ``word:p:loss``, the loss of the test part with all rows so far.
    """
    helps = np.nan_to_num(found.tested.on_training, nan=-np.inf)
    order = [int(row) for row in np.argsort(-helps, kind="stable") if helps[row] > 0][:CANDIDATES]
    every = found.model.replicates
    places = [[at] for at in range(len(every))] if folds > 1 else [list(range(len(every)))]
    said, chosen, wrong, small, full = [], [], 0, [], []
    for some in places:
        replicates = [every[at] for at in some]
        own = [[found.members[row][at] for at in some] for row in order]
        steps = minimal.forward_selection(
            replicates, own, lambda these: found.model.target(EVERY, "valid", these)
        )
        target = found.model.target(EVERY, "unseen", replicates)
        test = []
        for number in range(len(steps)):
            joined = [own[step.row] for step in steps[1 : number + 1]]
            test.append(target.mean(target.keep(minimal.join_units(joined, len(some)))[0]))
        words = [found.words[order[step.row]] or "none" for step in steps[1:]]
        each = zip(words, steps[1:], test[1:], strict=True)
        said.append(" ".join(f"{word}:{step.p:.2g}:{loss:.4f}" for word, step, loss in each))
        count = len(minimal.chosen_rows(steps))
        chosen.append(count)
        wrong += words[:count].count("none")
        small.append(test[count])
        full.append(target.mean(target.model_loss))
    return {
        "steps": " | ".join(said),
        "chosen": float(np.mean(chosen)),
        "chosen_false": wrong / len(places),
        "chosen_loss": float(np.mean(small)),
        "full_loss": float(np.mean(full)),
    }


def intervals(found: Measured, fits: Sequence[Fitted], fresh: tuple[np.ndarray, ...]) -> str:
    """Compare gains with those of the same models on fresh sequences: ``word:gain:low:high:true``.

    Of the rows of each word the one that gains most on the training part is taken, and of the
    rows of no word, as ``none``, too.
    """
    codes, labels = fresh
    replicates = [
        _looking_at(replicate, Part(np.arange(len(codes)), unit_outputs(one.model, codes), labels))
        for one, replicate in zip(fits, found.model.replicates, strict=True)
    ]
    model = judge.Model(tuple(replicates), "bce", ("t",), np.arange(len(codes)))
    target = model.target(EVERY)
    helps = np.nan_to_num(found.tested.on_training, nan=-np.inf)
    said = []
    for word in (*PLANTED, ""):
        own = [row for row in np.argsort(-helps) if found.words[row] == word and helps[row] > 0]
        if own:
            means = found.tested.means
            true = target.mean(target.remove(found.members[own[0]]).increase)
            numbers = (
                *(float(each[own[0]]) for each in (means.value, means.low, means.high)),
                true,
            )
            said.append(":".join([word or "none", *(f"{number:.5g}" for number in numbers)]))
    return " ".join(said)


def _looking_at(replicate: Replicate, part: Part) -> Replicate:
    return Replicate(
        replicate.number, replicate.train, replicate.valid, part, replicate.weight, replicate.bias
    )


def centred_gains(fits: Sequence[Fitted]) -> np.ndarray:
    """Give what removing each row costs each unseen pair, less its mean, (rows, pairs).

    So the true mean is 0, and the tails are those of real gains.
    """
    found = measure(fits)
    target = found.model.target(EVERY)
    tested = np.flatnonzero(found.tested.tested)
    sums = [
        np.bincount(target.clusters, weights=target.remove(found.members[row]).increase)
        for row in tested
    ]
    varied = np.stack([some for some in sums if some.std() > 0])
    return varied - varied.mean(axis=1, keepdims=True)


def found_by_chance(
    gains: np.ndarray, clusters: int, draws: int, limits: Sequence[float], rng: np.random.Generator
) -> np.ndarray:
    """Draw clusters from gains whose mean is 0; give the shares of p at or below some limits."""
    found = []
    for row in gains:
        drawn = np.stack([rng.choice(row, clusters, replace=False) for _ in range(draws)])
        found.append(clustered_means(drawn, np.arange(clusters), rng).p)
    p = np.concatenate(found)
    return np.array([(p <= limit).mean() for limit in limits])
