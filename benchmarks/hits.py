"""Sites on real and planted data, and the time and memory of a whole genome.

Summits of the yeast factors REB1 and ABF1, trained in five folds against the yeast genome. Needs a
folder with ``chipseq`` and ``genome``: ``--data DIR``; without it only planted data are measured.
``--results DIR`` takes the models of an earlier run of this script (``--folder``) instead of
training. About 8 minutes on two cores.

Lines ``hits``, with what was asked for as ``reference`` and ``ratio`` how far that is surpassed:

* ``<factor> near``: of the peaks whose window holds the factor's word, the share with a hit within
  10 bp of the summit; ``<factor> near_word``: the share with the word itself so near.
* ``<factor> per_kb``: hits per 1,000 bp in the peaks over those in 2,000 random windows (10).
* ``<factor> variants``, ``planted <share> variants``: SNVs that replace a consensus base in a site,
  the share that is given to the site's row (0.9); by three replicates, of a word in that share of
  3,000 planted positives.
* ``<factor> genome_s``, ``genome_mib``: seconds and memory of finding all sites of 12 Mb, two
  threads (180 s); beside the memory that for one chromosome of 0.2 Mb.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pysam
from evidence_sets import LENGTH, evidence_tables, fit
from traced import TOP, run_pipeline

sys.path.insert(0, str(TOP / "bin"))

from nfexplainn import dna
from nfexplainn.analyses.variants.changes import Change
from nfexplainn.analyses.variants.score import Replicate, VariantScorer, leading_parts
from nfexplainn.data.dataset import Dataset, DatasetMeta, read_dataset
from nfexplainn.data.shuffle import dinucleotide_shuffle
from nfexplainn.data.splits import make_groups, split_random
from nfexplainn.io.coordinates import read_names, shuffle_name
from nfexplainn.io.genome import Genome, open_genome
from nfexplainn.models.checkpoint import LoadedModel, ModelHeader, load_model
from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.motifs.places import PlaceScanner
from nfexplainn.results.hits.finder import Finder, make_finder, read_row_table, row_table
from nfexplainn.results.hits.regions import regions_of_genome
from nfexplainn.results.hits.scan import scan, union
from nfexplainn.simulation.sequences import background, plant

BIN = TOP / "bin"
# A word of each factor, as its sites are written in papers.
FACTORS = {
    "REB1": ("yeast_Reb1_chexmix.bed", "CGGGTAA"),
    "ABF1": ("yeast_Abf1_chexmix.bed", "CGT.{6}TGA[TC]"),
}
PLANTED = (("TGACGTCATC", 0.5), ("GGGCGGAAGT", 0.2))
# Of planted sequences, the shares that validate and that thresholds are found by: of a word in a
# fifth of 300 positives, no score keeps 5 %.
HELD_OUT = 0.1, 0.3
# Share of the letters of a planted word that stay.
KEPT = 0.97
NEAR, WINDOWS, MOST_SECONDS, BAR = 10, 2000, 180.0, 0.9
HITS = tuple[str, int, int]


def line(case: str, ours: float, reference: float, ratio: float) -> None:
    """Print a line of the table."""
    print("hits", case, f"{ours:.4g}", f"{reference:.4g}", f"{ratio:.1f}", sep="\t", flush=True)


def measured(command: Sequence[str], folder: Path) -> tuple[float, float]:
    """Run a script; give its seconds and its peak memory in MiB."""
    started = time.perf_counter()
    # Beside this process the memory of this one would count, from which a child is forked.
    done = subprocess.run(
        [sys.executable, "-c", _BESIDE, *command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{command[0]} failed:\n{done.stderr}")
    return time.perf_counter() - started, float(done.stdout) / (1 << 10)


_BESIDE = (
    "import resource, subprocess, sys; code = subprocess.run(sys.argv[1:]).returncode;"
    " print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(code)"
)


class Trained:
    """A factor's models in a results folder, asked by the pipeline's scripts."""

    def __init__(self, results: Path, name: str, genome: Path, folder: Path) -> None:
        self.name, self.genome, self.folder = name, genome, folder
        self.model = results / name / "explainn"
        self.motifs = self.model / "motifs" / f"{name}.explainn.evidence"
        self.dataset = results / name / "data" / f"{name}.dataset.parquet"
        self.files = sorted(self.model.glob("*.model.safetensors"))

    def find(self, regions: Path | None, genome: Path | None = None) -> tuple[float, float]:
        """Find the hits in a file, or the genome; give seconds and MiB."""
        given = ["--regions", str(regions)] if regions else []
        where = ["--dataset", str(self.dataset), "--genome", str(genome or self.genome)]
        spec = {"name": regions.name if regions else "genome", "genome": "genome.fa"}
        spec |= {"word": None if regions else "genome"}
        (self.folder / "spec.json").write_text(json.dumps(spec))
        (self.folder / "options.json").write_text("{}")
        id = f"{self.name}.explainn"
        read = [str(BIN / "read_hits.py"), "--spec", "spec.json", "--id", self.name]
        first, _ = measured([*read, *given, *where], self.folder)
        find = [str(BIN / "find_hits.py"), "--id", id, "--options", "options.json"]
        find += ["--models", *map(str, self.files), "--threads", "2", *where]
        find += ["--rows", f"{self.motifs}.tsv", "--motifs", f"{self.motifs}.meme"]
        find += ["--regions", f"{self.name}.hits_regions.parquet"]
        second, most = measured([*find, "--read", f"{self.name}.hits_read.json"], self.folder)
        return first + second, most

    def hits(self) -> list[HITS]:
        """Give chromosome, start and end of the hits found last."""
        with pysam.BGZFile(str(self.folder / f"{self.name}.explainn.hits.bed.gz")) as handle:
            rows = [row.split("\t") for row in handle.read().decode().splitlines()[1:]]
        return [(row[0], int(row[1]), int(row[2])) for row in rows]

    def finder(self) -> Finder:
        """Load the models."""
        replicates = {int(p.name.split(".r")[1].split(".")[0]): load_model(p) for p in self.files}
        table = read_row_table(f"{self.motifs}.tsv", [f"{self.motifs}.meme"])
        data = read_dataset(self.dataset)
        self.replicates = replicates
        return make_finder(replicates, table, data)


def train(data: Path, folder: Path, others: Sequence[str]) -> Path:
    """Train the models of both factors; give the results."""
    rows = ["sample,assay,data,genome"]
    genome = data / "genome" / "sacCer3_R64.fa.gz"
    rows += [
        f"{name},peaks,{data / 'chipseq' / bed},{genome}" for name, (bed, _) in FACTORS.items()
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hits.csv").write_text("\n".join(rows) + "\n")
    run_pipeline(TOP, ["--input", str(folder / "hits.csv"), "--folds", "5", *others], folder)
    return folder / "results"


def peaks_of(genome: Genome, path: Path) -> list[tuple[str, int]]:
    """Read chromosome and summit of peaks whose window lies in the genome, each once."""
    sizes = dict(zip(genome.names, genome.sizes.tolist(), strict=True))
    found = [(cells[0], int(cells[1])) for cells in map(str.split, path.open())]
    half = LENGTH // 2
    return sorted({(c, at) for c, at in found if half <= at <= sizes[c] - half})


def words_near(text: str, word: str) -> list[tuple[int, int]]:
    """Give the places of a word and of its reverse complement, from the middle of a window."""
    turned = text[::-1].translate(str.maketrans("ACGT", "TGCA"))
    middle, n = len(text) // 2, len(text)
    places = [(m.start(1), m.end(1)) for m in re.finditer(f"(?=({word}))", text)]
    places += [(n - m.end(1), n - m.start(1)) for m in re.finditer(f"(?=({word}))", turned)]
    return [(first - middle, last - middle) for first, last in places]


def apart(first: int, last: int, at: int) -> int:
    """Bases between an interval and a base; 0 where it holds it."""
    return max(first - at, at - (last - 1), 0)


def measure_factor(trained: Trained, genome: Genome, bed: Path, word: str) -> None:
    """Print all lines of a factor."""
    name, folder = trained.name, trained.folder
    peaks = peaks_of(genome, bed)
    codes = {chrom: code for code, chrom in enumerate(genome.names)}
    chrom = np.array([codes[c] for c, _ in peaks])
    start = np.array([at - LENGTH // 2 for _, at in peaks])
    texts = dna.decode(genome.fetch(chrom, start, LENGTH))
    places = [words_near(text, word) for text in texts]
    trained.find(bed)
    hits = trained.hits()
    by_chrom: dict[str, list[tuple[int, int]]] = {}
    for c, first, last in hits:
        by_chrom.setdefault(c, []).append((first, last))
    with_word = [at for at, some in enumerate(places) if some]
    near = [
        any(apart(a, b, peaks[at][1]) <= NEAR for a, b in by_chrom.get(peaks[at][0], ()))
        for at in with_word
    ]
    word_near = [any(apart(a, b, 0) <= NEAR for a, b in places[at]) for at in with_word]
    print(f"# {name}: {len(with_word)} of {len(peaks)} peaks hold the word", flush=True)
    line(f"{name} near", float(np.mean(near)), 0.6, float(np.mean(near)) / 0.6)
    line(f"{name} near_word", float(np.mean(word_near)), 0.6, float(np.mean(word_near)) / 0.6)
    first, last = union(genome, chrom, start, start + LENGTH)
    in_peaks = 1000 * len(hits) / float((last - first).sum())
    scattered = random_windows(genome, chrom, start, folder)
    trained.find(scattered)
    elsewhere = 1000 * len(trained.hits()) / (WINDOWS * LENGTH)
    line(f"{name} per_kb", in_peaks, elsewhere, in_peaks / elsewhere)
    seconds, most = trained.find(None)
    line(f"{name} genome_s", seconds, MOST_SECONDS, MOST_SECONDS / seconds)
    small = folder / "small.fa"
    wanted = genome.names[int(np.argmin(np.abs(genome.sizes - 230_000)))]
    place = codes[wanted], int(genome.sizes[codes[wanted]])
    text = dna.decode(genome.fetch(np.array([place[0]]), np.array([0]), place[1]))[0]
    small.write_text(f">{wanted}\n{text}\n")
    _, few = trained.find(None, small)
    line(f"{name} genome_mib", most, few, few / most)
    given, n = given_to_row(trained.finder(), trained.replicates, genome, (chrom, start))
    print(f"# {name}: {n} variants", flush=True)
    line(f"{name} variants", given, BAR, given / BAR)


def random_windows(genome: Genome, chrom: np.ndarray, start: np.ndarray, folder: Path) -> Path:
    """Draw windows of the genome that neither overlap a peak's nor each other."""
    rng = np.random.default_rng(1)
    axis, sizes = genome.axis, genome.sizes - LENGTH
    taken = np.sort(axis[chrom] + start).tolist()
    found: list[str] = []
    while len(found) < WINDOWS:
        code = int(rng.choice(len(sizes), p=sizes / sizes.sum()))
        at = int(rng.integers(0, sizes[code]))
        key = int(axis[code]) + at
        place = int(np.searchsorted(taken, key))
        beside = taken[max(place - 1, 0) : place + 1]
        if all(abs(key - other) >= LENGTH for other in beside):
            taken.insert(place, key)
            found.append(f"{genome.names[code]}\t{at}\t{at + LENGTH}\n")
    path = folder / "random.bed"
    path.write_text("".join(found))
    return path


