"""What differs between conditions: a sentence per pair, and the slopes of every sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nfexplainn.interpret.columns import CONDITION_COLUMNS, CONDITION_SLOPE_COLUMNS
from nfexplainn.motifs.naming import short_name
from nfexplainn.page.chapters import Chapter, Cite, Methods, Part, Values
from nfexplainn.page.load import Inputs, Row, number, read_table
from nfexplainn.page.mqc import Cell, Page, cell, escape, power, raw_cell, short, thousands
from nfexplainn.page.row_logos import RowLogos, row_logos
from nfexplainn.page.style import COLOURS, PANEL_LIMIT, ROW_LIMIT, capped, name_of

LARGEST_Q = 0.05
CHAPTER = Chapter(
    "nfx_conditions",
    "Conditions",
    968,
    "between conditions with replicates: which motifs differ, with samples as the unit, by the"
    " columns `condition` and `replicate` or [`--conditions`](usage/conditions.md)",
    lead=(
        "How much higher the measured signal of a sample is in windows with a site of a motif"
        " than in others of the same composition (its <b>slope</b>), compared between conditions:"
        " samples are the unit, and p tests whether the conditions differ by more than their"
        " replicates. <b>Own</b> motifs are groups of units of the model, in windows that it has"
        " not seen; <b>known</b> ones are clusters of the motif database, in all windows. A motif"
        " that differs does not prove that its factor does: factors of a family share a motif,"
        " and motifs that co-occur share a slope."
    ),
)
KINDS = {"row": "own", "cluster": "known"}
_SHOWN = 12  # motifs of a pair at least, where so many are tested
_MOST = 40
_WIDTH, _LANE = 200, 11  # px
Pair = tuple[str, str, str, str]
"""Data set, model, condition and reference."""
Points = Mapping[tuple[str, str, str, str], Sequence[Row]]


def write_conditions(page: Page, inputs: Inputs) -> None:
    """Write a row per pair of conditions, its motifs, and the tables; nothing where none were."""
    tests = _read(inputs, ".conditions.tsv")
    slopes = _read(inputs, ".condition_slopes.tsv")
    if not tests:
        return
    page.tsv("conditions", CONDITION_COLUMNS, tests)
    page.tsv("condition_slopes", CONDITION_SLOPE_COLUMNS, slopes)
    pairs: dict[Pair, list[Row]] = {}
    for row in tests:
        key = (row["dataset"], row["model"], row["condition"], row["reference"])
        pairs.setdefault(key, []).append(row)
    several = Several(
        len({dataset for dataset, *_ in pairs}) > 1, len({model for _, model, *_ in pairs}) > 1
    )
    _answers(page, pairs, several)
    points: dict[tuple[str, str, str, str], list[Row]] = {}
    for row in slopes:
        key = (row["dataset"], row["model"], row["kind"], row["motif"])
        points.setdefault(key, []).append(row)
    for place, (pair, rows) in enumerate(list(pairs.items())[:PANEL_LIMIT]):
        _motifs(page, inputs, (pair, several.title(pair)), rows, points, place)


def _read(inputs: Inputs, ending: str) -> list[Row]:
    return [row for *_, path in inputs.ending(ending) for row in read_table(path)]


@dataclass(frozen=True)
class Several:
    """Whether a run has several data sets or models with conditions, which titles then name."""

    datasets: bool
    models: bool

    def title(self, pair: Pair) -> str:
        """Name a pair."""
        dataset, model, condition, reference = pair
        parts = [dataset] * self.datasets + [name_of(model)] * self.models
        return " \u00b7 ".join([*parts, f"{condition} against {reference}"])


def tested(rows: Sequence[Row], kind: str) -> list[Row]:
    """Give the rows of a kind that were tested, the least p first."""
    return [row for row in rows if row["kind"] == kind and row["p"]]


def differing(rows: Sequence[Row], kind: str) -> list[Row]:
    """Give the rows of a kind that differ."""
    return [row for row in tested(rows, kind) if (number(row["q"]) or 0.0) <= LARGEST_Q]


def sentence(rows: Sequence[Row]) -> str:
    """Say how many motifs differ in a pair of conditions, and where the first are higher.

    Parameters
    ----------
    rows : sequence of rows
        Of ``conditions.tsv``, of one pair.
    """
    first = rows[0]
    counts = [len(differing(rows, kind)) for kind in KINDS]
    if not any(tested(rows, kind) for kind in KINDS):
        why = rows[-1]["reason"] if all(row["reason"] for row in rows) else ""
        why = why or "none is associated with the mean signal of all samples"
        return f"No motif could be tested: {why}."
    samples = f"with {first['samples']} and {first['samples_reference']} samples as the unit"
    between = f"between {first['condition']} and {first['reference']}"
    if not sum(counts):
        return f"No motif differs {between} at q \u2264 .05, {samples}."
    said = (
        f"{counts[0]} own and {counts[1]} known motifs differ {between} at q \u2264 .05, {samples}"
    )
    named = [
        f"higher in {side}: {', '.join(names)}"
        for side in (first["condition"], first["reference"])
        if (names := _names_higher(rows, side))
    ]
    return f"{said}; {'; '.join(named)}."


def _names_higher(rows: Sequence[Row], side: str, most: int = 5) -> list[str]:
    """Name what is higher on a side: own motifs, and known ones where no own one differs."""
    kind = "row" if differing(rows, "row") else "cluster"
    names = [motif_name(row) for row in differing(rows, kind) if row["higher_in"] == side]
    names = list(dict.fromkeys(names))
    return names if len(names) <= most else [*names[:most], f"{len(names) - most} more"]


def motif_name(row: Row) -> str:
    """Name a motif: as in the chapter Evidence, or by a cluster's first three members."""
    if row["kind"] == "cluster":
        return "/".join(row["family"].split(", ")[:3])
    return short_name(row["name"], row["family"]) or row["consensus"].strip("N") or row["motif"]


