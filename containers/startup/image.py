"""Fetch the pipeline's images where the engine lacks them, or build them where no registry has."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from cache import cache_folder, ensure
from fetch_image import fetch_image
from say import StartError, say
from tools import CONTAINERS, LOCKS


@dataclass(frozen=True)
class Recipe:
    """How an image is made, and the room that it takes, as measured.

    Attributes
    ----------
    parameter
        Of the pipeline, whose default names the image.
    folder
        Where its Dockerfile lies.
    context
        What the engine is handed for the build.
    image_gb, file_gb, converting_gb
        Docker's image, the file of Apptainer, and what a conversion has beside each other at its
        worst (the image as it comes from Docker, its layers, what they hold and the file).
    base
        Image of ours that it is made of; None for Debian's.
    """

    parameter: str
    folder: Path
    context: Path
    image_gb: float
    file_gb: float
    converting_gb: float
    base: str | None = None


CORE, TORCH, PEAKVI = (CONTAINERS / name for name in ("core", "torch", "peakvi"))
RECIPES = {
    "core": Recipe("container_image", CORE, CONTAINERS.parent, 1.7, 0.8, 5.0),
    "torch": Recipe("torch_container", TORCH, TORCH, 9.6, 6.4, 38.0, base="core"),
    "peakvi": Recipe("peakvi_container", PEAKVI, PEAKVI, 8.0, 6.4, 38.0),
}
PASSED_ON = ("PIP_INDEX_URL", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
SIF_ENGINES = ("singularity", "apptainer")


# where the names in nextflow.config have them, and what --image_registry takes the place of
REGISTRY = "ghcr.io/nf-explainn"
# as nextflow_schema.json has it, which is read after the images are there
_HOST = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*(:[0-9]+)?(/[A-Za-z0-9][A-Za-z0-9._-]*)*$")


def provide_image(
    name: str, engine: str, registry: str | None = None, *, build: bool = True
) -> bool:
    """Make sure that an engine finds an image of ours.

    Parameters
    ----------
    name
        core, torch or peakvi.
    engine
        docker, podman, apptainer or singularity; others find it themselves.
    registry
        That holds the images, with its path; default: the one in their names.
    build
        Whether the image is built where no registry has it.

    Returns
    -------
    bool
        Whether it is there; False only without ``build``.

    Raises
    ------
    StartError
        If the engine is missing or does not answer, or the build fails.
    """
    if name not in RECIPES:
        raise StartError(f"there is no image {name}: choose one of {', '.join(RECIPES)}")
    if engine in ("docker", "podman"):
        _need(engine)
        return _provide_local(engine, name, registry, build)
    return engine not in SIF_ENGINES or _provide_sif(engine, name, registry, build)


def provide_named(name: str, engine: str, named: str | None, registry: str | None) -> None:
    """Do so unless the user names another, which is left to Nextflow."""
    if named in (None, _configured(name)):
        provide_image(name, engine, registry)


def _configured(name: str, registry: str | None = None) -> str:
    parameter = RECIPES[name].parameter
    text = (CONTAINERS.parent / "nextflow.config").read_text()
    found = re.search(rf"(?m)^\s*{parameter}\s*=\s*'([^']+)'", text)
    if not found:
        raise StartError(f"nextflow.config names no image: give one with --{parameter}")
    if not registry:
        return found[1]
    if not _HOST.fullmatch(registry):
        raise StartError(
            f"--image_registry: '{registry[:60]}' is not a registry: write host and path as in the"
            " name of an image, without https:// and without a / at the end"
        )
    return found[1].replace(REGISTRY, registry, 1)


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
            f"join the group {engine} (usermod -aG {engine} $USER, then log in again)"
            if "permission denied" in reason.lower()
            else f"start it (systemctl start {engine})"
        )
        raise StartError(
            f"{engine} does not answer ({reason}): {way_out}, "
            f"or leave -profile {engine} out to run in a locked Python environment"
        )


def _has(engine: str, image: str) -> bool:
    have = [engine, "image", "inspect", image]
    return subprocess.run(have, capture_output=True).returncode == 0


def _provide_local(engine: str, name: str, registry: str | None, build: bool = True) -> bool:
    recipe, image = RECIPES[name], _configured(name, registry)
    if _has(engine, image) or fetch_image(image, [engine, "pull", image]):
        return True
    if not build:
        return False
    if recipe.base:
        _provide_local(engine, recipe.base, registry)
    say(f"building the image {image} with {engine} ({recipe.image_gb:.1f} GB; minutes)")
    command = [engine, "build", "--network=host", "--tag", image]
    # by name, so that no value is read off this command; the Dockerfile keeps them out of the image
    for variable in PASSED_ON:
        if os.environ.get(variable):
            command += ["--build-arg", variable]
    dockerfile = recipe.folder / "Dockerfile"
    if recipe.base:
        command += ["--build-arg", f"CORE={_configured(recipe.base, registry)}"]
    else:
        command += _debian(engine, dockerfile)
    command += ["--file", str(dockerfile), str(recipe.context)]
    _build(command, f"the image {image}")
    # stages that the image has taken its files from, as large as it
    prune = [engine, "image", "prune", "--force", "--filter", "label=nf-explainn.stage"]
    subprocess.run(prune, capture_output=True)
    say("the image is built")
    return True


def _debian(engine: str, dockerfile: Path) -> list[str]:
    """Fetch the base image by its digest; where that fails, name the user's own of that tag."""
    found = re.search(r"(?m)^ARG BASE=(\S+)$", dockerfile.read_text())
    if not found:
        raise StartError(f"{dockerfile} names no base image: fetch the project again")
    pinned, own = found[1], found[1].partition("@")[0].rpartition("/")[2]

    def answers(*words: str) -> bool:
        return subprocess.run([engine, *words], capture_output=True).returncode == 0

    if answers("image", "inspect", pinned) or answers("pull", pinned):
        return []
    if not answers("image", "inspect", own):
        return []  # the build's own words on it are the reason that the user sees
    say(f"{pinned} could not be fetched: using this machine's own {own} instead")
    return ["--build-arg", f"BASE={own}"]


