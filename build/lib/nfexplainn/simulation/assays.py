"""Simulated data of several assays: known motifs planted in real sequences, and what follows.

All assays speak of the same windows, so one truth tells what each must find: which motifs were
planted where, and which cell type each of them opens. Everything is named simulated.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.motifs.motif import Motif
from nfexplainn.simulation.sequences import draw_sites, plant

CHROMOSOMES = 12
UNRESOLVED = 0.05
OPEN, CLOSED = 0.6, 0.1  # mean counts of a cell in an open region, and in one that is not
SELEX_SHARES = (0.0, 0.1, 0.6, 0.95)  # reads with a site, per cycle
SELEX_LENGTH, SELEX_READS = 20, 1500
PROBE = 36


@dataclass(frozen=True)
class Simulation:
    """Windows with planted motifs.

    Attributes
    ----------
    codes : uint8 array, shape (n, width)
    planted : bool array, shape (n, motifs)
    motifs : tuple of Motif
    """

    codes: dna.Codes
    planted: NDArray[np.bool_]
    motifs: tuple[Motif, ...]

    def region(self, row: int) -> tuple[str, int, int]:
        """Place of a window in the simulated genome, in which they lie end to end."""
        n, width = self.codes.shape
        per = -(-n // CHROMOSOMES)
        return f"sim{row // per + 1}", row % per * width, (row % per + 1) * width


def simulate(
    codes: dna.Codes, motifs: Sequence[Motif], share: float, rng: np.random.Generator
) -> Simulation:
    """Plant each motif into a share of the sequences, independently of the others.

    Parameters
    ----------
    codes : uint8 array, shape (n, width)
        Real sequences.
    motifs : sequence of Motif
    share : float
    rng : Generator
    """
    out, sites = plant(codes, motifs, rng, probability=share)
    planted = np.zeros((len(codes), len(motifs)), dtype=np.bool_)
    for site in sites:
        planted[site.sequence, site.motif] = True
    return Simulation(out, planted, tuple(motifs))


def write_genome(simulation: Simulation, path: Path) -> None:
    """Write the windows end to end as chromosomes ``sim1`` on."""
    letters = dna.decode(simulation.codes)
    text = io.StringIO()
    last = ""
    for row, sequence in enumerate(letters):
        chromosome = simulation.region(row)[0]
        if chromosome != last:
            text.write(f">{chromosome}\n")
            last = chromosome
        text.write(sequence + "\n")
    write_gzip(path, text.getvalue())


def write_gzip(path: Path, text: str) -> None:
    """Write text compressed, without name and time, so that the same text gives the same bytes."""
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as file:
        file.write(text.encode())


def write_matrix(simulation: Simulation, path: Path, rng: np.random.Generator) -> None:
    """Write which factor is bound where: 1, 0, and NA for some that are unresolved."""
    unknown = rng.random(simulation.planted.shape) < UNRESOLVED
    lines = ["\t".join(["chrom", "start", "end", *(m.name for m in simulation.motifs)])]
    for row, planted in enumerate(simulation.planted):
        cells = [
            "NA" if gone else str(int(one)) for one, gone in zip(planted, unknown[row], strict=True)
        ]
        lines.append("\t".join([*map(str, simulation.region(row)), *cells]))
    write_gzip(path, "\n".join(lines) + "\n")


def accessibility(simulation: Simulation, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw a signal per window and cell type; motif k opens cell type k eightfold."""
    size = rng.gamma(4, 1, (len(simulation.planted), 1))
    mean = 5 * size * np.where(simulation.planted, 8, 1)
    return rng.poisson(mean).astype(np.float64)


def write_accessibility(simulation: Simulation, path: Path, rng: np.random.Generator) -> None:
    """Write the signal of every window in every cell type."""
    signal = accessibility(simulation, rng)
    lines = ["\t".join(["name", *(f"{m.name}_cells" for m in simulation.motifs)])]
    for row, values in enumerate(signal):
        chromosome, start, end = simulation.region(row)
        lines.append("\t".join([f"{chromosome}:{start}-{end}", *(f"{v:g}" for v in values)]))
    write_gzip(path, "\n".join(lines) + "\n")


