"""STREME's motifs beside a model's groups of units, motif for motif."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from nfexplainn.analyses.discovery.runs import FoundMotif, motif_counts
from nfexplainn.interpret.consensus import SIMILARITY
from nfexplainn.interpret.pwms import consensus
from nfexplainn.motifs.alignments import alignments
from nfexplainn.motifs.motif import Motif

BOTH, UNSURE, THEIRS, OURS = "both", "not supported", "streme only", "ours only"
PAIR_COLUMNS = (
    *("dataset", "model", "task", "side", "state", "streme_place", "streme_motif", "streme_fold"),
    *("streme_found_in", "streme_runs", "streme_consensus", "similarity", "motif", "name"),
    *("consensus", "supported", "gain", "q"),
)
_OURS = ("motif", "name", "consensus", "supported", "gain", "q")
_EVERY_TASK = "*"


def pair_motifs(
    streme: Sequence[FoundMotif],
    rows: Sequence[Mapping[str, str]],
    motifs: Mapping[str, Motif],
    task: str,
) -> list[dict[str, object]]:
    """Find the group that each of STREME's motifs is most like, and the groups that it lacks.

    A motif and a group are alike as units of one group are: a column cosine of at least 0.7 over
    at least eight columns. Several of STREME's motifs may be of one group.

    Parameters
    ----------
    streme : sequence of FoundMotif
        As :func:`~nfexplainn.analyses.discovery.runs.found_motifs` lists them; of a contrast those
        of one side after those of the other.
    rows : sequence of rows
        As in ``D.<model>.evidence.tsv``.
    motifs : mapping of str to Motif
        Of the groups.
    task : str

    Returns
    -------
    list of dict
        Rows of ``PAIR_COLUMNS`` without dataset and model: one per motif of STREME, with the group
        that it is most like; then one per supported group that is not among these, by gain, with
        the motif of STREME that it is most like. ``state`` is ``both``, ``not supported`` (of
        STREME's and a group that is not supported), ``streme only`` or ``ours only``.
    """
    groups = [row for row in rows if row["task"] in (task, _EVERY_TASK) and row["motif"] in motifs]
    counts = [motif_counts(motifs[group["motif"]]) for group in groups]
    similar = np.full((len(streme), len(groups)), -1.0)
    for row, found in enumerate(streme):
        similar[row] = [one for one, _, _ in alignments(motif_counts(found.motif), counts)]
    pairs: list[tuple[int | None, int | None]] = [
        (place, _most(similar[place])) for place in range(len(streme))
    ]
    listed = {at for _, at in pairs}
    pairs += [
        (_most(similar[:, at]), at)
        for at, group in enumerate(groups)
        if at not in listed and _is_supported(group)
    ]
    lines: list[dict[str, object]] = []
    for which, at in pairs:
        line: dict[str, object] = {"task": task, "state": OURS if which is None else THEIRS}
        if which is not None:
            before = sum(one.side == streme[which].side for one in streme[:which])
            line |= {"streme_place": before + 1} | _theirs(streme[which])
        if at is not None:
            line |= _ours(groups[at])
        if which is not None and at is not None:
            state = BOTH if _is_supported(groups[at]) else UNSURE
            line |= {"state": state, "similarity": similar[which, at]}
        lines.append(line)
    return lines


def _most(similar: NDArray[np.float64]) -> int | None:
    """Give the place of the most similar, if it is alike."""
    best = int(np.argmax(similar)) if len(similar) else -1
    return best if best >= 0 and similar[best] >= SIMILARITY else None


def _is_supported(group: Mapping[str, str]) -> bool:
    return group["supported"] == "true"


def _ours(group: Mapping[str, str]) -> dict[str, object]:
    return {name: group[name] for name in _OURS}


def _theirs(found: FoundMotif) -> dict[str, object]:
    return {
        "side": found.side,
        "streme_motif": found.motif.id,
        "streme_fold": found.fold,
        "streme_found_in": found.found_in,
        "streme_runs": found.runs,
        "streme_consensus": consensus(found.motif.ppm),
    }
