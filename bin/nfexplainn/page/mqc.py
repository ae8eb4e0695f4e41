"""What MultiQC reads: custom content as JSON, tables as TSV, and text made safe for HTML."""

from __future__ import annotations

import html
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nfexplainn.io.text import write_text
from nfexplainn.io.tsv import write_tsv
from nfexplainn.page.chapters import Chapter

DASH = "\u2013"
MINUS = "\u2212"
LONGEST_TITLE = 28
"""Of a plot: a longer one does not fit a narrow page, so it goes without its chapter."""

Cell = str | int | float | None


class Page:
    """Where the files go: ``*_mqc.*`` into `folder`, what they show into ``tables/``.

    Parameters
    ----------
    folder : path
        Made where it is missing.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.tables = self.folder / "tables"
        self.tables.mkdir(parents=True, exist_ok=True)
        self._used: Counter[str] = Counter()
        self._ids: dict[tuple[str, str], str] = {}
        self._topics: dict[str, dict[str, int]] = {}
        self._written = 0

    def section(
        self,
        chapter: Chapter,
        name: str,
        plot_type: str,
        data: Any,
        *,
        lead: str = "",
        description: str = "",
        section_id: str = "",
        topic: str = "",
        pconfig: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> None:
        """Write one section of custom content.

        Parameters
        ----------
        chapter : Chapter
        name : str
            Heading; empty for a chapter of one section.
        plot_type : {'html', 'table', 'linegraph', 'bargraph', 'box', 'heatmap'}
        data : object
            As MultiQC's custom content takes it. Lines without a point, and panels without a line,
            are left out, as MultiQC fails on them; where nothing is left, a sentence says so.
        lead : str
            Markdown under the heading of a chapter of one section, in place of the chapter's own.
        description : str
            HTML under the section's heading.
        section_id : str
            File-safe and unique; by default made from chapter and name.
        topic : str
            What the section is about, such as a data set: sections of one topic stand together,
            topics and their sections in the order in which they are written. By default its name.
        pconfig : mapping, optional
            MultiQC's plot configuration; id and title are added.
        **more
            Further keys of the custom content (``headers``, ``xcats``, ...).
        """
        slug = "".join(letter if letter.isalnum() else "_" for letter in name.lower())
        section_id = self._unique(section_id or f"{chapter.key}_{slug or 'main'}")
        self._ids.setdefault((chapter.key, name), section_id)
        title = name or chapter.title
        place = self._place(chapter.key, topic or title)
        # MultiQC's list of contents takes escapes back, and would make a tag of a task's name.
        heading = escape(title.replace("<", "\u2039").replace(">", "\u203a"))
        if plot_type == "linegraph":
            data, pconfig = _drawable(data, pconfig or {})
            if not data:
                plot_type, data = "html", "<p>There is no value to draw.</p>"
        content: dict[str, Any] = {
            "id": section_id,
            "parent_id": chapter.key,
            "parent_name": chapter.title,
            "parent_description": lead or chapter.lead,
            # Without the place where it is the chapter's name: MultiQC shows that once.
            "section_name": f"<!--{place}-->{heading}" if name else heading,
            "description": paragraph(description),
            "plot_type": plot_type,
        }
        if plot_type != "html":
            whole = f"{chapter.title if name else 'nf-explainn'}: {title}"
            defaults: dict[str, Any] = {
                "id": f"{section_id}_plot",
                "title": escape(whole if len(whole) <= LONGEST_TITLE else shortened(title)),
            }
            if plot_type != "table":
                # MultiQC would count "27 samples", which are motifs, tasks or replicates here.
                defaults["series_label"] = False
            content["pconfig"] = _unmarked({**defaults, **(pconfig or {})})
        content |= _unmarked(more)
        # the cells of a table are HTML already
        content["data"] = data if plot_type in ("html", "table") else _unmarked(data)
        text = json.dumps(content, ensure_ascii=False, allow_nan=False)
        write_text(self.folder / f"{section_id}_mqc.json", text + "\n")

    def _place(self, chapter: str, topic: str) -> str:
        """Give what sorts a section; MultiQC orders the sections of a chapter by their names."""
        topics = self._topics.setdefault(chapter, {})
        first = topics.setdefault(topic, len(topics))
        self._written += 1
        return f"{first:04d}-{self._written:04d}"

    def link(self, chapter: Chapter, name: str, otherwise: str = "") -> str:
        """Give the link to a section that is written already, or else to its chapter.

        Parameters
        ----------
        chapter : Chapter
        name : str
            As given to :meth:`section`.
        otherwise : str
            Another section's name, taken where the first is not there.

        Returns
        -------
        str
            ``#`` and an id; empty where the chapter has no section yet.
        """
        found = self._ids.get((chapter.key, name)) or self._ids.get((chapter.key, otherwise))
        if found is None and any(key[0] == chapter.key for key in self._ids):
            found = chapter.key
        return f"#{found}" if found else ""

    def _unique(self, section_id: str) -> str:
        """Number ids that differ in the names only by what an id cannot hold."""
        self._used[section_id] += 1
        count = self._used[section_id]
        return section_id if count == 1 else f"{section_id}_{count}"

    def table(
        self,
        chapter: Chapter,
        name: str,
        rows: Mapping[str, Mapping[str, Cell]],
        headers: Mapping[str, Mapping[str, Any]],
        *,
        first: str,
        lead: str = "",
        description: str = "",
        section_id: str = "",
        topic: str = "",
    ) -> None:
        """Write a native, sortable table; `rows` are keyed by their (unique) first column.

        Text of cells has to be HTML already (see :func:`cell`).
        """
        columns = {
            key: {"scale": False, "hidden": False, **header} for key, header in headers.items()
        }
        self.section(
            chapter,
            name,
            "table",
            {escape(key): dict(row) for key, row in rows.items()},
            lead=lead,
            description=description,
            section_id=section_id,
            topic=topic,
            headers=columns,
            pconfig={
                "col1_header": first,
                "no_violin": True,
                "rows_are_samples": False,
                "sort_rows": False,
                "scale": False,
                "save_file": False,
            },
        )

    def tsv(self, name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
        """Write ``tables/<name>.tsv``: floats as ``%.6g``, missing as an empty field."""
        cells = ([_said(row.get(column)) for column in columns] for row in rows)
        write_tsv(self.tables / f"{name}.tsv", columns, cells)


def _drawable(data: Any, pconfig: Mapping[str, Any]) -> tuple[Any, Mapping[str, Any]]:
    """Leave out lines without a point, and panels without a line together with their labels."""
    if isinstance(data, Mapping):
        return {name: points for name, points in data.items() if points}, pconfig
    panels = [_drawable(panel, {})[0] for panel in data]
    labels = pconfig.get("data_labels") or [None] * len(panels)
    kept = [(panel, label) for panel, label in zip(panels, labels, strict=True) if panel]
    some = {"data_labels": [label for _, label in kept if label is not None]}
    return [panel for panel, _ in kept], {**pconfig, **some}


def _unmarked(value: Any) -> Any:
    """Take the markup out of titles, axes and names of lines, which are the data's own words."""
    if isinstance(value, str):
        # MultiQC puts some into attributes; plotly knows quotes by their number alone.
        return value.replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;")
    if isinstance(value, Mapping):
        return {_unmarked(key): _unmarked(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_unmarked(one) for one in value]
    return value


def escape(text: object) -> str:
    """Make text safe inside HTML, in content and in attributes."""
    return html.escape(str(text), quote=True)


def lines(text: str) -> str:
    """Make text of several lines safe inside HTML, which keeps them apart."""
    return "<br>".join(escape(line) for line in text.splitlines())


def cell(text: object, *, narrow: bool = False) -> str:
    """Make text safe inside a cell of a MultiQC table, and let it wrap where it is long."""
    style = "nfx-w nfx-narrow" if narrow else "nfx-w"
    return raw_cell(f'<span class="{style}">{escape(text)}</span>')


def raw_cell(markup: str) -> str:
    """Let HTML pass through a cell of a MultiQC table, which rewrites commas."""
    return markup.replace(",", "&#44;")


def paragraph(markup: str) -> str:
    """Wrap in a paragraph: MultiQC takes what does not begin with a tag for Markdown."""
    return f"<p>{markup}</p>" if markup and not markup.startswith("<") else markup


def short(value: float | None, digits: int = 2) -> str:
    """Show a number with fixed decimals, or a dash where there is none."""
    return DASH if value is None else f"{value:.{digits}f}".replace("-", MINUS)


def thousands(value: float | None) -> str:
    """Show a count with thin spaces between thousands, or a dash where there is none."""
    return DASH if value is None else f"{value:,.0f}".replace(",", "\u202f")


def power(value: float | None) -> str:
    """Show a small probability (``3e-08``), or a dash where there is none."""
    if value is None:
        return DASH
    return f"{value:.2g}" if value >= 0.001 or value == 0 else f"{value:.0e}"


def plural(count: int, noun: str) -> str:
    """Give ``1 motif`` or ``3 motifs``."""
    return f"{count} {noun}" if count == 1 else f"{thousands(count)} {noun}s"


def _said(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def shortened(text: str, longest: int = LONGEST_TITLE) -> str:
    """Cut a text that is longer than a number of letters."""
    return text if len(text) <= longest else f"{text[: longest - 1]}\u2026"
