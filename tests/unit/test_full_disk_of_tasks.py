"""A full disk ends a task in one sentence, whichever library was writing."""

from __future__ import annotations

import errno
import io
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from safetensors import SafetensorError

from nfexplainn.errors import run_script

NUMBERS = np.arange(1_000_000)


def full() -> BinaryIO:
    """Open what Linux lets every write fail on, as on a full disk.

    No library gets its path: some delete a file that they could not write, or rename another to it.
    """
    return Path("/dev/full").open("r+b", buffering=0)


def text() -> None:
    with io.TextIOWrapper(full()) as handle:
        handle.write("x" * 100_000)


def arrow() -> None:
    with full() as handle:
        parquet.write_table(pa.table({"a": NUMBERS}), handle)


def numpy() -> None:
    with full() as handle:
        np.save(handle, NUMBERS)


def safetensors() -> None:
    raise SafetensorError(
        "Error while serializing: I/O error: No space left on device (os error 28)"
    )


def quota() -> None:
    raise OSError(errno.EDQUOT, "Disk quota exceeded", "results.tsv")


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="needs /dev/full")
@pytest.mark.parametrize("writer", [text, arrow, numpy, safetensors, quota])
def test_a_full_disk_is_one_sentence(
    writer: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run_script(writer)
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith("ERROR: the disk of ")
    assert said.endswith(
        "make room, or choose another work folder (-w), then start again with -resume.\n"
    )
    assert said.count("\n") == 1


def test_other_errors_keep_their_traceback() -> None:
    def broken() -> None:
        raise OSError(errno.EIO, "Input/output error", "x")

    with pytest.raises(OSError, match="Input/output"):
        run_script(broken)
