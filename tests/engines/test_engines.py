"""The test profile on real container engines and a real SLURM, as users start it."""

from __future__ import annotations

import csv
import json
import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy import sparse

from nextflow_runs import newest_trace

ROOT = Path(__file__).resolve().parents[2]
USER = "nfexplainn"  # who is not root, made where the tests run as root
SHORT = ("--replicates", "1", "--max_epochs", "2", "--units", "10")


def need(what: str, *probe: str) -> None:
    """Skip where an engine does not answer; fail where it was meant to be there."""
    if shutil.which(probe[0]) and subprocess.run(probe, capture_output=True).returncode == 0:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} does not answer: {' '.join(probe)}")
    pytest.skip(f"needs {what}: {' '.join(probe)} fails")


@pytest.fixture(scope="module")
def someone() -> Iterator[tuple[list[str], Path]]:
    """Give the words that start a command as a member of docker's group who is not root."""
    if os.getuid() != 0:
        yield [], Path.home()
        return
    try:
        pwd.getpwnam(USER)
    except KeyError:
        subprocess.run(["useradd", "--create-home", "--groups", "docker", USER], check=True)
    home = Path(pwd.getpwnam(USER).pw_dir)
    place = home / "engine-test"
    shutil.rmtree(place, ignore_errors=True)
    subprocess.run(["runuser", "-u", USER, "--", "mkdir", str(place)], check=True)
    yield ["runuser", "-u", USER, "--"], place
    shutil.rmtree(place, ignore_errors=True)


def limits(folder: Path, *lines: str) -> Path:
    """Write a configuration that fits this machine."""
    memory = int(Path("/proc/meminfo").read_text().split()[1]) // 1024 - 1024
    text = [f"process.resourceLimits = [cpus: {os.cpu_count()}, memory: {memory}.MB]", *lines]
    path = folder / "machine.config"
    path.write_text("\n".join(text) + "\n")
    path.chmod(0o644)
    return path


def run(
    folder: Path, profile: str, *more: str, by: list[str] | None = None, config: Path | None = None
) -> list[dict[str, str]]:
    """Run the test profile to its end; return the rows of its trace, all of them completed."""
    command = []
    if by:  # someone else's home and cache, and nothing else of ours
        kept = ("PATH", "LANG", "SSL_CERT_FILE", "PIP_CERT", "PIP_INDEX_URL", "HTTPS_PROXY")
        variables = [f"{name}={os.environ[name]}" for name in kept if name in os.environ]
        command = [*by, "env", "-i", f"HOME={folder.parent}", *variables]
    command += [str(ROOT / "nextflow"), "run", str(ROOT), "-profile", profile, "-ansi-log", "false"]
    command += ["--outdir", "results", *more]
    if config:
        command += ["-c", str(config)]
    finished = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stdout[-4000:] + finished.stderr[-4000:]
    assert (folder / "results" / "multiqc_report.html").stat().st_size > 100_000
    with newest_trace(folder / "results").open() as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    assert len(rows) > 5
    assert {row["status"] for row in rows} == {"COMPLETED"}
    return rows


def task_scripts(folder: Path) -> list[str]:
    return [path.read_text() for path in folder.glob("work/*/*/.command.run")]


@pytest.mark.engine
@pytest.mark.docker
def test_docker_as_nobody_special_without_network_on_a_read_only_image(someone) -> None:
    need("Docker", "docker", "info")
    by, place = someone
    strict = "-u $(id -u):$(id -g) --network none --read-only --tmpfs /tmp"
    config = limits(place, f"docker.runOptions = '{strict}'")
    run(place, "test,docker", *SHORT, by=by, config=config)
    scripts = task_scripts(place)
    assert scripts
    assert all("--network none --read-only" in script for script in scripts)
    owner = place.stat().st_uid
    assert {path.stat().st_uid for path in (place / "results").rglob("*")} == {owner}


