"""Logos of a model's motif rows, for the tables of analyses that name rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nfexplainn.motifs.formats import read_meme
from nfexplainn.motifs.logos import logo_symbol
from nfexplainn.motifs.motif import Motif
from nfexplainn.page.load import Inputs
from nfexplainn.page.mqc import Cell, escape, raw_cell

_COLUMN, _MOST = 7, 150  # px


@dataclass(frozen=True)
class RowLogos:
    """The motifs of some rows of a model.

    Attributes
    ----------
    prefix : str
        Of the ids of their symbols; unique in the page.
    motifs : mapping of str to Motif
        By the ids of the rows; empty where the model has no evidence.
    """

    prefix: str
    motifs: Mapping[str, Motif]

    def cell(self, row: str) -> Cell:
        """Give the logo of a row as a cell; None where there is none."""
        if row not in self.motifs:
            return None
        width = min(_COLUMN * len(self.motifs[row].ppm), _MOST)
        return raw_cell(
            f'<svg class="nfx-logo" style="width:{width}px" role="img" aria-label="Logo of'
            f' {escape(row)}"><use href="#{self.prefix}-{row}"/></svg>'
        )

    @property
    def hidden(self) -> str:
        """The symbols that the cells use, as HTML that shows nothing."""
        if not self.motifs:
            return ""
        symbols = [
            logo_symbol(motif, f"{self.prefix}-{row}") for row, motif in sorted(self.motifs.items())
        ]
        return f'<svg width="0" height="0" aria-hidden="true">{"".join(symbols)}</svg>'


def row_logos(inputs: Inputs, stem: str, rows: Iterable[str], prefix: str) -> RowLogos:
    """Read the motifs of some rows.

    Parameters
    ----------
    inputs : Inputs
    stem : str
        ``D.<model>``
    rows : iterable of str
        Ids.
    prefix : str
        As of :class:`RowLogos`.
    """
    path, wanted = inputs.files.get(f"{stem}.evidence.meme"), set(rows)
    if path is None or not wanted:
        return RowLogos(prefix, {})
    read = read_meme(path, allow_empty=True).motifs
    return RowLogos(prefix, {motif.id: motif for motif in read if motif.id in wanted})
