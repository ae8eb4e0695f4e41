"""Nextflow's plugins for clouds: fetched before the run, so that a missing one is a sentence."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from cache import cache_folder
from say import StartError, run, say
from tools import offline


def nextflow_home() -> Path:
    """Return the folder of Nextflow's own, plugins among them.

    Nextflow's launcher says it by ``NXF_HOME``; without that variable Nextflow takes itself for one
    under development, and loads no plugin.
    """
    chosen = os.environ.get("NXF_HOME")
    if chosen:
        return Path(chosen)
    home = os.environ.get("HOME", "/")
    if home in ("", "/", "/nonexistent"):
        return cache_folder() / "nextflow-home"
    return Path(home) / ".nextflow"


def provide_plugins(
    names: tuple[str, ...], command: tuple[str, ...], variables: Mapping[str, str]
) -> None:
    """Fetch the plugins that are not there in any version; Nextflow itself fetches a newer one.

    Parameters
    ----------
    names
        What the command line needs, such as ``nf-amazon``.
    command
        The words that start Nextflow.
    variables
        Nextflow's environment.

    Raises
    ------
    StartError
        If one cannot be had.
    """
    folder = Path(os.environ.get("NXF_PLUGINS_DIR") or nextflow_home() / "plugins")
    missing = [name for name in names if not any(folder.glob(f"{name}-[0-9]*"))]
    if not missing:
        return
    wanted = ",".join(missing)
    needs = f"this run needs Nextflow's plugin {' and '.join(missing)}"
    once = f"run `./nextflow plugin install {wanted}`"
    if offline():
        raise StartError(
            f"{needs}, which is not in {folder}, and NXF_OFFLINE=true forbids fetching it: {once}"
            " once with a network and without NXF_OFFLINE"
        )
    say(f"fetching Nextflow's plugin {wanted}")
    folder.mkdir(parents=True, exist_ok=True)
    # aside, and moved when they are whole: half a plugin would pass for one that is there
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetching-") as name:
        place = Path(name)
        own = {**variables, "NXF_PLUGINS_DIR": str(place / "plugins")}
        try:
            run([*command, "plugin", "install", wanted], wanted, own, place)
        except StartError as error:
            raise StartError(
                f"{needs}, which could not be fetched into {folder}: check the network, or set "
                f"HTTPS_PROXY, then start again; or {once} on a machine with a network and copy "
                "that folder"
            ) from error
        for fetched in (place / "plugins").glob("*-[0-9]*"):
            if not (folder / fetched.name).exists():
                fetched.rename(folder / fetched.name)