def _answers(page: Page, pairs: Mapping[Pair, list[Row]], several: Several) -> None:
    shown: dict[str, dict[str, Cell]] = {}
    for pair, rows in list(pairs.items())[:ROW_LIMIT]:
        windows = [
            next((thousands(number(row["windows"])) for row in rows if row["kind"] == kind), "0")
            for kind in KINDS
        ]
        counts = [f"{len(differing(rows, k))} of {len(tested(rows, k))}" for k in KINDS]
        shown[several.title(pair)] = {
            "answer": cell(sentence(rows)),
            "samples": cell(f"{rows[0]['samples']} : {rows[0]['samples_reference']}"),
            "own": cell(counts[0]),
            "known": cell(counts[1]),
            "windows": cell(f"{windows[0]}; {windows[1]}"),
        }
    page.table(
        CHAPTER,
        "Pairs of conditions",
        shown,
        {
            "answer": {"title": "What differs"},
            "samples": {"title": "Samples", "description": "Of the first condition : the second"},
            "own": {"title": "Own motifs", "description": "That differ, of those tested"},
            "known": {"title": "Known motifs", "description": "That differ, of those tested"},
            "windows": {
                "title": "Windows",
                "description": "For own motifs, which the model has not seen; for known ones",
            },
        },
        first="Pair",
        description="<p>Only motifs whose sites are associated with the mean signal of all"
        f" samples are tested.{capped(len(pairs), ROW_LIMIT, 'conditions')}</p>",
    )


def _motifs(
    page: Page,
    inputs: Inputs,
    pair_title: tuple[Pair, str],
    rows: Sequence[Row],
    points: Points,
    place: int,
) -> None:
    """Show the motifs of a pair with a point per sample."""
    (dataset, model, *sides), title = pair_title
    shown = [row for kind in KINDS for row in _leading(rows, kind)]
    if not shown:
        return
    own = [row["motif"] for row in shown if row["kind"] == "row"]
    logos = row_logos(inputs, f"{dataset}.{model}", own, f"nfx-conditions-{place}")
    drawn = {
        (row["kind"], row["motif"]): [
            point
            for point in points.get((dataset, model, row["kind"], row["motif"]), [])
            if point["condition"] in sides
        ]
        for row in shown
    }
    ends = [number(one["slope"]) or 0.0 for some in drawn.values() for one in some]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    lines = {
        f"{KINDS[row['kind']]} {row['motif']}": _line(
            row, logos, raw_cell(strip(drawn[row["kind"], row["motif"]], sides, low, high))
        )
        for row in shown
    }
    used = {key for one in lines.values() for key, value in one.items() if value is not None}
    headers = {key: header for key, header in _headers(sides, low, high).items() if key in used}
    page.table(
        CHAPTER,
        f"Motifs: {title}",
        lines,
        headers,
        first="Motif",
        topic=title,
        description=f"<p>{escape(sentence(rows))} Slopes are in the units of the data set's values."
        f" All motifs are in <code>tables/conditions.tsv</code>, the slopes of all samples in"
        f" <code>tables/condition_slopes.tsv</code>.</p>{logos.hidden}",
    )


def _leading(rows: Sequence[Row], kind: str) -> list[Row]:
    """Give what differs, and what comes next up to a dozen."""
    count = max(_SHOWN, len(differing(rows, kind)))
    return tested(rows, kind)[: min(count, _MOST)]


