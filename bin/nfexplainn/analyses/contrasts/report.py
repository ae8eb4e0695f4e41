"""What differs between data sets: a sentence per contrast, and its motifs by side.

Contrasts of measured values have a correlation in place of the AUROC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nfexplainn.analyses.contrasts.headers import ANSWER_HEADERS, motif_headers, value_headers
from nfexplainn.analyses.contrasts.methods import methods_of_peaks, methods_of_values
from nfexplainn.assays.contrast_notes import much_stronger
from nfexplainn.evidence.contrast_words import COMPOSITION, MOTIFS, SAME, sentence_of
from nfexplainn.interpret.columns import CONTRAST_COLUMNS, CONTRAST_MOTIF_COLUMNS
from nfexplainn.page.chapters import Chapter, Methods, Part, Values
from nfexplainn.page.evidence import Evidence, evidence_of, row_logo, row_name
from nfexplainn.page.load import Inputs, Row, number, read_table
from nfexplainn.page.mqc import (
    Cell,
    Page,
    cell,
    escape,
    plural,
    power,
    raw_cell,
    short,
    thousands,
)
from nfexplainn.page.style import COLOURS, PANEL_LIMIT, ROW_LIMIT, capped

CHAPTER = Chapter(
    "nfx_contrasts",
    "What differs",
    970,
    "between two data sets: whether sequence explains a difference, by which motifs, on which"
    " side, with [`--contrast`](usage/contrast.md)",
    lead=(
        "A model separates the sequences of two data sets: those in both are left out, and the"
        " rest is matched by GC content. For two tasks of measured values, it predicts the"
        " difference. A motif is <b>supported</b> if the loss on unseen sequences rises without"
        " it (q at most 0.05), and if the share of these with a site differs between the sides"
        " (values: if sequences with and without a site differ), beyond what composition"
        " explains; its <b>side</b> is where more have a site (values: the side that is higher"
        " with a site than without). Peaks of other strength or other kinds of regions"
        " (promoters, enhancers) also differ in motifs: a difference need not be one of the"
        " factors."
    ),
)
ROWS = 30
_UNSUPPORTED = 5
_HALF = 80  # px of either side of a bar
_SHARES = (
    ", the same for both sides. The shares therefore differ from those in the chapter"
    " <i>Evidence</i>: compare only the two columns"
)
SIGNED = ("difference_with_site", "difference_without_site")
"""Columns whose sign the order of the sides gives."""
Sides = tuple[str, str]
_ANSWERS = {SAME: "nothing", COMPOSITION: "composition", MOTIFS: "motifs"}


def write_contrasts(page: Page, inputs: Inputs) -> None:
    """Write a row per contrast, its motifs, and the tables; nothing where nobody asked."""
    turned = asked_order(inputs.params)
    found = {
        (dataset, model): as_asked(row, turned)
        for dataset, model, _, path in inputs.ending(".contrast.tsv")
        for row in read_table(path)
    }
    if not found:
        return
    motifs = {
        (dataset, model): [as_asked(row, turned) for row in read_table(path)]
        for dataset, model, _, path in inputs.ending(".contrast_motifs.tsv")
    }
    page.tsv("contrasts", CONTRAST_COLUMNS, found.values())
    every = (row for rows in motifs.values() for row in rows)
    page.tsv("contrast_motifs", CONTRAST_MOTIF_COLUMNS, every)
    _answers(page, found, motifs)
    for of_values in (False, True):
        some = [row for row in found.values() if is_of_values(row) == of_values]
        if len(some) > 2:
            _matrix(page, some)
    evidence = evidence_of(inputs)
    for key, row in list(found.items())[:PANEL_LIMIT]:
        _bars(page, title_of(row, found), row, motifs.get(key, []), evidence, key)


def asked_order(params: Values) -> set[Sides]:
    """Give the pairs, as the data sets have them, whose sides the user named the other way round.

    Parameters
    ----------
    params : mapping
        Of the run: ``contrast`` is ``B:A,C:D``, and of a data set the other sides.
    """
    texts = str(params.get("contrast") or "").split(",")
    for dataset, own in (params.get("datasets") or {}).items():
        texts += [f"{dataset}:{name}" for name in str(own.get("contrast") or "").split(",")]
    pairs = (tuple(name.strip() for name in text.split(":")) for text in texts)
    return {
        (pair[1], pair[0]) for pair in pairs if len(pair) == 2 and all(pair) and pair[0] > pair[1]
    }


def as_asked(row: Row, turned: set[Sides]) -> Row:
    """Exchange the sides of a row where the user named them the other way round.

    Models are always trained in the order of the names, so that A:B and B:A have one answer.
    """
    if (row["a"], row["b"]) not in turned:
        return row
    other = {"a": "b", "b": "a"}

    def key(name: str) -> str:
        stem, _, last = name.rpartition("_")
        return other.get(name) or (f"{stem}_{other[last]}" if last in other and stem else name)

    return {name: _negated(row[name]) if name in SIGNED else row[key(name)] for name in row}


def _negated(value: str) -> str:
    """Change the sign of a number, as text."""
    found = number(value)
    return value if not found else value[1:] if value.startswith("-") else f"-{value}"


def is_of_values(row: Row) -> bool:
    """Tell whether a contrast is of measured values, which correlate and have no AUROC."""
    return bool(row["pearson"])


def title_of(row: Row, found: Mapping[tuple[str, str], Row]) -> str:
    """Name a contrast, and its model where there are several."""
    title = f"{row['a']} : {row['b']}"
    return f"{title} · {row['model']}" if len({model for _, model in found}) > 1 else title


def _answers(
    page: Page, found: Mapping[tuple[str, str], Row], motifs: Mapping[tuple[str, str], list[Row]]
) -> None:
    rows: dict[str, dict[str, Cell]] = {}
    said: list[str] = []
    for key, row in list(found.items())[:ROW_LIMIT]:
        values = is_of_values(row)
        score = "pearson" if values else "auroc"
        low, high = (number(row[f"{score}_{end}"]) for end in ("low", "high"))
        names = _names(row, motifs.get(key, []))
        title = title_of(row, found)
        sentence = sentence_of(row["answer"], _sides(row), names, values)
        said.append(f"<li><b>{escape(title)}</b>: {escape(sentence)}</li>")
        rows[title] = {
            "answer": cell(_ANSWERS[row["answer"]]),
            score: number(row[score]),
            "interval": cell(f"{short(low, 3)} to {short(high, 3)}"),
            "p": power(number(row["p"])),
            "composition": number(row[f"composition_{score}"]),
            "above": power(number(row["above_composition_p"])),
            "compared": cell(thousands(number(row["n_a"])) if values else _both(row, "n")),
            "left_out": cell("" if values else _left_out(row), narrow=True),
        }
        if row.get("score_column"):
            rows[title]["strength"] = cell(_strength(row), narrow=True)
    shown = {name for cells in rows.values() for name in cells}
    page.table(
        CHAPTER,
        "Contrasts",
        rows,
        {name: header for name, header in ANSWER_HEADERS.items() if name in shown},
        first="Contrast",
        description=f"<ul>{''.join(said)}</ul><p>Numbers of sequences are of the first : of the"
        f" second.{capped(len(found), ROW_LIMIT, 'contrasts')}{_undrawn(len(found))}</p>",
    )


def _undrawn(count: int) -> str:
    if count <= PANEL_LIMIT:
        return ""
    return (
        f" The motifs of the first {PANEL_LIMIT} of {count} pairs are shown below; those of all are"
        " in <code>tables/contrast_motifs.tsv</code>."
    )


def _sides(row: Row) -> Sides:
    return row["a"], row["b"]


def _names(row: Row, motifs: Sequence[Row]) -> tuple[list[str], list[str]]:
    """What the supported motifs richer in either side are called."""
    good = [one for one in motifs if one["supported"] == "true"]
    a, b = ([row_name(one) for one in good if one["side"] == side] for side in _sides(row))
    return a, b


def _both(row: Row, what: str) -> str:
    return " : ".join(thousands(number(row[f"{what}_{letter}"])) for letter in "ab")


def _left_out(row: Row) -> str:
    unmatched = f", unmatched {_both(row, 'unmatched')}" if row["matching"] == "gc" else ""
    return f"in both {_both(row, 'in_both')}{unmatched}"


def _strength(row: Row) -> str:
    """Give the median scores of both sides' peaks, and name them as a cause where they differ."""
    a, b = (number(row[f"score_{letter}"]) or 0.0 for letter in "ab")
    why = f" ({row['a'] if a > b else row['b']} is stronger, which may be the cause)"
    return f"{row['score_column']}: {a:.3g} against {b:.3g}{why if much_stronger(a, b) else ''}"


