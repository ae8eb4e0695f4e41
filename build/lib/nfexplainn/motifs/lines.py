"""Text files of motifs: whole lines in, whole files out."""

from __future__ import annotations

from pathlib import Path

from nfexplainn.io.text import read_text_lines
from nfexplainn.motifs.motif import Motif


def read_lines(path: str | Path, shown: str) -> list[str]:
    """Read the lines of a text file, as all text is read; `shown` is its name in messages."""
    return list(read_text_lines(path, shown))


def one_line(text: str) -> str:
    """Put all blanks and line breaks of a text into single blanks."""
    return " ".join(text.split())


def title(motif: Motif, separator: str) -> str:
    """Give a motif's identifier and name, joined by `separator`, on one line."""
    if not motif.id or len(motif.id.split()) != 1:
        raise ValueError(f"a motif's identifier must be one word, not {motif.id!r}")
    return (motif.id + separator + one_line(motif.name)).rstrip()


def number(text: str) -> float:
    """Read a number of a motif file.

    Raises
    ------
    ValueError
        If it is none; ``1_000``, which Python takes for one, is none.
    """
    if "_" in text:
        raise ValueError(f"could not convert string to float: {text!r}")
    return float(text)
