"""Motif rows and what unseen sequences say of them, for the first screen and its chapter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nfexplainn.evidence import FEWEST_CLUSTERS
from nfexplainn.motifs.formats import read_meme
from nfexplainn.motifs.motif import Motif, telling_bits
from nfexplainn.motifs.naming import MAX_NAMES, short_name
from nfexplainn.page.load import Inputs, ModelResult, Row, number, read_table
from nfexplainn.page.mqc import escape, plural, power, short

EVERY_TASK = "*"
# Telling bits (above a quarter in a column) of a motif. JASPAR's have 4.5 and more, the least of
# one that a model learnt 2.8; what units without one have in common adds up to 2.2 at most.
LEAST_BITS = 2.5
_LOGO_COLUMN, _LOGO_MOST = 7, 150  # px
_BAR = 70  # px
_ARROWS = {"raises": ("↑", "higher"), "lowers": ("↓", "lower")}


@dataclass(frozen=True)
class ModelEvidence:
    """What is known of a model's motif rows.

    Attributes
    ----------
    place : int
        Of the model among those with evidence; makes the ids of the logos unique in the page.
    rows, tasks, minimal : list of rows
        As in ``D.<model>.evidence.tsv``, ``.evidence_tasks.tsv`` and ``.minimal.tsv``.
    motifs : mapping of str to Motif
    sides : tuple of str
        Of a contrast: what its positives and its negatives are of; else empty.
    """

    place: int
    rows: list[Row]
    tasks: list[Row]
    minimal: list[Row] = field(default_factory=list)
    motifs: Mapping[str, Motif] = field(default_factory=dict)
    sides: tuple[str, ...] = ()

    @property
    def members(self) -> str:
        """What the groups are of: units, or first filters of a network without units."""
        return "filters" if any(":filter_" in row["units"] for row in self.rows) else "units"

    def of_task(self, task: str) -> list[Row]:
        """Give the rows of a task, or those of all tasks together, best first."""
        return [row for row in self.rows if row["task"] in (task, EVERY_TASK)]

    def supported(self, task: str) -> list[Row]:
        """Give the rows of a task that unseen sequences support, by falling gain."""
        return [row for row in self.of_task(task) if row["supported"] == "true"]

    def is_motif(self, row: Row) -> bool:
        """Tell whether a row's units have a motif in common, as far as its information says."""
        found = self.motifs.get(row["motif"])
        if row["name"] or found is None:
            return True
        return float(telling_bits(found.ppm).sum()) >= LEAST_BITS

    def facts(self, task: str) -> Row:
        """What holds of a task; empty where it was not tested."""
        own = [row for row in self.tasks if row["task"] in (task, EVERY_TASK)]
        return own[0] if own else {}

    def symbol(self, row: Row) -> str:
        """Id of a row's logo in the page."""
        return f"nfx-e{self.place}-{row['motif']}"


Evidence = Mapping[tuple[str, str], ModelEvidence]


def evidence_of(inputs: Inputs) -> dict[tuple[str, str], ModelEvidence]:
    """Read the evidence of every model that has some, by data set and model."""
    models = {(model.dataset, model.name) for model in inputs.models}

    def tables(kind: str) -> dict[tuple[str, str], list[Row]]:
        return {(d, m): read_table(path) for d, m, _, path in inputs.ending(f".{kind}.tsv")}

    motifs = {
        (d, m): {motif.id: motif for motif in read_meme(path, allow_empty=True).motifs}
        for d, m, _, path in inputs.ending(".evidence.meme")
    }
    tasks, minimal = tables("evidence_tasks"), tables("minimal")
    sides = {key: (row["a"], row["b"]) for key, (row,) in tables("contrast").items()}
    return {
        key: ModelEvidence(
            place,
            rows,
            tasks.get(key, []),
            minimal.get(key, []),
            motifs.get(key, {}),
            sides.get(key, ()),
        )
        for place, (key, rows) in enumerate(tables("evidence").items())
        if key in models and rows
    }


def of_model(evidence: Evidence, model: ModelResult) -> ModelEvidence | None:
    """Give the evidence of a model, if there is any."""
    return evidence.get((model.dataset, model.name))


def row_name(row: Row) -> str:
    """Family of a row, else the name of its best match, else the consensus of an unknown motif."""
    return short_name(row["name"], row["family"]) or row["consensus"].strip("N") or row["motif"]


def row_members(row: Row) -> list[str]:
    """Give the names of a row's family, or of its matches, that its name does not tell."""
    name = row_name(row)
    if row["family"] == row["name"]:
        return []
    listed = row["family"].removeprefix(f"{name} (").removesuffix(")")
    return [one for one in listed.split(", ") if one not in ("", "...", name)]


def row_logo(found: ModelEvidence, row: Row) -> str:
    """Show the logo of a row."""
    if row["motif"] not in found.motifs:
        return ""
    width = min(_LOGO_COLUMN * len(found.motifs[row["motif"]].ppm), _LOGO_MOST)
    label = escape(f"Logo of {row['motif']}: {row['consensus']}")
    return (
        f'<svg class="nfx-logo" style="width:{width}px" role="img" aria-label="{label}">'
        f'<use href="#{found.symbol(row)}"/></svg>'
    )


