"""Find the sites of a model's motif rows: from regions and replicates to files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nfexplainn.analyses.hits.contributions import Contributions, Sites, support
from nfexplainn.analyses.hits.options import GENOME, HitsOptions
from nfexplainn.analyses.hits.regions import Regions
from nfexplainn.analyses.hits.scan import scan, union
from nfexplainn.analyses.hits.tables import (
    THRESHOLD_COLUMNS,
    BedWriter,
    RegionTable,
    Scored,
    write_session,
)
from nfexplainn.analyses.hits.thresholds import (
    ScoredRow,
    Threshold,
    make_thresholds,
    scored_rows,
)
from nfexplainn.data.dataset import Dataset
from nfexplainn.interpret.motif_rows import MotifRows, RowSplitter, read_motif_rows
from nfexplainn.interpret.progress import Progress
from nfexplainn.interpret.pwms import consensus
from nfexplainn.io.genome import Genome
from nfexplainn.io.text import write_text
from nfexplainn.io.tsv import write_tsv
from nfexplainn.models.checkpoint import LoadedModel
from nfexplainn.motifs.motif import Motif
from nfexplainn.motifs.places import PlaceScanner
from nfexplainn.motifs.scan import log_odds
from nfexplainn.results.windows import shape_of_meta

NONE_SUPPORTED = (
    "No motif is supported by the evidence, so that the sites of all motifs with a threshold are"
    " told; take them with care."
)


@dataclass(frozen=True)
class Finder:
    """What finds the sites of a model's rows.

    Attributes
    ----------
    rows : MotifRows
    scored : list of ScoredRow
        The rows that are looked for.
    thresholds : list of Threshold
        Of each of these.
    splitters : list of RowSplitter
        Of each replicate.
    dataset : Dataset
    supported : bool
        Whether the rows are the supported ones.
    """

    rows: MotifRows
    scored: list[ScoredRow]
    thresholds: list[Threshold]
    splitters: list[RowSplitter]
    dataset: Dataset
    supported: bool

    @property
    def found(self) -> list[int]:
        """Places of the rows that have a threshold, among those that are looked for."""
        return [at for at, one in enumerate(self.thresholds) if not np.isnan(one.score)]


def make_finder(
    replicates: Mapping[int, LoadedModel],
    table: Sequence[Mapping[str, str]],
    motifs: Sequence[Motif],
    dataset: Dataset,
    options: HitsOptions,
) -> Finder:
    """Choose the rows and their thresholds.

    Parameters
    ----------
    replicates : mapping of int to LoadedModel
        By their numbers, from 1.
    table : sequence of mappings
        ``D.<model>.evidence.tsv``.
    motifs : sequence of Motif
        ``D.<model>.evidence.meme``.
    dataset : Dataset
    options : HitsOptions
    """
    rows = read_motif_rows(table)
    numbers = sorted(replicates)
    header = replicates[numbers[0]].header
    by_id = {motif.id: motif for motif in motifs}
    scored, supported = scored_rows(table, rows.ids, by_id, header.tasks)
    thresholds = make_thresholds(scored, dataset, options.hits_fdr, options.seed)
    splitters = [
        RowSplitter(replicates[number].model, header.strand_symmetric, rows, number)
        for number in numbers
    ]
    return Finder(rows, scored, thresholds, splitters, dataset, supported)


def find_all(
    finder: Finder, regions: Regions, genome: Genome, prefix: str | Path
) -> list[list[object]]:
    """Write ``M.hits.bed.gz`` with its index, and ``M.peak_by_motif.parquet``.

    Parameters
    ----------
    finder : Finder
    regions : Regions
    genome : Genome
        In which these lie.
    prefix : path
        ``.../D.<model>``

    Returns
    -------
    list of list
        The rows of ``M.hits_thresholds.tsv``, see :data:`~.tables.THRESHOLD_COLUMNS`.
    """
    chosen = finder.found
    kept = [finder.scored[at] for at in chosen]
    ids = [finder.rows.ids[row.place] for row in kept]
    labels = [finder.rows.labels[row.place] for row in kept]
    both = finder.dataset.meta.strand_symmetric
    scanner = PlaceScanner([row.motif for row in kept], both_strands=both)
    best = np.array([log_odds(row.motif).max(axis=1).sum() for row in kept])
    limits = np.array([finder.thresholds[at].score for at in chosen])
    codes = {name: code for code, name in enumerate(genome.names)}
    chrom = np.array([codes[name] for name in regions.chrom], dtype=np.int64)
    first, last = union(genome, chrom, regions.start, regions.end)
    total = int((last - first).sum())
    contributions = Contributions(finder.splitters, genome, shape_of_meta(finder.dataset.meta))
    place = np.array([row.place for row in kept], dtype=np.int64)
    task = np.array([finder.thresholds[at].task for at in chosen], dtype=np.int64)
    table = RegionTable(regions, genome, scanner.widths)
    sums, counts = np.zeros(len(kept)), np.zeros(len(kept), dtype=np.int64)
    say, done = Progress("bases scanned"), 0
    with BedWriter(f"{prefix}.hits.bed.gz", genome, ids, labels, scanner.widths, best) as bed:
        for found in scan(genome, first, last, scanner, limits) if kept else ():
            where = found.places
            ends = where.start + scanner.widths[where.motif]
            sites = Sites(found.chrom, where.start, ends, place[where.motif], task[where.motif])
            each = contributions.of(sites)
            scored = Scored(found, each.mean(axis=0), support(each))
            bed.add(scored)
            table.add(scored)
            counts += np.bincount(where.motif, minlength=len(kept))
            sums += np.bincount(where.motif, scored.contribution, minlength=len(kept))
            done = int((np.minimum(last, found.end) - np.minimum(first, found.end)).sum())
            say(done, total)
    table.write(f"{prefix}.peak_by_motif.parquet", ids, labels)
    with_hit = (table.counts > 0).sum(axis=0)
    told = {
        at: (int(counts[n]), int(with_hit[n]), sums[n] / counts[n] if counts[n] else np.nan)
        for n, at in enumerate(chosen)
    }
    return [_line(finder, at, told.get(at), len(regions)) for at in range(len(finder.scored))]


def _line(
    finder: Finder, at: int, told: tuple[int, int, float] | None, regions: int
) -> list[object]:
    row, one = finder.scored[at], finder.thresholds[at]
    hits, with_hit, contribution = told or (0, 0, float("nan"))
    share = with_hit / regions if told and regions else float("nan")
    return [
        finder.rows.ids[row.place],
        finder.rows.labels[row.place],
        consensus(row.motif.ppm),
        "true" if finder.rows.supported[row.place] else "false",
        finder.dataset.meta.tasks[one.task],
        *(one.score, one.positives, one.positive_hits, one.negatives, one.negative_hits),
        *(one.fdr, one.per_kb, hits, with_hit, share, contribution, one.note),
    ]


def write_hits(
    finder: Finder,
    regions: Regions,
    genome: Genome,
    read: Mapping[str, Any],
    prefix: str | Path,
    rate: float,
) -> list[list[object]]:
    """Write all files of a model's hits.

    Parameters
    ----------
    finder, regions, genome, prefix
        As of :func:`find_all`.
    read : mapping
        ``D.hits_read.json``.
    rate : float
        The false discovery rate that was asked for.

    Returns
    -------
    list of lists
        As of :func:`find_all`.
    """
    lines = find_all(finder, regions, genome, prefix)
    write_tsv(f"{prefix}.hits_thresholds.tsv", THRESHOLD_COLUMNS, lines)
    if not read["sequences"]:
        bed = Path(f"{prefix}.hits.bed.gz").name
        write_session(f"{prefix}.igv_session.xml", bed, read["genome"])
    summary = {
        **read,
        "hits_fdr": rate,
        "replicates": len(finder.splitters),
        "rows": len(finder.rows),
        "regions": len(regions),
        "whole_genome": regions.kind == GENOME,
        "note": "" if finder.supported else NONE_SUPPORTED,
    }
    text = json.dumps(summary, indent=1, sort_keys=True) + "\n"
    write_text(Path(f"{prefix}.hits_summary.json"), text)
    return lines
