"""Images from a registry: put there, fetched before anything is built, not waited for in vain."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_engines import ROOT, need

START = str(ROOT / "containers" / "startup" / "start.sh")
PUBLISH = str(ROOT / "containers" / "publish.sh")
REGISTRY = "docker-registry"  # Debian's package of this name
ENGINES = [
    pytest.param("docker", marks=[pytest.mark.engine, pytest.mark.docker]),
    pytest.param("apptainer", marks=[pytest.mark.engine, pytest.mark.apptainer]),
]


def ours(which: str) -> str:
    tag = [sys.executable, str(ROOT / "containers" / "tag.py"), which]
    return subprocess.check_output(tag, text=True).strip()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    """Start a registry of this machine's own; docker takes it without certificates."""
    need("Docker", "docker", "info")
    need("Debian's docker-registry", REGISTRY, "--version")
    address = f"localhost:{free_port()}"
    config = tmp_path / "registry.yml"
    storage = {"filesystem": {"rootdirectory": str(tmp_path / "registry")}}
    config.write_text(json.dumps({"version": 0.1, "storage": storage, "http": {"addr": address}}))
    with (tmp_path / "registry.log").open("w") as log:
        server = subprocess.Popen([REGISTRY, "serve", str(config)], stdout=log, stderr=log)
    try:
        for _ in range(100):
            if not socket.socket().connect_ex(("localhost", int(address.partition(":")[2]))):
                break
            time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def tools(tmp_path: Path) -> dict[str, str]:
    """Variables of a start whose Docker builds nothing, but notes that it was asked to."""
    path = tmp_path / "bin" / "docker"
    path.parent.mkdir()
    real = shutil.which("docker")
    path.write_text(
        f'#!/bin/sh\ncase "$1" in build) echo "$*" >>{tmp_path}/builds; exit 1 ;; esac\n'
        f'exec {real} "$@"\n'
    )
    path.chmod(0o755)
    own = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "APPTAINER_NOHTTPS": "1"}
    own["PATH"] = f"{path.parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if name != "NXF_OFFLINE"}
    return kept | own


