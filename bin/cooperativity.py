#!/usr/bin/env python3
"""Put pairs of motifs into random sequences at every distance, and predict them with a model."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.analyses.cooperativity.effects import PairMarginalizer, backbones
from nfexplainn.analyses.cooperativity.options import CooperativityOptions
from nfexplainn.analyses.cooperativity.pairs import (
    CURVE_COLUMNS,
    VERDICT_COLUMNS,
    Reader,
    analyse_pairs,
)
from nfexplainn.analyses.cooperativity.sites import PAIR_COLUMNS, Pair, letters_of
from nfexplainn.arguments import replicate_parser
from nfexplainn.data.dataset import Dataset, read_dataset
from nfexplainn.errors import run_script
from nfexplainn.interpret.options import read_options
from nfexplainn.interpret.replicates import own_parts, run_of
from nfexplainn.interpret.status import unit_name
from nfexplainn.interpret.unit_files import read_rows
from nfexplainn.io.tsv import write_tsv


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = replicate_parser(__doc__, "dataset")
    parser.add_argument("--pairs", required=True, help="D.cooperativity_pairs.tsv")
    parser.add_argument(
        "--trust-programs", action="store_true", help="load models that may contain code"
    )
    return parser.parse_args()


def read_pairs(path: str) -> list[Pair]:
    """Read the pairs, with empty cells as empty texts."""
    columns = ("kind", "first", "second", "first_word", "second_word", "reason")
    return [Pair(*(row[name] for name in columns)) for row in read_rows(path, PAIR_COLUMNS)]


def bare_sequences(dataset: Dataset, n: int) -> dna.Codes:
    """Draw backbones of the data set's length, with N where all of its sequences are padded."""
    bare = backbones(n, dataset.meta.length, dataset.meta.seed)
    bare[:, (dataset.codes == dna.N_CODE).all(axis=0)] = dna.N_CODE
    return bare


def main() -> None:
    """Ask, judge, write."""
    args = parse()
    options = read_options(args.options, CooperativityOptions)
    pairs = read_pairs(args.pairs)
    run = run_of(args.id)
    dataset = own_parts(read_dataset(args.dataset), args.id)

    from nfexplainn.cpu import prepare_cpu
    from nfexplainn.evaluation.predict import predict_logits
    from nfexplainn.models.checkpoint import load_model

    prepare_cpu(args.threads)
    loaded = load_model(
        args.model,
        kernel=options.kernel,
        threads=args.threads,
        trust_programs=args.trust_programs,
    )
    model, both = loaded.model, loaded.header.strand_symmetric
    tasks = loaded.header.tasks
    predict: Callable[[dna.Codes], NDArray[np.floating]]
    if loaded.header.architecture == "explainn":

        def units(codes: dna.Codes) -> NDArray[np.floating]:
            outputs = model.unit_outputs(codes)
            if not both:
                return outputs
            other = model.unit_outputs(dna.reverse_complement(codes))
            return np.asarray((outputs.astype(np.float64) + other) / 2)

        predict = units
        names = tuple(unit_name(unit) for unit in range(model.final_weight.shape[1]))
        weights, bias = model.final_weight, model.final_bias
        reader = Reader(weights.astype(np.float64), bias.astype(np.float64), names)
    else:

        def logits(codes: dna.Codes) -> NDArray[np.floating]:
            return predict_logits(model, codes, average_strands=both)

        predict = logits
        reader = Reader(np.eye(len(tasks)), np.zeros(len(tasks)))
    words = [
        word for pair in pairs if not pair.reason for word in (pair.first_word, pair.second_word)
    ]
    marginalizer = PairMarginalizer(
        bare_sequences(dataset, options.cooperativity_backbones),
        predict,
        letters_of(words, options.cooperativity_backbones, dataset.meta.seed),
        options.cooperativity_step,
    )
    found = analyse_pairs(marginalizer, pairs, reader, tasks, options.filter_length)
    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    tables = (
        ("cooperativity", CURVE_COLUMNS, found.curves),
        ("cooperativity_verdict", VERDICT_COLUMNS, found.verdicts),
    )
    for kind, columns, rows in tables:
        table = [[(run | row).get(name) for name in columns] for row in rows]
        write_tsv(folder / f"{args.id}.{kind}.tsv", columns, table)
    seen = [row for row in found.verdicts if row.get("distance_dependent")]
    print(
        f"{args.id}: {len(pairs)} pairs; a change with distance in {len(seen)} of"
        f" {sum(row.get('distance_dependent') is not None for row in found.verdicts)} cases",
        file=sys.stderr,
    )


if __name__ == "__main__":
    run_script(main)
