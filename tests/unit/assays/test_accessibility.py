from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nfexplainn.assays.accessibility import prepare
from nfexplainn.assays.signal import quantile_normalise, scale_to_mean
from nfexplainn.assays.tracks import WindowSums
from nfexplainn.errors import UnusableError, UserError
from nfexplainn.io.genome import index_genome
from region_fixtures import SIZES, make_genome, make_spec, regions

Rows = list[tuple[str, int, int, float]]


@pytest.fixture(scope="module")
def genome(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_genome(tmp_path_factory.mktemp("genome"))


def bed(n: int = 50) -> str:
    return "".join(f"{c}\t{s}\t{e}\n" for c, s, e in regions(n))


def signal(seed: int, n: int = 400) -> Rows:
    """Intervals of any length and place, overlapping and unsorted."""
    rng = np.random.default_rng(seed)
    rows: Rows = []
    for _ in range(n):
        name = str(rng.choice(list(SIZES)))
        start = int(rng.integers(0, SIZES[name] - 1))
        end = min(SIZES[name], start + int(rng.integers(1, 900)))
        rows.append((name, start, end, float(rng.integers(1, 9))))
    return rows


def base_by_base(rows: Rows) -> dict[str, np.ndarray]:
    """Paint the signal, a value per base."""
    painted = {name: np.zeros(size) for name, size in SIZES.items()}
    for name, start, end, value in rows:
        painted[name][start:end] += value
    return painted


def expected(names: list[str], painted: dict[str, np.ndarray]) -> np.ndarray:
    out = []
    for name in names:
        chromosome, _, place = name.removesuffix("(+)").partition(":")
        start, end = map(int, place.split("-"))
        out.append(painted[chromosome][start:end].sum())
    return np.array(out)


@settings(max_examples=60, deadline=None)
@given(
    starts=st.lists(st.integers(0, 120), min_size=1, max_size=20),
    width=st.integers(1, 40),
    intervals=st.lists(
        st.tuples(st.integers(0, 150), st.integers(1, 90), st.integers(-3, 5)), max_size=20
    ),
)
def test_sums_equal_those_base_by_base(
    starts: list[int], width: int, intervals: list[tuple[int, int, int]]
) -> None:
    sums = WindowSums(np.array(starts), width)
    painted = np.zeros(400)
    for start, size, value in intervals:
        painted[start : start + size] += value
    half = len(intervals) // 2
    for part in (intervals[:half], intervals[half:]):
        start, size, value = (np.array([i[k] for i in part], dtype=np.int64) for k in range(3))
        sums.add(start, start + size, value.astype(float))
    np.testing.assert_allclose(sums.sums(), [painted[s : s + width].sum() for s in starts])


def test_bedgraphs_are_summed_over_windows(tmp_path: Path, genome: Path) -> None:
    tracks = [signal(1), signal(2)]
    files: dict[str, Any] = {
        f"{i}.bg": "track type=bedGraph\n#x\n"
        + "".join(f"{c}\t{s}\t{e}\t{v:g}\n" for c, s, e, v in rows)
        for i, rows in enumerate(tracks)
    }
    files["r.bed"] = bed()
    rows = [{"sample": "B", "data": 0}, {"sample": "T", "data": 1, "label": "T cell"}]
    spec = make_spec(
        tmp_path, genome, "accessibility", files, rows, regions="r.bed", transform="none"
    )
    got = prepare(spec).dataset
    assert (got.meta.task_type, got.meta.tasks) == ("regression", ("B", "T cell"))
    assert len(got) == 50
    for column, track in enumerate(tracks):
        np.testing.assert_allclose(got.labels[:, column], expected(got.names, base_by_base(track)))


@pytest.mark.parametrize("form", ["bed3", "fragments", "bedpe", "blanks"])
def test_fragments_count_where_the_enzyme_cut(tmp_path: Path, genome: Path, form: str) -> None:
    rows = signal(3)
    painted = {name: np.zeros(size) for name, size in SIZES.items()}
    for name, start, end, _ in rows:
        painted[name][start] += 1
        painted[name][end - 1] += 1
    if form == "bed3":
        lines = [f"{c}\t{s}\t{e}" for c, s, e, _ in rows]
    elif form == "blanks":
        lines = [f"{c} {s} {e}" for c, s, e, _ in rows]
    elif form == "fragments":
        lines = ["# id=x", *(f"{c}\t{s}\t{e}\tACGT-1\t2" for c, s, e, _ in rows)]
    else:
        lines = [
            f"{c}\t{s}\t{min(s + 30, e)}\t{c}\t{max(s, e - 30)}\t{e}\tr" for c, s, e, _ in rows
        ]
    with gzip.open(tmp_path / "f.gz", "wt") as out:
        out.write("\n".join(lines) + "\n")
    files: dict[str, Any] = {"f.gz": None, "r.bed": bed()}
    spec = make_spec(tmp_path, genome, "accessibility", files, regions="r.bed", transform="none")
    got = prepare(spec).dataset
    np.testing.assert_allclose(got.labels[:, 0], expected(got.names, painted))


def test_the_number_of_fragments_tells_of_a_file_joined_to_itself(
    tmp_path: Path, genome: Path
) -> None:
    lines = "".join(f"{c}\t{s}\t{e}\tACGT-1\t2\n" for c, s, e, _ in signal(3))
    count, once = lines.count("\n"), gzip.compress(lines.encode())
    files: dict[str, Any] = {"f.gz": once + once, "r.bed": bed()}
    spec = make_spec(tmp_path, genome, "accessibility", files, regions="r.bed", transform="none")
    assert ("f.gz", "records", f"{2 * count:,}") in prepare(spec).readings


def test_bigwig_equals_bedgraph(tmp_path: Path, genome: Path) -> None:
    pybigtools = pytest.importorskip("pybigtools", reason="needs pybigtools to write a bigWig")
    rng = np.random.default_rng(4)
    rows = [
        (name, start, start + 50, float(rng.integers(0, 5)))
        for name in ("chr1", "chr10", "chr2")
        for start in range(0, SIZES[name] - 50, 120)
    ]
    writer = pybigtools.open(str(tmp_path / "a.bw"), "w")
    writer.write(SIZES, iter(rows))
    text = "".join(f"{c}\t{s}\t{e}\t{v:g}\n" for c, s, e, v in rows)
    files: dict[str, Any] = {"a.bw": None, "a.bg": text, "r.bed": bed()}
    sheet = [{"sample": "w", "data": 0}, {"sample": "g", "data": 1}]
    spec = make_spec(
        tmp_path, genome, "accessibility", files, sheet, regions="r.bed", transform="none"
    )
    got = prepare(spec).dataset
    assert got.labels[:, 0].any()
    np.testing.assert_allclose(got.labels[:, 0], got.labels[:, 1])


def test_tiles_stand_at_even_distances(tmp_path: Path, genome: Path) -> None:
    text = "".join(f"{c}\t{s}\t{e}\t{v:g}\n" for c, s, e, v in signal(5))
    spec = make_spec(tmp_path, genome, "accessibility", {"a.bg": text}, tile_step=500)
    got = prepare(spec).dataset
    starts = {int(n.split(":")[1].split("-")[0]) for n in got.names}
    assert all(start % 500 == 0 for start in starts)
    # 60 + 40 + 20 places, without those that meet the 500 unknown bases
    assert len(got) == 60 + 40 + 20 - 1


def table(n: int = 60, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(regions(n), columns=["chrom", "start", "end"])
    for sample in "ABC":
        frame[sample] = rng.gamma(2, 5, n)
    return frame


def test_a_table_is_taken_as_it_is_unless_asked(tmp_path: Path, genome: Path) -> None:
    frame = table()
    files: dict[str, Any] = {"t.tsv": frame.to_csv(sep="\t", index=False)}
    plain = prepare(make_spec(tmp_path, genome, "accessibility", files)).dataset
    np.testing.assert_allclose(plain.labels, frame[["A", "B", "C"]], rtol=1e-5)
    logs = prepare(make_spec(tmp_path, genome, "accessibility", files, transform="log2")).dataset
    np.testing.assert_allclose(logs.labels, np.log2(1 + frame[["A", "B", "C"]]), rtol=1e-5)
    both = make_spec(tmp_path, genome, "accessibility", files, transform="log2_quantile")
    normal = prepare(both).dataset
    same = np.sort(normal.labels, axis=0)
    np.testing.assert_allclose(same[:, 0], same[:, 1], rtol=1e-5)
    np.testing.assert_allclose(same[:, 0], np.sort(logs.labels, axis=0).mean(axis=1), rtol=1e-5)


def test_scaled_samples_differ_in_no_more_than_depth_did(tmp_path: Path, genome: Path) -> None:
    frame = table()
    frame["B"], frame["C"] = 3 * frame["A"], np.nan
    frame.loc[:9, "C"] = frame["A"][:10]
    files: dict[str, Any] = {"t.tsv": frame.to_csv(sep="\t", index=False)}
    spec = make_spec(tmp_path, genome, "accessibility", files, transform="log2_scaled")
    got = prepare(spec).dataset
    np.testing.assert_allclose(got.labels[:, 0], got.labels[:, 1], rtol=1e-5)
    means = np.nanmean(2.0 ** got.labels.astype(float) - 1, axis=0)
    np.testing.assert_allclose(means, frame[["A", "B", "C"]].mean().mean(), rtol=1e-4)
    assert np.isnan(got.labels[10:, 2]).all()
    np.testing.assert_array_equal(scale_to_mean(np.zeros((3, 2))), np.zeros((3, 2)))
    np.testing.assert_array_equal(scale_to_mean(np.array([[0.0, 2], [0, 4]]))[:, 0], [0, 0])


def test_tracks_are_logged_and_normalised_by_default(tmp_path: Path, genome: Path) -> None:
    files: dict[str, Any] = {
        f"{i}.bg": "".join(f"{c}\t{s}\t{e}\t{v:g}\n" for c, s, e, v in signal(i)) for i in (1, 2)
    }
    files["r.bed"] = bed()
    rows = [{"sample": "a", "data": 0}, {"sample": "b", "data": 1}]
    got = prepare(make_spec(tmp_path, genome, "accessibility", files, rows, regions="r.bed"))
    assert got.dataset.meta.extra["transform"] == "log2_quantile"
    sums = [expected(got.dataset.names, base_by_base(signal(i))) for i in (1, 2)]
    want = quantile_normalise(np.log2(1 + np.stack(sums, axis=1)).astype(np.float32))
    np.testing.assert_allclose(got.dataset.labels, want, rtol=1e-5)


def test_quantiles_of_a_known_example() -> None:
    """Bolstad's procedure by hand: ranks get the mean of their rank; ties stay ties."""
    values = np.array([[5, 4, 3], [2, 1, 4], [3, 4, 6], [4, 2, 8]], dtype=np.float32)
    means = np.array([2.0, 3.0, 14 / 3, 17 / 3])
    want = np.array(
        [
            [means[3], means[2:].mean(), means[0]],
            [means[0], means[0], means[1]],
            [means[1], means[2:].mean(), means[2]],
            [means[2], means[1], means[3]],
        ]
    )
    np.testing.assert_allclose(quantile_normalise(values), want, rtol=1e-6)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 40), st.integers(1, 5))
