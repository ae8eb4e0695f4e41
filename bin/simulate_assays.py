#!/usr/bin/env python3
"""Make small simulated data of several assays: JASPAR motifs planted in real sequences."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from nfexplainn.errors import UserError, run_script
from nfexplainn.io.fasta import read_fasta
from nfexplainn.motifs.formats import read_motifs
from nfexplainn.simulation import assays as sim


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", nargs="+", required=True, help="FASTA of equal lengths")
    parser.add_argument("--motif-set", required=True, help="MEME file of known motifs")
    parser.add_argument("--motifs", default="REST,CEBPB,EBF1,HNF1A", help="names, a cell type each")
    parser.add_argument("--share", type=float, default=0.3, help="share of windows with a motif")
    parser.add_argument("--cells", type=int, default=160, help="single cells")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--out", default=".", help="folder to write to")
    return parser.parse_args()


def main() -> None:
    """Read, plant, write."""
    args = parse()
    files = [read_fasta(path, path) for path in args.sequences]
    codes = np.concatenate([f.cut(np.arange(len(f.names)), int(f.lengths.min())) for f in files])
    codes = codes[(codes < 4).all(axis=1)]
    known = {motif.name: motif for motif in read_motifs(args.motif_set).motifs}
    missing = [name for name in args.motifs.split(",") if name not in known]
    if missing:
        raise UserError(f"{args.motif_set}: there is no motif called '{missing[0]}'; name others.")
    motifs = [known[name] for name in args.motifs.split(",")]
    streams = iter(np.random.default_rng(args.seed).spawn(8))
    made = sim.simulate(codes, motifs, args.share, next(streams))
    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    sim.write_genome(made, folder / "simulated_genome.fa.gz")
    sim.write_matrix(made, folder / "simulated_matrix.tsv.gz", next(streams))
    sim.write_accessibility(made, folder / "simulated_accessibility.tsv.gz", next(streams))
    sim.write_cells(made, folder / "simulated_cells.h5ad", args.cells, next(streams))
    sim.write_starrseq(made, folder / "simulated_starrseq.tsv.gz", next(streams))
    sim.write_selex(motifs[-1], folder, "simulated_selex", next(streams))
    sim.write_pbm(motifs[1], folder / "simulated_pbm.tsv.gz", 3000, next(streams))


if __name__ == "__main__":
    run_script(main)
