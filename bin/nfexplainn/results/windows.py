"""Sequences of any length as what a model reads: cut to the middle, padded as its assay is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nfexplainn import dna
from nfexplainn.data.dataset import DatasetMeta, read_meta
from nfexplainn.data.padding import pad_codes
from nfexplainn.errors import UserError
from nfexplainn.io.fasta import LEGAL_LETTERS


def pad_of(meta: DatasetMeta) -> int:
    """Give the N that the preparation of a data set put on both sides of its sequences."""
    pad = meta.extra.get("pad", 0)
    return pad if isinstance(pad, int) and 0 <= 2 * pad < meta.length else 0


def shape_of(path: str | Path) -> tuple[int, int]:
    """Give the length that models read, in bp, and the N on both sides that are part of it.

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

        return int(read_checkpoint(path)[0].config["length"]), 0
    meta = read_meta(path)
    return meta.length, pad_of(meta)


def kept(sequences: Any) -> Any:
    """Give sequences as what can be read again by the next model: a generator can be only once."""
    if isinstance(sequences, str):
        return [sequences]
    return list(sequences) if isinstance(sequences, Iterator) else sequences


def cut_windows(sequences: Any, length: int, pad: int = 0) -> tuple[list[str], dna.Codes]:
    """Make codes of sequences.

    Parameters
    ----------
    sequences : sequence of str, mapping of str to str, pandas Series, or uint8 array (n, bp)
        Names are the keys, or the index, of what has some; else the numbers from 1.
    length : int
        What the model reads, in bp, with its padding.
    pad : int
        N on both sides.

    Returns
    -------
    names : list of str
    codes : uint8 array, shape (n, length)

    Raises
    ------
    UserError
        For each sequence (the first ten) that is too short or holds other letters than DNA's.
    """
    inner = length - 2 * pad
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
        cut = (sequences.shape[1] - inner) // 2
        names = [str(row + 1) for row in range(len(sequences))]
        return names, pad_codes(sequences[:, cut : cut + inner], pad)
    pairs = list(sequences.items()) if _is_named(sequences) else list(enumerate(sequences, 1))
    wrong = [said for name, text in pairs if (said := _problem(str(name), text, inner))]
    if wrong:
        rest = [f"{len(wrong) - 10:,} more sequences are as these."] if len(wrong) > 10 else []
        raise UserError("\n".join(wrong[:10] + rest))
    middles = [text[(len(text) - inner) // 2 :][:inner] for _, text in pairs]
    codes = dna.encode(middles) if middles else np.zeros((0, inner), dtype=np.uint8)
    return [str(name) for name, _ in pairs], pad_codes(codes, pad)


def _is_named(sequences: Any) -> bool:
    return isinstance(sequences, Mapping) or hasattr(sequences, "items")


def _problem(name: str, text: Any, inner: int) -> str:
    if not isinstance(text, str):
        return f"sequence {name}: this is no text but {type(text).__name__}; give DNA as text."
    strange = text.encode("latin-1", "replace").translate(None, LEGAL_LETTERS)
    if strange:
        return f"sequence {name}: it holds {strange[:1].decode()!r}, which is no DNA; take it out."
    if len(text) < inner:
        return (
            f"sequence {name}: it has {len(text)} bp, but the model reads {inner}; give that many"
            " or more (of longer ones the middle is taken)."
        )
    return ""
