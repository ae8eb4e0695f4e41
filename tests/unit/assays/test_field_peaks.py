"""Files of peaks as people have them, and further ones of the same kinds."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from field_cases import case_specs, prepare_spec, reading
from nfexplainn import dna
from nfexplainn.assays.peaks import prepare
from nfexplainn.assays.spec import Prepared, Spec
from nfexplainn.errors import UnusableError, UserError
from nfexplainn.io.chromosomes import other_spellings
from nfexplainn.io.genome import index_genome
from nfexplainn.io.peak_files import read_peaks
from region_fixtures import make_genome, make_spec

MOTIF = "TTACCCG"


@pytest.fixture(scope="session")
def genomes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("genomes")


@pytest.fixture(scope="module")
def genome(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_genome(tmp_path_factory.mktemp("genome"))


def case(field_dir: Path, root: Path, genomes: Path, name: str, **options: Any) -> dict[str, Spec]:
    return case_specs(field_dir / "cases" / name, root, genomes, **options)


def with_motif(prepared: Prepared) -> float:
    """Share of the positive windows with REB1's core on either strand."""
    dataset = prepared.dataset
    codes = dataset.codes[dataset.labels[:, 0] == 1]
    both = zip(dna.decode(codes), dna.decode(dna.reverse_complement(codes)), strict=True)
    return float(np.mean([MOTIF in forward or MOTIF in reverse for forward, reverse in both]))


@pytest.mark.parametrize(
    ("name", "sample", "column"),
    [
        ("01_idr20", "idr", "column 10"),
        ("03_macs3_xls", "xls", "column 'abs_summit'"),
        ("04_ibis_peaks", "ibis", "column 'abs_summit'"),
        ("05_call_summits", "summits", "column 10"),
        ("08_seacr_gapped", "seacr", "column 6"),
    ],
)
def test_summits_are_read(
    field_dir: Path, root: Path, genomes: Path, name: str, sample: str, column: str
) -> None:
    prepared = prepare_spec(case(field_dir, root, genomes, name, negatives="shuffle")[sample])
    assert f"summits ({column})" in reading(prepared, "windows")
    if name != "05_call_summits":
        assert with_motif(prepared) > 0.35


@pytest.mark.parametrize(
    ("name", "sample"),
    [
        ("07_homer_annotate", "homer"),
        ("07_homer_annotate", "annot"),
        ("08_seacr_gapped", "gapped"),
        ("09_ucsc_track_crlf", "track"),
        ("10_r_bed", "rquote"),
        ("06_cellranger_peaks", "cr"),
    ],
)
def test_files_without_summits_say_so(
    field_dir: Path, root: Path, genomes: Path, name: str, sample: str
) -> None:
    prepared = prepare_spec(case(field_dir, root, genomes, name, negatives="shuffle")[sample])
    assert "middles of intervals" in reading(prepared, "windows")
    assert "the file gives no summits" in reading(prepared, "windows")


def test_scientific_positions_are_named(field_dir: Path, root: Path, genomes: Path) -> None:
    with pytest.raises(UserError, match=r"line 1: '1e\+05' is not a whole number.*write 100000"):
        prepare_spec(case(field_dir, root, genomes, "10_r_bed")["rsci"])


def ensembl_genome(source: Path, target: Path, masked: list[tuple[str, int]]) -> None:
    """Write the yeast genome as Ensembl does, on Windows, with 30 IUPAC codes at some places."""
    text = gzip.decompress(source.read_bytes()).decode()
    with target.open("w", newline="") as out:
        for record in text.split(">")[1:]:
            name, _, body = record.partition("\n")
            letters = list(body.replace("\n", ""))
            for chromosome, at in masked:
                if f"chr{chromosome}" == name:
                    letters[at : at + 30] = "RYSWKM" * 5
            joined = "".join(letters)
            joined = joined[:3000].lower() + joined[3000:]
            lines = [joined[at : at + 60] for at in range(0, len(joined), 60)]
            title = f">{name.removeprefix('chr')} dna:chromosome chromosome:R64-1-1:1 REF"
            out.write("\r\n".join([title, *lines]) + "\r\n")


