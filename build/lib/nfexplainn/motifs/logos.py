"""Sequence logos: light symbols for the report, SVG files, and SVG and PNG by logomaker.

The pipeline calls :func:`write_svg_logos`, a millisecond each; :func:`write_logos` takes a second
to load and a tenth for each motif, and is there for those who use the package and want PNG.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nfexplainn.dna import ALPHABET
from nfexplainn.io.text import write_text
from nfexplainn.motifs.motif import Motif

COLORS = {"A": "#2a9d4a", "C": "#2166ac", "G": "#e08e0b", "T": "#c8323c"}
MAX_BITS = 2.0

# Letters in a box of one by one, drawn here so that no font is needed.
_GLYPHS = {
    "A": "M0 1L.38 0H.62L1 1H.79L.71.77H.29L.21 1ZM.5.17L.35.61H.65Z",
    "C": "M.951.33A.48.5 0 1 0 .951.67L.757.61A.27.33 0 1 1 .757.39Z",
    "G": "M.951.33A.48.5 0 1 0 .951.67L.757.61A.27.33 0 1 1 .757.39ZM.54.48V.64H.77V.97H.97V.48Z",
    "T": "M.02 0H.98V.17H.6V1H.4V.17H.02Z",
}
# Letters lower than this, in bits, cannot be seen at the size of a table's row.
_LEAST_HEIGHT = 0.02
_INCHES_PER_COLUMN = 0.36
_INCHES_HIGH = 2.0
_WIDEST = 14.0
_TITLE_LETTERS = 70
# Of an SVG file, in px: a column, the full height of 2 bits, and the margins.
_COLUMN, _HEIGHT = 24, 104
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 8, 24, 20
_FONT = "Helvetica,Arial,sans-serif"


def heights(ppm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Height of each letter in a logo: its probability times the column's information.

    Parameters
    ----------
    ppm : float64 array, shape (width, 4)

    Returns
    -------
    float64 array, shape (width, 4)
        In bits; a column sums to 0 (uniform) to 2 (one letter).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(ppm > 0, ppm * np.log2(ppm), 0.0)
    information = np.clip(MAX_BITS + terms.sum(axis=1, keepdims=True), 0, MAX_BITS)
    return ppm * information


def glyph_defs() -> str:
    """Give the four letters that all logo symbols of a page share, as SVG definitions."""
    paths = "".join(
        f'<path id="nfx-{letter}" fill="{COLORS[letter]}" d="{path}"/>'
        for letter, path in _GLYPHS.items()
    )
    return f"<defs>{paths}</defs>"


def logo_symbol(motif: Motif, symbol: str, *, reverse: bool = False) -> str:
    """Draw a logo as an SVG symbol, which ``<svg><use href="#symbol"/></svg>`` shows.

    The page must hold :func:`glyph_defs` once. A column is one unit wide and the full height is
    2 bits; the symbol fills whatever box shows it.

    Parameters
    ----------
    motif : Motif
    symbol : str
        Identifier of the symbol in the page.
    reverse : bool
        Draw the reverse complement.
    """
    ppm = motif.ppm[::-1, ::-1] if reverse else motif.ppm
    letters = [
        f'<use href="#nfx-{letter}"'
        f' transform="matrix(1 0 0 {_short(height)} {position} {_short(top)})"/>'
        for letter, position, height, top in _letters(ppm)
    ]
    return (
        f'<symbol id="{escape(symbol)}" viewBox="0 0 {len(ppm)} 2" preserveAspectRatio="none">'
        f"{''.join(letters)}</symbol>"
    )


def _letters(ppm: NDArray[np.float64]) -> Iterator[tuple[str, int, float, float]]:
    """Give letter, column, height and distance from the top of what can be seen, in bits."""
    for position, column in enumerate(heights(ppm)):
        top = MAX_BITS - float(column.sum())
        for letter in np.argsort(-column, kind="stable"):
            height = float(column[letter])
            if height < _LEAST_HEIGHT:
                break
            yield ALPHABET[letter], position, height, top
            top += height


def logo_svg(motif: Motif) -> str:
    """Draw a logo as an SVG file of its own, with axes, identifier and name.

    Every letter is a path, so that no font is needed and any drawing program can edit it.

    Parameters
    ----------
    motif : Motif

    Returns
    -------
    str
        The same motif gives the same text.
    """
    columns = len(motif.ppm)
    right, bottom = _LEFT + _COLUMN * columns, _TOP + _HEIGHT
    width, height = right + _RIGHT, bottom + _BOTTOM
    per_bit = _HEIGHT / MAX_BITS
    title = escape(_title(motif, False, width / 72))
    ticks = [
        f'<path d="M{_LEFT - 4} {_TOP + per_bit * (MAX_BITS - bits):g}H{_LEFT}"/>'
        f'<text x="{_LEFT - 7}" y="{_TOP + per_bit * (MAX_BITS - bits) + 4:g}"'
        f' text-anchor="end" stroke="none">{bits}</text>'
        for bits in (0, 1, 2)
    ]
    ticks += [
        f'<text x="{_LEFT + _COLUMN * (at - 0.5):g}" y="{bottom + 14}" text-anchor="middle"'
        f' stroke="none">{at}</text>'
        for at in range(1, columns + 1)
        if at == 1 or at % 5 == 0
    ]
    letters = [
        f'<path fill="{COLORS[letter]}" d="{_GLYPHS[letter]}"'
        f' transform="matrix(1 0 0 {_short(size)} {position} {_short(top)})"/>\n'
        for letter, position, size, top in _letters(motif.ppm)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}" font-family="{_FONT}" font-size="11">\n'
        f"<title>{title}</title>\n"
        f'<rect width="{width}" height="{height}" fill="#fff"/>\n'
        f'<text x="{_LEFT}" y="14">{title}</text>\n'
        f'<text transform="translate(14 {_TOP + _HEIGHT / 2:g}) rotate(-90)"'
        f' text-anchor="middle">bits</text>\n'
        f'<g stroke="#000">{"".join(ticks)}<path fill="none" d="M{_LEFT} {_TOP}V{bottom}H{right}"/>'
        f'</g>\n<g transform="matrix({_COLUMN} 0 0 {per_bit:g} {_LEFT} {_TOP})">\n'
        f"{''.join(letters)}</g>\n</svg>\n"
    )


def write_svg_logos(motifs: Sequence[Motif], folder: str | Path) -> list[Path]:
    """Write each motif as ``<id>.svg`` (:func:`logo_svg`); the folder is made if it is not there.

    Returns
    -------
    list of Path
        The files, in the order of the motifs.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    paths = [target / f"{_stem(motif)}.svg" for motif in motifs]
    for path, motif in zip(paths, motifs, strict=True):
        write_text(path, logo_svg(motif))
    return paths


