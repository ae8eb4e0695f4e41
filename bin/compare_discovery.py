#!/usr/bin/env python3
"""Compare the motifs of a model's units with STREME's: AUPRC of the best hit, rank, run time."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd

from nfexplainn.analyses.discovery.compare import (
    BEST_COLUMNS,
    REESTIMATED,
    SCORE_COLUMNS,
    STREME,
    TIMING_COLUMNS,
    UNITS,
    Candidates,
    judge,
    streme_candidates,
    unit_ranks,
)
from nfexplainn.analyses.discovery.options import DiscoveryOptions
from nfexplainn.analyses.discovery.pairs import PAIR_COLUMNS, pair_motifs
from nfexplainn.analyses.discovery.runs import FoundMotif, found_motifs
from nfexplainn.analyses.discovery.sequences import file_part, searches
from nfexplainn.analyses.discovery.streme import StremeResult, read_outcome, read_streme
from nfexplainn.data.dataset import read_dataset
from nfexplainn.errors import UserError, run_script
from nfexplainn.interpret.options import read_options
from nfexplainn.interpret.replicates import replicate_of
from nfexplainn.interpret.unit_files import EFFECT_COLUMNS, UNIT_COLUMNS, read_tsv, write_tsv
from nfexplainn.io.tsv import iterate_tsv
from nfexplainn.motifs.formats import read_meme, write_meme
from nfexplainn.motifs.matches import known_matches
from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.motifs.naming import label, names_of

Rows = list[dict[str, object]]
WHOLE = (
    *("replicate", "rank_effect", "rank_importance", "width"),
    *("streme_place", "streme_fold", "streme_found_in", "streme_runs"),
)


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--id", required=True, help="<dataset>.<model>, prefix of the files")
    parser.add_argument("--dataset", required=True, help="D.dataset.parquet")
    parser.add_argument("--options", required=True, help="JSON file of the settings")
    parser.add_argument("--known", required=True, help="MEME file of known motifs")
    parser.add_argument("--files", required=True, type=Path, help="folder of all other files")
    parser.add_argument("--out", default=".", help="folder to write to")
    return parser.parse_args()


def main() -> None:
    """Read, judge, write."""
    args = parse()
    options = read_options(args.options, DiscoveryOptions)
    dataset = read_dataset(args.dataset)
    id, _, model = args.id.rpartition(".")
    if not id:
        raise UserError(f"--id is {args.id!r}; give <dataset>.<model>, such as oct4.explainn.")
    runs = sorted(args.files.glob(f"{args.id}.r*.units.meme"), key=replicate_of)
    effects = {run: read_tsv(_beside(run, "effects.tsv"), EFFECT_COLUMNS) for run in runs}
    dead = {run: dead_units(_beside(run, "units.tsv")) for run in runs}
    best: Rows = []
    scores: Rows = []
    timing: Rows = []
    pairs: Rows = []
    motifs: dict[str, Motif] = {}
    groups, group_motifs = evidence_of(args.files, args.id)
    folds = [None] if dataset.fold is None else range(1, dataset.meta.folds + 1)
    found: dict[str, list[FoundMotif]] = {}
    for search in searches(dataset):
        name, shared = search.name, {"side": search.side}
        results = {fold: streme_of(args.files, id, search.number, fold) for fold in folds}
        both = dataset.meta.strand_symmetric
        sides = [
            streme_candidates(result, both_strands=both, fold=fold)
            for fold, result in results.items()
        ]
        for run in runs:
            ranks = unit_ranks(effects[run], name, dead[run])
            for source, path in ((UNITS, run), (REESTIMATED, _beside(run, "reestimated.meme"))):
                if path.exists():
                    own = read_meme(path, allow_empty=True).motifs
                    reason = "" if own else "no unit has a motif"
                    state = "ok" if own else "none"
                    sides.append(Candidates(source, replicate_of(run), own, state, reason, ranks))
        for side in sides:
            # With folds each replicate, and each run of STREME, is held against its own.
            parts = search.dataset.of_replicate(side.replicate or 1)
            judged = judge(parts, search.task, [side], search.number)
            best += [shared | row for row in judged.best]
            scores += [shared | row for row in judged.scores]
            motifs |= judged.motifs
        for fold, result in results.items():
            timing += [shared | row for row in clocks(result, name, fold)]
        ended = {fold: one.motifs for fold, one in results.items() if one.state in ("ok", "none")}
        if ended:
            found.setdefault(name, []).extend(found_motifs(ended, search.side))
    for name, listed in found.items():
        pairs += pair_motifs(listed, groups, group_motifs, name)
    for run in runs:
        timing += training_clock(_beside(run, "timing.tsv"), replicate_of(run))
    annotate(best, motifs, read_meme(args.known), options)

    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    tables = (
        ("discovery", BEST_COLUMNS, best),
        ("discovery_motifs", SCORE_COLUMNS, scores),
        ("discovery_pairs", PAIR_COLUMNS, pairs),
        ("discovery_timing", TIMING_COLUMNS, timing),
    )
    for kind, columns, rows in tables:
        frame = pd.DataFrame(rows, columns=list(columns)).assign(dataset=id, model=model)
        whole = [c for c in frame if c in WHOLE]
        frame = frame.astype(dict.fromkeys(whole, "Int64"))
        write_tsv(frame, folder / f"{args.id}.{kind}.tsv")
    write_meme(MotifSet(tuple(motifs.values())), folder / f"{args.id}.discovery.meme")
    report(args.id, best)


def dead_units(path: Path) -> list[str]:
    """Give the units of a run that are dead: they have no place among the others."""
    units = read_tsv(path, UNIT_COLUMNS)
    return units.loc[units["status"] == "dead", "unit"].tolist()


def evidence_of(folder: Path, id: str) -> tuple[list[dict[str, str]], dict[str, Motif]]:
    """Read what is known of the model's groups of units, and their motifs."""
    table, meme = (folder / f"{id}.evidence.{kind}" for kind in ("tsv", "meme"))
    if not table.exists() or not meme.exists():
        return [], {}
    motifs = read_meme(meme, allow_empty=True).motifs
    return list(iterate_tsv(table)), {motif.id: motif for motif in motifs}


