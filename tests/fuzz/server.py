"""A fork server: the package is imported once, and each case is a child with limits of its own."""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fuzz.child import load_script, run_case
from fuzz.targets import Target

_PACKAGE = Path(__file__).resolve().parents[2] / "bin" / "nfexplainn"
_WAIT = 60  # seconds on the clock, as other work may have the cores


@dataclass(frozen=True)
class Case:
    """A change of a target's file; ``number`` is -1 for none."""

    target: Target
    seed: int
    number: int

    @property
    def name(self) -> str:
        """What replays it."""
        return f"{self.seed}/{self.target.name}/{self.number}"


Facts = dict[str, Any]


def preload(targets: Iterable[Target]) -> None:
    """Import all that the cases use; nothing is computed, as threads do not survive a fork."""
    found = list(targets)
    names = ["io.genome", "data.dataset", "motifs.formats", "analyses.explain.sequences"]
    names += [f"assays.{path.stem}" for path in sorted(_PACKAGE.glob("assays/[a-z]*.py"))]
    libraries = ["h5py", "pandas", "pyarrow", "pyarrow.parquet", "pybigtools", "scipy.sparse"]
    if any(target.heavy for target in found):
        libraries += ["torch", "torch.export"]
        names += ["training.loop", "training.transfer", "training.recipes", "training.evaluate"]
        names += ["models.pretrained", "models.registry"]
        names += ["models.kernels", "models.profiles", "models.transfer"]
    for name in (*libraries, *(f"nfexplainn.{name}" for name in names)):
        importlib.import_module(name)
    sys.modules["pyarrow"].set_cpu_count(1)
    sys.modules["pyarrow"].set_io_thread_count(1)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    for target in found:
        load_script(target.script)
    gc.freeze()  # so that a child's collector copies no page of what is here


def run_cases(
    cases: Iterable[Case], pristine: Path, folder: Path, jobs: int, keep: bool = False
) -> Iterator[tuple[Case, Facts]]:
    """Run cases, some at a time; their facts come in the order in which they end."""
    waiting = iter(cases)
    running: dict[int, tuple[Case, int, float, Path]] = {}
    poll = select.poll()
    done = False
    while running or not done:
        while not done and len(running) < jobs:
            case = next(waiting, None)
            if case is None:
                done = True
                break
            place = folder / case.name.replace("/", "_")
            pid = _fork(lambda case=case, place=place: _child(case, pristine, place))  # type: ignore[misc]
            ended = os.pidfd_open(pid)
            poll.register(ended, select.POLLIN)
            running[ended] = (case, pid, time.monotonic(), place)
        for ended, _ in poll.poll(1000):
            case, pid, begun, place = running.pop(ended)
            poll.unregister(ended)
            os.close(ended)
            yield case, _facts(os.waitpid(pid, 0)[1], place, time.monotonic() - begun)
            if not keep:
                shutil.rmtree(place, ignore_errors=True)
        for _, pid, begun, _ in running.values():
            if time.monotonic() - begun > _WAIT:
                os.kill(pid, signal.SIGKILL)


def in_child(work: Callable[[], None]) -> None:
    """Do something in a child, so that no thread of a library is started here."""
    status = os.waitpid(_fork(work), 0)[1]
    if status:
        raise RuntimeError(f"the inputs could not be made (status {status})")


def _fork(work: Callable[[], None]) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    try:
        work()
        os._exit(0)
    except BaseException:
        import traceback

        traceback.print_exc()
        os._exit(99)


def _child(case: Case, pristine: Path, place: Path) -> None:
    facts = run_case(case.target, pristine, place, case.name if case.number >= 0 else "")
    (place / "facts.json").write_text(json.dumps(facts))


def _facts(status: int, place: Path, seconds: float) -> Facts:
    """Read what a child has told, or tell how it died."""
    facts: Facts = {"seconds": round(seconds, 3)}
    for name in ("change.json", "facts.json"):
        if (place / name).exists():
            facts |= json.loads((place / name).read_text())
    if "end" not in facts:
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        hang = number == signal.SIGPROF or (number == signal.SIGKILL and seconds >= _WAIT)
        said = (
            (place / "said.txt").read_text(errors="replace")
            if (place / "said.txt").exists()
            else ""
        )
        name = (
            signal.Signals(number).name if number else f"exit {os.waitstatus_to_exitcode(status)}"
        )
        facts |= {"end": "hang" if hang else "crash", "type": name, "said": said[-3000:]}
    return facts
