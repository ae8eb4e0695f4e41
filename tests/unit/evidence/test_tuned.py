"""A tuned PWM: its slopes against finite differences, torch's own fit, and what it gains."""

from __future__ import annotations

import numpy as np
import pytest

from nfexplainn import dna
from nfexplainn.evidence.tuned import (
    NOMINAL_SITES,
    PENALTIES,
    Labelled,
    SoftScan,
    Tuned,
    loss_and_slopes,
    tune,
)
from nfexplainn.motifs.motif import Motif
from nfexplainn.motifs.scan import average_precision, best_hits, log_odds
from nfexplainn.simulation.sequences import background, plant

WORD = "TGACTCAGCA"


def sharp(share: float = 0.8, word: str = WORD) -> Motif:
    ppm = np.full((len(word), 4), (1 - share) / 3)
    ppm[np.arange(len(word)), dna.encode([word])[0]] = share
    return Motif("truth", "", ppm, 50.0)


def labelled(n: int, seed: int, length: int = 60) -> Labelled:
    rng = np.random.default_rng(seed)
    with_sites, _ = plant(background(n, length, rng), [sharp()], rng, probability=0.8, margin=2)
    codes = np.concatenate([with_sites, background(n, length, rng)])
    return Labelled(codes, np.repeat([1.0, 0.0], n))


def small(seed: int = 0) -> Labelled:
    some = labelled(8, seed, 22)
    some.codes[:3, 4:7] = dna.N_CODE
    return some


@pytest.mark.parametrize("width", [4, 5, 7, 12])
@pytest.mark.parametrize("both", [True, False])
def test_scores_are_their_definition(width: int, both: bool) -> None:
    """A loop over sequences, places and strands, and the logarithm of a sum."""
    codes = small().codes
    odds = np.random.default_rng(1).normal(size=(width, 4))
    table = np.concatenate([odds, np.zeros((width, 1))], axis=1)
    expected = []
    for sequence in codes:
        windows = [sequence[at : at + width] for at in range(len(sequence) - width + 1)]
        if both:
            windows += [dna.reverse_complement(window) for window in windows]
        scores = [sum(table[i, base] for i, base in enumerate(window)) for window in windows]
        expected.append(np.log(np.sum(np.exp(scores))))
    scan = SoftScan(codes, width, both_strands=both, dtype=np.float64)
    np.testing.assert_allclose(scan.scores(odds), expected, rtol=1e-12)
    fast = SoftScan(codes, width, both_strands=both)
    np.testing.assert_allclose(fast.scores(odds), expected, rtol=1e-5)


@pytest.mark.parametrize("width", [6, 10])
@pytest.mark.parametrize("both", [True, False])
def test_slopes_are_finite_differences(width: int, both: bool) -> None:
    some = small(2)
    rng = np.random.default_rng(3)
    start, odds = rng.normal(size=(2, width, 4))
    line = np.array([0.6, -1.3])
    scan = SoftScan(some.codes, width, both_strands=both, dtype=np.float64)

    def loss(odds: np.ndarray, line: np.ndarray) -> float:
        return loss_and_slopes(odds, line, scan, some.labels, start, 0.02)[0]

    _, of_odds, of_line = loss_and_slopes(odds, line, scan, some.labels, start, 0.02)
    step = 1e-6
    for place in np.ndindex(odds.shape):
        moved = np.zeros_like(odds)
        moved[place] = step
        slope = (loss(odds + moved, line) - loss(odds - moved, line)) / (2 * step)
        assert of_odds[place] == pytest.approx(slope, abs=1e-8)
    for at in range(2):
        moved = step * np.eye(2)[at]
        slope = (loss(odds, line + moved) - loss(odds, line - moved)) / (2 * step)
        assert of_line[at] == pytest.approx(slope, abs=1e-8)


def test_the_fit_is_that_of_torch() -> None:
    torch = pytest.importorskip("torch")
    train = labelled(60, 4)
    begun = sharp(0.5)
    found = tune(begun, train, penalties=(0.01,))

    start = torch.tensor(log_odds(begun).T.copy(), dtype=torch.float64)
    odds = start.clone().requires_grad_()
    codes = torch.from_numpy(train.codes.astype(np.int64))
    x = torch.nn.functional.one_hot(codes, 5)[:, :, :4].double().transpose(1, 2)
    y = torch.from_numpy(train.labels)

    def score(w: torch.Tensor) -> torch.Tensor:
        strands = [torch.conv1d(x, one[None])[:, 0] for one in (w, w.flip(0, 1))]
        return torch.logsumexp(torch.cat(strands, 1), 1)

    a = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    b = (-0.5 * score(start).mean()).clone().requires_grad_()
    groups = [{"params": [odds], "lr": 0.03}, {"params": [a, b], "lr": 0.05}]
    optimiser = torch.optim.Adam(groups)
    for _ in range(150):
        logits = a * score(odds) + b
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, y)
        loss = loss + 0.01 * ((odds - start) ** 2).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    np.testing.assert_allclose(found.odds, odds.detach().numpy().T, atol=2e-3)
    np.testing.assert_allclose([found.slope, found.bias], [a.item(), b.item()], atol=2e-3)


def test_it_tells_the_classes_better_on_sequences_it_never_saw() -> None:
    begun = sharp(0.45)
    found = tune(begun, labelled(400, 5), labelled(100, 6))
    assert found.penalty in PENALTIES
    unseen = labelled(1000, 7)
    motifs = [begun, found.motif(begun), sharp()]
    before, after, truth = average_precision(best_hits(motifs, unseen.codes), unseen.labels)
    assert after > before + 0.01
    assert after > truth - 0.005


def test_the_motif_ranks_as_the_log_odds_do() -> None:
    odds = np.random.default_rng(8).normal(size=(9, 4))
    motif = Tuned(odds, 0.01, 1.0, 0.0).motif(sharp())
    np.testing.assert_allclose(motif.ppm.sum(axis=1), 1)
    assert motif.nsites == NOMINAL_SITES
    shift = log_odds(motif) - odds
    np.testing.assert_allclose(shift, shift[:, :1].repeat(4, axis=1), atol=1e-3)


def test_the_penalty_is_chosen_on_validation() -> None:
    """What leads astray on training is held back where validation says so."""
    train = labelled(20, 9)
    tight = tune(sharp(), train, labelled(300, 10), penalties=(1.0, 1e-6))
    assert tight.penalty == 1.0
    one_class = Labelled(train.codes[:5], np.ones(5))
    assert tune(sharp(), train, one_class, penalties=(0.5, 1e-6)).penalty == 0.5
    assert tune(sharp(), train, penalties=(0.5, 1e-6)).penalty == 0.5


def test_reads_of_one_strand_are_not_turned() -> None:
    rng = np.random.default_rng(11)
    own, word = background(200, 40, rng), "GATAAGGCAC"
    codes, _ = plant(own, [sharp(0.9, word)], rng, both_strands=False, margin=2)
    turned = np.stack([dna.reverse_complement(one) for one in codes])
    data = Labelled(np.concatenate([codes, turned]), np.repeat([1.0, 0.0], 200))
    found = tune(sharp(0.6, word), data, both_strands=False)
    hits = best_hits([found.motif(sharp())], data.codes, both_strands=False)
    assert average_precision(hits, data.labels)[0] > 0.95