def write_logos(
    motifs: Sequence[Motif],
    folder: str | Path,
    processes: int | None = None,
    *,
    reverse: bool = False,
) -> list[Path]:
    """Draw each motif by logomaker as ``<id>.svg`` and ``<id>.png``, the same bytes each time.

    Parameters
    ----------
    motifs : sequence of Motif
        The name is shown beside the identifier.
    folder : path
        Made if it is not there.
    processes : int, optional
        How many draw side by side; by default as many as there are CPUs for us, at most 8.
    reverse : bool
        Draw the reverse complements too, as ``<id>.rc.svg`` and ``<id>.rc.png``.

    Returns
    -------
    list of Path
        The files, in the order of the motifs.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    jobs = [
        (m, target, strand) for m in motifs for strand in ((False, True) if reverse else (False,))
    ]
    wanted = processes or min(8, _cpus())
    # Below about ten logos a process costs more than it saves.
    workers = max(1, min(wanted, len(jobs) // 10 + 1))
    with tempfile.TemporaryDirectory() as scratch:
        if "MPLCONFIGDIR" not in os.environ and not os.access(os.environ.get("HOME", ""), os.W_OK):
            # Containers run without a writable home: one font list for all workers.
            os.environ["MPLCONFIGDIR"] = scratch
        _load_drawing()
        if workers == 1:
            drawn = [_draw(*job) for job in jobs]
        else:
            with multiprocessing.get_context("fork").Pool(workers) as pool:
                drawn = pool.starmap(_draw, jobs, chunksize=1)
        if os.environ.get("MPLCONFIGDIR") == scratch:
            del os.environ["MPLCONFIGDIR"]
    return [path for paths in drawn for path in paths]


def _cpus() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _load_drawing() -> None:
    """Import what draws, once, before any worker starts."""
    import logomaker
    import matplotlib

    matplotlib.use("agg")
    assert logomaker.Logo


def _draw(motif: Motif, folder: Path, reverse: bool) -> list[Path]:
    import logomaker
    import matplotlib.pyplot as plt
    import pandas as pd

    ppm = motif.ppm[::-1, ::-1] if reverse else motif.ppm
    table = pd.DataFrame(heights(ppm), columns=list(ALPHABET))
    table.index = pd.RangeIndex(1, len(table) + 1)
    width = min(_WIDEST, _INCHES_PER_COLUMN * len(table) + 0.9)
    settings: dict[Any, Any] = {
        "svg.hashsalt": "nf-explainn",
        "svg.fonttype": "path",
        "font.family": "DejaVu Sans",
    }
    stem = _stem(motif) + (".rc" if reverse else "")
    paths = [folder / f"{stem}.svg", folder / f"{stem}.png"]
    with plt.style.context("default"), plt.rc_context(settings):
        figure, axes = plt.subplots(figsize=(width, _INCHES_HIGH))
        # Fixed margins: an automatic layout would draw each figure twice.
        figure.subplots_adjust(0.6 / width, 0.13, 1 - 0.1 / width, 0.85)
        logomaker.Logo(table, ax=axes, color_scheme=COLORS, font_name="DejaVu Sans")
        axes.set_ylim(0, MAX_BITS)
        axes.set_yticks([0, 1, 2])
        axes.set_ylabel("bits")
        axes.set_xticks([at for at in table.index if at == 1 or at % 5 == 0])
        axes.spines[["top", "right"]].set_visible(False)
        title = _title(motif, reverse, width).replace("$", r"\$")
        axes.set_title(title, fontsize=9, loc="left")
        for path in paths:
            form = path.suffix[1:]
            metadata = {"Date": None} if form == "svg" else {"Software": None}
            temporary = path.with_name(f".{path.name}.part")
            figure.savefig(temporary, format=form, dpi=150, metadata=metadata)
            temporary.replace(path)
        plt.close(figure)
    return paths


def _stem(motif: Motif) -> str:
    """Name of a motif's files: its identifier, with nothing that a file system could mistake."""
    return re.sub(r"[^\w.+-]", "_", motif.id)


def _title(motif: Motif, reverse: bool, width: float) -> str:
    parts = [motif.id, motif.name, "reverse complement" if reverse else ""]
    title = "  ".join(part for part in parts if part)
    longest = min(_TITLE_LETTERS, int(width * 12))
    return title if len(title) <= longest else title[: longest - 1] + "…"


def _short(value: float) -> str:
    """Write a number with at most three decimals and no leading or trailing zeros."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return text.removeprefix("0") or "0"
