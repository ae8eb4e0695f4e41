"""Which of the two Python environments each task runs in, and what is said where one is missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nextflow_runs import DEMO, first_of, write_sheet
from startup.conftest import ROOT, executable
from startup.test_images import plain, refused
from startup.test_wrapper import docker

FASTA = f"{DEMO}/OCT4_H1hESC_200bp.1500.fa.gz"
STUB = ("-stub-run", "--replicates", "1")
CORE = {"NFEXPLAINN_ENVIRONMENT": "/place/of/core"}
BOTH = CORE | {"NFEXPLAINN_TORCH_ENVIRONMENT": "/place/of/torch"}
WITH_TORCH = ("-profile", "test", "--models", "explainn,cnn1", "--attribution")


def with_torch(folder: Path) -> dict[str, bool]:
    """Tell of each task of a run whether it names the environment with torch."""
    found = {}
    for path in folder.glob("work/*/*/.command.run"):
        script = path.read_text()
        name = re.search(r"(?m)^### name: '(?:.*:)?(.*)'$", script)
        assert name and "${NFEXPLAINN_TASK:-/place/of/core}/bin:$PATH" in script
        found[name[1]] = "NFEXPLAINN_TASK='/place/of/torch'" in script
    return found


@pytest.mark.parametrize("parser", first_of([["v2"], ["v1"]]))
def test_torch_is_for_the_tasks_that_need_it_alone(world, tmp_path, parser) -> None:
    columns = ("models", "num_fc", "nullification", "attribution", "unit_maps")
    rows = {
        "plain": ("explainn", "2", "true", "false", "false"),
        "deep": ("explainn", "3", "false", "false", "false"),
        "both": ("explainn,cnn1", "1", "true", "true", "true"),
    }
    sheet = write_sheet(
        tmp_path / "sheet.csv",
        ("sample", "assay", "data", *columns),
        *((name, "sequences", FASTA, *cells) for name, cells in rows.items()),
    )
    variables = BOTH | {"NXF_SYNTAX_PARSER": parser}
    finished = plain(world, tmp_path, "--input", str(sheet), *STUB, **variables)
    assert finished.returncode == 0, finished.stdout
    tasks = with_torch(tmp_path)
    assert {name for name, torch in tasks.items() if torch} == {
        "MODEL_TRAIN (deep.explainn.r1)",
        "UNITS_INTERPRET (deep.explainn.r1)",
        "MODEL_TRAIN (both.cnn1.r1)",
        "FILTERS_READ (both.cnn1.r1)",
        "FILTERS_JUDGE (both.cnn1)",
        "MODEL_NULLIFY (both.cnn1.r1)",
        "ATTRIBUTION_MAKE (both.explainn.r1)",
        "ATTRIBUTION_MAKE (both.cnn1.r1)",
        "UNITS_MAP (both.explainn.r1)",
    }
    assert {"MODEL_TRAIN (plain.explainn.r1)", "MODEL_NULLIFY (both.explainn.r1)"} < set(tasks)


@pytest.mark.parametrize("option", first_of([[("--device", "gpu")], [("--kernel", "torch")]]))
def test_a_gpu_and_the_kernel_torch_train_with_torch(world, tmp_path, option) -> None:
    more = ("--cooperativity", "TGACTCAT:CACGTG")
    finished = plain(world, tmp_path, "-profile", "test", *STUB, *more, *option, **BOTH)
    assert finished.returncode == 0, finished.stdout
    kinds = {name.partition(" ")[0] for name, torch in with_torch(tmp_path).items() if torch}
    # a GPU is for the training
    read = {"UNITS_INTERPRET", "COOPERATIVITY_MEASURE"} if "torch" in option else set()
    assert kinds == {"MODEL_TRAIN"} | read


def test_nextflow_alone_says_how_the_environment_is_made(world, tmp_path) -> None:
    message = refused(plain(world, tmp_path, *WITH_TORCH, **CORE), tmp_path)
    assert "this run needs torch, for models cnn1, attribution: export" in message
    assert (
        f"NFEXPLAINN_TORCH_ENVIRONMENT=$({ROOT}/containers/startup/start.sh environment torch)"
        in message
    )


@pytest.mark.release
def test_an_environment_beside_an_image_is_refused(world, tmp_path) -> None:
    """It would stand first on the PATH in the container, wherever the engine mounts it."""
    docker(world, "")
    (Path(world["PATH"]) / "nextflow").unlink()
    message = refused(plain(world, tmp_path, "-profile", "test,docker", **CORE), tmp_path)
    assert "-profile docker: NFEXPLAINN_ENVIRONMENT is exported" in message
    assert "unset NFEXPLAINN_ENVIRONMENT, then start again" in message


def test_a_run_that_needs_no_torch_asks_for_none(world, tmp_path) -> None:
    startup = executable(tmp_path / "start.sh", f'echo "$*" >>{tmp_path}/asked')
    variables = BOTH | {"NFEXPLAINN_STARTUP": str(startup)}
    plain(world, tmp_path, "-profile", "test", **variables)
    assert not (tmp_path / "asked").exists()
    assert list(tmp_path.glob("work/*/*/.command.run"))


def test_the_start_up_is_asked_for_torch_before_any_task(world, tmp_path) -> None:
    startup = executable(
        tmp_path / "start.sh", f'echo "$*" >>{tmp_path}/asked; echo "[start-up] no way" >&2; exit 1'
    )
    variables = BOTH | {"NFEXPLAINN_STARTUP": str(startup)}
    finished = plain(world, tmp_path, *WITH_TORCH, **variables)
    assert (tmp_path / "asked").read_text() == "environment torch\n"
    assert "[start-up] no way" in finished.stderr
    message = refused(finished, tmp_path)
    assert "the environment with it could not be made: the line above says why" in message


def test_the_image_with_torch_is_made_where_it_is_missing(world, tmp_path) -> None:
    """Docker has every image but that one, until the start-up was asked for it."""
    startup = executable(tmp_path / "start.sh", f'echo "$*" >>{tmp_path}/asked')
    missing = f'case "$*" in *-torch:*) [ -e {tmp_path}/asked ] || exit_with ;; esac'
    docker(world, missing.replace("exit_with", "{ echo 'Error: No such image: x' >&2; exit 1; }"))
    (Path(world["PATH"]) / "nextflow").unlink()
    arguments = ("-profile", "test,docker", *WITH_TORCH[2:])
    plain(world, tmp_path, *arguments, NFEXPLAINN_STARTUP=str(startup))
    assert (tmp_path / "asked").read_text() == "image torch docker\n"
    assert list(tmp_path.glob("work/*/*/.command.run"))
    (tmp_path / "asked").unlink()
    other = tmp_path / "other"
    other.mkdir()
    message = refused(plain(world, other, *arguments), other)
    assert "docker does not have the image ghcr.io/nf-explainn/nf-explainn-torch:" in message
