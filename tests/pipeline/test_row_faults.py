"""A fault in a row's own files ends that row; one in what several rows share ends the run."""

from __future__ import annotations

import csv
import gzip
import json
import re
import shutil
from pathlib import Path

import pytest

from nextflow_runs import DEMO, ROOT, Run, cut_fasta, newest_trace, run_nextflow, write_sheet

# Runs that go on with each other's work, some into other folders: all by one parser.
pytestmark = pytest.mark.usefixtures("older_parser")

SMALL = ("--units", "4", "--max_epochs", "2", "--replicates", "1")
GOOD = ("five", "four", "neighbour", "one", "three", "two", "yeast")
BROKEN = {
    "cut": "cut.fa.gz: the compressed file is damaged or truncated",
    "empty": "empty.fa.gz: the file is empty once unpacked",
    "garbage": "garbage.bed, line 1:",
    "human": "human.bed: none of its chromosomes (chr21)",
    "protein": "protein.fa, line 1: the record 'p1'",
}


def make_inputs(folder: Path) -> Path:
    """A sheet of twelve data sets, five of them broken, each in another way."""
    fasta = cut_fasta(DEMO / "OCT4_H1hESC_200bp.fa.gz", folder / "oct4.fa", 200)
    shutil.copy(DEMO / "sacCer3_R64.fa.gz", folder / "genome.fa.gz")
    lines = (DEMO / "sacCer3_promoters_5462.bed").read_text().splitlines()
    few = [line for line in lines if line.split("\t")[0] in ("chrI", "chrVI")]
    (folder / "promoters.bed").write_text("\n".join(few) + "\n")
    (folder / "empty.fa.gz").write_bytes(gzip.compress(b""))
    (folder / "cut.fa.gz").write_bytes(gzip.compress(fasta.read_bytes())[:2000])
    (folder / "protein.fa").write_text(">p1\nMKLVEQW\n")
    (folder / "garbage.bed").write_text("no\tsummit\there\n")
    (folder / "human.bed").write_text("chr21\t100\t300\n")
    plain = [(name, "sequences", "oct4.fa", "", "", "", "") for name in GOOD[:2] + GOOD[3:6]]
    yeast = ("genome.fa.gz", "chrI,chrVI", "fungi")
    return write_sheet(
        folder / "sheet.csv",
        ("sample", "assay", "data", "negatives", "genome", "chromosomes", "jaspar_taxon"),
        *plain,
        ("neighbour", "sequences", "neighbour.fa", "others", "", "", ""),
        ("yeast", "peaks", "promoters.bed", "", *yeast),
        ("empty", "sequences", "empty.fa.gz", "", "", "", ""),
        ("cut", "sequences", "cut.fa.gz", "", "", "", ""),
        ("protein", "sequences", "protein.fa", "", "", "", ""),
        ("garbage", "peaks", "garbage.bed", "", *yeast),
        ("human", "peaks", "human.bed", "", *yeast),
    )


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rows")
    with gzip.open(DEMO / "OCT4_H1hESC_200bp.fa.gz", "rt") as handle:
        records = handle.read().split(">")[400:550]
    (folder / "neighbour.fa").write_text("".join(f">{record}" for record in records))
    return make_inputs(folder)


@pytest.fixture(scope="module")
def finished(sheet: Path) -> Run:
    run = run_nextflow(sheet.parent / "run", ROOT, "--input", sheet, *SMALL)
    assert run.code == 0, run.said
    return run


def states(run: Run) -> dict[str, dict[str, str]]:
    with (run.results / "tables" / "status.tsv").open() as handle:
        return {row["dataset"]: row for row in csv.DictReader(handle, delimiter="\t")}


def test_the_sound_rows_have_models_and_the_broken_ones_a_sentence(finished: Run) -> None:
    found = states(finished)
    assert sorted(found) == sorted([*GOOD, *BROKEN])
    for name in GOOD:
        assert found[name]["state"] == "ok"
        assert (finished.results / name / "explainn" / f"{name}.explainn.verdict.json").is_file()
    page = (finished.results / "multiqc_report.html").read_text()
    for name, sentence in BROKEN.items():
        assert found[name]["state"] == "error" and sentence in found[name]["reason"]
        assert not (finished.results / name / "explainn").exists()
        assert sentence.replace("'", "&#x27;") in page
    with (finished.results / "tables" / "summary.tsv").open() as handle:
        verdicts = {
            row["dataset"]: row["verdict"] for row in csv.DictReader(handle, delimiter="\t")
        }
    assert {name for name, verdict in verdicts.items() if verdict == "error"} == set(BROKEN)


