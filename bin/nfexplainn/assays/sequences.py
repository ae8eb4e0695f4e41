"""Sequences in FASTA files: positives of one or several tasks, and negatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.assays.assay import SPLITTING, Assay
from nfexplainn.assays.common import (
    PrepLog,
    assemble,
    check_splits,
    joint_source,
    negative_kind,
    note_unread,
    only_others,
    only_read,
    others_or_stop,
    place,
    task_names,
)
from nfexplainn.assays.spec import Prepared, Row, Spec
from nfexplainn.data.dataset import Floats
from nfexplainn.data.duplicates import strand_free_key
from nfexplainn.data.negatives import match_with_unknown, shuffled
from nfexplainn.data.padding import pad_codes
from nfexplainn.data.unknown import matched_by, mostly_known, why_dropped
from nfexplainn.errors import UserError
from nfexplainn.evaluation.advice import BELIEVE, OUTSIDE
from nfexplainn.features import Advice, AssayFacts
from nfexplainn.io.fasta import Fasta, read_fasta
from nfexplainn.problems import gather

_DUPLICATE = "duplicate sequence"
_SHORT = "shorter than the length"
_CONTRADICTION = "negative that is also a positive"


@dataclass(frozen=True)
class _Table:
    """Sequences of one length.

    ``part`` is the split that the sheet gives ('' where it gives none).
    """

    names: list[str]
    codes: dna.Codes
    labels: Floats
    part: NDArray[np.str_]

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> _Table:
        """Keep some rows."""
        rows = np.arange(len(self.names))[rows]
        return _Table(
            [self.names[row] for row in rows.tolist()],
            self.codes[rows],
            self.labels[rows],
            self.part[rows],
        )


def _join(tables: Sequence[_Table]) -> _Table:
    """Put tables one under the other."""
    return _Table(
        [name for table in tables for name in table.names],
        np.concatenate([table.codes for table in tables]),
        np.concatenate([table.labels for table in tables]),
        np.concatenate([table.part for table in tables]),
    )


def prepare(spec: Spec) -> Prepared:
    """Make the data set of one or several FASTA files of positives.

    Several rows become one multi-label data set: a sequence (or its reverse complement) that
    stands in two rows is 1 in both tasks, and 0 in the others. Sequences with more N than
    ``max_unknown`` are left out (the paper: with any).

    Raises
    ------
    UserError
        For mistakes in the files; those of all files together.
    UnusableError
        If too few sequences are left.
    """
    return prepare_positives(spec, _read_fasta)


def prepare_positives(
    spec: Spec,
    read: Callable[[Spec, Mapping[int, int], PrepLog], dict[int, Fasta]],
    pad_of: Callable[[int], int] = lambda _length: 0,
    strand_symmetric: bool = True,
    raw_of: Callable[[int], dict[str, list[int]]] = lambda _length: {},
) -> Prepared:
    """Make the data set of positives, however they are read.

    Parameters
    ----------
    spec : Spec
    read : callable
        Reads the files at some positions, given with the task of each (-1: negatives).
    pad_of, raw_of : callable
        Of sequences of a length, the N to add to each side; for the metadata, how they were cut.
    strand_symmetric : bool
        Whether a sequence and its reverse complement are the same observation.
    """
    has_split = check_splits(spec)
    tasks, task_of_row = task_names(spec)
    kinds = [_kind(spec, row) for row in spec.rows]
    log = PrepLog()
    files = read(spec, _wanted(spec, kinds, task_of_row), log)
    spec = only_read(spec, files) if "others" in kinds else spec
    length = _length(spec, kinds, files, log)

    tables = []
    for row, task in zip(spec.rows, task_of_row, strict=True):
        table = _table(spec, row.data, files, length, len(tasks), row.split or "", log)
        table.labels[:, task] = 1
        tables.append(table)
    positives = _merge_positives(_unique_names(tables, spec), spec, log)
    kept = list(_negatives(spec, kinds, files, length, positives, log) or [positives])
    everything = _join(_unique_names(kept, spec))
    used = ",".join(sorted({"file" if isinstance(kind, int) else kind for kind in kinds}))
    pad = pad_of(length)
    if pad:
        log.note(f"Sequences of {length} bp were padded with {pad} N on both sides.")
    return assemble(
        spec,
        log,
        everything.names,
        pad_codes(everything.codes, pad),
        everything.labels,
        tasks,
        everything.part if has_split else None,
        {"negatives": used, "negatives_ratio": spec.options.negatives_ratio, "pad": pad}
        | raw_of(length),
        strand_symmetric=strand_symmetric,
    )


def _kind(spec: Spec, row: Row) -> int | str:
    """Tell where a row's negatives come from."""
    kind = negative_kind(spec, row, "shuffle")
    if kind == "gc":
        raise UserError(
            f"{place(row)}: negatives 'gc' are drawn from a genome, which sequences do not have;"
            " use 'shuffle', 'others', a FASTA of negatives, or the assay 'peaks'."
        )
    return kind


