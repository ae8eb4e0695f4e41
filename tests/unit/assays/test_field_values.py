"""Tables of sequences with values in the form of public reports, with the right answers to them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assay_fixtures import check_refusal, prepared, table, texts, turned
from nfexplainn.assays import pbm, starrseq
from nfexplainn.assays import table as plain
from nfexplainn.assays.spec import Prepared, Spec
from nfexplainn.assays.value_columns import describes
from nfexplainn.evaluation import metrics

VALUES = [round(0.1 * i - 2, 3) for i in range(60)]


def values(titles: list[str], *columns: list[Any], seq: str = "sequence", **how: str) -> str:
    body = zip((f"s{i}" for i in range(60)), *columns, texts(60), strict=True)
    return table([("name", *titles, seq), *body], **how)


def read(folder: Path, content: str | bytes, assay: Any = starrseq, **options: Any) -> Prepared:
    prepare: Callable[[Spec], Prepared] = assay.prepare
    return prepared(prepare, folder, {"a": content}, **options)


MPRA = [f"K562_{kind}" for kind in ("log2FC", "lfcSE")]


@pytest.mark.parametrize(
    ("titles", "doubtful"),
    [
        (["chr", "log2FC"], "chr"),
        (MPRA, "K562_lfcSE"),
        (["baseMean", "log2FoldChange", "lfcSE", "stat", "pvalue", "padj"], "baseMean"),  # DESeq2
        (["logFC", "logCPM", "LR", "PValue", "FDR"], "logCPM"),  # edgeR
        (["logFC", "AveExpr", "t", "P.Value", "adj.P.Val", "B"], "AveExpr"),  # limma
        (["dna_counts", "rna_counts", "ratio", "log2", "n_obs_bc"], "dna_counts"),  # MPRAflow
        (["mean_value", "fold_num", "rev"], "fold_num"),  # lentiMPRA
        (["log2_ratio", "dna_counts", "RNA.count"], "dna_counts"),
        (["start", "end", "activity"], "start"),
    ],
)
def test_what_describes_a_row_is_no_task(titles: list[str], doubtful: str, tmp_path: Path) -> None:
    content = values(titles, *([VALUES] * len(titles)))
    which = ", ".join(titles)
    check_refusal(
        rf"^a: several columns hold numbers \({which}\), and {doubtful} does not look like values"
        r" to learn; name those to learn with --value_columns\.$",
        starrseq.prepare,
        tmp_path,
        {"a": content},
    )
    got = read(tmp_path, content, value_columns=titles[1])
    assert ("a", "value columns", f"column '{titles[1]}' (as requested)") in got.readings


def test_two_columns_of_dna_are_asked_for(tmp_path: Path) -> None:
    other, body = texts(60, seed=3), texts(60)

    def content(titles: tuple[str, ...], *columns: list[str]) -> str:
        return table(
            [("name", *titles, "y"), *zip(map(str, range(60)), *columns, VALUES, strict=True)]
        )

    check_refusal(
        r"^a: several columns hold DNA sequences \(ref, alt\); name the one to learn from with"
        r" --sequence_column\.$",
        starrseq.prepare, tmp_path, {"a": content(("ref", "alt"), other, body)},
    )  # fmt: skip
    asked = read(tmp_path, content(("ref", "alt"), other, body), sequence_column="alt").dataset
    sure = {
        "a barcode": content(("barcode", "oligo"), [s[:15] for s in other], body),
        "a linker": content(("linker", "oligo"), ["ACGTACGTAC"] * 60, body),
        "the other strand": content(("oligo", "oligo_rc"), body, [turned(s) for s in body]),
        "its usual name": content(("ref", "sequence"), other, body),
    }
    for form, text in sure.items():
        assert np.array_equal(read(tmp_path, text).dataset.codes, asked.codes), form


@pytest.mark.parametrize("form", ["(+)", "|x", ".1"])
def test_other_names_are_not_joined_by_their_order(form: str, tmp_path: Path) -> None:
    fasta = "".join(f">s{i}{form}\n{s}\n" for i, s in enumerate(texts(60)))
    rows = [{"sample": "A", "data": 0, "values": 1}]
    content = table([("id", "y"), *zip((f"s{i}" for i in range(60)), VALUES, strict=True)])
    check_refusal(
        r"^v: the column 'id' seems to hold names \('s0'\), and none of the first 60 is a sequence"
        r" of a \('s0",
        starrseq.prepare, tmp_path, {"a": fasta, "v": content}, rows,
    )  # fmt: skip
    alone = table([("y",), *zip(VALUES, strict=True)])
    got = prepared(starrseq.prepare, tmp_path, {"a": fasta, "v": alone}, rows).dataset
    assert np.allclose(got.labels[:, 0], VALUES)


@pytest.mark.parametrize("word", ["NA", "nan", "."])
def test_a_missing_value_in_the_first_line_is_no_header(word: str, tmp_path: Path) -> None:
    fasta = "".join(f">s{i}\n{s}\n" for i, s in enumerate(texts(60)))
    rows = [{"sample": "A", "data": 0, "values": 1}]
    for first in ((word,), ("s0", word)):
        body = [(f"s{i}", v)[-len(first) :] for i, v in enumerate(VALUES)]
        files: dict[str, str | bytes] = {"a": fasta, "v": table([first, *body[1:]])}
        got = prepared(starrseq.prepare, tmp_path, files, rows).dataset
        assert got.names[0] == "s1" and np.allclose(got.labels[:, 0], VALUES[1:])


def test_labels_before_the_sequence_are_asked_for(tmp_path: Path) -> None:
    content = table([("label", "sequence"), *zip("01" * 30, texts(60), strict=True)])
    check_refusal(
        r"^a: there is no column after the sequence, .* --value_columns \(there is label\)\.$",
        plain.prepare, tmp_path, {"a": content},
    )  # fmt: skip
    assert read(tmp_path, content, plain, value_columns="label").dataset.meta.task_type == "binary"


def test_one_column_that_is_no_value_is_asked_for(tmp_path: Path) -> None:
    content = values(["length", "note"], [40] * 60, ["x"] * 60)
    check_refusal(
        "^a: the only column of numbers, length, does not look like values to learn",
        starrseq.prepare, tmp_path, {"a": content},
    )  # fmt: skip


@pytest.mark.parametrize("word", ["", "NA", "holdout"])
def test_a_row_without_a_part_is_said(word: str, tmp_path: Path) -> None:
    parts = [("train", "train", "test", "valid")[i % 4] for i in range(60)]
    content = values(["set", "y"], [word, *parts[1:]], VALUES)
    check_refusal(
        rf"^d \(a\): the column 'set' says '{word}' \(1 rows\) besides train; write train, valid",
        starrseq.prepare, tmp_path, {"a": content}, split_column="set",
    )  # fmt: skip


def test_values_alike_are_tasks_and_noted(tmp_path: Path) -> None:
    titles = ["Dev_log2_enrichment", "Hk_log2_enrichment"]
    got = read(tmp_path, values(titles, VALUES, VALUES[::-1]))
    assert got.dataset.meta.tasks == tuple(titles)
    said = "columns 'Dev_log2_enrichment', 'Hk_log2_enrichment' (found by their content)"
    assert ("a", "value columns", said) in got.readings
    names = ["K562", "log2FoldChange", "signalValue", "E-score", "B.GC.Sp", "CD34_pos", "cluster_1"]
    assert not any(map(describes, [*names, "cell_line_A", "fold_change", "STAT1", "mean"]))
    assert all(
        map(describes, ["adj.P.Val", "K562 lfcSE", "peakEnd end", "n_obs_bc", "GC", "P.Value"])
    )


def test_text_beside_the_values_is_no_matter(tmp_path: Path) -> None:
    chromosomes = [("1", "X", "MT")[i % 3] for i in range(60)]
    titles = ["chr", "note", "log2FC"]
    content = values(titles, chromosomes, ["a,b"] * 60, VALUES)
    got = read(tmp_path, content, value_columns="log2FC")
    assert np.allclose(got.dataset.labels[:, 0], VALUES)


def test_several_columns_without_a_header_are_asked_for(tmp_path: Path) -> None:
    content = values(["a", "b"], VALUES, VALUES).partition("\n")[2]
    check_refusal(r"hold numbers \(2, 3\); name", starrseq.prepare, tmp_path, {"a": content})
    assert np.allclose(read(tmp_path, content, value_columns="3").dataset.labels[:, 0], VALUES)


@pytest.mark.parametrize("separator", [";", "\t"])
def test_decimal_commas_are_named_once(separator: str, tmp_path: Path) -> None:
    numbers = [f"{v:.3f}".replace(".", ",") for v in VALUES]
    content = values(["y"], numbers, separator=separator)
    check_refusal(
        r"^a, line 2: '-2,000' in column y has a comma, between thousands or before decimals;"
        r" write -2000 or -2\.000\. 59 more lines have the same mistake\.$",
        starrseq.prepare, tmp_path, {"a": content},
    )  # fmt: skip


R_TABLE = [
    f'"{i}" "s{i}" "{s}" {v}' for i, (s, v) in enumerate(zip(texts(60), VALUES, strict=True))
]
FORMS = {
    "write.csv": values(["y"], VALUES, separator=",").replace("name", '"","name"', 1)
    .replace("\ns", "\n7,s"),
    "write.table": '"name" "sequence" "y"\n' + "\n".join(R_TABLE) + "\n",
    "excel": "\ufeff" + values(["y"], VALUES, separator=";").replace("\n", "\r\n"),
    "quoted separators": values(["note", "y"], ['"a, ""b"""'] * 60, VALUES, separator=","),
    "pandas index": values(["y"], VALUES, separator=",").replace("name", "Unnamed: 0,name", 1)
    .replace("\ns", "\n3,s"),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_quotes_and_row_names(form: str, tmp_path: Path) -> None:
    dataset = read(tmp_path, FORMS[form]).dataset
    assert np.allclose(dataset.labels[:, 0], VALUES)
    assert dataset.names[5] == "s5"


