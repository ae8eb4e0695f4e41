"""Unknown bases in windows of a genome: what is dropped, and negatives that hold the same."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nfexplainn import dna
from nfexplainn.assays import peaks
from nfexplainn.assays.spec import InputFile, Prepared, Row, Spec, make_options
from nfexplainn.data.audit import audit_dataset
from nfexplainn.io.coordinates import read_names
from nfexplainn.io.genome import index_genome, open_genome
from nfexplainn.training.recipes import epoch_codes
from region_fixtures import make_spec

WIDTH, SIZE = 200, 60_000
MIDDLES = range(1000, SIZE - 1000, 500)


@pytest.fixture(scope="module")
def genome(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two chromosomes with a run of 1 to 40 N beside most of the places of peaks."""
    rng = np.random.default_rng(7)
    path = tmp_path_factory.mktemp("masked") / "g.fa"
    with path.open("w") as out:
        for name in ("chr1", "chr2"):
            letters = rng.choice(list("ACGTacgt"), SIZE)
            for number, middle in enumerate(MIDDLES):
                if number % 4:
                    start = middle + int(rng.integers(-120, 100))
                    letters[start : start + int(rng.integers(1, 41))] = "N"
            out.write(f">{name}\n{''.join(letters)}\n")
    index_genome(path, "g.fa", path)
    return path


def bed(chromosome: str, shift: int = 0) -> str:
    return "".join(f"{chromosome}\t{m + shift}\t{m + shift + 1}\n" for m in MIDDLES)


def run(folder: Path, genome: Path, **options: Any) -> Prepared:
    return peaks.prepare(make_spec(folder, genome, "peaks", {"a": bed("chr1")}, **options))


def counts(prepared: Prepared, kind: int) -> np.ndarray:
    """N in each of the positives (1) or negatives (0), ascending."""
    dataset = prepared.dataset
    rows = dataset.labels[:, 0] == kind
    return np.sort((dataset.codes[rows] == dna.N_CODE).sum(axis=1))


def test_windows_are_dropped_by_their_share(tmp_path: Path, genome: Path) -> None:
    text = dict(r.strip().split("\n") for r in genome.read_text().split(">")[1:])["chr1"]
    shares = np.array([text[m - 100 : m + 100].count("N") / WIDTH for m in MIDDLES])
    for most, reason in ((0, "window with N"), (0.1, "window with more than 10 % N")):
        prepared = run(tmp_path, genome, max_unknown=most, negatives="shuffle")
        assert counts(prepared, 1).tolist() == sorted((200 * shares[shares <= most]).round())
        wanted = {reason: int((shares > most).sum())}
        assert prepared.dataset.meta.dropped == wanted


@pytest.mark.parametrize("ratio", [1, 2])
def test_negatives_of_the_genome_hold_the_unknown_bases_of_the_positives(
    tmp_path: Path, genome: Path, ratio: int
) -> None:
    prepared = run(tmp_path, genome, negatives_ratio=ratio)
    dataset = prepared.dataset
    positive = dataset.labels[:, 0] == 1
    unknown = dataset.codes == dna.N_CODE
    assert unknown[positive].any(axis=1).mean() > 0.3
    patterns = [
        Counter(map(bytes, np.packbits(unknown[rows], axis=1))) for rows in (positive, ~positive)
    ]
    assert patterns[1] == Counter({p: ratio * c for p, c in patterns[0].items()})
    assert {c.check: c.state for c in audit_dataset(dataset)}["unknown_bases"] == "pass"
    # Beneath, negatives are the genome's own windows.
    used = open_genome(genome, "g.fa")
    where = read_names(dataset.names)
    code = np.array([used.names.index(where.chromosomes[c]) for c in where.chrom])
    own = used.fetch(code, where.start, WIDTH)
    assert (own[~positive] < dna.N_CODE).all()
    assert np.array_equal(np.where(unknown, dna.N_CODE, own), dataset.codes)
    assert any("and by their unknown bases" in note for note in dataset.meta.notes)
    # A run at an end goes on beyond it in both classes.
    flanks = dataset.flanks
    assert flanks is not None
    assert (flanks[unknown[:, 0], :10] == dna.N_CODE).all() and unknown[:, 0].any()
    assert (flanks[unknown[:, -1], 10:] == dna.N_CODE).all() and unknown[:, -1].any()


def test_fresh_shuffles_hold_the_unknown_bases_of_windows_and_flanks(
    tmp_path: Path, genome: Path
) -> None:
    dataset = run(tmp_path, genome, negatives="shuffle").dataset
    labels = dataset.labels[dataset.rows("train"), 0]
    shifts = [epoch_codes(dataset, (1, epoch)) == dna.N_CODE for epoch in range(20)]
    shares = [np.mean([shift[labels == kind].mean() for shift in shifts]) for kind in (0, 1)]
    assert shares[0] == pytest.approx(shares[1], rel=0.05)


@pytest.mark.parametrize("kind", ["file", "others"])
def test_pools_are_matched_by_their_unknown_bases(tmp_path: Path, genome: Path, kind: str) -> None:
    (tmp_path / "a").write_text(bed("chr1"))
    (tmp_path / "b").write_text("".join(bed("chr2", shift) for shift in range(0, 250, 25)))
    files = tuple(InputFile(name, str(tmp_path / name)) for name in "ab")
    row = Row("A", 0, negatives=1 if kind == "file" else "others")
    options = make_options({"min_positives": 5, "width": WIDTH}, 1)
    spec = Spec("d", "peaks", (row,), files, options, InputFile("g.fa", str(genome)), others=(1,))
    prepared = peaks.prepare(spec)
    steps = [Counter(np.ceil(counts(prepared, k) / 10).tolist()) for k in (0, 1)]
    assert steps[0] == steps[1] and len(steps[0]) == 3
    assert any("and by their unknown bases" in note for note in prepared.dataset.meta.notes)


def test_peaks_of_a_partly_unknown_chromosome(data_dir: Path, tmp_path: Path) -> None:
    """Real peaks on a chr22 of which 21.6 of 51.3 Mb are known."""
    used = index_genome(data_dir / "genome/chr22_hg19_partial.fa.gz", "chr22", tmp_path / "g.fa")
    path = data_dir / "chipseq/CTCF_GM12878_chr22_macs3_peaks.hg19.narrowPeak"
    found = {}
    for most in (0, 0.1, 0.5):
        spec = Spec(
            "ctcf",
            "peaks",
            (Row("CTCF", 0),),
            (InputFile("macs3.narrowPeak", str(path)),),
            make_options({"max_unknown": most}, 42),
            InputFile("chr22.fa.gz", str(used)),
        )
        prepared = found[most] = peaks.prepare(spec)
        assert np.array_equal(counts(prepared, 0), counts(prepared, 1))
        assert counts(prepared, 1).max() <= 200 * most
        assert audit_dataset(prepared.dataset)[-1].state == "pass"
    sizes = [len(counts(prepared, 1)) for prepared in found.values()]
    assert sizes == sorted(sizes) and sizes[0] < sizes[2]
    words = dna.decode(found[0.5].dataset.codes[found[0.5].dataset.labels[:, 0] == 1])
    assert any("N" in word for word in words) and not all("N" in word for word in words)
