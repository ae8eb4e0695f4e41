"""Models that start from what is known: profiles as filters, and trained models as units."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import safetensors
import torch
from safetensors.numpy import load_file
from torch import nn

from nextflow_runs import DEMO, ROOT, TINY, Run, run_nextflow, write_sheet
from nfexplainn.motifs.formats import read_meme
from nfexplainn.motifs.starts import filter_weights, starts

PRETRAINED = DEMO / "OCT4.explainn.r1.model.safetensors"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Run:
    """Frozen and released profiles, and transfer from a model file."""
    folder = tmp_path_factory.mktemp("started")
    fasta = str(tiny / "oct4.fa")
    write_sheet(
        folder / "sheet.csv",
        ("sample", "assay", "data", "models", "initial_motifs", "initial_filters", "pretrained"),
        ("held", "sequences", fasta, "", str(DEMO / "profiles.meme"), "frozen", ""),
        ("over", "sequences", fasta, "nam,single_layer", "", "", str(PRETRAINED)),
    )
    run = run_nextflow(
        folder, ROOT, "--input", "sheet.csv", "--initial_count", "3", *TINY[2:], timeout=900
    )
    assert run.code == 0, run.said
    return run


def test_frozen_filters_are_the_profiles_bit_for_bit(started: Run) -> None:
    folder = started.results / "held"
    profiles = read_meme(folder / "data" / "held.initial.meme").motifs
    chosen = rows(folder / "data" / "held.initial.tsv")
    assert [row["profile"] for row in chosen] == [profile.id for profile in profiles]
    assert len(profiles) == 3
    expected = filter_weights(starts(profiles, 19))
    for replicate in (1, 2):
        model = folder / "explainn" / f"held.explainn.r{replicate}.model.safetensors"
        assert np.array_equal(load_file(model)["linears.0.weight"], expected)
        drift = rows(folder / "explainn" / "motifs" / f"held.explainn.r{replicate}.drift.tsv")
        assert [row["unit"] for row in drift] == [f"unit_{n:03d}" for n in range(1, 7)]
        assert {row["filter_change"] for row in drift} == {"0"}
        assert {row["state"] for row in drift} <= {"kept", "drifted", "no motif"}
        names = [motif.name for motif in read_meme(
            folder / "explainn" / "motifs" / f"held.explainn.r{replicate}.units.meme",
            allow_empty=True,
        ).motifs]  # fmt: skip
        assert all(name.endswith(("(+)", "(-)")) for name in names)
    assert len(rows(started.results / "tables" / "drift.tsv")) == 12


def test_transfer_from_a_file(started: Run) -> None:
    before = load_file(PRETRAINED)
    for head in ("single_layer", "nam"):
        folder = started.results / "over" / head
        path = folder / f"over.{head}.r1.model.safetensors"
        after = load_file(path)
        for name, tensor in before.items():
            assert np.array_equal(after[f"sources.0.{name}"], tensor), name
        with safetensors.safe_open(str(path), framework="np") as opened:
            header = json.loads(opened.metadata()["nf-explainn"])
        assert header["training"]["recipe"] == "paper"  # the default would change the sequences
        (source,) = header["config"]["sources"]
        assert source["name"] == "OCT4.explainn.r1" and len(source["digest"]) == 64
        (unit,) = rows(folder / f"over.{head}.r1.transfer.tsv")
        assert (unit["source"], unit["source_task"]) == ("OCT4.explainn.r1", "OCT4")
        assert unit["task"] == "over" and unit["rank"] == "1"
        found = {row["metric"] for row in rows(folder / f"over.{head}.r1.metrics.tsv")}
        assert {"auprc", "auroc"} <= found
    assert len(rows(started.results / "tables" / "transfer.tsv")) == 4
    # A model of OCT4 tells OCT4's peaks from their shuffles without being trained on them again.
    (scores,) = [
        row
        for row in rows(started.results / "over" / "nam" / "over.nam.r1.metrics.tsv")
        if (row["metric"], row["split"], row["against"]) == ("auroc", "train", "all")
    ]
    assert float(scores["value"]) > 0.7


def test_the_report_tells_of_both(started: Run) -> None:
    page = (started.results / "multiqc_report.html").read_text(encoding="utf-8")
    for chapter in ("nfx_drift", "nfx_transfer"):
        assert f'id="mqc-module-section-{chapter}"' in page
    assert "No filter has changed" in page
    assert "them were trained, by the protocol of the ExplaiNN paper" in page
    assert "In held: The robust recipe was used" in page


@pytest.mark.release
def test_transfer_from_the_results_of_a_run(started: Run, tmp_path: Path, tiny: Path) -> None:
    write_sheet(
        tmp_path / "sheet.csv",
        ("sample", "assay", "data", "pretrained"),
        ("again", "sequences", str(tiny / "oct4.fa"), str(started.results)),
    )
    run = run_nextflow(
        tmp_path, ROOT, "--input", "sheet.csv", "--models", "single_layer", "--max_epochs", "2",
        "--replicates", "1",
    )  # fmt: skip
    assert run.code == 0, run.said
    units = rows(run.results / "again" / "single_layer" / "again.single_layer.r1.transfer.tsv")
    verdict = json.loads(
        (started.results / "held" / "explainn" / "held.explainn.verdict.json").read_text()
    )
    best = str(verdict["best_replicate"]).lstrip("r")
    # The best replicate of each model, the transferred ones included.
    assert f"held.explainn.r{best}" in {unit["source"] for unit in units}
    assert len(units) == 3


def test_models_that_cannot_be_used_end_their_rows_before_training(
    tmp_path: Path, tiny: Path
) -> None:
    """Each its own, and no other data set."""
    (tmp_path / "broken.safetensors").write_bytes(b"no model")
    (tmp_path / "broken.pth").write_bytes(b"no weights")
    (tmp_path / "broken.pt2").write_bytes(b"no program")
    fasta = str(tiny / "oct4.fa")
    write_sheet(
        tmp_path / "sheet.csv",
        ("sample", "assay", "data", "models", "pretrained"),
        ("good", "sequences", fasta, "", ""),
        ("one", "sequences", fasta, "nam", "broken.safetensors"),
        ("two", "sequences", fasta, "single_layer", "broken.pth"),
        ("three", "sequences", fasta, "nam", "broken.pt2"),
    )
    run = run_nextflow(tmp_path, ROOT, "--input", "sheet.csv", *TINY)
    assert run.code == 0, run.said
    told = {row["dataset"]: row for row in rows(run.results / "tables" / "status.tsv")}
    bad = {name: row for name, row in told.items() if row["state"] == "error"}
    assert sorted(row["reason"].split(": ")[:2] for row in bad.values()) == [
        ["sheet.csv, line 3 (sample one)", "one, broken.safetensors"],
        ["sheet.csv, line 4 (sample two)", "two, broken.pth"],
        ["sheet.csv, line 5 (sample three)", "three, broken.pt2"],
    ]
    trained = [name for name in run.trace() if "MODEL_TRAIN" in name]
    assert trained and all("(good." in name for name in trained)


class Foreign(nn.Module):
    """A network of somebody else's, for sequences of 200 bp."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(800, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.layer(x.flatten(1))
        return found


