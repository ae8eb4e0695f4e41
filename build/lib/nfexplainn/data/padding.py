"""Unknown bases on both sides of short sequences, so that filters and pools have room."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nfexplainn import dna
from nfexplainn.errors import UserError, quoted
from nfexplainn.values import whole

_MOST = 100_000
RAW = "raw"
"""Name of what :func:`raw_of` gives, among a data set's metadata."""
SHORT = 60
"""Up to this length, in bp, sequences are padded by half a filter."""


def choose_pad(
    length: int, wanted: str, filter_length: int = 19, pool_size: int = 7, pool_stride: int = 7
) -> int:
    """Choose how many N to add to each side of sequences.

    A filter of 19 and a pool of 7 need 25 bp, and what lies behind the last whole pool is never
    seen. ``auto`` adds half a filter to sequences of up to 60 bp, so that a motif at an edge can
    lie anywhere in a filter. Where not even one pool fits without padding, it adds just what two
    pools need (20 bp: 6 with the default model), since no pool would see the rest.

    Parameters
    ----------
    length : int
        Of the sequences, in bp.
    wanted : str
        ``auto`` or a number.
    filter_length, pool_size, pool_stride : int
        Of the model.

    Returns
    -------
    int

    Raises
    ------
    UserError
        If not even one pool fits into the padded sequence, or ``wanted`` is neither.
    """
    one = filter_length + pool_size - 1
    two = one + pool_stride
    if wanted == "auto":
        if length > SHORT and length >= two:
            return 0
        need = max(0, -(-(two - length) // 2))
        if need > _MOST:
            raise UserError(
                f"filter_length {filter_length}, pool_size {pool_size} and pool_stride"
                f" {pool_stride} need {need:,} N on each side of {length} bp; give smaller ones."
            )
        return need if length < one else max(need, filter_length // 2)
    pad = whole(wanted)
    if pad is None or not 0 <= pad <= _MOST:
        raise UserError(
            f"pad is {quoted(wanted)}; give auto, or a whole number from 0 to {_MOST:,}."
        )
    if length + 2 * pad < one:
        raise UserError(
            f"pad is {pad}, which makes {length} bp into {length + 2 * pad}, but a filter of"
            f" {filter_length} and a pool of {pool_size} need {one}; give pad"
            f" {-(-(one - length) // 2)} or more, or auto."
        )
    return pad


@dataclass(frozen=True)
class PadOptions:
    """Settings that padding depends on; the names are those of the parameters.

    Attributes
    ----------
    pad : str
        ``auto`` or a number of N on each side.
    filter_length, pool_size, pool_stride : int
        Of the model.
    """

    pad: str = "auto"
    filter_length: int = 19
    pool_size: int = 7
    pool_stride: int = 7

    def pad_of(self, length: int) -> int:
        """Give the N to add to each side of sequences of a length, as :func:`choose_pad` does."""
        return choose_pad(length, self.pad, self.filter_length, self.pool_size, self.pool_stride)


def raw_of(raw: int, first: int, length: int) -> dict[str, list[int]]:
    """Say for the metadata which bases of an assay's sequences were taken; nothing of the middle.

    Parameters
    ----------
    raw : int
        Length of the sequences as they were given, in bp.
    first : int
        The first base that was taken, from 0.
    length : int
        How many were.
    """
    return {RAW: [raw, first]} if first != (raw - length) // 2 else {}


def pad_codes(codes: dna.Codes, pad: int) -> dna.Codes:
    """Add ``pad`` N to both sides of each sequence.

    Parameters
    ----------
    codes : uint8 array, shape (n, length)
    pad : int

    Returns
    -------
    uint8 array, shape (n, length + 2 * pad)
    """
    if not pad:
        return codes
    return np.pad(codes, ((0, 0), (pad, pad)), constant_values=dna.N_CODE)
