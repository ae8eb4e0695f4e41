"""Hits as data frames, for the library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset
from nfexplainn.errors import UserError
from nfexplainn.io.genome import Genome, open_genome
from nfexplainn.models.checkpoint import LoadedModel
from nfexplainn.results.hits.finder import Finder, make_finder, read_row_table
from nfexplainn.results.hits.regions import Regions, read_regions, write_fasta
from nfexplainn.results.hits.scan import union
from nfexplainn.results.windows import named_sequences, shape_of_meta

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    *("chrom", "start", "end", "name", "strand", "contribution", "same_sign", "log_odds"),
    "motif",
)


def finder_of(
    name: str,
    files: tuple[Path, Sequence[Path]] | None,
    replicates: Mapping[int, LoadedModel],
    dataset: Dataset,
    rate: float,
) -> Finder:
    """Make a finder of a model's files.

    Parameters
    ----------
    name : str
        Of the model, for messages.
    files : (Path, sequence of Path), or None
        The rows and their motifs, see :func:`~nfexplainn.results.hits.finder.read_row_table`.
    replicates : mapping of int to LoadedModel
    dataset : Dataset
    rate : float
        False discovery rate.

    Raises
    ------
    UserError
        If there are none of these files.
    """
    if files is None:
        raise UserError(
            f"{name}: its motifs, which are needed to find sites, are missing (in motifs/, the"
            " evidence or the units, each with .meme); copy the whole results folder of a run"
            " that trained explainn."
        )
    centred = dataset.meta.task_type == "multiclass"
    return make_finder(replicates, read_row_table(*files, centred=centred), dataset, rate)


def hits_frame(
    finder: Finder, regions: Regions, genome: Genome, names: Sequence[str] | None = None
) -> pd.DataFrame:
    """Find the hits in regions.

    Parameters
    ----------
    finder : Finder
    regions : Regions
    genome : Genome
        In which these lie.
    names : sequence of str, optional
        Other names of its chromosomes.

    Returns
    -------
    DataFrame
        Columns :data:`COLUMNS`, a row per hit, as in ``M.hits.bed.gz``.
    """
    import pandas as pd

    first, last = union(genome, regions.codes(genome), regions.start, regions.end)
    chromosomes = np.array(genome.names if names is None else names)
    labels, ids = np.array(finder.labels), np.array(finder.ids)
    frames = []
    for scored in finder.hits(genome, first, last):
        places = scored.found.places
        cells = (
            *(chromosomes[scored.found.chrom], places.start),
            *(places.start + finder.widths[places.motif], labels[places.motif]),
            *(np.where(places.strand > 0, "+", "-"), scored.contribution, scored.same_sign),
            *(places.score, ids[places.motif]),
        )
        frames.append(pd.DataFrame(dict(zip(COLUMNS, cells, strict=True))))
    some = [frame for frame in frames if len(frame)]
    return pd.concat(some, ignore_index=True) if some else pd.DataFrame(columns=list(COLUMNS))


def hits_of(
    finder: Finder,
    sequences: Any,
    regions: str | Path | None = None,
    genome: str | Path | None = None,
) -> pd.DataFrame:
    """Find the hits in sequences, or in the intervals of a file.

    Parameters
    ----------
    finder : Finder
    sequences : as of ``predict``, of any length; or None
    regions : path or None
        BED or its relatives, FASTA.
    genome : path or None
        Needed for intervals.

    Raises
    ------
    UserError
        If both or neither are given, or what is given cannot be read.
    """
    if (sequences is None) == (regions is None):
        raise UserError("hits: give either sequences, or regions (a file) with their genome.")
    with TemporaryDirectory() as folder:
        fasta = Path(folder) / "sequences.fa"
        if regions is None:
            names, lengths = _written(sequences, fasta)
            whole = Regions.whole([f"s{at}" for at in range(len(names))], lengths)
            return hits_frame(finder, whole, open_genome(fasta, "the sequences"), names)
        place = None if genome is None else open_genome(genome, str(genome))
        shape = shape_of_meta(finder.dataset.meta)
        found = read_regions(regions, str(regions), shape, place, fasta)
        if place is None or found.sequences:
            place = open_genome(fasta, str(regions))
        return hits_frame(finder, found, place)


def _written(sequences: Any, fasta: Path) -> tuple[list[str], list[int]]:
    """Write sequences under names that FASTA can hold; give their own, and their lengths."""
    if isinstance(sequences, np.ndarray) and sequences.dtype == np.uint8:
        sequences = dna.decode(np.minimum(sequences, dna.N_CODE))
    pairs = named_sequences(sequences, 1)
    write_fasta(fasta, ((f"s{at}", text) for at, (_, text) in enumerate(pairs)))
    return [name for name, _ in pairs], [len(text) for _, text in pairs]
