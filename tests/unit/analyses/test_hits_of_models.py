"""Hits: contributions against full evaluations, thresholds by hand, files against each other."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pysam
import pytest
from test_explain import CONFIG, LENGTH, TASKS, untrained
from test_mutagenesis import table
from variant_fixtures import motif_rows, replicate, write_genome

from nfexplainn import dna
from nfexplainn.analyses.hits.run import NONE_SUPPORTED, write_hits
from nfexplainn.analyses.hits.tables import genome_id
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.interpret.motif_rows import RowSplitter
from nfexplainn.interpret.site_effect import LOWERS, RAISES
from nfexplainn.io.genome import Genome, open_genome
from nfexplainn.models.checkpoint import LoadedModel, ModelHeader
from nfexplainn.models.torch_model import TorchModel
from nfexplainn.motifs import places as places_module
from nfexplainn.motifs.motif import Motif
from nfexplainn.motifs.places import PlaceScanner, best_apart
from nfexplainn.results.hits.contributions import Contributions, Sites, cut_sites, same_sign
from nfexplainn.results.hits.finder import Finder, make_finder, row_table
from nfexplainn.results.hits.regions import Regions
from nfexplainn.results.hits.scan import scan, union
from nfexplainn.results.hits.thresholds import (
    NONE_REACHES,
    TOO_FEW,
    ScoredRow,
    Threshold,
    find_threshold,
    make_thresholds,
    scored_rows,
)
from nfexplainn.results.windows import Shape

WORD = "ACGTTGCA"[:3] + "GGATC"


def splitters(kernel: str = "native") -> list[RowSplitter]:
    rows = motif_rows()
    return [
        RowSplitter(replicate(number, kernel).loaded.model, True, rows, number) for number in (1, 2)
    ]


def word_motif(word: str = WORD, id: str = "row_002") -> Motif:
    ppm = np.full((len(word), 4), 0.02)
    ppm[np.arange(len(word)), dna.encode([word])[0]] = 0.94
    return Motif(id, "", ppm, 100.0)


def part_of(codes: dna.Codes, number: int, row: int, task: int) -> np.ndarray:
    """The row's part of the logit by a full evaluation of both strands."""
    module = untrained(number)
    model = TorchModel(module)
    outputs = (model.unit_outputs(codes) + model.unit_outputs(dna.reverse_complement(codes))) / 2
    units = motif_rows().of_units(number, outputs.shape[1]) == row
    return np.asarray(outputs[:, units] @ model.final_weight[task, units])


def some_sites() -> Sites:
    """In the middle, at both ends, over the N, and on the short chromosome."""
    rng = np.random.default_rng(3)
    start = np.array([0, 3992, 1998, 2005, 5, 880, *rng.integers(0, 890, 30).tolist()])
    chrom = np.array([0, 0, 0, 0, 1, 1, *rng.integers(0, 2, 30).tolist()])
    n = len(start)
    return Sites(chrom, start, start + 8, rng.integers(0, 3, n), rng.integers(0, 2, n))