def test_programs_of_others_run_only_where_the_user_trusts_them(tmp_path: Path, tiny: Path) -> None:
    """Also in the steps after the training, whose model file holds the program."""
    batch = torch.export.Dim("batch", min=1, max=100_000)
    shapes, example = ({0: batch},), (torch.rand(2, 4, 200),)
    program = torch.export.export(Foreign().eval(), example, dynamic_shapes=shapes)
    torch.export.save(program, tmp_path / "their net.pt2")
    write_sheet(
        tmp_path / "sheet.csv",
        ("sample", "assay", "data"),
        ("oct4", "sequences", str(tiny / "oct4.fa")),
    )
    pairs = ("--cooperativity", "ACGTACGT:TTGGTTGG", "--cooperativity_backbones", "10")
    arguments = ("--input", "sheet.csv", "--pretrained", "their net.pt2", *TINY, *pairs)
    arguments += ("--models", "single_layer", "--replicates", "1", "-resume")
    run = run_nextflow(tmp_path, ROOT, *arguments)
    assert run.code == 1
    told = [line for line in run.errors() if line.startswith("ERROR: ")]
    assert len(told) == 1 and told[0].startswith("ERROR: their net.pt2: this model holds a program")
    assert "--trust_programs" in told[0]
    assert not any(name.startswith("MODEL_TRAIN") for name in run.trace())
    run = run_nextflow(tmp_path, ROOT, *arguments, "--trust_programs")
    assert run.code == 0, run.said
    ran = {name.partition(" ")[0] for name in run.trace()}
    assert {"UNITS_TRANSFER", "COOPERATIVITY_MEASURE"} <= ran
    units = rows(run.results / "oct4" / "single_layer" / "oct4.single_layer.r1.transfer.tsv")
    assert {unit["source"] for unit in units} == {"their net"}