@pytest.mark.parametrize("word", ["", "NA", "nan", "#N/A", "<NA>", "None", "n/a", "-", "NULL"])
def test_words_for_missing_values(word: str, tmp_path: Path) -> None:
    content = values(["y", "z"], [word, *VALUES[1:]], [1, word, *VALUES[2:]], separator="\t")
    dataset = read(tmp_path, content).dataset
    assert np.isnan(dataset.labels).sum() == 2


def classes(word: str) -> str:
    names = [("B", "T", word)[i % 3] for i in range(60)]
    return table(list(zip((f"s{i}" for i in range(60)), texts(60), names, strict=True)))


@pytest.mark.parametrize("word", ["na", "none", "nil", "+", "NA", "None", "-", "n/a", "NULL", "."])
def test_a_class_is_not_taken_for_missing(word: str, tmp_path: Path) -> None:
    got = read(tmp_path, classes(word), plain, task_type="multiclass")
    assert word in got.dataset.meta.tasks
    assert len(got.dataset) == 60
    told = f"20 sequences are of a class called '{word}'; if they have no class, leave these cells"
    assert any(note.startswith(told) for note in got.dataset.meta.notes) == (word != "+")
    minus = read(tmp_path, classes("+").replace("\tB", "\t-"), plain, task_type="multiclass")
    assert set(minus.dataset.meta.tasks) == {"+", "-", "T"}


