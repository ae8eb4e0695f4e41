# ruff: noqa: E501
"""Models of an earlier run are asked again: from a folder that was moved, without any training."""

from __future__ import annotations

import csv
import dataclasses
import gzip
import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import save_file

from nextflow_runs import DEMO, ROOT, TINY, Run, first_of, judged, run_nextflow, write_sheet
from nfexplainn import dna
from nfexplainn.data.dataset import read_dataset
from nfexplainn.models.checkpoint import read_checkpoint, save_model

EARLIER = ROOT / "tests" / "earlier_results"
GENOME = DEMO / "sacCer3_R64.fa.gz"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Run:
    """A run that trains and predicts the first promoters, with its work folder gone and its results elsewhere."""
    folder = tmp_path_factory.mktemp("trained")
    sheet = write_sheet(
        folder / "sheet.csv",
        ("sample", "assay", "data", "models", "chromosomes"),
        ("oct4", "sequences", f"{tiny}/oct4.fa", "explainn", ""),
        ("yeast", "peaks", f"{tiny}/promoters.bed", "explainn", "chrI,chrIII,chrVI"),
    )
    lines = (tiny / "promoters.bed").read_text().splitlines()[:50]
    (folder / "some.bed").write_text("\n".join(lines) + "\n")
    asked = ("--predict", folder / "some.bed", "--genome", GENOME)
    run = run_nextflow(folder, ROOT, "--input", sheet, *TINY, *asked)
    assert run.code == 0, run.said
    shutil.rmtree(folder / "work")
    moved = tmp_path_factory.mktemp("elsewhere") / "last_month"
    shutil.move(run.results, moved)
    return Run(moved.parent, run.code, run.said)


@pytest.fixture(scope="module")
def moved(trained: Run) -> Path:
    return trained.folder / "last_month"


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory, moved: Path) -> Run:
    """The training run's own windows of one data set, asked of the models of both."""
    folder = tmp_path_factory.mktemp("answered")
    dataset = read_dataset(moved / "oct4/data/oct4.dataset.parquet")
    pairs = zip(dataset.names, dna.decode(dataset.codes), strict=True)
    with gzip.open(folder / "own.fa.gz", "wt") as out:
        out.write("".join(f">{name}\n{text}\n" for name, text in pairs))
    asked = ("--apply", moved, "--predict", "own.fa.gz")
    run = run_nextflow(folder, ROOT, *asked, NXF_SYNTAX_PARSER="v1")
    assert run.code == 0, run.said
    return run


def test_nothing_is_trained_or_prepared(answered: Run) -> None:
    trace = answered.trace()
    assert set(trace.values()) == {"COMPLETED"}
    assert set(trace) == {
        *(f"PREDICTION_READ ({id})" for id in ("oct4", "yeast")),
        *(f"PREDICTION_MAKE ({id})" for id in ("oct4", "yeast")),
        *("REPORT_COLLECT", "REPORT_MULTIQC"),
    }
    assert answered.files() == {
        *("oct4/predictions.parquet", "oct4/predictions.tsv"),
        *("yeast/predictions.parquet", "yeast/predictions.tsv"),
        *(f"tables/{name}.tsv" for name in ("parameters", "predictions", "status", "versions")),
        *(f"pipeline_info/{name}" for name in ("methods.html", "params.json", "versions.yml")),
        "multiqc_report.html",
    }


def test_each_replicate_says_what_it_said_in_its_training(answered: Run, moved: Path) -> None:
    now = pq.read_table(answered.results / "oct4/predictions.parquet").to_pandas()
    assert len(now) > 500
    for replicate in (1, 2):
        path = moved / f"oct4/explainn/oct4.explainn.r{replicate}.predictions.parquet"
        then = pq.read_table(path).to_pandas().set_index("name")["logit:oct4"]
        assert np.abs(now.set_index("name")[f"logit:oct4:r{replicate}"] - then).max() <= 1e-6
    assert now["probability:oct4"].between(0, 1).all() and now["likeness"].notna().all()


