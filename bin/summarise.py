#!/usr/bin/env python3
"""Name the units of all replicates, join their results, judge the model, draw logos."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from nfexplainn.data.dataset import Dataset, read_meta
from nfexplainn.errors import UserError, run_script
from nfexplainn.evaluation.gather import gather_evidence
from nfexplainn.evaluation.lift import NOT_TESTED, SupportedMotifs, supported_motifs
from nfexplainn.evaluation.verdict import verdict_record
from nfexplainn.interpret.columns import TOMTOM_COLUMNS
from nfexplainn.interpret.options import AnnotateOptions, read_options
from nfexplainn.interpret.replicates import replicate_of
from nfexplainn.interpret.summary import ended_early, final_units
from nfexplainn.interpret.support import SUPPORT_COLUMNS, annotate_files
from nfexplainn.interpret.unit_files import EFFECT_COLUMNS, UNIT_COLUMNS, read_tsv, write_tsv
from nfexplainn.io.reading import read_json
from nfexplainn.io.text import write_text
from nfexplainn.io.tsv import iterate_tsv
from nfexplainn.motifs.complexity import low_complexity
from nfexplainn.motifs.formats import read_meme, read_motifs, write_meme
from nfexplainn.motifs.logos import write_svg_logos

METRIC_COLUMNS = ("replicate", "split", "task", "against", "metric", "value")


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--id", required=True, help="prefix of the files written: D.<model>")
    for name in ("units", "effects", "history", "metrics"):
        text = f"{name} of all replicates"
        parser.add_argument(f"--{name}", required=True, nargs="+", help=text)
    parser.add_argument("--best", required=True, type=int, help="the replicate that is shown")
    parser.add_argument("--motif-set", required=True, help="known motifs, MEME or JASPAR format")
    parser.add_argument("--baseline", required=True, help="D.baseline.tsv")
    parser.add_argument("--counts", required=True, help="D.counts.tsv")
    parser.add_argument("--predictions", nargs="*", default=[], help="of all replicates")
    parser.add_argument(
        "--outputs", nargs="*", default=[], help="outputs of the units of all replicates"
    )
    parser.add_argument("--dataset", help="D.dataset.parquet: its assay decides what is advised")
    parser.add_argument("--options", required=True, help="JSON file of the settings")
    parser.add_argument("--out", default=".", help="folder to write to")
    return parser.parse_args()


def by_replicate(paths: list[str], columns: tuple[str, ...]) -> dict[int, pd.DataFrame]:
    """Read a table of every replicate."""
    tables = {replicate_of(path): read_tsv(path, columns) for path in paths}
    return dict(sorted(tables.items()))


def main() -> None:
    """Read, name, join, judge, draw, write."""
    args = parse()
    dataset, _, model = args.id.rpartition(".")
    if not dataset:
        raise UserError(f"--id is {args.id!r}; give <dataset>.<model>, such as oct4.explainn.")
    folder = Path(args.out)
    compared = read_options(args.options, AnnotateOptions)
    tomtom, support = annotate_files(args.units, args.motif_set, compared, folder, args.id)
    unit_files = [path for path in args.units if path.endswith(".tsv")]
    table = final_units(
        dataset,
        model,
        by_replicate(unit_files, UNIT_COLUMNS),
        by_replicate(args.effects, EFFECT_COLUMNS),
        read_tsv(tomtom, TOMTOM_COLUMNS),
        read_tsv(support, SUPPORT_COLUMNS),
    )
    histories = by_replicate(args.history, ("epoch", "valid_loss", "best"))
    best = args.best
    if best not in histories:
        raise UserError(f"--history lacks replicate {best}, which --best names; give it too.")
    options = read_json(args.options, args.options)
    metrics = pd.concat([read_tsv(path, METRIC_COLUMNS) for path in args.metrics])
    motifs = write_evidence(table, args, model, compared, folder) if args.outputs else NOT_TESTED
    meta = read_meta(args.dataset) if args.dataset else None
    evidence, by_task = gather_evidence(
        metrics,
        read_tsv(args.baseline, METRIC_COLUMNS),
        read_tsv(args.counts, ("split", "task", "positives")),
        ended_early=len(ended_early(histories)),
        max_epochs=options.get("max_epochs") or max(map(len, histories.values())),
        assay=meta.assay if meta else "",
        folds=meta.folds if meta else 1,
        recipe=options.get("recipe", ""),
        motifs=motifs,
    )
    record = verdict_record(dataset, model, best, evidence, by_task)
    record |= contrast_verdict(folder / f"{args.id}.contrast.tsv")

    write_tsv(table, folder / f"{args.id}.units.tsv")
    write_joint(table, args, model, folder)
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    write_text(folder / f"{args.id}.verdict.json", text)
    drawn = draw_logos(table, best, args, folder / "logos")
    print(f"{args.id}: {record['verdict']}. {record['reason']}", file=sys.stderr)
    print(f"{args.id}: logos of {drawn} annotated units of replicate {best}", file=sys.stderr)


def write_joint(table: pd.DataFrame, args: argparse.Namespace, model: str, folder: Path) -> None:
    """Write what the replicates say together: consensus motifs, and the scores of their mean."""
    from nfexplainn.interpret.ensemble import consensus_of, mean_logits

    motifs = {
        replicate_of(path): read_meme(path, allow_empty=True)
        for path in args.units
        if path.endswith(".meme")
    }
    consensus, joined = consensus_of(table, motifs)
    write_tsv(consensus, folder / f"{args.id}.consensus.tsv")
    write_meme(joined, folder / f"{args.id}.consensus.meme")
    if len(args.predictions) < 2:
        return
    if not args.dataset:
        raise UserError("--predictions needs --dataset; give D.dataset.parquet.")

    from nfexplainn.data import tables
    from nfexplainn.data.dataset import read_dataset
    from nfexplainn.evaluation import metrics

    sequences = read_dataset(args.dataset)
    if sequences.fold is not None:
        return  # each replicate has trained on what another is tested on
    logits = mean_logits(sorted(args.predictions, key=replicate_of), sequences)
    rows = metrics.rows(sequences, logits, model=model, replicate=None)
    scores = [[row[column] for column in metrics.COLUMNS] for row in rows]
    tables.write_tsv(folder / f"{args.id}.ensemble.tsv", metrics.COLUMNS, scores)


def write_evidence(
    table: pd.DataFrame,
    args: argparse.Namespace,
    model: str,
    options: AnnotateOptions,
    folder: Path,
) -> SupportedMotifs:
    """Write what groups of units are worth on unseen sequences, the fewest, and the best PWMs.

    Returns
    -------
    SupportedMotifs
        What the verdict needs of it.
    """
    if not args.dataset:
        raise UserError("--outputs needs --dataset; give D.dataset.parquet.")

    from nfexplainn.data.dataset import read_dataset
    from nfexplainn.evidence.best_pwms import best_pwms, fold_views
    from nfexplainn.evidence.tables import evidence_of
    from nfexplainn.interpret.outputs import read_outputs

    sequences = read_dataset(args.dataset)
    stored = {
        number: read_outputs(path, sequences.of_replicate(number))
        for number, path in ((replicate_of(path), path) for path in args.outputs)
    }
    known = read_motifs(args.motif_set, name=Path(args.motif_set).name)
    evidence = evidence_of(sequences, model, stored, table, known, options)
    write_tsv(evidence.rows, folder / f"{args.id}.evidence.tsv")
    write_tsv(evidence.tasks, folder / f"{args.id}.evidence_tasks.tsv")
    write_tsv(evidence.minimal, folder / f"{args.id}.minimal.tsv")
    write_meme(evidence.motifs, folder / f"{args.id}.evidence.meme")
    whole, folds = fold_views(sequences, evidence.motifs, evidence.fold_motifs)
    if evidence.sides is not None:
        write_contrast(sequences, evidence.rows, evidence.sides, args, model, folder)
    best, pwms = best_pwms(sequences, model, evidence.rows, whole, folds)
    write_tsv(best, folder / f"{args.id}.best_pwms.tsv")
    write_meme(pwms, folder / f"{args.id}.best_pwms.meme")
    simple = {motif.id for motif in evidence.motifs.motifs if low_complexity(motif.ppm)}
    return supported_motifs(evidence.rows, evidence.tasks, simple)


def write_contrast(
    sequences: Dataset,
    rows: pd.DataFrame,
    sides: pd.DataFrame,
    args: argparse.Namespace,
    model: str,
    folder: Path,
) -> None:
    """Write whether sequence tells the sides of a contrast apart, by what, and which motifs."""
    import numpy as np

    from nfexplainn.evidence.contrast import answer_of, motif_table
    from nfexplainn.evidence.tables import clusters_of
    from nfexplainn.interpret.unit_files import read_logits

    motifs = motif_table(rows, sides)
    logits = {replicate_of(path): read_logits(path, sequences) for path in args.predictions}
    clusters = clusters_of(sequences, np.arange(len(sequences)))
    answer = answer_of(sequences, model, logits, clusters, motifs)
    write_tsv(answer, folder / f"{args.id}.contrast.tsv")
    write_tsv(motifs, folder / f"{args.id}.contrast_motifs.tsv")


def contrast_verdict(path: Path) -> dict[str, Any]:
    """Give the verdict on a contrast; nothing for other data sets, which have no such table."""
    if not path.exists():
        return {}
    from nfexplainn.evidence.contrast_words import verdict_of

    (row,) = iterate_tsv(path)
    a, b = ([name for name in row[f"names_{at}"].split(",") if name] for at in "ab")
    values = not row["auroc"]
    score = float(row["pearson"] if values else row["auroc"])
    return verdict_of(row["answer"], (row["a"], row["b"]), (a, b), score, values)


def draw_logos(table: pd.DataFrame, best: int, args: argparse.Namespace, folder: Path) -> int:
    """Draw the annotated units of the best replicate as SVG; give their number."""
    rows = table[(table["replicate"] == best) & table["annotation"].notna()]
    annotations = dict(zip(rows["unit"], rows["annotation"], strict=True))
    meme = [p for p in args.units if p.endswith(".meme") and replicate_of(p) == best]
    if not meme:
        raise UserError(f"--units lacks the units.meme of replicate {best}; give it.")
    motifs = [
        dataclasses.replace(motif, id=f"{args.id}.r{best}.{motif.id}", name=annotations[motif.id])
        for motif in read_meme(meme[0], allow_empty=True).motifs
        if motif.id in annotations
    ]
    write_svg_logos(motifs, folder)
    return len(motifs)


if __name__ == "__main__":
    run_script(main)