def test_normalising_keeps_order_and_unknowns(seed: int, n: int, tasks: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 9, (n, tasks)).astype(np.float32)
    values[rng.random(values.shape) < 0.2] = np.nan
    out = quantile_normalise(values)
    np.testing.assert_array_equal(np.isnan(out), np.isnan(values))
    for before, after in zip(values.T, out.T, strict=True):
        known = ~np.isnan(before)
        order = np.argsort(before[known], kind="stable")
        assert (np.diff(after[known][order]) >= -1e-5).all()
        for value in np.unique(before[known]):
            assert np.ptp(after[before == value]) == 0


def test_unknown_values_stay_unknown(tmp_path: Path, genome: Path) -> None:
    frame = table()
    frame.loc[3, "B"] = np.nan
    frame.loc[7, ["A", "B", "C"]] = np.nan
    files: dict[str, Any] = {"t.tsv": frame.to_csv(sep="\t", index=False)}
    got = prepare(make_spec(tmp_path, genome, "accessibility", files))
    assert np.isnan(got.dataset.labels).sum() == 1
    assert ("t.tsv", "no known value in any sample", 1) in got.dropped


TABLE = table().to_csv(sep="\t", index=False)
BG = "".join(f"chr2\t{i * 50}\t{i * 50 + 50}\t{i % 5}\n" for i in range(300))
RB = {"regions": "r.bed"}
BAD: dict[str, tuple[dict[str, Any], list[dict[str, Any]] | None, dict[str, Any], str]] = {
    "no regions": ({"a.bg": BG}, None, {}, "give a BED in the column 'regions'"),
    "both": ({"a.bg": BG, "r.bed": bed()}, None, RB | {"tile_step": 50}, "not both"),
    "regions for a table": ({"t.tsv": TABLE, "r.bed": bed()}, None, RB, "has its own"),
    "mixed": (
        {"a.bg": BG, "t.tsv": TABLE},
        [{"sample": "a", "data": 0}, {"sample": "t", "data": 1}],
        {},
        "t.tsv is a table of regions, other rows are tracks",
    ),
    "split": (
        {"a.bg": BG, "r.bed": bed()},
        [{"sample": "a", "data": 0, "split": "train"}],
        RB,
        "cannot be one part of a split",
    ),
    "two names": (
        {"a.bg": BG, "r.bed": bed()},
        [{"sample": "a", "data": 0, "label": "x"}, {"sample": "b", "data": 0, "label": "x"}],
        RB,
        "two rows are called 'x'",
    ),
    "value": (
        {"a.bg": BG + "chr2\t1\t9\tx\n", "r.bed": bed()},
        None,
        RB,
        "line 301: the value 'x'",
    ),
    "position": ({"a.bg": BG + "chr2\tq\t9\t1\n", "r.bed": bed()}, None, RB, "line 301: 'q' is no"),
    "interval": ({"a.bg": BG + "chr2\t9\t9\t1\n", "r.bed": bed()}, None, RB, "start 9 and end 9"),
    "columns": ({"a.bg": BG + "chr2\t9\n", "r.bed": bed()}, None, RB, "2 columns; bedgraph has"),
    "genome": (
        {"a.bg": BG.replace("chr2", "2"), "r.bed": bed()},
        None,
        RB,
        "none of its chromosomes",
    ),
    "assembly": (
        {
            "a.bg": "".join(f"chr10\t{i * 500}\t{i * 500 + 9}\t1\n" for i in range(99)),
            "r.bed": bed(),
        },
        None,
        RB,
        "begin beyond the end of their chromosome",
    ),
    "negative": (
        {"a.bg": BG + "chr2\t0\t9000\t-99\n", "r.bed": bed()},
        None,
        RB,
        "has no logarithm",
    ),
    "bigwig": (
        {"a.bw": b"\x26\xfc\x8f\x88broken", "r.bed": bed()},
        None,
        RB,
        "bigWig file cannot be",
    ),
    "step": ({"a.bg": BG}, None, {"tile_step": 0}, "give a whole number of bases"),
    "width": ({"a.bg": BG}, None, {"tile_step": 9, "width": 40_000}, "no chromosome is as long"),
    "transform": ({"t.tsv": TABLE}, None, {"transform": "sqrt"}, "transform is 'sqrt'"),
    "empty": ({"a.bg": "#x\n", "r.bed": bed()}, None, RB, "no record in this file"),
    "text": ({"t.tsv": TABLE.replace("\tC\n", "\tC\tD\n", 1)}, None, {}, "6 columns where the"),
    "bam": ({"a.bam": b"BAM\x01xxxx", "r.bed": bed()}, None, RB, "this is a BAM file"),
}


