"""The bases beside windows of a genome, into which the robust recipe shifts training windows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nfexplainn import dna
from nfexplainn.io.coordinates import read_names
from nfexplainn.io.genome import Genome

# Largest shift of the robust recipe, in bp.
MAX_SHIFT = 10


def genome_flanks(names: Sequence[str], genome: Genome, width: int) -> dna.Codes:
    """Read what lies before and after windows of the genome.

    Parameters
    ----------
    names : sequence of str
        Coordinates on the forward strand; others, such as shuffles, have no place.
    genome : Genome
    width : int
        Bases on either side.

    Returns
    -------
    uint8 array, shape (n, 2 * width)
        N beyond the ends of a chromosome, and where a sequence has no place.
    """
    where = read_names(list(names))
    flanks = np.full((len(names), 2 * width), dna.N_CODE, dtype=np.uint8)
    code_of = {name: code for code, name in enumerate(genome.names)}
    known = np.array([code_of.get(name, -1) for name in where.chromosomes], dtype=np.int64)
    placed = np.flatnonzero((where.chrom >= 0) & (where.parent < 0))
    if not len(placed):
        return flanks
    chrom = known[where.chrom[placed]]
    placed, chrom = placed[chrom >= 0], chrom[chrom >= 0]
    for side, first in enumerate((where.start[placed] - width, where.end[placed])):
        inside = (first >= 0) & (first + width <= genome.sizes[chrom])
        part = slice(side * width, (side + 1) * width)
        flanks[placed[inside], part] = genome.fetch(chrom[inside], first[inside], width)
        for at in np.flatnonzero(~inside).tolist():
            begin = max(0, int(first[at]))
            end = min(int(first[at]) + width, int(genome.sizes[chrom[at]]))
            if end > begin:
                offset = side * width + begin - int(first[at])
                found = genome.fetch(chrom[at : at + 1], np.array([begin]), end - begin)
                flanks[placed[at], offset : offset + end - begin] = found[0]
    return flanks
