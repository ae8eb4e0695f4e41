"""The script `nextflow` at the top, started for real: what it finds, fetches, says and leaves."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
from pathlib import Path

import image
import pytest

from startup.conftest import ROOT, executable

NOWHERE = "http://127.0.0.1:9/simple"  # the discard port: nobody listens


def cached(world: dict[str, str]) -> list[str]:
    """Cache entries, whole or half; locks are no entries."""
    folder = Path(world["HOME"]) / ".cache" / "nf-explainn"
    if not folder.exists():
        return []
    return [p.name for p in folder.iterdir() if not p.name.endswith((".lock", ".json"))]


def sentence(finished: subprocess.CompletedProcess) -> str:
    """Return the last line of a failed start, having looked that it is no traceback."""
    assert finished.returncode == 1, finished.stderr
    assert "Traceback" not in finished.stderr
    last = finished.stderr.strip().splitlines()[-1]
    assert last.startswith("[start-up] ")
    return last


def a_nextflow(folder: str, version: str) -> Path:
    """Put something on PATH that answers as Nextflow does."""
    return executable(
        Path(folder) / "nextflow",
        f'if [ "$1" = -version ]; then echo "version {version} build 1"; else echo "got: $*"; fi',
    )


def test_a_new_enough_nextflow_on_path_is_used(start, world) -> None:
    a_nextflow(world["PATH"], "25.10.2")
    finished = start("config", ".", "-profile", "test")
    assert finished.stdout == "got: config . -profile test\n"
    assert cached(world) == []


def test_the_version_is_asked_once_and_again_when_the_file_changes(start, world) -> None:
    asked = "asking"
    path = a_nextflow(world["PATH"], "25.10.2")
    assert asked in start("config", ".").stderr
    assert asked not in start("config", ".").stderr
    path.unlink()
    a_nextflow(world["PATH"], "25.10.30")
    assert asked in start("config", ".").stderr


def test_an_old_nextflow_is_said_and_passed_over(start, world) -> None:
    a_nextflow(world["PATH"], "24.10.5")
    finished = start("config", ".", NXF_OFFLINE="true")
    assert "is version 24.10.5, older than 25.04" in finished.stderr
    assert "not in the cache yet and NXF_OFFLINE=true" in sentence(finished)


def test_the_script_never_takes_itself_for_nextflow(start, world) -> None:
    (Path(world["PATH"]) / "nextflow").symlink_to(ROOT / "nextflow")
    finished = start("config", ".", NXF_OFFLINE="true", PATH=f"{world['PATH']}:{ROOT}")
    assert "asking" not in finished.stderr
    assert "NXF_OFFLINE=true" in sentence(finished)


def test_offline_with_an_empty_cache(start, world) -> None:
    message = sentence(start("run", ".", NXF_OFFLINE="true"))
    assert "start once with a network and without NXF_OFFLINE" in message
    assert cached(world) == []


def test_no_network(start, world) -> None:
    variables = {"PIP_INDEX_URL": NOWHERE, "PIP_RETRIES": "0"}
    message = sentence(start("run", ".", **variables))
    assert "could not be fetched" in message
    assert "check the network, or set HTTPS_PROXY or your mirror" in message
    assert cached(world) == []


def test_no_python_that_is_new_enough(start, world) -> None:
    python = Path(world["PATH"]) / "python3"
    python.unlink()
    executable(python, 'echo "Python 3.8.1"; exit 1')
    finished = start("run", ".")
    message = sentence(finished)
    assert "no Python 3.11 to 3.14 found (Python 3.8.1): install one" in message


def test_no_python_at_all(start, world) -> None:
    (Path(world["PATH"]) / "python3").unlink()
    assert "no Python 3.11 to 3.14 found" in sentence(start("run", "."))


def test_a_python_without_pip_and_venv(start, world) -> None:
    python = Path(world["PATH"]) / "python3"
    python.unlink()
    # as on a Debian that has python3 alone: both modules are refused to the start-up's children
    blocked = Path(world["HOME"]) / "blocked"
    for name in ("pip", "venv"):
        (blocked / name).mkdir(parents=True)
        (blocked / name / "__init__.py").write_text("raise ImportError")
    executable(python, f'exec {sys.executable} "$@"')
    message = sentence(start("run", ".", PYTHONPATH=str(blocked)))
    assert "has neither pip nor venv: install one of them" in message
    assert cached(world) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_half_way(world, tmp_path, number) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the request, never answers
        port = silent.getsockname()[1]
        variables = world | {"PIP_INDEX_URL": f"http://127.0.0.1:{port}/simple"}
        process = subprocess.Popen(
            [str(ROOT / "nextflow"), "run", "."],
            env=variables,
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # a shell has its background jobs ignore Ctrl-C, and the tests may be in one
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        silent.settimeout(60)
        silent.accept()
        assert any(".making-" in name for name in cached(world))
        os.killpg(process.pid, number)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert "no partial files are left" in said
    assert cached(world) == []


def test_an_error_of_the_system_is_one_sentence(world, tmp_path) -> None:
    """A file of the start-up's own that is missing: a clone that was cut short."""
    folder = tmp_path / "clone" / "containers"
    shutil.copytree(ROOT / "containers" / "startup", folder / "startup")
    (folder / "startup" / "uv.txt").unlink()
    (folder / "core").mkdir()
    (folder / "core" / "requirements.txt").write_text("")
    a_nextflow(world["PATH"], "25.10.2")
    command = [str(folder / "startup" / "start.sh"), "nextflow", "run", "."]
    finished = subprocess.run(command, env=world, cwd=tmp_path, capture_output=True, text=True)
    message = sentence(finished)
    assert f"{folder / 'startup' / 'uv.txt'}: No such file or directory; put it there" in message


