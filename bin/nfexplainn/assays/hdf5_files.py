"""Parts of HDF5 files, checked before they are read: sizes, types, links."""

from __future__ import annotations

import contextlib
import math
import os
import resource
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray


def check_survival(read: Callable[[], object], seconds: int) -> None:
    """Read a file first in a process of its own: damaged ones stop or end the HDF5 library.

    Parameters
    ----------
    read : callable
        What it raises is left to be raised again when the file is read here.
    seconds : int
        Of processor time, after which it is taken to have stopped; waiting for a disk costs none.

    Raises
    ------
    ValueError
        If the library did not come to an end.
    """
    process = os.fork()
    if not process:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        with contextlib.suppress(BaseException):
            read()
        os._exit(0)  # at once: nothing of the other process is to be written twice
    if os.waitpid(process, 0)[1]:
        raise ValueError("the HDF5 library cannot read it")


def child(parent: Any, key: str) -> Any:
    """Open a part of a group, which must lie in the same file.

    Raises
    ------
    KeyError, RuntimeError
        If there is none, or a link leads nowhere.
    ValueError
        If it lies in another file.
    """
    if not isinstance(parent, h5py.Group):
        raise ValueError(f"{parent.name} is a table, not a group (written by AnnData before 0.7?)")
    found = parent[key]
    if found.file.filename != parent.file.filename:
        raise ValueError(f"{parent.name}/{key} lies in another file")
    return found


def array(parent: Any, key: str) -> Any:
    """Open an array, which must have all the bytes that it claims.

    Raises
    ------
    KeyError, RuntimeError, ValueError
        If there is none, or its size is not true.
    """
    found = child(parent, key)
    if not isinstance(found, h5py.Dataset) or found.shape is None:
        raise ValueError(f"{parent.name}/{key} is not an array")
    if found.is_virtual or found.external:
        raise ValueError(f"{found.name} lies in another file")
    claimed = found.size * found.dtype.itemsize
    if found.chunks:
        grid = [-(-size // part) for size, part in zip(found.shape, found.chunks, strict=True)]
        there = found.id.get_num_chunks()
        if there < math.prod(grid):
            raise ValueError(f"{found.name} has {there:,} of its {math.prod(grid):,} blocks")
    if not found.id.get_create_plist().get_nfilters():
        stored = min(found.id.get_storage_size(), found.file.id.get_filesize())
        if claimed > stored:
            raise ValueError(f"{found.name} claims {claimed:,} bytes, but has {stored:,}")
    return found


def vector(parent: Any, key: str, kinds: str) -> NDArray[Any]:
    """Read an array of one dimension and of some kinds of numbers (NumPy's letters).

    Raises
    ------
    KeyError, RuntimeError, ValueError
        If there is none.
    """
    found = array(parent, key)
    if found.ndim != 1 or found.dtype.kind not in kinds:
        raise ValueError(f"{found.name} holds {found.dtype} of shape {found.shape}")
    return np.asarray(found[:])


def texts(parent: Any, key: str) -> list[str]:
    """Read strings, plain or categorical, or numbers as texts; '' where unknown.

    Raises
    ------
    KeyError, RuntimeError, ValueError
        If there are none, or a code is of no category.
    """
    node = child(parent, key)
    if not isinstance(node, h5py.Group):
        return _plain(parent, key)
    if "categories" in node:
        names = [*_plain(node, "categories"), ""]
        codes = vector(node, "codes", "iu").astype(np.int64)
        wrong = np.flatnonzero((codes < -1) | (codes >= len(names) - 1))
        if len(wrong):
            raise ValueError(
                f"entry {wrong[0] + 1:,} of {node.name}/codes is {codes[wrong[0]]},"
                f" of {len(names) - 1:,} categories"
            )
        return [names[code] for code in codes.tolist()]
    values = _plain(node, "values")
    unknown = vector(node, "mask", "b") if "mask" in node else np.zeros(len(values), dtype=bool)
    return ["" if gone else text for text, gone in zip(values, unknown.tolist(), strict=True)]


def _plain(parent: Any, key: str) -> list[str]:
    """Read an array of strings or numbers as texts."""
    node = array(parent, key)
    if node.ndim != 1:
        raise ValueError(f"{node.name} has the shape {node.shape}, not one dimension")
    if h5py.check_string_dtype(node.dtype) is not None:
        try:
            # What is marked as ASCII is read as UTF-8, too.
            return [str(text) for text in node.asstr("utf-8")[:]]
        except UnicodeDecodeError as error:
            raise ValueError(f"{node.name} is not UTF-8 text: {error}") from error
    values = node[:]
    if values.dtype.kind not in "biuf":
        raise ValueError(f"{node.name} holds {values.dtype}, neither text nor numbers")
    if values.dtype.kind == "f":
        return [_shown(value) for value in values.tolist()]
    return [str(value) for value in values.tolist()]


def _shown(value: float) -> str:
    """Write a number: whole ones with all their digits, '' where it is none."""
    if math.isnan(value):
        return ""
    return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:g}"
