from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import quantile_transform

from assay_fixtures import check_refusal, prepared, table, texts
from nfexplainn import dna
from nfexplainn.assays.pbm import common_end, prepare
from nfexplainn.errors import UnusableError, UserError

LINKER = "GTCTGTGTTCCGTTGTCCGTGCTG"
GEO = (
    *("id_spot", "row", "col", "control", "id_probe", "pbm_sequence", "linker_sequence"),
    *("mean_signal_intensity", "mean_background_intensity", "flag"),
)


def signals(n: int, seed: int = 0) -> list[float]:
    return np.random.default_rng(seed).lognormal(8, 1, n).round(1).tolist()


def uniprobe(n: int = 60) -> str:
    rows = zip(signals(n), texts(n, 36), strict=True)
    return table([(signal, probe + LINKER) for signal, probe in rows])


def geo(n: int = 60) -> list[list[object]]:
    return [
        [i, "NA", "NA", "FALSE", f"P{i}", probe, LINKER[:20], signal, 10.0, 0]
        for i, (probe, signal) in enumerate(zip(texts(n, 35), signals(n), strict=True))
    ]


def test_uniprobe_keeps_the_linker_as_the_paper_does(tmp_path: Path) -> None:
    dataset = prepared(prepare, tmp_path, {"a.txt.gz": uniprobe()}).dataset
    assert dataset.meta.length == 60 + 18
    assert dataset.meta.extra["pad"] == 9
    assert dna.decode(dataset.codes)[0] == "N" * 9 + texts(60, 36)[0] + LINKER + "N" * 9
    assert any("last 24 bp of all probes are equal and were kept" in n for n in dataset.meta.notes)


def test_the_linker_can_be_cut(tmp_path: Path) -> None:
    dataset = prepared(prepare, tmp_path, {"a": uniprobe()}, linker="cut", pad="0").dataset
    # chance may have made the last bases before the linker equal, with 60 probes it has not
    assert dna.decode(dataset.codes) == texts(60, 36)


def test_a_common_end_of_sequences() -> None:
    assert common_end([b"AACG", b"TTCG", b"CG"]) == 2
    assert common_end([b"ACGT", b"ACGT"]) == 4
    assert common_end([b"A", b"C"]) == 0


def test_intensities_become_the_papers_quantiles(tmp_path: Path) -> None:
    dataset = prepared(prepare, tmp_path, {"a": uniprobe(500)}).dataset
    values = np.array(signals(500))[:, None]
    expected = quantile_transform(values, n_quantiles=10, random_state=0)
    assert np.allclose(dataset.labels, expected, atol=1e-6)
    plain = prepared(prepare, tmp_path, {"a": uniprobe(500)}, transform="log2").dataset
    assert np.allclose(plain.labels, np.log2(values), rtol=1e-6)


def test_a_geo_like_table_leaves_out_what_is_flagged(tmp_path: Path) -> None:
    rows = geo()
    rows[3][3], rows[4][-1] = "TRUE", 1
    result = prepared(prepare, tmp_path, {"a": table([GEO, *rows])}, transform="none")
    assert len(result.dataset) == 58
    assert result.dataset.meta.dropped == {"flagged": 2}
    assert result.dataset.names[:4] == ["P0", "P1", "P2", "P5"]
    assert np.allclose(result.dataset.labels[:3, 0], signals(60)[:3])


@pytest.mark.parametrize("header", [None, ("probe_sequence", "signal")])
def test_two_columns_in_either_order(tmp_path: Path, header: tuple[str, str] | None) -> None:
    rows: list[tuple[object, ...]] = list(zip(texts(60, 35), signals(60), strict=True))
    content = table([header, *rows] if header else rows, " ")
    dataset = prepared(prepare, tmp_path, {"a": content}, transform="none").dataset
    assert np.allclose(dataset.labels[:, 0], signals(60))


def test_train_on_one_array_and_test_on_the_other(tmp_path: Path) -> None:
    files = {
        name: table(list(zip(texts(n, 35, seed), signals(n, seed), strict=True)))
        for name, n, seed in (("hk", 100, 1), ("me", 80, 2))
    }
    sheet = [
        {"sample": "HK", "data": 0, "split": "train"},
        {"sample": "ME", "data": 1, "split": "test"},
    ]
    dataset = prepared(prepare, tmp_path, files, sheet).dataset
    assert dataset.meta.tasks == ("d",)
    test = np.array([name.startswith("ME") for name in dataset.names])
    assert ((dataset.split == "test") == test).all()
    assert (dataset.split == "valid").sum() == 10
    # each array has quantiles of its own
    for part in (test, ~test):
        assert (dataset.labels[part].min(), dataset.labels[part].max()) == (0, 1)
    assert any(
        "of the sheet gives no validation part: it was taken" in note for note in dataset.meta.notes
    )