@pytest.fixture
def pushed(registry: str, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Push a small image in place of ours, as publish.sh names it: (registry, name)."""
    name = f"{registry}/{ours('core').rpartition('/')[2]}"
    (tmp_path / "content").write_text("an image")
    packed = ["tar", "-c", "-C", str(tmp_path), "content"]
    archive = subprocess.check_output(packed)
    subprocess.run(["docker", "import", "-", name], input=archive, check=True)
    subprocess.run(["docker", "push", name], check=True)
    subprocess.run(["docker", "image", "rm", name], check=True)
    yield registry, name
    subprocess.run(["docker", "image", "rm", "--force", name], capture_output=True)


def ask(words: list[str], tools: dict[str, str]) -> tuple[subprocess.CompletedProcess, float]:
    """Send a request to the start-up; return how it ended and the seconds that it took."""
    begun = time.monotonic()
    finished = subprocess.run([START, *words], env=tools, capture_output=True, text=True)
    return finished, time.monotonic() - begun


@pytest.mark.parametrize("engine", ENGINES)
def test_what_a_registry_has_is_fetched_and_nothing_built(
    pushed: tuple[str, str], tools: dict[str, str], tmp_path: Path, engine: str
) -> None:
    if engine != "docker":
        need("Apptainer", engine, "--version")
    registry, name = pushed
    words = ["image", "core", engine, registry]
    finished, _ = ask(words, tools)
    assert finished.returncode == 0, finished.stderr
    assert f"looking for the image {name} in its registry" in finished.stderr
    assert f"the image {name} is fetched" in finished.stderr
    finished, _ = ask(words, tools)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert not (tmp_path / "builds").exists()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_silent_registry_is_waited_for_under_twenty_seconds(
    tools: dict[str, str], tmp_path: Path, engine: str
) -> None:
    need("Docker", "docker", "info")
    if engine != "docker":
        need("Apptainer", engine, "--version")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"localhost:{silent.getsockname()[1]}"
        finished, seconds = ask(["image", "core", engine, address], tools)
    assert "it could not be fetched (its registry did not answer within 12 s)" in finished.stderr
    assert f"building the image {address}/nf-explainn:" in finished.stderr
    assert (tmp_path / "builds").read_text().count("--tag") == 1
    assert seconds < 20


@pytest.mark.parametrize("engine", ENGINES)
def test_without_a_registry_the_reason_is_said_and_the_image_built(
    tools: dict[str, str], tmp_path: Path, engine: str
) -> None:
    need("Docker", "docker", "info")
    if engine != "docker":
        need("Apptainer", engine, "--version")
    address = f"localhost:{free_port()}"
    finished, seconds = ask(["image", "core", engine, address], tools)
    assert "it could not be fetched (" in finished.stderr
    assert "connection refused" in finished.stderr
    assert (tmp_path / "builds").exists()
    assert seconds < 10
    finished, _ = ask(["fetch", "core", engine, address], tools)
    assert finished.returncode == 3
    assert "building" not in finished.stderr


@pytest.mark.engine
@pytest.mark.docker
def test_an_image_of_two_processors_is_pushed_and_joined(
    registry: str, tools: dict[str, str], tmp_path: Path
) -> None:
    """As the hosted workflow does, by the same script; with small images in place of ours."""
    if subprocess.run(["docker", "buildx", "version"], capture_output=True).returncode:
        pytest.skip("needs Docker's buildx, which Debian 12 does not have")
    docker = Path(tools["PATH"].partition(os.pathsep)[0]) / "docker"
    names = {which: ours(which) for which in ("core", "torch")}
    small = {name: f"localhost/small-{which}:1" for which, name in names.items()}
    (tmp_path / "context").mkdir()
    (tmp_path / "context" / "Dockerfile").write_text("FROM scratch\nCOPY content /\n")
    # ours is there, whatever it is: the same words, another image
    swaps = "; ".join(f"s|^{name}$|{other}|" for name, other in small.items())
    docker.write_text(
        "#!/bin/bash\nwords=()\nfor word; do "
        f"words+=(\"$(printf '%s' \"$word\" | sed '{swaps}')\"); done\n"
        f'exec {shutil.which("docker")} "${{words[@]}}"\n'
    )
    try:
        for arch in ("amd64", "arm64"):
            for name in small.values():
                (tmp_path / "context" / "content").write_text(f"{name} {arch}")
                build = ["docker", "buildx", "build", "--load", "--platform", f"linux/{arch}"]
                subprocess.run([*build, "-t", name, str(tmp_path / "context")], check=True)
            subprocess.run([PUBLISH, "push", registry, arch], env=tools, check=True)
        subprocess.run([PUBLISH, "join", registry, "amd64", "arm64"], env=tools, check=True)
        for name in names.values():
            show = ["docker", "buildx", "imagetools", "inspect", "--raw"]
            raw = subprocess.check_output([*show, f"{registry}/{name.rpartition('/')[2]}"])
            platforms = [one["platform"]["architecture"] for one in json.loads(raw)["manifests"]]
            assert platforms == ["amd64", "arm64"]
    finally:
        tags = [f"{registry}/{name.rpartition('/')[2]}" for name in names.values()]
        left = [*small.values(), *(f"{tag}-{arch}" for tag in tags for arch in ("amd64", "arm64"))]
        subprocess.run(["docker", "image", "rm", "--force", *left], capture_output=True)


@pytest.mark.parametrize(
    "words", [[], ["push", "localhost:5000"], ["pull", "localhost:5000", "amd64"]]
)
def test_publishing_says_what_it_takes(words: list[str]) -> None:
    finished = subprocess.run([PUBLISH, *words], capture_output=True, text=True)
    assert finished.returncode == 1
    assert finished.stderr.startswith("publish.sh")