def _wanted(spec: Spec, kinds: list[int | str], task_of_row: list[int]) -> dict[int, int]:
    """Give the files to read and the task of each (-1: negatives)."""
    wanted = {row.data: task for row, task in zip(spec.rows, task_of_row, strict=True)}
    others = [kind for kind in kinds if isinstance(kind, int)]
    if "others" in kinds and (spec.others or len(spec.rows) == 1):
        others += others_or_stop(spec, "sequences")
    return wanted | {position: -1 for position in others if position not in wanted}


def _read_fasta(spec: Spec, wanted: Mapping[int, int], log: PrepLog) -> dict[int, Fasta]:
    """Read every file once; collect the mistakes of all."""
    files: dict[int, Fasta] = {}
    errors = []
    for position in wanted:
        file = spec.file(position)
        try:
            files[position] = read_fasta(file.path, file.name)
            found = files[position]
            log.read(file.name, "records", f"{len(found.names) + found.merged:,}")
            log.drop(file.name, _DUPLICATE, found.merged)
            if renamed := found.renamed:
                log.note(
                    f"{file.name}: {renamed:,} sequences have the name of another one; a number was"
                    " appended (name|2)."
                )
        except UserError as error:
            if position in only_others(spec):
                note_unread(spec, position, error, log)
            else:
                errors.append(error)
    gather(errors)
    return files


def _length(spec: Spec, kinds: list[int | str], files: dict[int, Fasta], log: PrepLog) -> int:
    """Find the length of the data set.

    Raises
    ------
    UserError
        If the sequences differ in length and no length is given.
    """
    wanted = spec.options.length
    # Other rows' files are cut to the positives' length; given files must agree with it.
    own = {row.data for row in spec.rows} | {kind for kind in kinds if isinstance(kind, int)}
    lengths = {position: files[position].lengths for position in own}
    everything = np.concatenate(list(lengths.values()))
    low, high = int(everything.min()), int(everything.max())
    if wanted is None:
        if low != high:
            uneven = [p for p in sorted(own) if lengths[p].min() != lengths[p].max()]
            which = ", ".join(spec.file(p).name for p in uneven or sorted(own))
            middle = int(np.quantile(everything, 0.1, method="lower"))
            raise UserError(
                f"{which}: the sequences differ in length ({low} to {high} bp), and the model needs"
                " one; give --length: longer ones are cut around their middle, shorter ones are"
                f" dropped ({middle} would keep 90 %)."
            )
        return low
    cut = int((everything > wanted).sum())
    short = int((everything < wanted).sum())
    if high < wanted:
        raise UserError(
            f"{spec.id}: length is {wanted}, but the longest sequence has {high} bp; give {high} or"
            " less."
        )
    if cut:
        log.note(f"{cut:,} sequences were cut to the {wanted} bp around their middle.")
    if short:
        log.note(f"{short:,} sequences shorter than {wanted} bp were left out.")
    return wanted


def _table(
    spec: Spec,
    position: int,
    files: dict[int, Fasta],
    length: int,
    tasks: int,
    part: str,
    log: PrepLog,
) -> _Table:
    """Cut the sequences of a file to the length, and leave out what cannot be used."""
    name, fasta = spec.file(position).name, files[position]
    long_enough = fasta.lengths >= length
    log.drop(name, _SHORT, int((~long_enough).sum()))
    rows = np.flatnonzero(long_enough)
    codes = fasta.cut(rows, length)
    most = spec.options.max_unknown
    known = mostly_known(codes, most)
    log.drop(name, why_dropped("sequence", most), int((~known).sum()))
    rows, codes = rows[known], codes[known]
    return _Table(
        [fasta.names[row] for row in rows.tolist()],
        codes,
        np.zeros((len(rows), tasks), dtype=np.float32),
        np.full(len(rows), part, dtype="<U5"),
    )


def _unique_names(tables: list[_Table], spec: Spec) -> list[_Table]:
    """Tell apart equal names of different files: the later ones get the data set's prefix."""
    seen: set[str] = set()
    out = []
    for table in tables:
        names = []
        for name in table.names:
            unique, number = name, 2
            while unique in seen:
                unique, number = f"{name}|{spec.id}.{number}", number + 1
            seen.add(unique)
            names.append(unique)
        out.append(_Table(names, table.codes, table.labels, table.part))
    return out


def _merge_positives(tables: list[_Table], spec: Spec, log: PrepLog) -> _Table:
    """Make one row of equal sequences, with the labels of all; the first one names it.

    Within one part of a split that the sheet gives; across parts equal sequences stay, and the
    audit reports them.
    """
    table = _join(tables)
    owner = np.concatenate([np.full(len(t.names), i) for i, t in enumerate(tables)])
    parts = np.unique(table.part, return_inverse=True)[1].astype(np.uint64)
    key = strand_free_key(table.codes) + parts
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    labels = np.zeros((len(first), table.labels.shape[1]), dtype=np.float32)
    np.maximum.at(labels, inverse, table.labels)
    order = np.argsort(first, kind="stable")
    merged = table.take(first[order])
    # Repeats within a file are dropped; those between files are what a label set is made of.
    for index, row in enumerate(spec.rows):
        keys = key[owner == index]
        log.drop(spec.file(row.data).name, _DUPLICATE, len(keys) - len(np.unique(keys)))
    return _Table(merged.names, merged.codes, labels[order], merged.part)