@pytest.mark.parametrize(
    ("word", "count"),
    [("nan", 20), ("#N/A", 20), ("<NA>", 20), ("NA", 19), ("NULL", 2), (".", 1), ("N/A", 7)],
)
def test_what_has_no_class_is_said(word: str, count: int, tmp_path: Path) -> None:
    content = classes("x").replace("\tx", f"\t{word}", count).replace("\tx", "\tB")
    got = read(tmp_path, content, plain, task_type="multiclass")
    assert got.dataset.meta.tasks == ("B", "T")
    assert got.dataset.meta.dropped == {"no value": count}
    assert any(
        n.startswith(f"{count} sequences say '{word}' instead of") for n in got.dataset.meta.notes
    )


def test_one_class_and_what_is_none(tmp_path: Path) -> None:
    content = classes("nan").replace("\tT", "\tB")
    check_refusal(
        "^a: the column of classes has 1 different values beside 'nan', which means no class; 2 to",
        plain.prepare, tmp_path, {"a": content}, task_type="multiclass",
    )  # fmt: skip


@pytest.mark.parametrize(("true", "false"), [("TRUE", "FALSE"), ("True", "False"), ("true", "0")])
def test_logical_labels(true: str, false: str, tmp_path: Path) -> None:
    body = [(f"s{i}", s, true if i % 2 else false) for i, s in enumerate(texts(60))]
    got = read(tmp_path, table([("name", "sequence", "label"), *body]), plain)
    assert got.dataset.meta.task_type == "binary"
    assert got.dataset.labels[:2, 0].tolist() == [0, 1]
    assert ("a", "labels", "TRUE as 1, FALSE as 0") in got.readings


