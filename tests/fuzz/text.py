"""Changes of text: of cells, lines, and the whole."""

from __future__ import annotations

import gzip
import random
import re

from fuzz.changes import ANY, REFUSE, SAME, SOUND, TOLD, Change

# What is no number in any reader's eyes.
_NO_NUMBERS = (
    *("abc", "1_000", "0x10", "1e", "--1", "1.2.3", "\x1b[31m", "<b>1</b>", "=1+1", "é"),
    *("$(touch PWNED)", "`id`", "1;2", "²", "½", "1\u00a00", "+-3", "%s", "{0}"),
)
# What is one, or nothing, in some.
_NUMBERS = (
    *("", "nan", "NaN", "inf", "-inf", "1e400", "-1", "0", "-0", "4294967296", "2147483648", "1e3"),
    *("9223372036854775807", "9223372036854775808", "1" * 400, "00012", "1.0", "0.5", "1e-400"),
    *(
        "NA",
        "None",
        "#N/A",
        ".",
        "true",
        "TRUE",
        " 7 ",
        '"7"',
        "1,5",
        "+7",
        "7.",
        "\uff11\uff12",
        "\u0663",
        "\x0b5",
        "-9999999999",
    ),
)
_TEXTS = (
    *(
        "",
        " ",
        '"',
        '""',
        "'",
        "#",
        ">",
        "@",
        "=cmd",
        "a b",
        "a,b",
        "a\tb",
        "\x00",
        "\x07",
        "é",
        "日本",
    ),
    *("A" * 100_000, "\u2028", "\x85", "\ufeff", "../../etc/passwd", "<script>", "nan", "chr1"),
    *("🧬", "e\u0301", "\u202e", "-", ":", "chr1:1-2", "NA", "\\n", "%00", "\x7f"),
)


def _split(line: str) -> tuple[list[str], str]:
    """Give the cells of a line and what is between them."""
    for separator in ("\t", ",", " "):
        if separator in line:
            return line.split(separator), separator
    return [line], "\t"


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[-+]?\d+(\.\d*)?(e[-+]?\d+)?", text.strip(), re.IGNORECASE) is not None


def _lines(data: bytes) -> list[str]:
    return data.decode().splitlines(keepends=True)


def _join(lines: list[str], what: str, expect: str = ANY) -> Change:
    return Change("".join(lines).encode("utf-8", "surrogateescape"), what, expect)


def _pick_number(lines: list[str], rng: random.Random) -> tuple[int, int] | None:
    """Choose a cell that holds a number."""
    for _ in range(20):
        row = rng.randrange(len(lines))
        cells, _ = _split(lines[row].rstrip("\n"))
        places = [place for place, cell in enumerate(cells) if _is_number(cell)]
        if places:
            return row, rng.choice(places)
    return None


def _put(lines: list[str], row: int, place: int, text: str) -> None:
    cells, separator = _split(lines[row].rstrip("\n"))
    cells[place] = text
    lines[row] = separator.join(cells) + "\n"


def no_number(data: bytes, rng: random.Random) -> Change:
    """Write what is no number where there is one."""
    lines = _lines(data)
    found = _pick_number(lines, rng)
    if found is None:
        return any_text(data, rng)
    value = rng.choice(_NO_NUMBERS)
    _put(lines, *found, value)
    return _join(lines, f"{value!r} for the number in line {found[0] + 1}", TOLD)


def other_number(data: bytes, rng: random.Random) -> Change:
    """Write another number, or nothing, where there is one."""
    lines = _lines(data)
    found = _pick_number(lines, rng)
    if found is None:
        return any_text(data, rng)
    value = rng.choice(_NUMBERS)
    _put(lines, *found, value)
    return _join(lines, f"{value[:30]!r} for the number in line {found[0] + 1}")


def any_text(data: bytes, rng: random.Random) -> Change:
    """Write any text into any cell."""
    lines = _lines(data)
    row = rng.choice((0, rng.randrange(len(lines))))
    cells, _ = _split(lines[row].rstrip("\n"))
    place, value = rng.randrange(len(cells)), rng.choice(_TEXTS)
    _put(lines, row, place, value)
    return _join(lines, f"{value[:30]!r} in line {row + 1}, cell {place + 1}")


def cells_of_a_line(data: bytes, rng: random.Random) -> Change:
    """Lose, repeat or swap cells of a line."""
    lines = _lines(data)
    row = rng.choice((0, rng.randrange(len(lines)), len(lines) - 1))
    cells, separator = _split(lines[row].rstrip("\n"))
    place = rng.randrange(len(cells))
    what = rng.choice(("lost", "twice", "swapped", "other separator"))
    if what == "lost":
        del cells[place]
    elif what == "twice":
        cells.insert(place, cells[place])
    elif what == "swapped":
        other = rng.randrange(len(cells))
        cells[place], cells[other] = cells[other], cells[place]
    else:
        separator = rng.choice((" ", ",", ";", "|", "  ", "\t\t"))
    lines[row] = separator.join(cells) + "\n"
    return _join(lines, f"cell {place + 1} of line {row + 1} {what}")


