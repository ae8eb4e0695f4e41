"""What the replicates of a model say together: consensus motifs, and their mean prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nfexplainn.data.dataset import Dataset
from nfexplainn.interpret.columns import CONSENSUS_COLUMNS
from nfexplainn.interpret.consensus import ConsensusMotif, UnitMotif, consensus_motifs
from nfexplainn.interpret.pwms import consensus, information
from nfexplainn.interpret.unit_files import read_logits
from nfexplainn.motifs.motif import Motif, MotifSet


def consensus_of(
    units: pd.DataFrame, motifs: Mapping[int, MotifSet]
) -> tuple[pd.DataFrame, MotifSet]:
    """Join the leading units of all replicates into motifs, task by task.

    A motif is called what its best-matching unit is called.

    Parameters
    ----------
    units : DataFrame
        The final units of all replicates, of one data set and model.
    motifs : mapping of replicate to MotifSet
        As in ``units.meme``; a unit without a motif takes no part.

    Returns
    -------
    table : DataFrame
        Columns :data:`CONSENSUS_COLUMNS`; per task by falling score. ``units`` are the members,
        as ``r1:unit_004``, the one in whose frame the motif is first.
    motifs : MotifSet
        In the order of the table.
    """
    counts = {
        (replicate, motif.id): np.rint(motif.ppm * motif.nsites).astype(np.int64)
        for replicate, of_replicate in motifs.items()
        for motif in of_replicate.motifs
    }
    keys = list(zip(units["replicate"].astype(int), units["unit"], strict=True))
    tasks = [name.removeprefix("effect:") for name in units.columns if name[:7] == "effect:"]
    replicates = [f"r{number}" for number in sorted(motifs)]
    named = units.set_index([units["replicate"].astype(int), units["unit"]])
    rows: list[tuple[object, ...]] = []
    joined: list[Motif] = []
    for task in tasks:
        effects = units[f"effect:{task}"].to_numpy(dtype=float)
        alive = (units["status"] != "dead").to_numpy() & np.isfinite(effects)
        members = [
            UnitMotif(f"r{key[0]}", key[1], counts[key], float(effect))
            for key, effect, good in zip(keys, effects, alive, strict=True)
            if good and key in counts
        ]
        for found in consensus_motifs(members, replicates):
            motif = _motif(found, f"motif_{len(joined) + 1:03d}")
            joined.append(motif)
            rows.append(_row(found, motif, task, named, len(replicates)))
    table = pd.DataFrame(rows, columns=list(CONSENSUS_COLUMNS))
    return table, MotifSet(tuple(joined))


def _motif(found: ConsensusMotif, name: str) -> Motif:
    # Units that overlap in part leave other totals in each column.
    total = found.counts.sum(axis=1, keepdims=True)
    ppm = np.where(total > 0, found.counts / np.maximum(total, 1), 0.25)
    return Motif(name, "", ppm, float(total.max()))


def _row(
    found: ConsensusMotif, motif: Motif, task: str, named: pd.DataFrame, replicates: int
) -> tuple[object, ...]:
    members = named.loc[[(int(one.replicate[1:]), one.unit) for one in found.members]]
    hits = members[members["annotation"].notna()].sort_values("q_value", kind="stable")
    best = hits.iloc[0] if len(hits) else None
    return (
        members["dataset"].iloc[0],
        members["model"].iloc[0],
        task,
        motif.id,
        found.score,
        found.found_in,
        replicates,
        int(motif.nsites),
        len(motif.ppm),
        information(motif.ppm),
        consensus(motif.ppm),
        None if best is None else best["annotation"],
        None if best is None else best["target_id"],
        np.nan if best is None else best["q_value"],
        ",".join(f"{one.replicate}:{one.unit}" for one in found.members),
    )


def mean_logits(paths: Sequence[str | Path], dataset: Dataset) -> NDArray[np.float32]:
    """Average the logits of replicates, float32 (n, tasks), in the order of the data set.

    Raises
    ------
    UserError
        If a file holds no predictions of this data set.
    """
    total = np.zeros(dataset.labels.shape, dtype=np.float64)
    for path in paths:
        total += read_logits(path, dataset)
    return (total / max(len(paths), 1)).astype(np.float32)