def test_a_java_and_a_nextflow_that_cannot_be_started(start, world) -> None:
    """Files that are no programs: said, and passed over for the locked ones."""
    for name in ("nextflow", "java"):
        path = Path(world["PATH"]) / name
        path.write_bytes(b"\x7fELF no program")
        path.chmod(0o755)
    finished = start("config", ".", NXF_OFFLINE="true")
    assert "nextflow does not start: using the locked Nextflow instead" in finished.stderr
    assert "not in the cache yet and NXF_OFFLINE=true" in sentence(finished)


def test_the_command_that_checks_the_cache(world, tmp_path) -> None:
    finished = request(world, tmp_path, "check")
    assert (finished.returncode, finished.stdout) == (0, "")
    assert finished.stderr.endswith("/.cache/nf-explainn is complete\n")


def docker(world: dict[str, str], script: str) -> Path:
    """Put a docker on PATH that notes how it is called, and finds no registry; return the notes."""
    notes = Path(world["HOME"]) / "docker.log"
    nowhere = 'case "$1" in pull) echo "no such host" >&2; exit 1 ;; esac'
    executable(Path(world["PATH"]) / "docker", f'echo "$*" >>{notes}\n{nowhere}\n{script}')
    a_nextflow(world["PATH"], "25.10.2")
    return notes


@pytest.mark.parametrize("registry", ["https://registry.example.org/group", "--all-tags", "a b/c"])
def test_a_registry_that_is_none_is_named_before_anything_is_fetched(
    start, world, registry: str
) -> None:
    notes = docker(world, "exit 0")
    message = sentence(start("run", ".", "-profile", "test,docker", f"--image_registry={registry}"))
    assert f"--image_registry: '{registry}' is not a registry: write host and path" in message
    assert notes.read_text() == "info\n"


def test_the_start_up_takes_those_registries_that_the_schema_takes() -> None:
    schema = (ROOT / "nextflow_schema.json").read_text()
    assert f'"pattern": {json.dumps(image._HOST.pattern)}' in schema
    for registry in ("localhost:5000", "registry.example.org/my-group/b", "myregistry.azurecr.io"):
        assert image._HOST.fullmatch(registry)


