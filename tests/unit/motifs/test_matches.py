"""Which of Tomtom's matches may name a motif."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nfexplainn.motifs.formats import read_meme
from nfexplainn.motifs.matches import coverage, known_matches
from nfexplainn.motifs.motif import Motif, MotifSet, column_information
from nfexplainn.motifs.tomtom import tomtom

ROOT = Path(__file__).resolve().parents[3]
OPTIONS = {"distance": "ed", "min_overlap": 1, "max_q": 0.05}
EXTENDED_CTCF = ("MA1929.2", "MA1930.2")


@pytest.fixture(scope="module")
def known() -> MotifSet:
    (path,) = (ROOT / "assets" / "motifs").glob("*vertebrates*.meme")
    return read_meme(path)


def with_flanks(core: str, width: int, sharp: float = 0.97) -> Motif:
    """A word within columns that are nearly flat, as a filter finds it."""
    ppm = np.tile([0.31, 0.2, 0.21, 0.28], (width, 1))
    first = (width - len(core)) // 2
    for i, letter in enumerate(core):
        ppm[first + i] = (1 - sharp) / 3
        ppm[first + i, "ACGT".index(letter)] = sharp
    return Motif("unit", "unit", ppm, 200)


def test_flat_flanks_are_not_named_after_the_gap_of_a_long_motif(known: MotifSet) -> None:
    unit = with_flanks("GCGCAAA", 19, sharp=0.7)
    plain = tomtom(MotifSet((unit,)), known, max_q=0.05)
    assert set(EXTENDED_CTCF) & set(plain["target_id"])  # this is what Tomtom says
    named = known_matches(
        MotifSet((unit,)), known, **OPTIONS, min_coverage=0.67, min_unit_coverage=0.8
    )
    assert not set(EXTENDED_CTCF) & set(named["target_id"])


def test_a_motif_keeps_its_own_name_first(known: MotifSet) -> None:
    chosen = tuple(m for m in known.motifs if m.name in ("CTCF", "CEBPB", "REST", "Foxa2", "GABPA"))
    assert len(chosen) > 5
    named = known_matches(
        MotifSet(chosen), known, **OPTIONS, min_coverage=0.67, min_unit_coverage=0.8
    )
    first = named.drop_duplicates("query_id")
    assert list(first["query_id"]) == [motif.id for motif in chosen]
    assert list(first["target_id"]) == list(first["query_id"])


def test_without_a_least_coverage_it_is_tomtom(known: MotifSet) -> None:
    unit = MotifSet((with_flanks("TTGCGCAA", 19),))
    named = known_matches(unit, known, **OPTIONS, min_coverage=0.0, min_unit_coverage=0.0)
    plain = tomtom(unit, known, max_q=0.05)
    pd.testing.assert_frame_equal(named[plain.columns], plain)
    assert len(named) and not named["part"].any()


def test_coverage_against_a_loop_over_columns(known: MotifSet) -> None:
    some = MotifSet(known.motifs[:40])
    hits = tomtom(some, known, max_q=0.5)
    assert set(hits["orientation"]) == {"+", "-"}
    assert (hits["offset"] < 0).any() and (hits["offset"] > 0).any()
    widths = {motif.id: len(motif.ppm) for motif in known.motifs}
    bits = {motif.id: column_information(motif.ppm) for motif in known.motifs}
    expected = []
    for hit in hits.itertuples():
        total = bits[hit.target_id]
        common = 0.0
        for column in range(widths[hit.query_id]):
            place = column + hit.offset  # on the matched strand
            if 0 <= place < len(total):
                common += total[place] if hit.orientation == "+" else total[-1 - place]
        expected.append(common / total.sum())
    np.testing.assert_allclose(coverage(hits, known), expected, atol=1e-9)


def test_a_known_motif_without_information_names_nothing() -> None:
    flat = MotifSet((Motif("flat", "flat", np.full((9, 4), 0.25)),))
    hits = pd.DataFrame(
        {"target_id": ["flat"], "offset": [0], "overlap": [9], "orientation": ["+"]}
    )
    assert coverage(hits, flat).tolist() == [0.0]


def test_bits_of_columns() -> None:
    ppm = np.array([[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25, 0.25, 0.25, 0.25]])
    np.testing.assert_allclose(column_information(ppm), [2, 1, 0], atol=1e-12)
