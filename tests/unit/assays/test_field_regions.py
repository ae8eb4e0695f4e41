"""Tables of regions in the form of public reports, with the right answers to them."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nfexplainn.assays.region_tables import read_region_table
from nfexplainn.assays.regions import RegionTable
from nfexplainn.errors import UserError
from region_fixtures import regions

N = 60
REGIONS = [(c, s + 7, s + 207) for c, s, _ in regions(N)]
WT = [round(0.37 * i, 2) for i in range(N)]
KO = [round(40 - 0.61 * i, 2) for i in range(N)]


def frame(**columns: list[Any]) -> pd.DataFrame:
    out = pd.DataFrame(REGIONS, columns=["chrom", "start", "end"])
    for title, cells in columns.items():
        out[title] = cells
    return out


def read(folder: Path, text: str | bytes, *wanted: str, labels: bool = False) -> RegionTable:
    path = folder / "t"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_region_table(path, "t", wanted, labels=labels)


def assert_regions(table: RegionTable) -> None:
    peaks = table.peaks
    chromosomes = [peaks.chromosomes[c] for c in peaks.chrom]
    found = list(zip(chromosomes, peaks.start.tolist(), peaks.end.tolist(), strict=True))
    assert found == REGIONS


def tabs(out: pd.DataFrame, **how: Any) -> str:
    return out.to_csv(sep="\t", index=False, na_rep="NA", **how)


BOTH = frame(WT=WT, KO=KO)
NAMES = [f"{c}:{s}-{e}" for c, s, e in REGIONS]
QUOTED = BOTH.to_csv(index=False, quoting=2)
SAF = frame(WT=WT, KO=KO).rename(columns={"chrom": "Chr", "start": "Start", "end": "End"})
SAF.insert(0, "Geneid", [f"Interval_{i}" for i in range(N)])
SAF.insert(4, "Strand", "+")
SAF.insert(5, "Length", SAF.End - SAF.Start)
COUNTS_FROM_1 = SAF.assign(Start=SAF.Start + 1)
GRANGES = BOTH.rename(columns={"chrom": "seqnames"})
GRANGES.insert(3, "width", GRANGES.end - GRANGES.start)
GRANGES.insert(4, "strand", "*")
GRANGES["start"] += 1

FORMS: dict[str, str | bytes] = {
    "tabs": tabs(BOTH),
    "R write.csv": BOTH.set_axis([str(i + 1) for i in range(N)]).to_csv(quoting=2, index_label=""),
    "R write.csv2 without decimals": tabs(BOTH).replace("\t", ";"),
    "R quoted": QUOTED,
    "R write.table": '"WT"\t"KO"\n'
    + "".join(f'"{n}"\t{a}\t{b}\n' for n, a, b in zip(NAMES, WT, KO, strict=True)),
    "names in quotes": '"peak","WT","KO"\n'
    + "".join(f'"{n}",{a},{b}\n' for n, a, b in zip(NAMES, WT, KO, strict=True)),
    "Signac": '"","WT","KO"\n'
    + "".join(
        f'"{n.replace(":", "-")}",{a},{b}\n' for n, a, b in zip(NAMES, WT, KO, strict=True)
    ),
    "deepTools multiBigwigSummary": "#'chr'\t'start'\t'end'\t'WT'\t'KO'\n"
    + tabs(BOTH, header=False),
    "bedtools multicov with a header": "#chrom\tstart\tend\tWT\tKO\n" + tabs(BOTH, header=False),
    "featureCounts": '# Program:featureCounts v2.0.1; Command:"featureCounts" "-F" "SAF"\n'
    + tabs(SAF),
    "featureCounts from 1": tabs(COUNTS_FROM_1),
    "GRanges": tabs(GRANGES),
    "annotation beside": tabs(BOTH.assign(gene=["Abc, d"] * N, strand="+")),
    "excel": ("\ufeff" + BOTH.to_csv(index=False)).replace("\n", "\r\n"),
    "utf-16": tabs(BOTH).encode("utf-16"),
    "blanks": tabs(BOTH).replace("\t", "  "),
    "names not first": frame(WT=WT, KO=KO).assign(at=NAMES)[["WT", "at", "KO"]].to_csv(index=False),
    "names of a browser": tabs(
        BOTH.assign(chrom=[f"{c}:{s:,}-{e:,}" for c, s, e in REGIONS])[["chrom", "WT", "KO"]]
    ).replace("chrom", "region"),
    "names of R": '"WT","KO"\n' + "".join(
        f'"{c}.{s}.{e}",{a},{b}\n' for (c, s, e), a, b in zip(REGIONS, WT, KO, strict=True)
    ),
    "columns of peaks": tabs(
        BOTH.rename(columns={"chrom": "peak_chr", "start": "peak_start", "end": "peak_end"})
    ),
    "title above": "Table S1. Counts,,,,\n,,,,\n" + BOTH.to_csv(index=False),
    "empty rows below": BOTH.to_csv(index=False) + ",,,,\n,,,,\n",
    "comments within": tabs(BOTH).replace("chr2", "# next\nchr2", 1),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_forms(form: str, tmp_path: Path) -> None:
    got = read(tmp_path, FORMS[form])
    assert_regions(got)
    assert got.tasks == ("WT", "KO")
    np.testing.assert_allclose(got.values, np.array([WT, KO]).T, rtol=1e-6)
    items = {item: value for _, item, value in got.readings}
    assert items["value columns"].startswith("columns 'WT', 'KO' (numbers)")
    assert ("regions" in items) == (form in ("featureCounts from 1", "GRanges"))
    if form == "annotation beside":
        assert items["value columns"].endswith("; not read: gene, strand")


@pytest.mark.parametrize("as_text", [True, False])
def test_parquet_is_read_alike(as_text: bool, tmp_path: Path) -> None:
    out = BOTH.assign(gene="x", hit=[i % 2 == 0 for i in range(N)])
    if as_text:
        out["hit"] = out.hit.map({True: "TRUE", False: "FALSE"})
    stream = io.BytesIO()
    out.to_parquet(stream)
    got = read(tmp_path, stream.getvalue(), "KO")
    assert_regions(got)
    np.testing.assert_allclose(got.values[:, 0], KO, rtol=1e-6)
    labels = read(tmp_path, stream.getvalue(), "hit", labels=True)
    assert labels.tasks == ("hit",)
    assert labels.values[:3, 0].tolist() == [1, 0, 1]


def boolean() -> pd.DataFrame:
    """What nf-core's macs2_merged_expand.py writes."""
    hit = [i % 3 > 0 for i in range(N)]
    out = frame(interval_id=[f"Interval_{i}" for i in range(N)], num_peaks=[2 - i % 2 for i in WT])
    out["num_samples"] = 1
    out["WT.bool"] = [str(h).upper() for h in hit]
    out["KO.bool"] = [str(not h).upper() for h in hit]
    out["WT.fc"] = [3.05 if h else None for h in hit]
    return out.rename(columns={"chrom": "chr"})