def test_publishing_writes_a_registry_in_small_letters(world, tmp_path) -> None:
    """Docker takes no capitals in names of images, and GitHub has them in names of owners."""
    notes = docker(world, "exit 0")
    script = str(ROOT / "containers" / "publish.sh")
    command = [script, "push", "ghcr.io/Some-Group", "amd64"]
    path = {"PATH": f"{world['PATH']}{os.pathsep}{os.environ['PATH']}"}
    finished = subprocess.run(
        command, env=world | path, cwd=tmp_path, capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stderr
    pushed = [line for line in notes.read_text().splitlines() if line.startswith("push")]
    assert len(pushed) == 2
    assert all(line.startswith("push ghcr.io/some-group/nf-explainn") for line in pushed)


def test_docker_is_missing(start, world) -> None:
    a_nextflow(world["PATH"], "25.10.2")
    message = sentence(start("run", ".", "-profile", "test,docker"))
    assert "needs docker, which is not on PATH: install it" in message


def test_docker_lets_the_user_not_in(start, world) -> None:
    docker(world, 'echo "permission denied while trying to connect" >&2; exit 1')
    message = sentence(start("run", ".", "-profile", "test,docker"))
    assert "permission denied" in message
    assert "usermod -aG docker" in message


def test_docker_does_not_run(start, world) -> None:
    docker(world, 'echo "Cannot connect to the Docker daemon" >&2; exit 1')
    message = sentence(start("run", ".", "-profile", "test,docker"))
    assert "Cannot connect to the Docker daemon): start it" in message


def test_a_missing_image_is_built_and_a_present_one_is_not(start, world) -> None:
    name = subprocess.check_output(
        [sys.executable, str(ROOT / "containers" / "tag.py"), "core"], text=True
    ).strip()
    built = Path(world["HOME"]) / "built"
    notes = docker(
        world,
        f'case "$1" in image) [ -e {built} ] ;; build) echo step 1; : >{built} ;; esac',
    )
    finished = start("run", ".", "-profile", "test,docker")
    assert finished.stdout == "got: run . -profile test,docker\n"
    build = [line for line in notes.read_text().splitlines() if line.startswith("build")]
    file = ROOT / "containers" / "core" / "Dockerfile"
    assert build == [f"build --network=host --tag {name} --file {file} {ROOT}"]
    assert "step 1" in finished.stderr  # the build is its own progress
    start("run", ".", "-profile", "test,docker")
    assert notes.read_text().count("build ") == 1


def request(world, folder: Path, *words: str) -> subprocess.CompletedProcess:
    """Ask the start-up for something else than a start of Nextflow."""
    command = [str(ROOT / "containers" / "startup" / "start.sh"), *words]
    return subprocess.run(command, env=world, cwd=folder, capture_output=True, text=True)


def test_the_image_of_torch_is_built_on_that_of_core(world, tmp_path) -> None:
    notes = docker(world, 'case "$1" in image) exit 1 ;; esac')
    assert request(world, tmp_path, "image", "torch", "docker").returncode == 0
    builds = [line for line in notes.read_text().splitlines() if line.startswith("build")]
    core = builds[0].split()[3]
    folder = ROOT / "containers" / "torch"
    assert builds[1].endswith(f" --build-arg CORE={core} --file {folder / 'Dockerfile'} {folder}")
    assert "/nf-explainn-torch:" in builds[1]


def test_the_image_of_peakvi_stands_alone(world, tmp_path) -> None:
    notes = docker(world, 'case "$1" in image) exit 1 ;; esac')
    assert request(world, tmp_path, "image", "peakvi", "docker").returncode == 0
    (build,) = [line for line in notes.read_text().splitlines() if line.startswith("build")]
    folder = ROOT / "containers" / "peakvi"
    assert build.endswith(f" --file {folder / 'Dockerfile'} {folder}")
    assert "/nf-explainn-peakvi:" in build


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("environment", "containers"), "no environment containers: choose one of core, torch"),
        (("image", "all", "docker"), "there is no image all: choose one of core, torch, peakvi"),
        (("images",), "'images' is not a request to start.sh: nextflow ..., environment NAME"),
    ],
)
def test_a_request_that_there_is_not_is_one_sentence(world, tmp_path, words, said) -> None:
    assert said in sentence(request(world, tmp_path, *words))


