"""Sequences of any length as what a model reads: cut and padded as those of its assay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.data.dataset import DatasetMeta, read_meta
from nfexplainn.data.padding import RAW, pad_codes
from nfexplainn.errors import UserError
from nfexplainn.io.fasta import LEGAL_LETTERS


def pad_of(meta: DatasetMeta) -> int:
    """Give the N that the preparation of a data set put on both sides of its sequences."""
    pad = meta.extra.get("pad", 0)
    return pad if isinstance(pad, int) and 0 <= 2 * pad < meta.length else 0


@dataclass(frozen=True)
class Shape:
    """What a model reads of a sequence.

    Attributes
    ----------
    length : int
        In bp, with the N.
    pad : int
        N on both sides.
    raw : tuple of int, or None
        Length of a sequence as the assay gave it and the first base of it that was read, where
        its ends were cut off: the middle of such a one is other bases than those trained on.
    """

    length: int
    pad: int = 0
    raw: tuple[int, int] | None = None

    @property
    def inner(self) -> int:
        """Length without the N."""
        return self.length - 2 * self.pad

    def first(self, lengths: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give the first base that is read of sequences of these lengths, int64, shape (n,)."""
        middle = (lengths - self.inner) // 2
        return middle if self.raw is None else np.where(lengths == self.raw[0], self.raw[1], middle)


def shape_of_meta(meta: DatasetMeta) -> Shape:
    """Give what the models of a data set read."""
    raw = meta.extra.get(RAW)
    if isinstance(raw, list | tuple) and len(raw) == 2 and all(type(n) is int for n in raw):
        return Shape(meta.length, pad_of(meta), (raw[0], raw[1]))
    return Shape(meta.length, pad_of(meta))


def shape_of(path: str | Path) -> Shape:
    """Give what the models read whose file, or whose data set's, this is.

    Parameters
    ----------
    path : path
        ``D.header.json``, ``D.dataset.parquet``, or a model's own file, which tells of no N.

    Raises
    ------
    UserError
        If the file is broken.
    """
    if str(path).endswith(".safetensors"):
        from nfexplainn.models.checkpoint import read_checkpoint

        return Shape(int(read_checkpoint(path)[0].config["length"]))
    return shape_of_meta(read_meta(path))


def kept(sequences: Any) -> Any:
    """Give sequences as what can be read again by the next model: a generator can be only once."""
    if isinstance(sequences, str):
        return [sequences]
    return list(sequences) if isinstance(sequences, Iterator) else sequences


def cut_windows(sequences: Any, shape: Shape) -> tuple[list[str], dna.Codes]:
    """Make codes of sequences.

    Parameters
    ----------
    sequences : sequence of str, mapping of str to str, pandas Series, or uint8 array (n, bp)
        Names are the keys, or the index, of what has some; else the numbers from 1.
    shape : Shape
        What the model reads.

    Returns
    -------
    names : list of str
    codes : uint8 array, shape (n, length)

    Raises
    ------
    UserError
        For each sequence (the first ten) that is too short or holds other letters than DNA's.
    """
    inner, pad = shape.inner, shape.pad
    sequences = kept(sequences)
    if isinstance(sequences, np.ndarray) and sequences.dtype == np.uint8:
        if sequences.ndim != 2 or sequences.shape[1] < inner:
            raise UserError(
                f"the codes have the shape {sequences.shape}, but the model reads {inner} bp; give"
                " an array (n, bp) with that many or more."
            )
        if sequences.max(initial=0) > dna.N_CODE:
            raise UserError(
                f"the codes hold {sequences.max()}, but A, C, G, T and N are 0, 1, 2, 3 and"
                f" {dna.N_CODE}; give those, or DNA as text."
            )
        start = int(shape.first(np.array([sequences.shape[1]]))[0])
        names = [str(row + 1) for row in range(len(sequences))]
        return names, pad_codes(sequences[:, start : start + inner], pad)
    pairs = named_sequences(sequences, inner)
    firsts = shape.first(np.array([len(text) for _, text in pairs], dtype=np.int64)).tolist()
    cut = [text[first : first + inner] for (_, text), first in zip(pairs, firsts, strict=True)]
    codes = dna.encode(cut) if cut else np.zeros((0, inner), dtype=np.uint8)
    return [name for name, _ in pairs], pad_codes(codes, pad)


def named_sequences(sequences: Any, least: int) -> list[tuple[str, str]]:
    """Give names and texts of sequences.

    Parameters
    ----------
    sequences : sequence of str, mapping of str to str, or pandas Series
        Names are the keys, or the index, of what has some; else the numbers from 1.
    least : int
        Fewest bp of each.

    Raises
    ------
    UserError
        For each sequence (the first ten) that is too short or holds other letters than DNA's.
    """
    sequences = kept(sequences)
    pairs = list(sequences.items()) if _is_named(sequences) else list(enumerate(sequences, 1))
    wrong = [said for name, text in pairs if (said := _problem(str(name), text, least))]
    if wrong:
        rest = (
            [f"{len(wrong) - 10:,} more sequences have such mistakes."] if len(wrong) > 10 else []
        )
        raise UserError("\n".join(wrong[:10] + rest))
    return [(str(name), text) for name, text in pairs]


def _is_named(sequences: Any) -> bool:
    return isinstance(sequences, Mapping) or hasattr(sequences, "items")


def _problem(name: str, text: Any, inner: int) -> str:
    if not isinstance(text, str):
        return f"sequence {name}: this is {type(text).__name__}, not text; give DNA as text."
    strange = text.encode("latin-1", "replace").translate(None, LEGAL_LETTERS)
    if strange:
        return (
            f"sequence {name}: it holds {strange[:1].decode()!r}, which is not a DNA letter;"
            " remove it."
        )
    if len(text) < inner:
        return (
            f"sequence {name}: it has {len(text)} bp, but the model reads {inner}; give that many"
            " or more (of longer ones the middle is taken)."
        )
    return ""
