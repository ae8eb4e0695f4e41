"""Sites in the run that trains: planted ones are found in place; without the parameter, no task."""

from __future__ import annotations

import csv
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pysam
import pytest

from nextflow_runs import ROOT, Run, first_of, run_nextflow, write_sheet

WORD, SIZE, STEP = "TTACCCGCAT", 180_000, 300
TURNED = WORD[::-1].translate(str.maketrans("ACGT", "TGCA"))
SMALL = (
    *("--units", "12", "--max_epochs", "40", "--replicates", "2", "--recipe", "paper"),
    *("--negatives", "shuffle"),
)
COLUMNS = ("sample", "assay", "data", "genome", "hits")


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A genome with a motif in every peak, on either strand; and sequences with it."""
    folder = tmp_path_factory.mktemp("hits")
    rng = np.random.default_rng(6)
    genome = rng.choice(list("ACGT"), SIZE)
    peaks, wide, sites = [], [], []
    for number, at in enumerate(range(500, SIZE - 500, STEP)):
        start = at + int(rng.integers(-40, 40))
        genome[start : start + len(WORD)] = list(TURNED if number % 2 else WORD)
        sites.append(f"chr1\t{start}\t{start + len(WORD)}\t.\t0\t{'-' if number % 2 else '+'}\n")
        peaks.append(f"chr1\t{at - 1}\t{at}\n")
        wide.append(f"chr1\t{at - 110}\t{at + 110}\n")
    # An interval again, one that overlaps it, and one beyond the end.
    more = [wide[0], "chr1\t420\t640\n", f"chr1\t{SIZE - 50}\t{SIZE + 50}\n"]
    text = "".join(genome)
    (folder / "genome.fa").write_text(f">chr1\n{text}\n")
    (folder / "peaks.bed").write_text("".join(peaks))
    (folder / "wide.bed").write_text("".join([*wide, *more]))
    (folder / "sites.bed").write_text("".join(sites))
    records = [f">r{row}\n{text[500 + STEP * row - 100 :][:200]}\n" for row in range(50)]
    (folder / "records.fa").write_text("".join(records))
    (folder / "other.bed").write_text("1\t500\t700\n")
    return write_sheet(
        folder / "sheet.csv",
        COLUMNS,
        ("reb", "peaks", "peaks.bed", "genome.fa", "wide.bed"),
        ("wrong", "peaks", "peaks.bed", "genome.fa", "other.bed"),
        ("plain", "peaks", "peaks.bed", "genome.fa", ""),
    )


@pytest.fixture(scope="module")
def finished(sheet: Path) -> Run:
    run = run_nextflow(sheet.parent / "run", ROOT, "--input", sheet, *SMALL)
    assert run.code == 0, run.said
    return run


def table(path: Path) -> list[dict[str, str]]:
    with path.open() as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def bed(run: Run, name: str = "reb") -> list[list[str]]:
    path = run.results / name / "explainn" / "hits" / f"{name}.explainn.hits.bed.gz"
    with pysam.BGZFile(str(path)) as handle:
        lines = handle.read().decode().splitlines()
    assert lines[0].startswith("#chrom\tstart\tend\tname\tscore\tstrand\tcontribution\tsame_sign")
    return [line.split("\t") for line in lines[1:]]


def planted(sheet: Path) -> set[tuple[int, str]]:
    """Middle and strand of each planted site."""
    rows = [line.split("\t") for line in (sheet.parent / "sites.bed").read_text().splitlines()]
    return {((int(row[1]) + int(row[2])) // 2, row[5]) for row in rows}


def recovered(rows: list[list[str]], sites: set[tuple[int, str]]) -> float:
    """Share of planted sites with a hit of the first motif within 3 bp, one strand for all."""
    middles = {(int(row[1]) + int(row[2])) // 2: row[5] for row in rows if row[9] == "row_001"}
    near = {
        at: next((middles[at + off] for off in range(-3, 4) if at + off in middles), "")
        for at, _ in sites
    }
    same = sum(near[at] == strand for at, strand in sites)
    turned = sum(near[at] == ("-" if strand == "+" else "+") for at, strand in sites)
    return max(same, turned) / len(sites)


def test_only_who_asks_has_tasks_for_it(finished: Run) -> None:
    asked = [name for name in finished.trace() if "HITS" in name]
    assert sorted(asked) == ["HITS_FIND (reb.explainn)", "HITS_READ (reb)", "HITS_READ (wrong)"]
    assert not list((finished.results / "plain").rglob("*hits*"))


def test_a_mistake_ends_its_data_set_before_training(finished: Run) -> None:
    found = {row["dataset"]: row for row in table(finished.results / "tables" / "status.tsv")}
    assert found["wrong"]["state"] == "error"
    assert "other.bed: none of its chromosomes (1) is in the genome" in found["wrong"]["reason"]
    assert not any(name.startswith("MODEL_TRAIN (wrong") for name in finished.trace())


def test_planted_sites_are_found_on_their_strands(finished: Run, sheet: Path) -> None:
    rows = bed(finished)
    assert recovered(rows, planted(sheet)) > 0.95
    first = [row for row in rows if row[9] == "row_001"]
    assert np.mean([float(row[6]) > 0 and row[7] == "2" for row in first]) > 0.95
    assert all(0 <= int(row[4]) <= 1000 for row in rows)


def test_files_tell_the_same_and_no_place_twice(finished: Run) -> None:
    folder = finished.results / "reb" / "explainn" / "hits"
    rows = bed(finished)
    places = [(row[9], int(row[1]), int(row[2])) for row in rows]
    assert len(set(places)) == len(places)
    assert [place[1] for place in places] == sorted(place[1] for place in places)
    with pysam.TabixFile(str(folder / "reb.explainn.hits.bed.gz")) as index:
        assert [line.split("\t") for line in index.fetch("chr1", 0, SIZE)] == rows
    of_rows = {row["motif"]: row for row in table(folder / "reb.explainn.hits_thresholds.tsv")}
    by_peak = pq.read_table(folder / "reb.explainn.peak_by_motif.parquet").to_pandas()
    assert by_peak["peak"][0] == "chr1:390-610" == by_peak["peak"][len(by_peak) - 2]
    # The last two are an interval again, and one that overlaps it: theirs are told already.
    alone = by_peak.iloc[:-2]
    for motif, row in of_rows.items():
        if not row["note"]:
            own = [one for one in rows if one[9] == motif]
            assert int(row["hits"]) == len(own) == alone[f"sites:{motif}"].sum()
            total = alone[f"contribution:{motif}"].sum()
            assert total == pytest.approx(sum(float(one[6]) for one in own), rel=1e-3)
    session = ET.parse(folder / "reb.explainn.igv_session.xml").getroot()
    assert session.attrib["genome"] == "genome"
    resource = session.find("Resources/Resource")
    assert resource is not None
    assert {resource.attrib["path"], resource.attrib["index"]} <= {p.name for p in folder.iterdir()}


def test_the_report_tells_sites_and_caveat(finished: Run) -> None:
    page = (finished.results / "multiqc_report.html").read_text()
    assert "nfx_hits" in page and "holds for sequences like those of the data set" in page
    assert "1 over the end of the chromosome, left out" in page
    rows = table(finished.results / "tables" / "hits.tsv")
    assert rows[0]["motif"] == "row_001" and float(rows[0]["fdr"]) <= 0.05
    assert float(rows[0]["regions_share"]) > 0.95


@pytest.mark.usefixtures("finished")
@pytest.mark.parametrize("what", first_of([["genome"], ["peaks"], ["records.fa"]]))
def test_words_and_sequences(sheet: Path, what: str) -> None:
    """With -resume nothing is trained again."""
    given = what if "." not in what else sheet.parent / what
    bare = write_sheet(
        sheet.parent / f"{what}.csv", COLUMNS[:4], ("plain", "peaks", "peaks.bed", "genome.fa")
    )
    folder = sheet.parent / "run"
    out = ("--outdir", sheet.parent / f"out_{what}")
    run = run_nextflow(folder, ROOT, "--input", bare, "--hits", given, *SMALL, *out, "-resume")
    assert run.code == 0, run.said
    path = sheet.parent / f"out_{what}" / "plain" / "explainn" / "hits"
    with pysam.BGZFile(str(path / "plain.explainn.hits.bed.gz")) as handle:
        rows = [line.split("\t") for line in handle.read().decode().splitlines()[1:]]
    if what == "records.fa":
        assert not (path / "plain.explainn.igv_session.xml").exists()
        assert {row[0] for row in rows} >= {f"r{row}" for row in range(45)}
    else:
        assert recovered(rows, planted(sheet)) > 0.9
        assert {row[0] for row in rows} == {"chr1"}


def test_an_earlier_run_gives_the_same_answers(finished: Run, sheet: Path, tmp_path: Path) -> None:
    """From its results alone, moved."""
    moved = tmp_path / "moved"
    shutil.copytree(finished.results, moved)
    asked = ("--hits", sheet.parent / "wide.bed", "--genome", sheet.parent / "genome.fa")
    run = run_nextflow(tmp_path / "run", ROOT, "--apply", moved, "--datasets", "reb", *asked)
    assert run.code == 0, run.said
    assert {name.split(" ")[0] for name in run.trace()} == {
        *("GENOME_INDEX", "HITS_READ", "HITS_FIND", "REPORT_COLLECT", "REPORT_MULTIQC"),
    }
    then = moved / "reb" / "explainn" / "hits"
    for name in ("hits_thresholds.tsv", "peak_by_motif.parquet", "hits.bed.gz"):
        now = run.results / "reb" / "explainn" / "hits" / f"reb.explainn.{name}"
        assert now.read_bytes() == (then / now.name).read_bytes()
    page = (run.results / "multiqc_report.html").read_text()
    assert "nothing was trained" in page and 'id="mqc-module-section-nfx_hits"' in page
    assert "contribution" in page


@pytest.mark.release
def test_an_earlier_version_has_no_evidence(sheet: Path, tmp_path: Path) -> None:
    """Its units are named by the annotation; a FASTA needs no genome."""
    earlier = ROOT / "tests" / "earlier_results"
    asked = ("--hits", sheet.parent / "records.fa", "--hits_fdr", "0.4")
    run = run_nextflow(tmp_path / "run", ROOT, "--apply", earlier, *asked)
    assert run.code == 0, run.said
    rows = table(run.results / "MAFK" / "explainn" / "hits" / "MAFK.explainn.hits_thresholds.tsv")
    assert rows and {row["supported"] for row in rows} == {"false"}
    page = (run.results / "multiqc_report.html").read_text()
    assert "No motif is supported by the evidence" in page


@pytest.mark.release
def test_a_table_of_sequences_needs_no_genome(sheet: Path, tmp_path: Path) -> None:
    """Its first line looks like that of intervals until a cell is DNA."""
    earlier = ROOT / "tests" / "earlier_results"
    records = (sheet.parent / "records.fa").read_text().split(">")[1:]
    pairs = [(head.split()[0], "".join(rest)) for head, *rest in map(str.splitlines, records)]
    long = [(name, text * (1 + 200 // len(text))) for name, text in pairs]
    rows = ["name\tsequence", *map("\t".join, long)]
    given = tmp_path / "mine.tsv"
    given.write_text("\r\n".join(rows) + "\r\n")
    asked = ("--hits", given, "--explain", given, "--hits_fdr", "0.4")
    run = run_nextflow(tmp_path / "run", ROOT, "--apply", earlier, *asked)
    assert run.code == 0, run.said
    found = table(run.results / "tables" / "explained.tsv")
    assert [row["sequence"] for row in found] == [name for name, _ in pairs]
    assert (run.results / "MAFK/explainn/hits/MAFK.explainn.hits.bed.gz").is_file()


@pytest.mark.release
def test_what_an_earlier_run_cannot_be_asked(finished: Run, sheet: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(finished.results, moved)
    (moved / "reb" / "data" / "reb.dataset.parquet").unlink()
    asked = ("--apply", moved, "--datasets", "reb", "--hits")
    run = run_nextflow(tmp_path / "run", ROOT, *asked, sheet.parent / "wide.bed")
    assert run.code == 1
    assert "--hits: reb.dataset.parquet, which it reads, is not in the folder" in run.said
    assert "wide.bed holds intervals, but there is no genome to read them from; give --" in run.said
    run = run_nextflow(tmp_path / "run", ROOT, *asked, "nowhere.bed")
    assert "--hits: there is no file" in run.said and "no ExplaiNN" not in run.said


@pytest.mark.release
def test_stub(sheet: Path) -> None:
    bare = write_sheet(
        sheet.parent / "bare.csv", COLUMNS[:4], ("a", "peaks", "peaks.bed", "genome.fa")
    )
    more = ("--hits", sheet.parent / "wide.bed", "-stub-run")
    run = run_nextflow(sheet.parent / "stub", ROOT, "--input", bare, *more)
    assert run.code == 0, run.said
    names = set(run.trace())
    assert {"SHARED_READ (explain)", "HITS_READ (a)", "HITS_FIND (a.explainn)"} <= names
    found = {path.name for path in (run.results / "a" / "explainn" / "hits").iterdir()}
    assert found == {
        *("a.explainn.hits.bed.gz", "a.explainn.hits.bed.gz.tbi", "a.explainn.hits_thresholds.tsv"),
        *("a.explainn.peak_by_motif.parquet", "a.explainn.igv_session.xml"),
    }
