"""What became of every unit: exactly one status each, and in words why there is no motif."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nfexplainn.filters import Filters
from nfexplainn.interpret.pwms import SiteTable, consensus, information, probabilities
from nfexplainn.motifs.motif import Motif

Status = Literal["annotated", "unannotated", "low_information", "few_sites", "dead", "no_sites"]
STATUSES: tuple[Status, ...] = (
    "annotated",
    "unannotated",
    "low_information",
    "few_sites",
    "dead",
    "no_sites",
)
# A filter or an output that varies by less than this share of its size is constant.
CONSTANT = 1e-6


@dataclass(frozen=True)
class UnitState:
    """A unit before annotation.

    Attributes
    ----------
    unit : str
        ``unit_001`` on.
    status : str
        One of :data:`STATUSES` but ``annotated``, which needs the motif set.
    sites : int
    information : float
        Bits; NaN without a motif.
    threshold, maximum : float
        Natural logarithms of activations; NaN without a motif.
    motif : Motif or None
        None for dead units and for those without sites.
    counts : int64 array, shape (width, 5), or None
    reason : str
        Why it has no motif or one to doubt; empty where all is well.
    """

    unit: str
    status: Status
    sites: int
    information: float
    threshold: float
    maximum: float
    motif: Motif | None
    counts: NDArray[np.int64] | None
    reason: str

    @property
    def consensus(self) -> str:
        """IUPAC letters; empty without a motif."""
        return "" if self.motif is None else consensus(self.motif.ppm)


def unit_name(index: int) -> str:
    """Name of the unit at a 0-based position."""
    return f"unit_{index + 1:03d}"


def filter_name(index: int) -> str:
    """Name of the filter at a 0-based position of a network without units."""
    return f"filter_{index + 1:03d}"


def constant_filters(filters: Filters) -> NDArray[np.bool_]:
    """Tell the units whose activation no sequence changes, shape (units,)."""
    weights = filters.weights.astype(np.float64)
    span = (weights.max(axis=1) - weights.min(axis=1)).sum(axis=1)
    size = np.abs(weights).max(axis=(1, 2), initial=0.0)
    # A batch norm that collapsed leaves NaN or infinite weights: nothing can be read off them.
    broken = ~np.isfinite(weights).all(axis=(1, 2)) | ~np.isfinite(filters.offset)
    return broken | (span <= CONSTANT * np.maximum(size, CONSTANT))


def unit_states(
    table: SiteTable,
    flat: NDArray[np.bool_],
    lowest: NDArray[np.float64],
    highest: NDArray[np.float64],
    *,
    min_sites: int = 20,
    min_information: float = 5.0,
    name: Callable[[int], str] | None = None,
) -> list[UnitState]:
    """Give every unit its status.

    Parameters
    ----------
    table : SiteTable
    flat : bool array, shape (units,)
        From :func:`constant_filters`.
    lowest, highest : float64 array, shape (units,)
        Range of the unit's output over the sequences looked at; inf to -inf if there was none.
    min_sites : int
        Fewer are flagged.
    min_information : float
        Bits under which a motif is never annotated.
    name : callable, optional
        Gives the name of a 0-based position; :func:`unit_name` by default.
    """
    name = name or unit_name
    states = []
    for index in range(len(table.sites)):
        dead = _why_dead(bool(flat[index]), float(lowest[index]), float(highest[index]))
        sites = int(table.sites[index])
        if dead or not sites:
            reason = dead or "there is no well-predicted sequence to count its sites in"
            states.append(
                UnitState(
                    unit=name(index),
                    status="dead" if dead else "no_sites",
                    sites=0,
                    information=float("nan"),
                    threshold=float("nan"),
                    maximum=float("nan"),
                    motif=None,
                    counts=None,
                    reason=reason,
                )
            )
            continue
        counts = table.counts[index]
        ppm = probabilities(counts)
        bits = information(ppm)
        status: Status = "unannotated"
        reason = ""
        if bits < min_information:
            status = "low_information"
            reason = (
                f"{bits:.1f} bits of information (under {min_information:g}): it matches"
                " almost anything"
            )
        elif sites < min_sites:
            status = "few_sites"
            reason = f"its motif is from {sites} sites (under {min_sites})"
        states.append(
            UnitState(
                unit=name(index),
                status=status,
                sites=sites,
                information=bits,
                threshold=float(table.threshold[index]),
                maximum=float(table.maximum[index]),
                motif=Motif(name(index), "", ppm, float(sites)),
                counts=counts,
                reason=reason,
            )
        )
    return states


def _why_dead(flat: bool, lowest: float, highest: float) -> str:
    if flat:
        return "its filter gives every sequence the same activation"
    if lowest > highest:
        return ""
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        return "its output is not a finite number"
    if highest == 0 and lowest == 0:
        return "its output is 0 for every sequence"
    if highest - lowest <= CONSTANT * max(abs(highest), abs(lowest)):
        return "its output is the same for every sequence"
    return ""
