"""The supported rows of a model, and their best sites in the sequences of every replicate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from nfexplainn.analyses.interactions.model import Terms, sites_of
from nfexplainn.analyses.interactions.search import Fold, Seen
from nfexplainn.analyses.interactions.terms import Sites, scale_of
from nfexplainn.data.dataset import Dataset
from nfexplainn.evidence.clusters import Floats, Ints
from nfexplainn.evidence.folds import fold_motifs
from nfexplainn.evidence.groups import MotifRow, UnitSites
from nfexplainn.evidence.judge import EVERY_TASK
from nfexplainn.evidence.occurrence import composition_features
from nfexplainn.evidence.regressions import Kind, standard_of
from nfexplainn.evidence.removal import Part, PartName, Replicate
from nfexplainn.evidence.tables import evidence_replicate
from nfexplainn.interpret.outputs import StoredOutputs
from nfexplainn.motifs.motif import Motif
from nfexplainn.motifs.scan import resize

MOST_ROWS = 8
"""Rows of a task that are paired, those that gain most: 28 pairs."""
MOST_VALID = 10_000
_FEWEST = 50

EvidenceRow = Mapping[str, str]


def supported_rows(evidence: Sequence[EvidenceRow], task: str) -> list[EvidenceRow]:
    """Give the rows of a task, or those of all together, that unseen sequences support, by gain.

    At most :data:`MOST_ROWS`.
    """
    own = [row for row in evidence if row["task"] in (task, EVERY_TASK)]
    good = [row for row in own if row["supported"] == "true"]
    return sorted(good, key=lambda row: -float(row["gain"]))[:MOST_ROWS]


def motif_row(row: EvidenceRow, stored: Mapping[int, StoredOutputs]) -> MotifRow:
    """Find the units of a row among what the interpretation kept.

    Parameters
    ----------
    row : mapping
        Of ``D.<model>.evidence.tsv``; its units stand strongest first.
    stored : mapping of int to StoredOutputs
        By the number of the replicate.
    """
    places = {number: place for place, number in enumerate(sorted(stored))}
    members = []
    for rank, member in enumerate(row["units"].split(",")):
        replicate, _, unit = member.partition(":")
        number, at = int(replicate[1:]), int(unit.rpartition("_")[2]) - 1
        if number in places:
            counts = stored[number].counts[at]
            members.append(UnitSites(places[number], at, counts, 1 / (1 + rank)))
    return MotifRow(tuple(members), np.zeros((1, 4), dtype=np.int64))


class ScannedReplicate:
    """One replicate with the best sites of rows in its validation and unseen part.

    Parameters
    ----------
    number : int
    dataset : Dataset
        Of all replicates.
    stored : StoredOutputs
    motifs : mapping of int to Motif
        Of rows, by their places; counted from what the replicate has not to be tested on.
    """

    def __init__(
        self, number: int, dataset: Dataset, stored: StoredOutputs, motifs: Mapping[int, Motif]
    ) -> None:
        self.number = number
        self._dataset = dataset
        self._model: Replicate = evidence_replicate(number, stored, dataset.of_replicate(number))
        length, self._both = dataset.meta.length, dataset.meta.strand_symmetric
        self.motifs = {row: resize(m, min(len(m.ppm), length)) for row, m in motifs.items()}
        self._parts: dict[PartName, Part] = {
            "valid": _some(self._model.valid, dataset.meta.seed),
            "unseen": self._model.unseen,
        }
        self._sites = {
            name: sites_of(
                list(self.motifs.values()), dataset.codes[part.rows], both_strands=self._both
            )
            for name, part in self._parts.items()
        }
        self._composition = {
            name: composition_features(dataset.codes[part.rows], self._both)
            for name, part in self._parts.items()
        }

    def fold(self, kind: Kind, rows: Sequence[int], task: int) -> Fold | None:
        """Give what is fitted and tested of a task with some rows, by their places.

        None where too few sequences of validation or unseen part have a label.
        """
        own = [row for row in rows if row in self.motifs]
        order = list(self.motifs)
        columns = [order.index(row) for row in own]
        valid, unseen = self._seen("valid", columns, task), self._seen("unseen", columns, task)
        if min(len(valid.rows), len(unseen.rows)) < _FEWEST:
            return None
        terms = Terms(
            tuple(self.motifs[row] for row in own),
            tuple(scale_of(score) for score in valid.sites.score.T),
            standard_of(valid.logits[:, None]),
            standard_of(valid.composition),
            self._both,
        )
        return Fold(kind, terms, {rows.index(row): at for at, row in enumerate(own)}, valid, unseen)

    def _seen(self, name: PartName, columns: Sequence[int], task: int) -> Seen:
        part, sites = self._parts[name], self._sites[name]
        known = ~np.isnan(part.labels[:, task])
        logits: Floats = self._model.logits(part, slice(task, task + 1))[:, 0]
        chosen = np.array(columns, dtype=np.int64)
        some = np.ix_(known, chosen)
        own = Sites(sites.score[some], sites.start[some], sites.widths[chosen], sites.length)
        return Seen(
            part.rows[known],
            part.labels[known, task],
            logits[known],
            self._composition[name][known],
            own,
        )


def scanned_replicates(
    dataset: Dataset, stored: Mapping[int, StoredOutputs], rows: Sequence[EvidenceRow]
) -> list[ScannedReplicate]:
    """Find the best sites of rows in the held-out parts of every replicate.

    Parameters
    ----------
    dataset : Dataset
    stored : mapping of int to StoredOutputs
        By the number of the replicate.
    rows : sequence of mappings
        Of ``D.<model>.evidence.tsv``, each motif once.
    """
    numbers = sorted(stored)
    folds = dataset.meta.folds
    members = [motif_row(row, stored) for row in rows]
    by_fold = fold_motifs(members, numbers, folds)
    found = []
    for number in numbers:
        own = {
            place: replace(motif, id=rows[place]["motif"], name=rows[place]["name"])
            for place, motif in by_fold[(number - 1) % folds].items()
        }
        found.append(ScannedReplicate(number, dataset, stored[number], own))
    return found


def _some(part: Part, seed: int) -> Part:
    """Keep at most :data:`MOST_VALID` sequences, by chance."""
    if len(part.rows) <= MOST_VALID:
        return part
    drawn: Ints = np.random.default_rng([seed, 37]).choice(len(part.rows), MOST_VALID, False)
    some = np.sort(drawn)
    return Part(part.rows[some], part.outputs[:, some], part.labels[some])
