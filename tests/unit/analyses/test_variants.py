"""Variants: windows against strings, effects against full evaluations, parts against their sum."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats
from variant_fixtures import LENGTH, LIMIT, SIZES, UNITS, bases, other, scorer, write_genome

from nfexplainn import dna
from nfexplainn.analyses.variants import run, score
from nfexplainn.analyses.variants.alleles import Allele, Checker, check_file, read_alleles
from nfexplainn.analyses.variants.changes import Change, cut_windows, trimmed
from nfexplainn.analyses.variants.options import VariantOptions
from nfexplainn.analyses.variants.random_variants import (
    Background,
    draw,
    held_out_places,
    make_background,
)
from nfexplainn.analyses.variants.score import leading_parts
from nfexplainn.analyses.variants.tables import lines_of
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.errors import UserError
from nfexplainn.evaluation.predict import predict_logits
from nfexplainn.interpret.motif_rows import read_motif_rows
from nfexplainn.io.genome import Genome
from nfexplainn.io.variant_files import read_variants


@pytest.fixture
def genome(tmp_path: Path) -> Genome:
    torch.set_num_threads(1)
    return write_genome(tmp_path)


@pytest.mark.parametrize(
    ("ref", "alt", "expected", "kind"),
    [
        ("A", "G", Change(10, 1, "G"), "SNV"),
        ("A", "AT", Change(11, 0, "T"), "insertion"),
        ("AT", "A", Change(11, 1, ""), "deletion"),
        ("ACG", "ATG", Change(11, 1, "T"), "SNV"),
        ("ACG", "TCA", Change(10, 3, "TCA"), "MNV"),
        ("AAA", "AA", Change(10, 1, ""), "deletion"),
        ("CAAA", "CAA", Change(11, 1, ""), "deletion"),
        ("CAAA", "CAAAA", Change(11, 0, "A"), "insertion"),
        ("ACGT", "AGG", Change(11, 3, "GG"), "complex"),
    ],
)
def test_what_both_alleles_share_is_taken_off(
    ref: str, alt: str, expected: Change, kind: str
) -> None:
    assert trimmed(10, ref, alt) == expected
    assert expected.kind == kind


def test_a_record_of_several_alleles_is_judged_as_each_of_them_by_itself() -> None:
    """GATK and bcftools write CA>C and CAA>C as CAA>CA,C; normalised records end at the change."""
    assert trimmed(10, "CAA", "CA") == trimmed(10, "CA", "C") == Change(11, 1, "")
    assert trimmed(10, "CTGTG", "CTGTGTG") == trimmed(10, "C", "CTG") == Change(11, 0, "TG")


def some_changes(genome: Genome, seed: int = 1, count: int = 60) -> tuple[list[int], list[Change]]:
    """Changes of every kind, on both chromosomes, some in and beside the N."""
    rng = np.random.default_rng(seed)
    chrom, changes = [], []
    for at in range(count):
        code = at % 2
        start = int(rng.integers(200, SIZES[genome.names[code]] - 200))
        if at < 6:
            code, start = 0, 1995 + 3 * at
        removed, added = [(1, 1), (3, 3), (0, 4), (5, 0), (2, 7), (9, 2)][at % 6]
        text = "".join(rng.choice(list("ACGT"), added))
        if removed == added == 1:
            was = bases(genome, genome.names[code], start + 1)
            text = other(was) if was != "N" else "A"
        chrom.append(code)
        changes.append(Change(start, removed, text))
    return chrom, changes


def by_strings(genome: Genome, code: int, change: Change, offset: int) -> tuple[str, list[str]]:
    """The windows by hand: the whole chromosome as text, with and without the change."""
    size = SIZES[genome.names[code]]
    whole = dna.decode(genome.fetch(np.array([code]), np.array([0]), size))[0]
    begin = change.start + change.removed // 2 - LENGTH // 2 - offset
    end = begin + LENGTH
    new = whole[: change.start] + change.added + whole[change.start + change.removed :]
    left = new[begin:end]
    moved = len(change.added) - change.removed
    right = new[begin + moved : end + moved]
    return whole[begin:end], [left] if not moved else [left, right]


@pytest.mark.parametrize("offsets", [(0,), (-7, 0, 12)])
def test_windows_are_those_of_the_changed_chromosome(
    genome: Genome, offsets: tuple[int, ...]
) -> None:
    chrom, changes = some_changes(genome)
    cut = cut_windows(genome, np.array(chrom), changes, LENGTH, offsets)
    texts, edited = dna.decode(cut.codes), dna.decode(cut.edits.codes)
    at = 0
    for number, (code, change) in enumerate(zip(chrom, changes, strict=True)):
        for place, offset in enumerate(offsets):
            reference, expected = by_strings(genome, code, change, offset)
            row = number * len(offsets) + place
            assert texts[row] == reference
            for text in expected:
                assert edited[at] == text and cut.edits.row[at] == row and cut.change[at] == number
                low, high = int(cut.edits.first[at]), int(cut.edits.last[at])
                assert text[:low] == reference[:low] and text[high:] == reference[high:]
                at += 1
    assert at == len(edited)


@pytest.mark.parametrize("kernel", ["native", "torch"])
@pytest.mark.parametrize("both", [True, False])
@pytest.mark.parametrize("offsets", [(0,), (-5, 9)])
def test_effects_are_those_of_full_evaluations_and_parts_sum_to_them(
    genome: Genome, kernel: str, both: bool, offsets: tuple[int, ...]
) -> None:
    judge = scorer(genome, kernel, both, offsets)
    chrom, changes = some_changes(genome)
    found = judge.score(np.array(chrom), changes)
    models = [splitter._model for splitter in judge._splitters]
    expected = np.zeros((len(models), len(changes), len(judge.tasks)))
    reference = np.zeros((len(changes), len(judge.tasks)))
    for number, model in enumerate(models):
        for at, (code, change) in enumerate(zip(chrom, changes, strict=True)):
            before, after = [], []
            for offset in offsets:
                was, texts = by_strings(genome, code, change, offset)
                before.append(predict_logits(model, dna.encode([was]), average_strands=both)[0])
                logits = predict_logits(model, dna.encode(texts), average_strands=both)
                after.append(logits.mean(axis=0))
            expected[number, at] = np.mean(after, axis=0) - np.mean(before, axis=0)
            reference[at] += np.mean(before, axis=0) / len(models)
    assert np.abs(expected).max() > 0.1
    assert np.abs(found.by_replicate - expected).max() < 1e-5
    assert np.abs(found.reference - reference).max() < 1e-5
    assert np.abs(found.parts.sum(axis=2) - expected.mean(axis=0)).max() < 1e-5
    assert np.abs(found.delta - found.by_replicate.mean(axis=0)).max() < 1e-12


def test_leading_parts_are_the_largest_of_rows() -> None:
    parts = np.array([[[0.1, -3.0, 0.0, 9.0]], [[0.0, 0.0, 0.0, 1.0]]])
    assert leading_parts(parts, 3).tolist() == [[[1, 0, -1]], [[-1, -1, -1]]]


def test_sites_are_the_best_windows_over_the_change(genome: Genome) -> None:
    """By hand, window by window, for the first member of a row in each replicate."""
    judge = scorer(genome)
    chrom, changes = some_changes(genome)
    leading = np.zeros((len(changes), 2), dtype=np.int64)
    leading[:, 1] = 2
    sites = judge.sites(np.array(chrom), changes, leading)
    kinds = {one.change for pair in sites for one in pair}
    assert kinds >= {"created", "destroyed", "strengthened", "weakened"}
    width, limit = 9, LIMIT
    members = [[(0, 1), (1, 0)], [(0, 3), (1, 2)]]
    filters = [splitter._model.filters() for splitter in judge._splitters]

    def best(text: str, replicate: int, unit: int) -> tuple[float, int, int]:
        weights = np.pad(filters[replicate].weights[unit].astype(float), ((0, 1), (0, 0)))
        found = []
        for start in range(len(text) - width + 1):
            window = dna.encode([text[start : start + width]])
            for strand, codes in ((1, window[0]), (-1, dna.reverse_complement(window)[0])):
                value = weights[codes, np.arange(width)].sum() + filters[replicate].offset[unit]
                found.append((value, start - width + 1, strand))
        return max(found, key=lambda one: one[0])

    def read_by(word: str, replicate: int, unit: int) -> float:
        weights = filters[replicate].weights[unit].astype(float)
        value = weights[dna.encode([word])[0] % 4, np.arange(width)]
        known = dna.encode([word])[0] < dna.N_CODE
        return float(value[known].sum() + filters[replicate].offset[unit])

    for at, (code, change) in enumerate(zip(chrom, changes, strict=True)):
        chromosome = genome.names[code]
        left = bases(genome, chromosome, change.start - width + 2, width - 1)
        right = bases(genome, chromosome, change.start + change.removed + 1, width - 1)
        taken = (
            bases(genome, chromosome, change.start + 1, change.removed) if change.removed else ""
        )
        for task in (0, 1):
            pairs = [
                (best(left + taken + right, *one), best(left + change.added + right, *one))
                for one in members[task]
            ]
            hits = [pair for pair in pairs if max(pair[0][0], pair[1][0]) >= limit]
            found = sites[at][task]
            if not hits:
                assert found.change == ""
                continue
            for word, text in zip(
                found.words, (left + taken + right, left + change.added + right), strict=True
            ):
                turned = dna.decode(dna.reverse_complement(dna.encode([text])))[0]
                assert len(word) == width and (word in text or word in turned)
            read = [read_by(word, *one) for one in members[task] for word in found.words]
            for place in (found.reference, found.alternative):
                assert place is None or np.abs(np.array(read) - place.activation).min() < 1e-5
            was, now = max(hits, key=lambda pair: abs(np.exp(pair[0][0]) - np.exp(pair[1][0])))
            assert (found.reference is not None) == (was[0] >= limit)
            assert (found.alternative is not None) == (now[0] >= limit)
            if found.reference is not None:
                assert found.reference.activation == pytest.approx(was[0], abs=1e-5)
                assert (found.reference.start, found.reference.strand) == was[1:]
            if found.reference is not None and found.alternative is not None:
                same = abs(was[0] - now[0]) < 1e-6
                word = "strengthened" if now[0] > was[0] else "weakened"
                assert found.change == ("" if same else word)
            if found.alternative is not None:
                assert (found.alternative.start, found.alternative.strand) == now[1:]


def test_a_site_that_stays_as_it_is_has_not_changed(genome: Genome) -> None:
    judge, rng = scorer(genome), np.random.default_rng(0)
    starts = rng.integers(200, 1800, 200).tolist()
    # Doubled bases: the sites over them are there as before.
    changes = [Change(at, 0, bases(genome, "chrA", at - 19, 20)) for at in starts]
    leading = np.zeros((len(changes), 2), dtype=np.int64)
    found = [one for pair in judge.sites(np.zeros(200, int), changes, leading) for one in pair]
    both = [one for one in found if one.reference and one.alternative]
    equal = [
        one for one in both if abs(one.reference.activation - one.alternative.activation) < 1e-6
    ]
    assert len(equal) > 5 and {one.change for one in equal} == {""}
    assert {one.change for one in both} >= {"", "strengthened"}


def test_models_of_many_tasks_or_offsets_judge_fewer_at_a_time(
    genome: Genome, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge, given = scorer(genome), dataset(genome)
    cells = max(len(judge.tasks) * (len(judge.rows) + 1), 2 * (UNITS + LENGTH // 8))
    assert judge.chunk(2048) == 2048
    whole = make_background(judge, given, genome, {"SNV": [(1, 1)]}, (0,), 1, 60)
    monkeypatch.setattr(score, "MOST_CELLS", 7 * cells + 1)
    assert (judge.chunk(2048), judge.chunk(3)) == (7, 3)
    assert scorer(genome, offsets=tuple(range(-3, 4))).chunk(2048) == 1
    sizes = []
    own = judge.score
    monkeypatch.setattr(judge, "score", lambda *all: sizes.append(len(all[1])) or own(*all))
    parts = make_background(judge, given, genome, {"SNV": [(1, 1)]}, (0,), 1, 60)
    assert max(sizes) == 7 and np.allclose(whole.sizes["SNV"], parts.sizes["SNV"])


def test_an_insertion_before_the_first_base_of_a_chromosome(genome: Genome, tmp_path: Path) -> None:
    first = bases(genome, "chrB", 1)
    (tmp_path / "in.tsv").write_text(f"chrB\t1\t{first}\tTTG{first}\n")
    offsets = (-(LENGTH // 2),)
    checker = Checker("in.tsv", genome, LENGTH, offsets)
    files = tmp_path / "d.parquet", tmp_path / "d.tsv"
    assert check_file(read_variants(tmp_path / "in.tsv", "in.tsv"), checker, *files).judged == 1
    (alleles,) = read_alleles(files[0], 10)
    judged = run.judge(scorer(genome, offsets=offsets), Background({}), alleles)
    assert alleles[0].change.start == 0 and judged.kinds == ["insertion"]
    assert np.abs(judged.effects.delta).min() > 0


def dataset(genome: Genome, folds: int = 1) -> Dataset:
    """Windows of the genome and their shuffles."""
    starts = np.arange(100, 3700, 60)
    names = [f"chrA:{at}-{at + LENGTH}(+)" for at in starts.tolist()]
    names += [f"{name}|shuffle1" for name in names]
    codes = genome.fetch(np.zeros(len(starts), np.int64), starts, LENGTH)
    both = np.concatenate([codes, codes])
    meta = DatasetMeta("d", "peaks", "binary", ("a",), LENGTH, True, 1, folds=folds)
    labels = np.repeat([1, 0], len(starts)).astype(np.float32)[:, None]
    split = np.array(["train", "valid", "test"])[np.arange(len(both)) % 3]
    if folds == 1:
        return Dataset(meta, names, both, split, labels)
    fold = (np.arange(len(both)) % folds).astype(np.int8)
    return Dataset(meta, names, both, np.empty(0, "U5"), labels, fold=fold)


def test_random_variants_are_at_the_held_out_windows(genome: Genome) -> None:
    places = held_out_places(dataset(genome), genome)
    assert places.start.tolist() == list(range(220, 3700, 180))
    assert len(held_out_places(dataset(genome, folds=3), genome)) == 60
    rng = np.random.default_rng(3)
    lengths = [(1, 1)]
    chrom, changes = draw(places, genome, lengths, 500, LENGTH, (0,), rng)
    assert len(changes) == 500 and (chrom == 0).all()
    inside = [any(0 <= one.start - at < LENGTH for at in places.start) for one in changes]
    assert all(inside)
    assert all(bases(genome, "chrA", one.start + 1) not in (one.added, "N") for one in changes)
    _, indels = draw(places, genome, [(3, 0), (0, 2)], 100, LENGTH, (0, 20), rng)
    assert {(one.removed, len(one.added)) for one in indels} == {(3, 0), (0, 2)}


def test_windows_of_another_genome_are_none(genome: Genome, tmp_path: Path) -> None:
    """Names of a FASTA may be coordinates of another assembly; either strand will do."""
    data = dataset(genome)
    turned = dataclasses.replace(data, codes=dna.reverse_complement(data.codes))
    assert len(held_out_places(turned, genome)) == len(held_out_places(data, genome)) == 20
    (tmp_path / "other").mkdir()
    assert not len(held_out_places(data, write_genome(tmp_path / "other", seed=9)))


KINDS: list[tuple[str, list[tuple[int, int]]]] = [
    ("SNV", [(1, 1)]),
    ("insertion", [(0, 1), (0, 4), (0, 9)]),
    ("deletion", [(1, 0), (6, 0)]),
]


@pytest.mark.parametrize(("kind", "lengths"), KINDS)
def test_fresh_random_variants_have_uniform_percentiles(
    genome: Genome, kind: str, lengths: Sequence[tuple[int, int]]
) -> None:
    judge = scorer(genome)
    data = dataset(genome)
    background = make_background(judge, data, genome, {kind: lengths}, (0,), seed=1)
    assert background.sizes[kind].shape == (2000, 2)
    places = held_out_places(data, genome)
    fresh = np.random.default_rng(77)
    chrom, changes = draw(places, genome, lengths, 2000, LENGTH, (0,), fresh)
    delta = judge.score(chrom, changes).delta
    percentile = background.percentile([kind] * 2000, delta)
    assert percentile.min() >= 0 and percentile.max() <= 99.951
    for task in (0, 1):
        sizes = background.sizes[kind][:, task]
        assert stats.ks_2samp(sizes, np.abs(delta[:, task])).pvalue > 0.01
        assert stats.kstest(percentile[:, task] / 100, "uniform").pvalue > 0.01


def test_percentile_counts_those_at_least_as_large(genome: Genome) -> None:
    background = make_background(
        scorer(genome), dataset(genome), genome, {"SNV": [(1, 1)]}, (0,), seed=1, count=99
    )
    sizes = background.sizes["SNV"]
    largest = sizes[-1:] + 1
    found = background.percentile(["SNV", "SNV", "MNV"], np.vstack([largest, sizes[:1], largest]))
    assert found[0] == pytest.approx([99.0, 99.0])
    assert found[1] == pytest.approx([0.0, 0.0]) and np.isnan(found[2]).all()


def test_the_percentile_of_an_snv_is_the_same_whatever_else_is_in_the_file(genome: Genome) -> None:
    one, many = (
        make_background(scorer(genome), dataset(genome), genome, {"SNV": lengths}, (0,), 1, 50)
        for lengths in ([(1, 1)], [(1, 1)] * 7)
    )
    assert np.array_equal(one.sizes["SNV"], many.sizes["SNV"])


def test_without_coordinates_there_is_no_percentile(genome: Genome) -> None:
    data = dataset(genome)
    plain = Dataset(
        data.meta, [f"s{at}" for at in range(len(data))], data.codes, data.split, data.labels
    )
    found = make_background(scorer(genome), plain, genome, {"SNV": [(1, 1)]}, (0,), seed=1)
    assert "no coordinates" in found.why_none
    assert np.isnan(found.percentile(["SNV"], np.ones((1, 2)))).all()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("0,0", "more than once"), ("x", "give whole numbers from -30 to 29"), ("30", "-30 to 29")],
)
def test_offsets_that_fit_no_window(text: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        VariantOptions(variant_offsets=text).offsets(LENGTH)
    assert VariantOptions(variant_offsets="-30,0,29").offsets(LENGTH) == (-30, 0, 29)


def test_without_rows_all_is_other(genome: Genome) -> None:
    """A model without any motif, or a folder of results without evidence."""
    judge = scorer(genome, rows=read_motif_rows([]))
    chrom, changes = some_changes(genome, count=5)
    codes = np.array(chrom)
    found = judge.score(codes, changes)
    assert found.parts.shape == (5, 2, 1)
    assert np.abs(found.delta - scorer(genome).score(codes, changes).delta).max() < 1e-9
    alleles = [
        Allele(at, 1, genome.names[code], one.start + 1, "", "A", "C")
        for at, (code, one) in enumerate(zip(chrom, changes, strict=True), 1)
    ]
    judged = run.judge(judge, Background({}), alleles)
    assert judged.leading.shape == (5, 2, 0) and np.isnan(judged.percentile).all()
    lines = lines_of(judged, judge.rows)
    assert lines[0][0].parts == [] and lines[0][0].rest == pytest.approx(lines[0][0].delta[0])
