"""In-silico mutagenesis: what every base turned into every other does, split over motif rows.

Exact: each mutated sequence is evaluated, but only where the changed base reaches.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.interpret.motif_rows import OTHER, Floats, RowSplitter
from nfexplainn.interpret.progress import Progress
from nfexplainn.native.units import Edits

# Rows that have parts of their own; all others have one together.
MOST_ROWS = 10
_EDITS, _CELLS = 1 << 14, 1 << 22  # at a time, and cells of their parts
_EPOCH = (1980, 1, 1, 0, 0, 0)  # of the archive's members, so that the same arrays give the same


@dataclass(frozen=True)
class Mutated:
    """What every single change of a base does.

    Attributes
    ----------
    rows : int array, shape (n,)
        Of the sequences.
    logits : float64 array, shape (n, tasks)
        Of the sequences as they are.
    parts : float64 array, shape (n, tasks, rows + 1, length, 4)
        Change of the logit by the base A, C, G or T in this place, through the units of each row
        and through those of none. 0 for the base that is there, NaN where that is unknown.
    """

    rows: NDArray[np.intp]
    logits: Floats
    parts: Floats

    @property
    def change(self) -> Floats:
        """Change of the logit, float64 (n, tasks, length, 4): the sum of the parts."""
        return np.asarray(self.parts.sum(axis=2), dtype=np.float64)


def single_mutations(codes: dna.Codes) -> tuple[Edits, NDArray[np.int64], NDArray[np.int64]]:
    """Change every known base into the three others.

    Parameters
    ----------
    codes : uint8 array, shape (n, length)

    Returns
    -------
    edits : Edits
    place, base : int64 arrays, shape (edits,)
        Where, and into what.
    """
    row, place, base = (
        axis.astype(np.int64)
        for axis in np.nonzero(
            (codes[:, :, None] != np.arange(4)) & (codes < dna.N_CODE)[:, :, None]
        )
    )
    edited = codes[row]
    edited[np.arange(len(row)), place] = base
    first = place.astype(np.int32)
    return Edits(edited, row, first, first + 1), place, base


def mutate(splitter: RowSplitter, codes: dna.Codes) -> Iterator[Mutated]:
    """Go through sequences, uint8 (n, length), chunk by chunk, in their order."""
    n, length = codes.shape
    cells = 4 * length * splitter.tasks * (len(splitter.rows) + 1)
    size = max(1, min(_EDITS // (3 * length), _CELLS // cells))
    for begin in range(0, n, size):
        rows: NDArray[np.intp] = np.arange(begin, min(begin + size, n))
        edits, place, base = single_mutations(codes[rows])
        outputs, changes = splitter.unit_changes(codes[rows], edits)
        shape = (len(rows), length, 4, splitter.tasks, len(splitter.rows) + 1)
        parts = np.zeros(shape)
        parts[codes[rows] >= dna.N_CODE] = np.nan
        parts[edits.row, place, base] = splitter.parts(changes)
        yield Mutated(rows, splitter.logits(outputs), parts.transpose(0, 3, 4, 1, 2))


def write_mutagenesis(
    splitter: RowSplitter,
    codes: dna.Codes,
    names: Sequence[str],
    tasks: Sequence[str],
    path: str | Path,
) -> None:
    """Write ``R.mutagenesis.npz``, with flat memory; the same maps give the same bytes.

    Its arrays: ``names`` (n,), ``tasks``, ``motifs`` (rows + 1,), ``bases``, ``sequences``
    (n, length), 0 to 3 for A, C, G, T and 4 for N; ``logits`` (n, tasks); ``change``
    (n, tasks, length, 4), of the logit; ``parts`` (n, tasks, rows + 1, length, 4), which sum to it.
    """
    path = Path(path)
    labels = [*splitter.rows.labels, OTHER]
    n, length = codes.shape
    shapes = {
        "change": (n, len(tasks), length, 4),
        "parts": (n, len(tasks), len(labels), length, 4),
    }
    files = {name: path.with_name(f"{path.name}.{name}.part") for name in shapes}
    try:
        arrays = {
            name: np.lib.format.open_memmap(files[name], "w+", np.float32, shape)
            for name, shape in shapes.items()
        }
        logits = np.empty((n, len(tasks)), dtype=np.float32)
        say = Progress("sequences mutated")
        for found in mutate(splitter, codes):
            logits[found.rows] = found.logits
            arrays["change"][found.rows] = found.change
            arrays["parts"][found.rows] = found.parts
            say(int(found.rows[-1]) + 1, n)
        for array in arrays.values():
            array.flush()
        small = {
            "names": np.array(list(names)),
            "tasks": np.array(list(tasks)),
            "motifs": np.array(labels),
            "bases": np.array(list(dna.ALPHABET)),
            "sequences": codes,
            "logits": logits,
        }
        _pack(path, small, files)
    finally:
        for file in files.values():
            file.unlink(missing_ok=True)


def _pack(path: Path, small: dict[str, NDArray[np.generic]], files: dict[str, Path]) -> None:
    part = path.with_name(path.name + ".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, array in small.items():
            with archive.open(_member(name), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)
        for name, file in files.items():
            with (
                archive.open(_member(name), "w", force_zip64=True) as member,
                file.open("rb") as raw,
            ):
                while block := raw.read(1 << 20):
                    member.write(block)
    part.replace(path)


def _member(name: str) -> zipfile.ZipInfo:
    found = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
    found.compress_type = zipfile.ZIP_DEFLATED
    return found
