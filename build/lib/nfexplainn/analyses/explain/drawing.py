"""A picture of one explained sequence: what each unit adds, and where its motif lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 900, 70  # of the picture, and of the profile over its lanes
LEFT, RIGHT, TOP = 56, 12, 38
LANE, BAR = 16, 11
LETTER = 6.2
MOST_MARKS = 14
LEAST_SHARE = 0.03  # of the largest; smaller ones have no lane
_RAISES, _LOWERS = "#b2182b", "#2166ac"
_FONT = "font-family:Helvetica,Arial,sans-serif;font-size:11px"


@dataclass(frozen=True)
class Mark:
    """A unit in a sequence.

    Attributes
    ----------
    start, end : int
        Of its best window, on the sequence as given.
    strand : int
        1 or -1: on which strand the unit saw it.
    contribution : float
        To the logit, on that strand.
    label : str
    """

    start: int
    end: int
    strand: int
    contribution: float
    label: str


def draw_sequence(
    title: str, subtitle: str, marks: Sequence[Mark], length: int, place: str, origin: int
) -> str:
    """Draw a profile of what the bases' windows add, and a lane for each of the leading units.

    The profile spreads every contribution evenly over the unit's window: its area is the
    prediction less the bias. Red raises the prediction, blue lowers it.

    Parameters
    ----------
    title, subtitle : str
    marks : sequence of Mark
        The largest have a lane, see :data:`MOST_MARKS`; all are in the profile.
    length : int
        Of the sequence, in bp.
    place : str
        What the axis counts along.
    origin : int
        What the axis shows at the sequence's first base.

    Returns
    -------
    str
        An SVG; the same marks give the same text.
    """
    largest = max((abs(mark.contribution) for mark in marks), default=0.0)
    ranked = sorted(marks, key=lambda m: (-abs(m.contribution), m.start, m.strand, m.label))
    shown = [m for m in ranked if abs(m.contribution) >= LEAST_SHARE * largest][:MOST_MARKS]
    lanes = TOP + HEIGHT + 26
    total = lanes + LANE * len(shown) + 6
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {total}" role="img"'
        f' style="{_FONT};max-width:{WIDTH}px;width:100%" fill="currentColor">',
        f"<title>{escape(title)}: {escape(subtitle)}</title>",
        f'<text x="{LEFT}" y="13" font-weight="bold">{escape(title)}</text>',
        f'<text x="{LEFT}" y="28" opacity=".75">{escape(subtitle)}</text>',
        _profile(marks, length),
        _axis(length, place, origin),
    ]
    parts += [_lane(mark, lanes + LANE * row, length, largest) for row, mark in enumerate(shown)]
    return "".join(parts) + "</svg>\n"


def _x(position: float, length: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * position / length


def _sums(marks: Sequence[Mark], length: int) -> list[float]:
    """Spread contributions evenly over their windows and add them up, per base."""
    sums = [0.0] * length
    for mark in marks:
        for base in range(mark.start, mark.end):
            sums[base] += mark.contribution / (mark.end - mark.start)
    return sums


def _profile(marks: Sequence[Mark], length: int) -> str:
    """Draw what raises above the line, and what lowers below it."""
    up = _sums([mark for mark in marks if mark.contribution > 0], length)
    down = _sums([mark for mark in marks if mark.contribution < 0], length)
    high, low = max(up, default=0.0), min(down, default=0.0)
    scale = HEIGHT / ((high - low) or 1.0)
    zero = TOP + high * scale
    parts = []
    for values, colour in ((up, _RAISES), (down, _LOWERS)):
        if not any(values):
            continue
        path = [f"M{LEFT} {zero:.1f}"]
        for base, value in enumerate(values):
            if not base or value != values[base - 1]:
                path.append(f"H{_x(base, length):.1f}V{zero - value * scale:.1f}")
        path.append(f"H{WIDTH - RIGHT}V{zero:.1f}Z")
        parts.append(f'<path d="{"".join(path)}" fill="{colour}" fill-opacity=".75"/>')
    parts.append(
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{zero:.1f}" y2="{zero:.1f}"'
        ' stroke="currentColor"/>'
    )
    for value, y in ((high, TOP), (low, TOP + HEIGHT)):
        if value:
            parts.append(
                f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{value:+.2g}</text>'
                f'<line x1="{LEFT - 4}" x2="{LEFT}" y1="{y}" y2="{y}" stroke="currentColor"/>'
            )
    return "".join(parts)


def _axis(length: int, place: str, origin: int) -> str:
    """Number the bases, and say along what."""
    y, steps = TOP + HEIGHT + 16, 4
    parts = []
    for step in range(steps + 1):
        position = length * step // steps
        anchor = "start" if step == 0 else "end" if step == steps else "middle"
        parts.append(
            f'<text x="{_x(position, length):.1f}" y="{y}" text-anchor="{anchor}" opacity=".75">'
            f"{origin + position:,}</text>"
        )
    where = f'<text x="{WIDTH - RIGHT}" y="28" text-anchor="end" opacity=".75">'
    return "".join(parts) + f"{where}logit per base, by {escape(place)}</text>"


def _lane(mark: Mark, top: int, length: int, largest: float) -> str:
    """Draw one unit: its window, strand, name and contribution."""
    colour = _RAISES if mark.contribution > 0 else _LOWERS
    opacity = 0.25 + 0.7 * abs(mark.contribution) / (largest or 1.0)
    left, right = _x(mark.start, length), _x(mark.end, length)
    arrow = "\u2192" if mark.strand > 0 else "\u2190"
    text = f"{arrow} {mark.label} {mark.contribution:+.2g}"
    # Beside the window, on the side where there is room.
    after = right + 5 + LETTER * len(text) <= WIDTH
    x, anchor = (right + 5, "start") if after else (left - 5, "end")
    return (
        f'<rect x="{left:.1f}" y="{top}" width="{right - left:.1f}" height="{BAR}"'
        f' fill="{colour}" fill-opacity="{opacity:.2f}"/>'
        f'<text x="{x:.1f}" y="{top + BAR - 1}" text-anchor="{anchor}">{escape(text)}</text>'
    )
