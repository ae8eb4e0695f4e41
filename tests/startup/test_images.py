"""Images with ./nextflow and, once made, with any other Nextflow; and what is said without them."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import nextflow as startup_nextflow
import pytest

from nextflow_runs import first_of
from startup.conftest import ROOT, executable
from startup.test_wrapper import a_nextflow, docker, request

SIF_ENGINES = ("apptainer", "singularity")
NO_GPU = 'could not select device driver "" with capabilities: [[gpu]]'


def images(world: dict[str, str]) -> Path:
    return Path(world["HOME"]) / ".cache" / "nf-explainn" / "images"


@pytest.fixture
def converters(world) -> Path:
    """Put a Docker that has every image, and both converters, on PATH; return their notes."""
    docker(world, "exit 0")
    notes = Path(world["HOME"]) / "converted"
    layers = "open(os.environ['APPTAINER_CACHEDIR'] + '/layers', 'w').close()"
    code = f"import os; open('$4', 'w').write('image'); {layers}"
    for name in SIF_ENGINES:
        script = f'echo "$0 $5" >>{notes}\n{sys.executable} -c "{code}"'
        executable(Path(world["PATH"]) / name, script)
    on_a_roomy_disk(world)
    return notes


def on_a_roomy_disk(world: dict[str, str]) -> None:
    """Let the start-up find room for an image, which these converters do not make."""
    python = Path(world["PATH"]) / "python3"
    python.unlink()
    code = "import runpy, shutil, sys; shutil.disk_usage = lambda _: Room(); " + (
        "del sys.argv[:1]; runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    room = "Room = type('Room', (), {'free': 10**12}); "
    executable(
        python,
        f'if [ "$3" = -c ]; then exec {sys.executable} "$@"; fi\n'
        f'shift 2; exec {sys.executable} -I -S -c "{room}{code}" "$@"',
    )


def test_both_engines_share_one_file_that_is_made_once(start, world, converters) -> None:
    for engine in (*SIF_ENGINES, "apptainer"):
        assert start("run", ".", "-profile", engine).returncode == 0
    (image,) = images(world).iterdir()
    assert image.name.startswith("ghcr.io-nf-explainn-nf-explainn-")
    assert image.read_text() == "image"
    assert len(converters.read_text().splitlines()) == 1
    entry = image.resolve().parent
    assert sorted(path.name for path in entry.iterdir()) == [
        ".complete.json",
        ".digests.json",
        image.name,
    ]


@pytest.mark.usefixtures("converters")
def test_the_files_of_torch_and_peakvi_lie_beside_it(start, world, tmp_path) -> None:
    assert start("run", ".", "-profile", "apptainer").returncode == 0
    for name in ("torch", "peakvi"):
        assert request(world, tmp_path, "image", name, "apptainer").returncode == 0
    assert len(list(images(world).iterdir())) == 3


@pytest.mark.usefixtures("converters")
def test_folders_of_the_users_own_are_respected(start, world, tmp_path) -> None:
    mine, cache = tmp_path / "library", tmp_path / "cache"
    mine.mkdir()
    folders = {"NXF_APPTAINER_LIBRARYDIR": str(mine), "NXF_APPTAINER_CACHEDIR": str(cache)}
    assert start("run", ".", "-profile", "apptainer", **folders).returncode == 0
    (link,) = cache.iterdir()
    assert link.samefile(images(world) / link.name)
    (mine / link.name).write_text("mine")
    link.unlink()
    assert start("run", ".", "-profile", "apptainer", **folders).returncode == 0
    assert not link.exists()


def plain(
    world: dict[str, str], folder: Path, *arguments: str, **more: str
) -> subprocess.CompletedProcess:
    """Start the project as one with a Nextflow of one's own does, without the start-up."""
    launcher = startup_nextflow.find_nextflow()
    words = " ".join(shlex.quote(word) for word in launcher.command)
    tools = executable(folder / "own" / "nextflow", f'exec {words} "$@"').parent
    (folder / "fast.config").write_text("process.errorStrategy = 'terminate'\n")
    command = ["nextflow", "-q", "run", str(ROOT), "-ansi-log", "false", "-c", "fast.config"]
    path = f"{tools}{os.pathsep}{world['PATH']}{os.pathsep}{os.environ['PATH']}"
    variables = os.environ | world | dict(launcher.variables) | {"PATH": path}
    return subprocess.run(
        [*command, *arguments],
        cwd=folder,
        env=variables | {"NXF_OFFLINE": "true", "NXF_ANSI_LOG": "false"} | more,
        capture_output=True,
        text=True,
        timeout=200,
    )


