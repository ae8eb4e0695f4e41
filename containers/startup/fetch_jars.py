"""Fetch the locked jars from Maven Central by jgo, in the interpreter where jgo is installed."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import MavenContext

ATTEMPTS = 3


def main(lock: Path, folder: Path) -> None:
    """Fill ``folder`` with the jars of ``lock``; stop at one whose SHA-256 differs."""
    jars = tomllib.loads(lock.read_text())["jars"]
    repositories = {"central": MAVEN_CENTRAL_URL}
    repositories.update(GlobalSettings.load().repositories or {})
    repository = folder / "repository"
    context = MavenContext(repo_cache=repository, remote_repos=repositories, timeout=30)

    def fetch(item: tuple[str, str]) -> None:
        coordinates, sha256 = item
        group, name, version = coordinates.split(":")
        artifact = context.project(group, name).at_version(version).artifact()
        for attempt in range(ATTEMPTS):
            try:
                path = artifact.resolve()
                break
            except Exception:
                artifact.cached_path.unlink(missing_ok=True)  # half a file
                if attempt == ATTEMPTS - 1:
                    raise
        if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            raise SystemExit(f"error: hash mismatch of {path.name}")
        path.rename(folder / path.name)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(fetch, jars.items()))
    shutil.rmtree(repository)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
