"""Plugins of Nextflow: fetched before the run, and loaded by the locked Nextflow, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from startup.conftest import ROOT, executable
from startup.test_wrapper import real, sentence

PROFILES = [("awsbatch", "nf-amazon"), ("google_batch", "nf-google"), ("k8s", "nf-k8s")]


def a_nextflow(world: dict[str, str], fetches: str) -> None:
    """Put a Nextflow on PATH that notes what it is asked for; ``fetches`` is its ``plugin``."""
    answers = f'-version) echo version 25.10.2 ;; plugin) {fetches} ;; *) echo "got: $*" ;;'
    script = f'case "$1" in {answers} esac'
    executable(Path(world["PATH"]) / "nextflow", f'echo "$*" >>{world["HOME"]}/asked; {script}')


def asked(world: dict[str, str]) -> list[str]:
    return (Path(world["HOME"]) / "asked").read_text().splitlines()


@pytest.mark.parametrize(("profile", "plugin"), PROFILES)
def test_a_plugin_is_fetched_before_the_run(start, world, profile: str, plugin: str) -> None:
    a_nextflow(world, "exit 0")
    assert start("run", ".", "-profile", profile).stdout == f"got: run . -profile {profile}\n"
    assert asked(world)[1:] == [f"plugin install {plugin}", f"run . -profile {profile}"]


def test_a_plugin_that_is_there_is_not_fetched_again(start, world) -> None:
    a_nextflow(world, "exit 1")
    (Path(world["HOME"]) / ".nextflow" / "plugins" / "nf-k8s-1.0.0").mkdir(parents=True)
    assert start("run", ".", "-profile", "k8s", NXF_OFFLINE="true").returncode == 0


def test_a_plugin_is_there_whole_or_not_at_all(start, world) -> None:
    """What a fetch that was killed has made is not taken for a plugin."""
    plugins = Path(world["HOME"]) / ".nextflow" / "plugins"
    half = 'p="$NXF_PLUGINS_DIR/nf-k8s-1.0.0"; mkdir() { PATH=/bin:/usr/bin command mkdir "$@"; }'
    a_nextflow(world, f'{half}; mkdir -p "$p"; : >"$p/half"; kill -9 $$')
    assert "could not be fetched" in sentence(start("run", ".", "-profile", "k8s"))
    assert list(plugins.iterdir()) == []
    (plugins / ".fetching-killed" / "plugins" / "nf-k8s-1.0.0").mkdir(parents=True)
    (Path(world["PATH"]) / "nextflow").unlink()
    a_nextflow(world, f'{half}; mkdir -p "$p"; : >"$p/whole"')
    assert start("run", ".", "-profile", "k8s").returncode == 0
    assert (plugins / "nf-k8s-1.0.0" / "whole").exists()


def test_a_plugin_that_cannot_be_had_is_one_sentence(start, world) -> None:
    a_nextflow(world, "echo not found in any repository; exit 1")
    message = sentence(start("run", ".", "-profile", "awsbatch"))
    assert "needs Nextflow's plugin nf-amazon, which could not be fetched" in message
    assert "`./nextflow plugin install nf-amazon` on a machine with a network" in message
    message = sentence(start("run", ".", "-w", "s3://bucket/work", NXF_OFFLINE="true"))
    assert "NXF_OFFLINE=true forbids fetching it: run `./nextflow plugin install" in message


@pytest.mark.parametrize(("profile", "plugin"), PROFILES)
def test_the_locked_nextflow_goes_for_the_plugin(tmp_path, profile: str, plugin: str) -> None:
    """One of another version passes the start-up, and Nextflow looks for its own."""
    meta = tmp_path / "home" / "plugins" / f"{plugin}-0.0.0" / "classes" / "META-INF"
    meta.mkdir(parents=True)
    (meta / "MANIFEST.MF").write_text(
        f"Manifest-Version: 1.0\nPlugin-Id: {plugin}\nPlugin-Version: 0.0.0\nPlugin-Class: none\n"
    )
    variables = {"NXF_HOME": str(tmp_path / "home"), "NXF_OFFLINE": "true"}
    finished = real(
        "-q", "run", str(ROOT), "-profile", f"test,{profile}", folder=tmp_path, **variables
    )
    said = finished.stdout + finished.stderr
    assert finished.returncode == 1
    assert "Unknown executor" not in said
    assert f"Plugin {plugin} with version @" in said and "does not exist in the repo" in said
