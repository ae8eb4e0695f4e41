"""Find the sites of a model's motif rows: from regions and replicates to files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nfexplainn.analyses.hits.tables import (
    THRESHOLD_COLUMNS,
    BedWriter,
    RegionTable,
    write_session,
)
from nfexplainn.interpret.progress import Progress
from nfexplainn.interpret.pwms import consensus
from nfexplainn.io.genome import Genome
from nfexplainn.io.text import write_text
from nfexplainn.io.tsv import write_tsv
from nfexplainn.results.hits.finder import Finder
from nfexplainn.results.hits.regions import GENOME, Regions
from nfexplainn.results.hits.scan import union

NONE_SUPPORTED = (
    "No motif is supported by the evidence, so the sites of all motifs with a threshold are"
    " given; interpret them with care."
)


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
    ids, labels, widths = finder.ids, finder.labels, finder.widths
    first, last = union(genome, regions.codes(genome), regions.start, regions.end)
    table = RegionTable(regions, genome, widths)
    sums, counts = np.zeros(len(ids)), np.zeros(len(ids), dtype=np.int64)
    say, total = Progress("bases scanned"), int((last - first).sum())
    with BedWriter(f"{prefix}.hits.bed.gz", genome, ids, labels, widths, finder.best) as bed:
        for scored in finder.hits(genome, first, last):
            bed.add(scored)
            table.add(scored)
            motif, end = scored.found.places.motif, scored.found.end
            counts += np.bincount(motif, minlength=len(ids))
            sums += np.bincount(motif, scored.contribution, minlength=len(ids))
            say(int((np.minimum(last, end) - np.minimum(first, end)).sum()), total)
    table.write(f"{prefix}.peak_by_motif.parquet", ids, labels)
    with_hit = (table.counts > 0).sum(axis=0)
    told = {
        at: (int(counts[n]), int(with_hit[n]), sums[n] / counts[n] if counts[n] else np.nan)
        for n, at in enumerate(finder.found)
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
        *(one.score, one.positives, "" if one.note else one.positive_hits),
        *(one.negatives, "" if one.note else one.negative_hits),
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
