"""How large effects of random variants are, by which those of a user's are ranked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.analyses.variants.changes import Change
from nfexplainn.analyses.variants.score import VariantScorer
from nfexplainn.data.dataset import Dataset
from nfexplainn.interpret.motif_rows import Floats
from nfexplainn.io.coordinates import read_names
from nfexplainn.io.genome import Genome
from nfexplainn.seeds import seed_for

COUNT = 2000
CHUNK = 1024
_ROUNDS = 20  # of drawing, until as many as wanted can be judged

Lengths = tuple[int, int]


@dataclass(frozen=True)
class Places:
    """Held-out windows of a data set that lie in the genome.

    Attributes
    ----------
    chrom, start, end : int64 arrays, shape (n,)
        ``chrom`` is a position in the genome's names.
    composition : float64 array, shape (4,)
        Shares of A, C, G and T in them.
    """

    chrom: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    composition: Floats

    def __len__(self) -> int:
        """Give the number of windows."""
        return len(self.chrom)


def held_out_places(dataset: Dataset, genome: Genome) -> Places:
    """Find the real windows that were held out: of the test part, or with folds all, each once.

    Shuffles and sequences without coordinates are none; neither is one that is not what the genome
    has there, as names of a FASTA may be coordinates of another assembly.
    """
    names = read_names(dataset.names)
    codes = {name: code for code, name in enumerate(genome.names)}
    table = np.array([*(codes.get(name, -1) for name in names.chromosomes), -1], dtype=np.int64)
    chrom = table[names.chrom]
    sizes = np.append(genome.sizes, 0)
    real = (names.parent < 0) & (chrom >= 0) & (names.end <= sizes[chrom])
    if dataset.fold is None:
        real &= dataset.split == "test"
    real &= names.end - names.start == dataset.meta.length
    rows = np.flatnonzero(real)
    there = genome.fetch(chrom[rows], names.start[rows], dataset.meta.length)
    own = dataset.codes[rows]
    same = (own == there).all(axis=1) | (dna.reverse_complement(own) == there).all(axis=1)
    real[rows[~same]] = False
    counts = np.bincount(dataset.codes[real].ravel(), minlength=dna.N_CODE + 1)[:4] + 1.0
    return Places(chrom[real], names.start[real], names.end[real], counts / counts.sum())


def draw(
    places: Places,
    genome: Genome,
    lengths: Sequence[Lengths],
    count: int,
    length: int,
    offsets: Sequence[int],
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], list[Change]]:
    """Draw changes at uniform positions of the windows, which can be judged.

    Parameters
    ----------
    places : Places
        At least one.
    genome : Genome
    lengths : sequence of (int, int)
        Bases taken out and put in, of the changes to imitate; one is drawn for each.
    count : int
        How many to draw; fewer come where the genome leaves no room.
    length : int
        Of the model's windows.
    offsets : sequence of int
    rng : numpy Generator

    Returns
    -------
    chrom : int64 array, shape (n,)
    changes : list of Change
    """
    chrom: list[int] = []
    changes: list[Change] = []
    sizes = genome.sizes
    for _ in range(_ROUNDS):
        wanted = count - len(changes)
        if not wanted:
            break
        window = rng.integers(0, len(places), wanted)
        at = places.start[window] + np.floor(
            rng.random(wanted) * (places.end - places.start)[window]
        ).astype(np.int64)
        which = rng.integers(0, len(lengths), wanted)
        drawn = []
        for row in range(wanted):
            removed, added = lengths[int(which[row])]
            code, start = int(places.chrom[window[row]]), int(at[row])
            shape = Change(start, removed, "A" * added)
            needs = [shape.needs(length, offset) for offset in offsets]
            room = (
                min(low for low, _ in needs) >= 0 and max(high for _, high in needs) <= sizes[code]
            )
            if room and all(shape.inside(length, offset) for offset in offsets):
                drawn.append((code, shape))
        taken = _taken_out(genome, drawn)
        for (code, shape), there in zip(drawn, taken, strict=True):
            if (there >= dna.N_CODE).any():
                continue
            bases = _bases(there, len(shape.added), places.composition, rng)
            changes.append(Change(shape.start, shape.removed, bases))
            chrom.append(code)
    return np.array(chrom, dtype=np.int64), changes


def _taken_out(genome: Genome, drawn: Sequence[tuple[int, Change]]) -> list[dna.Codes]:
    """Fetch what changes take out, all of a length at once: a genome may have 100,000 contigs."""
    found = [np.zeros(0, dtype=np.uint8)] * len(drawn)
    groups: dict[int, list[int]] = {}
    for row, (_, shape) in enumerate(drawn):
        if shape.removed:
            groups.setdefault(shape.removed, []).append(row)
    for removed, rows in groups.items():
        chrom = np.array([drawn[row][0] for row in rows])
        start = np.array([drawn[row][1].start for row in rows])
        for row, there in zip(rows, genome.fetch(chrom, start, removed), strict=True):
            found[row] = there
    return found


def _bases(there: dna.Codes, added: int, composition: Floats, rng: np.random.Generator) -> str:
    """Draw bases to put in; those of a substitution differ from those they replace."""
    if added == len(there):
        drawn = (there + rng.integers(1, 4, added)) % 4
    else:
        drawn = rng.choice(4, added, p=composition)
    return dna.decode(drawn.astype(np.uint8)[None])[0]


@dataclass(frozen=True)
class Background:
    """Sizes of the effects of random variants, by kind.

    Attributes
    ----------
    sizes : mapping of str to float64 array, shape (n, tasks)
        Each column ascending.
    why_none : str
        Why there are none, a sentence for the report; empty where there are.
    """

    sizes: Mapping[str, Floats]
    why_none: str = ""

    def percentile(self, kinds: Sequence[str], delta: Floats) -> Floats:
        """Give how many of 100 random variants of the same kind have a smaller effect.

        It is 100 (1 - (r + 1) / (n + 1)), where r of n random effects are at least as large: of
        2,000 at most 99.95.

        Parameters
        ----------
        kinds : sequence of str, length n
        delta : float64 array, shape (n, tasks)

        Returns
        -------
        float64 array, shape (n, tasks)
            NaN where there are no random variants of the kind.
        """
        found = np.full(delta.shape, np.nan)
        given = np.array(kinds)
        for kind, sizes in self.sizes.items():
            rows = np.flatnonzero(given == kind)
            for task in range(delta.shape[1]):
                below = np.searchsorted(sizes[:, task], np.abs(delta[rows, task]), side="left")
                larger = len(sizes) - below
                found[rows, task] = 100 * (1 - (larger + 1) / (len(sizes) + 1))
        return found


def make_background(
    scorer: VariantScorer,
    dataset: Dataset,
    genome: Genome,
    lengths: Mapping[str, Sequence[Lengths]],
    offsets: Sequence[int],
    seed: int,
    count: int = COUNT,
) -> Background:
    """Judge random variants of every kind that is among the user's.

    Parameters
    ----------
    lengths : mapping of str to sequence of (int, int)
        Bases taken out and put in by the user's changes, by kind.
    seed : int
    count : int
        Of each kind.
    """
    places = held_out_places(dataset, genome)
    if not len(places):
        return Background(
            {},
            "There is no percentile: the held-out sequences of the data set have no coordinates"
            " in this genome, so no random variants could be placed.",
        )
    sizes = {}
    for kind, some in lengths.items():
        rng = np.random.default_rng(seed_for(seed, dataset.meta.id, kind, "variants"))
        # Of one length, how many there are must not matter: an SNV has one percentile in any file.
        lengths_of_kind = some if len(set(some)) > 1 else some[:1]
        chrom, changes = draw(places, genome, lengths_of_kind, count, scorer.length, offsets, rng)
        step = scorer.chunk(CHUNK)
        parts = [
            np.abs(scorer.score(chrom[at : at + step], changes[at : at + step]).delta)
            for at in range(0, len(changes), step)
        ]
        if parts:
            sizes[kind] = np.sort(np.concatenate(parts), axis=0)
    why = (
        ""
        if sizes
        else ("There is no percentile: no random variant could be placed in the genome.")
    )
    return Background(sizes, why)
