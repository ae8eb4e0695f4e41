"""Variants and mutagenesis: CPU seconds beside a full evaluation of every changed sequence.

Models of 100 units on 200 bp, in a random genome of 1 Mb. ``snv`` and ``indel`` are the whole step
from the file to TSV, Parquet and VCF, scaled to a million alleles; beside them, the evaluation of
both alleles by the same kernel and nothing else. ``mutagenesis`` is a sequence, with all of its 600
changes split by motif and written. ``peak_mib`` is the memory of the whole process, for as many
alleles and for a quarter of them: it does not grow with their number.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from harness import peak, print_line

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bin"))

from nfexplainn import dna
from nfexplainn.analyses.explain.mutagenesis import single_mutations, write_mutagenesis
from nfexplainn.analyses.variants.alleles import Checker, check_file
from nfexplainn.analyses.variants.random_variants import Background
from nfexplainn.analyses.variants.run import CHUNK, Given, judge_all
from nfexplainn.analyses.variants.score import Replicate, VariantScorer
from nfexplainn.interpret.motif_rows import MotifRows, RowSplitter, leading_rows, read_motif_rows
from nfexplainn.io.genome import Genome, open_genome
from nfexplainn.io.variant_files import read_variants
from nfexplainn.models.checkpoint import LoadedModel, ModelHeader
from nfexplainn.models.config import ExplaiNNConfig
from nfexplainn.models.explainn_weights import initial_weights
from nfexplainn.models.native_model import NativeExplaiNN

LENGTH, UNITS, ROWS, REPLICATES = 200, 100, 50, 3
GENOME = 1_000_000
MILLION = 1_000_000


def make_rows() -> MotifRows:
    """Put the units of all replicates into rows."""
    lines = []
    for row in range(ROWS):
        units = [
            f"r{replicate}:unit_{unit + 1:03d}"
            for replicate in range(1, REPLICATES + 1)
            for unit in range(row, UNITS, ROWS)
        ]
        cells = (f"row_{row + 1:03d}", f"M{row}", "ACGT", ",".join(units), "false", "a")
        columns = ("motif", "name", "consensus", "units", "supported", "task")
        lines.append(dict(zip(columns, cells, strict=True)))
    return read_motif_rows(lines)


def make_replicates() -> list[Replicate]:
    """Make models with random weights, whose units answer."""
    config = ExplaiNNConfig(LENGTH, 1, units=UNITS)
    found = []
    for number in range(1, REPLICATES + 1):
        model = NativeExplaiNN(config, initial_weights(config, number))
        header = ModelHeader("explainn", vars(config), ("a",), replicate=number)
        found.append(Replicate(number, LoadedModel(model, header), np.full(UNITS, 0.8)))
    return found


def make_genome(folder: Path) -> Genome:
    """Write and open a random genome."""
    codes = np.random.default_rng(1).integers(0, 4, (1, GENOME)).astype(np.uint8)
    (folder / "genome.fa").write_text(f">chr1\n{dna.decode(codes)[0]}\n")
    return open_genome(folder / "genome.fa", "genome.fa")


def write_vcf(genome: Genome, path: Path, count: int, kind: str) -> None:
    """Write SNVs, or insertions and deletions of 1 to 10 bp."""
    rng = np.random.default_rng(2)
    places = np.sort(rng.integers(LENGTH, GENOME - LENGTH, count))
    wide = dna.decode(genome.fetch(np.zeros(count, np.int64), places, 12))
    with path.open("w") as out:
        out.write("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
        for at, (place, text) in enumerate(zip(places.tolist(), wide, strict=True)):
            ref, alt = text[0], "ACGT"[("ACGT".index(text[0]) + 1) % 4]
            if kind == "indel":
                size = int(rng.integers(2, 12))
                ref, alt = (text[:size], text[0]) if at % 2 else (text[0], text[0] + text[1:size])
            out.write(f"chr1\t{place + 1}\t.\t{ref}\t{alt}\t.\t.\t.\n")


def judge_seconds(folder: Path, genome: Genome, count: int, kind: str) -> float:
    """CPU seconds of the whole step."""
    source = folder / f"{kind}.vcf"
    write_vcf(genome, source, count, kind)
    scorer = VariantScorer(make_replicates(), make_rows(), genome)
    sizes = np.sort(np.random.default_rng(3).random((2000, 1)), axis=0)
    background = Background(dict.fromkeys(("SNV", "insertion", "deletion"), sizes))
    begin = time.process_time()
    checker = Checker(source.name, genome, LENGTH, (0,))
    alleles = folder / "alleles.parquet"
    check_file(read_variants(source, source.name), checker, alleles, folder / "left_out.tsv")
    judge_all(scorer, background, genome, Given(alleles, source, source.name), folder / "m")
    return time.process_time() - begin


def evaluation_seconds(sequences: int) -> float:
    """CPU seconds of evaluating both strands of sequences by all replicates."""
    codes = np.random.default_rng(4).integers(0, 4, (CHUNK, LENGTH)).astype(np.uint8)
    models = [one.loaded.model for one in make_replicates()]
    begin = time.process_time()
    for model in models:
        model.unit_outputs(codes)
        model.unit_outputs(dna.reverse_complement(codes))
    return (time.process_time() - begin) * sequences / CHUNK


def mutagenesis_seconds(folder: Path, sequences: int) -> tuple[float, float]:
    """CPU seconds per sequence: of the map, and of evaluating each mutated sequence in full."""
    codes = np.random.default_rng(5).integers(0, 4, (sequences, LENGTH)).astype(np.uint8)
    replicate = make_replicates()[0]
    model = replicate.loaded.model
    splitter = RowSplitter(model, True, leading_rows(make_rows(), 10), 1)
    names = [f"s{at}" for at in range(sequences)]
    begin = time.process_time()
    write_mutagenesis(splitter, codes, names, ("a",), folder / "m.npz")
    middle = time.process_time()
    edited = single_mutations(codes)[0].codes
    model.unit_outputs(edited)
    model.unit_outputs(dna.reverse_complement(edited))
    return (middle - begin) / sequences, (time.process_time() - middle) / sequences


def peak_mib(count: int) -> float:
    """Peak memory of a process of its own that judges so many SNVs."""
    command = [sys.executable, __file__, "--peak-of", str(count)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    """Measure, and print a line per case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alleles", type=int, default=100_000)
    parser.add_argument("--sequences", type=int, default=200)
    parser.add_argument("--peak-of", type=int, help="judge so many SNVs, and print the memory")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        genome = make_genome(folder)
        if args.peak_of:
            judge_seconds(folder, genome, args.peak_of, "snv")
            print(peak())
            return
        full = evaluation_seconds(2 * MILLION)
        for kind, windows in (("snv", 1.0), ("indel", 1.5)):
            seconds = judge_seconds(folder, genome, args.alleles, kind) * MILLION / args.alleles
            print_line("variants", f"{kind}_1e6_r{REPLICATES}_t1", seconds, full * windows)
        print_line("variants", "mutagenesis_l200_t1", *mutagenesis_seconds(folder, args.sequences))
    few, many = peak_mib(args.alleles // 4), peak_mib(args.alleles)
    print_line("variants", f"peak_mib_{args.alleles}", many, few)


if __name__ == "__main__":
    main()
