"""SMiLE-seq: bound reads against their own shuffles."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nfexplainn.assays.assay import READS, SPLITTING, Assay
from nfexplainn.assays.common import PrepLog
from nfexplainn.assays.reads import read_files, read_options
from nfexplainn.assays.sequences import prepare_positives
from nfexplainn.assays.spec import Prepared, Spec
from nfexplainn.evaluation.advice import BELIEVE, CUT, for_few_positives
from nfexplainn.features import Advice, AssayFacts
from nfexplainn.io.fasta import Fasta


def prepare(spec: Spec) -> Prepared:
    """Make the data set of bound reads (FASTQ, FASTA), clipped by ``trim_left``, ``trim_right``.

    Negatives are exact dinucleotide shuffles that stay with their parents in the split, unless
    the sheet names other files or a background library. (The paper clips 7 and 64 bases of its
    own reads; it shuffles with BiasAway.)

    Raises
    ------
    UserError
        For mistakes in the files; those of all files together.
    UnusableError
        If too few reads are left.
    """
    options = read_options(spec.raw_options)
    tasks = len({row.label or row.sample for row in spec.rows})

    def read(spec: Spec, wanted: Mapping[int, int], log: PrepLog) -> dict[int, Fasta]:
        """Read files of reads; the tasks, and each file of negatives, are groups."""
        samples = {row.data: row.sample for row in spec.rows}
        # Parts of a split that the sheet gives stay apart: the audit reports what they share.
        parts = list(dict.fromkeys(row.split or "" for row in spec.rows))
        part = {row.data: parts.index(row.split or "") for row in spec.rows}
        groups = {
            position: (task * len(parts) + part[position])
            if task >= 0
            else (tasks + 1) * len(parts) + position
            for position, task in wanted.items()
        }
        found = read_files(spec, options, groups, log)
        if not any(len(found[row.data].numbers) for row in spec.rows):
            lost = sum(log.reasons().values())
            raise log.unusable(
                f"No read can be used ({lost:,} were dropped, see {spec.id}.dropped.tsv).",
                for_few_positives(spec.assay),
            )
        out = {}
        for position, reads in found.items():
            prefix = samples.get(position, spec.file(position).name)
            n, length = reads.codes.shape
            names = [f"{prefix}.{number}" for number in reads.numbers.tolist()]
            offsets = np.arange(n + 1, dtype=np.int64) * length
            out[position] = Fasta(names, reads.codes.reshape(-1), offsets)
        return out

    return prepare_positives(spec, read, options.pad_of, options.reverse_complement, options.raw_of)


ASSAY = Assay(
    name="smileseq",
    description="FASTQ or FASTA of bound reads (SMiLE-seq)",
    prepare=prepare,
    facts=AssayFacts(
        label="SMiLE-seq",
        positives="reads",
        negatives="--negatives shuffle",
        advice=Advice(
            wrong=f"Check that {CUT}, or give more reads.",
            more=f"Give more reads (raise --max_reads), {BELIEVE}",
            composition="Look for adapters and low-complexity reads, and use negatives of the same"
            " composition (--negatives shuffle).",
            short="Give more reads (raise --max_reads).",
        ),
    ),
    losses=("bce",),
    options=(*READS, "negatives", "negatives_ratio", *SPLITTING),
    negatives=("shuffle", "others", "file"),
    defaults={"negatives": "shuffle"},
)