@pytest.mark.parametrize("kernel", ["native", "torch"])
def test_contributions_are_those_of_full_evaluations(tmp_path: Path, kernel: str) -> None:
    genome = write_genome(tmp_path)
    sites, shape = some_sites(), Shape(LENGTH)
    found = Contributions(splitters(kernel), genome, shape).of(sites)
    for at in range(len(sites)):
        chrom, start, end, row, task = (
            int(getattr(sites, name)[at]) for name in ("chrom", "start", "end", "row", "task")
        )
        size = int(genome.sizes[chrom])
        begin = min(max((start + end) // 2 - LENGTH // 2, 0), size - LENGTH)
        codes = genome.fetch(np.array([chrom]), np.array([begin]), LENGTH)
        without = codes.copy()
        without[0, start - begin : end - begin] = dna.N_CODE
        for number in (1, 2):
            whole = part_of(codes, number, row, task) - part_of(without, number, row, task)
            assert found[number - 1, at] == pytest.approx(float(whole[0]), abs=1e-5)
    assert np.abs(found).max() > 1e-3


def test_windows_of_short_sequences_are_filled_up(tmp_path: Path) -> None:
    (tmp_path / "g.fa").write_text(f">a\n{'ACGTA' * 6}\n>b\n{'C' * 400}\n")
    genome = open_genome(tmp_path / "g.fa", "g.fa")
    one, other = (np.array(pair, dtype=np.int64) for pair in ([0, 1], [4, 200]))
    sites = Sites(one, other, other + 5, np.zeros(2, np.int64), np.zeros(2, np.int64))
    codes, edits = cut_sites(genome, sites, Shape(LENGTH, 4))
    assert codes.shape == (2, LENGTH)
    # 30 bp in 52, between 4 N on both sides.
    text = dna.decode(codes)[0]
    assert text == "N" * 15 + "ACGTA" * 6 + "N" * 15
    assert (edits.first[0], edits.last[0]) == (19, 24)
    changed = codes != edits.codes
    assert np.flatnonzero(changed[0]).tolist() == list(range(19, 24)) and changed[1].sum() == 5
    assert dna.decode(codes)[1] == "N" * 4 + "C" * 52 + "N" * 4
    assert edits.first[1] == 4 + 26 - 2


def test_same_sign_counts_replicates_of_the_mean_sign() -> None:
    found = same_sign(np.array([[1.0, -1, 0, 0], [2.0, 0.5, 0, -1], [0.0, 0.1, 0, -1]]))
    assert found.tolist() == [2, 1, 0, 2]


def slowly(positive: np.ndarray, negative: np.ndarray, rate: float) -> float:
    for score in sorted({float(one) for one in positive if one > 0}):
        ours = int((positive >= score).sum())
        each = len(positive) / max(len(negative), 1)  # positives for a negative
        others = int((negative >= score).sum())
        estimate = (others + 1) * each if len(negative) < len(positive) else others * each + 1
        if estimate / ours <= rate:
            return score
    return float("nan")


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.2])
@pytest.mark.parametrize("others", [0, 100, 400, 1600])
def test_the_threshold_is_the_lowest_that_keeps_the_rate(rate: float, others: int) -> None:
    rng = np.random.default_rng(others)
    positive = np.where(rng.random(400) < 0.6, rng.normal(8, 1.5, 400), rng.normal(2, 1, 400))
    negative = rng.normal(2, 1.2, others).round(1)
    found, reached = find_threshold(positive.round(1), negative, rate)
    wanted = slowly(positive.round(1), negative, rate)
    assert found == pytest.approx(wanted, nan_ok=True)
    assert (0 < reached <= rate) != np.isnan(found)


def test_few_sequences_have_no_threshold() -> None:
    score, _ = find_threshold(np.full(19, 9.0), np.full(19, 1.0), 0.05)
    assert np.isnan(score)
    score, reached = find_threshold(np.full(21, 9.0), np.full(21, 1.0), 0.05)
    assert score == 9 and reached == pytest.approx(1 / 21)


def test_a_few_negatives_without_a_hit_promise_no_low_rate() -> None:
    """Of 5 negatives none has a hit: that is no evidence of fewer than one in five."""
    score, least = find_threshold(np.full(1000, 9.0), np.full(5, 1.0), 0.05)
    assert np.isnan(score) and least == pytest.approx(1 / 5)
    score, reached = find_threshold(np.full(1000, 9.0), np.full(40, 1.0), 0.05)
    assert score == 9 and reached == pytest.approx(1 / 40)
    # As many negatives as one likes never make the rate smaller than 1 in the number of positives.
    assert find_threshold(np.full(40, 9.0), np.full(1000, 1.0), 0.05)[1] == pytest.approx(1 / 40)


