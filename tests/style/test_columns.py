"""Every column of every table is defined once, in the glossary of docs/output.md."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from column_glossary import glossary, undefined

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "docs" / "output.md"
PACKAGE = ROOT / "bin"
COLUMN = re.compile(r"#?[a-z]\w*(:<task>)?")
PHRASES = {"all files together", "mean of tasks", "score column"}


def _listing() -> str:
    """Give what docs/output.md tells of tables, but for the glossary."""
    text = OUTPUT.read_text(encoding="utf-8")
    text = text[text.index("## `tables/`") : text.index("## `pipeline_info/`")]
    before, _, rest = text.partition("## Columns\n")
    return before + rest[rest.index("\n## ") :]


def listed() -> dict[str, str]:
    """Give the columns that docs/output.md lists for the tables, each with where it is listed."""
    found: dict[str, str] = {}
    for quoted in re.findall(r"`([^`]+)`", _listing()):
        words = quoted.split()
        if quoted in PHRASES:
            continue
        if len(words) > 1 and all(map(COLUMN.fullmatch, words)):
            found |= dict.fromkeys(words, quoted)
    return found


def written() -> dict[str, str]:
    """Give the columns that the code's tuples name, each with the tuple."""
    found: dict[str, str] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            targets = statement.targets if isinstance(statement, ast.Assign) else []
            for name in (one.id for one in targets if isinstance(one, ast.Name)):
                if not name.endswith("COLUMNS"):
                    continue
                texts = (one.value for one in ast.walk(statement) if isinstance(one, ast.Constant))
                known = {text for text in texts if isinstance(text, str) and COLUMN.fullmatch(text)}
                found |= dict.fromkeys(known, f"{name} of {path.name}")
    return found


def test_the_glossary_defines_the_columns_that_are_listed() -> None:
    columns = listed()
    assert len(columns) > 250  # the listing was found
    missing = undefined(columns, glossary(OUTPUT))
    assert not missing, {name: columns[name] for name in missing}


def test_the_glossary_defines_the_columns_that_the_code_writes() -> None:
    columns = written()
    assert len(columns) > 200
    missing = undefined(columns, glossary(OUTPUT))
    assert not missing, {name: columns[name] for name in missing}


def test_the_glossary_defines_no_column_that_no_table_has() -> None:
    known = glossary(OUTPUT)
    alone = re.findall(r"`([a-z]\w*)(?::<task>)?`", _listing())
    there = {name.partition(":")[0] for name in (*listed(), *written(), *alone)}
    idle = {name for name in known if "<" not in name and name not in there}
    assert not idle


def test_a_name_is_defined_once(tmp_path: Path) -> None:
    path = tmp_path / "output.md"
    lines = ["## Columns", "", "| column | meaning |", "|---|---|", "| `p` | of a test |"]
    path.write_text("\n".join([*lines, "| `q`, `p` | two |", "", "## More", "| `r` | no |", ""]))
    with pytest.raises(AssertionError, match="'p' is defined twice"):
        glossary(path)


@pytest.mark.parametrize(
    ("column", "known"),
    [
        ("gain", True),
        ("gain_low", True),
        ("gain:some task", True),
        ("loss_low", False),  # the pattern alone defines nothing
        ("gain_lower", False),
        ("spread", False),
    ],
)
def test_patterns_stand_for_names_that_are_defined(column: str, known: bool) -> None:
    names = {"gain", "<name>_low", "<name>:<task>"}
    assert undefined([column], names) == ([] if known else [column])
