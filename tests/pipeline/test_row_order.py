"""The order of the samplesheet decides nothing: neither a result nor what a run computes again."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from assay_fixtures import fastq, texts
from nextflow_runs import DEMO, ROOT, Run, cut_fasta, run_nextflow, write_sheet

FEW = ("--units", "4", "--max_epochs", "1", "--replicates", "1", "--min_positives", "20")
HEADER = ("sample", "assay", "data", "dataset", "label", "negatives", "genome", "chromosomes")
YEAST = ("genome.fa.gz", "chrI,chrIII,chrVI")
# Data sets of sequences and of peaks from two files each, of cycles, and one that takes the rows of
# another for its negatives.
ROWS = [
    ("pooled", "sequences", "pooled.fa", "", "", "others", "", ""),
    ("left", "sequences", "left.fa", "pair", "", "", "", ""),
    ("right", "sequences", "right.fa", "pair", "", "", "", ""),
    ("up", "peaks", "up.bed", "yeast", "", "", *YEAST),
    ("down", "peaks", "down.bed", "yeast", "", "", *YEAST),
    ("c10", "htselex", "cycle10.fq", "selex", "cycle10", "", "", ""),
    ("c2", "htselex", "cycle2.fq", "selex", "cycle2", "", "", ""),
    ("c0", "htselex", "input.fq", "selex", "input", "", "", ""),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the rows."""
    folder = tmp_path_factory.mktemp("order")
    records = cut_fasta(DEMO / "OCT4_H1hESC_200bp.fa.gz", folder / "all.fa", 300)
    some = records.read_text().split(">")[1:]
    # Some sequences of left are in right as well.
    cuts = {"pooled": (0, 80), "left": (80, 200), "right": (180, 300)}
    for name, (first, last) in cuts.items():
        (folder / f"{name}.fa").write_text("".join(f">{text}" for text in some[first:last]))
    lines = (DEMO / "sacCer3_promoters_5462.bed").read_text().splitlines(keepends=True)
    (folder / "up.bed").write_text("".join(lines[::2]))
    (folder / "down.bed").write_text("".join(lines[1::2] + lines[:20]))
    shutil.copy(DEMO / "sacCer3_R64.fa.gz", folder / "genome.fa.gz")
    for seed, name in enumerate(("cycle10", "cycle2", "input")):
        (folder / f"{name}.fq").write_text(fastq(texts(150, 20, seed)))
    return folder


def start(folder: Path, name: str, rows: list[tuple[str, ...]], *more: str) -> Run:
    """Run the rows of a sheet that is always called the same."""
    sheet = write_sheet(folder / "sheet.csv", HEADER, *rows)
    return run_nextflow(folder / name, ROOT, "--input", sheet, *FEW, *more)


@pytest.fixture(scope="module")
def in_order(folder: Path) -> Run:
    """The rows as they stand above."""
    run = start(folder, "in_order", ROWS)
    assert run.code == 0, run.said
    return run


def digests(results: Path) -> dict[str, str]:
    """Sha256 of all that is published but for Nextflow's own files, and for seconds."""
    found = {}
    for name in sorted(path for path in results.rglob("*") if path.is_file()):
        place = name.relative_to(results)
        if place.parts[0] not in {"pipeline_info", "multiqc_report.html"}:
            found[str(place)] = hashlib.sha256(timeless(name)).hexdigest()
    return found


def timeless(path: Path) -> bytes:
    """The bytes of a file; of a table without the columns that a clock fills."""
    if path.suffix != ".tsv":
        return path.read_bytes()
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    kept = [at for at, name in enumerate(rows[0]) if "second" not in name]
    return "\n".join("\t".join(row[at] for at in kept) for row in rows).encode()


def test_swapped_rows_and_data_sets_give_the_same_results(folder: Path, in_order: Run) -> None:
    swapped = start(folder, "swapped", ROWS[::-1])
    assert swapped.code == 0, swapped.said
    one, two = digests(in_order.results), digests(swapped.results)
    assert len(one) > 80
    assert [name for name in one if one[name] != two.get(name)] == []
    assert one.keys() == two.keys()


@pytest.mark.release
def test_swapped_rows_run_nothing_again(folder: Path, in_order: Run) -> None:
    # Rows of one data set apart from each other, too.
    again = start(folder, "in_order", ROWS[1::2] + ROWS[::2], "-resume")
    assert again.code == 0, again.said
    assert set(again.trace().values()) == {"CACHED"}
    assert again.trace().keys() == in_order.trace().keys()


def test_cycles_are_in_the_order_of_selection(in_order: Run) -> None:
    path = in_order.results / "selex" / "data" / "selex.dataset.parquet"
    meta = json.loads(pq.read_schema(path).metadata[b"nf-explainn"])
    assert meta["tasks"] == ["input", "cycle2", "cycle10"]
    page = (in_order.results / "multiqc_report.html").read_text(encoding="utf-8")
    assert "input (first), cycle2, cycle10 (last)" in page


def test_mistakes_are_told_by_the_lines_of_the_sheet(folder: Path) -> None:
    """Though rows are sorted by sample: line 2 is that of right, line 4 that of left."""
    rows = [
        ("right", "sequences", "right.fa", "pair", "", "nothing.fa", "", ""),
        ("pooled", "sequences", "pooled.fa", "", "", "", "", ""),
        ("left", "sequences", "left.fa", "pair", "", "none.fa", "", ""),
    ]
    run = start(folder, "mistakes", rows)
    assert run.code != 0
    told = [error.partition(",")[2].partition(":")[0].strip() for error in run.errors()]
    assert told == ["line 2, column negatives", "line 4, column negatives"]
    assert "nothing.fa" in run.errors()[0]
