"""What every process asks of a cloud: resolved as Nextflow does, without plugins or an account.

The plugins (nf-amazon, nf-google, nf-azure, nf-k8s) come from Nextflow's own registry, so no task
is handed to a service here.
"""

from __future__ import annotations

import functools
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import nextflow as startup_nextflow
import pytest

from nextflow_runs import first_of
from startup.conftest import ROOT

EXECUTORS = {
    "awsbatch": "awsbatch",
    "google_batch": "google-batch",
    "azurebatch": "azurebatch",
    "k8s": "k8s",
}
REGISTRY = "registry.example.org/group"
# Of a data set of some 1.5 million sequences of 200 bp.
BYTES = 100_000_000
RESOLVE = Path(__file__).with_name("resolve.groovy")


def processes() -> dict[str, dict[str, Any]]:
    """Give labels, environment and own image of every process of the pipeline."""
    found = {}
    for path in sorted((ROOT / "modules").rglob("main.nf")):
        text = path.read_text()
        (name,) = re.findall(r"^process (\w+) \{", text, re.MULTILINE)
        labels = re.findall(r"^ +label '(\w+)'", text, re.MULTILINE)
        always = re.findall(r"^ +ext environment: '(\w+)'", text, re.MULTILINE)
        own = re.findall(r"^ +container ", text, re.MULTILINE)
        environment = always[0] if always else None
        sized = re.search(r"^ +ext .*\bbytes: \{", text, re.MULTILINE)
        found[name] = {
            "labels": labels,
            "environment": environment,
            "own": bool(own),
            "bytes": BYTES if sized else None,
        }
    return found


@functools.cache
def resolved(profile: str, device: str, folder: Path) -> dict[str, Any]:
    wanted = folder / "processes.json"
    wanted.write_text(json.dumps(processes()))
    java, jars = startup_nextflow.find_java(), startup_nextflow.locked_jars()
    command = [str(java), "-cp", f"{jars}/*", "groovy.ui.GroovyMain", str(RESOLVE)]
    command += [profile, device, REGISTRY, str(wanted), str(ROOT / "nextflow.config")]
    answer: dict[str, Any] = json.loads(
        subprocess.check_output(command, text=True).splitlines()[-1]
    )
    return answer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clouds")


@pytest.mark.parametrize("device", first_of([["gpu"], ["auto"]]))
@pytest.mark.parametrize("profile", EXECUTORS)
def test_every_process_is_told_all_that_a_service_asks(
    folder: Path, profile: str, device: str
) -> None:
    answer = resolved(profile, device, folder)
    known = processes()
    assert answer["processes"].keys() == known.keys() and len(known) > 40
    for name, asked in answer["processes"].items():
        assert asked["executor"] == EXECUTORS[profile], name
        assert isinstance(asked["cpus"], int) and asked["cpus"] >= 1, name
        assert 1 <= asked["memory"] <= 64 and asked["time"], name
        if not known[name]["own"]:
            which = (
                "nf-explainn-torch:" if known[name]["environment"] == "torch" else "nf-explainn:"
            )
            assert asked["container"].startswith(f"{REGISTRY}/{which}"), name
        gpu = device == "gpu" and "process_gpu" in known[name]["labels"]
        if profile in ("awsbatch", "azurebatch"):
            assert asked["queue"] == ("nf-explainn-gpu" if gpu else "nf-explainn"), name
        assert bool(asked.get("accelerator")) == gpu, name
        # flags of a container engine would break the services; disks are theirs to give
        assert not asked.get("containerOptions") and not asked.get("clusterOptions"), name
        assert "disk" not in asked, name


def test_what_reads_a_data_set_asks_for_more_with_its_size(folder: Path) -> None:
    """Whole GB of 20 bytes more for each; hours."""
    asked = resolved("k8s", "gpu", folder)["processes"]
    grown = {
        "process_single": (2, "1h"),
        "process_low": (3, "9h"),
        "process_medium": (4, "18h"),
        "process_high": (32, "1d"),
    }
    small = grown | {"process_low": (2, "4h"), "process_medium": (3, "8h")}
    sized = {name for name, known in processes().items() if known["bytes"]}
    assert {"MODEL_TRAIN", "UNITS_SUMMARISE", "BASELINE_EVALUATE"} < sized and len(sized) > 15
    for name, known in processes().items():
        label = known["labels"][0]
        memory, hours = (grown if name in sized else small)[label]
        if known["environment"] == "torch":  # always
            memory += {"process_low": 2, "process_medium": 3}.get(label, 0)
        assert (asked[name]["memory"], asked[name]["time"]) == (memory, hours), name


@pytest.mark.parametrize("profile", EXECUTORS)
def test_no_path_of_the_head_node_goes_to_a_cloud(folder: Path, profile: str) -> None:
    text = json.dumps(resolved(profile, "gpu", folder))
    for here in (ROOT, Path.home()):
        assert f"{here}/" not in text


def test_every_cloud_has_a_configuration_in_the_docs() -> None:
    """With a bucket, and with the image's registry; what could not be tried is said."""
    page = (ROOT / "docs" / "usage" / "clouds.md").read_text()
    blocks = dict(re.findall(r"## [^\n]*`(\w+)`\n(.*?)(?=\n## |\Z)", page, re.DOTALL))
    assert blocks.keys() == EXECUTORS.keys()
    for profile, text in blocks.items():
        assert f"-profile {profile}" in text and "image_registry" in text and "workDir" in text
    assert "could not be tried" in page