def _beside(run: Path, kind: str) -> Path:
    return run.with_name(run.name.removesuffix("units.meme") + kind)


def streme_of(folder: Path, id: str, number: int, fold: int | None) -> StremeResult:
    """Read STREME's run of a task (and fold), or why there was none."""
    stem = f"{id}.{file_part(number, fold)}.streme"
    outcome = folder / f"{stem}.outcome.tsv"
    if outcome.exists():
        return read_streme(
            folder / f"{stem}.txt", xml=folder / f"{stem}.xml", outcome=read_outcome(outcome)
        )
    tasks = folder / f"{id}.streme_tasks.tsv"
    if tasks.exists():
        own = str(number), "" if fold is None else str(fold)
        for row in iterate_tsv(tasks):
            if (row["number"], row["fold"]) == own and row["reason"]:
                return StremeResult("skipped", row["reason"])
    return StremeResult("failed", "its task failed (no container, or too little memory or time)")


def clocks(result: StremeResult, task: str, fold: int | None) -> Rows:
    """Give the seconds of STREME's run, and of its first motif."""
    first = result.motif_seconds[0] if result.motif_seconds else None
    clocks = {"cpu": result.cpu_seconds, "wall": result.wall_seconds, "cpu of motif 1": first}
    return [
        {"task": task, "source": STREME, "replicate": fold, "clock": clock, "seconds": seconds}
        for clock, seconds in clocks.items()
        if seconds is not None
    ]


def training_clock(path: Path, replicate: int) -> Rows:
    """Give the seconds of a training, which serves all tasks."""
    if not path.exists():
        return []
    seconds = float(read_tsv(path, ("seconds",))["seconds"].sum())
    row: dict[str, object] = {"task": "*", "source": UNITS, "replicate": replicate}
    return [row | {"clock": "wall of training", "seconds": seconds}]


def annotate(
    best: Rows, motifs: dict[str, Motif], known: MotifSet, options: DiscoveryOptions
) -> None:
    """Name the best motif of each side after the known motif that it is most like."""
    # A motif without information fits everything.
    readable = tuple(motif for motif in motifs.values() if (motif.ppm.max(axis=1) > 0.3).any())
    if not readable:
        return
    queries = MotifSet(readable)
    hits = known_matches(
        queries,
        known,
        distance=options.tomtom_distance,
        min_overlap=options.tomtom_min_overlap,
        max_q=options.q_threshold,
        min_coverage=options.min_coverage,
        min_unit_coverage=options.min_unit_coverage,
    )
    names = names_of(hits, queries, known)
    for row in best:
        name = names.get(str(row.get("logo")))
        if name is not None and name.names:
            row["annotation"] = label(name.names)
        mine = hits[hits["query_id"] == row.get("logo")]
        if len(mine):
            row["target_id"] = mine["target_id"].iloc[0]
            row["q_value"] = float(mine["q_value"].iloc[0])


def report(id: str, best: Rows) -> None:
    """Say a line per side."""
    for row in best:
        said = row["reason"] or f"{row.get('motif')} {row.get('consensus')}"
        value = row.get("auprc_test")
        shown = f"{value:.3f}" if isinstance(value, float) else "-"
        print(
            f"{id}: {row['task']}, {row['source']} {row['replicate'] or ''}: {shown} {said}",
            file=sys.stderr,
        )


if __name__ == "__main__":
    run_script(main)