def test_the_page_answers_what_was_asked(answered: Run) -> None:
    page = (answered.results / "multiqc_report.html").read_text()
    for said in ("nothing was trained", "own.fa.gz", "last_month", "Platt", "nfx_predictions"):
        assert said in page
    for chapter in ("nfx_motifs", "nfx_training", "nfx_data", "nfx_performance"):
        assert f'id="mqc-module-section-{chapter}"' not in page
    found = rows(answered.results / "tables/predictions.tsv")
    assert [row["dataset"] for row in found] == ["oct4", "yeast"]
    assert {row["replicates"] for row in found} == {"2"}


def test_the_run_that_trains_predicts_too(moved: Path) -> None:
    found = rows(moved / "yeast/predictions.tsv")
    assert len(found) == 50 and all(row["chrom"] and row["probability:yeast"] for row in found)
    assert len(rows(moved / "oct4/predictions.tsv")) == 50
    page = (moved / "multiqc_report.html").read_text()
    assert "nfx_predictions" in page and "nfx_performance_calibration" in page
    assert {row["dataset"] for row in rows(moved / "tables/calibration.tsv")} == {"oct4", "yeast"}


def test_the_notebook_runs(tmp_path: Path, moved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell, on results of this version and on those of an earlier one."""
    (tmp_path / "sacCer3.fa").write_bytes(gzip.decompress(GENOME.read_bytes()))
    monkeypatch.chdir(tmp_path)
    cells = json.loads((ROOT / "docs" / "notebook.ipynb").read_text())["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert len(sources) > 5
    for folder, name, other in ((moved, "yeast", "oct4"), (EARLIER, "MAFK", "MAFK")):
        (tmp_path / "results").unlink(missing_ok=True)
        (tmp_path / "results").symlink_to(folder)
        known: dict[str, object] = {}
        for source in sources:
            here = source.replace('"MAFK"', f'"{other}"').replace("yeast_promoters", name)
            exec(compile(here, "notebook", "exec"), known)
        assert len(known["found"]) == 3  # type: ignore[arg-type]


def test_results_of_an_earlier_version_and_intervals(tmp_path: Path, tiny: Path) -> None:
    """The folder of one data set; the chromosome that the genome lacks is told of."""
    lines = (tiny / "promoters.bed").read_text().splitlines()[:20]
    (tmp_path / "some.bed").write_text("\n".join([*lines, "chrUn\t1000\t2000"]) + "\n")
    asked = ("--predict", "some.bed", "--genome", GENOME)
    run = run_nextflow(tmp_path, ROOT, "--apply", EARLIER / "MAFK", *asked)
    assert run.code == 0, run.said
    found = rows(run.results / "MAFK/predictions.tsv")
    assert len(found) == 20
    assert all(0 <= float(row["probability:MAFK"]) <= 1 for row in found)
    assert all(int(row["end"]) - int(row["start"]) == 200 for row in found)
    assert (
        "on a chromosome that the genome lacks, left out"
        in (run.results / "multiqc_report.html").read_text()
    )


@pytest.mark.release
def test_motifs_of_an_earlier_version_are_told_by_their_annotation(
    tmp_path: Path, tiny: Path
) -> None:
    """It has no evidence: what a variant changes is split over the units' annotations; nothing is lost."""
    lines = (tiny / "promoters.bed").read_text().splitlines()[:3]
    (tmp_path / "some.bed").write_text("\n".join(lines) + "\n")
    (tmp_path / "some.tsv").write_text("chrI\t2300\tA\tC\nchrI\t9100\tT\tA\n")
    asked = ("--explain", "some.bed", "--variants", "some.tsv", "--genome", GENOME)
    run = run_nextflow(tmp_path, ROOT, "--apply", EARLIER, *asked)
    assert run.code == 0, run.said
    assert not [name for name in run.trace() if name.startswith(("MODEL_TRAIN", "DATASET"))]
    folder = run.results / "MAFK" / "explainn"
    found = rows(folder / "variants" / "MAFK.explainn.variants.tsv")
    assert len(found) == 2 and "MAFK" in {row["motif_1"] for row in found} | {
        row["motif_3"] for row in found
    }
    for row in found:
        parts = [float(row[f"part_{at}"] or 0) for at in (1, 2, 3)]
        assert abs(sum(parts) + float(row["rest"] or 0) - float(row["delta"])) <= 1e-5
    explained = rows(run.results / "tables" / "explained.tsv")
    assert len({row["sequence"] for row in explained}) == 3


def test_new_rows_are_prepared_and_scored(tmp_path: Path, moved: Path, tiny: Path) -> None:
    """By the models of every data set; what one of its rows has wrong ends that row alone."""
    (tmp_path / "protein.fa").write_text(">a\nMKVLQEPT\n")
    sheet = write_sheet(
        tmp_path / "new.csv",
        ("sample", "assay", "data", "genome", "chromosomes"),
        ("elsewhere", "peaks", f"{tiny}/promoters.bed", GENOME, "chrII,chrV"),
        ("yeast", "peaks", f"{tiny}/promoters.bed", GENOME, "chrI,chrIII,chrVI"),
        ("broken", "sequences", "protein.fa", "", ""),
    )
    run = run_nextflow(tmp_path, ROOT, "--apply", moved, "--input", sheet)
    assert run.code == 0, run.said
    steps = {name.split(" ")[0] for name in run.trace()}
    assert steps == {
        *("GENOME_INDEX", "DATASET_PREPARE", "PREDICTION_SCORE", "REPORT_COLLECT", "REPORT_MULTIQC")
    }
    found = {
        (row["dataset"], row["models_of"]): row
        for row in rows(run.results / "tables/new_data.tsv")
        if row["metric"] in ("auroc", "")
    }
    assert set(found) == {(new, of) for new in ("elsewhere", "yeast") for of in ("oct4", "yeast")}
    assert float(found["elsewhere", "yeast"]["value"]) > 0.6
    # No window of these chromosomes overlaps the models' own, but some hold copies of a repeat.
    assert 0 < int(found["elsewhere", "yeast"]["seen"]) < 10
    assert found["yeast", "yeast"]["seen"] == found["yeast", "yeast"]["sequences"]
    assert (run.results / "elsewhere/by_oct4/predictions.tsv").is_file()
    page = (run.results / "multiqc_report.html").read_text()
    assert "looks like protein" in page and "new.csv" in page


def test_what_one_data_set_cannot_read_the_others_may(tmp_path: Path, moved: Path) -> None:
    """The models of one need 200 bp, those of the other (its copy, padded) only 180."""
    folder = tmp_path / "both"
    shutil.copytree(moved / "oct4", folder / "oct4")
    shutil.copytree(EARLIER / "MAFK", folder / "MAFK")
    path = folder / "MAFK/data/MAFK.dataset.parquet"
    table = pq.read_table(path)
    meta = table.schema.metadata[b"nf-explainn"].replace(b'"pad": 0', b'"pad": 10')
    pq.write_table(table.replace_schema_metadata({b"nf-explainn": meta}), path)
    (tmp_path / "mine.fa").write_text(f">a\n{'ACGTGCATTA' * 18}\n>b\n{'CCGTGTATTA' * 18}\n")
    run = run_nextflow(tmp_path, ROOT, "--apply", folder, "--predict", "mine.fa")
    assert run.code == 0, run.said
    assert len(rows(run.results / "MAFK/predictions.tsv")) == 2
    assert not (run.results / "oct4").exists()
    page = (run.results / "multiqc_report.html").read_text()
    assert "the sequence &#x27;a&#x27; has 180 bp, but the model reads 200" in page


# What cannot be asked, and what is said of it before any task: in a start of its own for each, where parameters are
# checked; ...
TOLD = [
    (
        "--apply untrained --predict nowhere.fa",
        [
            "--predict: there is no file {}/nowhere.fa.",
            "--apply: {}/untrained holds data sets and no trained model: the run ended before its training did, or its models diverged; see multiqc_report.html there, and run it again with -resume.",
        ],
    ),
    (
        "--apply mine --predict mine.fa --input sheet.csv --streme",
        [
            "--input: there is no file {}/sheet.csv.",
            "--streme: --apply only works with --input, --predict, --explain, --variants, --hits, --attribution; leave it out, or leave --apply out to train with it.",
        ],
    ),
    (
        "--datasets A",
        [
            "--input: give a samplesheet (templates are in assets/samplesheets/), or try -profile test; to use models that are already trained, give --apply.",
            "--datasets chooses among the models of --apply; give --apply, or leave --datasets out and choose by the rows of the sheet.",
        ],
    ),
]
# ... where folders are, all in one.
TOLD_OF_FOLDERS = [
    (
        "--apply empty --datasets A",
        [
            "--apply: there is nothing to do with the models; give one of --input SHEET, --predict FILE, --explain FILE, --variants FILE, --hits FILE, --attribution.",
            "--apply: the folder {}/empty is empty; give the results folder of a finished run.",
        ],
    ),
    (
        "--apply failed --predict mine.fa",
        [
            "--apply: {}/failed is the folder of a run that ended before any training; see its report or log, and run it again with -resume."
        ],
    ),
    (
        "--apply mine.fa --predict mine.fa",
        [
            "--apply: {}/mine.fa is a file, not a folder; give the results folder of a finished run, or the folder of one of its data sets."
        ],
    ),
    (
        "--apply other --predict mine.fa",
        [
            "--apply: there is no <data set>/<model>/*.model.safetensors in {}/other; give the results folder of a finished run, or the folder of one of its data sets."
        ],
    ),
    (
        "--apply broken --predict mine.fa --datasets MAFk,broken --explain mine.fa",
        [
            "--datasets: there is no model of a data set 'MAFk' in {}/broken; did you mean MAFK? There are MAFK, broken.",
            "--apply: {}/broken/broken/explainn/broken.explainn.r1.model.safetensors is damaged or not a model; copy the results folder again, or remove the file.",
            "--apply: {}/broken/broken/explainn/broken.explainn.r2.model.safetensors is a safetensors file of another program, not a model of nf-explainn; remove it from the folder.",
            "--apply: {}/broken/broken/explainn/broken.explainn.r3.model.safetensors has the model format 7, and this release reads 1; use the release that trained it, or train it again.",
        ],
    ),
    (
        "--apply gone --predict mine.fa",
        [
            "--apply: {}/gone/MAFK/data/MAFK.dataset.parquet is a link to a missing file, and so are 2 more; copy the files themselves (cp -rL) while the work folder is there, or run the training again with --publish_dir_mode copy."
        ],
    ),
    (
        "--apply twice --predict mine.fa",
        [
            "--apply: 2 models are called MAFK.explainn.r1.model.safetensors ({0}/twice/MAFK/copy, {0}/twice/MAFK/explainn); give a folder that holds one of each.",
            "--apply: 2 models are called MAFK.explainn.r2.model.safetensors ({0}/twice/MAFK/copy, {0}/twice/MAFK/explainn); give a folder that holds one of each.",
        ],
    ),
    (
        "--apply mine --predict mine.fa --outdir mine/answers",
        [
            "--outdir: mine/answers is the results folder that --apply reads, or is inside it; give another folder for the answers."
        ],
    ),
    (
        "--apply mine --predict mine.fa --outdir mine",
        [
            "--outdir: mine is the results folder that --apply reads, or is inside it; give another folder for the answers."
        ],
    ),
    (
        "--apply link --predict mine.fa --outdir mine",
        [
            "--outdir: mine is the results folder that --apply reads, or is inside it; give another folder for the answers."
        ],
    ),
    (
        "--apply mixed --predict mine.fa",
        [
            "--apply: {0}/mixed/MAFK/explainn/MAFK.explainn.r3.model.safetensors was trained on other sequences than {0}/mixed/MAFK/explainn/MAFK.explainn.r1.model.safetensors, as if two runs had written into one folder; give a folder of one run, or remove the files of the other."
        ],
    ),
    (
        "--apply last{x,y}[1] --predict mine.fa",
        [
            "--apply: {0}/last{1}[1]/MAFK/data/MAFK.dataset.parquet cannot be passed to a task: a shell expands '{1}' in its path; rename it."
        ],
    ),
    (
        "--apply mine --explain some.bed --variants some.vcf",
        [
            "--explain: some.bed holds intervals, but there is no genome to read them from; give --genome, or the sequences themselves as FASTA.",
            "--variants: some.vcf holds variants, but there is no genome; give --genome, the one that they were called on.",
        ],
    ),
    (
        "--apply lengths --input new.csv",
        [
            "--input: the models read 200 and 201 bp, but a sheet is prepared with one length; choose models of one length with --datasets."
        ],
    ),
    (
        "--apply networks --explain mine.fa",
        [
            "--explain: no ExplaiNN, the network whose predictions are a sum over motifs, is in {}/networks; leave --explain out, or give a folder that holds one."
        ],
    ),
    (
        "--apply bare --variants some.vcf --attribution --genome mine.fa",
        [
            "--variants: the motifs of {}/bare/MAFK/MAFK.explainn.r1.model.safetensors are not next to it (motifs/*.units.tsv); copy the whole results folder, or leave it out.",
            "--variants: MAFK.dataset.parquet, which it reads, is not in the folder; copy the whole results folder, or leave it out.",
            "--attribution: MAFK.dataset.parquet, which it reads, is not in the folder; copy the whole results folder, or leave it out.",
            "--attribution: the predictions of the training (*.predictions.parquet) are not next to {}/bare/MAFK/MAFK.explainn.r1.model.safetensors; copy the whole results folder, or leave it out.",
        ],
    ),
]


def parameters(arguments: str) -> dict[str, str | bool]:
    """As Nextflow reads them: a name without a value is true."""
    options = [option.split() for option in f" {arguments}".split(" --")[1:]]
    return {name: value[0] if value else True for name, *value in options}


def worded(folders: Path, sentences: list[str]) -> list[str]:
    return sorted(one.format(folders, "{x,y}") for one in sentences)


@pytest.mark.parametrize(("arguments", "sentences"), first_of(TOLD))
def test_what_cannot_be_asked_is_told_before_any_task(
    folders: Path, arguments: str, sentences: list[str]
) -> None:
    run = run_nextflow(folders, ROOT, *arguments.split())
    assert run.code == 1
    assert sorted(run.errors()) == worded(folders, sentences)
    assert not (folders / "results").exists()


def test_what_folders_cannot_answer_is_told(folders: Path) -> None:
    runs = [parameters(arguments) for arguments, _ in TOLD_OF_FOLDERS]
    found = judged(folders, runs)["runs"]
    for one, (_, sentences) in zip(found, TOLD_OF_FOLDERS, strict=True):
        assert sorted(one["problems"]) == worded(folders, sentences)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders that hold no models, or wrong ones."""
    top = tmp_path_factory.mktemp("folders")
    for name in ("empty", "failed/pipeline_info", "other", "broken/broken/explainn"):
        (top / name).mkdir(parents=True)
    (top / "other" / "notes.txt").write_text("x\n")
    (top / "mine.fa").write_text(f">a\n{'ACGTG' * 40}\n")
    shutil.copytree(EARLIER / "MAFK" / "data", top / "untrained" / "MAFK" / "data")
    shutil.copytree(EARLIER, top / "mine")
    shutil.copytree(EARLIER, top / "twice")
    shutil.copytree(EARLIER / "MAFK" / "explainn", top / "twice" / "MAFK" / "copy")
    shutil.copytree(EARLIER / "MAFK", top / "broken" / "MAFK")
    (top / "link").symlink_to("mine")
    for name in (
        "data/MAFK.dataset.parquet",
        *(f"explainn/MAFK.explainn.r{n}.model.safetensors" for n in (1, 2)),
    ):
        (top / "gone" / "MAFK" / name).parent.mkdir(parents=True, exist_ok=True)
        (top / "gone" / "MAFK" / name).symlink_to(top / "work" / name)
    (top / "some.bed").write_text("chr1\t100\t200\n")
    (top / "some.vcf").write_text(
        "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    )
    (top / "bare" / "MAFK").mkdir(parents=True)
    (top / "networks" / "MAFK").mkdir(parents=True)
    shutil.copytree(EARLIER, top / "last{x,y}[1]")
    shutil.copytree(EARLIER, top / "mixed")
    runs = "mixed/MAFK/explainn/MAFK.explainn.r{}.model.safetensors"
    header, weights = read_checkpoint(top / runs.format(1))
    other = dataclasses.replace(header, dataset_digest="0" * 64, replicate=3)
    save_model(top / runs.format(3), weights, other)
    stem = "broken/broken/explainn/broken.explainn"
    model = EARLIER / "MAFK/explainn/MAFK.explainn.r1.model.safetensors"
    (top / f"{stem}.r1.model.safetensors").write_bytes(model.read_bytes()[:200])
    save_file({"a": np.zeros(2)}, top / f"{stem}.r2.model.safetensors")
    shutil.copy(model, top / "bare" / "MAFK")
    shutil.copytree(EARLIER, top / "lengths")
    (top / "lengths/other.explainn.r1.model.safetensors").write_bytes(
        model.read_bytes().replace(b'length\\":200', b'length\\":201')
    )
    (top / "new.csv").write_text("sample,assay,data\nnew,sequences,mine.fa\n")
    (top / "networks/MAFK/MAFK.cnn1.r1.model.safetensors").write_bytes(
        model.read_bytes().replace(b'\\"explainn\\"', b'\\"convnets\\"')
    )
    version = rb"format_version\":"
    later = model.read_bytes().replace(version + b"1", version + b"7")
    (top / f"{stem}.r3.model.safetensors").write_bytes(later)
    return top


@pytest.mark.parametrize(
    ("content", "more", "sentence"),
    first_of(
        [
            (
                ">a\nACGT\n",
                (),
                "mine: the sequence 'a' has 4 bp, but the model reads 200; give that many or more (of longer ones the middle is taken).",
            ),
            (
                "chr1\t100\t900\n",
                (),
                "mine: this file holds intervals, but there is no genome to read them from; give --genome (or the column genome), or the sequences themselves as FASTA.",
            ),
            (
                "7\t100\t900\n",
                ("--genome", str(GENOME)),
                "mine: none of its chromosomes (7) is in the genome {genome} (chrI, chrII, chrIII, ...); write 'chrVII' for '7'.",
            ),
            (
                ">a\nMKVLQEPT\n",
                (),
                "mine, line 1: the record 'a' looks like protein (it holds 'E', 'L', 'P', 'Q'); DNA is expected.",
            ),
            ("", (), "mine: the file is empty (0 bytes); download or create it again."),
        ]
    ),
)
def test_sequences_that_cannot_be_read(
    tmp_path: Path, content: str, more: tuple[str, ...], sentence: str
) -> None:
    (tmp_path / "mine").write_text(content)
    run = run_nextflow(tmp_path, ROOT, "--apply", EARLIER, "--predict", "mine", *more)
    assert run.code == 1
    told = [line.removeprefix("ERROR: ") for line in run.errors()]
    assert told[0] == sentence.format(genome=GENOME)
