"""Sum the signal of a bigWig over windows."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nfexplainn.assays.common import Ledger
from nfexplainn.assays.regions import Cut
from nfexplainn.data.dataset import Floats
from nfexplainn.errors import UserError
from nfexplainn.io.chromosomes import check_signal
from nfexplainn.io.genome import Genome


def sum_bigwig(
    path: str | Path, name: str, genome: Genome, cut: Cut, width: int, ledger: Ledger
) -> Floats:
    """Sum the values of a bigWig over windows, in the order of the genome.

    Returns
    -------
    float32 array, shape (n,)

    Raises
    ------
    UserError
        If the file is damaged, or does not fit the genome.
    """
    import pybigtools

    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            pybigtools.open(_with_suffix(path, folder)) as track,
        ):
            sizes = {str(one): int(size) for one, size in track.chroms().items()}
            _check_sizes(name, sizes, genome)
            check_signal(name, sizes, genome.names, cut.chrom, genome.name, "bp")
            ledger.read(name, "track", f"bigWig, {len(sizes):,} chromosomes")
            return _bigwig_sums(track, sizes, genome, cut, width)
    except (OSError, ValueError, pybigtools.BBIReadError) as error:
        raise UserError(f"{name}: the bigWig file cannot be read ({error}).") from error
    except BaseException as error:
        # What the library written in Rust throws at a damaged file is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise UserError(f"{name}: the bigWig file is damaged; fetch or make it again.") from error


def _with_suffix(path: str | Path, folder: str) -> str:
    """Give a name that ends in ``.bw``, by which alone the library knows a bigWig."""
    if Path(path).suffix in (".bw", ".bigWig"):
        return str(path)
    link = Path(folder, "track.bw")
    link.symlink_to(Path(path).resolve())
    return str(link)


def _check_sizes(name: str, sizes: Mapping[str, int], genome: Genome) -> None:
    """Refuse a bigWig of another assembly.

    Raises
    ------
    UserError
        If a chromosome has another length than in the genome, or there is none.
    """
    mine = dict(zip(genome.names, genome.sizes.tolist(), strict=True))
    wrong = [one for one in mine if one in sizes and sizes[one] != mine[one]]
    if wrong or not sizes:
        chromosome = wrong[0] if wrong else "none"
        has = f"{sizes[chromosome]:,} bp" if wrong else "which the genome does not have"
        raise UserError(
            f"{name}: its chromosome {chromosome} ({has}) does not fit the genome {genome.name};"
            " give the genome that it was mapped to."
        )


def _bigwig_sums(
    track: Any, sizes: Mapping[str, int], genome: Genome, cut: Cut, width: int
) -> Floats:
    """Sum the values of a bigWig that is open, shape (n,)."""
    out = np.zeros(len(cut.names), dtype=np.float32)
    for row in np.argsort(genome.axis[cut.chrom] + cut.start).tolist():
        chromosome = genome.names[cut.chrom[row]]
        if chromosome in sizes:
            start = int(cut.start[row])
            out[row] = track.values(chromosome, start, start + width, fillna=0.0).sum()
    return out
