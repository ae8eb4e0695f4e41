from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from nfexplainn import dna
from nfexplainn.assays import peaks
from nfexplainn.assays.matrix import prepare
from nfexplainn.assays.spec import InputFile, Row, Spec, make_options
from nfexplainn.errors import UnusableError, UserError
from nfexplainn.io.genome import index_genome
from region_fixtures import make_genome, make_spec, regions, sequence


@pytest.fixture(scope="module")
def genome(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_genome(tmp_path_factory.mktemp("genome"))


def table(n: int = 60, tasks: int = 3, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    values = rng.choice([0.0, 1.0, np.nan], (n, tasks), p=[0.6, 0.3, 0.1])
    frame = pd.DataFrame(regions(n), columns=["chrom", "start", "end"])
    for task in range(tasks):
        frame[f"TF{task}"] = values[:, task]
    return frame, values


def text(frame: pd.DataFrame, **kwargs: Any) -> str:
    return frame.to_csv(sep="\t", index=False, float_format="%g", na_rep="NA", **kwargs)


def assert_is(dataset: Any, frame: pd.DataFrame, values: np.ndarray, genome: Path) -> None:
    """The data set holds exactly the regions with a known label, in the table's order."""
    known = ~np.isnan(values).all(axis=1)
    rows = frame.loc[known, ["chrom", "start", "end"]].itertuples(index=False)
    names = [f"{c}:{s}-{e}(+)" for c, s, e in rows]
    assert dataset.names == names
    np.testing.assert_array_equal(dataset.labels, values[known].astype(np.float32))
    assert dna.decode(dataset.codes) == [sequence(genome, name) for name in names]


def test_a_table_becomes_windows_with_its_labels(tmp_path: Path, genome: Path) -> None:
    frame, values = table()
    got = prepare(make_spec(tmp_path, genome, "matrix", {"m.tsv": text(frame)})).dataset
    assert_is(got, frame, values, genome)
    assert got.meta.task_type == "multilabel"
    assert got.meta.tasks == ("TF0", "TF1", "TF2")
    assert set(got.split) == {"train", "valid", "test"}
    assert any("unresolved" in note for note in got.meta.notes)
    assert [source.name for source in got.meta.sources] == ["m.tsv", "g.fa"]


@pytest.mark.parametrize("form", ["name", "csv", "comment", "gz", "parquet", "sparse", "crlf"])
def test_all_forms_give_the_same(tmp_path: Path, genome: Path, form: str) -> None:
    frame, values = table()
    named = frame.drop(columns=["chrom", "start", "end"])
    named.insert(
        0, "name", [f"{c}:{s}-{e}" for c, s, e in frame.iloc[:, :3].itertuples(index=False)]
    )
    options: dict[str, Any] = {}
    files: dict[str, Any] = {"m.tsv": text(frame)}
    if form == "name":
        files = {"m.tsv": text(named)}
    elif form == "csv":
        files = {"m.csv": frame.to_csv(index=False, na_rep="null", float_format="%g")}
    elif form == "comment":
        files = {"m.tsv": "#" + text(frame)}
    elif form == "crlf":
        files = {"m.tsv": text(frame, lineterminator="\r\n")}
    elif form == "gz":
        frame.to_csv(tmp_path / "m.tsv.gz", sep="\t", index=False)
        files = {"m.tsv.gz": None}
    elif form == "parquet":
        named.set_index("name").to_parquet(tmp_path / "m.parquet")
        files = {"m.parquet": None}
    elif form == "sparse":
        stored = sparse.csr_array(np.where(np.isnan(values), -1, values).astype(np.int8))
        sparse.save_npz(tmp_path / "m.npz", stored)
        bed = text(frame.iloc[:, :3], header=False)
        files = {"m.npz": None, "r.bed": bed, "names.txt": "TF0\nTF1\nTF2\n"}
        options = {"regions": "r.bed", "labels": "names.txt"}
    got = prepare(make_spec(tmp_path, genome, "matrix", files, **options)).dataset
    assert_is(got, frame, values, genome)


def test_dropping_what_is_unresolved_leaves_only_complete_rows(
    tmp_path: Path, genome: Path
) -> None:
    frame, values = table()
    spec = make_spec(tmp_path, genome, "matrix", {"m.tsv": text(frame)}, unresolved="drop")
    got = prepare(spec)
    whole = ~np.isnan(values).any(axis=1)
    assert 5 < whole.sum() < 60
    assert_is(got.dataset, frame[whole], values[whole], genome)
    assert ("m.tsv", "unresolved in some task", int((~whole).sum())) in got.dropped


def test_fifty_tasks_and_a_choice_of_them(tmp_path: Path, genome: Path) -> None:
    frame, values = table(tasks=50)
    all_tasks = prepare(make_spec(tmp_path, genome, "matrix", {"m.tsv": text(frame)})).dataset
    assert all_tasks.labels.shape == (60, 50)
    spec = make_spec(tmp_path, genome, "matrix", {"m.tsv": text(frame)}, value_columns="TF7,TF2")
    some = prepare(spec).dataset
    assert some.meta.tasks == ("TF7", "TF2")
    assert_is(some, frame, values[:, [7, 2]], genome)


def test_windows_have_the_width_whatever_the_regions(tmp_path: Path, genome: Path) -> None:
    lines = ["chrom\tstart\tend\tA\tB"]
    lines += [
        f"chr2\t{1000 + 300 * i}\t{1101 + 300 * i}\t{i % 2}\t{(i + 1) % 2}" for i in range(40)
    ]
    got = prepare(make_spec(tmp_path, genome, "matrix", {"m.tsv": "\n".join(lines) + "\n"})).dataset
    assert got.names[0] == "chr2:950-1150(+)"  # 100 to either side of the middle, 1050
    assert "40 of 40 regions (101 to 101 bp)" in " ".join(got.meta.notes)


def test_what_cannot_be_used_is_counted(tmp_path: Path, genome: Path) -> None:
    frame, _ = table(n=40)
    frame = frame.fillna(0)
    extra = pd.DataFrame(
        [
            ("chrX", 100, 300, 1, 1, 1),  # no such chromosome
            ("chr1", 5_100, 5_300, 1, 1, 1),  # N
            ("chr2", 0, 100, 1, 1, 1),  # window over the end
            (*frame.iloc[0, :3], 1, 1, 1),  # there already
        ],
        columns=frame.columns,
    )
    both = pd.concat([frame, extra])
    files = {"m.tsv": text(both)}
    got = prepare(make_spec(tmp_path, genome, "matrix", files, max_unknown=0))
    assert len(got.dataset) == 40
    assert {reason: count for _, reason, count in got.dropped} == {
        "chromosome not in the genome": 1,
        "duplicate region": 1,
        "window over the end of its chromosome": 1,
        "window with N": 1,
    }


def test_split_by_chromosome_and_by_the_sheet(tmp_path: Path, genome: Path) -> None:
    frame, _ = table(n=90)
    frame = frame.fillna(0)
    spec = make_spec(
        tmp_path,
        genome,
        "matrix",
        {"m.tsv": text(frame)},
        split_by="chromosome",
        valid_chromosomes="chr2",
        test_chromosomes="chr10",
    )
    got = prepare(spec).dataset
    for name, split in zip(got.names, got.split, strict=True):
        assert {"chr1": "train", "chr2": "valid", "chr10": "test"}[name.split(":")[0]] == split
    parts = {
        f"{split}.tsv": text(frame[frame.chrom == chromosome])
        for split, chromosome in (("train", "chr1"), ("valid", "chr2"), ("test", "chr10"))
    }
    rows = [{"sample": f"s{i}", "data": i, "split": n[:-4]} for i, n in enumerate(parts)]
    given = prepare(make_spec(tmp_path, genome, "matrix", parts, rows)).dataset
    assert sorted(zip(given.names, given.split, strict=True)) == sorted(
        zip(got.names, got.split, strict=True)
    )


def test_the_same_input_gives_the_same_data_set(tmp_path: Path, genome: Path) -> None:
    frame, _ = table()
    spec = make_spec(tmp_path, genome, "matrix", {"m.tsv": text(frame)})
    assert prepare(spec).dataset.digest() == prepare(spec).dataset.digest()


def test_defaults_and_choices_are_those_of_the_schema(
    tmp_path: Path, genome: Path, root: Path
) -> None:
    schema = json.loads((root / "nextflow_schema.json").read_text())
    parameter = schema["$defs"]["regions_values"]["properties"]["unresolved"]
    frame, _ = table()
    files = {"m.tsv": text(frame)}
    default = prepare(make_spec(tmp_path, genome, "matrix", files)).dataset.meta.extra["unresolved"]
    assert default == parameter["default"]
    for value in parameter["enum"]:
        prepare(make_spec(tmp_path, genome, "matrix", files, unresolved=value))


HEAD = "chrom\tstart\tend\tA\tB\n"
GOOD = "".join(f"chr2\t{300 * i}\t{300 * i + 200}\t{i % 2}\t{i % 3 % 2}\n" for i in range(40))
BAD: dict[str, tuple[dict[str, str | bytes | None], dict[str, Any], str]] = {
    "no header": ({"m.tsv": GOOD.replace("chr2", "2")}, {}, "first line must name the columns"),
    "one column": ({"m.tsv": "name\nchr1:1-2\n"}, {}, "is one column"),
    "no task": (
        {"m.tsv": "chrom\tstart\tend\nchr1\t1\t300\n"},
        {},
        "no column besides the regions",
    ),
    "no end": ({"m.tsv": "chrom\tstart\tA\nchr1\t1\t1\n"}, {}, "no column 'end'"),
    "twice": ({"m.tsv": HEAD.replace("B", "A") + GOOD}, {}, "two columns are called 'A'"),
    "label": (
        {"m.tsv": HEAD + GOOD + "chr1\t1\t300\t0.5\t1\n"},
        {},
        "line 42, column A: 0.5 is no",
    ),
    "text": ({"m.tsv": HEAD + GOOD + "chr1\t1\t300\tyes\t1\n"}, {}, "line 42: 'yes' in column A"),
    "ragged": ({"m.tsv": HEAD + GOOD + "chr1\t1\t300\t1\n"}, {}, "line 42: 4 columns where"),
    "start": (
        {"m.tsv": HEAD + GOOD + "chr1\tx\t300\t1\t1\n"},
        {},
        "line 42: 'x' and '300' are not start and end",
    ),
    "interval": (
        {"m.tsv": HEAD + GOOD + "chr1\t400\t300\t1\t1\n"},
        {},
        "line 42: start 400 and end",
    ),
    "name": ({"m.tsv": "name\tA\npeak1\t1\n"}, {}, "line 2: 'peak1' has no coordinates"),
    "empty": ({"m.tsv": HEAD}, {}, "no region below the header"),
    "zero": ({"m.tsv": b""}, {}, "the file is empty"),
    "genome": ({"m.tsv": HEAD + GOOD.replace("chr2", "2")}, {}, "write 'chr2' for '2'"),
    "column": ({"m.tsv": HEAD + GOOD}, {"value_columns": "A,C"}, "no column 'C'"),
    "choice": ({"m.tsv": HEAD + GOOD}, {"unresolved": "keep"}, "one of mask, drop"),
    "excel": ({"m.xlsx": b"PK\x03\x04 xl"}, {}, "Excel workbook"),
    "no npz": (
        {"m.npz": b"PK\x03\x04", "r.bed": "chr1\t1\t300\n", "n": "A\n"},
        {"regions": "r.bed", "labels": "n"},
        "not a sparse matrix of SciPy",
    ),
    "no regions": ({"m.npz": b"PK\x03\x04"}, {}, "give a BED in the column 'regions'"),
    "no names": (
        {"m.npz": b"PK\x03\x04", "r.bed": "chr1\t1\t300\n"},
        {"regions": "r.bed"},
        "'labels'",
    ),
    "parquet": ({"m.parquet": b"PAR1 broken"}, {}, "not a readable Parquet"),
    "gzip": ({"m.tsv.gz": b"\x1f\x8b\x08\x00broken"}, {}, "compressed file is damaged"),
}


@pytest.mark.parametrize("case", list(BAD))
def test_mistakes_have_their_sentences(tmp_path: Path, genome: Path, case: str) -> None:
    files, options, sentence = BAD[case]
    with pytest.raises(UserError) as error:
        prepare(make_spec(tmp_path, genome, "matrix", files, **options))
    assert sentence in str(error.value)
    for line in str(error.value).splitlines():
        assert line.endswith(".") and not line.startswith("None")


def test_other_mistakes(tmp_path: Path, genome: Path) -> None:
    files: dict[str, Any] = {"m.tsv": HEAD + GOOD}
    with pytest.raises(UserError, match="regions need a genome"):
        prepare(make_spec(tmp_path, None, "matrix", files))
    far = HEAD + "".join(f"chr10\t{20_000 + i}\t{20_200 + i}\t1\t0\n" for i in range(9))
    with pytest.raises(UserError, match="begin beyond the end"):
        prepare(make_spec(tmp_path, genome, "matrix", {"m.tsv": far}))
    rows = [{"sample": "a", "data": 0}, {"sample": "b", "data": 1}]
    other = {"m.tsv": HEAD + GOOD, "n.tsv": HEAD.replace("B", "C") + GOOD}
    with pytest.raises(UserError, match=r"n\.tsv: its columns differ from those of m\.tsv"):
        prepare(make_spec(tmp_path, genome, "matrix", other, rows))
    same = {"m.tsv": HEAD + GOOD, "n.tsv": HEAD + GOOD}
    with pytest.raises(UserError, match="is in two files"):
        prepare(make_spec(tmp_path, genome, "matrix", same, rows))
    with pytest.raises(UnusableError, match="Only 20 positives"):
        prepare(make_spec(tmp_path, genome, "matrix", files, min_positives=100))
    never = HEAD + GOOD.replace("\t0\n", "\tNA\n").replace("\t1\n", "\tNA\n")
    with pytest.raises(UnusableError, match="No region is resolved in every task"):
        prepare(make_spec(tmp_path, genome, "matrix", {"m.tsv": never}, unresolved="drop"))


@pytest.mark.realdata
def test_the_matrix_of_seven_peak_sets_equals_their_data_set(
    data_dir: Path, tmp_path: Path
) -> None:
    """HepG2 on chr22: windows and labels by the distance to summits, there and back."""
    index = index_genome(
        data_dir / "genome" / "chr22_hg19_partial.fa.gz", "chr22", tmp_path / "chr22.fa"
    )
    factors = ["CTCF", "FOXA1", "CEBPB", "JUND", "MAX", "HNF4A", "REST"]
    folder = data_dir / "chipseq" / "chr22_hg19"
    files = tuple(InputFile(n, str(folder / f"HepG2.{n}.narrowPeak")) for n in factors)
    rows = tuple(Row(name, i, i + 2) for i, name in enumerate(factors))
    where = InputFile("chr22", str(index))
    whole = peaks.prepare(Spec("d", "peaks", rows, files, make_options({}, 42), where)).dataset
    frame = pd.DataFrame(whole.labels, columns=factors)
    frame.insert(0, "name", whole.names)
    frame.to_csv(tmp_path / "m.tsv", sep="\t", index=False, float_format="%g", na_rep="null")
    spec = make_spec(tmp_path, index, "matrix", {"m.tsv": None}, min_positives=100)
    got = prepare(spec)
    assert not got.dropped
    assert got.dataset.names == whole.names
    np.testing.assert_array_equal(got.dataset.codes, whole.codes)
    np.testing.assert_array_equal(got.dataset.labels, whole.labels)
    assert (got.dataset.labels == 1).sum(axis=0).min() > 100