def given_to_row(
    finder: Finder,
    replicates: dict[int, LoadedModel],
    genome: Genome,
    windows: tuple[np.ndarray, np.ndarray] | None = None,
) -> tuple[float, int]:
    """Replace a consensus base of each site by another; give the share that goes to its row.

    Returns
    -------
    share : float
    variants : int
    """
    chosen = [at for at in finder.found if finder.rows.supported[finder.scored[at].place]]
    rows = [finder.scored[at] for at in chosen]
    scanner = PlaceScanner([row.motif for row in rows])
    whole = regions_of_genome(genome)
    chrom, start = windows or (np.arange(len(whole)), whole.start)
    end = start + LENGTH if windows else whole.end
    first, last = union(genome, chrom, start, end)
    limits = np.array([finder.thresholds[at].score for at in chosen])
    rng = np.random.default_rng(7)
    changes, where, wanted = [], [], []
    for found in scan(genome, first, last, scanner, limits):
        places = found.places
        for code, which, at, strand in zip(
            found.chrom, places.motif, places.start, places.strand, strict=True
        ):
            ppm = rows[which].motif.ppm
            ppm = ppm if strand > 0 else ppm[::-1, ::-1]
            own = genome.fetch(np.array([code]), np.array([at]), len(ppm))[0]
            columns = np.flatnonzero((ppm.argmax(axis=1) == own) & (ppm.max(axis=1) >= 0.75))
            inside = LENGTH < at < genome.sizes[code] - LENGTH
            if len(columns) and inside:
                column = int(rng.choice(columns))
                base = dna.ALPHABET[(int(own[column]) + int(rng.integers(1, 4))) % 4]
                changes.append(Change(int(at) + column, 1, base))
                where.append(int(code))
                wanted.append(rows[which].place)
    units = {number: len(one.model.final_weight[0]) for number, one in replicates.items()}
    judges = [
        Replicate(number, one, np.full(units[number], np.nan))
        for number, one in sorted(replicates.items())
    ]
    scorer = VariantScorer(judges, finder.rows, genome)
    found_rows: list[int] = []
    for at in range(0, len(changes), 1000):
        some = scorer.score(np.array(where[at : at + 1000]), changes[at : at + 1000])
        found_rows += leading_parts(some.parts, 1)[:, 0, 0].tolist()
    right = sum(a == b for a, b in zip(found_rows, wanted, strict=True))
    return right / len(wanted) if wanted else float("nan"), len(wanted)


