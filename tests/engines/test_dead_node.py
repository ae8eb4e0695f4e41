"""A node of a cluster that dies in the middle of a run, on a SLURM of two nodes."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from killed_runs import SMALL, digests, small_sheet, start
from nextflow_runs import ROOT, run_nextflow

CLUSTER = Path(__file__).with_name("two_nodes.sh")
# Nextflow waits 270 s for the exit code of a job that is gone, and asks for jobs once a minute.
CONFIG = """
process.resourceLimits = [cpus: 1, memory: 2.GB]
executor {
    queueStatInterval = '2s'
    pollInterval = '1s'
    exitReadTimeout = '20s'
}
"""


def cluster(command: str, folder: Path, *node: str) -> None:
    subprocess.run([str(CLUSTER), command, str(folder), *node], check=True)


@pytest.fixture
def two_nodes(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A cluster of two nodes, of which SLURM's commands find the configuration."""
    if os.getuid() != 0 or not Path("/etc/debian_version").exists():
        pytest.skip("needs root on Debian: tests/engines/two_nodes.sh starts a SLURM of two nodes")
    folder = tmp_path_factory.mktemp("cluster")
    try:
        cluster("up", folder)
        monkeypatch.setenv("SLURM_CONF", str(folder / "slurm.conf"))
        yield folder
    finally:
        cluster("down", folder)


def wait_for_job_on(node: str, process: subprocess.Popen[bytes]) -> str:
    """Wait until a job runs on a node; give its name."""
    for _ in range(600):
        ask = ["squeue", "-h", "-t", "R", "-w", node, "-o", "%j"]
        if name := subprocess.check_output(ask, text=True).strip():
            return name
        assert process.poll() is None, "the run ended before"
        time.sleep(0.2)
    raise AssertionError("no job came to the node")


@pytest.mark.slurm
def test_a_node_dies(two_nodes: Path, tmp_path: Path) -> None:
    """Nextflow forbids SLURM to start a job again (--no-requeue), and does so itself."""
    arguments = ("--input", str(small_sheet(tmp_path / "input")), *SMALL)
    expected = digests(run_nextflow(tmp_path / "whole", ROOT, *arguments).results)
    assert len(expected) > 20
    config = tmp_path / "cluster.config"
    config.write_text(CONFIG)
    arguments += ("-profile", "slurm", "-c", str(config))
    run = start(tmp_path / "run", *arguments)
    wait_for_job_on("node2", run)
    cluster("kill", two_nodes, "2")
    code = run.wait(600)
    log = (tmp_path / "run" / ".nextflow.log").read_text()
    assert code == 0, log[-5000:]
    assert digests(tmp_path / "run" / "results") == expected
    resumed = run_nextflow(tmp_path / "run", ROOT, *arguments, "-resume")
    assert resumed.code == 0, resumed.said
    assert set(resumed.trace().values()) == {"CACHED"}
    assert digests(tmp_path / "run" / "results") == expected
