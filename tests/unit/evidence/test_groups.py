"""Rows: units that look for the same thing, on both strands, with their flanks."""

from __future__ import annotations

import numpy as np

from nfexplainn.evidence.groups import MotifRow, UnitSites, join_rows, motif_rows, trimmed
from nfexplainn.interpret.flanks import FLANK

WIDTH = 12
FULL = WIDTH + 2 * FLANK


def sites(letters: str, at: int, n: int = 200, reverse: bool = False) -> np.ndarray:
    """Counts of n sites with a word that starts at a column of the filter; the rest is flat."""
    counts = np.full((FULL, 5), n // 4, dtype=np.int64)
    counts[:, 4] = 0
    for place, letter in enumerate(letters):
        counts[FLANK + at + place] = 0
        counts[FLANK + at + place, "ACGT".index(letter)] = n
    if reverse:
        counts[:, :4] = counts[::-1, 3::-1]
    return counts


def unit(number: int, counts: np.ndarray, effect: float, replicate: int = 0) -> UnitSites:
    return UnitSites(replicate, number, counts, effect)


def test_copies_shifts_and_reverse_complements_are_one_row() -> None:
    word = "TGACTCAGCA"
    units = [
        unit(0, sites(word, 1), 1.0),
        unit(1, sites(word, 2), 0.5),
        unit(2, sites(word, 0, reverse=True), 0.4, replicate=1),
        unit(3, sites("GGGGCCCCTT", 1), 0.9),
    ]
    rows = motif_rows(units)
    assert [[(m.replicate, m.unit) for m in row.members] for row in rows] == [
        [(0, 0), (0, 1), (1, 2)],
        [(0, 3)],
    ]
    assert rows[0].sites == 600
    motif = rows[0].motif("row_001")
    assert "".join("ACGT"[b] for b in motif.ppm.argmax(axis=1)) == word
    assert motif.ppm.max(axis=1).min() == 1 and motif.nsites == 600
    assert [list(units) for units in rows[0].units(2)] == [[0, 1], [2]]
    assert rows[0].strongest(0).unit == 0 and rows[1].strongest(1) is None


def test_a_motif_wider_than_the_filter_is_seen_whole() -> None:
    word = "ACGTTGCATTGACCATGGCAATCG"
    counts = sites(word, -6)
    assert len(trimmed(counts[:, :4])) == len(word)


def test_what_tells_nothing_keeps_the_filters_columns() -> None:
    assert len(trimmed(sites("", 0)[:, :4])) == WIDTH


def test_parts_of_one_long_motif_are_added_where_they_belong() -> None:
    word = "ACGTTGCATTGACCATGG"
    one, two = sites(word, -2)[:, :4], sites(word, -5, reverse=True)[:, :4]
    rows = [MotifRow((unit(n, c, 1.0),), c) for n, c in enumerate((one, two))]
    joined = join_rows(rows, lambda _, others: [True] * len(others))
    motif = joined[0].motif("row_001")
    assert "".join("ACGT"[b] for b in motif.ppm.argmax(axis=1)) == word
    assert joined[0].sites == 400


def test_flanks_that_few_sites_make_look_telling_are_cut() -> None:
    """Of 12 sites, a flat column has 0.18 bits on average: some have more than a quarter."""
    rng = np.random.default_rng(0)
    widths = []
    for _ in range(50):
        counts = rng.multinomial(12, np.full(4, 0.25), size=FULL)
        counts[FLANK:-FLANK] = sites("TGACTCAGCAAC", 0, 12)[FLANK:-FLANK, :4]
        widths.append(len(trimmed(counts)))
    assert np.mean(widths) < WIDTH + 6


def test_a_flank_of_few_sites_needs_bases_that_are_no_chance() -> None:
    """Six of seven A beside a motif may be chance; a hundred and twenty of two hundred are not."""
    for n, most, kept in ((7, 6, False), (200, 120, True)):
        counts = np.zeros((FULL, 4), dtype=np.int64)
        counts[:] = n // 4
        counts[FLANK : FLANK + 8, 0] = n
        counts[FLANK : FLANK + 8, 1:] = 0
        counts[FLANK + 12] = (most, n - most, 0, 0) if not kept else (most, 40, 20, 20)
        assert (len(trimmed(counts)) == 13) == kept


def test_a_unit_that_reads_two_motifs_joins_no_units_of_both() -> None:
    first, second = sites("TGACGTCATC", 0), sites("ACTTCCGCCC", 2)
    both = unit(0, (first + second) // 2, 1.0)
    others = [
        unit(number, counts, 0.5 - 0.1 * number, replicate)
        for replicate in range(3)
        for number, counts in ((1, first), (2, second))
    ]
    rows = motif_rows([both, *others])
    assert [sorted({one.unit for one in row.members}) for row in rows] == [[0, 1], [2]]