def refused(finished: subprocess.CompletedProcess, folder: Path) -> str:
    """Return the one sentence of a run that ended before any task."""
    assert finished.returncode == 1
    assert not list(folder.glob("work/*/*/.command.run"))
    lines = [line for line in finished.stdout.splitlines() if line and "-- Check" not in line]
    assert len(lines) == 1, finished.stdout
    return lines[0]


def test_any_nextflow_says_how_the_image_of_docker_is_made(world, tmp_path) -> None:
    executable(tmp_path / "bin" / "docker", 'echo "Error: No such image: x" >&2; exit 1')
    message = refused(plain(world, tmp_path, "-profile", "test,docker"), tmp_path)
    assert "docker does not have the image ghcr.io/nf-explainn/nf-explainn:" in message
    assert f"start once with ./nextflow instead of nextflow, which builds it: {ROOT}/nextflow" in (
        message
    )


def test_any_nextflow_says_that_docker_does_not_answer(world, tmp_path) -> None:
    said = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock"
    executable(tmp_path / "bin" / "docker", f'echo "{said}" >&2; exit 1')
    message = refused(plain(world, tmp_path, "-profile", "test,docker"), tmp_path)
    assert f"docker does not answer ({said}); start it" in message


@pytest.mark.usefixtures("converters")
@pytest.mark.parametrize("engine", first_of([engine] for engine in SIF_ENGINES))
def test_any_nextflow_finds_the_file_that_the_start_up_made(start, world, tmp_path, engine) -> None:
    message = refused(plain(world, tmp_path, "-profile", f"test,{engine}"), tmp_path)
    assert f"is not in {images(world)}, and no registry gave it; start once with ./nextflow" in (
        message
    )
    a_nextflow(world["PATH"], "25.10.2")
    assert start("run", ".", "-profile", "apptainer").returncode == 0
    (Path(world["PATH"]) / "nextflow").unlink()
    executable(Path(world["PATH"]) / engine, "exit 1")
    plain(world, tmp_path, "-profile", f"test,{engine}")
    scripts = [path.read_text() for path in tmp_path.glob("work/*/*/.command.run")]
    assert scripts
    assert all(f" {engine} exec " in script for script in scripts)
    assert all(f" {images(world)}/ghcr.io-" in script for script in scripts)


@pytest.mark.parametrize(
    "named", first_of([[("--container_image", "mine:1")], [("-c", "mine.config")]])
)
def test_an_image_of_the_users_own_is_not_asked_for(world, tmp_path, named) -> None:
    executable(tmp_path / "bin" / "docker", 'echo "Error: No such image: x" >&2; exit 1')
    (tmp_path / "mine.config").write_text("process.container = 'mine:1'\n")
    plain(world, tmp_path, "-profile", "test,docker", *named)
    assert list(tmp_path.glob("work/*/*/.command.run"))


def test_docker_without_the_toolkit_of_gpus_is_one_sentence(world, tmp_path) -> None:
    answer = f"echo 'docker: Error response from daemon: {NO_GPU}.' >&2; exit 125"
    executable(tmp_path / "bin" / "docker", f'case "$1" in run) {answer} ;; esac')
    message = refused(plain(world, tmp_path, "-profile", "test,docker,gpu"), tmp_path)
    assert f"--device gpu: docker cannot give a container the GPU ({NO_GPU})" in message
    assert "install NVIDIA's container toolkit for docker, or use --device auto" in message


def test_a_gpu_of_another_machine_is_not_tried(world, tmp_path) -> None:
    executable(tmp_path / "bin" / "docker", "exit 125")
    executable(tmp_path / "bin" / "sbatch", "exit 1")
    finished = plain(world, tmp_path, "-profile", "test,slurm,docker,gpu")
    assert "cannot give a container" not in finished.stdout
    assert list(tmp_path.glob("work/*/*/.command.run"))