@pytest.mark.engine
@pytest.mark.docker
def test_the_image_s_history_holds_no_address_and_its_labels_the_licences() -> None:
    """Of the image that the test above has built; an index with a password would be read there."""
    need("Docker", "docker", "info")
    tag = [sys.executable, str(ROOT / "containers" / "tag.py"), "core"]
    name = subprocess.check_output(tag, text=True).strip()
    need(f"the image {name}", "docker", "image", "inspect", name)
    show = ["docker", "history", "--no-trunc", "--format", "{" + "{.CreatedBy}" + "}", name]
    history = subprocess.check_output(show, text=True)
    assert "COPY" in history
    assert not re.search(r"://|PIP_INDEX|PROXY|pip install", history)
    read = ["docker", "image", "inspect", "--format", "{" + "{json .Config}" + "}", name]
    config = json.loads(subprocess.check_output(read, text=True))
    assert not re.search(r"INDEX_URL|PROXY|@", " ".join(config["Env"]))
    assert "GPL-3.0-or-later" in config["Labels"]["org.opencontainers.image.licenses"]
    left = ["docker", "image", "ls", "--quiet", "--filter", "label=nf-explainn.stage"]
    assert subprocess.check_output(left, text=True) == ""


@pytest.mark.engine
@pytest.mark.apptainer
def test_apptainer(tmp_path) -> None:
    need("Docker", "docker", "info")
    need("Apptainer", "apptainer", "--version")
    run(tmp_path, "test,apptainer", *SHORT, config=limits(tmp_path))
    assert all("apptainer exec" in script for script in task_scripts(tmp_path))


@pytest.mark.peakvi
def test_peakvi_in_an_image_of_its_own(tmp_path) -> None:
    """The denoised means of the simulated cells follow the raw ones, cluster by cluster."""
    need("Docker", "docker", "info")
    simulated = ROOT / "assets" / "demo" / "simulated"
    (tmp_path / "cells.csv").write_text(
        "sample,assay,data,genome,width\n"
        f"cells,single_cell,{simulated}/simulated_cells.h5ad,{simulated}/simulated_genome.fa.gz,200\n"
    )
    config = limits(tmp_path)
    run(tmp_path, "docker", "--input", "cells.csv", "--peakvi", *SHORT, config=config)
    (denoised,) = tmp_path.glob("work/*/*/cells.denoised.npz")
    means = np.load(denoised)
    with h5py.File(simulated / "simulated_cells.h5ad") as handle:
        x, cluster = handle["X"], handle["obs/cluster"]
        counts = sparse.csr_matrix((x["data"][:], x["indices"][:], x["indptr"][:])).toarray()
        names = [name.decode() for name in cluster["categories"][:]]
        codes = cluster["codes"][:]
    raw = np.stack([counts[codes == names.index(task)].mean(axis=0) for task in means["tasks"]])
    between = [values - values.mean(axis=0) for values in (raw, means["means"].T)]
    assert np.corrcoef(between[0].ravel(), between[1].ravel())[0, 1] > 0.9


FAST = ("executor.queueStatInterval = '2s'", "executor.pollInterval = '1s'")


@pytest.mark.slurm
def test_slurm(tmp_path, monkeypatch) -> None:
    """On a cluster that passes on nothing of the submitter's variables."""
    need("SLURM", "sinfo")
    monkeypatch.setenv("SBATCH_EXPORT", "NONE")
    rows = run(tmp_path, "test,slurm", *SHORT, config=limits(tmp_path, *FAST))
    assert all(row["native_id"].isdigit() for row in rows)
    assert all("#SBATCH" in script for script in task_scripts(tmp_path))


@pytest.mark.slurm
@pytest.mark.docker
def test_slurm_with_docker(tmp_path) -> None:
    need("SLURM", "sinfo")
    need("Docker", "docker", "info")
    run(tmp_path, "test,slurm,docker", *SHORT, config=limits(tmp_path, *FAST))
    scripts = task_scripts(tmp_path)
    assert all("#SBATCH" in script and "docker run" in script for script in scripts)


@pytest.mark.slurm
def test_slurm_refuses_what_no_node_has_in_a_sentence(tmp_path) -> None:
    """A GPU asked for on a cluster without one ends at once; nothing waits or runs on the CPU."""
    need("SLURM", "sinfo")
    config = limits(tmp_path, *FAST, "process.errorStrategy = 'terminate'")
    command = [str(ROOT / "nextflow"), "run", str(ROOT), "-profile", "test,slurm,gpu"]
    command += ["-ansi-log", "false", "-c", str(config), *SHORT]
    finished = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert finished.returncode != 0
    log = finished.stdout + (tmp_path / ".nextflow.log").read_text()
    assert "Invalid generic resource (gres) specification" in log
