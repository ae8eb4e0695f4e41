"""Contrasts held against pairs of real data sets, and against sets without a difference.

``real``: pairs of factors, whose own motifs (or those of their families) should be supported on the
right side. ``null``: one CTCF set cut in two, 1,000 a side; ``unequal``: 2,000 of it against 500;
``shifted`` and ``matched``: two draws from it that differ in GC content, as they are and matched.
None should have a supported motif, and of ``shifted`` composition should be what tells them apart.
``planted``: a word in 30 % of one side and 15 % of the other (of A in odd sets, of B in even ones),
another in 20 % of both. 5 folds, one training each, recipe robust, and everything as the pipeline
does it.

``--table FILE`` keeps a line per set; what is in it already is not run again. Lines ``contrasts
<case>``: ``ours``, the bar as ``reference``, ``ratio`` the number of sets. Needs ``shared/data``:
``--data DIR``; without it says so and runs ``planted`` alone.
"""

from __future__ import annotations

import argparse
import atexit
import gzip
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from evidence_sets import DEMO, PLANTED, evidence_tables, fit, motif
from harness import FOLDER, as_texts, read_lines

from nfexplainn import dna
from nfexplainn.assays import peaks
from nfexplainn.assays.common import Ledger
from nfexplainn.assays.contrast import Side, compare, side_of
from nfexplainn.assays.spec import InputFile, Options, Row, Spec
from nfexplainn.cpu import prepare_cpu
from nfexplainn.data.dataset import Dataset
from nfexplainn.data.splits import make_groups
from nfexplainn.errors import UserError
from nfexplainn.evidence.contrast import answer_of, motif_table
from nfexplainn.io.coordinates import read_names
from nfexplainn.io.fasta import read_fasta
from nfexplainn.motifs.formats import read_motifs
from nfexplainn.motifs.motif import MotifSet
from nfexplainn.simulation.sequences import background, plant