def test_the_end_of_the_run_warns(finished: Run) -> None:
    """On the screen, but under -q, with which the tests run."""
    said = "".join(path.read_text() for path in finished.folder.glob(".nextflow.log*"))
    (line,) = [line for line in said.splitlines() if "Data sets in error, which have" in line]
    assert " WARN " in line and f": {', '.join(sorted(BROKEN))}." in line and "-resume" in line
    assert not any(name.startswith("REPORT_CHECK") for name in finished.trace())


def test_negatives_of_other_rows_go_on_without_the_broken_ones(finished: Run) -> None:
    header = next((finished.folder / "work").rglob("neighbour.header.json"))
    notes = [note for note in json.loads(header.read_text())["notes"] if "left out of" in note]
    assert [note.split(",")[0] for note in notes] == ["cut.fa.gz", "empty.fa.gz", "protein.fa"]
    assert BROKEN["protein"] in notes[2]


def test_strict_changes_the_exit_alone(finished: Run, sheet: Path) -> None:
    """The same files with the same content, published whole before the exit with 1."""
    arguments = (ROOT, "--input", sheet, *SMALL, "--strict", "--outdir", "strict", "-resume")
    run = run_nextflow(finished.folder, *arguments)
    assert run.code == 1
    for name, sentence in BROKEN.items():
        told = [line for line in run.said.splitlines() if line.strip().startswith(f"{name}: sheet")]
        assert told and all(f"(sample {name}): {sentence}" in line for line in told), run.said
    strict = finished.folder / "strict"
    found = {str(path.relative_to(strict)) for path in strict.rglob("*") if path.is_file()}
    own = ("pipeline_info/execution_", "pipeline_info/pipeline_dag")
    assert {name for name in found if not name.startswith(own)} == finished.files()
    for name in finished.files():
        assert (strict / name).read_bytes() == (finished.results / name).read_bytes(), name
    stamp = re.compile(r"_\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d\.")
    reports = ("execution_report", "execution_timeline", "pipeline_dag")
    assert {stamp.sub("_TIME.", name) for name in found if name.startswith(own)} == {
        *(f"pipeline_info/{name}_TIME.html" for name in reports),
        "pipeline_info/execution_trace_TIME.txt",
    }


def test_a_mended_file_takes_all_else_from_the_cache(finished: Run, sheet: Path) -> None:
    shutil.copy(sheet.parent / "oct4.fa", sheet.parent / "protein.fa")
    arguments = (ROOT, "--input", sheet, *SMALL, "--outdir", "mended", "-resume")
    run = run_nextflow(finished.folder, *arguments)
    assert run.code == 0, run.said
    with newest_trace(finished.folder / "mended").open() as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    ran = {row["name"].rpartition(":")[2] for row in rows if row["status"] != "CACHED"}
    assert "MODEL_TRAIN (protein.explainn.r1)" in ran
    # neighbour takes its negatives from the other rows
    assert all(
        name.startswith("REPORT_") or "(protein" in name or "(neighbour" in name for name in ran
    ), ran


def test_where_nothing_is_left_the_run_fails_after_the_report(sheet: Path, tmp_path: Path) -> None:
    folder = sheet.parent
    short = write_sheet(
        folder / "short.csv",
        ("sample", "assay", "data"),
        ("empty", "sequences", "empty.fa.gz"),
        ("cut", "sequences", "cut.fa.gz"),
    )
    run = run_nextflow(tmp_path, ROOT, "--input", short, *SMALL)
    assert run.code == 1
    assert "Data sets in error: cut, empty." in run.said
    assert {row["state"] for row in states(run).values()} == {"error"}
    assert BROKEN["cut"] in (run.results / "multiqc_report.html").read_text()
    assert len(list((run.results / "pipeline_info").glob("execution_report_*.html"))) == 1


