from __future__ import annotations

import gzip
import itertools
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nfexplainn.errors import UserError
from nfexplainn.io.intervals import (
    Regions,
    chain_overlapping,
    merge_close,
)
from nfexplainn.io.peak_files import read_peaks


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def ints(values: list[int]) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def test_bed3_takes_midpoints_and_passes_over_headers(tmp_path: Path) -> None:
    text = "track name=x\nbrowser position\n#c\n\nchr1\t10\t21\r\nchr2\t5\t6\n"
    peaks = read_peaks(write(tmp_path / "x.bed", text), "x")
    assert peaks.chromosomes == ("chr1", "chr2")
    assert peaks.summit.tolist() == [15, 5]
    assert np.isnan(peaks.score).all()
    assert not peaks.has_summits


def test_narrow_peak_takes_column_ten_and_seven_and_minus_one_means_middle(tmp_path: Path) -> None:
    rows = "chr1\t100\t200\t.\t1\t.\t7.5\t3\t2\t30\nchr1\t300\t400\t.\t1\t.\t2.5\t3\t2\t-1\n"
    peaks = read_peaks(write(tmp_path / "x", gzip.compress(rows.encode())), "x")
    assert peaks.summit.tolist() == [130, 350]
    assert peaks.score.tolist() == [7.5, 2.5]
    assert peaks.has_summits


def test_broad_peak_and_bed9_and_bed12_are_told_apart(tmp_path: Path) -> None:
    broad = read_peaks(write(tmp_path / "a", "chr1\t100\t200\t.\t9\t.\t7.5\t3\t2\n"), "a")
    assert (broad.summit[0], broad.score[0]) == (150, 7.5)
    bed9 = read_peaks(write(tmp_path / "b", "chr1\t100\t200\t.\t9\t.\t110\t190\t0\n"), "b")
    assert bed9.score[0] == 9
    row = "chr1\t100\t200\tn\t8\t+\t100\t200\t0\t2\t10,20\t0,80\n"
    assert read_peaks(write(tmp_path / "c", row), "c").score[0] == 8
    free = read_peaks(write(tmp_path / "d", "chr1\t100\t200\tname\tsome words\n"), "d")
    assert np.isnan(free.score[0])


@pytest.mark.parametrize("text", ["chr1 10  20\n", "chr1,10,20\n", '"chr1";10;20\n'])
def test_any_separator_and_quotes_are_read(tmp_path: Path, text: str) -> None:
    peaks = read_peaks(write(tmp_path / "x", text * 3), "x")
    assert peaks.chromosomes == ("chr1",)
    assert (peaks.start[0], peaks.end[0]) == (10, 20)


lines = st.lists(
    st.tuples(
        st.sampled_from(["chr1", "chrX", "scaffold_7"]),
        st.integers(0, 10**9),
        st.integers(1, 10**6),
        st.integers(0, 1000),
    ),
    min_size=1,
    max_size=20,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(lines)
def test_what_is_written_is_read(tmp_path: Path, rows: list[tuple[str, int, int, int]]) -> None:
    text = "".join(f"{c}\t{s}\t{s + n}\t.\t{score}\t-\n" for c, s, n, score in rows)
    peaks = read_peaks(write(tmp_path / "x", text), "x")
    names = [peaks.chromosomes[code] for code in peaks.chrom]
    assert list(zip(names, peaks.start, peaks.end - peaks.start, peaks.score, strict=True)) == [
        tuple(row) for row in rows
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=200) | st.text("chr0123456789\t-.\n x", max_size=120).map(str.encode))
def test_any_bytes_give_peaks_or_a_sentence(tmp_path: Path, raw: bytes) -> None:
    path = write(tmp_path / "x", raw)
    try:
        peaks = read_peaks(path, "x")
    except UserError as error:
        assert all(line.startswith("x") and line.endswith(".") for line in str(error).split("\n"))
    else:
        assert (peaks.start < peaks.end).all()
        assert (peaks.start >= 0).all()
        assert ((peaks.start <= peaks.summit) & (peaks.summit < peaks.end)).all()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("chr1\t20\t20\n", "line 1: start 20 is not before end 20"),
        ("chr1\t30\t20\n", "start 30 is not before end 20"),
        ("chr1\t-3\t20\n", "negative"),
        ("chr1\tten\t20\n", "'ten' is not a whole number"),
        ("chr1\t1\t2.5\n", "'2.5' is not a whole number"),
        ("chr1\t1e3\t2000\n", "'1e3' is not a whole number"),
        ("chr1\t10\n", "2 columns"),
        ("chr1\n", "one column"),
        ("one\ttwo\tthree\nchr1\t1\t5\n", "header, name its columns chrom, start and end"),
        ("p1\tchr1\t1\t5\t+\n", "the first column is a name"),
        ("chr1\t1e+05\t100400\n", "write 100000 (in R: options(scipen = 999))"),
        ("\t1\t5\n", "name is empty"),
        ("chr1\t1\t99999999999999\n", "beyond the end of any chromosome"),
        ("chr1\t1\t50\t.\t0\t.\t1\t1\t1\t60\n", "summit 60 (column 10) lies outside"),
        ("chr1\t1\t50\t.\t0\t.\t1\t1\t1\tx\n", "column 10) is not a whole number"),
        ("chr1\t1\t50\t.\t0\t.\thigh\t1\t1\t3\n", "column 7) is not a number"),
        ("# nothing\ntrack\n", "no interval"),
        ("", "empty"),
        (">chr1:1-5\nACGT\n", "for sequences use the assay 'sequences'"),
        ("@read1\nACGT\n+\nIIII\n", "FASTQ, not coordinates; for reads of HT-SELEX"),
        (b"PK\x03\x04xl/workbook", "Excel"),
        (b"\xd0\xcf\x11\xe0", "old Excel"),
        (b"\xeb\xf2\x89\x87\x04\x00", "bigBed"),
        (b"\x26\xfc\x8f\x88\x04\x00", "bigWig"),
        (gzip.compress(b"BAM\x01....", mtime=0), "BAM"),
        (gzip.compress(b"chr1\t1\t5\n" * 99, mtime=0)[:30], "damaged"),
    ],
)
def test_each_mistake_has_its_sentence(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(UserError) as caught:
        read_peaks(write(tmp_path / "f", content), "my.bed")
    assert message in str(caught.value)
    assert str(caught.value).startswith("my.bed")


def test_all_mistakes_are_told_with_their_lines(tmp_path: Path) -> None:
    text = "chr1\t1\t5\nchr1\t9\t5\nchr1\t1\t7\nchr1\tx\t5\n"
    with pytest.raises(UserError) as caught:
        read_peaks(write(tmp_path / "f", text), "f")
    assert [line.split(":")[0] for line in str(caught.value).split("\n")] == [
        "f, line 2",
        "f, line 4",
    ]


intervals = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 12)), max_size=12)