def test_an_ensembl_genome_with_iupac_codes(field_dir: Path, root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "case"
    shutil.copytree(field_dir / "cases" / "15_genome_iupac_crlf", folder)
    folder.chmod(0o755)
    lines = [line.split("\t") for line in (folder / "peaks.bed").read_text().splitlines()]
    masked = [(line[0], int(line[1])) for line in lines if line[0] != "MT"][5:180:10]
    ensembl_genome(root / "assets/demo/sacCer3_R64.fa.gz", folder / "genome.fa", masked)
    options = {"negatives": "shuffle", "min_positives": 50}
    prepared = prepare_spec(case_specs(folder, root, tmp_path / "work", **options)["iupac"])
    assert with_motif(prepared) > 0.35
    dropped = {reason: count for _, reason, count in prepared.dropped}
    unknown = [count for reason, count in dropped.items() if "% N" in reason]
    # Neighbours within 100 bp of a masked place may lose their windows, too.
    assert len(unknown) == 1 and 18 <= unknown[0] <= 24, dropped
    assert [count for reason, count in dropped.items() if "genome" in reason] == [1], dropped


@pytest.mark.parametrize("form", ["lines", "one line", "gzip"])
def test_a_genome_of_other_letters_reads_as_one_of_n(tmp_path: Path, form: str) -> None:
    """IUPAC codes, lower case, descriptions and CRLF, against the same genome with plain N."""
    rng = np.random.default_rng(3)
    letters = rng.choice(list("ACGT"), 4000)
    other = letters.copy()
    at = rng.choice(4000, 60, replace=False)
    letters[at], other[at] = "N", rng.choice(list("RYSWKMBDHVryswkmbdhvn"), 60)
    text = "".join(other)
    text = text[:1500].lower() + text[1500:]
    width = 4000 if form == "one line" else 61
    lines = [">I dna:chromosome chromosome:X:1:4000:1 REF"]
    lines += [text[i : i + width] for i in range(0, 4000, width)]
    content = ("\r\n".join(lines) + "\r\n").encode()
    (tmp_path / "a.fa").write_bytes(gzip.compress(content) if form == "gzip" else content)
    (tmp_path / "b.fa").write_text(f">I\n{''.join(letters)}\n")
    peaks = "".join(f"I\t{s}\t{s + 150}\n" for s in range(0, 3800, 90))
    found = []
    for name in ("a.fa", "b.fa"):
        unpacked = tmp_path / f"unpacked_{name}"
        index_genome(tmp_path / name, name, unpacked)
        place = unpacked if unpacked.exists() else tmp_path / name
        options = {"width": 100, "negatives": "shuffle", "max_unknown": 0.02}
        spec = make_spec(tmp_path, place, "peaks", {"p.bed": peaks}, **options)
        found.append(prepare_spec(spec))
    assert np.array_equal(found[0].dataset.codes, found[1].dataset.codes)
    assert found[0].dropped == found[1].dropped and found[0].dropped
    assert 5 < (found[0].dataset.labels == 1).sum() < 43


def test_a_blacklist_of_other_names_stops(field_dir: Path, root: Path, genomes: Path) -> None:
    specs = case(field_dir, root, genomes, "11_blacklist_naming", negatives="shuffle")
    with pytest.raises(UserError, match=r"blacklist\.ensembl\.bed: .*write 'chrIV' for 'IV'"):
        prepare_spec(specs["ensembl_names"])
    prepared = prepare_spec(specs["ucsc_names"])
    assert "regions" in reading(prepared, "blacklist")


@pytest.mark.parametrize("sample", ["empty0", "onlycomment"])
def test_a_blacklist_of_nothing(field_dir: Path, root: Path, genomes: Path, sample: str) -> None:
    specs = case(field_dir, root, genomes, "12_empty_blacklist", negatives="shuffle")
    assert reading(prepare_spec(specs[sample]), "blacklist") == "no regions at all"


def test_a_sample_without_peaks_has_no_model(field_dir: Path, root: Path, genomes: Path) -> None:
    specs = case(field_dir, root, genomes, "48_one_empty_sample")
    with pytest.raises(UnusableError, match="holds no peak"):
        prepare_spec(next(s for name, s in specs.items() if "fail" in s.files[0].name))


# Further forms: lines of a tool, and the summit that must be read (200: the middle).
FORMS = {
    "MACS narrowPeak": ("chr1\t100\t300\tp1\t55\t.\t4.1\t7.2\t5.5\t30", 130),
    "narrowPeak with a count behind it": (
        "chr1\t100\t300\tp1\t55\t.\t4.1\t7.2\t5.5\t30\t17",
        130,
    ),
    "narrowPeak with annotation": (
        "chr1\t100\t300\tp1\t55\t+\t4.1\t-1\t-1\t30\tgene A\tENSG1\t-1200",
        130,
    ),
    "narrowPeak with another behind it": (
        "chr1\t100\t300\tp1\t55\t.\t4.1\t7.2\t5.5\t30\tchr1\t90\t310\tq\t9\t.\t3\t2\t1\t44",
        130,
    ),
    "UCSC table with bin": (
        "#bin\tchrom\tchromStart\tchromEnd\tname\tscore\tstrand\tsignalValue\tpValue\tqValue\tpeak\n"
        "585\tchr1\t100\t300\t.\t5\t.\t4.1\t-1\t-1\t30",
        130,
    ),
    "UCSC table with bin, no header": (
        "585\tchr1\t100\t300\t.\t5\t.\t4.1\t-1\t-1\t30",
        130,
    ),
    "narrowPeak written by pandas": (
        "chr1\t100\t300\tp1\t55\t.\t4.1\t7.2\t5.5\t30.0\tx",
        130,
    ),
    "Excel": (
        "sep=;\nChromosome;Start;End;Summit;Score\nchr1;100;300;130;4,5",
        130,
    ),
    "Genrich": ("chr1\t100\t300\tpeak_0\t1000\t.\t812.5\t6.1\t-1\t30", 130),
    "MACS xls": (
        "# This file is generated by MACS version 2.2.7.1\n# name = x\n\n"
        "chr\tstart\tend\tlength\tabs_summit\tpileup\t-log10(pvalue)\tfold_enrichment\t"
        "-log10(qvalue)\tname\nchr1\t101\t300\t200\t131\t9.0\t7.1\t4.1\t5.5\tx_peak_1",
        130,
    ),
    "MACS xls without header": (
        "chr1\t101\t300\t200\t131\t9.0\t7.1\t4.1\t5.5\tx_peak_1",
        130,
    ),
    "MACS broad xls": (
        "chr\tstart\tend\tlength\tpileup\t-log10(pvalue)\tfold_enrichment\t-log10(qvalue)\tname\n"
        "chr1\t101\t300\t200\t9.0\t7.1\t4.1\t5.5\tx_peak_1",
        200,
    ),
    "IBIS without header": (
        "chr1\t100\t300\t130\t84\t28.0\t8.4\t21.0\tpeak_1\tmacs2-pemode,cpics",
        130,
    ),
    "ReMap": ("chr1\t100\t300\tGSE1.CTCF.HeLa\t0\t.\t130\t131\t0,0,255", 130),
    "SEACR": ("chr1\t100\t300\t1200.5\t14.2\tchr1:120-141", 130),
    "GTRD": ("#CHROM\tSTART\tEND\tsummit\tid\nchr1\t100\t300\t30\tPEAKS1", 130),
    "DHS index": (
        "seqname\tstart\tend\tidentifier\tmean_signal\tnumsamples\tsummit\tcore_start\tcore_end\n"
        "chr1\t100\t300\t1.1\t0.3\t2\t130\t120\t140",
        130,
    ),
    "HOMER": (
        "#PeakID\tchr\tstart\tend\tstrand\tNormalized Tag Count\nchr1-1\tchr1\t101\t300\t+\t9",
        200,
    ),
    "HOMER mergePeaks": (
        "#name (cmd = mergePeaks -d given a b)\tchr\tstart\tend\tstrand\tStat\tParent files\n"
        "Merged-1\tchr1\t101\t300\t+\t9.5\ta|b",
        200,
    ),
    "LanceOtron": (
        "chrom\tstart\tend\toverall_peak_score\tshape_score\tenrichment_score\n"
        "chr1\t100\t300\t0.91\t0.8\t0.7",
        200,
    ),
    "ArchR, GRanges": (
        '"seqnames","start","end","width","strand","score"\n"chr1",101,300,200,"*",4.5',
        200,
    ),
    "write.table of GRanges": (
        '"seqnames" "start" "end" "width" "strand"\n"1" "chr1" 101 300 200 "*"',
        200,
    ),
    "SAF": ("GeneID\tChr\tStart\tEnd\tStrand\np1\tchr1\t101\t300\t+", 200),
    "gappedPeak": (
        "chr1\t100\t300\tp\t9\t.\t120\t280\t0\t2\t20,50,\t0,150,\t4.1\t5.1\t3.1",
        200,
    ),
    "BED12": ("chr1\t100\t300\tp\t9\t+\t0\t0\t0\t1\t200\t0", 200),
    "IDR of broadPeak": (
        "chr1\t100\t300\t.\t55\t.\t4.1\t7.2\t5.5\t0.93\t1.2\t100\t290\t4.0\t105\t300\t4.2",
        200,
    ),
    "epic2": (
        "#Chromosome\tStart\tEnd\tPValue\tScore\tStrand\tChIPCount\n"
        "chr1\t100\t300\t0.001\t7.5\t.\t4",
        200,
    ),
    "PeakRanger": (
        "#region_chr\tregion_start\tregion_end\tnearby_genes(6kbp)\tregion_ID\tregion_summits\t"
        "region_pvalue\nchr1\t100\t300\tA,B\tranger_fdrPassed_0\t130\t1e-9",
        130,
    ),
    "ChIPseeker": (
        "seqnames\tstart\tend\twidth\tstrand\tV4\tV5\tV6\tV7\tV8\tV9\tV10\tannotation\n"
        "chr1\t101\t300\t200\t*\tp1\t55\t.\t4.1\t7.2\t5.5\t30\tPromoter (<=1kb)",
        130,
    ),
    "write.table of a narrowPeak": (
        '"V1"\t"V2"\t"V3"\t"V4"\t"V5"\t"V6"\t"V7"\t"V8"\t"V9"\t"V10"\n'
        '"chr1"\t100\t300\t"p1"\t55\t"."\t4.1\t7.2\t5.5\t30',
        130,
    ),
    "readr": ("X1,X2,X3,X4\nchr1,100,300,p1", 200),
    "names of regions": ("chr1-100-300", 200),
    "R's vector of regions": ('"","x"\n"1","chr1-100-300"', 200),
    "Seurat's markers": (
        '"","p_val","avg_log2FC","pct.1"\n"chr1-100-300",1e-9,2.5,0.4',
        200,
    ),
    "positions of a browser": ("chr1:100-300", 200),
    "columns of peaks": ("peak_chr,peakStart,Peak.End,summit_offset\nchr1,100,300,30", 130),
    "RangedData": ("space\tstart\tend\twidth\tnames\nchr1\t101\t300\t200\tp", 200),
    "BioMart": ("Chromosome/scaffold name\tStart (bp)\tEnd (bp)\nchr1\t101\t300", 200),
    "MACS xls of Excel": (
        '"# This file is generated by MACS version 2.2.7.1",,,,\n,,,,\n'
        "chr,start,end,length,abs_summit\nchr1,101,300,200,131\n,,,,",
        130,
    ),
    "SICER": ("chr1\t100\t300\t55\t12\t1e-12\t4.5\t1e-10", 200),
    "hmmratac": (
        'track name="x" type=gappedPeak\n'
        "chr1\t100\t300\tp\t0\t.\t150\t250\t0\t3\t1,100,1\t0,50,199\t9.5\t-1\t-1",
        200,
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_other_tools(tmp_path: Path, form: str) -> None:
    text, summit = FORMS[form]
    (tmp_path / "x").write_text(text + "\n")
    peaks = read_peaks(tmp_path / "x", "x")
    assert peaks.chromosomes == ("chr1",)
    assert (peaks.start.tolist(), peaks.end.tolist()) == ([100], [300])
    assert peaks.summit.tolist() == [summit]
    assert peaks.has_summits == (summit != 200)


def narrow(n: int, **columns: Any) -> str:
    """Peaks, with columns such as ``c7=lambda i: i``."""
    lines = []
    for i in range(n):
        cells = ["chr1", str(6000 + 200 * i), str(6150 + 200 * i), ".", "7", ".", "-1", "-1", "-1"]
        cells += ["40"]
        for name, value in columns.items():
            cells[int(name[1:]) - 1] = str(value(i))
        lines.append("\t".join(cells))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("column", [7, 5, 8, 9])
def test_top_n_ranks_by_the_first_column_that_varies(
    tmp_path: Path, genome: Path, column: int
) -> None:
    text = narrow(60, **{f"c{column}": lambda i: i // 4})
    spec = make_spec(tmp_path, genome, "peaks", {"p": text}, top_n=30, negatives="shuffle")
    prepared = prepare(spec)
    value = reading(prepared, "score column")
    assert value.startswith(f"column {column}, 4 tie at the cut (7), the file's first 2 kept")
    names = [name for name in prepared.dataset.names if "shuffle" not in name]
    assert len(names) == 30
    if column != 7:
        assert any("top_n ranks by" in note for note in prepared.dataset.meta.notes)


def test_top_n_without_a_score_that_varies_is_refused(tmp_path: Path, genome: Path) -> None:
    spec = make_spec(tmp_path, genome, "peaks", {"p": narrow(60)}, top_n=30, negatives="shuffle")
    with pytest.raises(UserError, match=r"p: top_n is 30, .*column 7, column 5.* cannot be ranked"):
        prepare(spec)


@pytest.mark.parametrize(("wrong", "stops"), [(30, True), (2, False)])
def test_names_of_other_spelling_stop_where_they_are_many(
    tmp_path: Path, genome: Path, wrong: int, stops: bool
) -> None:
    black = "".join(f"chr1\t{i}\t{i + 50}\n" for i in range(0, 4000, 50))
    black += "".join(f"2\t{i}\t{i + 50}\n" for i in range(wrong))
    files = {"p": narrow(60), "b": black}
    spec = make_spec(
        tmp_path, genome, "peaks", files, negatives="shuffle", blacklist=str(tmp_path / "b")
    )
    if stops:
        with pytest.raises(UserError, match=r"b: 30 of 110 lines .* write 'chr2' for '2'"):
            prepare(spec)
    else:
        assert "(2 on chromosomes that the genome lacks)" in reading(prepare(spec), "blacklist")


EXTRA = st.lists(
    st.text(st.characters(codec="ascii", exclude_categories=["C"]), max_size=8)
    | st.integers(-5, 10**9).map(str)
    | st.floats(0, 99).map(str),
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(EXTRA, st.sampled_from([".", "+"]), st.integers(1, 9))
def test_summits_are_read_whatever_stands_behind_them(
    tmp_path: Path, extra: list[str], strand: str, step: int
) -> None:
    offsets = [7 + (i * step) % 120 for i in range(25)]
    behind = "\t".join([*extra, "x"])
    lines = [
        f"chr1\t{6000 + i}\t{6150 + i}\tp\t{i}\t{strand}\t{i / 3:.3f}\t2\t-1\t{offset}\t{behind}\n"
        for i, offset in enumerate(offsets)
    ]
    (tmp_path / "x").write_text("".join(lines))
    peaks = read_peaks(tmp_path / "x", "x")
    assert (peaks.summit - peaks.start).tolist() == offsets
    assert peaks.origin.score == "column 7"


def test_summits_at_the_start_of_all_are_none(tmp_path: Path) -> None:
    (tmp_path / "x").write_text(narrow(20, c10=lambda _: 0))
    peaks = read_peaks(tmp_path / "x", "x")
    assert not peaks.has_summits
    assert (peaks.summit - peaks.start).tolist() == [75] * 20
    assert "summits at the start of all (column 10)" in peaks.origin.format
    (tmp_path / "x").write_text(narrow(20, c10=lambda i: i % 2))
    assert read_peaks(tmp_path / "x", "x").at_summit.all()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('chr1\thavana\tgene\t100\t300\t.\t+\t.\tgene_id "a"\n', "this is GFF or GTF"),
        ("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\nchr1\t5\trs1\n", "this is VCF"),
        ("@SQ\tSN:chr1\tLN:9\n", "this is SAM"),
        ("a" * 257 + "ustar\0", "this is a tar archive, not plain text; unpack it"),
        ("RDX3\nX\n", "this is an R data file, not plain text; write its table as text"),
        ("X\n\0\0\0\3", "this is an R object"),
        ("\x89HDF\r\n", "HDF5"),
        ("{\\rtf1", "RTF"),
        ("\x43\x27\x41\x1a\0\0", "this is a 2bit file, not plain text; convert it with twoBitToFa"),
    ],
)
def test_other_kinds_of_files_are_named(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "x").write_bytes(text.encode("latin-1"))
    with pytest.raises(UserError, match=sentence):
        read_peaks(tmp_path / "x", "x")


def test_points_of_events_are_single_bases(tmp_path: Path) -> None:
    """GEM and MultiGPS name a base ``chromosome:position``, from 1."""
    rows = "".join(f"1:{9 + i}\t{i}.5\t0.25\n" for i in range(20))
    (tmp_path / "x").write_text("Position\tIP\tControl\n" + rows)
    peaks = read_peaks(tmp_path / "x", "x")
    assert peaks.chromosomes == ("1",)
    assert peaks.summit.tolist() == peaks.start.tolist() == list(range(8, 28))
    assert peaks.origin.format == "places named in column 1"


@pytest.mark.parametrize(
    ("form", "score"),
    [
        ("chr1\t{a}\t{b}\t{up}\t{down}\t1e-{up}\t{up}.5\t1e-9\n", "column 7"),  # SICER
        ("chrom\tstart\tend\tscore\tsignal_value\n", "column 'signal_value'"),
        ("chrom\tstart\tend\tp.value\tPeak_Score\n", "column 'Peak_Score'"),
    ],
)
def test_the_score_is_what_ranks_peaks(tmp_path: Path, form: str, score: str) -> None:
    line = "chr1\t{a}\t{b}\t{down}\t{up}\n" if form.startswith("chrom") else form
    rows = (line.format(a=900 * i, b=900 * i + 200, up=i, down=50 - i) for i in range(1, 30))
    (tmp_path / "x").write_text((form if form.startswith("chrom") else "") + "".join(rows))
    peaks = read_peaks(tmp_path / "x", "x")
    assert peaks.origin.score == score
    assert (np.diff(peaks.score) > 0).all()


def test_positions_that_a_spreadsheet_rounded_are_lost(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("chr1\t1.01E+08\t1.01E+08\n")
    with pytest.raises(
        UserError, match=r"'1\.01E\+08' is not a .*: a spreadsheet has rounded it; exp"
    ):
        read_peaks(tmp_path / "x", "x")


def test_commas_between_thousands_are_named(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("chr1:1,100-1,300\nchr1:400-1,300,000\n")
    peaks = read_peaks(tmp_path / "x", "x")
    assert (peaks.start.tolist(), peaks.end.tolist()) == ([1100, 400], [1300, 1300000])
    (tmp_path / "x").write_text("chr1\t1,100\t1,300\n")
    with pytest.raises(UserError, match=r"'1,100' is not a whole number, .* must be; write 1100"):
        read_peaks(tmp_path / "x", "x")


def test_an_empty_file_of_negatives_is_unusable(tmp_path: Path, genome: Path) -> None:
    files = {"p": narrow(60), "n": ""}
    rows = [{"sample": "A", "data": 0, "negatives": 1}]
    with pytest.raises(UnusableError):
        prepare(make_spec(tmp_path, genome, "peaks", files, rows))


def test_probabilities_rank_only_as_logarithms(tmp_path: Path) -> None:
    head = "chrom\tstart\tend\tpvalue\tconc\n"
    for name, values, score in (("raw", (0.01, 0.5), 5.0), ("log", (12.5, 3.0), 12.5)):
        rows = "".join(f"chr1\t{9 + i}\t50\t{v}\t{5 + i}\n" for i, v in enumerate(values))
        (tmp_path / name).write_text(head + rows)
        assert read_peaks(tmp_path / name, name).score[0] == score


def test_scores_with_decimal_commas_rank(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("chr1;1;9;a;1,5\nchr1;20;29;b;10,25\n")
    assert read_peaks(tmp_path / "x", "x").score.tolist() == [1.5, 10.25]
    (tmp_path / "x").write_text("chr1\t1\t9\ta\t950\nchr1\t20\t29\tb\t1,110\n")
    assert read_peaks(tmp_path / "x", "x").score.tolist() == [950, 1110]


@pytest.mark.parametrize(
    ("scores", "last"),
    [
        ([*(f"{900 - i % 400}" for i in range(400)), "1,234"], 1234),  # the first with a comma
        ([*(f"{1000 + i:,}" for i in range(20)), "1,234,567"], 1234567),
        (["4,125", "3,5", "12,250"], 12.25),
    ],
)
def test_all_numbers_with_commas_are_read_alike(
    tmp_path: Path, scores: list[str], last: float
) -> None:
    rows = (f"chr1\t{900 * i}\t{900 * i + 200}\tp\t{score}\n" for i, score in enumerate(scores))
    (tmp_path / "x").write_text("".join(rows))
    found = read_peaks(tmp_path / "x", "x").score
    assert found[-1] == last and not np.isnan(found).any()


@pytest.mark.parametrize(
    ("title", "cell"),
    [
        ("peak", "{i}"),
        ("n_summits", "{few}"),
        ("summit.count", "{few}"),
        ("Summit_number", "{few}"),
    ],
)
def test_numbers_and_counts_of_peaks_are_no_summits(tmp_path: Path, title: str, cell: str) -> None:
    rows = "".join(
        f"chr1\t{900 * i}\t{900 * i + 200}\t{cell.format(i=i, few=1 + i % 3)}\n"
        for i in range(1, 20)
    )
    (tmp_path / "x").write_text(f"chrom\tstart\tend\t{title}\n{rows}")
    peaks = read_peaks(tmp_path / "x", "x")
    assert not peaks.at_summit.any() and peaks.summit[0] == 1000


def test_a_first_place_that_is_wrong_is_no_header(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("chr1:500-100\n" + "".join(f"chr1:{i}-900\n" for i in range(9)))
    with pytest.raises(UserError, match="x, line 1: "):
        read_peaks(tmp_path / "x", "x")


def test_a_rank_of_scores_is_no_score(tmp_path: Path) -> None:
    head = "chrom\tstart\tend\tscore_rank\tmean_score\n"
    (tmp_path / "x").write_text(head + "chr1\t1\t9\t1\t8.5\nchr1\t11\t19\t2\t3.5\n")
    assert read_peaks(tmp_path / "x", "x").score.tolist() == [8.5, 3.5]


def test_numbers_behind_a_place_are_not_its_own(tmp_path: Path) -> None:
    rows = (f"p{i}\tchr2:{300 * i}-{300 * i + 100}\t{i}\t{5 * i}\n" for i in range(1, 20))
    (tmp_path / "x").write_text("".join(rows))
    peaks = read_peaks(tmp_path / "x", "x")
    assert (peaks.chromosomes, peaks.start[0], peaks.end[0]) == (("chr2",), 300, 400)


@pytest.mark.parametrize("other", ["chr9:7000-9000", "GO:0008150", "chr9:7,000"])
def test_places_that_other_columns_name_are_not_those_of_the_header(
    tmp_path: Path, other: str
) -> None:
    head = "gene\tlocus\tstrand\tchrom\tstart\tend\n"
    rows = (f"G{i}\t{other}\t+\tchr2\t{300 * i}\t{300 * i + 100}\n" for i in range(9))
    (tmp_path / "x").write_text(head + "".join(rows))
    peaks = read_peaks(tmp_path / "x", "x")
    assert peaks.chromosomes == ("chr2",)
    assert (peaks.start[1], peaks.end[1]) == (300, 400)


@pytest.mark.parametrize(
    ("mine", "its", "other"),
    [
        (("1", "2", "X"), ("chr1", "chr2", "chrX"), ("chr1", "chr2", "chrX")),
        (("chr1", "chrM"), ("1", "MT"), ("1", "MT")),
        (("Chr1", "CHR2", "chrm"), ("chr1", "chr2", "chrM"), ("chr1", "chr2", "chrM")),
        (("chr1", "chrUn_7"), ("chr1", "chr2"), ("", "")),
        (("chrchr",), ("1", "2"), ("",)),
        (("Chr01", "Chr02", "Chr10"), ("1", "2", "10"), ("1", "2", "10")),
        (("1.0", "2.0"), ("chr1", "chr2"), ("chr1", "chr2")),
        (("chr1", "chr4", "chrM"), ("I", "II", "III", "IV", "Mito"), ("I", "IV", "Mito")),
        (("chrI", "chrII", "chrIII", "chrX"), ("1", "2", "3", "10"), ("1", "2", "3", "10")),
        (("chrX", "10"), ("chr1", "chrX"), ("", "")),
        (("NC_000001.11", "NC_000023.11"), ("chr1", "chrX"), ("chr1", "chrX")),
        (("NC_000067.7", "NC_000087.8", "NC_007373.4"), ("1", "Y"), ("1", "Y", "")),
    ],
)
def test_spellings_of_chromosomes(
    mine: tuple[str, ...], its: tuple[str, ...], other: tuple[str, ...]
) -> None:
    codes = {name: code for code, name in enumerate(its)}
    assert tuple(other_spellings(mine, codes).values()) == other


@pytest.mark.parametrize("text", ["", "# nothing\n", "track name=x\n"])
def test_no_peaks_are_no_mistake(tmp_path: Path, genome: Path, text: str) -> None:
    spec = make_spec(tmp_path, genome, "peaks", {"failed.narrowPeak": text})
    with pytest.raises(UnusableError, match=r"failed\.narrowPeak holds no peak"):
        prepare(spec)


def test_what_was_read_is_told_of_a_data_set_without_a_model(tmp_path: Path, genome: Path) -> None:
    with pytest.raises(UnusableError) as caught:
        prepare(make_spec(tmp_path, genome, "peaks", {"p": narrow(4)}, negatives="shuffle"))
    assert ("p", "windows", "round 4 summits (column 10)") in caught.value.readings
