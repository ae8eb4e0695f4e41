"""Trainings that leave the finite numbers: results of their own, which touch no other."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pytest

from nextflow_runs import DEMO, ROOT, TINY, Run, cut_fasta, run_nextflow, write_sheet


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of a sound data set, one at an absurd learning rate, and one of absurd values."""
    folder = tmp_path_factory.mktemp("diverged")
    cut_fasta(DEMO / "OCT4_H1hESC_200bp.fa.gz", folder / "oct4.fa", 300)
    with gzip.open(DEMO / "OCT4_H1hESC_200bp.fa.gz", "rt") as lines:
        sequences = [line.strip() for line in lines if not line.startswith(">")][:300]
    rows = [(sequence, f"{(number % 7 - 3) * 1e30:g}") for number, sequence in enumerate(sequences)]
    write_sheet(folder / "huge.csv", ("sequence", "value"), *rows)
    write_sheet(
        folder / "sheet.csv",
        ("sample", "assay", "data", "learning_rate", "batch_size"),
        ("good", "sequences", "oct4.fa", "", ""),
        ("wild", "sequences", "oct4.fa", "1", "4"),
        ("huge", "table", "huge.csv", "", ""),
    )
    run = run_nextflow(folder, ROOT, "--input", folder / "sheet.csv", *TINY)
    assert run.code == 0, run.said
    return run


def table(run: Run, name: str) -> list[dict[str, str]]:
    with (run.results / "tables" / f"{name}.tsv").open() as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def diverged(run: Run, dataset: str) -> list[Path]:
    return sorted((run.results / dataset).rglob("*.diverged.json"))


def test_a_data_set_without_any_model_is_unusable(finished: Run) -> None:
    told = [json.loads(path.read_text()) for path in diverged(finished, "huge")]
    assert [record["replicate"] for record in told] == [1, 2]
    assert "diverged" in told[0]["reason"] and "learning_rate" in told[0]["advice"]
    row = next(row for row in table(finished, "status") if row["dataset"] == "huge")
    assert row["state"] == "unusable" and told[0]["reason"] in row["reason"]
    page = (finished.results / "multiqc_report.html").read_text()
    assert told[0]["reason"] in page and told[0]["advice"] in page
    assert not any("huge.explainn" in name and "EVALUATE" in name for name in finished.trace())
    assert set(finished.trace().values()) == {"COMPLETED"}


def test_the_others_are_whole(finished: Run) -> None:
    assert not diverged(finished, "good")
    verdict = json.loads(
        (finished.results / "good/explainn/good.explainn.verdict.json").read_text()
    )
    assert "Left out" not in verdict["reason"]
    rows = {row["dataset"] for row in table(finished, "motifs")}
    assert "good" in rows


def test_a_replicate_that_is_left_is_summarised(finished: Run) -> None:
    """Which seeds diverge depends on the processor; that nothing waits or is lost does not."""
    lost = len(diverged(finished, "wild"))
    folder = finished.results / "wild" / "explainn"
    assert len(list(folder.glob("*.model.safetensors"))) == 2 - lost
    assert (folder / "wild.explainn.verdict.json").is_file() == (lost < 2)
    assert (folder / "motifs" / "wild.explainn.tomtom.tsv").is_file() == (lost < 2)
    summary = next(row for row in table(finished, "summary") if row["dataset"] == "wild")
    assert ("Diverged and left out" in summary["reason"]) == (lost == 1)


@pytest.mark.release
def test_analyses_take_the_replicates_that_are_left(tmp_path: Path) -> None:
    """A model is attributed, and asked about pairs, whichever of its replicates diverged.

    That explainn, or the largest of several, has no replicate left costs the others nothing.
    """
    given = tmp_path / "given"
    given.mkdir()
    runs = "whole.explainn.r1 whole.explainn.r2 whole.cnn1.r2 lost.explainn_u5.r2 lost.cnn1.r1"
    for run in (*runs.split(), "lost.cnn1.r2", "plain.cnn1.r2"):
        for kind in ("model.safetensors", "history.tsv", "predictions.parquet", "units.meme"):
            (given / f"{run}.{kind}").write_text(run)
    # epochs without a finite loss, and losses of 0, are told apart from small ones
    losses = {"whole.explainn.r1": "0.5", "whole.explainn.r2": "0.3", "lost.cnn1.r1": "0"}
    for run, loss in {**losses, "lost.cnn1.r2": "nan"}.items():
        text = f"epoch\tvalid_loss\n1\t0.9\n2\t{loss}\n3\t\n"
        (given / f"{run}.history.tsv").write_text(text)
    for name in ("whole.dataset.parquet", "lost.dataset.parquet", "plain.dataset.parquet"):
        (given / name).write_text(name)
    (given / "known.meme").write_text("")
    trace = tmp_path / "results/pipeline_info/execution_trace.txt"
    trace.parent.mkdir(parents=True)
    arguments = ("--files", given, "--outdir", "results", "--publish_dir_mode", "copy")
    script = ROOT / "tests" / "pipeline" / "replicates.nf"
    run = run_nextflow(tmp_path, script, *arguments, "-stub-run", "-with-trace", trace)
    assert run.code == 0, run.said
    models = [
        "whole.explainn.r2",
        "whole.cnn1.r2",
        "lost.explainn_u5.r2",
        "lost.cnn1.r1",
        "plain.cnn1.r2",
    ]
    wanted = {f"ATTRIBUTION_MAKE ({model})" for model in models}
    wanted |= {f"COOPERATIVITY_MEASURE ({model})" for model in models}
    wanted |= {f"COOPERATIVITY_PAIR ({dataset})" for dataset in ("whole", "lost", "plain")}
    assert run.trace() == dict.fromkeys(wanted, "COMPLETED")
