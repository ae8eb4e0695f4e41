"""A picture of one explained sequence: what each unit adds, and where its motif lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 900, 130
LEFT, RIGHT = 52, 12
LANE = 13
LETTER = 6.2
MOST_MARKS = 14
LEAST_SHARE = 0.03  # of the largest; smaller ones are not drawn
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
    """Draw bars over the sequence: above the line what raises the prediction, below what lowers.

    Parameters
    ----------
    title, subtitle : str
    marks : sequence of Mark
        The largest are drawn, see :data:`MOST_MARKS`.
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
    high = max((mark.contribution for mark in shown), default=0.0)
    low = min((mark.contribution for mark in shown), default=0.0)
    high, low = max(high, 0.0), min(low, 0.0)
    span = (high - low) or 1.0
    above = _lanes([mark for mark in shown if mark.contribution > 0], length)
    below = _lanes([mark for mark in shown if mark.contribution <= 0], length)
    top = 38 + LANE * (1 + max((lane for _, _, lane in above), default=-1))
    bottom = top + HEIGHT
    scale = HEIGHT / span
    zero = top + high * scale
    total = bottom + LANE * (1 + max((lane for _, _, lane in below), default=-1)) + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {total}" role="img"'
        f' style="{_FONT};max-width:{WIDTH}px;width:100%" fill="currentColor">',
        f"<title>{escape(title)}: {escape(subtitle)}</title>",
        f'<text x="{LEFT}" y="13" font-weight="bold">{escape(title)}</text>',
        f'<text x="{LEFT}" y="28" opacity=".75">{escape(subtitle)}</text>',
    ]
    # Small bars in front of the large ones that they overlap.
    for mark in shown:
        colour = _RAISES if mark.contribution > 0 else _LOWERS
        y = zero - max(mark.contribution, 0.0) * scale
        parts.append(
            f'<rect x="{_x(mark.start, length):.1f}" y="{y:.1f}"'
            f' width="{_x(mark.end, length) - _x(mark.start, length):.1f}"'
            f' height="{abs(mark.contribution) * scale:.1f}" fill="{colour}" fill-opacity=".5"'
            f' stroke="{colour}"><title>{escape(_words(mark))}</title></rect>'
        )
    for found, sign in ((above, 1), (below, -1)):
        for mark, x, lane in found:
            # The first lane lies next to the bars.
            y = top - 4 - LANE * lane if sign > 0 else bottom + 11 + LANE * lane
            tip = zero - mark.contribution * scale
            middle = _x((mark.start + mark.end) / 2, length)
            parts.append(
                f'<line x1="{middle:.1f}" x2="{middle:.1f}" y1="{tip:.1f}"'
                f' y2="{y + (2 if sign > 0 else -9):.1f}" stroke="currentColor" opacity=".35"/>'
                f'<text x="{x:.1f}" y="{y:.1f}">{escape(_label(mark))}</text>'
            )
    parts.append(_axes(zero, top, bottom, high, low, length, total, place, origin))
    return "".join(parts) + "</svg>\n"


def _x(position: float, length: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * position / length


def _label(mark: Mark) -> str:
    return f"{mark.label} \u2192" if mark.strand > 0 else f"\u2190 {mark.label}"


def _words(mark: Mark) -> str:
    strand = "+" if mark.strand > 0 else "\u2212"
    return f"{mark.label} ({strand}), bases {mark.start}-{mark.end}: {mark.contribution:+.3g}"


def _lanes(marks: Sequence[Mark], length: int) -> list[tuple[Mark, float, int]]:
    """Give every label its left end and a lane in which it meets no other."""
    ends: list[float] = []
    placed = []
    for mark in sorted(marks, key=lambda m: (m.start, m.end, m.strand, m.label)):
        size = LETTER * len(_label(mark))
        middle = _x((mark.start + mark.end) / 2, length)
        x = min(max(middle - size / 2, LEFT), WIDTH - RIGHT - size)
        lane = next((i for i, end in enumerate(ends) if end <= x), len(ends))
        if lane == len(ends):
            ends.append(0.0)
        ends[lane] = x + size + 6
        placed.append((mark, x, lane))
    return placed


def _axes(
    zero: float,
    top: int,
    bottom: int,
    high: float,
    low: float,
    length: int,
    total: int,
    place: str,
    origin: int,
) -> str:
    """Draw the line of the sequence, its positions, and the scale of the contributions."""
    line = 'stroke="currentColor"'
    parts = [f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{zero:.1f}" y2="{zero:.1f}" {line}/>']
    for value, y in ((high, top), (low, bottom)):
        if value:
            parts.append(
                f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{value:+.2g}</text>'
                f'<line x1="{LEFT - 4}" x2="{LEFT}" y1="{y}" y2="{y}" {line}/>'
            )
    parts.append(f'<line x1="{LEFT}" x2="{LEFT}" y1="{top}" y2="{bottom}" {line}/>')
    steps = 4
    for step in range(steps + 1):
        position = length * step // steps
        x = _x(position, length)
        anchor = "start" if step == 0 else "end" if step == steps else "middle"
        parts.append(
            f'<text x="{x:.1f}" y="{total - 18}" text-anchor="{anchor}" opacity=".75">'
            f"{origin + position:,}</text>"
        )
    parts.append(
        f'<text x="{LEFT}" y="{total - 4}" opacity=".75">{escape(place)}</text>'
        f'<text x="4" y="{total - 18}" opacity=".75">logit</text>'
    )
    return "".join(parts)
