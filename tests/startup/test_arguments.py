"""What the start-up reads off Nextflow's command line."""

from __future__ import annotations

import pytest
from arguments import read


@pytest.mark.parametrize(
    ("line", "engine", "runs_here"),
    [
        ("run . -profile test --outdir results", None, True),
        ("run .", None, True),
        ("-q -log run.log run . -profile test", None, True),
        ("-c docker run . -profile test", None, True),
        ("run . -profile test,slurm", None, True),
        ("run . -profile test,docker", "docker", False),
        ("run . -profile slurm,apptainer,test", "apptainer", False),
        ("run . -profile=test,singularity", "singularity", False),
        ("run . -with-podman", "podman", False),
        ("run . -profile awsbatch", None, False),
        ("run . -profile google_batch,gpu", None, False),
        ("run . -profile k8s", None, False),
        ("run . --help", None, False),
        ("run . -profile docker --help", None, False),
        ("run . --version", None, False),
        ("run . -preview", None, False),
        ("run . -stub-run", None, True),
        ("config -profile docker .", None, False),
        ("lint .", None, False),
        ("-version", None, False),
        ("", None, False),
    ],
)
def test_which_preparation_a_command_line_needs(line: str, engine: str, runs_here: bool) -> None:
    request = read(line.split())
    assert (request.engine, request.runs_here) == (engine, runs_here)


def test_the_value_of_an_option_is_no_command() -> None:
    assert read(["-log", "run", "config", "."]).command == "config"


@pytest.mark.parametrize("line", ["-bg run .", "run . -bg"])
def test_background_is_seen(line: str) -> None:
    assert read(line.split()).background


def test_an_image_of_the_users_own_is_seen() -> None:
    assert read(["run", ".", "--container_image", "mine:1"]).image == "mine:1"
    assert read(["run", ".", "--container_image=mine:1"]).image == "mine:1"
    assert read(["run", "."]).image is None


@pytest.mark.parametrize(
    ("line", "plugins"),
    [
        ("run . -profile test", ()),
        ("run . -profile test,awsbatch", ("nf-amazon",)),
        ("run . -profile google_batch -w gs://bucket/work", ("nf-google",)),
        ("run . -profile k8s --outdir=s3://bucket/results", ("nf-amazon", "nf-k8s")),
        ("run . --genome https://host/genome.fa", ()),
        ("run . -profile awsbatch --help", ()),
        ("config -profile awsbatch .", ()),
    ],
)
def test_which_plugins_a_command_line_needs(line: str, plugins: tuple[str, ...]) -> None:
    assert read(line.split()).plugins == plugins
