from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfexplainn import dna
from nfexplainn.assays.peaks import prepare
from nfexplainn.assays.spec import InputFile, Prepared, Row, Spec, make_options
from nfexplainn.assays.windows import label_windows
from nfexplainn.data.dataset import Dataset, read_dataset
from nfexplainn.data.negatives import gc_bins
from nfexplainn.errors import UnusableError, UserError
from nfexplainn.io.coordinates import read_names
from nfexplainn.io.genome import index_genome

SIZES = {"chr1": 120_000, "chr2": 80_000, "chr3": 60_000}


@pytest.fixture(scope="session")
def genome(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Mixed case, with N from 50,000 to 52,000 of chr1."""
    rng = np.random.default_rng(2)
    path = tmp_path_factory.mktemp("genome") / "g.fa"
    text = ""
    for name, size in SIZES.items():
        letters = rng.choice(list("ACGTacgt"), size)
        if name == "chr1":
            letters[50_000:52_000] = "N"
        text += f">{name}\n" + "".join(letters) + "\n"
    path.write_text(text)
    index_genome(path, "g.fa", path)
    return path


def summits(seed: int, n: int = 200, names: tuple[str, ...] = tuple(SIZES)) -> list[str]:
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        name = names[i % len(names)]
        position = int(rng.integers(300, 49_000))
        rows.append(f"{name}\t{position}\t{position + 1}\tp{i}\t{i}")
    return rows


def run(
    tmp_path: Path,
    genome: Path,
    files: dict[str, list[str]],
    rows: list[dict[str, Any]] | None = None,
    others: tuple[int, ...] = (),
    **options: Any,
) -> Prepared:
    for name, lines in files.items():
        (tmp_path / name).write_text("\n".join(lines) + "\n")
    names = list(files)
    sheet = rows if rows is not None else [{"sample": "A", "data": 0}]
    spec = Spec(
        "d",
        "peaks",
        tuple(Row(line=i + 2, **row) for i, row in enumerate(sheet)),
        tuple(InputFile(name, str(tmp_path / name)) for name in names),
        make_options({"min_positives": 1, "width": 200} | options, 42),
        InputFile("g.fa", str(genome)),
        others,
    )
    return prepare(spec)


def counts(prepared: Prepared) -> dict[str, int]:
    return dict(prepared.dataset.meta.dropped)


def slices(dataset: Dataset, genome: Path) -> list[str]:
    text = genome.read_text().split(">")[1:]
    chromosomes = {block.split("\n")[0]: block.split("\n")[1] for block in text}
    where = read_names(dataset.names)
    return [
        chromosomes[where.chromosomes[c]][s:e].upper()
        for c, s, e in zip(where.chrom, where.start, where.end, strict=True)
    ]


def test_windows_are_what_their_names_say(tmp_path: Path, genome: Path) -> None:
    dataset = run(tmp_path, genome, {"a": summits(1)}).dataset
    assert dna.decode(dataset.codes) == slices(dataset, genome)
    assert dataset.meta.task_type == "binary"
    assert dataset.meta.tasks == ("A",)
    assert [source.name for source in dataset.meta.sources] == ["a", "g.fa"]
    assert len(set(dataset.names)) == len(dataset)


def test_the_window_stands_round_the_summit(tmp_path: Path, genome: Path) -> None:
    rows = ["chr1\t1000\t1400\t.\t1\t.\t5\t1\t1\t150", "chr2\t1000\t1401\t.\t1\t.\t5\t1\t1\t-1"]
    dataset = run(tmp_path, genome, {"a": rows}, width=200, valid_fraction=0.3).dataset
    assert dataset.names[:2] == ["chr1:1050-1250(+)", "chr2:1100-1300(+)"]
    dataset = run(tmp_path, genome, {"a": rows}, width=201, valid_fraction=0.3).dataset
    assert dataset.names[0] == "chr1:1050-1251(+)"  # the summit and 100 bp on either side


def test_negatives_have_the_positives_gc_and_touch_no_peak(tmp_path: Path, genome: Path) -> None:
    wide = [f"chr1\t{i}\t{i + 900}\tx\t{i}" for i in range(1000, 45_000, 2000)]
    prepared = run(tmp_path, genome, {"a": wide}, top_n=10)
    dataset = prepared.dataset
    positive = dataset.labels[:, 0] == 1
    bins = gc_bins(dataset.codes)
    assert Counter(bins[positive].tolist()) == Counter(bins[~positive].tolist())
    assert positive.sum() == 10
    assert counts(prepared)["not among the top_n"] == 12
    # Many negatives, so that one on a peak could not stay out by chance.
    dataset = run(
        tmp_path, genome, {"a": wide}, top_n=5, negatives_ratio=30, chromosomes="chr1"
    ).dataset
    positive = dataset.labels[:, 0] == 1
    assert (~positive).sum() >= 60
    where = read_names(dataset.names)
    on_first = np.array([where.chromosomes[c] == "chr1" for c in where.chrom])
    for row in np.flatnonzero(~positive & on_first):
        for start in range(1000, 45_000, 2000):  # also the peaks that top_n left out
            assert where.end[row] <= start or where.start[row] >= start + 900
    assert (dataset.codes < 4).all()


def test_what_cannot_be_used_is_dropped_and_counted(tmp_path: Path, genome: Path) -> None:
    rows = [
        *summits(1, 60),
        "chr1\t20\t21",  # over the start
        "chr3\t59950\t59951",  # over the end
        "chr1\t50900\t50901",  # N
        "chr1\t49901\t49902",  # its last base is N
        "chrUn\t500\t501",
        "chrUn\t700\t701",
        "chr2\t30000\t30001",  # blacklisted
        "chr3\t55000\t55001",
        "chr3\t55000\t55001",  # twice
    ]
    files = {"a": rows, "black": ["chr2\t30099\t30100", "chrUn\t1\t2"]}
    prepared = run(tmp_path, genome, files, blacklist=1, max_unknown=0)
    by_reason = counts(prepared)
    assert by_reason.pop("merged with a summit nearer than half a window", 0) < 5
    assert by_reason == {
        "window over the end of its chromosome": 2,
        "window with N": 2,
        "chromosome not in the genome": 2,
        "window in the blacklist": 1,
        "duplicate summit": 1,
    }
    assert {source for source, _, _ in prepared.dropped} == {"a"}


def test_merged_summits_are_told_of_their_file(tmp_path: Path, genome: Path) -> None:
    def at(*positions: int) -> list[str]:
        return [f"chr1\t{position}\t{position + 1}" for position in positions]

    shared = range(10_000, 40_000, 1000)
    files = {
        "a": at(*shared, 1000, 1040, 1080, 3000),  # three in one place
        "b": at(*[s + 30 for s in shared[:5]], 5000, 5040, 7000),  # five beside one of a
    }
    rows = [{"sample": "A", "data": 0}, {"sample": "B", "data": 1}]
    prepared = run(tmp_path, genome, files, rows, exclude_chromosomes="chr3")
    merged = {source: count for source, reason, count in prepared.dropped if "merged" in reason}
    assert merged == {"a": 2, "b": 1, "all files together": 5}
    dataset = prepared.dataset
    positives = (dataset.labels == 1).any(axis=1).sum()
    unmatched = counts(prepared).get("no negative of the same GC content", 0)
    assert positives + unmatched == len(files["a"]) + len(files["b"]) - 8
    assert {source for source, _, _ in prepared.dropped} <= {"a", "b", "all files together"}


def test_blacklist_keeps_negatives_away(tmp_path: Path, genome: Path) -> None:
    files = {"a": summits(1, 60, ("chr2",)), "black": ["chr2\t0\t300", "chr2\t49000\t80000"]}
    dataset = run(tmp_path, genome, files, blacklist="black", chromosomes=["chr2"]).dataset
    where = read_names(dataset.names)
    assert where.chromosomes == ("chr2",)
    assert where.end.max() <= 49_000


def test_chromosomes_in_and_out(tmp_path: Path, genome: Path) -> None:
    files = {"a": summits(1)}
    dataset = run(tmp_path, genome, files, chromosomes="chr1, chr2").dataset
    assert set(read_names(dataset.names).chromosomes) == {"chr1", "chr2"}
    dataset = run(tmp_path, genome, files, exclude_chromosomes="chr1").dataset
    assert set(read_names(dataset.names).chromosomes) == {"chr2", "chr3"}
    with pytest.raises(UserError, match="has no 'chr9'"):
        run(tmp_path, genome, files, chromosomes="chr9")


def test_top_n_takes_the_highest_scores_and_ties_by_order(tmp_path: Path, genome: Path) -> None:
    rows = [
        f"chr1\t{p}\t{p + 1}\t.\t{s}"
        for p, s in ((1000, 5), (3000, 9), (5000, 5), (7000, 5), (9000, 1))
    ]
    dataset = run(
        tmp_path, genome, {"a": rows}, top_n=3, negatives="shuffle", valid_fraction=0.3
    ).dataset
    starts = read_names(dataset.names).start[dataset.labels[:, 0] == 1]
    assert sorted(starts.tolist()) == [900, 2900, 4900]
    with pytest.raises(UserError, match="no scores"):
        run(tmp_path, genome, {"a": ["chr1\t1000\t1001", "chr1\t3000\t3001"]}, top_n=1)


def test_names_of_chromosomes_that_do_not_match(tmp_path: Path, genome: Path) -> None:
    bare = [row.removeprefix("chr") for row in summits(1, 20)]
    with pytest.raises(UserError) as caught:
        run(tmp_path, genome, {"a": bare})
    assert "none of its chromosomes (1, 2, 3) is in the genome g.fa (chr1, chr2, chr3)" in str(
        caught.value
    )
    assert "write 'chr1' for '1'" in str(caught.value)
    with pytest.raises(UserError, match="called on"):
        run(tmp_path, genome, {"a": ["NC_1\t5\t6"]})


def test_peaks_beyond_the_ends_mean_another_genome(tmp_path: Path, genome: Path) -> None:
    few = [*summits(1, 60), "chr3\t60000\t60100"]
    assert counts(run(tmp_path, genome, {"a": few}))["peak beyond the end of its chromosome"] == 1
    with pytest.raises(UserError, match="chr2:900000, but chr2 ends at 80000"):
        run(tmp_path, genome, {"a": [*summits(1, 20), *["chr2\t900000\t900100"] * 3]})


def test_mistakes_of_all_files_come_together(tmp_path: Path, genome: Path) -> None:
    rows = [{"sample": "A", "data": 0}, {"sample": "B", "data": 1}]
    with pytest.raises(UserError) as caught:
        run(tmp_path, genome, {"a": ["chr1\t9\t5"], "b": ["chr1\tx\t5"]}, rows)
    assert len(str(caught.value).split("\n")) == 2


def test_a_pool_is_matched_by_the_papers_rule(tmp_path: Path, genome: Path) -> None:
    files = {"a": summits(1, 150), "pool": [*summits(7, 400), *summits(1, 150)]}
    prepared = run(tmp_path, genome, files, [{"sample": "A", "data": 0, "negatives": 1}])
    dataset = prepared.dataset
    positive = dataset.labels[:, 0] == 1
    bins = gc_bins(dataset.codes)
    assert Counter(bins[positive].tolist()) == Counter(bins[~positive].tolist())
    assert counts(prepared)["candidate overlaps a peak"] >= 140
    assert counts(prepared)["no negative of the same GC content"] > 0
    assert any("left out because no negatives" in note for note in dataset.meta.notes)
    pool = {line.split("\t")[1] for line in files["pool"]}
    where = read_names(dataset.names)
    assert {str(s + 100) for s in where.start[~positive]} <= pool


def test_other_rows_serve_as_negatives(tmp_path: Path, genome: Path) -> None:
    files = {"a": summits(1, 100), "b": summits(3, 300)}
    dataset = run(tmp_path, genome, files, others=(1,), negatives="others").dataset
    assert dataset.meta.extra["negatives"] == "others"
    with pytest.raises(UserError, match="no other row"):
        run(tmp_path, genome, files, negatives="others")


def test_rows_of_one_data_set_can_be_each_others_negatives(tmp_path: Path, genome: Path) -> None:
    files = {"a": summits(1, 90, ("chr2",)), "b": summits(4, 90, ("chr3",))}
    rows = [{"sample": "A", "data": 0}, {"sample": "B", "data": 1}]
    dataset = run(tmp_path, genome, files, rows, negatives="others").dataset
    assert not (dataset.labels == 0).all(axis=1).any()
    assert ((dataset.labels == 0).sum(axis=0) > 40).all()


def test_shuffles_stay_with_their_parents(tmp_path: Path, genome: Path) -> None:
    prepared = run(tmp_path, genome, {"a": summits(1)}, negatives="shuffle", negatives_ratio=2)
    dataset = prepared.dataset
    where = read_names(dataset.names)
    child = np.flatnonzero(where.parent >= 0)
    assert len(child) == 2 * (len(dataset) - len(child))
    assert (dataset.split[child] == dataset.split[where.parent[child]]).all()
    assert (dataset.labels[child] == 0).all()


@given(
    st.lists(st.integers(0, 3000), min_size=1, max_size=12),
    st.lists(st.lists(st.integers(0, 3000), max_size=8), min_size=1, max_size=3),
    st.sampled_from([100, 200, 201]),
)
def test_labels_follow_the_distance(centres: list[int], tasks: list[list[int]], width: int) -> None:
    labels = label_windows(np.array(centres), [np.array(t, dtype=np.int64) for t in tasks], width)
    for i, centre in enumerate(centres):
        for j, positions in enumerate(tasks):
            d = min((abs(centre - p) for p in positions), default=10**9)
            expected = 1.0 if d <= width / 4 else np.nan if d < width else 0.0
            assert np.array_equal(labels[i, j], np.float32(expected), equal_nan=True)


def test_two_sets_make_one_multilabel_set(tmp_path: Path, genome: Path) -> None:
    a = [*summits(1, 90, ("chr2",)), "chr1\t1000\t1001", "chr1\t5000\t5001", "chr1\t9000\t9001"]
    b = [*summits(4, 90, ("chr3",)), "chr1\t1080\t1081", "chr1\t5120\t5121", "chr1\t9400\t9401"]
    rows = [{"sample": "A", "data": 0}, {"sample": "B", "data": 1}]
    dataset = run(tmp_path, genome, {"a": a, "b": b}, rows).dataset
    assert (dataset.meta.task_type, dataset.meta.tasks) == ("multilabel", ("A", "B"))
    label = dict(zip(dataset.names, dataset.labels.tolist(), strict=True))
    assert label["chr1:940-1140(+)"] == [1, 1]  # 80 bp apart: merged, 40 <= 50 bp from both
    assert label["chr1:4900-5100(+)"][0] == 1  # 120 bp apart: two windows, the other unknown
    assert np.isnan(label["chr1:4900-5100(+)"][1])
    assert np.isnan(label["chr1:5020-5220(+)"][0])
    assert label["chr1:8900-9100(+)"] == [1, 0]  # 400 bp apart: 0
    pure = (dataset.labels == 0).all(axis=1)
    assert pure.sum() > 0
    where = read_names(dataset.names)
    centres = {(row.split("\t")[0], int(row.split("\t")[1])) for row in (*a, *b)}
    for row in np.flatnonzero(pure):
        name, middle = where.chromosomes[where.chrom[row]], where.start[row] + 100
        assert all(c != name or abs(middle - p) >= 200 for c, p in centres)


def test_a_peak_that_is_not_among_the_best_is_no_negative(tmp_path: Path, genome: Path) -> None:
    """Labels go by all summits of a task, so top_n never turns a weaker peak into a 0."""
    rows = [{"sample": "A", "data": 0}, {"sample": "B", "data": 1}]
    a = [*summits(1, 60, ("chr2",)), "chr1\t5000\t5001\tweak\t-1", "chr1\t7000\t7001\tweak\t-1"]
    b = [*summits(4, 60, ("chr3",)), "chr1\t5010\t5011\tq\t99", "chr1\t7100\t7101\tq\t99"]
    dataset = run(tmp_path, genome, {"a": a, "b": b}, rows, top_n=50).dataset
    label = dict(zip(dataset.names, dataset.labels.tolist(), strict=True))
    assert label["chr1:4910-5110(+)"] == [1, 1]
    assert np.isnan(label["chr1:7000-7200(+)"][0])
    assert label["chr1:7000-7200(+)"][1] == 1


def test_split_by_chromosome_and_given(tmp_path: Path, genome: Path) -> None:
    files = {"a": summits(1, 150), "b": summits(5, 60)}
    dataset = run(
        tmp_path,
        genome,
        files,
        split_by="chromosome",
        valid_chromosomes="chr2",
        test_chromosomes="chr3",
    ).dataset
    where = read_names(dataset.names)
    names = np.array(where.chromosomes)[where.chrom]
    assert set(zip(names.tolist(), dataset.split.tolist(), strict=True)) == {
        ("chr1", "train"),
        ("chr2", "valid"),
        ("chr3", "test"),
    }
    rows = [
        {"sample": "A1", "data": 0, "split": "train"},
        {"sample": "A2", "data": 1, "split": "test"},
    ]
    dataset = run(tmp_path, genome, files, rows).dataset
    assert dataset.meta.tasks == ("d",)
    positives = dataset.labels[:, 0] == 1
    assert 50 <= (positives & (dataset.split == "test")).sum() <= 60
    assert (dataset.split == "valid").mean() == pytest.approx(0.07, abs=0.02)
    for part in ("train", "valid", "test"):
        share = positives[dataset.split == part].mean()
        assert share == pytest.approx(0.5, abs=0.1)


def test_no_window_of_a_given_part_overlaps_another_part(tmp_path: Path, genome: Path) -> None:
    beside = []
    for line in summits(1, 60):
        name, start, *rest = line.split("\t")
        beside.append("\t".join([name, str(int(start) + 40), str(int(start) + 41), *rest[1:]]))
    files = {"a": summits(1, 150), "b": beside}
    rows = [
        {"sample": "A1", "data": 0, "split": "train"},
        {"sample": "A2", "data": 1, "split": "test"},
    ]
    prepared = run(tmp_path, genome, files, rows)
    dataset = prepared.dataset
    where = read_names(dataset.names)
    chains = where.chains()
    for part in ("train", "valid"):
        mine, test = chains[dataset.split == part], chains[dataset.split == "test"]
        assert not np.isin(mine, test).any()
    assert (dataset.split == "test").sum() > 100
    assert counts(prepared)["equal to or overlapping a sequence of a later part"] >= 55


def test_too_few_peaks_are_a_result(tmp_path: Path, genome: Path) -> None:
    with pytest.raises(UnusableError, match="Only 12 positives") as caught:
        run(tmp_path, genome, {"a": summits(1, 12)}, min_positives=50)
    assert "min_positives (50)" in caught.value.reason
    assert caught.value.advice


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ([{"sample": "A", "data": 0, "split": "dev"}], {}, "split 'dev' is unknown"),
        ([{"sample": "A", "data": 0, "split": "test"}], {}, "no row has split 'train'"),
        (
            [{"sample": "A", "data": 0, "split": "train"}, {"sample": "B", "data": 0}],
            {},
            "has no split",
        ),
        ([{"sample": "A", "data": 0}], {"split_by": "given"}, "no row has a split"),
        (
            [
                {"sample": "A", "data": 0, "negatives": "gc"},
                {"sample": "B", "data": 0, "negatives": "shuffle"},
            ],
            {},
            "different negatives",
        ),
        (
            [{"sample": "A", "data": 0}],
            {"width": 0},
            "width is 0; it counts bases: give 1 to 100,000",
        ),
        ([{"sample": "A", "data": 0}], {"top_n": 0}, "top_n is 0"),
        ([{"sample": "A", "data": 0}], {"negatives": "random"}, "negatives is 'random'"),
        ([{"sample": "A", "data": 0}], {"negatives_ratio": -1}, "must be above 0"),
        ([{"sample": "A", "data": 0}], {"split_by": "fold"}, "split_by is 'fold'"),
        ([{"sample": "A", "data": 0}], {"valid_fraction": 0.6, "test_fraction": 0.5}, "must leave"),
        (
            [{"sample": "A", "data": 0}],
            {"valid_chromosomes": "chr1", "test_chromosomes": "chr1"},
            "both in",
        ),
        ([{"sample": "A", "data": 0}], {"blacklist": "gone.bed"}, "no such file"),
    ],
)
def test_each_wrong_setting_has_its_sentence(
    tmp_path: Path, genome: Path, rows: list[dict[str, Any]], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        run(tmp_path, genome, {"a": summits(1, 20)}, rows, **options)


def script(folder: Path, spec: dict[str, Any], root: Path) -> dict[str, str]:
    (folder / "spec.json").write_text(json.dumps(spec))
    done = subprocess.run(
        [sys.executable, str(root / "bin" / "prepare.py"), "--spec", "spec.json"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads((folder / f"{spec['id']}.status.json").read_text())


def test_the_script_writes_its_files_byte_for_byte_again(
    tmp_path: Path, genome: Path, root: Path
) -> None:
    (tmp_path / "a.bed").write_text("\n".join(summits(1)) + "\n")
    spec = {
        "id": "d",
        "assay": "peaks",
        "seed": 3,
        "rows": [
            {"sample": "A", "line": 2, "data": 0, "negatives": None, "split": None, "label": None}
        ],
        "files": [{"name": "x/a.bed", "path": str(tmp_path / "a.bed")}],
        "genome": {"name": "g.fa", "path": str(genome)},
        "options": {"width": 100, "min_positives": 10},
    }
    results = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        assert script(folder, spec, root)["state"] == "ok"
        results.append({p.name: p.read_bytes() for p in folder.iterdir()})
    assert results[0] == results[1]
    assert sorted(results[0]) == [
        "d.audit.tsv",
        "d.counts.tsv",
        "d.dataset.parquet",
        "d.dropped.tsv",
        "d.header.json",
        "d.readings.tsv",
        "d.status.json",
        "spec.json",
    ]
    dataset = read_dataset(tmp_path / "one" / "d.dataset.parquet")
    table = [line.split("\t") for line in results[0]["d.counts.tsv"].decode().splitlines()]
    assert " ".join(table[0]) == "split task sequences positives negatives unknown mean"
    assert sum(int(row[2]) for row in table[1:] if row[1] == "*") == len(dataset)
    train = dataset.labels[dataset.rows("train"), 0]
    assert table[2][:5] == [
        "train",
        "A",
        str(len(train)),
        str(int((train == 1).sum())),
        str(int((train == 0).sum())),
    ]


def test_the_script_tells_error_from_unusable(tmp_path: Path, genome: Path, root: Path) -> None:
    spec: dict[str, Any] = {
        "id": "d",
        "assay": "peaks",
        "seed": 3,
        "rows": [{"sample": "A", "line": 2, "data": 0}],
        "files": [{"name": "a.bed", "path": str(tmp_path / "a.bed")}],
        "genome": {"name": "g.fa", "path": str(genome)},
        "options": {},
    }
    (tmp_path / "a.bed").write_text("chr1\t9\t5\nchr1\t8\t5\n")
    status = script(tmp_path, spec, root)
    assert status["state"] == "error"
    assert len(status["reason"].split("\n")) == 2
    (tmp_path / "a.bed").write_text("\n".join(summits(1, 30)) + "\n")
    status = script(tmp_path, spec, root)
    assert (status["state"], bool(status["advice"])) == ("unusable", True)
    assert not list(tmp_path.glob("d.dataset.parquet*"))
    spec["options"] = {"split_by": "fold"}
    assert "split_by is 'fold'" in script(tmp_path, spec, root)["reason"]
    spec["options"], spec["rows"][0]["sample"] = {"min_positives": 5}, "name"
    assert "may not be called 'name'" in script(tmp_path, spec, root)["reason"]


def test_yeast_sets_make_one_multilabel_set(data_dir: Path, tmp_path: Path) -> None:
    tasks = ("Reb1", "Abf1", "Rap1", "Cbf1")
    used = index_genome(data_dir / "genome/sacCer3_R64.fa.gz", "sacCer3", tmp_path / "g.fa")
    spec = Spec(
        "yeast",
        "peaks",
        tuple(Row(task, i) for i, task in enumerate(tasks)),
        tuple(
            InputFile(f"{t}.bed", str(data_dir / f"chipseq/yeast_{t}_chexmix.bed")) for t in tasks
        ),
        make_options({}, 42),
        InputFile("sacCer3.fa.gz", str(used)),
    )
    dataset = prepare(spec).dataset
    positives = (dataset.labels == 1).sum(axis=0)
    # 1078, 724, 388 and 200 summits; a few merge within a set.
    assert (positives >= [1000, 680, 320, 160]).all()
    assert (positives <= [1078, 724, 388, 200]).all()
    negatives = (dataset.labels == 0).all(axis=1)
    assert negatives.sum() == pytest.approx((~negatives).sum(), rel=0.01)
    for word, task in (("CGGGTAA", 0), ("GTCACGTG", 3)):
        texts = dna.decode(dataset.codes)
        other = dna.decode(dna.reverse_complement(dna.encode([word])))[0]
        holds = np.array([word in t or other in t for t in texts])
        assert holds[dataset.labels[:, task] == 1].mean() > 8 * holds[negatives].mean()


def test_chr22_drops_windows_with_n(data_dir: Path, tmp_path: Path) -> None:
    used = index_genome(data_dir / "genome/chr22_hg19_partial.fa.gz", "chr22", tmp_path / "g.fa")
    path = data_dir / "chipseq/CTCF_GM12878_chr22_macs3_peaks.hg19.narrowPeak"
    spec = Spec(
        "ctcf",
        "peaks",
        (Row("CTCF", 0),),
        (InputFile("macs3.narrowPeak", str(path)),),
        make_options({"max_unknown": 0}, 42),
        InputFile("chr22.fa.gz", str(used)),
    )
    prepared = prepare(spec)
    usable = 730 - counts(prepared)["window with N"]
    assert usable == pytest.approx(435, abs=1)
    assert (prepared.dataset.codes < 4).all()


def test_the_median_score_of_the_peaks_that_are_kept_is_told(tmp_path: Path, genome: Path) -> None:
    """So that a contrast can say whose peaks are stronger."""
    rows = [f"chr1\t{3000 * i}\t{3000 * i + 1}\tp\t{i}" for i in range(1, 16)]
    made = run(tmp_path, genome, {"a": rows}, top_n=11, negatives="shuffle")
    ((column, median),) = made.dataset.meta.extra["peak_scores"].values()
    assert (column, median) == ("column 5", 10.0)
    plain = run(
        tmp_path, genome, {"b": [row.rsplit("\t", 2)[0] for row in rows]}, negatives="shuffle"
    )
    assert "peak_scores" not in plain.dataset.meta.extra