def test_an_image_of_the_users_own_is_not_built(start, world) -> None:
    notes = docker(world, "exit 1")
    finished = start("run", ".", "-profile", "docker", "--container_image", "mine:1")
    assert finished.returncode == 0
    assert not notes.exists()


def test_a_failed_build_is_one_sentence(start, world) -> None:
    docker(world, 'case "$1" in info) ;; *) echo "E: no route" >&2; exit 1 ;; esac')
    message = sentence(start("run", ".", "-profile", "docker"))
    assert "could not be built (the reason is above)" in message


def fake_java(folder: Path, version: str) -> Path:
    """Make a Java home that says its version as real ones do."""
    executable(folder / "bin" / "java", f'echo "openjdk version \\"{version}\\"" >&2')
    return folder


@pytest.mark.parametrize("version", ["11.0.2", "1.8.0", "25"])
def test_a_java_of_the_wrong_age_is_passed_over(monkeypatch, tmp_path, version) -> None:
    import nextflow as module

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("JAVA_HOME", str(fake_java(tmp_path / "jdk", version)))
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("NXF_JAVA_HOME", raising=False)
    fetched = []
    monkeypatch.setattr(module, "ensure", lambda *a: fetched.append(a[0]) or tmp_path / "fetched")
    assert module.find_java() == tmp_path / "fetched" / "bin" / "java"
    assert fetched[0].startswith("java-")


@pytest.mark.parametrize("version", ["17.0.15", "21", "24.0.1"])
def test_a_java_of_the_right_age_is_taken(monkeypatch, tmp_path, version) -> None:
    import nextflow as module

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    home = fake_java(tmp_path / "jdk", version)
    monkeypatch.setenv("JAVA_HOME", str(home))
    monkeypatch.delenv("NXF_JAVA_HOME", raising=False)
    assert module.find_java() == home / "bin" / "java"


# From here on with the real cache of whoever runs the tests: tests/run has filled it.


def real(*arguments: str, folder: Path, **variables: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(ROOT / "nextflow"), *arguments],
        env=dict(os.environ, **variables),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_once_cached_it_works_without_a_network(tmp_path) -> None:
    real("-version", folder=tmp_path)  # fills the cache, where nothing else has
    closed = {"HTTPS_PROXY": "http://127.0.0.1:9", "PIP_INDEX_URL": NOWHERE, "NXF_OFFLINE": "true"}
    finished = real("-version", folder=tmp_path, **closed)
    assert finished.returncode == 0
    assert "version 2" in finished.stdout
    assert finished.stderr == ""


def test_the_tasks_see_the_locked_environment_and_the_start_adds_under_half_a_second(
    tmp_path,
) -> None:
    executable(
        tmp_path / "bin" / "nextflow",
        '[ "$1" = -version ] && echo "version 25.10.2 build 1" || command -v python3',
    )
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    python = real("run", ".", folder=tmp_path, PATH=path).stdout.strip()
    code = "import sys, importlib.metadata as m; print(sys.executable, m.version('numpy'))"
    there = subprocess.check_output([python, "-c", code], text=True).split()
    locked = (ROOT / "containers" / "core" / "requirements.txt").read_text()
    assert f"\nnumpy=={there[1]} " in locked
    assert subprocess.run([python, "-c", "import torch"], capture_output=True).returncode == 1
    seconds = []
    for _ in range(5):  # processor time: the machine may have other work
        begun = resource.getrusage(resource.RUSAGE_CHILDREN)
        real("run", ".", folder=tmp_path, PATH=path)
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime)
    assert statistics.median(seconds) < 0.5
