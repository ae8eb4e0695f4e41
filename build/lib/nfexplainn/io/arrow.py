"""Arrow arrays from memory and back: pyarrow's own ways load pandas, to ask for its types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def texts(values: Sequence[str]) -> pa.StringArray:
    """Make an Arrow array of strings, without missing ones; under 2 GiB of text."""
    encoded = [value.encode() for value in values]
    ends = np.zeros(len(encoded) + 1, dtype=np.int64)
    np.cumsum([len(text) for text in encoded], out=ends[1:])
    if ends[-1] > np.iinfo(np.int32).max:
        raise ValueError("over 2 GiB of text in one Arrow array")
    offsets = pa.py_buffer(ends.astype(np.int32))
    return pa.StringArray.from_buffers(len(encoded), offsets, pa.py_buffer(b"".join(encoded)))


def words(values: Sequence[str]) -> pa.DictionaryArray:
    """Make an Arrow array of strings of which few differ: their numbers, in order of appearance.

    ``dictionary_encode`` does the same, and loads all of ``pyarrow.compute``.
    """
    known: dict[str, int] = {}
    which = [known.setdefault(value, len(known)) for value in values]
    return pa.DictionaryArray.from_arrays(numbers(np.array(which, dtype=np.int32)), texts([*known]))


def floats(values: NDArray[np.float32]) -> pa.FloatArray:
    """Make an Arrow array of numbers, of which NaN stays NaN; a copy where they lie apart."""
    return numbers(np.asarray(values, dtype=np.float32))


def numbers(values: NDArray[np.number[Any]]) -> pa.Array:
    """Make an Arrow array of the type of the numbers, none missing; a copy where they lie apart."""
    packed = np.ascontiguousarray(values)
    kind = pa.from_numpy_dtype(packed.dtype)
    return pa.Array.from_buffers(kind, len(packed), [None, pa.py_buffer(packed)])


def view(column: pa.Array, kind: type[np.number[Any]]) -> NDArray[Any]:
    """View a column of numbers as an array.

    Raises
    ------
    ValueError
        If it is of another type, or a value is missing.
    """
    if column.type != pa.from_numpy_dtype(kind):
        raise ValueError(f"a column is of the type {column.type}")
    if column.null_count:
        raise ValueError("a value is missing")
    return np.frombuffer(column.buffers()[1], dtype=kind)[column.offset :][: len(column)]


def copy(column: pa.ChunkedArray, kind: type[np.number[Any]]) -> NDArray[Any]:
    """Copy the column of a table, as :func:`view` does."""
    parts = [view(chunk, kind) for chunk in column.chunks]
    return np.concatenate([np.zeros(0, dtype=kind), *parts])


def with_missing(column: pa.Array, missing: NDArray[np.bool_]) -> pa.Array:
    """Make values of an array of numbers or strings that has none missing so.

    Parameters
    ----------
    column : pyarrow.Array
        Not a part of another.
    missing : bool array, shape (n,)
    """
    valid = pa.py_buffer(np.packbits(~missing, bitorder="little"))
    buffers = [valid, *column.buffers()[1:]]
    return pa.Array.from_buffers(column.type, len(column), buffers, int(missing.sum()))
