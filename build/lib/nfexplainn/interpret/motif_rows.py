"""Split what a change of a sequence does to a model over the rows of its motifs, exactly.

A logit is a bias and a sum over units of weight times output, and every unit is in one row of
``D.<model>.evidence.tsv`` or in none. So the change of a logit is a sum over rows, without
approximation; units that are in no row (without a motif) are together ``other``. Runs of earlier
versions have no evidence: there, units of one annotation are a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nfexplainn.dna import Codes, reverse_complement
from nfexplainn.interpret.status import unit_name
from nfexplainn.interpret.unit_files import read_rows
from nfexplainn.models.model import FilterModel
from nfexplainn.native.units import Edits

OTHER = "other"
REST = "rest"
ALL_TASKS = "*"
ROW_COLUMNS = ("task", "motif", "name", "consensus", "units", "supported")
NAMED_COLUMNS = ("replicate", "unit", "status", "annotation", "consensus")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MotifRows:
    """The motif rows of a model.

    Attributes
    ----------
    ids : tuple of str
        In the order of the table: the row that gains most first.
    labels : tuple of str
        Name, else consensus; never empty, and unique.
    supported : tuple of bool
        In any task.
    members : mapping of str to int
        Place of the row of each unit, by ``r1:unit_001``.
    first_members : tuple of dict
        Of each row, the first (strongest) unit in each replicate.
    centred : bool
        Whether rows were judged for all tasks together: then a constant that is added to all logits
        changes no prediction, and a task's weights are read less their mean over tasks.
    """

    ids: tuple[str, ...]
    labels: tuple[str, ...]
    supported: tuple[bool, ...]
    members: Mapping[str, int]
    first_members: tuple[Mapping[int, int], ...]
    centred: bool = False

    def __len__(self) -> int:
        """Give the number of rows."""
        return len(self.ids)

    def of_units(self, replicate: int, units: int) -> NDArray[np.int64]:
        """Row of each unit of a replicate, int64 (units,); those of none are of ``len(self)``."""
        places = (self.members.get(f"r{replicate}:{unit_name(u)}", len(self)) for u in range(units))
        return np.fromiter(places, dtype=np.int64, count=units)


def read_motif_rows(table: Iterable[Mapping[str, str]]) -> MotifRows:
    """Take the rows of ``D.<model>.evidence.tsv``, whose tasks hold the same ones.

    Parameters
    ----------
    table : iterable of mappings
        With the columns :data:`ROW_COLUMNS`.
    """
    found: dict[str, tuple[str, str]] = {}
    supported: dict[str, bool] = {}
    tasks = set()
    for line in table:
        row = line["motif"]
        tasks.add(line["task"])
        found.setdefault(row, (line["name"] or line["consensus"].strip("N") or row, line["units"]))
        supported[row] = supported.get(row, False) or line["supported"] == "true"
    ids = tuple(sorted(found))
    members: dict[str, int] = {}
    firsts: list[dict[int, int]] = []
    for place, row in enumerate(ids):
        first: dict[int, int] = {}
        for member in filter(None, found[row][1].split(",")):
            members[member] = place
            replicate, _, unit = member.partition(":")
            first.setdefault(int(replicate[1:]), int(unit.rpartition("_")[2]) - 1)
        firsts.append(first)
    labels = _unique([found[row][0] for row in ids], ids)
    return MotifRows(
        ids, labels, tuple(supported[row] for row in ids), members, tuple(firsts), tasks == {"*"}
    )


def rows_of_annotation(table: Iterable[Mapping[str, str]], *, centred: bool = False) -> MotifRows:
    """Take the units of one annotation as a row, and each without one as its own.

    Parameters
    ----------
    table : iterable of mappings
        ``D.<model>.units.tsv``, with the columns :data:`NAMED_COLUMNS`; units without a motif are
        in no row.
    centred : bool
        Whether classes exclude each other.
    """
    groups: dict[tuple[str, str], list[Mapping[str, str]]] = {}
    for line in table:
        if line["consensus"]:
            name = line["annotation"].split(",")[0].strip()
            own = "" if name else f"r{line['replicate']}:{line['unit']}"
            groups.setdefault((name, own), []).append(line)
    lines = [
        {
            "task": ALL_TASKS if centred else "",
            "motif": f"motif_{place:03d}",
            "name": name,
            "consensus": members[0]["consensus"],
            "units": ",".join(f"r{one['replicate']}:{one['unit']}" for one in members),
            "supported": "false",
        }
        for place, ((name, _own), members) in enumerate(groups.items(), start=1)
    ]
    return read_motif_rows(lines)


def read_rows_file(path: str | Path, *, centred: bool = False) -> MotifRows:
    """Read the rows of a model from its evidence, or of an earlier version's from its units.

    Parameters
    ----------
    path : path
        ``D.<model>.evidence.tsv``, or ``D.<model>.units.tsv``.
    centred : bool
        Whether classes exclude each other; the evidence tells it itself.

    Raises
    ------
    UserError
        If it is neither.
    """
    if Path(path).name.endswith(".units.tsv"):
        return rows_of_annotation(read_rows(path, NAMED_COLUMNS), centred=centred)
    return read_motif_rows(read_rows(path, ROW_COLUMNS))


def leading_rows(rows: MotifRows, most: int) -> MotifRows:
    """Keep some rows, those supported first, and join all others to one called ``rest``."""
    order = sorted(range(len(rows)), key=lambda row: not rows.supported[row])
    kept, left = order[:most], order[most:]
    place = dict.fromkeys(left, len(kept)) | {row: at for at, row in enumerate(kept)}
    joined = (REST,) if left else ()
    return MotifRows(
        tuple(rows.ids[row] for row in kept) + joined,
        tuple(rows.labels[row] for row in kept) + joined,
        tuple(rows.supported[row] for row in kept) + (False,) * len(joined),
        {unit: place[row] for unit, row in rows.members.items()},
        tuple(rows.first_members[row] for row in kept) + ({},) * len(joined),
        rows.centred,
    )


def _unique(labels: Sequence[str], ids: Sequence[str]) -> tuple[str, ...]:
    """Tell rows of the same name apart by their ids."""
    return tuple(
        label if labels.count(label) == 1 else f"{label} ({row})"
        for label, row in zip(labels, ids, strict=True)
    )


class RowSplitter:
    """Evaluate edits by one model, and split what they change over the rows of its motifs.

    Parameters
    ----------
    model : FilterModel
    both_strands : bool
        Whether its predictions are the mean over both strands.
    rows : MotifRows
    replicate : int
        Which of the rows' replicates the model is, from 1.
    """

    def __init__(
        self, model: FilterModel, both_strands: bool, rows: MotifRows, replicate: int
    ) -> None:
        self._model, self._both = model, both_strands
        self.rows = rows
        weights = np.asarray(model.final_weight, dtype=np.float64)
        bias = np.asarray(model.final_bias, dtype=np.float64)
        if rows.centred:
            weights, bias = weights - weights.mean(axis=0), bias - bias.mean()
        self.weights, self.bias = weights, bias
        of_units = rows.of_units(replicate, weights.shape[1])
        self._order = np.argsort(of_units, kind="stable")
        self._present, self._starts = np.unique(of_units[self._order], return_index=True)

    @property
    def tasks(self) -> int:
        """Number of logits."""
        return len(self.weights)

    @property
    def length(self) -> int:
        """Length of the sequences, in bp."""
        return self._model.config.length

    def unit_changes(self, codes: Codes, edits: Edits) -> tuple[Floats, Floats]:
        """Give outputs of references, float64 (n, units), and what edits change, (edits, units).

        Means over both strands where predictions are.
        """
        outputs, changes = (
            part.astype(np.float64) for part in self._model.unit_changes(codes, edits)
        )
        if self._both:
            turned = self._model.unit_changes(reverse_complement(codes), edits.reverse_complement())
            outputs, changes = (
                (a + b) / 2 for a, b in zip((outputs, changes), turned, strict=True)
            )
        return outputs, changes

    def logits(self, outputs: Floats) -> Floats:
        """Give logits, float64 (n, tasks), of units' outputs."""
        return np.asarray(outputs @ self.weights.T + self.bias, dtype=np.float64)

    def parts(self, changes: Floats) -> Floats:
        """Split changes of units' outputs, (n, units), over rows.

        Returns
        -------
        float64 array, shape (n, tasks, rows + 1)
            In logits; the last is of units that are in no row. Their sum is the change of the
            logit.
        """
        found = np.zeros((len(changes), self.tasks, len(self.rows) + 1))
        ordered = np.ascontiguousarray(changes[:, self._order])
        for task, weights in enumerate(self.weights[:, self._order]):
            sums = np.add.reduceat(ordered * weights, self._starts, axis=1)
            found[:, task, self._present] = sums
        return found