LABELS: dict[str, tuple[Callable[[], pd.DataFrame], tuple[str, ...]]] = {
    "nf-core boolean": (boolean, ("WT.bool", "KO.bool")),
    "R logical": (
        lambda: frame(A=[str(i % 3 > 0).upper() for i in range(N)], note="a b", length=200),
        ("A",),
    ),
    "pandas": (lambda: frame(A=[i % 3 > 0 for i in range(N)]), ("A",)),
    "DREAM": (
        lambda: frame(A=["UBB"[i % 3] if i != 7 else "A" for i in range(N)]),
        ("A",),
    ),
    "0 and 1": (lambda: frame(A=[int(i % 3 > 0) for i in range(N)], gc=WT), ("A",)),
    "mixed": (lambda: frame(A=["TRUE" if i % 3 else 0 for i in range(N)]), ("A",)),
}


@pytest.mark.parametrize("form", LABELS)
def test_labels(form: str, tmp_path: Path) -> None:
    make, tasks = LABELS[form]
    got = read(tmp_path, tabs(make()), labels=True)
    assert_regions(got)
    assert got.tasks == tasks
    wanted = np.array([float(i % 3 > 0) for i in range(N)])
    if form == "DREAM":
        wanted[7] = np.nan
    np.testing.assert_array_equal(got.values[:, 0], wanted.astype(np.float32))


