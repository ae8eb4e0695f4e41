"""What a motif is called: by what explains it, its family, a part of a longer one, or a repeat."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nfexplainn.interpret.options import AnnotateOptions
from nfexplainn.motifs.families import SHIPPED, common_family, family_of, label_of
from nfexplainn.motifs.formats import read_meme
from nfexplainn.motifs.matches import explained, known_matches, unit_coverage
from nfexplainn.motifs.motif import Motif, MotifSet, column_information
from nfexplainn.motifs.naming import Name, names_of
from nfexplainn.motifs.tomtom import tomtom

FLAT = np.full((5, 4), 0.25)


@pytest.fixture(scope="module")
def known(root: Path) -> MotifSet:
    return read_meme(next((root / "assets" / "motifs").glob("*vertebrates*.meme")))


@pytest.fixture(scope="module")
def fungi() -> MotifSet:
    pytest.importorskip("pyjaspar")
    from nfexplainn.motifs.jaspar import fetch_jaspar

    return fetch_jaspar("2026", "fungi")


def named(ppms: dict[str, np.ndarray], known: MotifSet) -> dict[str, Name]:
    queries = MotifSet(tuple(Motif(id, "", ppm, 500) for id, ppm in ppms.items()))
    hits = known_matches(queries, known, **AnnotateOptions().matching())
    return names_of(hits, queries, known)


def profile(known: MotifSet, name: str) -> np.ndarray:
    return max((m.ppm for m in known.motifs if m.name == name), key=len)


def counted(ppm: np.ndarray, sites: int, seed: int = 0) -> np.ndarray:
    """The same from as many sites, some of which hold no motif, with weak flanks beside it."""
    rng = np.random.default_rng(seed)
    whole = np.concatenate([FLAT, 0.85 * ppm + 0.15 * 0.25, FLAT])
    return np.array([rng.multinomial(sites, row / row.sum()) for row in whole]) / sites


def word(letters: str, strength: float = 0.85) -> np.ndarray:
    ppm = np.full((len(letters), 4), 0.25)
    for place, letter in enumerate(letters):
        if letter != "N":
            ppm[place] = (1 - strength) / 3
            ppm[place, "ACGT".index(letter)] = strength
    return ppm


PLANTED = ("CTCF", "REST", "GATA1", "ZNF143", "Pou5f1::Sox2", "RFX2", "HNF1A", "NRF1", "TP53")


@pytest.mark.parametrize("sites", [60, 500])
def test_a_planted_motif_with_flanks_gets_its_name_on_both_strands(known, sites: int) -> None:
    there = [name for name in PLANTED if any(m.name == name for m in known.motifs)]
    assert len(there) >= 6
    ppms = {name: counted(profile(known, name), sites) for name in there}
    turned = {name: ppm[::-1, ::-1] for name, ppm in ppms.items()}
    for found in (named(ppms, known), named(turned, known)):
        for name, called in found.items():
            assert name in called.names, (name, called)


def test_many_factors_of_a_family_are_told_by_it(known) -> None:
    called = named({"foxa": word("TGTTTAC"), "nr": word("TGACCTTTGACCT")}, known)
    assert called["foxa"].family.startswith("forkhead (") and "FOXA1" in called["foxa"].family
    assert called["nr"].family.startswith("nuclear receptor (")
    assert called["foxa"].name in called["foxa"].family


def test_half_of_a_long_motif_is_a_part_of_it(known) -> None:
    rest = next(motif.ppm for motif in known.motifs if motif.name == "REST")
    half = rest[: len(rest) // 2 + 1]
    called = named({"half": half, "turned": half[::-1, ::-1], "whole": rest}, known)
    assert called["half"].name == called["turned"].name == "part of REST"
    assert called["half"].target is None  # a row of it is not joined with that of the whole
    assert called["whole"].name == "REST" and called["whole"].target is not None


def test_two_motifs_side_by_side_have_the_name_of_neither(known) -> None:
    both = np.concatenate([profile(known, "GATA1"), FLAT[:1], profile(known, "CEBPA")])
    assert named({"both": both}, known)["both"] == Name()


def test_a_short_motif_does_not_name_one_that_says_more(fungi) -> None:
    """The heat-shock element holds ABF2's TCTAGA, but two sure bases more."""
    called = named(
        {"hse": word("TTCTAGAA"), "abf2": word("TCTAGA"), "sbf": word("ACGCGAAA")}, fungi
    )
    assert called["hse"] == Name()
    assert called["abf2"].name == "ABF2"
    assert called["sbf"].name == "SWI4"


def test_repeats_are_called_after_no_factor(fungi, known) -> None:
    for motifs in (fungi, known):
        called = named({"a": word("A" * 14), "ac": word("AC" * 7)}, motifs)
        assert called["a"].name == called["a"].family == "poly-A"
        assert called["ac"].name == "dinucleotide repeat (AC)"
        assert called["a"].target is None


def test_motifs_of_ones_own_have_no_family(known) -> None:
    own = [replace(m, id=f"own{n}") for n, m in enumerate(known.motifs) if "FOX" in m.name.upper()]
    called = named({"foxa": word("TGTTTAC")}, MotifSet(tuple(own)))["foxa"]
    assert "(" not in called.family and len(called.family.split(", ")) == 5
    assert called.name == called.family.split(", ")[0]
    bare = [replace(motif, name="") for motif in own]
    assert named({"foxa": word("TGTTTAC")}, MotifSet(tuple(bare)))["foxa"].name.startswith("own")