def _negatives(
    spec: Spec,
    kinds: list[int | str],
    files: dict[int, Fasta],
    length: int,
    positives: _Table,
    log: PrepLog,
) -> tuple[_Table, _Table] | None:
    """Make the negatives; give the positives to keep, and the negatives (None: there are none)."""
    tasks = positives.labels.shape[1]
    found: list[_Table] = []
    given = dict.fromkeys(
        (kind, row.split or "")
        for kind, row in zip(kinds, spec.rows, strict=True)
        if isinstance(kind, int)
    )
    for position, part in given:
        found.append(_table(spec, position, files, length, tasks, part, log))
        log.note(f"Negatives are the sequences of {spec.file(position).name}.")
    if "others" in kinds and spec.others:
        pool = _join([_table(spec, p, files, length, tasks, "", log) for p in spec.others])
        pool = _without(pool, positives, "other rows", log)
        keep, rows, codes = match_with_unknown(
            positives.codes, pool.codes, spec.options.negatives_ratio, spec.rng("matching")
        )
        unmatched = len(positives.names) - len(keep)
        log.drop(joint_source(spec), "no negative of the same GC content", unmatched)
        log.note(
            "Negatives are sequences of the other rows of the sheet, matched to the positives by"
            f" {matched_by(positives.codes)} ({len(rows):,} negatives, {len(keep):,} positives)."
        )
        positives, pool = positives.take(keep), pool.take(rows)
        parts = np.resize(positives.part, len(rows))
        parts = spec.rng("parts of negatives").permutation(parts)
        found.append(_Table(pool.names, codes, pool.labels, parts))
    if "shuffle" in kinds:
        found.append(_shuffles(spec, kinds, positives, log))
    if not found:
        log.note("Negatives of each task are the sequences of the other tasks.")
        return None
    alone = len(given) == len(found) == 1
    source = spec.file(next(iter(given))[0]).name if alone else "all negatives together"
    negatives = _without(_join(_unique_names(found, spec)), positives, source, log)
    return positives, negatives


def _shuffles(spec: Spec, kinds: list[int | str], positives: _Table, log: PrepLog) -> _Table:
    """Shuffle the positives of the rows that ask for it, whatever other rows there are.

    Every row's sequences are all shuffled, in an order of their own, by the row's generator; of
    a sequence in several rows the first row's shuffles are kept.
    """
    _, task_of_row = task_names(spec)
    ratio = spec.options.negatives_ratio
    key = strand_free_key(positives.codes)
    free = np.ones(len(key), dtype=np.bool_)
    tables, origins, lost = [], [], 0
    for kind, task, row in zip(kinds, task_of_row, spec.rows, strict=True):
        if kind != "shuffle":
            continue
        mine = (positives.labels[:, task] == 1) & (positives.part == (row.split or ""))
        rows = np.flatnonzero(mine)
        rows = rows[np.argsort(key[rows])]
        base, rng = positives.take(rows), spec.rng("shuffle", row.sample)
        codes, names, parents, failed = shuffled(base.codes, base.names, ratio, rng, free[rows])
        labels = np.zeros_like(base.labels[parents])
        tables.append(_Table(names, codes, labels, base.part[parents]))
        origins.append(rows[parents])
        lost += failed
        free &= ~mine
    log.drop("shuffled negatives", "shuffle equal to its sequence", lost)
    log.note("Negatives are dinucleotide shuffles of the positives.")
    return _join(tables).take(np.argsort(np.concatenate(origins), kind="stable"))


def _without(table: _Table, positives: _Table, source: str, log: PrepLog) -> _Table:
    """Leave out sequences that are positives too, on either strand, and repeats."""
    keys = strand_free_key(table.codes)
    both = np.isin(keys, strand_free_key(positives.codes))
    log.drop(source, _CONTRADICTION, int(both.sum()))
    parts = np.unique(table.part, return_inverse=True)[1].astype(np.uint64)
    first = np.zeros(len(keys), dtype=np.bool_)
    first[np.unique(keys + parts, return_index=True)[1]] = True
    log.drop(source, _DUPLICATE, int((~both & ~first).sum()))
    return table.take(~both & first)


ASSAY = Assay(
    name="sequences",
    description="FASTA of equally long sequences",
    prepare=prepare,
    facts=AssayFacts(
        negatives="--negatives shuffle",
        advice=Advice(
            wrong="Check that every file holds what its label says, or give more sequences.",
            more=f"Give more sequences, or only the most reliable ones, {BELIEVE}",
            composition="Use negatives of the same composition (--negatives shuffle).",
            short=f"Give more sequences, or longer ones {OUTSIDE}",
        ),
    ),
    losses=("bce",),
    options=("length", "negatives", "negatives_ratio", *SPLITTING),
    negatives=("shuffle", "others", "file"),
    defaults={"negatives": "shuffle"},
    holds={"negatives": "fasta"},
)