def gain_bar(row: Row, most: float) -> str:
    """Draw a gain with its interval, from 0 to the largest of the task."""
    gain, low, high = (number(row[key]) or 0.0 for key in ("gain", "gain_low", "gain_high"))
    scale = _BAR / max(most, 1e-12)
    x, left, right = (min(max(value, 0.0), most) * scale for value in (gain, low, high))
    says = f"Gain {gain:.2g}, 95 % interval {low:.2g} to {high:.2g}"
    return (
        f'<svg class="nfx-gain" width="{_BAR}" height="12" role="img" aria-label="{says}">'
        f"<title>{says}</title>"
        f'<rect x="0" y="3" width="{x:.1f}" height="6" fill="#56b4e9"/>'
        f'<path d="M{left:.1f} 6H{right:.1f}M{left:.1f} 2V10M{right:.1f} 2V10" stroke="#222"/>'
        "</svg>"
    )


def row_arrow(row: Row) -> str:
    """Show which way a row's sites work: ↑ raises, ↓ lowers, nothing where that is not known."""
    if row["direction"] not in _ARROWS:
        return ""
    mark, word = _ARROWS[row["direction"]]
    says = f"Where this motif is, the prediction is {word}"
    return f' <span class="nfx-arrow" role="img" title="{says}" aria-label="{says}">{mark}</span>'


def row_facts(row: Row, sides: Sequence[str] = ()) -> list[str]:
    """Say in a few words what a row is worth, how sure that is, and where it is found.

    Parameters
    ----------
    row : row of ``D.<model>.evidence.tsv``
    sides : sequence of str, optional
        Of a contrast, what takes the place of positives and negatives.
    """
    said = [share_of(row), f"q {power(number(row['q']))}", found_in(row)]
    positives, negatives = (
        number(row[key]) for key in ("positives_with_site", "negatives_with_site")
    )
    if positives is not None and negatives is not None:
        against = f" ({row['negative_kind']})" if row["negative_kind"] else ""
        first, second = sides or ("positives", f"negatives{against}")
        said.append(
            f"in {100 * positives:.0f} % of {escape(first)},"
            f" {100 * negatives:.0f} % of {escape(second)}"
        )
    return said


def share_of(row: Row) -> str:
    """Say how much of what the model explains is lost without a row."""
    share = number(row["share"])
    if share is None:
        return f"gain {short(number(row['gain']), 3)}"
    return "> 100 % of the model" if share > 1 else f"{100 * share:.0f} % of the model"


def found_in(row: Row) -> str:
    """Say in how many replicates a row has a unit."""
    if row["replicates"] == "1":
        return "one replicate"
    return f"{row['found_in']}/{row['replicates']} replicates"


def supported_motifs(found: ModelEvidence, task: str, count: int, link: str = "") -> str:
    """Show the supported motifs of a task by falling gain, and how many other rows there are.

    Units that share no motif may carry a part of the prediction together: such a row is counted,
    and shown in the chapter.
    """
    every = found.supported(task)
    best = [row for row in every if found.is_motif(row)]
    most = max((number(row["gain_high"]) or 0.0 for row in best), default=0.0)
    parts = [
        f'<div class="nfx-motif">{row_logo(found, row)}<span><b>{escape(row_name(row))}</b>'
        f"{row_arrow(row)}{_family(row)} {gain_bar(row, most)}"
        f'<span class="nfx-faint">{" · ".join(row_facts(row, found.sides))}</span></span></div>'
        for row in best[:count]
    ]
    if not best:
        parts = ['<span class="nfx-faint">no motif is supported by unseen sequences</span>']
    others = _others(found, task, best[count:], len(every) - len(best), link)
    return "".join(parts) + (f'<div class="nfx-faint">{others}</div>' if others else "")


def _family(row: Row) -> str:
    names = row_members(row)
    shown = escape(", ".join(names[:MAX_NAMES]) + (", ..." if len(names) > MAX_NAMES else ""))
    if not names:
        return ""
    is_family = row["family"].startswith(f"{row_name(row)} (")
    return f' <span class="nfx-also">{f"({shown})" if is_family else f"or {shown}"}</span>'


def _others(
    found: ModelEvidence, task: str, more: Sequence[Row], without_motif: int, link: str
) -> str:
    """Say what is not shown, why, and what could not have been seen."""
    rest = len(found.of_task(task)) - len(found.supported(task))
    words = []
    if more:
        words.append(f"{plural(len(more), 'more supported motif')}")
    if without_motif:
        groups = f"{plural(without_motif, 'supported group')} of {found.members}"
        words.append(f"{groups} {'has' if without_motif == 1 else 'have'} no common motif")
    if rest:
        groups = f"{plural(rest, 'further group')} of {found.members}"
        shown = f'<a href="{link}">{groups}</a>' if link else groups
        words.append(f"{shown} {'is' if rest == 1 else 'are'} not supported by unseen sequences")
    clusters = number(found.facts(task).get("clusters"))
    if clusters is not None and clusters < FEWEST_CLUSTERS:
        seen = plural(int(clusters), "unseen observation")
        return (
            f"{seen} cannot support a motif (at least {FEWEST_CLUSTERS} are needed): test more"
            " (<code>--folds</code>, <code>--test_fraction</code>)"
        )
    least = number(found.facts(task).get("detectable_share"))
    if least is not None:
        whose = "either side" if found.sides else "the positives"
        words.append(f"a motif in under {_percent(least)} of {whose} could not be detected")
    return "; ".join(words)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.095 else f"{100 * share:.1g} %"