def measure_planted(word: str, share: float, positives: int, units: int, epochs: int) -> None:
    """Train on planted sequences, and print what becomes of variants in fresh ones."""
    rng = np.random.default_rng(3)
    ppm = np.full((len(word), 4), (1 - KEPT) / 3)
    ppm[np.arange(len(word)), dna.encode([word])[0]] = KEPT
    planted = Motif(word, word, ppm, 100)

    def draw(count: int) -> dna.Codes:
        return plant(background(count, LENGTH, rng), [planted], rng, probability=[share])[0]

    own = draw(positives)
    names = [f"s{row}" for row in range(positives)]
    names += [shuffle_name(name, 1) for name in names]
    labels = np.repeat(np.float32([1, 0]), positives)[:, None]
    meta = DatasetMeta(
        "s", "sequences", "binary", ("t",), LENGTH, True, 3, extra={"negatives": "shuffle"}
    )
    codes = np.concatenate([own, dinucleotide_shuffle(own, rng)])
    groups = make_groups(codes, read_names(names))
    split = split_random(groups, labels, *HELD_OUT, np.random.default_rng(3))
    data = Dataset(meta, names, codes, split, labels)
    fits = [fit(data, "robust", units, seed, epochs) for seed in (1, 2, 3)]
    evidence = evidence_tables(data, fits, MotifSet(()))
    table = [
        {key: str(value) for key, value in row.items()} for row in evidence.rows.to_dict("records")
    ]
    replicates = {}
    for number, one in enumerate(fits, 1):
        config = vars(one.model.config)
        header = ModelHeader("explainn", config, ("t",), "binary", replicate=number)
        replicates[number] = LoadedModel(one.model, header)
    finder = make_finder(replicates, row_table(table, evidence.motifs.motifs), data)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "planted.fa"
        path.write_text(f">chr1\n{''.join(dna.decode(draw(positives)))}\n")
        given, n = given_to_row(finder, replicates, open_genome(path, path.name))
    print(f"# planted {share}: {n} variants", flush=True)
    line(f"planted {share} variants", given, BAR, given / BAR)


