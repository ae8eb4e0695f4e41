"""The glossary of columns in docs/output.md, and what it does not define."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path


def glossary(path: Path) -> set[str]:
    """Read the names and patterns that the section *Columns* defines, each once."""
    text = path.read_text(encoding="utf-8").partition("## Columns\n")[2].partition("\n## ")[0]
    names: set[str] = set()
    for line in text.splitlines():
        if line.startswith("| `"):
            for name in re.findall(r"`([^`]+)`", line.split(" | ")[0]):
                assert name not in names, f"'{name}' is defined twice"
                names.add(name)
    assert names, f"{path}: there is no section Columns"
    return names


def undefined(columns: Iterable[str], names: Collection[str]) -> list[str]:
    """Give the columns that neither a name defines, nor a pattern on a name that is defined."""
    endings = {name.removeprefix("<name>") for name in names if name.startswith("<name>_")}

    def known(column: str) -> bool:
        column = column.removeprefix("#")
        if ":" in column and "<name>:<task>" in names:
            column = column.partition(":")[0]
        bases = [column.removesuffix(end) for end in endings if column.endswith(end)]
        return column in names or any(base in names for base in bases)

    return [column for column in columns if not known(column)]
