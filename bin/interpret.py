#!/usr/bin/env python3
"""Interpret a trained model: motifs, states, importances and effects of its units."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from nfexplainn.arguments import read_replicate_arguments
from nfexplainn.data.dataset import read_dataset
from nfexplainn.errors import run_script
from nfexplainn.interpret.options import InterpretOptions, read_options
from nfexplainn.interpret.progress import Progress
from nfexplainn.interpret.replicates import own_parts
from nfexplainn.interpret.unit_files import read_logits, write_tsv


def main() -> None:
    """Read, interpret, write."""
    args = read_replicate_arguments(__doc__)
    options = read_options(args.options, InterpretOptions)
    dataset = own_parts(read_dataset(args.dataset), args.id)
    logits = read_logits(args.predictions, dataset)

    from nfexplainn.cpu import prepare_cpu
    from nfexplainn.filters import Filters
    from nfexplainn.interpret import tables
    from nfexplainn.interpret.flanks import FlankScanner
    from nfexplainn.interpret.outputs import OutputCollector, write_outputs
    from nfexplainn.interpret.run import interpret_model
    from nfexplainn.models.checkpoint import check_tasks, load_model
    from nfexplainn.scanner import Scanner, TableScanner

    prepare_cpu(args.threads)
    loaded = load_model(args.model, kernel=options.kernel, threads=args.threads)
    model = loaded.model
    check_tasks(args.model, loaded.header.tasks, args.dataset, dataset.meta.tasks)
    make_scanner: Callable[[Filters], Scanner] = TableScanner
    if model.kernel == "native":
        from nfexplainn.native.scan import NativeScanner

        make_scanner = partial(NativeScanner, threads=args.threads)
    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    prefix = folder / args.id
    scanner = FlankScanner(model.filters(), make_scanner)
    kept = OutputCollector(dataset, scanner.units, loaded.header.strand_symmetric)
    result = interpret_model(
        model,
        dataset,
        logits,
        f"{prefix}.importances.parquet",
        options,
        both_strands=loaded.header.strand_symmetric,
        report=Progress("chunks interpreted"),
        make_scanner=lambda _: scanner,
        keep=kept.add,
    )
    width = model.filters().weights.shape[2]
    write_tsv(tables.unit_table(result.states, width), f"{prefix}.units.tsv")
    write_tsv(tables.effect_table(result, dataset.meta.tasks), f"{prefix}.effects.tsv")
    # Units that started from known profiles carry their names.
    started = loaded.header.training.get("initial_profiles", ())
    tables.write_motifs(result.states, prefix, started)
    if options.recipe == "robust":
        tables.write_second_motifs(result, dataset, prefix, loaded.header.strand_symmetric)
    tables.write_selection(result, dataset, f"{prefix}.well_predicted.tsv")
    loss = str(loaded.header.training.get("loss", ""))
    write_outputs(kept.store(model, scanner, result.thresholds, loss), f"{prefix}.outputs.npz")
    with_motif = sum(state.motif is not None for state in result.states)
    print(
        f"{args.id}: {int(result.selection.chosen.sum()):,} well-predicted sequences"
        f" ({result.selection.rule}); {with_motif} of {len(result.states)} units have a motif",
        file=sys.stderr,
    )


if __name__ == "__main__":
    run_script(main)
