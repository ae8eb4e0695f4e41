#!/usr/bin/env python3
"""Make motifs of a network's first-layer filters in the same way as of ExplaiNN's units."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from nfexplainn.arguments import read_replicate_arguments
from nfexplainn.data.dataset import read_dataset
from nfexplainn.errors import UserError, run_script
from nfexplainn.interpret.options import InterpretOptions, read_options
from nfexplainn.interpret.replicates import own_parts
from nfexplainn.interpret.unit_files import read_logits, write_tsv


def main() -> None:
    """Read, scan, write."""
    args = read_replicate_arguments(__doc__)
    options = read_options(args.options, InterpretOptions)
    dataset = own_parts(read_dataset(args.dataset), args.id)
    logits = read_logits(args.predictions, dataset)

    import torch

    from nfexplainn.filters import Filters
    from nfexplainn.interpret.filter_sites import write_sites
    from nfexplainn.interpret.filters import filter_motifs
    from nfexplainn.interpret.tables import unit_table
    from nfexplainn.models.checkpoint import check_tasks
    from nfexplainn.models.device import prepare_device
    from nfexplainn.models.first_layer import first_layer
    from nfexplainn.models.modules import load_module
    from nfexplainn.motifs.formats import write_meme
    from nfexplainn.motifs.motif import MotifSet
    from nfexplainn.native import library
    from nfexplainn.native.scan import NativeScanner
    from nfexplainn.scanner import Scanner, TableScanner

    prepare_device(torch.device("cpu"), args.threads)
    loaded = load_module(args.model)
    layer = first_layer(loaded.model)
    if layer is None:
        raise UserError(
            f"{args.model}: a {loaded.header.architecture} has no first layer to interpret; give"
            " one of the convolutional networks."
        )
    check_tasks(args.model, loaded.header.tasks, args.dataset, dataset.meta.tasks)
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
    write_sites(found.sites, folder / f"{args.id}.filters.npz")
    motifs = tuple(state.motif for state in found.states if state.motif is not None)
    write_meme(MotifSet(motifs), folder / f"{args.id}.filters.meme")
    print(
        f"{args.id}: {len(motifs)} of {len(found.states)} filters have a motif"
        f" ({found.sequences:,} well-predicted sequences)",
        file=sys.stderr,
    )


if __name__ == "__main__":
    run_script(main)
