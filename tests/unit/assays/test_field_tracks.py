"""Tracks, and tables that were taken for tracks, as people have them."""

from __future__ import annotations

import io
import json
import lzma
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from field_cases import case_specs, prepare_spec, reading
from nfexplainn.assays.accessibility import prepare
from nfexplainn.assays.track_kinds import track_kind
from nfexplainn.errors import UserError
from region_fixtures import SIZES, make_genome, make_spec, regions


@pytest.fixture(scope="module")
def genome(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_genome(tmp_path_factory.mktemp("genome"))


BED = "".join(f"{c}\t{s}\t{e}\n" for c, s, e in regions(60))
LINES = [
    (name, start, start + 50, 1 + (start // 50) % 7)
    for name, size in SIZES.items()
    for start in range(0, size - 50, 50)
]
BEDGRAPH = "".join(f"{c}\t{s}\t{e}\t{v}\n" for c, s, e, v in LINES)
FRAGMENTS = "".join(
    f"{c}\t{s}\t{e}\tBC{v}\t{v}\n" for i, (c, s, e, v) in enumerate(LINES) if i * i % 7 != 2
)


def run(tmp_path: Path, genome: Path, text: str | bytes, **options: Any) -> Any:
    files: dict[str, Any] = {"a": text, "r.bed": BED}
    spec = make_spec(
        tmp_path, genome, "accessibility", files, regions="r.bed", transform="none", **options
    )
    return prepare(spec)


@pytest.mark.parametrize("text", [BEDGRAPH, FRAGMENTS], ids=["bedgraph", "fragments"])
def test_chromosomes_called_otherwise_stop(tmp_path: Path, genome: Path, text: str) -> None:
    two = text.replace("chr2\t", "2\t").replace("chr10\t", "10\t")
    with pytest.raises(UserError, match=r"a: .* of .* lines .*with other names"):
        run(tmp_path, genome, two)
    other = text.replace("chr2\t", "second\t").replace("chr10\t", "tenth\t")
    with pytest.raises(UserError, match=r"nothing on chr2, chr10 .* are on second, tenth"):
        run(tmp_path, genome, other)


def test_a_bigwig_of_other_names_stops(tmp_path: Path, genome: Path) -> None:
    pybigtools = pytest.importorskip("pybigtools", reason="needs pybigtools to write a bigWig")
    names = {"chr1": "chr1", "chr2": "2", "chr10": "10"}
    sizes = {names[name]: size for name, size in SIZES.items()}
    rows = sorted((names[c], s, e, float(v)) for c, s, e, v in LINES)
    writer = pybigtools.open(str(tmp_path / "w.bw"), "w")
    writer.write(sizes, iter(rows))
    with pytest.raises(UserError, match=r"a: 30,000 of 60,000 bp .*write 'chr10' for '10'"):
        run(tmp_path, genome, (tmp_path / "w.bw").read_bytes())


def test_records_elsewhere_are_counted(tmp_path: Path, genome: Path) -> None:
    text = BEDGRAPH + "chrUn\t0\t50\t9\n"
    prepared = run(tmp_path, genome, text)
    assert ("a", "record on a chromosome that the genome lacks", 1) in prepared.dropped
    assert reading(prepared, "track") == "bedGraph (values of column 4 summed): 1,198 records"
    same = run(tmp_path, genome, BEDGRAPH).dataset
    np.testing.assert_array_equal(prepared.dataset.labels, same.labels)


@pytest.mark.parametrize("text", [BEDGRAPH, FRAGMENTS], ids=["bedgraph", "fragments"])
def test_an_end_far_beyond_is_named_and_a_bin_is_cut(
    tmp_path: Path, genome: Path, text: str
) -> None:
    lines = text.splitlines(keepends=True)
    cells = lines[9].split("\t")
    wrong = [*lines[:9], "\t".join([*cells[:2], "4294967296", *cells[3:]]), *lines[10:]]
    with pytest.raises(
        UserError, match=r"a, line 10: end 4294967296 is far beyond the end of chr1"
    ):
        run(tmp_path, genome, "".join(wrong))
    more = text + "chr1\t29950\t30020\t" + ("5\n" if text == BEDGRAPH else "BC1\t1\n")
    prepared = run(tmp_path, genome, more)
    assert ("a", "record over the end of its chromosome, cut off there", 1) in prepared.dropped
    same = run(tmp_path, genome, text).dataset
    away = [i for i, name in enumerate(same.names) if not name.startswith("chr1:29")]
    np.testing.assert_array_equal(prepared.dataset.labels[away], same.labels[away])


@pytest.mark.parametrize(
    "form",
    [
        BEDGRAPH.replace("\n", "\r\n"),
        "\ufeff" + BEDGRAPH,
        BEDGRAPH.encode("utf-16"),
        "browser hide all\ntrack type=bedGraph\n" + BEDGRAPH,
        BEDGRAPH.replace("chr10\t0", "track type=bedGraph name=b\nchr10\t0", 1),
        "".join(f'"{c}" {s} {e} {v}\n' for c, s, e, v in LINES),
        "".join(f"{c},{s},{e},{v}\n" for c, s, e, v in LINES),
    ],
    ids=["crlf", "bom", "utf-16", "track", "two tracks", "R", "commas"],
)
def test_forms_of_a_bedgraph(tmp_path: Path, genome: Path, form: str | bytes) -> None:
    text = form if isinstance(form, bytes) else form.encode()
    got = run(tmp_path, genome, text).dataset
    np.testing.assert_array_equal(got.labels, run(tmp_path, genome, BEDGRAPH).dataset.labels)


KINDS = {
    "chr1\t1\t9\n": "fragments",
    "chr1\t1\t9\t0.5\n": "bedgraph",
    "chr1\t1\t9\tAAACGAA-1\t2\n": "fragments",
    "chr1\t1\t9\tAAACGAA-1\t2\t+\n": "fragments",
    "chr1\t1\t9\tN\t1000\t+\nchr1\t1\t9\tN\t1000\t-\n": "reads",
    "chr1\t1\t9\tchr1\t20\t30\tr1\n": "bedpe",
    "chr1\t1\t9\t.\t-1\t-1\tr1\n": "bedpe",
    "#'chr'\t'start'\t'end'\t'A.bw'\nchr1\t1\t9\t0.5\n": "table",
    "#chr\tstart\tend\tA\tB\nchr1\t1\t9\t0.5\t2\n": "table",
    "#chrom\tchromStart\tchromEnd\tvalue\nchr1\t1\t9\t0.5\n": "table",
    "seqnames,start,end,A\nchr1,1,9,0.5\n": "table",
    "chr1\t1\t9\t0.5\t1.5\t2\n": "table",
    "chr1\t1\t9\t3\t4\n": "table",
    "chr1:1-9\t3\t4\n": "table",
    "chr1\t1\t9\tpeak_1\t12\t7\t3\n": "table",  # bedtools multicov
    "chr1\t1\t9\tpeak_1\t84\t+\t3\t12\n": "table",
    "chr1\t1\t9\t40.0\t4\t6\n": "table",  # Bismark
    "chr1\t1\t9\tAAACGAATCTTT\n": "fragments",
    "chr1\t1\t9\tPBMC#AAACGAATCTTT-1\n": "fragments",
    "chrom\tstart\tend\tbarcode\tcount\nchr1\t1\t9\tAAACGAATCTTT-1\t2\n": "fragments",
    '"seqnames","start","end","RG"\n"chr1",1,9,"s#AAACGAATCTTT-1"\n': "fragments",
    "Chromosome\tStart\tEnd\tName\tScore\nchr1\t1\t9\tAAACGAATCTTT\t1\n": "fragments",
    "chrom\tstart\tend\tgene\tA\nchr1\t1\t9\tGATA\t1\n": "table",
}


@pytest.mark.parametrize("text", KINDS)
def test_kinds_of_tracks(tmp_path: Path, text: str) -> None:
    (tmp_path / "x").write_text(text)
    assert track_kind(tmp_path / "x", "x")[0] == KINDS[text]


@pytest.mark.parametrize(
    "text",
    [
        "chr1\t1\t9\tpeak_1\n",
        "chr1\t1\t9\tpeak_1\t840\n",
        "chr1\t1\t9\tpeak_1\t84\t.\t3.1\t2\t1\t4\n",
        "chr1\t1\t9\tgene\t84\t+\n",
        "".join(f"chr1\t{i}\t{i + 9}\tx_peak_{i}\t{i % 40 + 1}\n" for i in range(9)),
        "".join(f"chr1\t{i}\t{i + 9}\tx_peak_{i}\t{i % 40 + 1}\t.\n" for i in range(9)),
        "".join(f"chr1\t{i}\t{i + 9}\t{i}\n" for i in range(1, 9)),
        "".join(f"chr1\t{i}\t{i + 9}\t{i}\n" for i in range(400)),
    ],
)
def test_named_intervals_are_no_track(tmp_path: Path, text: str) -> None:
    (tmp_path / "x").write_text(text)
    with pytest.raises(UserError, match=r"x, line 1: these intervals have names but no signal"):
        track_kind(tmp_path / "x", "x")


@pytest.mark.parametrize(("chromosome", "first", "depth"), [("chr1", 100, 0), ("chrM", 1, 2000)])
def test_depth_per_base_is_named(tmp_path: Path, chromosome: str, first: int, depth: int) -> None:
    """Also where all are covered more often than they have bases before them."""
    rows = (f"{chromosome}\t{first + i}\t{depth + i % 7}\n" for i in range(100))
    (tmp_path / "x").write_text("".join(rows))
    with pytest.raises(UserError, match="x, line 1: this seems to be a depth per base"):
        track_kind(tmp_path / "x", "x")


def test_a_short_row_below_a_header_is_no_fault_of_ours(tmp_path: Path) -> None:
    rows = "".join(f"chr1\t{s}\t{s + 50}\t{s / 50}\n" for s in range(0, 900, 50))
    for head in ("chrom\tstart\tend\tA\n", "chrom\tstart\tend\tbarcode\tcount\n"):
        (tmp_path / "x").write_text(head + rows + "chr1\t900\t950\n")
        assert track_kind(tmp_path / "x", "a.txt")[0] == "table"


def test_a_header_above_a_track_is_no_table(tmp_path: Path, genome: Path) -> None:
    head = "chrom\tstart\tend\tvalue\n"
    (tmp_path / "x").write_text(head + BEDGRAPH)
    assert track_kind(tmp_path / "x", "a.bedGraph")[0] == "bedgraph"
    with pytest.raises(UserError, match="or delete the header if it is a track"):
        run(tmp_path, genome, head + BEDGRAPH)
    barcodes = ["".join("ACGT"[i >> k & 3] for k in range(0, 20, 2)) for i in range(8)]
    fragments = "".join(
        f"{c}\t{s}\t{e}\t{barcodes[v]}-1\t{v}\n" for i, (c, s, e, v) in enumerate(LINES) if i % 3
    )
    got = run(tmp_path, genome, "chrom\tstart\tend\tbarcode\tcount\n" + fragments).dataset
    np.testing.assert_array_equal(got.labels, run(tmp_path, genome, fragments).dataset.labels)


def test_values_that_are_missing_are_told_the_way(tmp_path: Path, genome: Path) -> None:
    text = BEDGRAPH.replace("\t3\n", "\tnan\n")
    with pytest.raises(
        UserError, match=r"a, line 3: the value 'nan' is not a number; leave the line"
    ):
        run(tmp_path, genome, text)


def four(rows: list[tuple[int, int, object]], names: tuple[str, ...] = ("chr1", "chr2")) -> str:
    return "".join(f"{name}\t{s}\t{e}\t{v}\n" for name in names for s, e, v in rows)


PEAKS_WITH_A_NUMBER = {
    "counts": four([(i * 900, i * 900 + 400, i * 37 % 50) for i in range(80)]),
    "scores": four([(i * 900, i * 900 + 401, i / 7) for i in range(80)]),
    "numbers of a selection": four([(i * 900, i * 900 + 400, i * i + 3) for i in range(80)]),
    "copies of fragments": four([(i * 30, i * 30 + 200, 1 + i % 3) for i in range(80)]),
    "equal": four([(i * 900, i * 900 + 400, 1) for i in range(80)]),
}


@pytest.mark.parametrize("form", PEAKS_WITH_A_NUMBER)
def test_a_number_in_column_4_is_no_signal_by_itself(form: str, tmp_path: Path) -> None:
    text = PEAKS_WITH_A_NUMBER[form]
    (tmp_path / "x").write_text(text)
    lie = "overlap each other" if form == "copies of fragments" else "do not overlap"
    with pytest.raises(UserError, match=rf"peaks.bed, line 1: it is not clear .* {lie}"):
        track_kind(tmp_path / "x", "peaks.bed")
    for name in ("a.bedGraph", "a.bdg.gz", "a.bg"):
        assert track_kind(tmp_path / "x", name)[0] == "bedgraph"
    (tmp_path / "x").write_text("track type=bedGraph\n" + text)
    assert track_kind(tmp_path / "x", "x.txt")[0] == "bedgraph"
    (tmp_path / "x").write_text("chrom\tstart\tend\tcounts\n" + text)
    assert track_kind(tmp_path / "x", "x.txt")[0] == "table"


SIGNALS = {
    "genomecov -bg": four([(i * 100, i * 100 + 100 - i % 9 // 7, 2 + i % 2) for i in range(80)]),
    "sparse coverage": four(
        [(i * 500 + a, i * 500 + b, n) for i in range(2000)
         for a, b, n in ([(0, 36, 1)] if i % 6 else [(0, 20, 1), (20, 36, 2), (36, 56, 1)])],
    ),
    "CpG": four([(i * 7, i * 7 + 1, i % 101) for i in range(80)]),
    "cuts": four([(i * 40, i * 40 + 1, 1 + i % 2) for i in range(80)]),
    "bins": four([(i * 50, i * 50 + 50, round(i % 9 / 7, 3)) for i in range(80)]),
}  # fmt: skip


@pytest.mark.parametrize("form", SIGNALS)
def test_a_signal_is_told_by_how_its_intervals_lie(form: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_text(SIGNALS[form])
    assert track_kind(tmp_path / "x", "x.bed")[0] == "bedgraph"


def test_tables_are_not_fragments(field_dir: Path, root: Path, tmp_path: Path) -> None:
    specs = case_specs(field_dir / "cases" / "41_deeptools_rawcounts", root, tmp_path)
    prepared = prepare_spec(specs["dt"])
    assert prepared.dataset.meta.tasks == ("WT_rep1.bw", "KO_rep1.bw")
    with pytest.raises(UserError, match="a table of regions has its own"):
        prepare_spec(specs["dt_regions"])


def test_fragments_of_10x(field_dir: Path, root: Path, tmp_path: Path) -> None:
    specs = case_specs(field_dir / "cases" / "44_10x_fragments", root, tmp_path)
    for spec in specs.values():
        if spec.assay == "accessibility":
            assert "fragments (both ends counted)" in reading(prepare_spec(spec), "track")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("silent-acc_bg-one_end_4294967296", r"acc\.bedgraph, line \d+: end 4294967296"),
        ("silent-acc_frag-one_end_4294967296", r"frag\.tsv, line \d+: end 4294967296"),
        ("silent-acc_bg-two_of_three_chromosomes_renamed", r"acc\.bedgraph: .*with other names"),
        ("silent-acc_frag-two_of_three_chromosomes_renamed", r"frag\.tsv: .*with other names"),
        ("acc_bw-traceback-PanicException-nfexplainn_assays_tracks_py_282", r"acc\.bw: .*bigWig"),
        ("gzflip-acc_bg-traceback-error", r"acc\.bedgraph: .*damaged"),
    ],
)
def test_broken_tracks(
    field_dir: Path, genome: Path, tmp_path: Path, name: str, sentence: str
) -> None:
    folder = field_dir / "faults" / name
    raw = json.loads((folder / "spec.json").read_text())
    files: dict[str, Any] = {
        file["name"]: (folder / file["path"]).read_bytes() for file in raw["files"]
    }
    options = raw["options"] | {"regions": raw["files"][raw["options"]["regions"]]["name"]}
    with pytest.raises(UserError, match=sentence):
        prepare(make_spec(tmp_path, genome, "accessibility", files, **options))


def damaged(form: str) -> bytes:
    """A large bedGraph in xz or ZIP, damaged far behind its head."""
    lines = "".join(f"chr1\t{i}\t{i + 1}\t{i % 7}\n" for i in range(20_000, 60_000)).encode()
    if form == "xz":
        packed = bytearray(lzma.compress(lines))
        packed[len(packed) * 3 // 4] ^= 0xFF
        return bytes(packed)
    store = io.BytesIO()
    with zipfile.ZipFile(store, "w") as archive:
        archive.writestr("a.bedgraph", lines)
    packed = bytearray(store.getvalue())
    packed[len(packed) * 3 // 4] ^= 0x01
    return bytes(packed)


@pytest.mark.parametrize("form", ["xz", "zip"])
def test_other_compressed_tracks_that_are_damaged(tmp_path: Path, genome: Path, form: str) -> None:
    with pytest.raises(UserError, match=r"(damaged|line [\d,]+)"):
        run(tmp_path, genome, damaged(form))
