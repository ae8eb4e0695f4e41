#!/usr/bin/env python3
"""Make the motifs of a network's first filters, as those of ExplaiNN's units are made."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from nfexplainn.dataset import read_dataset
from nfexplainn.errors import UserError, run_script
from nfexplainn.interpret.options import InterpretOptions, read_options
from nfexplainn.interpret.unit_files import read_logits, write_tsv


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="R.model.safetensors")
    parser.add_argument("--dataset", required=True, help="D.dataset.parquet")
    parser.add_argument("--predictions", required=True, help="R.predictions.parquet")
    parser.add_argument("--options", required=True, help="JSON file of the settings")
    parser.add_argument("--id", required=True, help="prefix of the files written")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    parser.add_argument("--out", default=".", help="folder to write to")
    return parser.parse_args()


def main() -> None:
    """Read, scan, write."""
    args = parse()
    options = read_options(args.options, InterpretOptions)
    dataset = read_dataset(args.dataset)
    logits = read_logits(args.predictions, dataset)

    import torch

    from nfexplainn.device import prepare_device
    from nfexplainn.interpret.filters import filter_motifs
    from nfexplainn.interpret.scan import Filters, Scanner, TableScanner
    from nfexplainn.interpret.tables import unit_table
    from nfexplainn.models.checkpoint import load_model
    from nfexplainn.models.first_layer import first_layer
    from nfexplainn.motifs.formats import write_meme
    from nfexplainn.motifs.motif import MotifSet
    from nfexplainn.native import library
    from nfexplainn.native.scan import NativeScanner

    prepare_device(torch.device("cpu"), args.threads)
    loaded = load_model(args.model)
    layer = first_layer(loaded.model)
    if layer is None:
        raise UserError(
            f"{args.model}: a {loaded.header.architecture} has no first layer to read; give one of"
            " the convolutional networks."
        )
    if loaded.header.tasks != dataset.meta.tasks:
        raise UserError(
            f"{args.model}: the model's tasks are {', '.join(loaded.header.tasks)}, but"
            f" {args.dataset} has {', '.join(dataset.meta.tasks)}; give the data set that it was"
            " trained on."
        )
    make_scanner: Callable[[Filters], Scanner] = TableScanner
    if options.kernel != "torch":
        try:
            library.load()
            make_scanner = partial(NativeScanner, threads=args.threads)
        except library.KernelError as error:
            if options.kernel == "native":
                raise UserError(f"kernel native was asked for, but {error}; use auto.") from error
            print(f"no kernel, since {error}", file=sys.stderr)
    found = filter_motifs(
        layer,
        dataset,
        logits,
        options,
        both_strands=loaded.header.strand_symmetric,
        make_scanner=make_scanner,
    )
    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    write_tsv(unit_table(found.states, found.width), folder / f"{args.id}.filters.tsv")
    motifs = tuple(state.motif for state in found.states if state.motif is not None)
    write_meme(MotifSet(motifs), folder / f"{args.id}.filters.meme")
    print(
        f"{args.id}: {len(motifs)} of {len(found.states)} filters have a motif"
        f" ({found.sequences:,} well-predicted sequences)",
        file=sys.stderr,
    )


if __name__ == "__main__":
    run_script(main)