def test_homer_counts_from_1(tmp_path: Path) -> None:
    out = BOTH.rename(columns={"chrom": "Chr", "start": "Start", "end": "End"})
    out.insert(0, "PeakID (cmd=annotatePeaks.pl p.bed hg38)", [f"Interval_{i}" for i in range(N)])
    out["Start"] += 1
    out["Distance to TSS"] = -7
    with pytest.raises(UserError, match="and Distance to TSS does not look like values to learn"):
        read(tmp_path, tabs(out))
    got = read(tmp_path, tabs(out), "WT", "KO")
    assert_regions(got)
    assert any(item == "regions" for _, item, _ in got.readings)


def test_words_may_come_late(tmp_path: Path) -> None:
    head = "name\tA\tB\n" + "".join(f"chr1:{i}-{i + 200}\tNA\t0\n" for i in range(400))
    got = read(tmp_path, head + "chr1:900-1100\tTRUE\t1\n", labels=True)
    assert got.tasks == ("A", "B")
    assert got.values[-1].tolist() == [1, 1]
    assert got.values.shape == (401, 2)


DESEQ = frame(baseMean=WT, log2FoldChange=KO, lfcSE=WT, padj=WT)
WIDE = frame(WT=WT, KO=KO, peak_length=[200] * N)
BAD: dict[str, tuple[str, tuple[str, ...], bool, str]] = {
    "DESeq2": (
        tabs(DESEQ),
        (),
        False,
        "t: several columns hold numbers (baseMean, log2FoldChange, lfcSE, padj), and baseMean does"
        " not look like values to learn; name those to learn with --value_columns.",
    ),
    "lengths": (tabs(WIDE), (), False, "(WT, KO, peak_length), and peak_length does not look"),
    "decimal commas": (
        tabs(BOTH).replace("\t", ";").replace(".", ","),
        (),
        False,
        "t, line 2: '0,0' in column WT has a decimal comma; write 0.0 (export the table with"
        " decimal points). 59 more lines have the same mistake.",
    ),
    "requested columns only": (
        tabs(frame(A=[*WT[:-1], "x"], B=[*WT[:-1], "y"], C=WT)),
        ("B", "C"),
        False,
        "t, line 61: 'y' in column B is not a number; correct it, or write NA if it is unknown.",
    ),
    "TRUE is no value": (tabs(boolean()), ("WT.bool",), False, "'FALSE' in column WT.bool is no"),
    "word": (
        tabs(frame(A=["TRUE", *["FALSE"] * (N - 2), "maybe"])),
        (),
        True,
        "t: no column besides the regions holds 0 and 1, TRUE and FALSE, or B, U and A (there are",
    ),
    "a signal beside labels": (
        tabs(frame(A=[i % 2 for i in range(N)], B=WT)),
        (),
        True,
        "t: column B holds numbers that are not labels (such as 0.37); name the columns of labels",
    ),
    "exons": (
        tabs(SAF.assign(Start=[f"{s};{s}" for s in SAF.Start])),
        (),
        False,
        "are not start and end (whole numbers); count the reads per peak",
    ),
    "texts": (tabs(frame(A=["x"] * N)), (), False, "no column besides the regions holds numbers"),
    "no header": (
        tabs(BOTH, header=False),
        (),
        False,
        "line 1: this line holds numbers, not a header",
    ),
    "column": (tabs(BOTH), ("MUT",), False, "the table has no column 'MUT' (value_columns)"),
}


@pytest.mark.parametrize("case", BAD)
def test_mistakes(case: str, tmp_path: Path) -> None:
    text, wanted, labels, sentence = BAD[case]
    with pytest.raises(UserError) as caught:
        read(tmp_path, text, *wanted, labels=labels)
    assert sentence in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 2


def test_one_cause_is_said_once(tmp_path: Path) -> None:
    text = tabs(BOTH).replace("\t", "\t\t", 1).replace("chr1\t", "chr1\t7\t")
    with pytest.raises(UserError) as caught:
        read(tmp_path, text)
    assert len(str(caught.value).splitlines()) <= 2


@pytest.fixture
def cases(field_dir: Path) -> Path:
    return field_dir / "cases"


def bed(path: Path) -> list[tuple[str, int, int]]:
    rows = (line.split("\t") for line in path.read_text().splitlines())
    return [(r[0], int(r[1]), int(r[2])) for r in rows]