def test_faults_of_shared_inputs_end_the_run_all_at_once(sheet: Path, tmp_path: Path) -> None:
    """A parameter gives them; the row's own fault is not among them, and nothing is trained."""
    (tmp_path / "black.bed").write_text("no\tintervals\there\n")
    (tmp_path / "genome.fa").write_text("no fasta\n")
    (tmp_path / "known.meme").write_text("no motifs\n")
    (tmp_path / "mine.fa").write_text(">a\nMKLVEQW\n")
    (tmp_path / "profiles.meme").write_text("no profiles\n")
    (tmp_path / "mine.vcf").write_text("no variants\n")
    (tmp_path / "mine.bed").write_text("no intervals\n")
    (tmp_path / "old.safetensors").write_bytes(b"no model")
    rows = write_sheet(
        sheet.parent / "shared.csv",
        ("sample", "assay", "data", "jaspar_taxon"),
        ("good", "sequences", "oct4.fa", "plants"),
        ("bad", "sequences", "empty.fa.gz", "plants"),
        ("peaks", "peaks", "promoters.bed", "plants"),
    )
    given = {
        "blacklist": "black.bed", "genome": "genome.fa", "motif_db": "known.meme",
        "explain": "mine.fa", "initial_motifs": "profiles.meme", "pretrained": "old.safetensors",
        "variants": "mine.vcf", "hits": "mine.bed",
    }  # fmt: skip
    arguments = [word for name, file in given.items() for word in (f"--{name}", file)]
    both = ("--models", "explainn,nam")
    run = run_nextflow(tmp_path, ROOT, "--input", rows, *SMALL, *arguments, *both)
    assert run.code == 1
    for file in given.values():
        assert any(file in error.split(":")[1] for error in run.errors() if ":" in error), run.said
    assert "empty.fa.gz" not in run.said
    assert not any(name.startswith("MODEL_TRAIN") for name in run.trace())
    assert not (run.results / "multiqc_report.html").exists()


@pytest.mark.release
def test_a_cell_ends_the_rows_that_name_it_and_no_other(sheet: Path, tmp_path: Path) -> None:
    """Every kind of file that a cell may give; a genome of two rows ends both."""
    folder = sheet.parent
    (folder / "genome.fa").write_text("no fasta\n")
    (folder / "known.meme").write_text("no motifs\n")
    (folder / "short.fa").write_text(">a\nACGT\n")
    (folder / "clusters.tab").write_text("UN0001.1\t1\n")
    (folder / "old.safetensors").write_bytes(b"no model")
    columns = ("genome", "motif_db", "explain", "initial_motifs", "mode_clusters", "pretrained")
    cells = {
        "motif": ("motif_db", "known.meme", "known.meme"),
        "explain": ("explain", "short.fa", "short.fa: the sequence 'a' has 4 bp"),
        "initial": ("initial_motifs", "known.meme", "known.meme"),
        "modes": ("mode_clusters", "clusters.tab", "clusters.tab: none of its motifs"),
        "old": ("pretrained", "old.safetensors", "old.safetensors"),
    }
    rows = [
        (name, "sequences", "oct4.fa", *(file if c == column else "" for c in columns),
         "explainn,nam" if name == "old" else "", "true" if name == "modes" else "")
        for name, (column, file, _) in cells.items()
    ]  # fmt: skip
    rows += [(f"peaks{n}", "peaks", "promoters.bed", "genome.fa", *[""] * 7) for n in (1, 2)]
    rows += [("good", "sequences", "oct4.fa", *[""] * 8)]
    head = ("sample", "assay", "data", *columns, "models", "binding_modes")
    run = run_nextflow(
        tmp_path, ROOT, "--input", write_sheet(folder / "cells.csv", head, *rows), *SMALL
    )
    assert run.code == 0, run.said
    found = states(run)
    for name, (_, _, sentence) in cells.items():
        assert found[name]["state"] == "error" and sentence in found[name]["reason"], found[name]
    for name in ("peaks1", "peaks2"):
        assert found[name]["state"] == "error" and "genome.fa" in found[name]["reason"]
    assert found["good"]["state"] == "ok"
    trained = [name for name in run.trace() if name.startswith("MODEL_TRAIN")]
    assert trained == ["MODEL_TRAIN (good.explainn.r1)"]


@pytest.mark.release
def test_no_row_waits_for_another(tmp_path: Path, tiny: Path) -> None:
    """The preparation of one data set ends only when another's model is in training."""
    mark = tmp_path / "training"
    config = tmp_path / "slow.config"
    config.write_text(
        "executor.cpus = 4\n"
        "process {\n"
        "    withName: '.*DATASET_PREPARE' {\n"
        "        beforeScript = { meta.id == 'slow' ? "
        f"'for i in $(seq 300); do [ -e {mark} ] && break; sleep 1; done; [ -e {mark} ]' : '' }}\n"
        "    }\n"
        f"    withName: '.*MODEL_TRAIN' {{ beforeScript = 'touch {mark}' }}\n"
        "}\n"
    )
    sheet = write_sheet(
        tmp_path / "sheet.csv",
        ("sample", "assay", "data"),
        ("fast", "sequences", str(tiny / "oct4.fa")),
        ("slow", "sequences", str(tiny / "oct4.fa")),
    )
    arguments = ("--input", sheet, "--replicates", "1", "-stub-run", "-c", config)
    run = run_nextflow(tmp_path, ROOT, *arguments)
    assert run.code == 0, run.said
    assert set(run.trace().values()) == {"COMPLETED"}
