"""Motifs in attributions: TF-MoDISco's patterns, named, and beside the units of ExplaiNN."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.analyses.attribution.deeplift import Attributions, inner_columns
from nfexplainn.data.padding import SHORT
from nfexplainn.interpret.consensus import SIMILARITY
from nfexplainn.interpret.options import AnnotateOptions
from nfexplainn.interpret.pwms import consensus, information
from nfexplainn.interpret.support import ReplicateUnits, annotate
from nfexplainn.motifs.alignments import alignments
from nfexplainn.motifs.motif import Motif, MotifSet

# With fewer there is nothing to estimate the null distribution of windows from.
LEAST_SEQUENCES = 20
# A pattern is cut to the columns that hold this share of its largest column's contribution.
_TRIM = 0.3
_MARGIN = 1
# TF-MoDISco takes windows of 21 bp with 10 more on either side, which hardly fit into short reads
# and probes, where most windows would hold the same motif.
_NARROW = {
    "sliding_window_size": 11,
    "flank_size": 4,
    "initial_flank_to_add": 4,
    "trim_to_window_size": 11,
}
_LEAST_LENGTH = 11 + 2 * 4
_SITES = 1000.0  # counts into which motifs are turned for the comparison of shapes
# Least windows of a sign that TF-MoDISco clusters at all (its default).
LEAST_SEQLETS = 100

PATTERN_COLUMNS = (
    *("task", "pattern", "direction", "seqlets", "width", "information", "consensus"),
    *("annotation", "target_id", "q_value", "unit", "similarity"),
)


@dataclass(frozen=True)
class Pattern:
    """A motif of TF-MoDISco.

    Attributes
    ----------
    task, name : str
    raises : bool
        Whether it raises the prediction.
    seqlets : int
    ppm : float64 array, shape (width, 4)
    """

    task: str
    name: str
    raises: bool
    seqlets: int
    ppm: NDArray[np.float64]

    def motif(self) -> Motif:
        """Give it as a motif with its sites."""
        return Motif(self.name, "", self.ppm, float(self.seqlets))


def prefixes(tasks: Sequence[str]) -> list[str]:
    """Give what the names of each task's patterns begin with; one task alone needs nothing.

    Tasks that differ only in signs that a name cannot hold are numbered, so that no two patterns
    of a file have one name.
    """
    if len(tasks) < 2:
        return [""] * len(tasks)
    found: list[str] = []
    for task in tasks:
        slug = re.sub(r"[^0-9A-Za-z_-]", "_", task)
        name, number = f"{slug}_", 1
        while name in found:
            number += 1
            name = f"{slug}_{number}_"
        found.append(name)
    return found


def find_patterns(
    codes: dna.Codes, found: Attributions, task: str, prefix: str, most_seqlets: int = 20000
) -> tuple[list[Pattern], str]:
    """Run TF-MoDISco on one task's attributions: its defaults, but narrow windows up to 60 bp.

    Parameters
    ----------
    codes : uint8 array, shape (n, length)
        Columns of padding, N in all sequences, are left out. Another N is read as a random base,
        which adds 0: TF-MoDISco divides by the count of bases in a column.
    found : Attributions
    task : str
    prefix : str
        The patterns' names begin with it.
    most_seqlets : int
        Windows of each sign that are clustered.

    Returns
    -------
    list of Pattern, and str
        Those that raise the prediction first, each by falling number of seqlets; and why there is
        none (empty where there are some).
    """
    if len(codes) < LEAST_SEQUENCES:
        return [], f"too few sequences: {len(codes)}, at least {LEAST_SEQUENCES} are needed"
    if not np.any(found.hypothetical):
        return [], "all attributions are 0"
    import modiscolite.tfmodisco

    inner = inner_columns(codes)
    length = inner.stop - inner.start
    if length < _LEAST_LENGTH:
        return [], f"sequences of {length} bp, TF-MoDISco needs at least {_LEAST_LENGTH}"
    known = codes[:, inner].copy()
    unknown = known == dna.N_CODE
    known[unknown] = np.random.default_rng(0).integers(0, 4, int(unknown.sum()))
    one_hot = np.eye(4, dtype=np.float32)[known]
    try:
        raising, lowering = modiscolite.tfmodisco.TFMoDISco(
            one_hot,
            found.hypothetical[:, inner],
            max_seqlets_per_metacluster=most_seqlets,
            **(_NARROW if length <= SHORT else {}),
        )
    except (ValueError, IndexError, ZeroDivisionError, FloatingPointError) as error:
        # It has no words of its own for too little signal: arrays of its steps become empty.
        reason = " ".join(str(error).split()) or type(error).__name__
        return [], f"TF-MoDISco failed for lack of signal ({reason})"
    patterns = []
    for word, raises, some in (("up", True, raising), ("down", False, lowering)):
        ranked = sorted(some or [], key=lambda pattern: -len(pattern.seqlets))
        patterns += [
            Pattern(task, f"{prefix}{word}_{number}", raises, len(one.seqlets), _trimmed(one))
            for number, one in enumerate(ranked, 1)
        ]
    why = f"fewer than {LEAST_SEQLETS} seqlets, or no two similar ones"
    return patterns, "" if patterns else why


def _trimmed(pattern: Any) -> NDArray[np.float64]:
    """Cut a pattern to the columns that matter, and make each a probability."""
    weight = np.abs(np.asarray(pattern.contrib_scores)).sum(axis=1)
    inside = np.flatnonzero(weight >= _TRIM * weight.max())
    start, end = max(0, inside[0] - _MARGIN), inside[-1] + 1 + _MARGIN
    ppm = np.asarray(pattern.sequence, dtype=np.float64)[start:end]
    return np.asarray(ppm / ppm.sum(axis=1, keepdims=True), dtype=np.float64)


def pattern_table(
    patterns: Sequence[Pattern],
    known: MotifSet,
    units: Sequence[Motif],
    options: AnnotateOptions,
) -> pd.DataFrame:
    """Name the patterns as units are named, and find the unit that looks most alike.

    Parameters
    ----------
    patterns : sequence of Pattern
    known : MotifSet
    units : sequence of Motif
        Of ExplaiNN's best replicate; may be empty.
    options : AnnotateOptions

    Returns
    -------
    DataFrame
        Columns :data:`PATTERN_COLUMNS`; ``similarity`` is the cosine of the aligned columns, and
        ``unit`` empty where the largest is under 0.7 (as for consensus motifs).
    """
    bits = [information(pattern.ppm) for pattern in patterns]
    frame = pd.DataFrame(
        {
            "unit": [pattern.name for pattern in patterns],
            "status": "unannotated",
            "sites": [pattern.seqlets for pattern in patterns],
            "information": bits,
        }
    )
    motifs = MotifSet(tuple(pattern.motif() for pattern in patterns))
    hits, names = annotate([ReplicateUnits(1, frame, motifs)], known, options)
    shapes = [_counts(unit) for unit in units]
    rows = []
    for pattern, content in zip(patterns, bits, strict=True):
        own = hits[hits["unit"] == pattern.name]
        best = own.iloc[0] if len(own) else None
        unit, similarity = "", np.nan
        if shapes:
            alike = [one[0] for one in alignments(_counts(pattern.motif()), shapes)]
            at = int(np.argmax(alike))
            similarity = alike[at]
            unit = units[at].id if similarity >= SIMILARITY else ""
        rows.append(
            (
                pattern.task,
                pattern.name,
                "raises" if pattern.raises else "lowers",
                pattern.seqlets,
                len(pattern.ppm),
                content,
                consensus(pattern.ppm),
                names.get((1, pattern.name)),
                None if best is None else best["target_id"],
                np.nan if best is None else best["q_value"],
                unit or None,
                similarity,
            )
        )
    return pd.DataFrame(rows, columns=list(PATTERN_COLUMNS))


def _counts(motif: Motif) -> NDArray[np.int64]:
    return np.asarray(np.rint(motif.ppm * _SITES), dtype=np.int64)
