"""Make small files and prepare a data set of them."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nfexplainn import dna
from nfexplainn.assays.spec import InputFile, Prepared, Row, Spec, make_options
from nfexplainn.errors import UserError


def texts(n: int, length: int = 40, seed: int = 0) -> list[str]:
    """Random sequences."""
    rng = np.random.default_rng(seed)
    return dna.decode(rng.integers(0, 4, (n, length), dtype=np.uint8))


def turned(text: str) -> str:
    """Reverse complement."""
    return dna.decode(dna.reverse_complement(dna.encode([text])))[0]


def fastq(reads: Sequence[str], name: str = "r") -> str:
    """FASTQ of reads."""
    return "".join(f"@{name}{i}\n{s}\n+\n{'I' * len(s)}\n" for i, s in enumerate(reads))


def table(rows: Sequence[Sequence[object]], separator: str = "\t") -> str:
    """Text of a table."""
    return "".join(separator.join(map(str, row)) + "\n" for row in rows)


def prepared(
    prepare: Callable[[Spec], Prepared],
    folder: Path,
    files: dict[str, str | bytes],
    rows: list[dict[str, Any]] | None = None,
    others: tuple[int, ...] = (),
    **options: Any,
) -> Prepared:
    """Write the files (``.gz``: compressed) and prepare them; by default a row for the first."""
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        compress = name.endswith(".gz") and isinstance(content, str)
        (folder / name).write_bytes(gzip.compress(data) if compress else data)
    rows = rows or [{"sample": "A", "data": 0}]
    raw = {"min_positives": 1, **options}
    spec = Spec(
        "d",
        prepare.__module__.rpartition(".")[2],
        tuple(Row(line=i + 2, **row) for i, row in enumerate(rows)),
        tuple(InputFile(name, str(folder / name)) for name in files),
        make_options(raw, 42),
        None,
        others,
        raw,
    )
    return prepare(spec)


def check_refusal(
    sentence: str,
    prepare: Callable[[Spec], Prepared],
    folder: Path,
    files: dict[str, str | bytes],
    rows: list[dict[str, Any]] | None = None,
    **options: Any,
) -> None:
    """Assert that preparing says this, and calls the files as the user does: without a folder."""
    with pytest.raises(UserError, match=sentence) as caught:
        prepared(prepare, folder, files, rows, **options)
    assert str(folder) not in str(caught.value)
