"""PWMs that seed filters: found in few positives, erased, and checked on other sequences."""

from __future__ import annotations

import numpy as np
import pytest

from nfexplainn import dna
from nfexplainn.data.shuffle import dinucleotide_shuffle
from nfexplainn.filters import Filters
from nfexplainn.motifs.motif import Motif
from nfexplainn.native import library
from nfexplainn.native.scan import NativeScanner
from nfexplainn.scanner import Scanner, TableScanner
from nfexplainn.simulation.sequences import background, plant
from nfexplainn.training import seed_pwms
from nfexplainn.training.seed_pwms import PwmSeed, enrichment, refined_seeds

STRONG, RARE = "TGACGTCATC", "GGGCGGAAGT"


def sets(count: int = 800, seed: int = 3) -> tuple[dna.Codes, dna.Codes]:
    """One word in half and another in a tenth of the positives, and their shuffles."""
    rng = np.random.default_rng(seed)
    words = [Motif(word, word, np.eye(4)[dna.encode([word])[0]], 100) for word in (STRONG, RARE)]
    own, _ = plant(background(count, 100, rng), words, rng, probability=[0.5, 0.1])
    return own, dinucleotide_shuffle(own, rng)


def spells(seed: PwmSeed, word: str) -> bool:
    """Tell whether eight bases in a row of a word are the best letters of a seed."""
    best = seed.odds.argmax(axis=1)
    codes = dna.encode([word])[0]
    for strand in (codes, dna.reverse_complement(codes[None])[0]):
        for part in (strand[at : at + 8] for at in range(len(strand) - 7)):
            if any((best[at : at + 8] == part).all() for at in range(len(best) - 7)):
                return True
    return False


def test_a_rare_motif_is_found_beside_a_frequent_one_and_holds_on_other_sequences() -> None:
    seeds = refined_seeds(*sets(), 10, TableScanner)
    assert 5 < len(seeds) <= 10 and seeds[0].odds.shape == (14, 4)
    z = enrichment(seeds, *sets(seed=4), TableScanner)
    for word in (STRONG, RARE):
        own = [at for at, one in enumerate(seeds) if spells(one, word)]
        assert own and z[own].max() > 5, word
    by_chance = [z[at] for at, one in enumerate(seeds) if not spells(one, RARE)]
    assert min(by_chance) < seed_pwms.LEAST_VALID_Z


def test_both_scanners_find_the_same_seeds() -> None:
    try:
        library.load()
    except library.KernelError as error:
        pytest.skip(f"needs the native kernel, but {error}")

    def native(filters: Filters) -> Scanner:
        return NativeScanner(filters)

    found, same = (refined_seeds(*sets(), 6, make) for make in (TableScanner, native))
    assert len(found) == len(same)
    for one, other in zip(found, same, strict=True):
        assert np.allclose(one.odds, other.odds, atol=1e-5)


def test_the_best_threshold_is_that_of_all_that_are_allowed() -> None:
    rng = np.random.default_rng(5)
    own, others = (np.round(rng.normal(loc, 1, (40, 3)), 1).astype(np.float32) for loc in (0.8, 0))
    z, limits = seed_pwms._best_thresholds(own, others)
    for column in range(3):
        best = -np.inf
        for limit in np.concatenate([own, others])[:, column]:
            hits, chance = (int((some[:, column] >= limit).sum()) for some in (own, others))
            if not seed_pwms._LEAST_HITS <= hits + chance <= 0.7 * 80:
                continue
            p = (hits + chance + 1) / 80
            value = (hits - chance) / 40 / np.sqrt(p * (1 - p) * 2 / 40)
            if value > best:
                best, at = value, limit
        assert z[column] == pytest.approx(best) and limits[column] == pytest.approx(at)


def test_erased_hits_are_hits_no_more_and_all_else_stays() -> None:
    own, others = sets()
    (first, *_) = refined_seeds(own, others, 5, TableScanner)
    erased = own.copy()
    seed_pwms._erase_hits(erased, [first], TableScanner)
    before, after = (
        seed_pwms._best(codes, first.odds[None], TableScanner)[:, 0] for codes in (own, erased)
    )
    assert (before >= first.threshold).any() and (after < first.threshold).all()
    changed = erased != own
    assert (erased[changed] == dna.N_CODE).all()
    assert not changed[before < first.threshold].any()


def test_nothing_to_compare_gives_no_seed() -> None:
    codes, _ = sets(10)
    assert refined_seeds(codes[:0], codes, 5, TableScanner) == []
    assert enrichment([], codes, codes, TableScanner).shape == (0,)
    assert refined_seeds(codes[:2], codes[2:5], 5, TableScanner) == []  # no six hits