def dataset(
    task_type: str = "binary", n: int = 600, tasks: int = 1, share: float = 0.7, folds: bool = False
) -> Dataset:
    """Sequences of which the first half has the word, in the last task (or its upper quarter)."""
    rng = np.random.default_rng(4)
    codes = rng.integers(0, 4, (n, LENGTH)).astype(np.uint8)
    word = dna.encode([WORD])[0]
    labels = np.zeros((n, tasks), dtype=np.float32)
    labels[: n // 2, -1] = 1
    if tasks > 1:
        labels[n // 2 : 3 * n // 4, 0] = 1
    if task_type == "multiclass":
        labels[3 * n // 4 :, 0] = 1
    if task_type == "regression":
        labels[:, -1] = np.linspace(5, -5, n)
    for row in range(int(share * n // 2)):
        at = int(rng.integers(0, LENGTH - len(WORD)))
        codes[row, at : at + len(WORD)] = word if row % 2 else dna.reverse_complement(word[None])[0]
    split = np.array(["train", "valid", "test"])[np.arange(n) % 3]
    meta = DatasetMeta("d", "peaks", task_type, TASKS[:tasks], LENGTH, True, 1)  # type: ignore[arg-type]
    names = [f"s{row}" for row in range(n)]
    if folds:
        return Dataset(
            meta, names, codes, split[:0], labels, None, (np.arange(n) % 5).astype(np.int8)
        )
    return Dataset(meta, names, codes, split, labels)


def threshold(data: Dataset, task: int, rate: float = 0.05, *, lowers: bool = False) -> Threshold:
    return make_thresholds([ScoredRow(1, word_motif(), task, lowers)], data, rate, 1)[0]


def test_thresholds_are_of_held_out_sequences() -> None:
    found = threshold(dataset(), 0)
    assert (found.positives, found.negatives) == (100, 100) and found.note == ""
    assert found.positive_hits == 70 and found.negative_hits <= 2 and found.fdr <= 0.05
    assert 0 <= found.per_kb <= 0.5
    folded = threshold(dataset(folds=True), 0)
    assert (folded.positives, folded.negatives) == (300, 300) and folded.positive_hits >= 210


def test_negatives_are_shuffles_where_there_are_none() -> None:
    classes = threshold(dataset("multiclass", tasks=2), 1)
    assert (classes.positives, classes.negatives) == (100, 100) and classes.positive_hits == 70
    values = threshold(dataset("regression", n=2400, share=0.5), 0)
    assert (values.positives, values.negatives) == (200, 200) and values.positive_hits > 190
    low = threshold(dataset("regression", n=2400, share=0.5), 0, lowers=True)
    assert low.note.startswith(NONE_REACHES) and np.isnan(low.score)


def test_negatives_are_shuffles_where_there_are_too_few_for_the_rate() -> None:
    """Of a matrix, nearly every region of which is positive somewhere."""
    whole = dataset("multilabel", tasks=2)
    labels = whole.labels.copy()
    labels[:-30, 0] = 1  # 10 of the test part are in no task
    found = threshold(dataclasses.replace(whole, labels=labels), 1)
    assert (found.positives, found.negatives) == (100, 100) and found.positive_hits == 70
    assert threshold(dataclasses.replace(whole, labels=labels), 1, rate=0.2).negatives == 10


def test_negatives_of_a_task_are_in_no_other() -> None:
    found = threshold(dataset("multilabel", tasks=2), 1)
    assert (found.positives, found.negatives) == (100, 50)


def test_a_row_of_all_tasks_is_of_that_which_it_goes_with() -> None:
    found = threshold(dataset("multiclass", tasks=2), -1)
    assert found.task == 1 and found.positive_hits == 70


def test_why_there_is_no_threshold() -> None:
    assert threshold(dataset(n=60), 0).note == TOO_FEW
    assert threshold(dataset(share=0), 0).note.startswith(NONE_REACHES)
    # 12 of 100 positives are too few for 5 %, and none of the negatives has the word.
    few = threshold(dataset(share=0.12), 0)
    assert few.note == f"{NONE_REACHES}; the lowest is {100 / 12:.3g} %"


def test_rows_are_the_supported_else_all() -> None:
    motifs = {id: word_motif(id=id) for id in ("row_001", "row_002", "row_003")}
    lines = [
        {**line, "gain": str(gain), "direction": LOWERS}
        for task, gain in (("a", 0.2), ("b", 0.5))
        for line in table(task)
    ]
    found, supported = scored_rows(lines, tuple(motifs), motifs, TASKS)
    assert supported and [(row.place, row.task) for row in found] == [(1, 1)]
    none = [{**line, "supported": "false", "task": "*"} for line in lines]
    found, supported = scored_rows(none, tuple(motifs), motifs, TASKS)
    assert not supported and [(row.place, row.task) for row in found] == [(0, -1), (1, -1), (2, -1)]


def regions(*parts: tuple[str, int, int]) -> Regions:
    chrom = [chrom for chrom, _, _ in parts]
    start, end = (np.array([part[at] for part in parts], dtype=np.int64) for at in (1, 2))
    return Regions([f"{c}:{a}-{b}" for c, a, b in parts], chrom, start, end, "file", False, {})


def hits_in(genome: Genome, given: Regions, limit: float = 1.5) -> list[tuple[int, ...]]:
    scanner = PlaceScanner([word_motif(), word_motif("CATTAG")])
    codes = {name: code for code, name in enumerate(genome.names)}
    chrom = np.array([codes[name] for name in given.chrom])
    first, last = union(genome, chrom, given.start, given.end)
    found = []
    for one in scan(genome, first, last, scanner, np.full(2, limit)):
        columns = one.chrom, one.places.motif, one.places.start, one.places.strand
        found += list(zip(*(column.tolist() for column in columns), strict=True))
    return found


@pytest.mark.parametrize("chunk", [16, 64, 1000, 1 << 18])
def test_tiles_give_what_whole_chromosomes_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    genome = write_genome(tmp_path)
    scanner = PlaceScanner([word_motif(), word_motif("CATTAG")])
    wanted = []
    for code, size in enumerate(genome.sizes.tolist()):
        codes = genome.fetch(np.array([code]), np.array([0]), size)[0]
        places = scanner.places(codes, np.arange(size, 0, -1), np.full(2, 1.5))
        best = best_apart(places, scanner.widths)
        columns = best.motif, best.start, best.strand
        wanted += [(code, *row) for row in zip(*(c.tolist() for c in columns), strict=True)]
    monkeypatch.setattr("nfexplainn.results.hits.scan.CHUNK", chunk)
    whole = regions(("chrA", 0, 4000), ("chrB", 0, 900))
    assert hits_in(genome, whole) == wanted and len(wanted) > 50
    assert places_module.CHUNK == 1 << 18


def test_no_place_is_told_twice(tmp_path: Path) -> None:
    """Overlapping, touching, repeated and shuffled intervals are one; a site lies wholly in it."""
    genome = write_genome(tmp_path)
    parts = [("chrB", 300, 900), ("chrA", 100, 400), ("chrA", 350, 700), ("chrA", 100, 400)]
    parts += [("chrA", 700, 1000), ("chrA", 3800, 4000), ("chrA", 1990, 2020)]
    found = hits_in(genome, regions(*parts))
    joined = [("chrA", 100, 1000), ("chrA", 1990, 2020), ("chrA", 3800, 4000), ("chrB", 300, 900)]
    assert found == hits_in(genome, regions(*joined))
    assert len(set(found)) == len(found) > 20 and found == sorted(found, key=lambda f: (f[0], f[2]))
    widths = np.array([8, 6])
    for chrom, motif, start, _ in found:
        own = [p for p in joined if genome.names[chrom] == p[0]]
        assert any(a <= start and start + widths[motif] <= b for _, a, b in own)


def finder(supported: bool = True, share: float = 0.7) -> Finder:
    replicates = {number: replicate(number).loaded for number in (1, 2)}
    lines = [
        {**line, "gain": f"0.{at}", "direction": RAISES}
        for at, task in enumerate(TASKS)
        for line in table(task)
    ]
    if not supported:
        lines = [{**line, "supported": "false"} for line in lines]
    data = dataset("multilabel", tasks=2, share=share)
    motifs = [word_motif(id=id) for id in ("row_001", "row_002", "row_003")]
    return make_finder(replicates, row_table(lines, motifs), data, seed=1)


def planted(tmp_path: Path) -> tuple[Genome, set[tuple[int, str]]]:
    """A genome with the word here and there on both strands."""
    rng = np.random.default_rng(9)
    codes = rng.integers(0, 4, (1, 6000)).astype(np.uint8)
    word, sites = dna.encode([WORD]), set()
    for number, at in enumerate(range(50, 5900, 90)):
        turned = number % 2 == 1
        codes[:, at : at + len(WORD)] = dna.reverse_complement(word) if turned else word
        sites.add((at, "-" if turned else "+"))
    (tmp_path / "hg38.fa").write_text(f">chr1\n{dna.decode(codes)[0]}\n>chr2\nACGT\n")
    return open_genome(tmp_path / "hg38.fa", "/data/hg38.fa.gz"), sites


def bed_of(path: Path) -> list[list[str]]:
    with pysam.BGZFile(str(path)) as handle:
        return [line.split("\t") for line in handle.read().decode().splitlines()[1:]]


def test_files_hold_planted_sites_and_agree(tmp_path: Path) -> None:
    genome, sites = planted(tmp_path)
    parts = [("chr1", 0, 1000), ("chr1", 3000, 6000), ("chr1", 1000, 3000), ("chr2", 0, 4)]
    read = {"file": "a.bed", "genome": genome.name, "kind": "file", "sequences": False, "notes": {}}
    given = regions(*parts)
    write_hits(finder(), given, genome, read, tmp_path / "d.explainn", 0.05)
    rows = bed_of(tmp_path / "d.explainn.hits.bed.gz")
    assert sites <= {(int(row[1]), row[5]) for row in rows} and len(rows) < 1.3 * len(sites)
    assert {row[3] for row in rows} == {"TTACA"} and {row[9] for row in rows} == {"row_002"}
    exact = [row for row in rows if (int(row[1]), row[5]) in sites]
    assert {row[4] for row in exact} == {"1000"} and {row[7] for row in exact} <= {"0", "1"}
    with pysam.TabixFile(str(tmp_path / "d.explainn.hits.bed.gz")) as index:
        assert [line.split("\t") for line in index.fetch()] == rows
        few = [line.split("\t") for line in index.fetch("chr1", 2000, 3000)]
    assert few == [row for row in rows if int(row[2]) > 2000 and int(row[1]) < 3000]
    by_peak = pq.read_table(tmp_path / "d.explainn.peak_by_motif.parquet").to_pandas()
    assert by_peak["peak"].tolist() == given.names
    assert by_peak["sites:row_002"].sum() == len(rows) and by_peak["sites:row_002"][3] == 0
    for at, (chrom, start, end) in enumerate(parts):
        own = [
            row
            for row in rows
            if row[0] == chrom and start <= (int(row[1]) + int(row[2])) // 2 < end
        ]
        assert by_peak["sites:row_002"][at] == len(own)
        total = sum(float(row[6]) for row in own)
        assert by_peak["contribution:row_002"][at] == pytest.approx(total, rel=1e-3, abs=1e-4)
    with (tmp_path / "d.explainn.hits_thresholds.tsv").open() as handle:
        (line,) = csv.DictReader(handle, delimiter="\t")
    assert int(line["hits"]) == len(rows) and line["regions_with_hit"] == "3"
    assert float(line["regions_share"]) == 0.75 and line["supported"] == "true"
    mean = np.mean([float(row[6]) for row in rows])
    assert float(line["contribution"]) == pytest.approx(mean, rel=1e-3)
    session = (tmp_path / "d.explainn.igv_session.xml").read_text()
    assert 'genome="hg38"' in session and 'index="d.explainn.hits.bed.gz.tbi"' in session


def test_a_region_counts_what_overlapping_ones_do(tmp_path: Path) -> None:
    genome, _ = planted(tmp_path)
    read = {"file": "a.bed", "genome": "g", "kind": "file", "sequences": True, "notes": {}}
    parts = [("chr1", 0, 1000), ("chr1", 500, 1500), ("chr1", 0, 1000), ("chr1", 600, 700)]
    write_hits(finder(), regions(*parts), genome, read, tmp_path / "d.explainn", 0.05)
    rows = bed_of(tmp_path / "d.explainn.hits.bed.gz")
    middles = [(int(row[1]) + int(row[2])) // 2 for row in rows]
    by_peak = pq.read_table(tmp_path / "d.explainn.peak_by_motif.parquet").to_pandas()
    wanted = [sum(a <= middle < b for middle in middles) for _, a, b in parts]
    assert by_peak["sites:row_002"].tolist() == wanted
    assert len(set(middles)) == len(middles)
    assert not (tmp_path / "d.explainn.igv_session.xml").exists()


def test_without_a_threshold_there_is_an_empty_bed_and_the_sentence(tmp_path: Path) -> None:
    genome, _ = planted(tmp_path)
    read = {"file": "a.bed", "genome": "g", "kind": "file", "sequences": False, "notes": {}}
    given = regions(("chr1", 0, 1000))
    lines = write_hits(finder(False, share=0), given, genome, read, tmp_path / "d.explainn", 0.05)
    assert all(str(line[-1]).startswith(NONE_REACHES) for line in lines) and len(lines) == 3
    assert bed_of(tmp_path / "d.explainn.hits.bed.gz") == []
    with pysam.TabixFile(str(tmp_path / "d.explainn.hits.bed.gz")) as index:
        assert list(index.contigs) == []
    summary = (tmp_path / "d.explainn.hits_summary.json").read_text()
    assert NONE_SUPPORTED in summary


@pytest.mark.parametrize(
    ("name", "id"),
    [("/data/hg38.fa.gz", "hg38"), ("sacCer3", "sacCer3"), ("my.genome.fasta", "my.genome")],
)
def test_genomes_are_called_as_in_igv(name: str, id: str) -> None:
    assert genome_id(name) == id


def test_header_of_a_model() -> None:
    """Rows that are judged for all tasks together are of the mean-free weights, here too."""
    header = ModelHeader("explainn", vars(CONFIG), TASKS, "multiclass", replicate=1)
    loaded = LoadedModel(TorchModel(untrained(1)), header)
    lines = [{**line, "gain": "", "direction": ""} for line in table("*")]
    data = dataset("multiclass", tasks=2)
    motifs = [word_motif(id=id) for id in ("row_001", "row_002", "row_003")]
    found = make_finder({1: loaded}, row_table(lines, motifs), data, seed=1)
    assert found.thresholds[0].task == 1 and found.splitters[0].rows.centred