def main() -> None:
    """Measure what there is."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--data", type=Path, default=TOP.parent / "shared" / "data")
    parser.add_argument("--folder", type=Path, help="where the run stays; deleted by default")
    parser.add_argument("--results", type=Path, help="results of an earlier run of this script")
    parser.add_argument("--positives", type=int, default=3000, help="planted ones")
    parser.add_argument("--units", type=int, default=100, help="of models of planted sequences")
    parser.add_argument("--epochs", type=int, default=100, help="at most, of these")
    args, others = parser.parse_known_args()
    for word, share in PLANTED:
        measure_planted(word, share, args.positives, args.units, args.epochs)
    data = args.data.resolve()
    if not (data / "chipseq").is_dir():
        print(f"# hits: no folder chipseq in {args.data.name}; give --data")
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        results = args.results or train(data, (args.folder or folder / "run").resolve(), others)
        packed = data / "genome" / "sacCer3_R64.fa.gz"
        (folder / "genome.fa").write_bytes(gzip.decompress(packed.read_bytes()))
        genome = open_genome(folder / "genome.fa", packed.name)
        for name, (bed, word) in FACTORS.items():
            trained = Trained(results.resolve(), name, folder / "genome.fa", folder)
            measure_factor(trained, genome, data / "chipseq" / bed, word)


if __name__ == "__main__":
    main()