@pytest.mark.parametrize("case", list(BAD))
def test_mistakes_have_their_sentences(tmp_path: Path, genome: Path, case: str) -> None:
    files, rows, options, sentence = BAD[case]
    with pytest.raises(UserError) as error:
        prepare(make_spec(tmp_path, genome, "accessibility", files, rows, **options))
    assert sentence in str(error.value)
    assert all(line.endswith(".") for line in str(error.value).splitlines())


def test_what_cannot_be_learnt_is_unusable(tmp_path: Path, genome: Path) -> None:
    files: dict[str, Any] = {"t.tsv": TABLE}
    with pytest.raises(UnusableError, match="Only 60 regions"):
        prepare(make_spec(tmp_path, genome, "accessibility", files, min_positives=100))
    flat = table()
    flat[["A", "B", "C"]] = 1.0
    files = {"t.tsv": flat.to_csv(sep="\t", index=False)}
    with pytest.raises(UnusableError, match="All values are equal"):
        prepare(make_spec(tmp_path, genome, "accessibility", files))


@pytest.mark.realdata
def test_fragments_of_yeast(data_dir: Path, tmp_path: Path) -> None:
    """Cut sites of half a million fragments, against a count by hand; open regions have more."""
    index = index_genome(data_dir / "genome" / "sacCer3_R64.fa.gz", "sacCer3", tmp_path / "g.fa")
    folder = data_dir / "atac"
    (tmp_path / "f.bedpe.gz").symlink_to(folder / "yeast_SRR1822137_500k.bedpe.gz")
    files: dict[str, Any] = {"f.bedpe.gz": None}
    spec = make_spec(
        tmp_path,
        index,
        "accessibility",
        files,
        tile_step=400,
        transform="none",
    )
    got = prepare(spec).dataset
    frame = pd.read_csv(folder / "yeast_SRR1822137_500k.bedpe.gz", sep="\t", header=None)
    first = pd.DataFrame({"c": frame[0], "p": frame[1]})
    sites = pd.concat([first, pd.DataFrame({"c": frame[0], "p": frame[2] - 1})])
    inside = sites[sites.p % 400 < 200]
    counts = inside.groupby(["c", inside.p // 400]).size()
    for name, value in zip(got.names[::97], got.labels[::97, 0], strict=True):
        chromosome, _, place = name.partition(":")
        assert value == counts.get((chromosome, int(place.split("-")[0]) // 400), 0)
    assert len(got) > 29_000
