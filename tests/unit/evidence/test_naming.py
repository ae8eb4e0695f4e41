"""Rows are named by their motifs with flanks, and joined where their known motifs are alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nfexplainn.evidence.groups import MotifRow, UnitSites, motif_rows
from nfexplainn.evidence.naming import named_rows
from nfexplainn.interpret.flanks import FLANK
from nfexplainn.interpret.options import AnnotateOptions
from nfexplainn.io.tsv import iterate_tsv
from nfexplainn.motifs.formats import read_meme
from nfexplainn.motifs.modes import SHIPPED, cluster_motifs, cluster_rows, clusters_of
from nfexplainn.motifs.motif import MotifSet

WIDTH = 9


@pytest.fixture(scope="module")
def known(root: Path) -> MotifSet:
    return read_meme(next((root / "assets" / "motifs").glob("*vertebrates*.meme")))


def unit(number: int, ppm: np.ndarray, first: int) -> UnitSites:
    """A unit of 9 bp whose filter covers a motif from its column `first` on."""
    counts = np.full((WIDTH + 2 * FLANK, 5), 50)
    counts[:, 4] = 0
    for column, row in enumerate(np.rint(200 * ppm).astype(np.int64)):
        at = FLANK + column - first
        if 0 <= at < len(counts):
            counts[at, :4] = row
    return UnitSites(0, number, counts, 1.0 - 0.1 * number)


def test_two_parts_of_one_long_motif_get_its_name_and_are_one_row(known) -> None:
    """Neither half of CTCF is like the other; with the bases beside them both are CTCF."""
    ctcf = next(motif for motif in known.motifs if motif.name == "CTCF")
    units = [unit(0, ctcf.ppm, 0), unit(1, ctcf.ppm, len(ctcf.ppm) - WIDTH)]
    assert len(motif_rows(units)) == 2
    (row,) = named_rows(motif_rows(units), known, AnnotateOptions())
    assert row.name == "CTCF" and "CTCF" in row.family
    assert len(row.row.members) == 2 and row.row.sites == pytest.approx(400, abs=4)


def test_unknown_rows_stay_apart() -> None:
    rng = np.random.default_rng(0)
    units = [unit(n, rng.dirichlet(np.full(4, 0.1), size=WIDTH), 0) for n in range(3)]
    rows = named_rows(motif_rows(units), MotifSet(()), AnnotateOptions())
    assert [row.name for row in rows] == ["", "", ""]


def test_a_row_without_information_has_no_name(known) -> None:
    flat = MotifRow((unit(0, np.full((1, 4), 0.25), 0),), np.full((WIDTH + 2 * FLANK, 4), 50))
    (row,) = named_rows([flat], known, AnnotateOptions())
    assert row.name == "" and row.family == "" and row.called.target is None


def test_the_shipped_clusters_are_those_of_the_shipped_motifs(known) -> None:
    rows = [tuple(row.values()) for row in iterate_tsv(SHIPPED)]
    assert sorted(row[1] for row in rows) == sorted(motif.id for motif in known.motifs)
    assert rows == cluster_rows(known)


def test_motifs_of_other_sets_are_compared_with_each_other(known) -> None:
    by_name = {motif.name: motif for motif in known.motifs}
    some = [by_name[name] for name in ("FOXA1", "CTCF", "FOXA2", "GABPA")]
    renamed = [type(motif)(f"own{n}", "", motif.ppm, motif.nsites) for n, motif in enumerate(some)]
    for motifs in (some, renamed):
        found = clusters_of(motifs)
        assert found[0] == found[2] and len(set(found)) == 3
    assert len(cluster_motifs(MotifSet(tuple(renamed)))) == 3


def test_a_part_of_a_motif_is_named_so_and_stays_a_row_of_its_own(known) -> None:
    """A unit that sees one half, where its sites hold no more; the whole is beside it."""
    rest = next(motif.ppm for motif in known.motifs if motif.name == "REST")
    units = [unit(0, rest, 4), unit(1, rest[:12], 1)]
    rows = named_rows([row for one in units for row in motif_rows([one])], known, AnnotateOptions())
    assert [row.name for row in rows] == ["REST", "part of REST"]
    assert [len(row.row.members) for row in rows] == [1, 1]


def test_repeats_and_compositions_are_joined_with_no_factor(known) -> None:
    rng = np.random.default_rng(0)
    poly_a = np.tile([0.82, 0.06, 0.06, 0.06], (WIDTH + 2 * FLANK, 1))
    gc = rng.multinomial(400, [0.1, 0.4, 0.4, 0.1], size=WIDTH + 2 * FLANK) / 400
    rows = named_rows(
        motif_rows([unit(0, poly_a, FLANK), unit(1, gc, FLANK)]), known, AnnotateOptions()
    )
    assert [row.name for row in rows] == ["poly-A", "low complexity (GC-rich)"]
    assert [row.family for row in rows] == [row.name for row in rows]


def test_a_row_has_its_family_as_label(known) -> None:
    foxa = next(motif.ppm for motif in known.motifs if motif.name == "FOXA1")
    (row,) = named_rows(motif_rows([unit(0, foxa, 0)]), known, AnnotateOptions())
    assert row.family.startswith("forkhead (") and row.name in row.family
    own = MotifSet(tuple(type(m)(f"x{n}", m.name, m.ppm) for n, m in enumerate(known.motifs)))
    (row,) = named_rows(motif_rows([unit(0, foxa, 0)]), own, AnnotateOptions())
    assert row.family.split(", ")[0] == row.name and "(" not in row.family


def test_a_poor_copy_joins_the_motif_and_noise_does_not(known) -> None:
    """A copy with a strong tail of its own has no name; flat rows are found in gaps of profiles."""
    ctcf = next(motif.ppm for motif in known.motifs if motif.name == "CTCF")
    rng = np.random.default_rng(1)
    tail = np.eye(4)[rng.integers(0, 4, 8)] * 0.85 + 0.05
    copy = np.concatenate([ctcf[2:14], tail])
    flat = [rng.dirichlet(np.full(4, 4), size=WIDTH + 2 * FLANK) for _ in range(6)]
    units = [
        unit(0, ctcf, 4),
        unit(1, copy, 8),
        *(unit(2 + n, p, FLANK) for n, p in enumerate(flat)),
    ]
    alone = [row for one in units for row in motif_rows([one])]
    rows = named_rows(alone, known, AnnotateOptions())
    assert named_rows(alone[1:2], known, AnnotateOptions())[0].name == ""
    assert [len(row.row.members) for row in rows] == [2, *[1] * len(flat)]
    assert rows[0].name == "CTCF" and not any(row.name for row in rows[1:])
