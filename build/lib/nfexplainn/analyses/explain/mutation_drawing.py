"""A picture of a mutagenesis: which bases a prediction needs, through which motif, base by base."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.interpret.motif_rows import Floats

WIDTH, PROFILE, CELL = 900, 90, 13
LEFT, RIGHT, TOP = 56, 12, 56
MOST_ROWS = 5  # that have a colour
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00")
_REST = "#999999"
_RAISES, _LOWERS = (178, 24, 43), (33, 102, 172)
_FONT = "font-family:Helvetica,Arial,sans-serif;font-size:11px"


def draw_mutagenesis(
    title: str,
    subtitle: str,
    labels: Sequence[str],
    parts: Floats,
    codes: dna.Codes,
    place: str,
    origin: int,
) -> str:
    """Draw what a sequence loses by its bases' mutations, stacked by motif, over a map of them all.

    The upper bars are the loss of the logit when a base is changed, as the mean over the three
    others: up where the prediction needs the base. In the map below a row is the base that is put
    in; red raises the prediction, blue lowers it.

    Parameters
    ----------
    title, subtitle : str
    labels : sequence of str
        Of the groups; the largest have a colour each.
    parts : float array, shape (groups, length, 4)
        Of one task, NaN where the base is unknown.
    codes : uint8 array, shape (length,)
    place : str
        What the axis counts along.
    origin : int
        What the axis shows at the sequence's first base.

    Returns
    -------
    str
        An SVG; the same numbers give the same text.
    """
    parts = np.nan_to_num(parts)
    loss = -parts.sum(axis=2) / 3
    shown = np.argsort(-np.abs(loss).sum(axis=1), kind="stable")[:MOST_ROWS]
    rest = np.setdiff1d(np.arange(len(loss)), shown)
    layers = [
        (labels[row], colour, loss[row]) for row, colour in zip(shown, _COLOURS, strict=False)
    ]
    if len(rest):
        layers.append(("all others", _REST, loss[rest].sum(axis=0)))
    layers = [layer for layer in layers if np.abs(layer[2]).max() > 0]
    heat = TOP + PROFILE + 26
    height = heat + 4 * CELL + 8
    pieces = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        f' style="{_FONT};max-width:{WIDTH}px;width:100%" fill="currentColor">',
        f"<title>{escape(title)}: {escape(subtitle)}</title>",
        f'<text x="{LEFT}" y="13" font-weight="bold">{escape(title)}</text>',
        f'<text x="{LEFT}" y="28" opacity=".75">{escape(subtitle)}</text>',
        f'<text x="{WIDTH - RIGHT}" y="28" text-anchor="end" opacity=".75">'
        f"loss of the logit when the base is changed, by {escape(place)}</text>",
        _legend(layers),
        _bars(layers),
        _axis(len(codes), origin),
        _heat(parts.sum(axis=0), codes, heat),
    ]
    return "".join(pieces) + "</svg>\n"


def _step(length: int) -> float:
    return (WIDTH - LEFT - RIGHT) / length


def _legend(layers: Sequence[tuple[str, str, Floats]]) -> str:
    x, pieces = float(LEFT), []
    for label, colour, _ in layers:
        text = label if len(label) <= 24 else f"{label[:23]}\u2026"
        pieces.append(
            f'<rect x="{x:.0f}" y="36" width="9" height="9" fill="{colour}"/>'
            f'<text x="{x + 13:.0f}" y="45">{escape(text)}</text>'
        )
        x += 30 + 6.4 * len(text)
    return "".join(pieces)


def _bars(layers: Sequence[tuple[str, str, Floats]]) -> str:
    if not layers:
        return ""
    values = np.array([layer[2] for layer in layers])
    high = float(np.maximum(values, 0).sum(axis=0).max())
    low = float(np.minimum(values, 0).sum(axis=0).min())
    scale = PROFILE / ((high - low) or 1.0)
    zero, step = TOP + high * scale, _step(values.shape[1])
    up, down = np.zeros(values.shape[1]), np.zeros(values.shape[1])
    pieces = []
    for _, colour, value in layers:
        path = []
        for base in np.flatnonzero(np.abs(value) * scale >= 0.05).tolist():
            size = float(value[base])
            at = up if size > 0 else down
            begin = zero - at[base] * scale
            at[base] += size
            x = LEFT + base * step
            path.append(
                f"M{x:.1f} {begin:.1f}h{step:.1f}V{zero - at[base] * scale:.1f}h-{step:.1f}Z"
            )
        pieces.append(f'<path d="{"".join(path)}" fill="{colour}"/>' if path else "")
    pieces.append(
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{zero:.1f}" y2="{zero:.1f}"'
        ' stroke="currentColor"/>'
    )
    for value_, y in ((high, TOP), (low, TOP + PROFILE)):
        if value_:
            pieces.append(
                f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{value_:+.2g}</text>'
            )
    return "".join(pieces)


def _axis(length: int, origin: int) -> str:
    y, pieces = TOP + PROFILE + 16, []
    for quarter, anchor in enumerate(("start", "middle", "middle", "middle", "end")):
        position = length * quarter // 4
        x = LEFT + position * _step(length)
        pieces.append(
            f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}" opacity=".75">'
            f"{origin + position:,}</text>"
        )
    return "".join(pieces)


def _heat(change: NDArray[np.float64], codes: dna.Codes, top: int) -> str:
    """Draw a cell per base and place; the base that is there has a dot."""
    largest, step = float(np.abs(change).max()) or 1.0, _step(len(codes))
    pieces = []
    for base, letter in enumerate(dna.ALPHABET):
        y = top + base * CELL
        pieces.append(f'<text x="{LEFT - 6}" y="{y + CELL - 3}" text-anchor="end">{letter}</text>')
        for place, value in enumerate(change[:, base].tolist()):
            x, share = LEFT + place * step, abs(value) / largest
            if codes[place] == base:
                middle = y + CELL / 2
                pieces.append(
                    f'<circle cx="{x + step / 2:.1f}" cy="{middle:.1f}" r="1" opacity=".4"/>'
                )
            elif share >= 0.02:
                colour = _RAISES if value > 0 else _LOWERS
                pieces.append(
                    f'<rect x="{x:.1f}" y="{y}" width="{step:.1f}" height="{CELL}"'
                    f' fill="rgb{colour}" fill-opacity="{share:.2f}"/>'.replace(", ", ",")
                )
    return "".join(pieces)
