"""Explain the sequences of a user with one trained model: split, write, draw the leading ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nfexplainn.analyses.explain.drawing import Mark, draw_sequence
from nfexplainn.analyses.explain.mutagenesis import MOST_ROWS, mutate, write_mutagenesis
from nfexplainn.analyses.explain.mutation_drawing import draw_mutagenesis
from nfexplainn.analyses.explain.sequences import Located
from nfexplainn.analyses.explain.split import Splitter
from nfexplainn.analyses.explain.tables import ExplanationWriter
from nfexplainn.interpret.motif_rows import OTHER, MotifRows, RowSplitter, leading_rows
from nfexplainn.interpret.progress import Progress
from nfexplainn.interpret.status import unit_name
from nfexplainn.io.text import write_text
from nfexplainn.models.checkpoint import LoadedModel


@dataclass(frozen=True)
class ExplainOptions:
    """How sequences are explained.

    Attributes
    ----------
    kernel : {'auto', 'native', 'torch'}
        What computes the units.
    explain_pictures : int
        Number of pictures, of the sequences with the highest predictions.
    """

    kernel: str = "auto"
    explain_pictures: int = 20


def unit_labels(units: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Name units by their best known motif, else by their consensus, else not at all.

    Parameters
    ----------
    units : iterable of mappings
        Final units of one replicate: unit, status, annotation, consensus; empty where missing.
    """
    labels: dict[str, str] = {}
    for row in units:
        if row["annotation"]:
            labels[row["unit"]] = row["annotation"].split(", ")[0]
        elif row["status"] == "unannotated":
            labels[row["unit"]] = row["consensus"].strip("N")
    return {unit: label for unit, label in labels.items() if label}


def thresholds(units: Iterable[Mapping[str, str]], count: int) -> NDArray[np.float64]:
    """Thresholds of a run's units in their order, float64 (count,); NaN without a motif."""
    known = {row["unit"]: float(row["threshold"] or "nan") for row in units}
    return np.array([known.get(unit_name(at), np.nan) for at in range(count)], dtype=np.float64)


def explain(
    splitter: Splitter,
    located: Located,
    tasks: Sequence[str],
    labels: Mapping[str, str],
    prefix: str | Path,
    pictures: int,
) -> NDArray[np.float64]:
    """Write ``explained.parquet``, ``explained.tsv``, ``hits.bed``, ``explained_01.svg`` on.

    Returns
    -------
    float64 array, shape (n, tasks)
        Logits, summed up from the contributions.
    """
    logits = np.empty((len(located), len(tasks)))
    say = Progress("sequences explained")
    with ExplanationWriter(prefix, splitter, tasks, located, labels) as writer:
        for found in splitter.split(located.codes):
            logits[found.rows] = writer.add(found)
            say(int(found.rows[-1]) + 1, len(located))
    for number, row in enumerate(_highest(logits, pictures), 1):
        text = _picture(splitter, located, row, tasks, labels, logits[row])
        write_text(Path(f"{prefix}.explained_{number:02d}.svg"), text)
    return logits


def mutate_all(
    loaded: LoadedModel,
    rows: MotifRows,
    replicate: int,
    located: Located,
    logits: NDArray[np.float64],
    prefix: str | Path,
    pictures: int,
) -> None:
    """Write ``mutagenesis.npz``, and ``mutagenesis_01.svg`` on of the highest predictions.

    Parameters
    ----------
    loaded : LoadedModel
    rows : MotifRows
    replicate : int
        Of the model, from 1.
    located : Located
    logits : float64 array, shape (n, tasks)
        Of the sequences, by which the pictures are chosen.
    prefix : path
    pictures : int
    """
    header = loaded.header
    leading = leading_rows(rows, MOST_ROWS)
    splitter = RowSplitter(loaded.model, header.strand_symmetric, leading, replicate)
    path = Path(f"{prefix}.mutagenesis.npz")
    write_mutagenesis(splitter, located.codes, located.names, header.tasks, path)
    for number, row in enumerate(_highest(logits, pictures), 1):
        column = int(logits[row].argmax())
        found = next(mutate(splitter, located.codes[row : row + 1]))
        task = f"{header.tasks[column]}: " if len(header.tasks) > 1 else ""
        text = draw_mutagenesis(
            located.names[row],
            f"{task}logit {found.logits[0, column]:.3g}, every base changed into every other",
            [*leading.labels, OTHER],
            found.parts[0, column],
            located.codes[row],
            *_axis(located, row),
        )
        write_text(Path(f"{prefix}.mutagenesis_{number:02d}.svg"), text)


def _highest(logits: NDArray[np.float64], count: int) -> list[int]:
    """Give the sequences with the highest predictions in any task, the highest first."""
    best: list[int] = np.argsort(-logits.max(axis=1), kind="stable")[:count].tolist()
    return best


def _axis(located: Located, row: int) -> tuple[str, int]:
    """Say what a picture's axis counts along, and where it begins."""
    name, chrom = located.names[row], located.chrom[row]
    on_chromosome = chrom != name and located.strand[row] > 0
    place = f"position on {chrom}" if on_chromosome else "position in the sequence"
    return place, int(located.start[row]) if on_chromosome else 0


def _picture(
    splitter: Splitter,
    located: Located,
    row: int,
    tasks: Sequence[str],
    labels: Mapping[str, str],
    logits: NDArray[np.float64],
) -> str:
    """Draw one sequence in the task in which it scores highest."""
    column = int(logits.argmax())
    found = next(splitter.split(located.codes[row : row + 1]))
    shares = found.outputs[:, 0] * splitter.weights[column]
    marks = []
    for strand, unit in np.argwhere(shares != 0).tolist():
        start = int(found.position[strand, 0, unit])
        name = unit_name(unit)
        label = labels.get(name, name)
        contribution = float(shares[strand, unit])
        end = start + splitter.width
        marks.append(Mark(start, end, found.strands[strand], contribution, label))
    bias = float(splitter.bias[column])
    total = float(shares.sum(dtype=np.float64))
    task = f"{tasks[column]}: " if len(tasks) > 1 else ""
    sign = "+" if total >= 0 else "\u2212"
    subtitle = f"{task}logit {logits[column]:.3g} = bias {bias:.3g} {sign} units {abs(total):.3g}"
    length = located.codes.shape[1]
    return draw_sequence(located.names[row], subtitle, marks, length, *_axis(located, row))