def _matrix(page: Page, rows: Sequence[Row]) -> None:
    """Draw how well each pair is told apart, of several of one kind."""
    values_of_both = is_of_values(rows[0])
    score, title = ("pearson", "Correlation") if values_of_both else ("auroc", "AUROC")
    least = 0.0 if values_of_both else 0.5
    names = sorted({name for row in rows for name in _sides(row)})
    values: dict[Sides, float | None] = {}
    for row in rows:
        a, b = _sides(row)
        values[a, b] = values[b, a] = number(row[score])
    page.section(
        CHAPTER,
        "All pairs of values" if values_of_both else "All pairs",
        "heatmap",
        [[values.get((a, b)) for b in names] for a in names],
        description=f"{title} of each pair: {least:g} where sequence does not predict the"
        " difference. Empty where a pair was not requested.",
        xcats=[escape(name) for name in names],
        ycats=[escape(name) for name in names],
        pconfig={
            "square": False,  # or the last columns lie beyond the edge of a phone
            "xcats_samples": False,
            "ycats_samples": False,
            "cluster_rows": False,
            "cluster_cols": False,
            "min": least,
            "max": 1.0,
            "colstops": [[0, "#f7f7f7"], [1, "#b2182b"]],
            "tt_decimals": 3,
            "zlab": title,
            "height": 200 + 22 * len(names),
        },
    )


