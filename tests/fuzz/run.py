#!/usr/bin/env python3
"""Run broken inputs through the steps, and tell every fault with what replays it."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TextIO

_TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(_TESTS), str(_TESTS.parent / "bin")]
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from fuzz.inputs import make_inputs  # noqa: E402
from fuzz.judge import FAULTS, FINE, Verdict, judge  # noqa: E402
from fuzz.server import Case, Facts, in_child, preload, run_cases  # noqa: E402
from fuzz.targets import Target, targets  # noqa: E402


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2000, help="how many, over all targets")
    parser.add_argument("--seed", type=int, default=14)
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time")
    parser.add_argument("--only", default="", help="targets whose name holds this")
    parser.add_argument("--replay", default="", help="SEED/TARGET/NUMBER: run this one, keep it")
    parser.add_argument("--table", type=Path, help="TSV to which a line on this run is added")
    parser.add_argument("--faults", type=Path, help="JSON lines to write: facts of the faults")
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    return parser.parse_args()


def share_out(found: Sequence[Target], cases: int, seed: int) -> list[Case]:
    """Give every target its share of the cases."""
    whole = sum(target.share for target in found)
    return [
        Case(target, seed, number)
        for target in found
        for number in range(max(1, round(cases * target.share / whole)))
    ]


def main() -> int:
    """Run, tell."""
    args = parse()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as temporary:
        folder = args.folder or Path(temporary)
        (folder / "pristine").mkdir(parents=True, exist_ok=True)
        in_child(partial(make_inputs, folder / "pristine"))
        if args.replay:
            seed, name, number = args.replay.split("/")
            (target,) = (target for target in targets() if target.name == name)
            return _replay(Case(target, int(seed), int(number)), folder)
        found = [target for target in targets() if args.only in target.name]
        return _all(share_out(found, args.cases, args.seed), folder, args)


def judged(
    cases: list[Case], folder: Path, jobs: int, kept: Path | None = None
) -> Iterator[tuple[Case, Verdict, Facts]]:
    """Run cases and judge them; those without torch first, since its fork costs most."""
    pristine = folder / "pristine"
    for heavy in (False, True):
        group = [case for case in cases if case.target.heavy is heavy]
        found = {case.target.name: case.target for case in group}
        preload(found.values())
        whole = [Case(target, 0, -1) for target in found.values()]
        sound = {case.target.name: one for case, one in run_cases(whole, pristine, folder, jobs)}
        for name, facts in sound.items():
            if facts.get("state") != ("error" if found[name].refused else "ok"):
                sys.exit(f"{name}: of the unbroken input came {facts}")
        for case, facts in run_cases(group, pristine, kept or folder, jobs, keep=bool(kept)):
            yield case, judge(case.target, facts, sound[case.target.name]), facts


def _all(cases: list[Case], folder: Path, args: argparse.Namespace) -> int:
    begun = time.monotonic()
    kinds: Counter[str] = Counter()
    faults: list[tuple[Case, Verdict, Facts]] = []
    slowest = 0.0
    for number, (case, verdict, facts) in enumerate(judged(cases, folder, args.jobs), 1):
        kinds[verdict.kind] += 1
        slowest = max(slowest, facts["seconds"])
        if verdict.fault:
            faults.append((case, verdict, facts))
        if number % 500 == 0:
            rate = number / (time.monotonic() - begun)
            print(f"{number:,} of {len(cases):,} cases, {rate:.0f} per second", file=sys.stderr)
    if args.faults:
        with args.faults.open("w") as out:
            for case, verdict, facts in faults:
                out.write(json.dumps({"case": case.name, "kind": verdict.kind} | facts) + "\n")
    _tell(faults, sys.stdout)
    listed = ", ".join(f"{n:,} {kind}" for kind, n in kinds.most_common())
    seconds = time.monotonic() - begun
    ran = f"{len(cases):,} cases, seed {args.seed}, {seconds:.0f} s, slowest {slowest:.1f} s"
    print(f"{ran}: {listed}")
    if args.table:
        figures = {"seed": args.seed, "cases": len(cases), "seconds": round(seconds)}
        _add_row(args.table, figures | {"slowest": slowest}, kinds)
    return 1 if faults else 0


def _tell(faults: list[tuple[Case, Verdict, Facts]], out: TextIO) -> None:
    """Tell every fault with what replays it, those of one cause under each other."""
    for case, verdict, facts in sorted(faults, key=lambda one: (one[1].kind, one[1].fault)):
        out.write(
            f"{verdict.kind}: {case.target.broken} of {case.target.script}, {facts['what']}\n"
        )
        out.write(f"    {verdict.fault}\n    python tests/fuzz/run.py --replay {case.name}\n")


def _replay(case: Case, folder: Path) -> int:
    """Run one case in a folder that stays."""
    kept = Path(tempfile.mkdtemp(prefix="fuzz-replay-"))
    ((_, verdict, facts),) = judged([case], folder, 1, kept)
    print(json.dumps(facts, indent=1))
    print(f"{facts.get('said', '')}\n{case.name}: {verdict}\nkept in {kept}")
    return 1 if verdict.fault else 0


def _add_row(path: Path, facts: dict[str, object], kinds: Counter[str]) -> None:
    """Add what came of a run to a table of runs."""
    verdicts = (*FINE, *FAULTS)
    if not path.exists():
        path.write_text("\t".join([*facts, *verdicts]) + "\n")
    with path.open("a") as out:
        counts = [kinds[verdict] for verdict in verdicts]
        out.write("\t".join(map(str, (*facts.values(), *counts))) + "\n")


if __name__ == "__main__":
    sys.exit(main())