def write_cells(simulation: Simulation, path: Path, cells: int, rng: np.random.Generator) -> None:
    """Write an AnnData of cells by windows, as many of every cluster; motif k opens cluster k."""
    from scipy import sparse

    kinds = len(simulation.motifs)
    cluster = np.arange(cells) % kinds
    mean = np.where(simulation.planted, OPEN, CLOSED)[:, cluster].T
    counts = sparse.csr_matrix(rng.poisson(mean).astype(np.float32))
    n = len(simulation.planted)
    regions = [simulation.region(row) for row in range(n)]
    text = h5py.string_dtype()

    def array(group: h5py.Group, name: str, values: object, **kind: object) -> None:
        made = group.create_dataset(
            name, data=values, compression="gzip", track_times=False, **kind
        )
        made.attrs["encoding-type"] = "string-array" if kind else "array"
        made.attrs["encoding-version"] = "0.2.0"

    def frame(root: h5py.File, name: str, index: list[str], column: str | None) -> h5py.Group:
        group = root.create_group(name)
        group.attrs["encoding-type"], group.attrs["encoding-version"] = "dataframe", "0.2.0"
        group.attrs["_index"] = "_index"
        group.attrs.create("column-order", [column] if column else [], dtype=text)
        array(group, "_index", index, dtype=text)
        return group

    with h5py.File(path, "w") as root:
        root.attrs["encoding-type"], root.attrs["encoding-version"] = "anndata", "0.1.0"
        obs = frame(root, "obs", [f"cell{i + 1}" for i in range(cells)], "cluster")
        group = obs.create_group("cluster")
        group.attrs["encoding-type"], group.attrs["encoding-version"] = "categorical", "0.2.0"
        group.attrs["ordered"] = False
        array(group, "categories", [f"{m.name}_cells" for m in simulation.motifs], dtype=text)
        array(group, "codes", cluster.astype(np.int8))
        frame(root, "var", [f"{c}:{s}-{e}" for c, s, e in regions], None)
        matrix = root.create_group("X")
        matrix.attrs["encoding-type"], matrix.attrs["encoding-version"] = "csr_matrix", "0.1.0"
        matrix.attrs["shape"] = counts.shape
        for part in ("data", "indices", "indptr"):
            array(matrix, part, getattr(counts, part))


def write_starrseq(simulation: Simulation, path: Path, rng: np.random.Generator) -> None:
    """Write sequences with an activity: the last motif but one raises it, the last lowers it."""
    effect = np.zeros(len(simulation.motifs))
    effect[-2:] = 2, -1
    activity = simulation.planted @ effect + rng.normal(0, 0.7, len(simulation.planted))
    rows = zip(dna.decode(simulation.codes), activity.tolist(), strict=True)
    lines = ["sequence\tactivity", *(f"{sequence}\t{value:.3f}" for sequence, value in rows)]
    write_gzip(path, "\n".join(lines) + "\n")


def write_selex(motif: Motif, folder: Path, stem: str, rng: np.random.Generator) -> None:
    """Write reads of some cycles; the share with the motif grows from cycle to cycle."""
    for cycle, share in enumerate(SELEX_SHARES):
        codes = rng.integers(0, 4, (SELEX_READS, SELEX_LENGTH)).astype(np.uint8)
        reads, _ = plant(codes, [motif], rng, probability=share)
        lines = [
            f"@c{cycle}_{i}\n{sequence}\n+\n{'I' * SELEX_LENGTH}"
            for i, sequence in enumerate(dna.decode(reads))
        ]
        write_gzip(folder / f"{stem}_cycle{cycle}.fastq.gz", "\n".join(lines) + "\n")


def write_pbm(motif: Motif, path: Path, probes: int, rng: np.random.Generator) -> None:
    """Write probes with intensities that grow with the best site's likelihood."""
    codes = rng.integers(0, 4, (probes, PROBE)).astype(np.uint8)
    width = len(motif.ppm)
    strong = rng.random(probes) < 0.25
    place = rng.integers(0, PROBE - width + 1, probes)
    sites = draw_sites(motif, probes, rng)
    for row in np.flatnonzero(strong).tolist():
        codes[row, place[row] : place[row] + width] = sites[row]
    odds = np.log2((motif.ppm + 0.01) / 0.26)
    best = np.full(probes, -np.inf)
    for strand in (codes, dna.reverse_complement(codes)):
        for first in range(PROBE - width + 1):
            score = odds[np.arange(width), strand[:, first : first + width]].sum(axis=1)
            best = np.maximum(best, score)
    intensity = 1000 * np.exp(best / 4 + rng.normal(0, 0.3, probes))
    rows = zip(dna.decode(codes), intensity.tolist(), strict=True)
    lines = ["sequence\tintensity", *(f"{sequence}\t{value:.1f}" for sequence, value in rows)]
    write_gzip(path, "\n".join(lines) + "\n")
