"""Variants in the run that trains: planted ones go to the right motif; without them, no task."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pysam
import pytest

from nextflow_runs import ROOT, Run, run_nextflow, write_sheet

WORD, SIZE, STEP = "TTACCCGCAT", 300_000, 300
SMALL = (
    "--units",
    "12",
    "--max_epochs",
    "40",
    "--replicates",
    "2",
    "--recipe",
    "paper",
    "--negatives",
    "shuffle",
)
HEADER = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
COLUMNS = ("sample", "assay", "data", "genome", "variants")


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A genome with a motif in every peak, SNVs in it and anywhere, and indels."""
    folder = tmp_path_factory.mktemp("variants")
    rng = np.random.default_rng(5)
    genome = rng.choice(list("ACGT"), SIZE)
    peaks, lines = [], []
    for at in range(500, SIZE - 500, STEP):
        start = at + int(rng.integers(-40, 40))
        genome[start : start + len(WORD)] = list(WORD)
        peaks.append(f"chr1\t{at - 1}\t{at}\n")
        lines.append((start + int(rng.integers(1, 7)), "site"))
    lines += [(int(at), "any") for at in rng.integers(500, SIZE - 500, 300)]
    rows = []
    for place, (at, id) in enumerate(sorted(lines)):
        ref, alt = str(genome[at]), "ACGT"[("ACGT".index(genome[at]) + 1) % 4]
        if id == "any" and place % 2:
            ref, alt = (ref, ref + "GAT") if place % 4 == 1 else ("".join(genome[at : at + 4]), ref)
        rows.append(f"chr1\t{at + 1}\t{id}\t{ref}\t{alt}\t.\t.\t.\n")
    (folder / "genome.fa").write_text(f">chr1\n{''.join(genome)}\n")
    (folder / "peaks.bed").write_text("".join(peaks))
    (folder / "in.vcf").write_text(HEADER + "".join(rows) + "chr1\t299990\t.\tA\t<DEL>\t.\t.\t.\n")
    (folder / "other.tsv").write_text("chrom\tpos\tref\talt\n1\t500\tA\tC\n")
    return write_sheet(
        folder / "sheet.csv",
        COLUMNS,
        ("reb", "peaks", "peaks.bed", "genome.fa", "in.vcf"),
        ("wrong", "peaks", "peaks.bed", "genome.fa", "other.tsv"),
        ("plain", "peaks", "peaks.bed", "genome.fa", ""),
    )


@pytest.fixture(scope="module")
def finished(sheet: Path) -> Run:
    run = run_nextflow(sheet.parent / "run", ROOT, "--input", sheet, *SMALL)
    assert run.code == 0, run.said
    return run


def judged(run: Run) -> list[dict[str, str]]:
    path = run.results / "reb" / "explainn" / "variants" / "reb.explainn.variants.tsv"
    with path.open() as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def test_only_who_asks_has_tasks_for_it(finished: Run) -> None:
    asked = [name for name in finished.trace() if "VARIANTS" in name]
    assert sorted(asked) == [
        "VARIANTS_JUDGE (reb.explainn)",
        "VARIANTS_READ (reb)",
        "VARIANTS_READ (wrong)",
    ]
    assert not list((finished.results / "plain").rglob("*variants*"))


def test_a_mistake_ends_its_data_set_before_training(finished: Run) -> None:
    with (finished.results / "tables" / "status.tsv").open() as handle:
        found = {row["dataset"]: row for row in csv.DictReader(handle, delimiter="\t")}
    assert found["wrong"]["state"] == "error"
    assert "other.tsv: none of its chromosomes (1) is in the genome" in found["wrong"]["reason"]
    assert "write 'chr1' for '1'" in found["wrong"]["reason"]
    assert not any(name.startswith("MODEL_TRAIN (wrong") for name in finished.trace())