def _provide_sif(engine: str, which: str, registry: str | None, build: bool) -> bool:
    """Make the image's file, which both engines share, where conf/engines.config has them look."""
    image = _configured(which, registry)
    name = re.sub(r"[:/]+", "-", image) + ".img"
    library = cache_folder() / "images"
    chosen = [os.environ.get(f"NXF_{engine.upper()}_{kind}DIR") for kind in ("LIBRARY", "CACHE")]
    folders = [Path(folder) if folder else library for folder in chosen]
    if any((folder / name).exists() for folder in folders):
        return True
    if not shutil.which(engine):
        raise StartError(
            f"-profile {engine} needs {engine}, which is not on PATH: install it, "
            "or leave the profile out to run in a locked Python environment"
        )

    def make(folder: Path) -> None:
        _make_sif(engine, which, registry, folder / name, build)

    key = image.rpartition(":")[2]
    label = "the image for Apptainer and Singularity"
    try:
        entry = ensure(f"sif-{key}", label, RECIPES[which].converting_gb, make)
    except _NotFetchedError:
        return False
    (made,) = entry.glob("*.img")  # named by the registry of whoever made it
    # and in the user's own folder where neither of the two is ours
    for folder in [library] if library in folders else [library, folders[1]]:
        _link(folder / name, made)
    return True


class _NotFetchedError(Exception):
    """No registry has the image, and it is not to be built."""


def _make_sif(engine: str, which: str, registry: str | None, file: Path, build: bool) -> None:
    """Write the image's file: of Docker's image where that is there, else fetched, else built."""
    image = _configured(which, registry)
    work = file.parent / "work"
    work.mkdir()
    variables = dict(os.environ)
    for kind in ("APPTAINER", "SINGULARITY"):
        variables.setdefault(f"{kind}_TMPDIR", str(work))
        variables[f"{kind}_CACHEDIR"] = str(work)  # layers that nobody needs any more
    fast = ["--mksquashfs-args", "-comp lz4"]  # three times faster to make, a fifth larger
    command = [engine, "build", *fast, str(file)]
    here = build and shutil.which("docker") and _has("docker", image)
    if here or not fetch_image(image, [*command, f"docker://{image}"], variables, work):
        if not build:
            raise _NotFetchedError
        file.unlink(missing_ok=True)  # of a fetch that broke off; no build writes over it
        source = _source(which, registry)
        say(f"converting Docker's image for {engine} ({RECIPES[which].file_gb:.1f} GB; minutes)")
        _build([*command, source], f"the {engine} image", variables)
    shutil.rmtree(work)


def _link(link: Path, target: Path) -> None:
    """Put a link there, whole at any moment."""
    temporary = link.with_name(f".{link.name}.{os.getpid()}")
    try:
        link.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)  # of a killed start with the same number
        temporary.symlink_to(target)
        temporary.replace(link)
    except OSError as error:
        raise StartError(
            f"cannot link {target} into {link.parent} ({error.strerror}): link or copy it there, "
            "or leave one of the NXF_..._LIBRARYDIR and NXF_..._CACHEDIR unset"
        ) from error


def _source(name: str, registry: str | None) -> str:
    """Name the image as Apptainer takes it from Docker."""
    try:
        _need("docker")
    except StartError as error:
        raise StartError(
            "no registry gave the image for Apptainer and Singularity, "
            f"and it is made from Docker's: {error}. Or make it on a machine with Docker "
            f"({LOCKS / 'start.sh'} image {name} apptainer) "
            f"and copy {cache_folder()}/images/*.img to the same place here"
        ) from error
    _provide_local("docker", name, registry)
    return f"docker-daemon:{_configured(name, registry)}"


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
