"""The sets of ``contrasts``: pairs of factors, sets without a difference, and planted ones."""

from __future__ import annotations

import atexit
import gzip
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from evidence_sets import DEMO, PLANTED, motif

from nfexplainn import dna
from nfexplainn.assays import peaks
from nfexplainn.assays.contrast import Side, side_of
from nfexplainn.assays.spec import InputFile, Options, Row, Spec
from nfexplainn.io.fasta import read_fasta
from nfexplainn.simulation.sequences import background, plant

MOST_A_SIDE = 2_500
GENOMES = {"chr22": "chr22_hg19_partial.fa.gz", "yeast": "sacCer3_R64.fa.gz"}
NULLS = ("null", "unequal", "shifted", "matched")
SIMULATED = ("planted", "large", "swap")
# The place of a kind is part of its sets' seeds: new ones come last.
KINDS = ("real", *NULLS, *SIMULATED)
A_SIDE = {"planted": 2_000, "large": 5_000, "swap": 1_000}
WORDS = tuple(PLANTED)[:2]
FOLDS = 5


@dataclass(frozen=True)
class Source:
    """Where the sequences of a side come from, and how long they are.

    Attributes
    ----------
    file : str
        In ``chipseq/``; of the demo's, its name alone.
    genome : str
        Of :data:`GENOMES`; empty for FASTA.
    """

    file: str
    length: int
    genome: str = ""


def _chr22(name: str) -> Source:
    return Source(f"chr22_hg19/HepG2.{name}.narrowPeak", 200, "chr22")


FOXA1, CTCF = Source("FOXA1_HepG2.train_pos.fa.gz", 100), Source("CTCF_100bp.fa.gz", 100)
PAIRS = {
    "REB1:ABF1": (
        Source("yeast_Reb1_chexmix.bed", 200, "yeast"),
        Source("yeast_Abf1_chexmix.bed", 200, "yeast"),
    ),
    "FOXA1:CEBPB": (_chr22("FOXA1"), _chr22("CEBPB")),
    "CTCF:JUND": (_chr22("CTCF"), _chr22("JUND")),
    "FOXA1:CTCF": (FOXA1, CTCF),
    "REST:GABPA": (
        Source("REST_GM12878.train_pos.fa.gz", 101),
        Source("GABPA_GM12878.train_pos.fa.gz", 101),
    ),
    "MAFK:OCT4": (Source("MAFK_H1hESC_200bp.fa.gz", 200), Source("OCT4_H1hESC_200bp.fa.gz", 200)),
}


@cache
def unpacked(path: Path) -> Path:
    """Unpack a genome into a folder that lasts as long as this process."""
    folder = Path(tempfile.mkdtemp(prefix="contrasts-"))
    atexit.register(shutil.rmtree, folder)
    out = folder / path.name.removesuffix(".gz")
    with gzip.open(path) as packed, out.open("wb") as plain:
        shutil.copyfileobj(packed, plain)
    return out


def read_side(name: str, source: Source, data: Path) -> Side:
    """Read the sequences of a side; those without N."""
    path = data / "chipseq" / source.file
    path = path if path.exists() else DEMO / source.file
    if source.genome:
        genome = unpacked(data / "genome" / GENOMES[source.genome])
        options = Options(width=source.length, negatives="shuffle", folds=FOLDS)
        spec = Spec(
            name,
            "peaks",
            (Row(name, 0),),
            (InputFile(path.name, str(path)),),
            options,
            InputFile(genome.name, str(genome)),
        )
        return side_of(name, peaks.prepare(spec).dataset, spec.rows[0])
    fasta = read_fasta(path, path.name)
    rows = np.flatnonzero(fasta.lengths >= source.length)
    codes = fasta.cut(rows, source.length)
    good = ~(codes == dna.N_CODE).any(axis=1)
    return side(name, codes[good], [fasta.names[row] for row in rows[good].tolist()])


def side(name: str, codes: dna.Codes, names: Sequence[str] = ()) -> Side:
    """Make a side of sequences."""
    return Side(
        name,
        list(names) or [f"{name}{row}" for row in range(len(codes))],
        codes,
        None,
        True,
        len(codes),
    )


def drawn(one: Side, count: int, rng: np.random.Generator) -> Side:
    """Draw some sequences of a side."""
    return one.take(rng.permutation(len(one))[:count])


def make_sides(kind: str, name: str, seed: int, data: Path) -> tuple[Side, Side]:
    """Make the two sides of a set."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    if kind == "real":
        both = [
            read_side(one, source, data)
            for one, source in zip(name.split(":"), PAIRS[name], strict=True)
        ]
        a, b = sorted((drawn(one, MOST_A_SIDE, rng) for one in both), key=lambda one: one.name)
        return a, b
    if kind in SIMULATED:
        shares = (0.3, 0.15) if seed % 2 else (0.15, 0.3)
        words = [motif(word) for word in WORDS]
        codes = [
            plant(background(A_SIDE[kind], 200, rng), words, rng, probability=[share, 0.2])[0]
            for share in shares
        ]
        return side("A", codes[0]), side("B", codes[1])
    every = read_side("CTCF", CTCF, data)
    if kind in ("null", "unequal"):
        sizes = (1_000, 1_000) if kind == "null" else (2_000, 500)
        order = rng.permutation(len(every))
        parts = order[: sizes[0]], order[sizes[0] : sum(sizes)]
    else:
        parts = _shifted(every.codes, rng)
    first, second = (every.take(rows) for rows in parts)
    return side("A", first.codes, first.names), side("B", second.codes, second.names)


def _shifted(codes: dna.Codes, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw 1,700 sequences poor and as many rich in GC, none of which is in both."""
    share = dna.gc_content(codes)
    counts, _ = np.histogram(share, 50, (0, 1))
    common = np.maximum(counts[np.clip((share * 50).astype(int), 0, 49)], 1)
    free = np.ones(len(codes))
    found = []
    for middle in (0.50, 0.60):
        weight = np.exp(-0.5 * ((share - middle) / 0.06) ** 2) * free / common
        found.append(rng.choice(len(codes), 1_700, replace=False, p=weight / weight.sum()))
        free[found[-1]] = 0
    return found[0], found[1]
