"""Random access to the unpacked bytes of a file compressed with bgzip.

bgzip writes gzip blocks of at most 64 KiB, one after another; a ``.gzi`` lists where each begins,
packed and unpacked. (pyfaidx writes that list; its own reading stops with an error where a
sequence begins exactly on a block's edge, hence this module.)
"""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nfexplainn.errors import UserError
from nfexplainn.io.reading import reading

_CACHED = 4


class BgzipReader:
    """Read ranges of unpacked bytes; cheapest in ascending order.

    Parameters
    ----------
    path : Path
        The compressed file, with its ``.gzi`` beside it.
    name : str
        What the user called it, for messages.

    Raises
    ------
    UserError
        If the index is damaged.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.name = name
        with reading(name, f"its index {path.name}.gzi is damaged", "delete it"):
            raw = Path(f"{path}.gzi").read_bytes()
            pairs = np.frombuffer(raw[8:], dtype="<u8").astype(np.int64)
            packed, unpacked = pairs[0::2], pairs[1::2]
            if len(raw) < 8 or len(pairs) != 2 * int.from_bytes(raw[:8], "little"):
                raise ValueError("its length is wrong")
            if (np.diff(packed, prepend=0) < 0).any() or (np.diff(unpacked, prepend=0) < 0).any():
                raise ValueError("its blocks are out of order")
            if len(packed) and packed[-1] > path.stat().st_size:
                raise ValueError("it belongs to another file")
        if not len(packed) or unpacked[0] != 0:  # the first block goes without saying
            packed, unpacked = np.append(0, packed), np.append(0, unpacked)
        self._packed: NDArray[np.int64] = np.append(packed, path.stat().st_size)
        self._unpacked: NDArray[np.int64] = unpacked
        self._file = path.open("rb")
        self._blocks: dict[int, bytes] = {}

    def __enter__(self) -> BgzipReader:
        """Open."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._file.close()

    def read(self, start: int, end: int) -> bytes:
        """Give the unpacked bytes from ``start`` to before ``end``."""
        index = int(np.searchsorted(self._unpacked, start, side="right")) - 1
        out = self._block(index)[start - int(self._unpacked[index]) :]
        while len(out) < end - start:
            index += 1
            if index == len(self._unpacked):
                raise UserError(f"{self.name}: it is shorter than its index says; index it again.")
            out += self._block(index)
        return out[: end - start]

    def _block(self, index: int) -> bytes:
        """Unpack a block, or take it from the few kept."""
        if index not in self._blocks:
            while len(self._blocks) >= _CACHED:
                self._blocks.pop(next(iter(self._blocks)))
            first, last = int(self._packed[index]), int(self._packed[index + 1])
            self._file.seek(first)
            with reading(self.name, "the compressed file is damaged", "download it again"):
                # 15 + 16: a gzip header; what follows the block (the last one's end mark) is left.
                unpacking = zlib.decompressobj(31)
                self._blocks[index] = unpacking.decompress(self._file.read(last - first))
                if not unpacking.eof:
                    raise EOFError(f"the block at byte {first:,} is truncated")
        return self._blocks[index]