def test_a_motif_explains_itself_and_nothing_else(known) -> None:
    some = MotifSet(known.motifs[::60])
    hits = tomtom(some, known)
    share = explained(hits, some, known)
    itself = (hits["query_id"] == hits["target_id"]).to_numpy()
    assert itself.sum() == len(some.motifs) and (share[itself] > 0.93).all()
    assert (share >= 0).all() and (share <= 1).all()
    others = hits["q_value"].to_numpy() > 0.9
    assert np.median(share[others]) < 0.2


def test_explained_bits_against_the_relative_entropy() -> None:
    """Information less relative entropy, for a match over all columns that is as sharp."""
    query, target = Motif("q", "", word("TGACTCA", 0.9), 100), Motif("t", "", word("TGAATCA", 0.9))
    hits = tomtom(MotifSet((query,)), MotifSet((target,)))
    sure = (target.ppm + 0.01) / 1.04
    entropy = (query.ppm * np.log2(query.ppm / sure)).sum()
    bits = column_information(query.ppm).sum()
    found = explained(hits, MotifSet((query,)), MotifSet((target,)))
    assert found[0] >= (bits - entropy) / bits - 1e-9  # less sharp may suit better
    assert found[0] < 6 / 7  # one of seven columns is another


def test_coverage_of_the_unit_against_a_loop(known) -> None:
    some = MotifSet(known.motifs[:30])
    hits = tomtom(some, known, max_q=0.5)
    assert (hits["offset"] < 0).any() and (hits["offset"] > 0).any()
    bits = {m.id: np.maximum(column_information(m.ppm) - 0.25, 0) for m in some.motifs}
    widths = {m.id: len(m.ppm) for m in known.motifs}
    expected = [
        sum(
            value
            for column, value in enumerate(bits[hit.query_id])
            if 0 <= column + hit.offset < widths[hit.target_id]
        )
        / bits[hit.query_id].sum()
        for hit in hits.itertuples()
    ]
    np.testing.assert_allclose(unit_coverage(hits, some), expected, atol=1e-9)


def test_families_of_the_shipped_motifs(known) -> None:
    by_name = {motif.name: family_of(motif) for motif in known.motifs}
    assert by_name["FOXA1"] == "forkhead" and by_name["HNF4A"] == "nuclear receptor"
    assert by_name["CTCF"] == by_name["REST"] == ""  # zinc fingers with words of their own
    assert family_of(Motif("unit_001", "FOXA1", FLAT)) == ""
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()[1:]
    assert len({line.split("\t")[0] for line in lines}) == len(lines) > 2000
    assert all(len(line.split("\t")) == 2 and line.split("\t")[1].strip() for line in lines)


def test_a_family_needs_half_of_the_matches_and_two_of_them(known) -> None:
    by_name = {motif.name: motif for motif in known.motifs}
    fox, ctcf, rest = by_name["FOXA1"], by_name["CTCF"], by_name["REST"]
    assert common_family([fox, by_name["FOXC2"], ctcf]) == (
        "forkhead",
        [fox, by_name["FOXC2"]],
    )
    for some in ([fox], [fox, ctcf], [ctcf, fox], [fox, by_name["FOXC2"], *[ctcf] * 3], [rest], []):
        assert common_family(some) == ("", some)


def test_a_profile_without_a_family_gives_way_to_one_that_is_as_good(known) -> None:
    by_name = {motif.name: motif for motif in known.motifs}
    fox, ctcf = by_name["FOXA1"], by_name["CTCF"]
    some = [ctcf, fox, by_name["FOXC2"]]
    assert common_family(some, 2) == ("forkhead", some[1:])
    assert common_family(some, 1) == ("", some)
    # Zbtb2 has no family and the word of ETS factors, which is found in GABPA's peaks.
    zinc, ets = (profile(known, name)[:9] for name in ("Zbtb2", "ELK1"))
    between = 0.7 * zinc + 0.3 * ets
    hits = known_matches(
        MotifSet((Motif("a", "", between, 300),)), known, **AnnotateOptions().matching()
    )
    assert hits["target_id"][0].startswith("MA2340")
    (name,) = named({"ets": between}, known).values()
    assert name.family.startswith("ETS (EL") and family_of(name.target) == "ETS"
    (name,) = named({"rest": counted(profile(known, "REST"), 300)}, known).values()
    assert name.name == "REST"


@pytest.mark.parametrize(
    ("tf_class", "tf_family", "label"),
    [
        (["Fork head/winged helix factors"], ["FOX"], "forkhead"),
        (["C2H2 zinc finger factors"], ["More than 3 adjacent zinc fingers"], ""),
        (["Basic leucine zipper factors (bZIP)"], ["Group A"], "bZIP"),
        (["Basic leucine zipper factors (bZIP)"], [], "bZIP"),
        (["STAT domain factors"], ["STAT factors"], "STAT"),
        (["a", "b"], ["Ets-related", "FOX"], "ETS::forkhead"),
        (["a", "b"], ["Jun-related", "Fos-related"], "AP-1"),
        ([], [], ""),
    ],
)
def test_labels_of_families(tf_class: list[str], tf_family: list[str], label: str) -> None:
    assert label_of(tf_class, tf_family) == label
