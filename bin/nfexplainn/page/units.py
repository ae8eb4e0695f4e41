"""The units that the report shows, with their motifs, in the order of their effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nfexplainn.motifs.formats import read_meme
from nfexplainn.motifs.logos import glyph_defs, logo_symbol
from nfexplainn.motifs.motif import Motif
from nfexplainn.page.load import ModelResult, Row, number
from nfexplainn.page.mqc import escape, power

LEAST_EFFECT = 0.2
_LOGO_COLUMN = 7  # px
_ARROWS = {"raises": ("↑", "higher"), "lowers": ("↓", "lower")}


@dataclass(frozen=True)
class TaskEffect:
    """What a unit does in one task: the final weight, the effect and the paper's importance.

    Attributes
    ----------
    site_effect : float or None
        What the presence of its motif does to the prediction.
    direction : str
        ``raises``, ``lowers`` or empty (also where the results are older than the column).
    """

    task: str
    weight: float | None
    effect: float | None
    rank: int | None
    importance: float | None
    importance_n: int
    site_effect: float | None = None
    direction: str = ""

    @property
    def silent_at_sites(self) -> bool:
        """Whether the unit says nothing where its motif is, and something elsewhere."""
        if not self.importance_n or self.importance is None or self.importance != 0:
            return False
        return (self.site_effect or 0.0) * (self.weight or 0.0) < 0


@dataclass(frozen=True)
class Unit:
    """One unit of the best replicate.

    Attributes
    ----------
    id, status, consensus, annotation, target_id : str
    sites, width, matched_in, replicates : int
    information : float
        In bits.
    q_value : float or None
    effects : tuple of TaskEffect
        One per task.
    motif : Motif or None
    symbol : str
        Id of its logo in the page.
    """

    id: str
    status: str
    consensus: str
    annotation: str
    target_id: str
    sites: int
    width: int
    matched_in: int
    replicates: int
    information: float
    q_value: float | None
    effects: tuple[TaskEffect, ...]
    motif: Motif | None
    symbol: str

    @property
    def best(self) -> TaskEffect:
        """What it does in the task in which it ranks highest (ties: where the effect is larger)."""
        return min(self.effects, key=lambda e: (e.rank or 10**9, -(e.effect or 0.0)))

    @property
    def readable(self) -> bool:
        """Whether it has a motif that is known, or informative enough to be new."""
        return bool(self.annotation) or self.status == "unannotated"

    @property
    def names(self) -> list[str]:
        """Names of the known motifs that it matches, best first."""
        return [name for name in self.annotation.split(", ") if name]

    @property
    def name(self) -> str:
        """Name of its best match, or the consensus of an unknown motif."""
        return (self.names or [self.consensus.strip("N") or self.id])[0]

    def has_task(self, task: str) -> bool:
        """Whether the model has this task (scores may be over all tasks, ``*``)."""
        return any(effect.task == task for effect in self.effects)

    def in_task(self, task: str) -> TaskEffect:
        """What it does in one task."""
        return next(effect for effect in self.effects if effect.task == task)


Units = Mapping[int, Sequence[Unit]]  # of each model, by its place in the report


def units_of(model: ModelResult, number_of_model: int) -> list[Unit]:
    """Gather the units of a model's best replicate, best rank (over the tasks) first.

    Parameters
    ----------
    model : ModelResult
    number_of_model : int
        Makes the ids of the logos unique in the page.

    Returns
    -------
    list of Unit
    """
    motifs: Mapping[str, Motif] = {}
    path = model.motifs.get(model.best_replicate)
    if path is not None:
        motifs = {motif.id: motif for motif in read_meme(path, allow_empty=True).motifs}
    units = [
        _unit(row, model.tasks, motifs.get(row["unit"]), f"nfx-{number_of_model}-{position}")
        for position, row in enumerate(model.best_units)
    ]
    return sorted(units, key=lambda u: (u.best.rank or 10**9, -(u.best.effect or 0.0), u.id))


def top_units(units: Sequence[Unit], task: str, count: int) -> list[Unit]:
    """Pick the best readable units of a task that raise its prediction.

    Left out are units that match a known motif which a better one matches too (they look for the
    same), and those with less than a fifth of the first one's effect.
    """
    able = [unit for unit in units if unit.readable and unit.has_task(task)]
    able = [unit for unit in able if (unit.in_task(task).effect or 0.0) > 0]
    able.sort(key=lambda unit: unit.in_task(task).rank or 10**9)
    chosen: list[Unit] = []
    seen: set[str] = set()
    least = LEAST_EFFECT * (able[0].in_task(task).effect or 0.0) if able else 0.0
    for unit in able:
        if (unit.in_task(task).effect or 0.0) < least:
            break
        if not seen & set(unit.names):
            chosen.append(unit)
        seen |= set(unit.names)
    return chosen[:count]


def logo(unit: Unit) -> str:
    """Show the logo of a unit (about 100 bytes: it refers to a symbol of the page)."""
    if unit.motif is None:
        return ""
    width = _LOGO_COLUMN * len(unit.motif.ppm)
    label = escape(f"Logo of {unit.id}: {unit.consensus}")
    return (
        f'<svg class="nfx-logo" style="width:{width}px" role="img" aria-label="{label}">'
        f'<use href="#{unit.symbol}"/></svg>'
    )


def arrow(effect: TaskEffect) -> str:
    """Show which way a motif works: ↑ raises, ↓ lowers, nothing where that is not known."""
    if effect.direction not in _ARROWS:
        return ""
    says = f"Where this motif is, the prediction is {_ARROWS[effect.direction][1]}"
    return (
        f' <span class="nfx-arrow" role="img" title="{says}" aria-label="{says}">'
        f"{_ARROWS[effect.direction][0]}</span>"
    )


def logo_symbols(units: Sequence[Unit], more: str = "") -> str:
    """Define the logos of the units, and `more` symbols, once for the whole page."""
    symbols = {u.symbol: logo_symbol(u.motif, u.symbol) for u in units if u.motif is not None}
    return (
        '<svg width="0" height="0" style="position:absolute" aria-hidden="true">'
        + glyph_defs()
        + "".join(symbols.values())
        + more
        + "</svg>"
    )


def evidence(unit: Unit) -> str:
    """Say in a few words how sure a motif is."""
    support = f"{unit.matched_in}/{unit.replicates} replicates"
    if unit.replicates == 1:
        support = "one replicate"
    if unit.status == "few_sites":
        support += f" · only {unit.sites} sites"
    if unit.q_value is None or not unit.annotation:
        return f"no known match · {support}"
    return f"q {power(unit.q_value)} · {support}"


def _unit(row: Row, tasks: Sequence[str], motif: Motif | None, symbol: str) -> Unit:
    return Unit(
        id=row["unit"],
        status=row["status"],
        consensus=row["consensus"],
        annotation=row["annotation"],
        target_id=row["target_id"],
        sites=_whole(row["sites"]),
        width=_whole(row["width"]),
        matched_in=_whole(row["matched_in"]),
        replicates=_whole(row["replicates"]),
        information=number(row["information"]) or 0.0,
        q_value=number(row["q_value"]),
        effects=tuple(_effect(row, task) for task in tasks),
        motif=motif,
        symbol=symbol,
    )


def _effect(row: Row, task: str) -> TaskEffect:
    rank = number(row[f"rank:{task}"])
    return TaskEffect(
        task=task,
        weight=number(row[f"weight:{task}"]),
        effect=number(row[f"effect:{task}"]),
        rank=None if rank is None else int(rank),
        importance=number(row[f"importance:{task}"]),
        importance_n=_whole(row[f"importance_n:{task}"]),
        site_effect=number(row.get(f"site_effect:{task}", "")),
        direction=row.get(f"direction:{task}", ""),
    )


def _whole(text: str) -> int:
    return int(number(text) or 0)