COLUMNS = (
    *("kind", "set", "units", "a", "b", "n_a", "n_b", "answer", "auroc", "auroc_low", "auroc_high"),
    *("p", "composition_auroc", "above_p", "supported", "motifs", "least_q", "least_fisher"),
    *("rows", "seconds"),
)
MOST_A_SIDE = 2_500
GENOMES = {"chr22": "chr22_hg19_partial.fa.gz", "yeast": "sacCer3_R64.fa.gz"}
NULLS = ("null", "unequal", "shifted", "matched")
KINDS = ("real", *NULLS, "planted")
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
    if kind == "planted":
        shares = (0.3, 0.15) if seed % 2 else (0.15, 0.3)
        words = [motif(word) for word in WORDS]
        codes = [
            plant(background(2_000, 200, rng), words, rng, probability=[share, 0.2])[0]
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


def run_set(
    kind: str, name: str, seed: int, units: int, epochs: int, data: Path, known: MotifSet
) -> dict[str, object]:
    """Make a set, train its five models, and judge."""
    sides = make_sides(kind, name, seed, data)
    matching = "none" if kind in ("shifted", "null", "unequal", "planted") else "gc"
    spec = Spec("A_vs_B", "contrast", (), (), Options(folds=FOLDS, seed=seed))
    dataset = compare(spec, sides, matching, Ledger()).dataset
    line = judged(dataset, units, epochs, seed, known)
    return {"kind": kind, "set": name or seed, "units": units} | line


def judged(
    dataset: Dataset, units: int, epochs: int, seed: int, known: MotifSet
) -> dict[str, object]:
    """Train a model per fold, and tell what differs."""
    started = time.process_time()
    fits = [
        fit(dataset.of_replicate(number), "robust", units, seed + number - 1, epochs)
        for number in range(1, FOLDS + 1)
    ]
    evidence = evidence_tables(dataset, fits, known)
    assert evidence.sides is not None
    motifs = motif_table(evidence.rows, evidence.sides)
    logits = {number: one.logits for number, one in enumerate(fits, 1)}
    clusters = make_groups(dataset.codes, read_names(dataset.names))
    answer = answer_of(dataset, "explainn", logits, clusters, motifs).iloc[0]
    good = motifs[motifs["supported"] == "true"]
    words = [
        f"{row['name'] or row['consensus']}@{row['side']}:{row['gain']:.3f}:{row['q']:.0e}"
        for _, row in good.iterrows()
    ]
    same = ("a", "b", "n_a", "n_b", "answer", "auroc", "auroc_low", "auroc_high", "p")
    return {key: answer[key] for key in same} | {
        "composition_auroc": answer["composition_auroc"],
        "above_p": answer["above_composition_p"],
        "supported": len(good),
        "motifs": " ".join(words),
        "least_q": motifs["q"].min(),
        "least_fisher": motifs["fisher_p"].min(),
        "rows": len(motifs),
        "seconds": time.process_time() - started,
    }


def sets_of(kind: str, count: int) -> Iterator[tuple[str, int]]:
    """Give the name and the seed of each set of a kind."""
    if kind == "real":
        yield from ((name, 1) for name in PAIRS)
    else:
        yield from (("", seed) for seed in range(1, count + 1))


def summary(kind: str, lines: Sequence[Mapping[str, str]]) -> Iterator[tuple[str, float, float]]:
    """Give name, measured number and bar of what the sets of a kind show together."""
    n = len(lines)

    def count(holds: Callable[[Mapping[str, str]], bool]) -> int:
        return sum(map(holds, lines))

    if kind in NULLS:
        yield (
            f"{kind}: sets with a supported motif",
            count(lambda one: one["supported"] != "0"),
            0.15 * n,
        )
    if kind in ("null", "unequal", "matched"):
        yield (
            f"{kind}: sets with global p <= .05",
            count(lambda one: float(one["p"]) <= 0.05),
            0.15 * n,
        )
    if kind == "shifted":
        yield (
            f"{kind}: sets that say composition",
            count(lambda one: one["answer"] == "composition"),
            n,
        )
    if kind == "planted":
        for letter, odd in (("A", 1), ("B", 0)):
            some = [one for one in lines if int(one["set"]) % 2 == odd]
            hits = sum(f"{WORDS[0]}@{letter}" in one["motifs"] for one in some)
            yield f"planted, richer in {letter}: sets with it on that side", hits, 0.6 * len(some)
        wrong = count(lambda one: WORDS[1] in one["motifs"])
        yield "planted, as often in both: sets with it", wrong, 0
        other = count(lambda one: any(WORDS[0] not in word for word in one["motifs"].split()))
        yield "planted: sets with any other motif", other, 0.15 * n
    if kind == "real":
        yield (
            "real: pairs with motifs on both sides",
            count(lambda one: all(f"@{one[letter]}:" in one["motifs"] for letter in "ab")),
            n,
        )
    yield f"{kind}: CPU seconds, mean", float(np.mean([float(one["seconds"]) for one in lines])), 30


def main() -> None:
    """Run what is asked for, and print lines of the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--sets", type=int, default=20, help="of each kind but real")
    parser.add_argument("--pairs", nargs="+", choices=PAIRS, default=list(PAIRS))
    parser.add_argument("--units", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=100, help="at most")
    parser.add_argument("--data", type=Path, default=FOLDER.parent.parent / "shared" / "data")
    parser.add_argument("--table", type=Path, help="keep a line per set here, and go on from it")
    args = parser.parse_args()
    prepare_cpu(1)
    if not (args.data / "chipseq").is_dir():
        print(f"# no {args.data / 'chipseq'}: planted sets alone", file=sys.stderr)
        args.only = [kind for kind in args.only if kind == "planted"]
    (path,) = (FOLDER.parent / "assets" / "motifs").glob("*vertebrates*.meme")
    vertebrates = read_motifs(path, name=path.name)
    fungi = args.data / "jaspar" / "JASPAR2024_CORE_fungi_nonredundant.meme"
    planted = MotifSet(tuple(motif(word) for word in PLANTED))
    lines = read_lines(args.table, COLUMNS)
    for kind in args.only:
        for name, seed in sets_of(kind, args.sets):
            key = (kind, name or str(seed), str(args.units))
            if (name and name not in args.pairs) or key in {
                (one["kind"], one["set"], one["units"]) for one in lines
            }:
                continue
            known = planted if kind == "planted" else vertebrates
            if name == "REB1:ABF1":
                known = read_motifs(fungi, name=fungi.name)
            try:
                line = run_set(kind, name, seed, args.units, args.epochs, args.data, known)
            except UserError as error:
                print(f"# {kind} {name or seed}: {error}", file=sys.stderr)
                continue
            lines.append(as_texts(line, COLUMNS))
            print("#", *lines[-1].values(), file=sys.stderr, flush=True)
            if args.table:
                text = "".join("\t".join(one.values()) + "\n" for one in lines)
                args.table.write_text("\t".join(COLUMNS) + "\n" + text, encoding="utf-8")
        own = [one for one in lines if one["kind"] == kind and one["units"] == str(args.units)]
        for label, ours, bar in summary(kind, own) if own else ():
            print("contrasts", label, f"{ours:.4g}", f"{bar:.4g}", len(own), sep="\t", flush=True)


if __name__ == "__main__":
    main()
