"""Judge a user's variants by the replicates of a model: from checked alleles to files."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nfexplainn.analyses.variants.alleles import Allele, Tally, count_alleles, read_alleles
from nfexplainn.analyses.variants.changes import KINDS
from nfexplainn.analyses.variants.random_variants import Background, Lengths
from nfexplainn.analyses.variants.score import VariantScorer
from nfexplainn.analyses.variants.tables import (
    STRONGEST_COLUMNS,
    Judged,
    VariantWriter,
    leading_of,
    lines_of,
)
from nfexplainn.analyses.variants.vcf import VcfWriter
from nfexplainn.interpret.progress import Progress
from nfexplainn.io.genome import Genome
from nfexplainn.io.text import write_text
from nfexplainn.io.tsv import write_tsv

CHUNK = 2048
# Lengths of indels that are kept to draw random ones from.
_MOST_LENGTHS = 100_000


@dataclass(frozen=True)
class Given:
    """The user's variants.

    Attributes
    ----------
    alleles : path
        As ``check_file`` wrote it.
    source : path
        The user's file.
    name : str
        What the user calls it.
    """

    alleles: str | Path
    source: str | Path
    name: str


def lengths_of(path: str | Path) -> dict[str, list[Lengths]]:
    """Give how many bases the alleles of each kind take out and put in, by the order of kinds."""
    found: dict[str, list[Lengths]] = {}
    for alleles in read_alleles(path, CHUNK):
        for change in (allele.change for allele in alleles):
            some = found.setdefault(change.kind, [])
            if len(some) < _MOST_LENGTHS:
                some.append((change.removed, len(change.added)))
    return {kind: found[kind] for kind in KINDS if kind in found}


def judge(scorer: VariantScorer, background: Background, alleles: list[Allele]) -> Judged:
    """Judge some alleles."""
    changes = [allele.change for allele in alleles]
    chrom = scorer.codes_of([allele.chrom for allele in alleles])
    effects = scorer.score(chrom, changes)
    leading = leading_of(effects)
    first = leading[..., 0] if leading.shape[2] else np.full(leading.shape[:2], -1, np.int64)
    kinds = [change.kind for change in changes]
    return Judged(
        alleles,
        kinds,
        effects,
        background.percentile(kinds, effects.delta),
        leading,
        scorer.sites(chrom, changes, first),
    )


def judge_all(
    scorer: VariantScorer, background: Background, genome: Genome, given: Given, prefix: str | Path
) -> list[list[object]]:
    """Write the table, the Parquet file and the VCF of a model's variants, with flat memory.

    Returns
    -------
    list of lists
        The strongest variants, see :data:`~.tables.STRONGEST_COLUMNS`.
    """
    say, done, total = Progress("alleles scored"), 0, count_alleles(given.alleles)
    vcf = VcfWriter(given.source, given.name, f"{prefix}.variants.vcf.gz", genome, scorer.tasks)
    with VariantWriter(prefix, scorer.tasks, scorer.rows) as tables, vcf:
        for alleles in read_alleles(given.alleles, scorer.chunk(CHUNK)):
            judged = judge(scorer, background, alleles)
            lines = lines_of(judged, scorer.rows)
            tables.add(judged, lines)
            vcf.add(judged, lines)
            done += len(alleles)
            say(done, total)
    if not vcf.ordered:
        print(
            f"{given.name}: its records are not sorted by position, so the VCF has no index; sort"
            " it (bcftools sort) to get one.",
            file=sys.stderr,
        )
    return tables.strongest()


def write_summary(
    prefix: str | Path,
    strongest: Sequence[Sequence[object]],
    read: Mapping[str, object],
    background: Background,
    replicates: int,
) -> None:
    """Write what the report shows: ``M.variants_strongest.tsv``, ``M.variants_summary.json``."""
    write_tsv(f"{prefix}.variants_strongest.tsv", STRONGEST_COLUMNS, strongest)
    random = {kind: len(sizes) for kind, sizes in background.sizes.items()}
    found = {
        **read,
        "random": random,
        "no_percentile": background.why_none,
        "replicates": replicates,
    }
    text = json.dumps(found, indent=1, sort_keys=True) + "\n"
    write_text(Path(f"{prefix}.variants_summary.json"), text)


def told(tally: Tally, name: str, genome: str) -> dict[str, object]:
    """Give what was read of a file, for the report."""
    return {
        "file": name,
        "genome": genome,
        "records": tally.records,
        "alleles": tally.alleles,
        "judged": tally.judged,
        "left_out": dict(sorted(tally.left_out.items())),
        "note": tally.note(genome),
    }