def test_planted_variants_are_given_to_the_planted_motif(finished: Run) -> None:
    evidence = finished.results / "reb" / "explainn" / "motifs" / "reb.explainn.evidence.tsv"
    with evidence.open() as handle:
        first = next(csv.DictReader(handle, delimiter="\t"))
    assert first["supported"] == "true"
    label = first["name"] or first["consensus"].strip("N")
    sites = [row for row in judged(finished) if row["id"] == "site"]
    right = sum(row["motif_1"].removesuffix(" (row_001)") == label for row in sites)
    assert right >= 0.9 * len(sites) > 300
    became = Counter(row["site_change"] for row in sites)
    assert became["destroyed"] + became["weakened"] > 0.8 * len(sites)
    assert np.mean([float(row["percentile"]) > 90 for row in sites]) > 0.6
    others = [float(row["percentile"]) for row in judged(finished) if row["id"] == "any"]
    assert 20 < np.median(others) < 65


def test_files_hold_the_same_and_parts_sum_to_the_change(finished: Run) -> None:
    folder = finished.results / "reb" / "explainn" / "variants"
    table = pq.read_table(folder / "reb.explainn.variants.parquet").to_pandas()
    assert abs(table.filter(like="part:").sum(axis=1) - table["delta"]).max() < 1e-5
    rows = judged(finished)
    assert len(rows) == len(table) and set(table["kind"]) == {"SNV", "insertion", "deletion"}
    with pysam.VariantFile(str(folder / "reb.explainn.variants.vcf.gz")) as read:
        records = list(read)
    assert len(records) == len(rows) + 1 and "NFX" not in records[-1].info
    for record, row in zip(records, rows, strict=False):
        assert record.info["NFX_DELTA"][0] == pytest.approx(float(row["delta"]), rel=1e-3)
    with pysam.TabixFile(str(folder / "reb.explainn.variants.vcf.gz")) as index:
        assert len(list(index.fetch("chr1", 0, SIZE))) == len(records)
    left = finished.results / "reb" / "data" / "reb.variants_left_out.tsv"
    assert "symbolic" in left.read_text().splitlines()[1]
    page = (finished.results / "multiqc_report.html").read_text()
    assert "nfx_variants" in page
    with (finished.results / "tables" / "variants.tsv").open() as handle:
        assert len(list(csv.DictReader(handle, delimiter="\t"))) == 20


@pytest.mark.release
def test_stub(sheet: Path) -> None:
    more = ("--explain", sheet.parent / "peaks.bed", "--variants", sheet.parent / "in.vcf")
    bare = write_sheet(
        sheet.parent / "bare.csv", COLUMNS[:4], ("a", "peaks", "peaks.bed", "genome.fa")
    )
    run = run_nextflow(sheet.parent / "stub", ROOT, "--input", bare, *more, "-stub-run")
    assert run.code == 0, run.said
    names = set(run.trace())
    assert {"SHARED_READ (variants)", "VARIANTS_READ (a)", "VARIANTS_JUDGE (a.explainn)"} <= names
    folder = run.results / "a" / "explainn" / "variants"
    assert {path.suffix for path in folder.iterdir()} == {".tsv", ".parquet", ".gz", ".tbi"}


def test_an_earlier_run_gives_the_same_answers(finished: Run, sheet: Path, tmp_path: Path) -> None:
    """From its results alone, moved; what two questions are asked of stands on one page."""
    moved = tmp_path / "moved"
    shutil.copytree(finished.results, moved)
    genome, variants = sheet.parent / "genome.fa", sheet.parent / "in.vcf"
    asked = ("--variants", variants, "--explain", sheet.parent / "peaks.bed", "--genome", genome)
    run = run_nextflow(tmp_path / "run", ROOT, "--apply", moved, "--datasets", "reb", *asked)
    assert run.code == 0, run.said
    assert {name.split(" ")[0] for name in run.trace()} == {
        *("GENOME_INDEX", "VARIANTS_READ", "VARIANTS_JUDGE", "EXPLANATION_READ"),
        *("EXPLANATION_MAKE", "REPORT_COLLECT", "REPORT_MULTIQC"),
    }
    name = "reb/explainn/variants/reb.explainn.variants.{}"
    for ending in ("parquet", "tsv"):
        now, then = (one / name.format(ending) for one in (run.results, moved))
        assert now.read_bytes() == then.read_bytes()
    page = (run.results / "multiqc_report.html").read_text()
    assert "nothing was trained" in page
    for chapter in ("nfx_variants", "nfx_explained"):
        assert f'id="mqc-module-section-{chapter}"' in page
    assert "changes the logit most" in page and 'id="nfx-A"' in page
