"""Places of motifs: each score against a sum by hand, and the best of those that overlap."""

from __future__ import annotations

import numpy as np
import pytest

from nfexplainn import dna
from nfexplainn.motifs.motif import Motif
from nfexplainn.motifs.places import Places, PlaceScanner, best_apart
from nfexplainn.motifs.scan import locate_best_hits, log_odds

WIDTHS = (1, 4, 5, 6, 11, 23)


def motifs(seed: int = 1, widths: tuple[int, ...] = WIDTHS) -> list[Motif]:
    rng = np.random.default_rng(seed)
    return [Motif(f"m{w}", "", rng.dirichlet([0.4] * 4, w), 50.0) for w in widths]


def codes_of(n: int, length: int, seed: int = 2, unknown: float = 0.05) -> dna.Codes:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (n, length)).astype(np.uint8)
    codes[rng.random((n, length)) < unknown] = dna.N_CODE
    return codes


def by_hand(motif: Motif, codes: dna.Codes, strand: int) -> np.ndarray:
    """Score of each start of one sequence."""
    odds = np.pad(log_odds(motif), ((0, 0), (0, 1)))
    width = len(odds)
    found = []
    for start in range(len(codes) - width + 1):
        word = codes[start : start + width]
        word = word if strand > 0 else dna.reverse_complement(word[None])[0]
        found.append(odds[np.arange(width), word].sum())
    return np.array(found)


def test_places_are_those_by_hand() -> None:
    some, codes = motifs(), codes_of(1, 300)[0]
    limits = np.array([1.0, 1.5, 1.0, 0.5, -3.0, -12.0])
    room = np.arange(len(codes), 0, -1)
    found = PlaceScanner(some).places(codes, room, limits)
    for number, motif in enumerate(some):
        for strand in (1, -1):
            scores = by_hand(motif, codes, strand)
            own = (found.motif == number) & (found.strand == strand)
            wanted = np.flatnonzero(scores >= limits[number])
            assert found.start[own].tolist() == wanted.tolist() and len(wanted) > 3
            assert np.allclose(found.score[own], scores[wanted], atol=1e-5)


def test_best_scores_are_those_of_the_other_scan() -> None:
    some, codes = motifs(), codes_of(700, 60)
    for both in (True, False):
        scanner = PlaceScanner(some, both_strands=both)
        wanted = locate_best_hits(some, codes, both_strands=both).score
        assert np.allclose(scanner.best(codes), wanted, atol=1e-4)
    assert np.isneginf(PlaceScanner(some).best(codes_of(3, 20))[:, -1]).all()


def test_a_place_has_the_same_score_wherever_it_lies() -> None:
    some = motifs()
    long = codes_of(1, 2000)[0]
    room = np.arange(len(long), 0, -1)
    limits = np.full(len(some), 0.5)
    whole = PlaceScanner(some).places(long, room, limits)
    best = PlaceScanner(some).best(np.lib.stride_tricks.sliding_window_view(long, 23))
    at = {(m, s): [] for m, s in zip(whole.motif.tolist(), whole.start.tolist(), strict=True)}
    for motif, start, score in zip(whole.motif, whole.start, whole.score, strict=True):
        at[int(motif), int(start)].append(score)
    for (motif, start), scores in at.items():
        if motif == 5:
            assert max(scores) == best[start, 5]


def test_room_ends_places() -> None:
    some, codes = motifs(), codes_of(4, 30)
    flat, room = codes.ravel(), np.tile(np.arange(30, 0, -1), 4)
    found = PlaceScanner(some).places(flat, room, np.full(len(some), -99.0))
    ends = found.start % 30 + np.array(WIDTHS)[found.motif]
    assert ends.max() == 30
    assert len(found) == 2 * 4 * sum(31 - width for width in WIDTHS)


def test_strands_mirror() -> None:
    some, codes = motifs(), codes_of(1, 500)[0]
    room = np.arange(500, 0, -1)
    limits = np.full(len(some), 1.0)
    scanner = PlaceScanner(some)
    forward = best_apart(scanner.places(codes, room, limits), scanner.widths)
    turned = dna.reverse_complement(codes[None])[0]
    back = best_apart(scanner.places(turned, room, limits), scanner.widths)
    here = {
        (int(m), int(s), int(d)): round(float(v), 3)
        for m, s, d, v in zip(*vars(forward).values(), strict=True)
        if m > 2
    }
    there = {
        (int(m), 500 - int(s) - WIDTHS[int(m)], -int(d)): round(float(v), 3)
        for m, s, d, v in zip(*vars(back).values(), strict=True)
        if m > 2
    }
    assert here == there and len(here) > 20


def greedy(places: Places, width: int) -> set[tuple[int, int]]:
    """Take the best, drop what overlaps it, and so on, as slowly as it is said."""
    left = sorted(
        zip(places.score.tolist(), places.start.tolist(), places.strand.tolist(), strict=True),
        key=lambda one: (-one[0], one[1], -one[2]),
    )
    kept = []
    while left:
        best = left.pop(0)
        kept.append(best)
        left = [one for one in left if abs(one[1] - best[1]) >= width]
    return {(start, strand) for _, start, strand in kept}


@pytest.mark.parametrize("n", [0, 1, 40, 400])
def test_the_best_of_overlapping_places_is_kept(n: int) -> None:
    rng = np.random.default_rng(n)
    widths = np.array([5, 12])
    places = Places(
        rng.integers(0, 2, n),
        rng.integers(0, 900, n),
        rng.choice(np.array([1, -1], dtype=np.int8), n),
        rng.integers(0, 9, n).astype(np.float32),  # with equals
    )
    found = best_apart(places, widths)
    assert (np.diff(found.start) >= 0).all()
    for motif, width in enumerate(widths.tolist()):
        own = found.take(found.motif == motif)
        wanted = greedy(places.take(places.motif == motif), width)
        assert set(zip(own.start.tolist(), own.strand.tolist(), strict=True)) == wanted
        assert len(own) == len(wanted) and (np.diff(own.start) >= width).all()


def test_a_motif_that_is_too_wide_is_refused() -> None:
    with pytest.raises(ValueError, match="too wide"):
        PlaceScanner(motifs(widths=(300,)))
