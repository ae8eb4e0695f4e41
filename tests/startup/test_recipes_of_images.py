"""What the Dockerfiles and the command that builds them say, and what of it stays in an image."""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

import pytest
import yaml

from startup.conftest import ROOT, executable
from startup.test_wrapper import docker

DOCKERFILES = {
    name: (ROOT / "containers" / name / "Dockerfile").read_text()
    for name in ("core", "torch", "peakvi")
}
SECRETS = {
    "PIP_INDEX_URL": "https://someone:s3cret@index.example/simple",
    "HTTPS_PROXY": "http://someone:s3cret@proxy.example:3128",
    "HTTP_PROXY": "",
    "NO_PROXY": "",
}
FREE = re.compile(r"GPL|General Public|proprietary", re.IGNORECASE)


def stages(text: str) -> list[tuple[str, list[str]]]:
    """The instructions of each stage, its FROM first; comments and continuations taken away."""
    lines = re.sub(r"(?m)^#.*\n", "", text).replace("\\\n", " ").splitlines()
    found: list[tuple[str, list[str]]] = [("", [])]
    for line in filter(None, lines):
        if line.startswith("FROM "):
            found.append((line.partition(" AS ")[2], []))
        found[-1][1].append(line)
    return found


@pytest.mark.parametrize("name", DOCKERFILES)
def test_the_base_image_is_named_by_its_digest(name: str) -> None:
    (before, arguments), *built = stages(DOCKERFILES[name])
    assert before == ""
    (base,) = arguments
    if name == "torch":  # of which the start-up names the one of this checkout
        assert base == "ARG CORE"
    else:
        assert re.fullmatch(r"ARG BASE=docker\.io/library/debian:\S+@sha256:[0-9a-f]{64}", base)
        assert base in DOCKERFILES["core"]  # one base for both
    sources = {instructions[0].split()[1] for _, instructions in built}
    assert sources <= {"${CORE}" if name == "torch" else "${BASE}"} | {stage for stage, _ in built}


@pytest.mark.parametrize("name", DOCKERFILES)
def test_addresses_with_passwords_stay_in_a_stage_of_their_own(name: str) -> None:
    """``docker history`` shows every argument of the last stage and of those that it is FROM."""
    built = dict(stages(DOCKERFILES[name])[1:])
    kept, at = [], ""
    while at in built:
        kept += built[at]
        at = built[at][0].split()[1]
    assert at in ("${BASE}", "${CORE}")
    assert not [line for line in kept if line.startswith(("ARG", "ADD"))]
    assert not [line for line in kept if "pip" in line.split() or "index" in line.lower()]
    told = {line.partition("=")[0] for line in built["packages"] if line.startswith("ARG")}
    assert told <= {"ARG PIP_INDEX_URL", "ARG TORCH_INDEX"}
    assert "LABEL nf-explainn.stage=packages" in built["packages"]


def test_no_password_is_on_the_command_line_of_the_build(start, world) -> None:
    notes = docker(world, 'case "$1$2" in imageinspect) exit 1 ;; esac')
    assert start("run", ".", "-profile", "docker", **SECRETS).returncode == 0
    said = notes.read_text()
    assert "s3cret" not in said
    (build,) = [line for line in said.splitlines() if line.startswith("build")]
    assert "--build-arg PIP_INDEX_URL --build-arg HTTPS_PROXY --file" in build
    # the stages are as large as the image, and hold what the image must not
    assert said.splitlines()[-1] == "image prune --force --filter label=nf-explainn.stage"


def test_without_a_registry_the_machine_s_own_base_is_taken_and_said(start, world) -> None:
    answers = '"pull "*) exit 1 ;; *debian:bookworm-slim) ;; "image inspect "*) exit 1 ;;'
    notes = docker(world, f'case "$*" in build*) ;; {answers} esac')
    finished = start("run", ".", "-profile", "docker")
    assert finished.returncode == 0
    assert "could not be fetched: using this machine's own debian:bookworm-slim" in finished.stderr
    said = notes.read_text().splitlines()
    ours, base = [line.split("@")[0] for line in said if line.startswith("pull")]
    assert ours.startswith("pull ghcr.io/nf-explainn/nf-explainn:")
    assert base == "pull docker.io/library/debian:bookworm-slim"
    (build,) = [line for line in said if line.startswith("build")]
    assert "--build-arg BASE=debian:bookworm-slim --file" in build


def test_a_base_that_is_nowhere_is_the_engine_s_own_sentence(start, world) -> None:
    answers = "info) ;; *) echo 'manifest unknown' >&2; exit 1 ;;"
    executable(Path(world["PATH"]) / "docker", f'case "$1" in {answers} esac')
    finished = start("run", ".", "-profile", "docker")
    assert finished.returncode == 1
    assert "manifest unknown" in finished.stderr
    assert "could not be built (the reason is above)" in finished.stderr


def locked(name: str) -> dict[str, str]:
    """Versions that a lock holds, by package and the machines that it is for."""
    text = (ROOT / "containers" / name / "requirements.txt").read_text()
    found = re.findall(r"(?m)^([\w.-]+)==(\S+)(.*?) \\$", text)
    return {f"{package}{marker}": version for package, version, marker in found}


@pytest.mark.parametrize("name", DOCKERFILES)
def test_environments_of_conda_hold_what_the_images_do(name: str) -> None:
    """Their form, as conda's manual has it; none is made here."""
    file = ROOT / "containers" / name / "environment.yml"
    environment = yaml.safe_load(file.read_text())
    assert environment.keys() == {"name", "channels", "dependencies"}
    assert environment["channels"] == ["conda-forge"]
    *packages, by_pip = environment["dependencies"]
    assert "pip" in packages and "python=3.12" in packages
    assert ("cxx-compiler" in packages) == (name != "peakvi")  # which trains no ExplaiNN
    assert by_pip == {"pip": ["-r requirements.txt"]}
    assert (file.parent / "requirements.txt").is_file()
    assert "Not tested" in file.read_text()


def test_both_images_hold_the_same_versions_and_core_no_torch() -> None:
    core, torch = locked("core"), locked("torch")
    assert core.items() < torch.items()
    names, all_names = ({key.split()[0] for key in lock} for lock in (core, torch))
    assert "numpy" in names
    assert {"torch", "umap-learn", "tangermeme", "modisco", "numba"} <= all_names - names
    assert not [key for key in core if key.startswith(("nvidia-", "cuda-", "triton"))]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("core", {"multiqc"}), ("torch", {"multiqc", "igraph", "leidenalg", "nvidia"})],
)
def test_packages_under_the_gpl_and_nvidia_s_are_named_where_the_image_is(
    name: str, expected: set[str]
) -> None:
    """By what the packages say of themselves, which the tests' environment holds, too."""
    found = set()
    for package in {key.split()[0] for key in locked(name)}:
        try:
            metadata = importlib.metadata.metadata(package)
        except importlib.metadata.PackageNotFoundError:
            continue
        told = [metadata.get("License-Expression") or "", metadata.get("License") or ""]
        told += [c for c in metadata.get_all("Classifier") or [] if c.startswith("License")]
        if FREE.search(" ".join(text[:200] for text in told)):
            found.add("nvidia" if package.startswith(("nvidia-", "cuda-")) else package.lower())
    assert found == expected
    usage = (ROOT / "docs" / "usage.md").read_text().partition("**Licences of the images.**")[2]
    (label,) = [line for line in stages(DOCKERFILES[name])[-1][1] if line.startswith("LABEL org")]
    for text in (usage.partition("\n\n**")[0], label):
        assert all(package in text.lower() for package in found), text