def whole_lines(data: bytes, rng: random.Random) -> Change:
    """Lose, repeat, join, swap or put in lines."""
    lines = _lines(data)
    row = rng.choice((0, rng.randrange(len(lines)), len(lines) - 1))
    what = rng.choice(("lost", "twice", "joined", "first", "broken", "foreign", "halved", "long"))
    line = lines[row].rstrip("\n")
    if what == "lost":
        del lines[row]
    elif what == "twice":
        lines.insert(row, lines[row])
    elif what == "joined":
        lines[row] = line
    elif what == "first":
        lines.insert(0, lines.pop(row))
    elif what == "broken":
        at = rng.randrange(len(line) + 1)
        lines[row] = line[:at] + "\n" + line[at:] + "\n"
    elif what == "halved":
        lines = lines[: row + 1]
    elif what == "long":
        lines[row] = line * (200_000 // max(1, len(line))) + "\n"
    else:
        text = rng.choice(
            ("track name=x", "browser position", "# c", "@x", ">x", "%", "//", "\x00")
        )
        lines.insert(row, text + "\n")
    return _join(lines, f"line {row + 1} {what}")


def columns(data: bytes, rng: random.Random) -> Change:
    """Lose, repeat or swap a whole column."""
    lines = [_split(line.rstrip("\n")) for line in _lines(data)]
    width = len(lines[0][0])
    place, other = rng.randrange(width), rng.randrange(width)
    what = rng.choice(("lost", "twice", "swapped", "emptied"))
    for cells, _ in lines:
        if max(place, other) >= len(cells):
            continue
        if what == "lost":
            del cells[place]
        elif what == "twice":
            cells.append(cells[place])
        elif what == "swapped":
            cells[place], cells[other] = cells[other], cells[place]
        else:
            cells[place] = ""
    return _join([s.join(cells) + "\n" for cells, s in lines], f"column {place + 1} {what}")


def encoding(data: bytes, rng: random.Random) -> Change:
    """Save the text in another valid form."""
    forms = {
        "CRLF": (data.replace(b"\n", b"\r\n"), SOUND),
        "a byte order mark": (b"\xef\xbb\xbf" + data, SOUND),
        "no last line end": (data.rstrip(b"\n"), SOUND),
        "gzip": (gzip.compress(data, mtime=0), SOUND),
        "an empty line at the end": (data + b"\n", SAME),
        "UTF-16": (data.decode().encode("utf-16"), SAME),
        "UTF-16 without a mark": (data.decode().encode("utf-16-be"), SAME),
        "UTF-32": (data.decode().encode("utf-32"), SAME),
        "lone carriage returns": (data.replace(b"\n", b"\r"), SAME),
        "EBCDIC": (data.decode().encode("cp500", "replace"), REFUSE),
        "blanks at line ends": (data.replace(b"\n", b" \n"), SAME),
    }
    what = rng.choice(sorted(forms))
    changed, expect = forms[what]
    return Change(changed, f"saved with {what}", expect)


def latin(data: bytes, rng: random.Random) -> Change:
    """Put bytes that are no UTF-8 into the text."""
    at = rng.randrange(len(data))
    piece = rng.choice((b"\xff", b"\xe9", b"\xc3\x28", b"\xed\xa0\x80", b"\xf0\x9f", b"\x80" * 9))
    return Change(data[:at] + piece + data[at:], f"{piece!r} at {at}")


def nearly_empty(data: bytes, rng: random.Random) -> Change:
    """Leave next to nothing."""
    first = data.split(b"\n", 1)[0] + b"\n"
    left = rng.choice((b"", b"\n", b" \n\t\n", b"#\n", first, b"\xef\xbb\xbf", b"\r\n", b"\x00\n"))
    return Change(left, f"only {left[:20]!r}")


def far_end(data: bytes, rng: random.Random) -> Change:
    """Let one interval end far beyond its chromosome."""
    lines = _lines(data)
    row = rng.randrange(1, len(lines))
    value = rng.choice(("4294967296", "2147483647", "999999999", "1e9"))
    _put(lines, row, 2, value)
    return _join(lines, f"line {row + 1} ends at {value}", TOLD)


def renamed(data: bytes, rng: random.Random) -> Change:
    """Call some chromosomes otherwise."""
    text = data.decode()
    how = rng.choice(("2", "CHR2", "chr02", "NC_000002.12"))
    for name in rng.choice((["chr2"], ["chr10"], ["chr2", "chr10"], ["chr1", "chr2", "chr10"])):
        text = re.sub(rf"^{name}\b", how.replace("2", name.removeprefix("chr")), text, flags=re.M)
    return Change(text.encode(), f"chromosomes called as {how}", TOLD)


def shuffled(data: bytes, rng: random.Random) -> Change:
    """Swap lines after the first."""
    first, *rest = _lines(data)
    rng.shuffle(rest)
    return _join([first, *rest], "lines in another order", SAME)


def letters(data: bytes, rng: random.Random) -> Change:
    """Write other letters into a sequence."""
    lines = _lines(data)
    rows = [row for row, line in enumerate(lines) if re.fullmatch(r"[ACGT]{8,}\n", line)]
    if not rows:
        return any_text(data, rng)
    row = rng.choice(rows)
    at = rng.randrange(len(lines[row]) - 1)
    piece = rng.choice(
        ("N", "n", "U", "R", "-", "*", " ", "\t", "X", "é", "5", ".", "N" * 40, "\x00")
    )
    lines[row] = lines[row][:at] + piece + lines[row][at + 1 :]
    return _join(lines, f"{piece!r} in the sequence of line {row + 1}")


def lower_case(data: bytes, _rng: random.Random) -> Change:
    """Write sequences in lower case."""
    lines = [line if line[:1] in ">@" else line.lower() for line in _lines(data)]
    return _join(lines, "lower case", SOUND)


GENERAL = [
    no_number, no_number, other_number, other_number, any_text, any_text, cells_of_a_line,
    whole_lines, whole_lines, encoding, encoding, latin, nearly_empty,
]  # fmt: skip
