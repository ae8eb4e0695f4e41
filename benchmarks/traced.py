"""What the benchmarks of the whole pipeline share: a run of Nextflow, and what its trace says.

CPU seconds of a task are its real time times its share of the CPU, as Nextflow notes both in the
trace: what the task's processes took, without Nextflow itself.
"""

from __future__ import annotations

import csv
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness import print_line

TOP = Path(__file__).resolve().parent.parent
# Plain numbers: milliseconds since 1970 and of real time, per cent of one CPU.
_CONFIG = """
trace {
    raw = true
    fields = 'name,status,start,complete,realtime,%cpu,peak_rss'
}
"""
# What benchmarks/run sets for itself, and a user's run does not have.
_OWN = ("PYTHONDONTWRITEBYTECODE", "PYTHONNOUSERSITE", "OMP_NUM_THREADS")


@dataclass(frozen=True)
class Task:
    """A finished task: its process, its time (seconds since 1970), CPU seconds, memory (GB)."""

    process: str
    start: float
    complete: float
    cpu: float
    peak: float = 0.0


@dataclass(frozen=True)
class Measured:
    """A run of the pipeline.

    Attributes
    ----------
    cpu : mapping of str to float
        CPU seconds of all tasks of each process, most first.
    longest, peak : mapping of str to float
        CPU seconds and memory (GB) of the task of each process that takes most of it.
    tasks : int
    wall : float
        Seconds of the whole command.
    idle : float
        Share of these in which no task ran.
    """

    cpu: Mapping[str, float]
    tasks: int
    wall: float
    idle: float
    longest: Mapping[str, float] = field(default_factory=dict)
    peak: Mapping[str, float] = field(default_factory=dict)


def read_trace(path: Path) -> list[Task]:
    """Read a trace with the fields and raw numbers that :func:`run_pipeline` asks for."""
    with path.open(encoding="utf-8", newline="") as handle:
        return [
            Task(
                row["name"].partition(" ")[0].rpartition(":")[2],
                float(row["start"]) / 1000,
                float(row["complete"]) / 1000,
                float(row["realtime"]) / 1000 * _number(row["%cpu"]) / 100,
                _number(row["peak_rss"]) / 1e9,
            )
            for row in csv.DictReader(handle, delimiter="\t")
            if row["status"] == "COMPLETED"
        ]


def _number(text: str) -> float:
    """Read a number that a task of a few milliseconds leaves out."""
    return float(text) if text not in ("", "-") else 0.0


def idle_share(tasks: Sequence[Task], begin: float, end: float) -> float:
    """Share of the seconds from `begin` to `end` in which no task ran."""
    busy, until = 0.0, begin
    for task in sorted(tasks, key=lambda task: task.start):
        busy += max(0.0, min(task.complete, end) - max(task.start, until))
        until = max(until, task.complete)
    return 1 - busy / (end - begin)


def summary(tasks: Sequence[Task], begin: float, end: float) -> Measured:
    """Sum up the tasks of a command that ran from `begin` to `end`."""
    of: dict[str, list[Task]] = {}
    for task in tasks:
        of.setdefault(task.process, []).append(task)
    cpu = {process: sum(task.cpu for task in some) for process, some in of.items()}
    return Measured(
        cpu=dict(sorted(cpu.items(), key=lambda item: -item[1])),
        tasks=len(tasks),
        wall=end - begin,
        idle=idle_share(tasks, begin, end),
        longest={process: max(task.cpu for task in some) for process, some in of.items()},
        peak={process: max(task.peak for task in some) for process, some in of.items()},
    )


def run_pipeline(checkout: Path, arguments: Sequence[str], folder: Path) -> Measured:
    """Run the pipeline of a checkout in an empty folder and read its trace.

    Parameters
    ----------
    checkout : path
        Top folder of this project, or of another version of it.
    arguments : sequence of str
        Of ``nextflow run``, without ``--outdir`` and ``-work-dir``.
    folder : path
        Made if it is not there; the work folders and results stay in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "trace.config").write_text(_CONFIG, encoding="utf-8")
    command = [str(checkout / "nextflow"), "-q", "run", str(checkout)]
    command += ["-ansi-log", "false", "-c", "trace.config", *arguments]
    command += ["--outdir", "results", "-work-dir", "work"]
    environment = {name: value for name, value in os.environ.items() if name not in _OWN}
    begin = time.time()
    with (folder / "log.txt").open("w", encoding="utf-8") as log:
        done = subprocess.run(
            command, cwd=folder, env=environment, stdout=log, stderr=log, check=False
        )
    end = time.time()
    if done.returncode:
        sys.exit(f"ERROR: the pipeline in {checkout} failed; see {folder / 'log.txt'}.")
    # its name ends in the time of the start, but in older checkouts
    (trace,) = (folder / "results" / "pipeline_info").glob("execution_trace*.txt")
    tasks = read_trace(trace)
    return summary(tasks, begin, end)


def measure(
    benchmark: str, arguments: Sequence[str], checkout: Path | None, folder: Path | None
) -> None:
    """Run this checkout, and another one as the reference where it is given; print all lines.

    Parameters
    ----------
    benchmark : str
        As the lines are called.
    arguments : sequence of str
        As of :func:`run_pipeline`.
    checkout : path, optional
        Without one, the reference is nan.
    folder : path, optional
        Where the runs stay; by default they are deleted.
    """
    with tempfile.TemporaryDirectory() as scratch:
        where = (folder or Path(scratch)).resolve()
        ours = run_pipeline(TOP, arguments, where / "ours")
        other = (
            run_pipeline(checkout.resolve(), arguments, where / "reference") if checkout else None
        )
    print_measured(benchmark, ours, other)


def print_measured(benchmark: str, ours: Measured, other: Measured | None) -> None:
    """Print CPU seconds per process and in all, wall seconds, the idle share, and the tasks."""
    nothing = Measured({}, 0, math.nan, math.nan)
    reference = other or nothing
    missing = 0.0 if other else math.nan
    for process in dict.fromkeys([*ours.cpu, *reference.cpu]):
        sides = ours.cpu.get(process, 0.0), reference.cpu.get(process, missing)
        _line(benchmark, f"cpu_{process}", *sides)
    total = sum(reference.cpu.values()) if other else math.nan
    _line(benchmark, "cpu", sum(ours.cpu.values()), total)
    _line(benchmark, "wall", ours.wall, reference.wall)
    _line(benchmark, "idle", ours.idle, reference.idle)
    _line(benchmark, "tasks", ours.tasks, reference.tasks if other else math.nan)


def _line(benchmark: str, case: str, ours: float, reference: float) -> None:
    """Print a line; nothing is as many times better as one likes, or as nothing else."""
    if ours:
        print_line(benchmark, case, ours, reference)
    else:
        ratio = "nan" if not reference or math.isnan(reference) else "inf"
        print(benchmark, case, "0", f"{reference:.4g}", ratio, sep="\t", flush=True)
