"""What the benchmarks share: interleaved pairs, lines of the table, and running them by name.

``benchmarks/run`` calls this file; each benchmark is a script of its own beside it.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
COLUMNS = ("benchmark", "case", "ours", "reference", "ratio")
# Run when none is named: under 15 minutes together on two idle cores. The others take hours.
QUICK = ("load", "step", "interpretation", "memory", "parity", "test_profile")
SHARED = (
    *("harness", "traced", "evidence_measures", "evidence_sets", "contrast_sets", "recipe_options"),
)


def interleaved(
    ours: Callable[[], object],
    reference: Callable[[], object],
    pairs: int,
    *,
    clock: Callable[[], float] = time.process_time,
) -> tuple[float, float]:
    """Time two callables in turn, so that what disturbs the machine disturbs both.

    Parameters
    ----------
    ours, reference : callable
        Called once each before anything is timed.
    pairs : int
        Number of timed calls of each.
    clock : callable, optional
        CPU seconds of this process by default, which do not count waiting for a core.

    Returns
    -------
    ours, reference : float
        Median seconds.
    """
    times: tuple[list[float], list[float]] = ([], [])
    for call in (ours, reference):
        call()
    for _ in range(pairs):
        for call, found in zip((ours, reference), times, strict=True):
            start = clock()
            call()
            found.append(clock() - start)
    return statistics.median(times[0]), statistics.median(times[1])


def peak() -> float:
    """Peak resident memory of this process, in MiB."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would count the parent's memory at the time of the fork
        lines = status.read_text(encoding="ascii").splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def print_line(benchmark: str, case: str, ours: float, reference: float) -> None:
    """Print a line of the table; the ratio says how many times better ours is."""
    ratio = f"{reference / ours:.1f}"
    print(benchmark, case, f"{ours:.4g}", f"{reference:.4g}", ratio, sep="\t", flush=True)


def read_lines(path: Path | None, columns: Sequence[str]) -> list[dict[str, str]]:
    """Read the lines of a table that a benchmark goes on with; none where there is no file."""
    if path is None or not path.is_file():
        return []
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    if header.split("\t") != list(columns):
        sys.exit(f"ERROR: {path} has other columns; give another --table.")
    return [dict(zip(columns, line.split("\t"), strict=True)) for line in lines]


def as_texts(line: Mapping[str, object], columns: Sequence[str]) -> dict[str, str]:
    """Write numbers as in such a table; what a line lacks is empty."""
    given = ((name, line.get(name, "")) for name in columns)
    return {name: f"{some:.5g}" if isinstance(some, float) else str(some) for name, some in given}


def keep(lines: Sequence[Mapping[str, str]], columns: Sequence[str], path: Path | None) -> None:
    """Tell the last of some lines, and write all to the table, if there is to be one."""
    print("#", *lines[-1].values(), file=sys.stderr, flush=True)
    if path is not None:
        rows = [columns, *(line.values() for line in lines)]
        path.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")


def machine() -> str:
    """Name the processor, its cores, and the versions that matter."""
    model = platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    versions = [f"Python {platform.python_version()}"]
    for package in ("torch", "numpy", "explainn"):
        try:
            versions.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"no {package}")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{model}, {cores} cores; {', '.join(versions)}"


def names() -> list[str]:
    """Give the benchmarks that there are."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in SHARED)


def main() -> None:
    """Run the benchmarks asked for, a choice by default, and print one table."""
    parser = argparse.ArgumentParser(
        prog="benchmarks/run",
        description="Measure ours against the reference, side by side; seconds, medians of pairs."
        f" Without a name: {', '.join(QUICK)} (under 15 minutes); all: every one (hours).",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all, or of {', '.join(names())}")
    asked = parser.parse_args().names
    if unknown := sorted(set(asked) - {*names(), "all"}):
        sys.exit(
            f"ERROR: there is no benchmark {', '.join(unknown)}; choose all,"
            f" or from {', '.join(names())}."
        )
    chosen = names() if "all" in asked else asked or list(QUICK)
    print(f"# {machine()}")
    if not asked:
        left = [name for name in names() if name not in QUICK]
        print(
            f"# the quick ones; all, or a name, runs the rest, which takes hours: {' '.join(left)}"
        )
    print(*COLUMNS, sep="\t", flush=True)
    failed = []
    for name in chosen:
        # A process each: what one loads or leaves in memory does not disturb the next.
        done = subprocess.run([sys.executable, str(FOLDER / f"{name}.py")], check=False)
        failed += [name] if done.returncode else []
    if failed:
        sys.exit(f"ERROR: {', '.join(failed)} did not finish.")


if __name__ == "__main__":
    main()
