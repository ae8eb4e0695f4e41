"""What a cell of a table says: a number, that nothing is known, or something else."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

# In lower case; what pandas, R, Excel, SQL and the UCSC tables write for "no value".
MISSING = frozenset(
    ("", "na", "n/a", "#n/a", "#na", "<na>", "nan", "-nan", "null", "none", "nil", ".", "-")
)
# Of these, what people write and no program does: a class or a cluster may be called so.
_NAMES = frozenset(("na", "none", "nil"))
# What programs alone write, so that nothing is called so.
_NO_NAMES = frozenset(("", "#n/a", "#na", "<na>", "nan", "-nan"))
# So many rows in order are no accident.
_COUNTED = 5
_EXCEL = frozenset(("#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!"))
_DECIMAL_COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+),\d+([eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3}){2,}(\.\d+)?|[+-]?\d{1,3},\d{3}\.\d+")
# One thousand, or one and three decimals.
_EITHER = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
_PERCENT = re.compile(r"[+-]?\d+([.,]\d+)?\s?%")


def missing(cell: str) -> bool:
    """Tell whether a cell says that there is no value."""
    return cell.strip().lower() in MISSING


def nameless(cells: Iterable[str]) -> frozenset[str]:
    """Give those texts of a column of names (classes, clusters) that say that there is none.

    They are the words for missing values as programs write them, so that a class called ``na`` is
    one; ``-`` is one, too, where ``+`` stands beside it.
    """
    found = frozenset(cells)
    none = {cell for cell in found if missing(cell) and cell.strip() not in _NAMES}
    return frozenset(none - {"-"} if "+" in found else none)


def classless(cells: Iterable[str]) -> frozenset[str]:
    """Give those texts of a column of classes that say that a sequence has none.

    Whoever classifies sequences leaves out those without a class, so that ``None`` and ``-`` are
    classes here, unlike in a column of clusters, where cells that passed no filter stand, too.
    ``NA``, ``n/a``, ``NULL`` and ``.`` are missing where they are rarer than every class, and a
    class where they are not.

    Parameters
    ----------
    cells : iterable of str
        All cells of the column.
    """
    counts = Counter(cells)
    none = nameless(counts) - {"None", "Nil", "NONE", "NIL", "-"}
    rarest = min((count for text, count in counts.items() if text not in none), default=0)
    return frozenset(
        text for text in none if text.strip().lower() in _NO_NAMES or counts[text] < rarest
    )


def spellings() -> list[str]:
    """Give the words for missing values in the cases that occur, for readers in bulk."""
    return sorted(
        {case for word in MISSING for case in (word, word.upper(), word.capitalize())} | {"NaN"}
    )


def finite(cell: str) -> float | None:
    """Read a finite number, None where the cell holds none; ``1_000`` is none."""
    if "_" in cell:
        return None
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def whole(cell: str) -> int | None:
    """Read a whole number as positions are written, None where the cell holds none."""
    if cell.isdecimal() and cell.isascii():
        return int(cell)
    text = cell.strip()
    digits = text.removeprefix("-")
    # More digits no position has, and no array holds.
    return int(text) if digits.isascii() and digits.isdecimal() and len(digits) < 19 else None


def counts_rows(cells: Sequence[str]) -> bool:
    """Tell whether a column numbers its rows (1, 2, 3, ...), five or more: names, and no values."""
    numbers = [finite(cell) for cell in cells]
    first = numbers[0] if len(numbers) >= _COUNTED else None
    return first is not None and numbers == [first + at for at in range(len(numbers))]


def truth(cell: str) -> float | None:
    """Read TRUE or FALSE as 1 or 0, None where the cell is neither."""
    return {"true": 1.0, "false": 0.0}.get(cell.strip().lower())


def has_decimal_comma(cell: str) -> bool:
    """Tell whether a cell is a number with a comma for the decimal point."""
    return _DECIMAL_COMMA.fullmatch(cell.strip()) is not None


def has_commas(cell: str) -> bool:
    """Tell whether a cell is a number with commas, between thousands or before decimals."""
    return "," in cell and bool(has_decimal_comma(cell) or _THOUSANDS.fullmatch(cell.strip()))


def has_thousands(cells: Iterable[str]) -> bool:
    """Tell whether the commas of some numbers stand between thousands.

    They do where each is followed by three digits, and one number has two of them or decimals
    behind a point, or others are below one thousand and have none.
    """
    found = [cell.strip() for cell in cells]
    commas = [cell for cell in found if "," in cell]
    plain = [value for cell in found if "," not in cell and (value := finite(cell)) is not None]
    grouped = all(_THOUSANDS.fullmatch(cell) or _EITHER.fullmatch(cell) for cell in commas)
    if not commas or not grouped:
        return False
    return any(map(_THOUSANDS.fullmatch, commas)) or (
        bool(plain) and all(abs(value) < 1000 for value in plain)
    )


def looks_numeric(cell: str) -> bool:
    """Tell whether a cell is a number, however it is written (``1,5``, ``1,100``, ``5 %``)."""
    return (
        finite(cell) is not None
        or has_decimal_comma(cell)
        or bool(_THOUSANDS.fullmatch(cell.strip()) or _PERCENT.fullmatch(cell.strip()))
    )


def no_number(cell: str) -> str:
    """Say why a cell is no number: the beginning of a sentence, with the way out.

    Examples
    --------
    >>> no_number("0,645")
    "'0,645' has a decimal comma; write 0.645 (export the table with decimal points)"
    """
    text = cell.strip()
    shown = text if len(text) <= 40 else f"{text[:40]}..."
    if _THOUSANDS.fullmatch(text):
        return f"'{shown}' has commas between thousands; write {text.replace(',', '')}"
    if _EITHER.fullmatch(text):
        return (
            f"'{shown}' has a comma, between thousands or before decimals; write"
            f" {text.replace(',', '')} or {text.replace(',', '.')}"
        )
    if _PERCENT.fullmatch(text):
        return f"'{shown}' has a percent sign; write {text.rstrip('% ')} in all rows"
    if has_decimal_comma(text):
        plain = text.replace(".", "").replace(",", ".")
        return (
            f"'{shown}' has a decimal comma; write {plain} (export the table with decimal points)"
        )
    if text.lower() in _EXCEL:
        return f"'{shown}' is a spreadsheet error; correct its formula, or write NA"
    if text.lower().lstrip("+-") in ("inf", "infinity"):
        return f"'{shown}' is infinite; write a finite number, or NA if it is unknown"
    return f"'{shown}' is not a number"
