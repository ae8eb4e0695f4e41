"""Arrow arrays from memory: ``pyarrow.array`` loads pandas, to ask whether it was given any."""

from __future__ import annotations

from collections.abc import Sequence

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


def floats(values: NDArray[np.float32]) -> pa.FloatArray:
    """Make an Arrow array of numbers, of which NaN stays NaN; a copy where they lie apart."""
    packed = np.ascontiguousarray(values, dtype=np.float32)
    return pa.Array.from_buffers(pa.float32(), len(packed), [None, pa.py_buffer(packed)])
