"""Genomes by name: where they come from, and what is said of a name that is none."""

from __future__ import annotations

import functools
import re
import shutil
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from nextflow_runs import DEMO, ROOT, judged, run_nextflow, write_sheet

CONFIG = ROOT / "conf" / "igenomes.config"
SACCER3 = "Saccharomyces_cerevisiae/UCSC/sacCer3/Sequence/WholeGenomeFasta/genome.fa"
COLUMNS = ("sample", "assay", "data", "genome")
# Sheets of one row: the cell, the parameters, and the genome or the sentence that comes of it.
CELLS: dict[str, tuple[str, dict[str, Any], str]] = {
    "a copy of iGenomes": ("sacCer3", {"igenomes_base": "{}/copy"}, "{}/copy/" + SACCER3),
    "a base that ends with a slash": (
        "sacCer3",
        {"igenomes_base": "{}/copy/"},
        "{}/copy/" + SACCER3,
    ),
    "a genome of a configuration": ("mine", {}, "{}/mine.fa"),
    "iGenomes left out, others not": ("mine", {"igenomes_ignore": True}, "{}/mine.fa"),
    "a path": ("mine.fa", {}, "{}/mine.fa"),
    "a file that is called so": ("dm6", {}, "{}/dm6"),
    "a folder that is called so": ("mm10", {"igenomes_base": "{}/copy"}, "mm10 of params.genomes"),
    "in the copy there is none": (
        "hg38",
        {"igenomes_base": "{}/copy"},
        "column genome: there is no file {}/copy/Homo_sapiens/UCSC/hg38/Sequence/WholeGenomeFasta/"
        "genome.fa (the genome hg38 of params.genomes; --igenomes_base sets the folder of"
        " iGenomes).",
    ),
    "another case": (
        "grch38",
        {},
        "column genome: there is no file {}/grch38 (paths are relative to the sheet), and no genome"
        " of that name is known; did you mean GRCh38? The known ones are AGPv3, BDGP6, CHIMP2.1.4,",
    ),
    "no name": ("genome.fasta", {}, "genome.fasta (paths are relative to the sheet)."),
    "iGenomes left out": (
        "GRCh38",
        {"igenomes_ignore": True},
        "and no genome of that name is known. The known ones are mine.",
    ),
    "by the parameter": ("", {"genome": "sacCer3", "igenomes_base": "{}/copy"}, "copy/" + SACCER3),
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """What the checks make of every cell, in one start."""
    folder = tmp_path_factory.mktemp("genomes")
    (folder / "copy" / SACCER3).parent.mkdir(parents=True)
    (folder / "mm10").mkdir()
    for name in ("mine.fa", "dm6", f"copy/{SACCER3}", "peaks.bed"):
        (folder / name).write_text(">chrI\nACGT\n")
    own = folder / "own.config"
    own.write_text(f"params {{ genomes {{ 'mine' {{ fasta = '{folder}/mine.fa' }} }} }}\n")
    runs = []
    for at, (cell, params, _) in enumerate(CELLS.values()):
        path = write_sheet(folder / f"{at}.csv", COLUMNS, ("a", "peaks", "peaks.bed", cell))
        filled = {k: v.format(folder) if isinstance(v, str) else v for k, v in params.items()}
        runs.append({"input": str(path), **filled})
    found = judged(folder, runs, "-c", CONFIG, "-c", own)["runs"]
    return folder, {
        "log": (folder / ".nextflow.log").read_text(),
        **dict(zip(CELLS, found, strict=True)),
    }


@pytest.mark.parametrize("name", CELLS)
def test_cell(name: str, said: tuple[Path, dict[str, Any]]) -> None:
    folder, verdicts = said
    wanted = CELLS[name][2].format(folder)
    found = verdicts[name]
    if " " in wanted:
        (problem,) = found["problems"]
        assert wanted in problem
        assert problem.endswith(".") and "\n" not in problem
    else:
        assert found["problems"] == []
        (dataset,) = found["datasets"]
        assert dataset["genome"].endswith(wanted)


def test_a_file_with_a_known_name_is_told(said: tuple[Path, dict[str, Any]]) -> None:
    folder, verdicts = said
    (line,) = re.findall(r"column genome: the file .*", verdicts["log"])
    assert line == (
        f"column genome: the file {folder}/dm6 is read, not the known genome dm6; rename the file"
        " to get that, or write ./dm6 for the file."
    )


def test_addresses_are_those_of_the_bucket() -> None:
    entries = re.findall(r"^ +'([^']+)': +\[fasta: '([^']+)'\],$", CONFIG.read_text(), re.M)
    names = [name for name, _ in entries]
    assert len(names) == len(set(names)) == CONFIG.read_text().count("fasta: 's3:") > 50
    for name, address in entries:
        assert re.fullmatch(
            rf"s3://ngi-igenomes/igenomes/[A-Z]\w+/(UCSC|Ensembl|NCBI)/{re.escape(name)}"
            "/Sequence/WholeGenomeFasta/genome.fa",
            address,
        )


def test_parameters_that_people_know(tmp_path: Path) -> None:
    """One start: an unknown name, and parameters of others that a configuration has ignored."""
    (tmp_path / "site.config").write_text(
        "params { theirs = 1; more = 2; another = 3; schema_ignore_params = 'genomes,theirs' }\n"
        "validation { ignoreParams = ['more'] }\n"
    )
    run = run_nextflow(tmp_path, ROOT, "-c", "site.config", "--genome", "hg39")
    errors = run.errors()
    assert run.code == 1
    assert errors[0].startswith("--another: there is no such parameter"), run.said
    assert errors[1].startswith(f"--genome: there is no file {tmp_path}/hg39, and no genome of")
    assert "did you mean hg19?" in errors[1] or "did you mean hg38?" in errors[1]
    assert ", hg19, hg38, " in errors[1] and errors[1].endswith("susScr3.")
    assert errors[2].startswith("--input: give a samplesheet")
    assert len(errors) == 3


def test_a_profile_of_an_institution_names_its_genomes(tmp_path: Path) -> None:
    """As nf-core/configs has them: a profile with igenomes_base, found by custom_config_base."""
    genome = tmp_path / "store" / SACCER3
    genome.parent.mkdir(parents=True)
    shutil.copy(DEMO / "sacCer3_R64.fa.gz", genome)
    shutil.copy(DEMO / "sacCer3_promoters_5462.bed", tmp_path / "promoters.bed")
    site = tmp_path / "configs" / "conf" / "site.config"
    site.parent.mkdir(parents=True)
    site.write_text(
        "params {\n"
        f"    igenomes_base = '{tmp_path}/store/'\n"
        "    max_cpus = 20\n"
        f"    genomes {{ 'dm6' {{ fasta = '{genome}' }} }}\n"
        "}\n"
    )
    (tmp_path / "configs" / "nfcore_custom.config").write_text(
        'profiles { site { includeConfig "${params.custom_config_base}/conf/site.config" } }\n'
    )
    sheet = write_sheet(
        tmp_path / "sheet.csv",
        COLUMNS,
        ("a", "peaks", "promoters.bed", "sacCer3"),
        ("b", "peaks", "promoters.bed", "dm6"),
        ("c", "peaks", "promoters.bed", ""),
    )
    base = ("--custom_config_base", tmp_path / "configs", "-profile", "site")
    arguments = ("--input", sheet, "--genome", "./sacCer3.fa.gz", "-stub-run")
    shutil.copy(genome, tmp_path / "sacCer3.fa.gz")
    run = run_nextflow(tmp_path, ROOT, *base, *arguments)
    assert run.code == 0, run.said
    assert "--max_cpus: there is no such parameter" in (tmp_path / ".nextflow.log").read_text()
    tasks = [name for name in run.trace() if name.startswith("GENOME_INDEX")]
    assert len(tasks) == 3, tasks


@pytest.mark.release
def test_profiles_of_an_institution_by_their_address(tmp_path: Path) -> None:
    """As those of nf-core/configs; offline nothing is asked for, and the profile is unknown."""
    (tmp_path / "configs" / "conf").mkdir(parents=True)
    (tmp_path / "configs" / "conf" / "site.config").write_text(
        "params { config_profile_contact = 'us'; max_memory = '8.GB' }\nprocess.queue = 'ours'\n"
    )
    (tmp_path / "configs" / "nfcore_custom.config").write_text(
        'profiles { site { includeConfig "${params.custom_config_base}/conf/site.config" } }\n'
    )
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "configs"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = ("--custom_config_base", f"http://127.0.0.1:{server.server_port}", "-profile")
    run = run_nextflow(tmp_path, ROOT, *base, "test,site", "-preview", NXF_OFFLINE="false")
    assert run.code == 0, run.said
    assert "--max_memory: there is no such parameter" in (tmp_path / ".nextflow.log").read_text()
    server.shutdown()
    run = run_nextflow(tmp_path, ROOT, *base, "test", "-preview", NXF_OFFLINE="true")
    assert run.code == 0, run.said


@pytest.mark.release
def test_a_version_of_nf_core_s_configs_is_an_address(tmp_path: Path) -> None:
    """Which this machine reaches or not: there is no such version."""
    version = ("--custom_config_version", "0.0.0-none", "-profile", "test", "-preview")
    run = run_nextflow(tmp_path, ROOT, *version, NXF_OFFLINE="false")
    assert run.code == 1
    address = "raw.githubusercontent.com/nf-core/configs/0.0.0-none/nfcore_custom.config"
    assert address in run.said + (tmp_path / ".nextflow.log").read_text()


def test_the_bucket_needs_a_plugin(tmp_path: Path) -> None:
    """Only where a genome in it is named; without a network the way out is told."""
    own = {"NXF_PLUGINS_DIR": str(tmp_path / "none")}
    run = run_nextflow(tmp_path, ROOT, "--genome", "GRCh38", **own)
    assert run.errors()[0] == (
        "--genome: s3://ngi-igenomes/igenomes/Homo_sapiens/NCBI/GRCh38/Sequence/WholeGenomeFasta/"
        "genome.fa needs Nextflow's plugin nf-amazon, which cannot be fetched; run `nextflow plugin"
        " install nf-amazon` once where there is a network, or download the file and give its path"
        " (the genome GRCh38 of params.genomes; --igenomes_base sets the folder of iGenomes)."
    ), run.said
