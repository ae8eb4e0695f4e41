"""A genome, models with rows of motifs, and their variants, for the tests of variants."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from test_explain import CONFIG, LENGTH, TASKS, UNITS, untrained
from test_mutagenesis import table

from nfexplainn import dna
from nfexplainn.analyses.variants.score import Replicate, VariantScorer
from nfexplainn.interpret.motif_rows import MotifRows, read_motif_rows
from nfexplainn.io.genome import Genome, open_genome
from nfexplainn.models.checkpoint import LoadedModel, ModelHeader
from nfexplainn.models.modules import weights_of
from nfexplainn.models.native_model import NativeExplaiNN
from nfexplainn.models.torch_model import TorchModel

HEADER = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
LIMIT = 1.2
SIZES = {"chrA": 4000, "chrB": 900}


def write_genome(folder: Path, seed: int = 8) -> Genome:
    """Write and open a random genome with a run of N."""
    rng = np.random.default_rng(seed)
    texts = {name: "".join(rng.choice(list("ACGT"), size)) for name, size in SIZES.items()}
    texts["chrA"] = texts["chrA"][:2000] + "N" * 10 + texts["chrA"][2010:]
    fasta = "".join(f">{name}\n{text}\n" for name, text in texts.items())
    (folder / "genome.fa").write_text(fasta)
    return open_genome(folder / "genome.fa", "genome.fa")


def bases(genome: Genome, chrom: str, position: int, width: int = 1) -> str:
    """Bases of the genome from a position on, which counts from 1."""
    code = np.array([genome.names.index(chrom)])
    return dna.decode(genome.fetch(code, np.array([position - 1]), width))[0]


def other(base: str, step: int = 1) -> str:
    """Another base."""
    return "ACGT"[("ACGT".index(base) + step) % 4]


def motif_rows() -> MotifRows:
    """Rows over two replicates."""
    return read_motif_rows([*table("a"), *table("b")])


def replicate(number: int, kernel: str = "native", both: bool = True) -> Replicate:
    """An untrained replicate whose units all have a threshold."""
    module = untrained(number)
    model = NativeExplaiNN(CONFIG, weights_of(module)) if kernel == "native" else TorchModel(module)
    header = ModelHeader("explainn", vars(CONFIG), TASKS, strand_symmetric=both, replicate=number)
    return Replicate(number, LoadedModel(model, header), np.full(UNITS, LIMIT))


def scorer(
    genome: Genome,
    kernel: str = "native",
    both: bool = True,
    offsets: tuple[int, ...] = (0,),
    rows: MotifRows | None = None,
) -> VariantScorer:
    """Two replicates, ready to judge."""
    replicates = [replicate(number, kernel, both) for number in (1, 2)]
    return VariantScorer(replicates, motif_rows() if rows is None else rows, genome, offsets)


__all__ = ["LENGTH", "TASKS", "UNITS"]