def _bars(
    page: Page,
    title: str,
    row: Row,
    motifs: Sequence[Row],
    evidence: Evidence,
    key: tuple[str, str],
) -> None:
    """Show the motifs of a contrast with their gains to the left and right."""
    good = [one for one in motifs if one["supported"] == "true"][:ROWS]
    rest = [one for one in motifs if one["supported"] != "true"][:_UNSUPPORTED]
    shown = [*good, *rest]
    if not shown:
        return
    most = max((number(one["gain_high"]) or 0.0 for one in shown), default=0.0)
    own = evidence.get(key)
    values = is_of_values(row)
    tests = ("rank_p", "adjusted_q") if values else ("fisher_p", "adjusted_p")
    columns = dict(zip("ab", SIGNED if values else ("with_site_a", "with_site_b"), strict=True))
    shown_as = number if values else _percent
    rows: dict[str, dict[str, Cell]] = {
        one["motif"]: {
            "logo": raw_cell(row_logo(own, one)) if own else None,
            "name": cell(row_name(one), narrow=True),
            "supported": "yes" if one["supported"] == "true" else "no",
            "side": cell(one["side"]),
            "gain_bar": raw_cell(side_bar(one, _sides(row), most)),
            "gain": number(one["gain"]),
            "q": power(number(one["q"])),
            "sites": power(max(number(one[name]) or 0.0 for name in tests)),
        }
        | {name: shown_as(one[column]) for name, column in columns.items()}
        for one in shown
    }
    count = len([one for one in motifs if one["supported"] == "true"])
    headers = motif_headers(_sides(row)) | (value_headers(_sides(row)) if values else {})
    page.table(
        CHAPTER,
        f"Motifs: {title}",
        rows,
        headers,
        first="Group",
        topic=title,
        description=f"<p>{plural(count, 'supported motif')} of {plural(len(motifs), 'group')}"
        " (<code>tables/contrast_motifs.tsv</code>). A site is here a window above a strict"
        f" threshold of the unit{'' if values else _SHARES}.</p>",
    )


def _percent(share: str) -> float | None:
    value = number(share)
    return None if value is None else 100 * value


def side_bar(row: Row, sides: Sides, most: float) -> str:
    """Draw a gain with its interval, to the left for the first side and to the right for the other.

    Parameters
    ----------
    row : row of ``contrast_motifs.tsv``
    sides : tuple of str
    most : float
        The largest upper end of a gain's interval.
    """
    gain, low, high = (number(row[key]) or 0.0 for key in ("gain", "gain_low", "gain_high"))
    sign = -1 if row["side"] == sides[0] else 1
    scale = _HALF / max(most, 1e-12)
    x, near, far = (min(max(value, 0.0), most) * scale for value in (gain, low, high))
    colour = COLOURS[0] if sign < 0 else COLOURS[1]
    ends = [_HALF + sign * end for end in (near, far)]
    says = escape(f"{row['side']}: gain {gain:.2g}, 95 % interval {low:.2g} to {high:.2g}")
    return (
        f'<svg class="nfx-gain" width="{2 * _HALF}" height="12" role="img" aria-label="{says}">'
        f"<title>{says}</title>"
        f'<rect x="{_HALF - x if sign < 0 else _HALF:.1f}" y="3" width="{x:.1f}" height="6"'
        f' fill="{colour}"/>'
        f'<path d="M{min(ends):.1f} 6H{max(ends):.1f}M{ends[0]:.1f} 2V10M{ends[1]:.1f} 2V10'
        f'M{_HALF} 0V12" stroke="#222"/></svg>'
    )


PART = Part(
    CHAPTER,
    lambda page, content: write_contrasts(page, content.inputs),
    methods=(
        Methods("contrast", methods_of_peaks, lambda rows: not all(map(is_of_values, rows))),
        Methods("contrast", methods_of_values, lambda rows: any(map(is_of_values, rows))),
    ),
)
