"""Build the pipeline's images where the engine does not have them: no registry holds them yet."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from arguments import Request
from cache import cache_folder, ensure
from say import StartError, say
from tools import CONTAINERS

GIGABYTES = 8.0
# Dockerfile and context of each parameter's image
RECIPES = {
    "container_image": (CONTAINERS / "Dockerfile", CONTAINERS.parent),
    "peakvi_container": (CONTAINERS / "peakvi" / "Dockerfile", CONTAINERS / "peakvi"),
}
SIF_ENGINES = ("singularity", "apptainer")


def provide_images(request: Request) -> dict[str, str]:
    """Make sure that the engine finds the images; one that the user named is left to Nextflow.

    Returns
    -------
    dict
        Variables that Nextflow needs to find them.

    Raises
    ------
    StartError
        If the engine is missing or does not answer, or the build fails.
    """
    variables: dict[str, str] = {}
    for parameter, named in request.images.items():
        image = _configured(parameter)
        if named not in (None, image):
            continue
        if request.engine in ("docker", "podman"):
            _need(request.engine)
            _provide_local(request.engine, image, parameter)
        elif request.engine in SIF_ENGINES:
            variables |= _provide_sif(request.engine, image, parameter, variables)
    return variables


def _configured(parameter: str) -> str:
    text = (CONTAINERS.parent / "nextflow.config").read_text()
    found = re.search(rf"(?m)^\s*{parameter}\s*=\s*'([^']+)'", text)
    if not found:
        raise StartError(f"nextflow.config names no image: give one with --{parameter}")
    return found[1]


def _need(engine: str) -> None:
    """Stop, with the reason, where an engine is not there or does not let this user in."""
    if not shutil.which(engine):
        raise StartError(
            f"-profile {engine} needs {engine}, which is not on PATH: install it, "
            "or leave the profile out to run in a locked Python environment"
        )
    answer = subprocess.run([engine, "info"], capture_output=True, text=True)
    if answer.returncode != 0:
        reason = (answer.stderr.strip().splitlines() or ["it gives no reason"])[-1]
        way_out = (
            f"become a member of the group {engine} (usermod -aG {engine} $USER, then log in again)"
            if "permission denied" in reason.lower()
            else f"start it (systemctl start {engine})"
        )
        raise StartError(
            f"{engine} does not answer ({reason}): {way_out}, "
            f"or leave -profile {engine} out to run in a locked Python environment"
        )


def _provide_local(engine: str, image: str, parameter: str) -> None:
    have = [engine, "image", "inspect", image]
    if subprocess.run(have, capture_output=True).returncode == 0:
        return
    say(f"building the image {image} with {engine} (about {GIGABYTES:.0f} GB, 3 to 10 minutes)")
    command = [engine, "build", "--network=host", "--tag", image]
    if os.environ.get("PIP_INDEX_URL"):
        command += ["--build-arg", "PIP_INDEX_URL"]
    dockerfile, context = RECIPES[parameter]
    command += ["--file", str(dockerfile), str(context)]
    _build(command, f"the image {image}")
    say("the image is ready")


def _provide_sif(engine: str, image: str, parameter: str, given: dict[str, str]) -> dict[str, str]:
    """Find the image's file where Nextflow looks for it, or make it in our cache.

    ``given`` are the variables that name the place of another image.
    """
    name = re.sub(r"[:/]+", "-", image) + ".img"
    prefix = f"NXF_{engine.upper()}"
    for variable in (f"{prefix}_LIBRARYDIR", f"{prefix}_CACHEDIR"):
        folder = os.environ.get(variable)
        if folder and (Path(folder) / name).exists():
            return {}
    if not shutil.which(engine):
        raise StartError(
            f"-profile {engine} needs {engine}, which is not on PATH: install it, "
            "or leave the profile out to run in a locked Python environment"
        )

    def make(folder: Path) -> None:
        source = _source(image, parameter)
        say(f"converting the image for {engine} (about 4 GB, 2 to 5 minutes)")
        variables = dict(os.environ)
        variables.setdefault("APPTAINER_TMPDIR", str(folder))
        variables.setdefault("SINGULARITY_TMPDIR", str(folder))
        fast = ["--mksquashfs-args", "-comp lz4"]  # three times faster to make, a fifth larger
        _build(
            [engine, "build", *fast, str(folder / name), source], f"the {engine} image", variables
        )

    key = image.rpartition(":")[2]
    room = 2.5 * GIGABYTES  # the layers, what they hold and the file
    place = ensure(f"{engine}-{key}", f"the {engine} image", room, make)
    # whichever of the two neither the user nor another image has
    taken = {*os.environ, *given}
    free = "LIBRARYDIR" if f"{prefix}_LIBRARYDIR" not in taken else "CACHEDIR"
    return {f"{prefix}_{free}": str(place)}


def _source(image: str, parameter: str) -> str:
    """Name the image as Apptainer takes it from Docker."""
    try:
        _need("docker")
    except StartError as error:
        raise StartError(
            "the image for Apptainer and Singularity is made from Docker's, and "
            f"{error}. Or make it on a machine with Docker (./nextflow run . -profile apptainer) "
            f"and copy {cache_folder()}/apptainer-* to where NXF_APPTAINER_LIBRARYDIR says"
        ) from error
    _provide_local("docker", image, parameter)
    return f"docker-daemon:{image}"


def _build(command: list[str], label: str, variables: dict[str, str] | None = None) -> None:
    """Run a build with its own output on stderr, which is its progress."""
    with subprocess.Popen(
        command, env=variables, stdin=subprocess.DEVNULL, stdout=sys.stderr.fileno()
    ) as process:
        try:
            process.wait()
        except BaseException:
            process.terminate()
            raise
    if process.returncode != 0:
        raise StartError(
            f"{label} could not be built (the reason is above): if it is the network, set "
            "HTTPS_PROXY or PIP_INDEX_URL; if the disk, make room; then start again"
        )