def test_arrays_without_a_split_are_tasks(tmp_path: Path) -> None:
    files = {
        "a": table(list(zip(texts(60, 35), signals(60), strict=True))),
        "b": table(list(zip(texts(60, 35), signals(60, 5), strict=True))),
    }
    sheet = [{"sample": "A", "data": 0}, {"sample": "B", "data": 1}]
    dataset = prepared(prepare, tmp_path, files, sheet).dataset
    assert dataset.labels.shape == (60, 2)
    assert not np.isnan(dataset.labels).any()


def test_padding_is_no_reason_to_drop_a_probe(tmp_path: Path) -> None:
    dataset = prepared(prepare, tmp_path, {"a": uniprobe()}, pad="12").dataset
    assert len(dataset) == 60
    assert ((dataset.codes == dna.N_CODE).sum(axis=1) == 24).all()


def changed(line: int, column: int, cell: object) -> str:
    rows = [list(GEO), *geo()]
    rows[line - 1][column] = cell
    return table(rows)


two_numbers = table([(s, i, -i) for i, s in enumerate(texts(40, 35))])
BAD: list[tuple[str | bytes, dict[str, Any], str]] = [
    (
        changed(5, 7, "saturated"),
        {},
        r"a, line 5: 'saturated' in column mean_signal_intensity is not a number",
    ),
    (changed(6, 5, "ACGT-CGTACGT"), {}, r"a, line 6: the sequence holds '-'"),
    (changed(6, 5, "PROTEINSEQ"), {}, r"a, line 6: the sequence holds 'P'.*--sequence_column"),
    (changed(6, 5, ""), {}, r"a, line 6: the sequence is missing"),
    (changed(6, 5, "ACGTACGT"), {}, r"d \(.*\): the sequences differ in length \(8 to 35 bp"),
    (two_numbers, {}, r"a: several columns hold numbers \(2, 3\); name.*--value_columns"),
    (table([(s,) for s in texts(40, 35)]), {}, r"a: no column holds values"),
    (table([(1.0, i) for i in range(40)]), {}, r"a: no column holds DNA"),
    (uniprobe() + "5\n", {}, r"a, line 61: 1 cells, but the first line has 2"),
    ("", {}, r"a: the file is empty"),
    (b"\x1f\x8b\x08\x00broken", {}, r"a: the compressed file is damaged"),
    (b"\xd0\xcf\x11\xe0", {}, r"a: this is an old Excel workbook"),
    (">p1\n" + texts(1, 35)[0] + "\n", {}, r"a, line 1: this looks like FASTA"),
    (changed(5, 7, "0"), {"transform": "log2"}, r"a: 1 values are 0 or less"),
    (uniprobe(), {"pad": "0", "length": 20}, r"pad is 0, which makes 20 bp into 20.*pad 3 or more"),
    (table([(s, "ACGTTGCA" + LINKER) for s in signals(40)]), {"linker": "cut"}, r"cutting them"),
    (uniprobe(), {"value_columns": "mean"}, r"no column 'mean' \(value_columns\); it has 2 and no"),
]


@pytest.mark.parametrize(("content", "options", "sentence"), BAD)
def test_bad_input(
    tmp_path: Path, content: str | bytes, options: dict[str, Any], sentence: str
) -> None:
    check_refusal(sentence, prepare, tmp_path, {"a": content}, **options)


def test_a_training_array_is_needed(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no row has split 'train'"):
        prepared(
            prepare, tmp_path, {"a": uniprobe()}, [{"sample": "A", "data": 0, "split": "test"}]
        )


def test_flagged_only_and_too_few(tmp_path: Path) -> None:
    rows = [[*row[:-1], 1] for row in geo()]
    with pytest.raises(UserError, match="a: no row is left, since all 60 are flagged"):
        prepared(prepare, tmp_path, {"a": table([GEO, *rows])})
    with pytest.raises(UnusableError, match="Only 60 sequences"):
        prepared(prepare, tmp_path, {"a": uniprobe()}, min_positives=61)


@pytest.mark.realdata
def test_real_arrays(data_dir: Path, tmp_path: Path) -> None:
    folder = data_dir / "pbm"
    content = (folder / "UniPROBE_UP00627_WT1_REF_R1_combinatorial.txt.gz").read_bytes()
    dataset = prepared(prepare, tmp_path, {"wt1.gz": content}, linker="cut").dataset
    assert (len(dataset), dataset.meta.length) == (41944, 36 + 18)
    geo_like = (folder / "DREAM5_Cebpb_HK.geo_like.tsv.gz").read_bytes()
    plain = (folder / "DREAM5_Cebpb_HK.tsv.gz").read_bytes()
    one = prepared(prepare, tmp_path, {"g.gz": geo_like}).dataset
    two = prepared(prepare, tmp_path, {"p.gz": plain}).dataset
    assert len(one) == len(two) == 40191
    assert np.array_equal(one.codes, two.codes)
    assert np.array_equal(one.labels, two.labels)
