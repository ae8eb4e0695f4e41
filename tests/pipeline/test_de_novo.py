"""STREME and pairs of motifs, from the sheet to the report.

The program is stood in for by a script that replays the real program's output for the very
sequences of the sheet, its output for sequences without a motif, and a failure.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from nextflow_runs import ROOT, Run, run_nextflow, write_sheet

REPLAY = """#!/usr/bin/env bash
if [ "$1" = --version ]; then echo 5.5.8; exit; fi
printf '%s\\n' "$*" >> "{calls}"
while [ $# -gt 0 ]; do
    case "$1" in --oc) out=$2 ;; --p) given=$2 ;; esac
    shift
done
case "$given" in
    broken.*) echo "FATAL: Could not open the sequences." >&2; exit 1 ;;
    nothing.* | folded.task1_fold2.*) from="{fixtures}/meme/streme_nomotif" ;;
    *) from="{fixtures}/streme/CTCF_200" ;;
esac
mkdir -p "$out"
cp "$from"/streme.* "$out"/
"""
SMALL = (
    *("--units", "10", "--max_epochs", "3", "--replicates", "2", "--min_positives", "50"),
    *("--models", "explainn,cnn1", "--cooperativity_backbones", "10", "--cooperativity_step", "9"),
)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))


def best_replicate(folder: Path) -> int:
    """Find the replicate with the least validation loss, by the tables alone."""
    least = {
        int(path.name.split(".r")[1].split(".")[0]): min(float(r["valid_loss"]) for r in rows(path))
        for path in folder.glob("*.history.tsv")
    }
    return min(least, key=lambda replicate: (least[replicate], replicate))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, fixtures_dir: Path) -> Run:
    folder = tmp_path_factory.mktemp("discovery")
    program = folder / "programs" / "streme"
    program.parent.mkdir()
    program.write_text(REPLAY.format(fixtures=fixtures_dir, calls=folder / "calls.txt"))
    program.chmod(0o755)
    place = fixtures_dir / "streme" / "CTCF_200"
    sheet = write_sheet(
        folder / "sheet.csv",
        ("sample", "assay", "data", "negatives", "cooperativity", "models", "replicates", "folds"),
        ("ctcf", "sequences", str(place / "pos.fa.gz"), str(place / "neg.fa.gz"),
         "CTCF:CTCF,CTCF:REST,ACGTTGCA:NOSUCH", "", "", ""),
        ("broken", "sequences", str(place / "pos.fa.gz"), "shuffle", "", "explainn", "1", ""),
        ("nothing", "sequences", str(place / "pos.fa.gz"), "shuffle", "top", "explainn", "1", ""),
        ("folded", "sequences", str(place / "pos.fa.gz"), str(place / "neg.fa.gz"), "", "explainn",
         "3", "3"),
    )  # fmt: skip
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    run = run_nextflow(folder, ROOT, "--input", sheet, "--streme", *SMALL, PATH=path)
    assert run.code == 0, run.said
    return run


def test_both_sides_are_compared(finished: Run) -> None:
    found = rows(finished.results / "ctcf/explainn/discovery/ctcf.explainn.discovery.tsv")
    streme, *units = found
    assert (streme["source"], streme["state"], streme["motifs"]) == ("streme", "ok", "10")
    assert streme["motif"] == "1-YGCCCYCTRSTGGCHRN" and streme["annotation"].startswith("CTCF")
    assert float(streme["auprc_test"]) > 0.9 and streme["chosen_on"] == "train+valid"
    kinds = ("explainn", "explainn_reestimated")
    assert [(row["replicate"], row["source"]) for row in units] == [
        (replicate, kind) for replicate in "12" for kind in kinds
    ]
    final = {
        (row["replicate"], row["unit"]): row["rank:ctcf"]
        for row in rows(finished.results / "ctcf/explainn/motifs/ctcf.explainn.units.tsv")
    }
    for row in units:
        assert row["rank_effect"] == final[row["replicate"], row["motif"]]
        assert 0.3 < float(row["auprc_test"]) <= 1
        assert 1 <= int(row["rank_effect"]) <= 10 and int(row["motifs"]) <= 10
    scored = rows(finished.results / "tables" / "discovery_motifs.tsv")
    assert sum(r["source"] == "streme" and r["dataset"] == "ctcf" for r in scored) == 10
    clocks = rows(finished.results / "tables" / "discovery_timing.tsv")
    assert {row["source"] for row in clocks} == {"streme", "explainn"}
    assert all(float(row["seconds"]) >= 0 for row in clocks)


def test_motif_for_motif(finished: Run) -> None:
    pairs = rows(finished.results / "tables" / "discovery_pairs.tsv")
    ctcf = [row for row in pairs if row["dataset"] == "ctcf"]
    assert [row["streme_place"] for row in ctcf][:10] == [str(place) for place in range(1, 11)]
    evidence = rows(finished.results / "tables" / "evidence.tsv")
    known = {row["motif"] for row in evidence if row["dataset"] == "ctcf"}
    assert {row["motif"] for row in ctcf} - {""} <= known
    for row in ctcf[10:]:  # supported groups that are not the most alike of any
        assert row["state"] == ("both" if row["streme_place"] else "ours only")
        assert row["supported"] == "true"
    supported = {(row["dataset"], row["motif"]) for row in evidence if row["supported"] == "true"}
    listed = {(row["dataset"], row["motif"]) for row in pairs if row["supported"] == "true"}
    assert listed == {pair for pair in supported if pair[0] != "broken"}


def test_streme_runs_once_per_fold_and_is_scored_on_it(finished: Run) -> None:
    """Its motifs are the same in folds 1 and 3 here, so that their scores tell what was scored."""
    states = finished.trace()
    for fold in "123":
        assert states[f"STREME_RUN (folded, task 1, fold {fold})"] == "COMPLETED"
        own = f"folded.task1_fold{fold}"
        assert (finished.results / f"folded/streme/{own}.streme.outcome.tsv").is_file()
        calls = (finished.folder / "calls.txt").read_text().splitlines()
        assert sum(f"--p {own}.positives.fa --n {own}.negatives.fa" in call for call in calls) == 1
    found = rows(finished.results / "folded/explainn/discovery/folded.explainn.discovery.tsv")
    theirs = {row["replicate"]: row for row in found if row["source"] == "streme"}
    assert [(fold, row["state"], row["motifs"]) for fold, row in theirs.items()] == [
        *(("1", "ok", "10"), ("2", "none", "0"), ("3", "ok", "10"))
    ]
    assert theirs["1"]["auprc_test"] != theirs["3"]["auprc_test"]
    assert all(float(theirs[fold]["auprc_test"]) > 0.9 for fold in "13")
    pairs = [
        row
        for row in rows(finished.results / "tables" / "discovery_pairs.tsv")
        if row["dataset"] == "folded" and row["streme_place"]
    ]
    assert {(row["streme_found_in"], row["streme_runs"]) for row in pairs} == {("2", "3")}
    places = [int(row["streme_place"]) for row in pairs]
    assert len(set(places)) <= 10 and places[0] == 1
    assert pairs[0]["streme_motif"] == "1-YGCCCYCTRSTGGCHRN" and pairs[0]["streme_fold"] == "1"
    clocks = rows(
        finished.results / "folded/explainn/discovery/folded.explainn.discovery_timing.tsv"
    )
    cpu = [row for row in clocks if (row["source"], row["clock"]) == ("streme", "wall")]
    assert [row["replicate"] for row in cpu] == ["1", "2", "3"]
    assert "similar motifs of all STREME runs are joined" in (
        finished.results / "multiqc_report.html"
    ).read_text("utf-8")


def test_streme_is_called_as_in_the_paper(finished: Run) -> None:
    calls = (finished.folder / "calls.txt").read_text().splitlines()
    assert len(calls) == 6
    wanted = "--dna --nmotifs 10 --hofract 0 --minw 8 --maxw 19"
    assert all(wanted in call for call in calls)


def test_failures_and_emptiness_are_results(finished: Run) -> None:
    table = finished.results / "tables" / "discovery.tsv"
    states = {r["dataset"]: r for r in rows(table) if r["source"] == "streme"}
    assert (states["broken"]["state"], states["broken"]["reason"]) == (
        "failed",
        "STREME ended with exit code 1: FATAL: Could not open the sequences.",
    )
    assert states["nothing"]["state"] == "none" and states["nothing"]["auprc_test"] == ""
    for name in ("broken", "nothing"):
        units = [r for r in rows(table) if (r["dataset"], r["source"]) == (name, "explainn")]
        assert len(units) == 1 and all(float(row["auprc_test"]) > 0 for row in units)
    assert finished.trace()["STREME_RUN (broken, task 1)"] == "COMPLETED"


def test_pairs_are_measured_for_every_model(finished: Run) -> None:
    pairs = rows(finished.results / "ctcf/cooperativity/ctcf.cooperativity_pairs.tsv")
    assert [(row["pair"], row["kind"]) for row in pairs] == [
        ("CTCF:CTCF", "homotypic"),
        ("CTCF:REST", "heterotypic"),
        ("ACGTTGCA:NOSUCH", "heterotypic"),
        ("CTCF:GGGCT", "control"),
    ]
    for model in ("explainn", "cnn1"):
        folder = finished.results / "ctcf" / model / "cooperativity"
        best = best_replicate(finished.results / "ctcf" / model)
        assert [path.name for path in folder.iterdir() if "verdict" in path.name] == [
            f"ctcf.{model}.r{best}.cooperativity_verdict.tsv"
        ]
        verdicts = rows(folder / f"ctcf.{model}.r{best}.cooperativity_verdict.tsv")
        assert {row["replicate"] for row in verdicts} == {str(best)}
        assert [row["pair"] for row in verdicts].count("CTCF:REST") == 2
        (unknown,) = [row for row in verdicts if "NOSUCH" in row["pair"]]
        assert unknown["reason"].startswith("NOSUCH is neither a known motif")
        curves = rows(folder / f"ctcf.{model}.r{best}.cooperativity.tsv")
        for row in curves:
            low, middle, high = (float(row[f"difference{s}"]) for s in ("_low", "", "_high"))
            assert low <= middle <= high
    tables = finished.results / "tables"
    assert {row["dataset"] for row in rows(tables / "cooperativity_verdict.tsv")} == {
        "ctcf",
        "nothing",
    }
    assert not (finished.results / "broken" / "cooperativity").exists()


def test_the_report_has_both_chapters(finished: Run) -> None:
    page = (finished.results / "multiqc_report.html").read_text()
    for text in (
        "De novo discovery",
        "STREME ended with exit code 1: FATAL: Could not open the sequences.",
        "Cooperativity",
        "NOSUCH is neither a known motif nor a word",
        "never across units",
    ):
        assert text in page, text


@pytest.mark.release
def test_resume_asks_streme_once_it_is_there(tmp_path: Path, tiny: Path) -> None:
    sheet = write_sheet(
        tmp_path / "sheet.csv", ("sample", "assay", "data"), ("a", "sequences", tiny / "oct4.fa")
    )
    program = tmp_path / "programs" / "streme"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 5.5.9\n")
    program.chmod(0o755)
    folders = os.environ["PATH"].split(os.pathsep)
    without = os.pathsep.join(f for f in folders if not os.access(f"{f}/streme", os.X_OK))
    arguments = ("--input", sheet, "--streme", "--replicates", "1", "-stub-run")
    first = run_nextflow(tmp_path, ROOT, *arguments, PATH=without)
    assert first.code == 0, first.said
    path = f"{program.parent}{os.pathsep}{without}"
    second = run_nextflow(tmp_path, ROOT, *arguments, "-resume", PATH=path)
    assert second.code == 0, second.said
    states = second.trace()
    assert states["STREME_RUN (a, task 1)"] == "COMPLETED"
    assert states["MODEL_TRAIN (a.explainn.r1)"] == states["STREME_PREPARE (a)"] == "CACHED"
