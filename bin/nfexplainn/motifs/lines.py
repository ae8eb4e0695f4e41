"""Text files of motifs: whole lines in, whole files out."""

from __future__ import annotations

import gzip
from pathlib import Path

from nfexplainn.errors import UserError
from nfexplainn.motifs.motif import Motif


def read_lines(path: str | Path, shown: str) -> list[str]:
    """Read the lines of a plain or gzip text file; `shown` is its name in messages."""
    try:
        data = Path(path).read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
    except FileNotFoundError as error:
        raise UserError(f"{shown}: there is no such file; check the path.") from error
    except (OSError, EOFError) as error:
        raise UserError(
            f"{shown}: the file cannot be read ({error}); check that it is whole."
        ) from error
    if b"\0" in data[:4096]:
        raise UserError(f"{shown}: this is a binary file; give motifs as text.")
    return data.decode("utf-8-sig", "replace").splitlines()


def one_line(text: str) -> str:
    """Put all blanks and line breaks of a text into single blanks."""
    return " ".join(text.split())


def title(motif: Motif, separator: str) -> str:
    """Give a motif's identifier and name, joined by `separator`, on one line."""
    if not motif.id or len(motif.id.split()) != 1:
        raise ValueError(f"a motif's identifier must be one word, not {motif.id!r}")
    return (motif.id + separator + one_line(motif.name)).rstrip()
