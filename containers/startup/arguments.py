"""What of Nextflow's command line the start-up has to know."""

from __future__ import annotations

from dataclasses import dataclass

ENGINES = ("docker", "podman", "singularity", "apptainer", "charliecloud", "shifter", "sarus")
# profiles whose tasks run in a container somewhere else, or in an environment that they make
ELSEWHERE = ("awsbatch", "google_batch", "azurebatch", "k8s", "conda", "mamba", "wave")
# plugins of Nextflow that executors and addresses need
PLUGINS = {
    "awsbatch": "nf-amazon",
    "google_batch": "nf-google",
    "azurebatch": "nf-azure",
    "k8s": "nf-k8s",
    "s3://": "nf-amazon",
    "gs://": "nf-google",
    "az://": "nf-azure",
}
# options of `nextflow` itself, before the command, that are followed by a value
VALUED = ("-C", "-c", "-config", "-log", "-syslog", "-trace")


@dataclass(frozen=True)
class Request:
    """One command line of Nextflow.

    Attributes
    ----------
    command
        ``run``, ``config``, ...; None if there is none.
    engine
        Container engine asked for by a profile or ``-with-<engine>``; the first, if several.
    image
        Image that most tasks run in, as the command line names it: None for the pipeline's own.
    registry
        Where the pipeline's own images are fetched from, as the command line names it.
    runs_here
        Whether tasks will run on this machine's file system without a container.
    background
        Whether ``-bg`` was given.
    plugins
        Plugins of Nextflow that the profiles and the addresses on the command line need.
    """

    command: str | None
    engine: str | None
    image: str | None
    registry: str | None
    runs_here: bool
    background: bool
    plugins: tuple[str, ...]


def read(arguments: list[str]) -> Request:
    """Read Nextflow's arguments (those after its own name)."""
    command, position = None, 0
    while position < len(arguments):
        word = arguments[position]
        if not word.startswith("-"):
            command = word
            break
        position += 2 if word in VALUED else 1
    rest = arguments[position + 1 :]
    profiles = [name.strip() for name in (_value(rest, "-profile") or "").split(",")]
    engines = [name for name in profiles if name in ENGINES]
    engines += [name for name in ENGINES if f"-with-{name}" in rest]
    asks_only = any(
        word in ("-h", "-help", "--help", "--version", "-preview") or word.startswith("--help=")
        for word in rest
    )
    runs = command == "run" and not asks_only
    values = [word.partition("=")[2] if word.startswith("-") else word for word in rest]
    schemes = [value.partition("://")[0] + "://" for value in values if "://" in value]
    needs = {PLUGINS[name] for name in [*profiles, *schemes] if name in PLUGINS}
    elsewhere = any(name in ELSEWHERE for name in profiles) or "-with-conda" in rest
    return Request(
        command=command,
        engine=engines[0] if engines and runs else None,
        image=_value(rest, "--container_image"),
        registry=_value(rest, "--image_registry"),
        runs_here=runs and not engines and not elsewhere,
        background="-bg" in arguments[:position] or "-bg" in rest,
        plugins=tuple(sorted(needs)) if runs else (),
    )


def _value(words: list[str], option: str) -> str | None:
    for index, word in enumerate(words):
        if word == option and index + 1 < len(words):
            return words[index + 1]
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return None
