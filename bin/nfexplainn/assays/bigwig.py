"""Sum the signal of a bigWig over windows."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from nfexplainn.assays.common import PrepLog
from nfexplainn.data.dataset import Floats
from nfexplainn.data.windows import Windows
from nfexplainn.errors import UserError
from nfexplainn.io.chromosomes import check_signal
from nfexplainn.io.genome import Genome
from nfexplainn.io.reading import reading

_LARGEST = float(np.finfo(np.float32).max)
_LITTLE = b"\x26\xfc\x8f\x88"
# Magic, version, zoom levels; offsets of chromosomes, data and index; fields, defined fields,
# autoSql, summary, size of the buffer that a block unpacks to, extension.
_HEADER = struct.Struct("<IHHQQQHHQQIQ")
_VERSIONS, _ZOOMS, _BUFFER = 10, 64, 1 << 28
# Magic number of the tree of chromosomes, and what is longer than a name.
_TREE, _KEY = 0x78CA8C91, 1 << 12


def sum_bigwig(
    path: str | Path, name: str, genome: Genome, cut: Windows, width: int, log: PrepLog
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

    with reading(name, "the bigWig file cannot be read"):
        _check_header(path)
        with (
            tempfile.TemporaryDirectory() as folder,
            pybigtools.open(_with_suffix(path, folder)) as track,
        ):
            sizes = {str(one): int(size) for one, size in track.chroms().items()}
            _check_sizes(name, sizes, genome)
            check_signal(name, sizes, genome.names, cut.chrom, genome.name, "bp")
            log.read(name, "track", f"bigWig, {len(sizes):,} chromosomes")
            sums = _bigwig_sums(track, sizes, genome, cut, width)
    return finite_sums(name, sums, cut)


def finite_sums(name: str, sums: NDArray[np.float64], windows: Windows) -> Floats:
    """Give sums over windows, float32, shape (n,), which must be finite.

    Raises
    ------
    UserError
        That names the file and the first window of another sum.
    """
    wrong = np.flatnonzero(~(np.abs(sums) <= _LARGEST))
    if len(wrong):
        raise UserError(
            f"{name}: the signal of the window {windows.name(wrong[0])} adds up to"
            f" {sums[wrong[0]]:g}; create the track again without infinite or NaN values."
        )
    return sums.astype(np.float32)


def _check_header(path: str | Path) -> None:
    """Refuse a header whose parts lie outside the file: the library takes them on trust.

    Raises
    ------
    ValueError
        That names the part. The order of the fields is that of Kent et al. 2010, Table 5.
    """
    with Path(path).open("rb") as file:
        head = file.read(_HEADER.size)
    if len(head) < _HEADER.size:
        raise ValueError("it is truncated")
    order = "<" if head[:4] == _LITTLE else ">"
    fields = struct.unpack(order + _HEADER.format.lstrip("<"), head)
    _, version, zooms, *offsets, _, _, _, summary, buffer, _ = fields
    size = Path(path).stat().st_size
    if version > _VERSIONS or zooms > _ZOOMS or buffer > _BUFFER:
        raise ValueError(f"version {version}, {zooms} zoom levels, blocks of {buffer:,} bytes")
    if not all(_HEADER.size <= one < size for one in offsets) or summary >= size:
        raise ValueError("a part of it lies outside the file")
    with Path(path).open("rb") as file:
        _check_chromosomes(file, order, offsets[0])


def _check_chromosomes(file: BinaryIO, order: str, offset: int) -> None:
    """Refuse a list of chromosomes whose numbers are not 0, 1, 2 and so on: signal would be lost.

    Raises
    ------
    ValueError
    """
    file.seek(offset)
    magic, _, key, value, count, _ = _take(file, order + "IIIIQQ")
    if magic != _TREE or not 0 < key < _KEY or value != 8:
        raise ValueError("its list of chromosomes is damaged")
    leaf, _, items = _take(file, order + "BBH")
    if not leaf:
        return  # of many contigs the list is a tree, which is left to the library
    numbers = sorted(_take(file, f"{order}{key}sII")[1] for _ in range(items))
    if len(numbers) != count or numbers != list(range(len(numbers))):
        raise ValueError("its list of chromosomes is damaged")


def _take(file: BinaryIO, form: str) -> tuple[Any, ...]:
    """Read some fields."""
    return struct.unpack(form, file.read(struct.calcsize(form)))


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
            " give the genome that the data were mapped to."
        )


def _bigwig_sums(
    track: Any, sizes: Mapping[str, int], genome: Genome, cut: Windows, width: int
) -> NDArray[np.float64]:
    """Sum the values of a bigWig that is open, shape (n,)."""
    out = np.zeros(len(cut))
    for row in np.argsort(genome.axis[cut.chrom] + cut.start).tolist():
        chromosome = genome.names[cut.chrom[row]]
        if chromosome in sizes:
            start = int(cut.start[row])
            out[row] = track.values(chromosome, start, start + width, fillna=0.0).sum()
    return out