def _line(row: Row, logos: RowLogos, drawn: Cell) -> dict[str, Cell]:
    low, high = (number(row[f"difference_{end}"]) for end in ("low", "high"))
    differs = (number(row["q"]) or 0.0) <= LARGEST_Q
    return {
        "logo": logos.cell(row["motif"]) if row["kind"] == "row" else None,
        "name": cell(motif_name(row), narrow=True),
        "higher": cell(row["higher_in"] if differs else ""),
        "slopes": drawn,
        "slope": number(row["slope"]),
        "slope_reference": number(row["slope_reference"]),
        "difference": number(row["difference"]),
        "interval": cell(f"{short(low, 3)} to {short(high, 3)}"),
        "t": number(row["t"]),
        "p": power(number(row["p"])),
        "q": power(number(row["q"])),
        "with_site": number(row["with_site"]),
    }


def _headers(sides: Sequence[str], low: float, high: float) -> dict[str, dict[str, object]]:
    condition, reference = (escape(side) for side in sides)
    formatted = {"format": "{:,.3f}"}
    return {
        "logo": {"title": "Logo"},
        "name": {"title": "Name"},
        "higher": {"title": "Higher in", "description": "Where q is at most .05"},
        "slopes": {
            "title": f"Slopes: {condition} above {reference}",
            "description": f"A point per sample, from {short(low)} to {short(high)}; the vertical"
            " line is 0, short ones are means",
        },
        "slope": {"title": condition, "description": "Mean slope", **formatted},
        "slope_reference": {"title": reference, "description": "Mean slope", **formatted},
        "difference": {"title": "Difference", **formatted},
        "interval": {"title": "95 % interval"},
        "t": {"title": "t", "description": "Moderated", "format": "{:,.2f}"},
        "p": {"title": "p"},
        "q": {"title": "q", "description": "Benjamini-Hochberg over the tested motifs of the kind"},
        "with_site": {"title": "Windows with a site", "format": "{:,.0f}"},
    }


def strip(points: Sequence[Row], sides: Sequence[str], low: float, high: float) -> str:
    """Draw a point per sample, a lane for each condition.

    Parameters
    ----------
    points : sequence of rows
        Of ``condition_slopes.tsv``, of one motif.
    sides : sequence of str
        The conditions, the upper one first.
    low, high : float
        Ends of the axis.
    """
    scale = (_WIDTH - 8) / max(high - low, 1e-12)

    def x(value: float) -> float:
        return 4 + (value - low) * scale

    parts, said = [], []
    for lane, side in enumerate(sides):
        y = _LANE * lane + _LANE / 2 + 1
        values = [number(one["slope"]) or 0.0 for one in points if one["condition"] == side]
        parts += [
            f'<circle cx="{x(value):.1f}" cy="{y:.1f}" r="3" fill="{COLOURS[1 - lane]}"'
            ' fill-opacity="0.75"/>'
            for value in values
        ]
        if values:
            mean = x(sum(values) / len(values))
            parts.append(f'<path d="M{mean:.1f} {y - 5:.1f}V{y + 5:.1f}" stroke="#222"/>')
        said.append(f"{side}: {', '.join(f'{value:.3g}' for value in values)}")
    says = escape("; ".join(said))
    height = _LANE * len(sides) + 2
    return (
        f'<svg class="nfx-gain" width="{_WIDTH}" height="{height}" role="img" aria-label="{says}">'
        f'<title>{says}</title><path d="M{x(0):.1f} 0V{height}" stroke="#999"/>'
        f"{''.join(parts)}</svg>"
    )


def methods(values: Values, _models: Sequence[str], cite: Cite) -> str:
    """Say how conditions were compared."""
    reference = values.get("reference_condition")
    against = f"with {escape(str(reference))}" if reference else "pair by pair"
    return (
        "Conditions were compared with samples as the unit. For each sample and motif the"
        " measured signal was regressed on the presence of a site, with dinucleotides, GC"
        " content, its square and a spline of it with nine knots: for groups of units of the"
        " model in windows that it had not seen, for clusters of known motifs (a site: the 5 % of"
        " windows with the highest best score of the profile of middle information) in all"
        " windows. Motifs whose sites were associated with the mean signal of all samples (q at"
        f" most 0.05) were tested; the slopes of conditions were compared {against} by moderated"
        f" t-tests {cite('smyth')}, whose prior variance was a sum of the noise of a slope and a"
        " share of its squared mean, and no variance was taken as smaller than a motif's own;"
        " Benjamini-Hochberg q over the motifs of a kind."
    )


PART = Part(
    CHAPTER,
    lambda page, content: write_conditions(page, content.inputs),
    methods=Methods("conditions", methods),
)
