"""Markdown of a model card: text of others cannot become markup."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

_MARKUP = re.compile(r"([\\`*\[\]<>|#~]|(?<!\w)_|_(?!\w))")
_TAG = re.compile(r"<[^<>]*>")


def md(text: object) -> str:
    """Escape a text for a line of Markdown, or for a cell of a table."""
    return _MARKUP.sub(r"\\\1", " ".join(str(text).split()))


def code(text: object) -> str:
    """Show a text as code, on one line; a mark of code within it becomes a quote."""
    plain = " ".join(str(text).split()).replace("`", "'").replace("|", "\u00a6")
    return f"`{plain}`" if plain else ""


def plain(markup: str) -> str:
    """Give the text of a fragment of the report's HTML."""
    return html.unescape(_TAG.sub("", markup))


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Write a table; cells hold Markdown."""
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def bullets(items: Iterable[str]) -> list[str]:
    """Write a list; empty items are left out."""
    return [f"* {item}" for item in items if item]