@given(intervals, intervals)
def test_regions_agree_with_sets_of_positions(
    members: list[tuple[int, int]], queries: list[tuple[int, int]]
) -> None:
    covered = {p for s, n in members for p in range(s, s + n)}
    start, length = ints([s for s, _ in members]), ints([n for _, n in members])
    regions = Regions.merge(start, start + length)
    assert {
        p for s, e in zip(regions.start, regions.end, strict=True) for p in range(s, e)
    } == covered
    assert (regions.start[1:] > regions.end[:-1]).all()
    asked = ints([s for s, _ in queries])
    ends = asked + ints([n for _, n in queries])
    expected = [bool(covered & set(range(s, s + n))) for s, n in queries]
    assert regions.overlap(asked, ends).tolist() == expected


@given(intervals)
def test_chains_are_the_connected_components_of_overlap(members: list[tuple[int, int]]) -> None:
    n = len(members)
    label = list(range(n))
    for _ in range(n):
        for i in range(n):
            for j in range(n):
                (a, la), (b, lb) = members[i], members[j]
                if a < b + lb and b < a + la:
                    label[i] = label[j] = min(label[i], label[j])
    start = ints([s for s, _ in members])
    chains = chain_overlapping(start, start + ints([k for _, k in members]))
    for i in range(n):
        for j in range(n):
            assert (chains[i] == chains[j]) == (label[i] == label[j])


@given(st.lists(st.integers(0, 400), max_size=25), st.sampled_from([10, 25.5, 100]))
def test_merged_centres_keep_their_distance(positions: list[int], distance: float) -> None:
    centre, owner = merge_close(ints(positions), distance)
    assert (np.diff(centre) >= distance).all()
    assert set(owner.tolist()) == set(range(len(centre)))
    for index, mean in enumerate(centre.tolist()):
        members = [p for p, o in zip(positions, owner.tolist(), strict=True) if o == index]
        assert min(members) <= mean <= max(members)


def test_merging_agrees_with_a_plain_loop() -> None:
    rng = np.random.default_rng(12)
    positions = np.concatenate([rng.integers(0, 3000, 60), rng.integers(9000, 9400, 60)])
    groups = [[int(p)] for p in np.sort(positions)]
    # Equal positions are one from the start.
    groups = [[p] * groups.count([p]) for p in sorted({g[0] for g in groups})]
    while True:
        means = [sum(g) // len(g) for g in groups]
        gaps = [b - a for a, b in itertools.pairwise(means)]
        if min(gaps) >= 100:
            break
        at = gaps.index(min(gaps))
        groups[at : at + 2] = [groups[at] + groups[at + 1]]
    centre, owner = merge_close(positions, 100)
    assert centre.tolist() == means
    found = [sorted(positions[owner == k].tolist()) for k in range(len(centre))]
    assert found == [sorted(g) for g in groups]


def test_a_crowd_of_many_summits_is_quick() -> None:
    positions = np.random.default_rng(1).integers(0, 200_000, 50_000)
    begin = time.perf_counter()
    merge_close(positions, 100)
    assert time.perf_counter() - begin < 10  # a loop over all pairs takes minutes


def test_two_near_summits_become_their_mean_and_the_nearest_merge_first() -> None:
    centre, owner = merge_close(ints([1000, 1040, 1130]), 100)
    assert centre.tolist() == [1020, 1130]
    assert owner.tolist() == [0, 0, 1]
    assert merge_close(ints([5, 5, 200]), 100)[0].tolist() == [5, 200]


def test_real_peak_files(data_dir: Path) -> None:
    macs = read_peaks(data_dir / "chipseq/CTCF_GM12878_chr22_macs3_peaks.hg19.narrowPeak", "m")
    assert len(macs) == 730
    assert macs.summit[0] == 17255466 + 166
    assert macs.score[0] == 13.2158
    tracks = read_peaks(
        data_dir / "atac/yeast_SRR1822137_hmmratac_accessible_regions.narrowPeak", "a"
    )
    assert len(tracks) in (1604, 1605)
    assert len(read_peaks(data_dir / "chipseq/yeast_Reb1_chexmix.bed", "r")) == 1078
