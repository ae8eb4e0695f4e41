"""``kill -9`` of Nextflow and its tasks at random moments, then ``-resume``: the same artefacts?

As a script, in the tests' environment: ``tests/killed_runs.py --kills 20 --folder DIR``.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from nextflow_runs import DEMO, ROOT, cut_fasta, nextflow_command, run_nextflow, write_sheet

# One data set, one model: every step of the main path in half a minute.
SMALL = ("--units", "4", "--max_epochs", "2", "--replicates", "1")
# A share below START is a moment of the first seconds, before any task; the others follow the files
# that the run has made, so that a busy machine, on which all takes longer, moves none of them.
START = 0.15
START_SECONDS = 10.0
CLOCKS = re.compile(
    r"multiqc_report\.html|pipeline_info/(execution_|pipeline_dag).*|.*\.timing\.tsv|tables/history\.tsv"
)
COLUMNS = (
    *("kill", "share", "seconds", "tasks_begun", "tasks_ended", "published"),
    *("cached", "run_again", "artefacts", "different"),
)


@dataclass(frozen=True)
class Killed:
    """What a killed run had done, and what came of it.

    Attributes
    ----------
    seconds : float
        When it was killed.
    begun, ended : int
        Tasks with a script, and those of them that had ended with exit 0.
    published : int
        Files in the results at that moment, whole or half.
    cached, again : int
        Tasks that the resumed run took from the cache, and that it ran.
    artefacts : int
        Number of artefacts of the undisturbed run.
    different : tuple of str
        Artefacts that are missing, superfluous or not the same.
    """

    seconds: float
    begun: int
    ended: int
    published: int
    cached: int
    again: int
    artefacts: int
    different: tuple[str, ...]


def digests(results: Path) -> dict[str, str]:
    """Sha256 of every file in the results but the page and what holds clocks."""
    found = {}
    for path in sorted(results.rglob("*")):
        name = str(path.relative_to(results))
        if path.is_file() and not CLOCKS.fullmatch(name):
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def small_sheet(folder: Path) -> Path:
    """Write a sheet of one data set that is trained in seconds."""
    folder.mkdir(parents=True, exist_ok=True)
    cut_fasta(DEMO / "OCT4_H1hESC_200bp.fa.gz", folder / "oct4.fa", 300)
    row = ("oct4", "sequences", "oct4.fa")
    return write_sheet(folder / "sheet.csv", ("sample", "assay", "data"), row)


def start(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a run in a process group of its own and leave it to itself."""
    folder.mkdir(parents=True)
    return subprocess.Popen(
        [*nextflow_command(), "-q", "run", str(ROOT), *arguments],
        cwd=folder,
        env={**os.environ, "NXF_OFFLINE": "true", "NXF_ANSI_LOG": "false"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def kill_all(process: subprocess.Popen[bytes], folder: Path) -> None:
    """``kill -9`` of Nextflow, then of its tasks, which live on in sessions of their own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(60)
    while found := _working_in(folder.resolve()):
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def _working_in(folder: Path) -> list[int]:
    """Living processes whose working directory lies in a folder."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            state = (place / "stat").read_text().rpartition(")")[2].split()[0]
            inside = (place / "cwd").readlink().is_relative_to(folder)
        except OSError:
            continue
        if inside and state != "Z":
            found.append(int(place.name))
    return found


def count_files(folder: Path) -> int:
    """Count the files that a run has made: its tasks' and the published ones."""
    places = ("work", "results")
    return sum(len(names) for place in places for _, _, names in os.walk(folder / place))


def kill_and_resume(
    folder: Path, share: float, whole: Path, expected: dict[str, str], *arguments: str
) -> Killed:
    """Kill a run at a share of its course, resume it, and compare what it has published.

    Parameters
    ----------
    folder : Path
        Of the run; made.
    share : float
        0 to 1; below ``START`` of its first seconds, else of the files that it makes.
    whole : Path
        Folder of the undisturbed run.
    expected : dict
        Its :func:`digests`.

    Raises
    ------
    RuntimeError
        If the resumed run fails; with what it said.
    """
    files = (share - START) / (1 - START) * count_files(whole)
    process, began = start(folder, *arguments), time.monotonic()
    while process.poll() is None:
        late = time.monotonic() - began > share / START * START_SECONDS
        if late if share < START else count_files(folder) > files:
            break
        time.sleep(0.05)
    seconds = time.monotonic() - began
    kill_all(process, folder)
    results = folder / "results"
    begun = len(list(folder.glob("work/*/*/.command.sh")))
    codes = [path.read_text().strip() for path in folder.glob("work/*/*/.exitcode")]
    published = sum(path.is_file() for path in results.rglob("*"))
    run = run_nextflow(folder, ROOT, *arguments, "-resume")
    if run.code:
        raise RuntimeError(f"the resumed run ended with exit {run.code}: {run.said}")
    statuses = list(run.trace().values())
    found = digests(results)
    different = sorted(
        name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)
    )
    cached = statuses.count("CACHED")
    return Killed(
        *(seconds, begun, codes.count("0"), published),
        *(cached, len(statuses) - cached, len(expected), tuple(different)),
    )


def moments(number: int, seed: int) -> list[float]:
    """Draw shares of a run's course, one from each of ``number`` equal parts, in any order."""
    rng = random.Random(seed)
    shares = [(part + rng.random()) / number for part in range(number)]
    rng.shuffle(shares)
    return shares


def main() -> None:
    """Kill runs at random moments and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, required=True, help="a folder of its own, for runs")
    options = parser.parse_args()
    arguments = ("--input", str(small_sheet(options.folder.resolve() / "input")), *SMALL)
    begun = time.monotonic()
    whole = run_nextflow(options.folder / "whole", ROOT, *arguments)
    duration = time.monotonic() - begun
    if whole.code:
        raise SystemExit(f"ERROR: the undisturbed run failed: {whole.said}")
    expected = digests(whole.results)
    print(f"# seed {options.seed}; the undisturbed run took {duration:.1f} s")
    print(*COLUMNS, sep="\t", flush=True)
    for number, share in enumerate(moments(options.kills, options.seed), start=1):
        folder = options.folder / f"kill{number}"
        made = kill_and_resume(folder, share, whole.folder, expected, *arguments)
        print(
            *(number, f"{share:.3f}", f"{made.seconds:.1f}"),
            *(made.begun, made.ended, made.published, made.cached, made.again),
            *(made.artefacts, ",".join(made.different) or "none"),
            sep="\t",
            flush=True,
        )
        if not made.different:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
