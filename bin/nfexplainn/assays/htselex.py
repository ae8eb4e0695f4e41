"""HT-SELEX: the reads of every cycle of selection, told apart by the model."""

from __future__ import annotations

import numpy as np

from nfexplainn.assays.assay import READS, SPLITTING, Assay
from nfexplainn.assays.common import PrepLog, assemble, check_splits, place
from nfexplainn.assays.reads import read_files, read_options
from nfexplainn.assays.spec import Prepared, Spec
from nfexplainn.data.padding import pad_codes
from nfexplainn.errors import UnusableError, UserError
from nfexplainn.evaluation.advice import BELIEVE, CUT
from nfexplainn.features import Advice, AssayFacts
from nfexplainn.order import cycle_key


def prepare(spec: Spec) -> Prepared:
    """Make the multi-class data set of the cycles, one row of the sheet (``label``) each.

    The classes are in the order of selection (:func:`~nfexplainn.order.cycle_key`).

    No negatives are needed: cycles differ in how much is selected. Repeats within a cycle are
    removed; the same sequence in several cycles stays, on one side of the split. Above
    ``max_reads`` a sample keeps the proportions of the cycles. (Novakovsky, Fornes et al. 2023,
    Methods.)

    Raises
    ------
    UserError
        For mistakes in the sheet and the files; those of all files together.
    UnusableError
        If no cycle has enough reads.
    """
    has_split = check_splits(spec)
    options = read_options(spec.raw_options)
    log = PrepLog()
    classes = _classes(spec)
    of_row = [classes.index(str(row.label)) for row in spec.rows]
    # A cycle that comes in parts (files, or parts of a split) is one group per part.
    parts = [row.split or "" for row in spec.rows]
    kinds = list(dict.fromkeys(zip(of_row, parts, strict=True)))
    groups = {
        row.data: kinds.index((number, part))
        for row, number, part in zip(spec.rows, of_row, parts, strict=True)
    }
    found = read_files(spec, options, groups, log)
    names: list[str] = []
    for row in spec.rows:
        names += [f"{row.sample}.{number}" for number in found[row.data].numbers.tolist()]
    sizes = [len(found[row.data].numbers) for row in spec.rows]
    labels = np.zeros((sum(sizes), len(classes)), dtype=np.float32)
    labels[np.arange(len(labels)), np.repeat(of_row, sizes)] = 1
    _check_enough(spec, log, labels.sum(axis=0).astype(int).tolist(), classes)
    codes = np.concatenate([found[row.data].codes for row in spec.rows])
    raw = options.raw_of(codes.shape[1])
    pad = options.pad_of(codes.shape[1])
    if pad:
        log.note(f"Reads of {codes.shape[1]} bp were padded with {pad} N on both sides.")
    tasks = [f"cycle_{name}" if name.isdecimal() else name for name in classes]
    first, *between, last = tasks
    told = ", ".join([f"{first} (first)", *between, f"{last} (last)"])
    log.note(f"Cycles in the order of their labels: {told}.")
    return assemble(
        spec,
        log,
        names,
        pad_codes(codes, pad),
        labels,
        tasks,
        np.repeat(np.array(parts, dtype="<U5"), sizes) if has_split else None,
        {"pad": pad, "first_class": first, "last_class": last} | raw,
        task_type="multiclass",
        strand_symmetric=options.reverse_complement,
    )


def _classes(spec: Spec) -> list[str]:
    """Give the cycles in their order, the one before selection first.

    Raises
    ------
    UserError
        If a row has no cycle, there is only one, or a file stands for two.
    """
    wrong = [
        f"{place(row)}: the column 'label' holds no cycle; write its number there."
        for row in spec.rows
        if not row.label
    ]
    files: dict[int, str] = {}
    for row in spec.rows:
        if row.data in files:
            wrong.append(
                f"{place(row)}: {spec.file(row.data).name} is in two rows of '{spec.id}' (labels"
                f" {files[row.data]} and {row.label}); give each row its own file."
            )
        files.setdefault(row.data, str(row.label))
    names = list(dict.fromkeys(str(row.label) for row in spec.rows if row.label))
    if not wrong and len(names) < 2:
        wrong.append(
            f"{spec.id}: all rows are cycle {names[0]}, but the model distinguishes cycles; add the"
            " rows of other cycles, with the same dataset."
        )
    if wrong:
        raise UserError("\n".join(wrong))
    return sorted(names, key=cycle_key)


def _check_enough(spec: Spec, log: PrepLog, counts: list[int], classes: list[str]) -> None:
    """Stop where fewer than two cycles have enough reads; say which have few.

    Raises
    ------
    UnusableError
    """
    least = spec.options.min_positives
    few = [name for name, count in zip(classes, counts, strict=True) if count < least]
    if len(classes) - len(few) < 2:
        said = ", ".join(f"{n}: {c:,}" for n, c in zip(classes, counts, strict=True))
        raise UnusableError(
            f"Fewer than two cycles have {least} reads that can be used (min_positives; {said}).",
            "See the table of dropped reads; correct trimming, flanks or length, or give more"
            " reads.",
        )
    for name in few:
        log.note(f"Cycle {name} has under {least} reads: its accuracy is unreliable.")


ASSAY = Assay(
    name="htselex",
    description="FASTQ or FASTA of HT-SELEX, a row per cycle",
    prepare=prepare,
    facts=AssayFacts(
        label="HT-SELEX",
        selection=True,
        advice=Advice(
            wrong=f"Check that the files belong to their cycles, and that {CUT}.",
            more=f"Use cycles that are further apart, or more reads (raise --max_reads), {BELIEVE}",
            composition="Look for adapters and low-complexity reads: the cycles differ in"
            " composition.",
            short="Give more reads (raise --max_reads), or cycles that are further apart.",
        ),
    ),
    losses=("cross_entropy",),
    options=(*READS, *SPLITTING),
    cycles=True,
)
