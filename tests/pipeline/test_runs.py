# ruff: noqa: E501
"""Real runs, from the sheet to the report, on data cut to seconds."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import time
from importlib import metadata
from pathlib import Path

import pytest
import yaml

from killed_runs import digests
from nextflow_runs import ROOT, TINY, Run, nextflow_command, run_nextflow, write_sheet

PER_DATASET = {
    *("status.json", "dataset.parquet"),
    *("counts.tsv", "dropped.tsv", "readings.tsv", "audit.tsv"),
}
PER_RUN = {
    *("model.safetensors", "model.tsv", "history.tsv", "timing.tsv", "metrics.tsv"),
    *("predictions.parquet", "calibration.json"),
}
PER_RUN_MOTIFS = {
    *("units.meme", "units.jaspar", "units.transfac", "units.homer", "units.tsv", "effects.tsv"),
    *("importances.parquet", "well_predicted.tsv", "pwms.tsv", "reestimated.meme"),
}
PER_MODEL = {
    *("motifs/{}.units.tsv", "motifs/{}.tomtom.tsv", "motifs/{}.support.tsv"),
    *("motifs/{}.evidence.tsv", "motifs/{}.evidence.meme", "motifs/{}.evidence_tasks.tsv"),
    *(
        "motifs/{}.minimal.tsv",
        "motifs/{}.best_pwms.tsv",
        "motifs/{}.best_pwms.meme",
        "motifs/{}.consensus.tsv",
        "motifs/{}.consensus.meme",
        "{}.ensemble.tsv",
        "{}.verdict.json",
        "{}.model_card.md",
    ),
}


def golden_files(dataset: str, replicates: int = 2) -> set[str]:
    """Files of a data set that can be used, without its logos."""
    files = {f"{dataset}/data/{dataset}.{kind}" for kind in {*PER_DATASET, "baseline.tsv"}}
    for replicate in range(1, replicates + 1):
        run = f"{dataset}.explainn.r{replicate}"
        files |= {f"{dataset}/explainn/{run}.{kind}" for kind in PER_RUN}
        files |= {f"{dataset}/explainn/motifs/{run}.{kind}" for kind in PER_RUN_MOTIFS}
    return files | {
        f"{dataset}/explainn/" + name.format(f"{dataset}.explainn") for name in PER_MODEL
    }


@pytest.fixture(scope="module")
def finished(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, tiny: Path
) -> Run:
    """One unbroken run; by the older parser, as those that go on with it."""
    request.getfixturevalue("older_parser")
    folder = tmp_path_factory.mktemp("finished")
    run = run_nextflow(folder, ROOT, "--input", tiny / "sheet.csv", *TINY)
    assert run.code == 0, run.said
    return run


@pytest.fixture(scope="module", autouse=True)
def expected(finished: Run) -> dict[str, str]:
    """What the unbroken run left, before other tests go on with it."""
    return digests(finished.results)


def test_reports_of_the_platform_are_published(finished: Run) -> None:
    """Names in tower.yml are patterns of whole paths; what belongs to a parameter says so."""
    reports = yaml.safe_load((ROOT / "tower.yml").read_text())["reports"]
    always = {
        name for name, entry in reports.items() if not re.search(r"\((--|above)", entry["display"])
    }
    assert len(always) > 5 and always <= finished.files()


def test_files(finished: Run) -> None:
    files = {name for name in finished.files() if "/logos/" not in name}
    wanted = golden_files("oct4") | golden_files("yeast")
    wanted |= {f"few/data/few.{kind}" for kind in ("status.json", "dropped.tsv", "readings.tsv")}
    assert {
        name for name in files if "/" in name and not name.startswith(("tables/", "pipeline_info/"))
    } == wanted
    assert "multiqc_report.html" in files
    assert {
        f"pipeline_info/{name}" for name in ("params.json", "versions.yml", "methods.html")
    } <= files
    assert any(name.startswith("tables/") for name in files)


def test_the_end_names_the_report(finished: Run) -> None:
    log = (finished.folder / ".nextflow.log").read_text()  # what -q, here, keeps off the screen
    (named,) = re.findall(r"Report      : (.+)", log)
    assert (finished.folder / named).resolve() == finished.results / "multiqc_report.html"
    with (finished.results / "tables" / "summary.tsv").open() as handle:
        verdicts = {
            row["dataset"]: row["verdict"] for row in csv.DictReader(handle, delimiter="\t")
        }
    assert verdicts["few"] in ("unusable", "none") and len(verdicts) == 3
    (line,) = re.findall(r"Verdicts    : (.+)", log)
    words = {"unusable": "not usable", "none": "without a model"}
    for verdict in set(verdicts.values()):
        names = sorted(name for name, own in verdicts.items() if own == verdict)
        told = f"{len(names)} {words.get(verdict, verdict)}"
        assert told + (f" ({', '.join(names)})" if verdict != "usable" else "") in line
    assert len(re.findall(r"\d+ (?:usable|weak|not|without)", line)) == len(set(verdicts.values()))
    assert "MOTIFS_COLLECT (JASPAR vertebrates)" in finished.trace()


def test_unusable_data_set_stops_nobody(finished: Run) -> None:
    status = json.loads((finished.results / "few/data/few.status.json").read_text())
    assert status["state"] == "unusable"
    assert "20" in status["reason"]
    assert status["advice"]
    page = (finished.results / "multiqc_report.html").read_text()
    assert "Software Versions" in page and "scikit-learn" in page
    assert 'aiReportMetadataBase64 = "eyJ0b29scyI6e30sInNlY3Rpb25zIjp7fX0=";' in page  # no copy
    assert status["reason"] in page
    assert not any("few.explainn" in name for name in finished.trace())


def test_every_task_ran_once(finished: Run) -> None:
    trace = finished.trace()
    assert set(trace.values()) == {"COMPLETED"}
    runs = [f"{dataset}.explainn.r{r}" for dataset in ("oct4", "yeast") for r in (1, 2)]
    for process in ("MODEL_TRAIN", "UNITS_INTERPRET"):
        assert {name for name in trace if name.startswith(process)} == {
            f"{process} ({run})" for run in runs
        }


def test_evidence_of_every_model_is_written_and_shown(finished: Run) -> None:
    tables = {}
    for name in ("evidence", "evidence_tasks", "minimal"):
        with (finished.results / "tables" / f"{name}.tsv").open(newline="") as handle:
            tables[name] = list(csv.DictReader(handle, delimiter="\t"))
    for dataset in ("oct4", "yeast"):
        rows = [row for row in tables["evidence"] if row["dataset"] == dataset]
        units = [unit for row in rows for unit in row["units"].split(",")]
        assert len(units) == len(set(units)) and 1 <= len(units) <= 8
        assert {row["supported"] for row in rows} <= {"true", "false"}
        assert all(float(row["gain_low"]) <= float(row["gain"]) for row in rows)
        (task,) = [row for row in tables["evidence_tasks"] if row["dataset"] == dataset]
        assert int(task["rows"]) == len(rows) >= int(task["tests"]) >= int(task["n_supported"])
        steps = [row["motif"] for row in tables["minimal"] if row["dataset"] == dataset]
        assert steps[0] == "" and steps[-1] == "*"
    page = (finished.results / "multiqc_report.html").read_text()
    assert "unseen sequences support" in page


def test_versions(finished: Run) -> None:
    versions = json.loads((finished.results / "pipeline_info/versions.yml").read_text())
    assert versions["Pipeline"].keys() == {"nf-explainn", "Nextflow"}
    assert versions["MODEL_TRAIN"]["numpy"] == metadata.version("numpy")
    # nor was it to be had: the environment of these tasks does not hold it
    assert not [step for step, tools in versions.items() if "torch" in tools]


def test_replicates_differ_in_their_seed(finished: Run) -> None:
    one, two = (
        (finished.results / f"oct4/explainn/oct4.explainn.r{r}.model.safetensors").read_bytes()
        for r in (1, 2)
    )
    assert one != two


def test_resume_has_everything(finished: Run, tiny: Path) -> None:
    run = run_nextflow(finished.folder, ROOT, "--input", tiny / "sheet.csv", *TINY, "-resume")
    assert run.code == 0, run.said
    assert set(run.trace().values()) == {"CACHED"}


def test_interpretation_does_not_retrain(finished: Run, tiny: Path) -> None:
    arguments = ("--input", tiny / "sheet.csv", *TINY, "--min_sites", "30")
    run = run_nextflow(finished.folder, ROOT, *arguments, "-resume")
    assert run.code == 0, run.said
    trace = run.trace()
    assert {
        status for name, status in trace.items() if name.startswith(("MODEL_", "SEQUENCES_"))
    } == {"CACHED"}
    assert {status for name, status in trace.items() if name.startswith("UNITS_INTERPRET")} == {
        "COMPLETED"
    }


@pytest.mark.release
def test_killed_and_resumed_is_the_same(
    expected: dict[str, str], tiny: Path, tmp_path: Path
) -> None:
    """``kill -9`` in the middle of the training, then -resume: every artefact as in the other run."""
    arguments = ["--input", str(tiny / "sheet.csv"), *TINY]
    process = subprocess.Popen(
        [*nextflow_command(), "-q", "run", str(ROOT), *arguments],
        cwd=tmp_path,
        env={**os.environ, "NXF_OFFLINE": "true"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 600
    while not list(tmp_path.glob("work/*/*/*.model.safetensors")) and time.monotonic() < deadline:
        assert process.poll() is None, "ended before a model was there"
        time.sleep(0.2)
    # Nextflow alone: the tasks of the local executor live on in sessions of their own.
    for line in subprocess.run(
        ["ps", "-eo", "pid,sid,comm"], capture_output=True, text=True, check=True
    ).stdout.splitlines()[1:]:
        pid, session, command = line.split(None, 2)
        if int(session) == process.pid and command.startswith("java"):
            os.kill(int(pid), signal.SIGKILL)
    process.wait(60)
    run = run_nextflow(tmp_path, ROOT, *arguments, "-resume")
    assert run.code == 0, run.said
    assert "CACHED" in run.trace().values()
    assert digests(run.results) == expected


@pytest.mark.release
def test_mistakes_in_files_end_their_rows_alone(tmp_path: Path, tiny: Path) -> None:
    (tmp_path / "bad.fa").write_text(">a\nACGT!\n")
    (tmp_path / "genome.fa").write_text("no fasta\n")
    (tmp_path / "known.meme").write_text("no motifs\n")
    (tmp_path / "bad.bed").write_text("chr1\t20\t10\n")
    shutil.copy(tiny / "oct4.fa", tmp_path / "good.fa")
    shutil.copy(tiny / "genome.fa.gz", tmp_path)
    sheet = write_sheet(
        tmp_path / "sheet.csv",
        ("sample", "assay", "data", "genome", "motif_db"),
        ("good", "sequences", "good.fa", "", ""),
        ("fasta", "sequences", "bad.fa", "", "known.meme"),
        ("genome", "peaks", "bad.bed", "genome.fa", ""),
        ("bed", "peaks", "bad.bed", "genome.fa.gz", ""),
    )
    run = run_nextflow(tmp_path, ROOT, "--input", sheet, *TINY)
    assert run.code == 0, run.said
    with (run.results / "tables" / "status.tsv").open() as handle:
        states = {row["dataset"]: row for row in csv.DictReader(handle, delimiter="\t")}
    for name, files in {
        "fasta": ("bad.fa", "known.meme"),
        "genome": ("genome.fa",),
        "bed": ("bad.bed",),
    }.items():
        assert states[name]["state"] == "error"
        assert all(
            f"{file}:" in states[name]["reason"] or f"{file}," in states[name]["reason"]
            for file in files
        ), states[name]
    assert states["good"]["state"] == "ok"
    trained = {name.split("(")[1] for name in run.trace() if name.startswith("MODEL_TRAIN")}
    assert trained == {"good.explainn.r1)", "good.explainn.r2)"}


def test_strict_parser(tiny: Path, tmp_path: Path) -> None:
    """The parser of newer releases (configuration sees no parameter there: the trace lies elsewhere)."""
    arguments = (
        ROOT,
        "--input",
        tiny / "sheet.csv",
        "--outdir",
        "elsewhere",
        "--publish_dir_mode",
        "link",
    )
    run = run_nextflow(tmp_path, *arguments, "-stub-run", NXF_SYNTAX_PARSER="v2")
    assert run.code == 0, run.said
    assert (tmp_path / "elsewhere" / "multiqc_report.html").is_file()
    model = tmp_path / "elsewhere/oct4/explainn/oct4.explainn.r3.model.safetensors"
    assert model.stat().st_nlink == 2


def test_lint() -> None:
    places = [
        "main.nf",
        "nextflow.config",
        "conf",
        "modules",
        "subworkflows",
        "tests/pipeline/judge.nf",
    ]
    done = subprocess.run(
        [*nextflow_command(), "lint", *places],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "Error" not in said, said
    assert "Warn" not in said, said