def of(table: RegionTable) -> list[tuple[str, int, int]]:
    peaks = table.peaks
    return [
        (peaks.chromosomes[c], s, e)
        for c, s, e in zip(peaks.chrom, peaks.start.tolist(), peaks.end.tolist(), strict=True)
    ]


def test_case_40(cases: Path) -> None:
    folder = cases / "40_featurecounts"
    expected = bed(cases / "41_deeptools_rawcounts" / "regions.bed")
    for name in ("consensus_peaks.mLb.clN.featureCounts.txt", "nocomment.featureCounts.txt"):
        got = read_region_table(folder / name, name)
        assert [t.partition(".")[0] for t in got.tasks] == ["WT_REP1", "WT_REP2", "KO_REP1"]
        assert of(got)[: len(expected)] == expected[: len(got.values)]
        assert got.values[0].tolist() == [732, 240, 171]


def test_case_41(cases: Path) -> None:
    folder = cases / "41_deeptools_rawcounts"
    got = read_region_table(folder / "scores_per_bin.tab", "scores_per_bin.tab")
    assert got.tasks == ("WT_rep1.bw", "KO_rep1.bw")
    assert of(got) == bed(folder / "regions.bed")
    assert got.values[0, 0] == np.float32(15.7049)
    assert np.isnan(got.values[0, 1])


def test_case_42(cases: Path) -> None:
    folder = cases / "42_r_tables"
    expected = bed(cases / "41_deeptools_rawcounts" / "regions.bed")
    first = {
        "counts_writecsv.csv": (420, 125),
        "counts_writetable.txt": (720, 153),
        "counts_quoted_norownames.csv": (616, 165),
        "names_quoted.csv": (440, 198),
    }
    for name, values in first.items():
        got = read_region_table(folder / name, name)
        assert got.tasks == ("WT", "KO")
        assert tuple(got.values[0]) == values
        assert of(got) == expected[: len(got.values)]
    with pytest.raises(UserError, match=r"^t, line 2: '488,5' in column WT has a decimal comma"):
        read_region_table(folder / "counts_semicolon.csv", "t")


def test_case_43(cases: Path) -> None:
    folder = cases / "43_boolean_dream"
    name = "REB1.consensus_peaks.boolean.txt"
    for wanted in ((), ("WT_REP1.bool", "KO_REP1.bool")):
        got = read_region_table(folder / name, name, wanted, labels=True)
        assert got.tasks == ("WT_REP1.bool", "KO_REP1.bool")
        assert got.values[:4].tolist() == [[1, 0], [1, 0], [1, 0], [0, 1]]
    got = read_region_table(folder / "REB1.train.labels.tsv", "t", labels=True)
    assert got.tasks == ("GM12878", "K562")
    assert got.values[3].tolist() == [0, 0]
    assert got.values[4, 0] == 1 and np.isnan(got.values[4, 1])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("chr3\t7\t9\t5\n", "chr3\t7\t9\t5\n\n"),  # an empty line at the end
        ("chr2\t4", "\nchr2\t4"),  # and within
        ("chr2\t4", "chr2 \t4"),
        ("chr2\t4", "# a remark\nchr2\t4"),
        ("\t5\n", "\t5\t\n"),  # an empty cell at a line's end
    ],
)
def test_empty_lines_blanks_and_remarks_change_nothing(tmp_path: Path, old: str, new: str) -> None:
    """Whether a table is read in bulk or line by line."""
    text = "chrom\tstart\tend\ta\nchr1\t1\t3\t1\nchr2\t4\t6\t2\nchr3\t7\t9\t5\n"
    whole = read(tmp_path, text)
    other = read(tmp_path, text.replace(old, new, 1))
    assert other.values.tolist() == whole.values.tolist() == [[1], [2], [5]]
    assert other.peaks.start.tolist() == whole.peaks.start.tolist()
    assert other.peaks.chromosomes == whole.peaks.chromosomes == ("chr1", "chr2", "chr3")


def test_a_column_of_percents_is_not_passed_over(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"'0\.0%' in column WT has a percent sign; write 0\.0 in"):
        read(tmp_path, tabs(BOTH.assign(WT=[f"{x}%" for x in WT])))


def test_distances_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="and distance does not look like values to learn"):
        read(tmp_path, tabs(BOTH.assign(distance=range(N))))
