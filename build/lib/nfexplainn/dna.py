"""DNA as small integers: A, C, G, T are 0 to 3, everything else is N, 4."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

ALPHABET = "ACGT"
N_CODE = 4
# IUPAC letters by the set of bases they stand for (A, C, G, T are bits 1, 2, 4, 8).
IUPAC = "-ACMGRSVTWYHKDBN"

Codes = NDArray[np.uint8]

_TO_CODE = np.full(256, N_CODE, dtype=np.uint8)
for _code, _letter in enumerate(ALPHABET):
    _TO_CODE[ord(_letter)] = _code
    _TO_CODE[ord(_letter.lower())] = _code
_TO_LETTER = np.frombuffer(b"ACGTN", dtype=np.uint8)
_COMPLEMENT = np.array([3, 2, 1, 0, N_CODE], dtype=np.uint8)


def encode(sequences: Sequence[str]) -> Codes:
    """Turn sequences of one length into codes.

    Parameters
    ----------
    sequences : sequence of str
        DNA of equal length, upper or lower case; letters outside ACGT become N.

    Returns
    -------
    uint8 array, shape (n, length)

    Raises
    ------
    ValueError
        If the lengths differ.
    """
    if not sequences:
        return np.zeros((0, 0), dtype=np.uint8)
    length = len(sequences[0])
    if any(len(sequence) != length for sequence in sequences):
        raise ValueError("the sequences differ in length")
    letters = np.frombuffer("".join(sequences).encode("latin-1", "replace"), dtype=np.uint8)
    return encode_letters(letters).reshape(len(sequences), length)


def encode_letters(letters: NDArray[np.uint8]) -> Codes:
    """Turn ASCII letters, as bytes of any shape, into codes of the same shape."""
    return _TO_CODE[letters]


def decode(codes: Codes) -> list[str]:
    """Turn codes, shape (n, length), back into upper-case sequences."""
    length = codes.shape[1]
    if not length:
        return [""] * len(codes)
    text = _TO_LETTER[codes].tobytes().decode("ascii")
    return [text[start : start + length] for start in range(0, len(text), length)]


def reverse_complement(codes: Codes) -> Codes:
    """Reverse complement along the last axis; N stays N."""
    return np.ascontiguousarray(_COMPLEMENT[codes[..., ::-1]])


def gc_content(codes: Codes) -> NDArray[np.float64]:
    """Share of G and C among the known bases of each sequence (NaN where there is none)."""
    known = (codes < N_CODE).sum(axis=-1)
    strong = ((codes == 1) | (codes == 2)).sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known > 0, strong / known, np.nan).astype(np.float64)