@pytest.fixture
def cases(field_dir: Path) -> Path:
    return field_dir / "cases"


def test_case_20(cases: Path, tmp_path: Path) -> None:
    folder = cases / "20_mpra_malinois"
    tasks = [f"{cell}_log2FC" for cell in ("K562", "HepG2", "SKNSH")]
    for name in ("Table_S2__MPRA_dataset.txt", "autosomes.txt"):
        content = (folder / name).read_bytes()
        check_refusal(
            rf"several columns hold numbers \(.*{', '.join(tasks)}, .*; name those to learn",
            starrseq.prepare, tmp_path, {"a": content}, length=180,
        )  # fmt: skip
        got = read(tmp_path, content, value_columns=",".join(tasks), length=180)
        assert got.dataset.meta.tasks == tuple(tasks)


def test_case_22(cases: Path, tmp_path: Path) -> None:
    for name, line in (("Tabelle1.csv", 2), ("ohne_kopf.csv", 1)):
        content = (cases / "22_excel_german" / name).read_bytes()
        check_refusal(
            rf"^a, line {line}: '\d,\d+'.* has a decimal comma; write \d\.\d+ .* more lines",
            starrseq.prepare, tmp_path, {"a": content},
        )  # fmt: skip


def test_cases_23_and_26(cases: Path, tmp_path: Path) -> None:
    folder = cases / "23_labels_pm1_bool_text"
    kinds = {}
    for name in ("bool", "pm1"):
        meta = read(tmp_path, (folder / f"{name}.tsv").read_bytes(), plain).dataset.meta
        kinds[name] = meta.task_type
    assert kinds == {"bool": "binary", "pm1": "regression"}
    text = (folder / "text.tsv").read_bytes()
    check_refusal(
        "'unbound' in column label is not a number.*task_type multiclass", plain.prepare, tmp_path,
        {"a": text},
    )  # fmt: skip
    meta = read(tmp_path, text, plain, task_type="multiclass").dataset.meta
    assert meta.tasks == ("bound", "unbound")
    folder = cases / "26_inf_constant"
    check_refusal(
        "'-inf' in column log2fc is infinite", starrseq.prepare, tmp_path,
        {"a": (folder / "inf.csv").read_bytes()},
    )  # fmt: skip
    content = (folder / "nan_text.csv").read_bytes()
    check_refusal(
        "'#DIV/0!' in column log2fc is a spreadsheet error", starrseq.prepare, tmp_path,
        {"a": content},
    )  # fmt: skip
    lost = content.count(b"#N/A")
    got = read(tmp_path, content.replace(b"#DIV/0!", b"#N/A").replace(b"#VALUE!", b"#N/A"))
    assert got.dataset.meta.dropped["no value"] >= lost > 0


def test_case_27(cases: Path, tmp_path: Path) -> None:
    folder = cases / "27_multiclass_absent"
    parts = ("train", "valid", "test")
    files: dict[str, str | bytes] = {p: (folder / f"{p}.tsv").read_bytes() for p in parts}
    rows = [{"sample": p, "data": i, "split": p} for i, p in enumerate(parts)]
    dataset = prepared(plain.prepare, tmp_path, files, rows, task_type="multiclass").dataset
    assert any(n.startswith("NK has no example in the training") for n in dataset.meta.notes)
    logits = dataset.labels + np.random.default_rng(1).normal(size=dataset.labels.shape)
    table = metrics.rows(dataset, logits, model="explainn", replicate=1)
    assert all(row["value"] is None for row in table if row["task"] == "NK")
    (every,) = [r for r in table if (r["split"], r["task"]) == ("test", "*")]
    test = dataset.labels[dataset.rows("test")]
    assert every["n"] == (test[:, dataset.meta.tasks.index("NK")] == 0).sum() < len(test)


def test_case_32(cases: Path, tmp_path: Path) -> None:
    folder = cases / "32_uniprobe_8mers"
    content = (folder / "Reb1_8mers_11111111.txt").read_bytes()
    check_refusal(
        r"several columns hold numbers \(E-score, Median, Z-score\)", pbm.prepare, tmp_path,
        {"a": content},
    )  # fmt: skip
    assert len(read(tmp_path, content, pbm, value_columns="E-score", pad="12").dataset) > 1000
    probes = read(tmp_path, (folder / "deBruijn.txt").read_bytes(), pbm)
    assert probes.dataset.meta.dropped["no value"] == 62
