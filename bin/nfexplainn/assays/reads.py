"""Short reads: streamed, trimmed, without repeats, and sampled in one pass with flat memory."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.assays.common import PrepLog, note_unread, only_others
from nfexplainn.assays.read_records import CHUNK, read_chunks
from nfexplainn.assays.spec import Spec
from nfexplainn.data.duplicates import strand_free_key
from nfexplainn.data.padding import PadOptions, raw_of
from nfexplainn.data.unknown import mostly_known, why_dropped
from nfexplainn.errors import UserError
from nfexplainn.io.text import open_binary
from nfexplainn.problems import gather
from nfexplainn.seeds import seed_for
from nfexplainn.typed import typed

_LENGTH_FROM = 20_000  # reads from which the usual length is taken


@dataclass(frozen=True)
class ReadOptions(PadOptions):
    """Settings of the assays of reads, beside those of padding; named as the parameters.

    Attributes
    ----------
    trim_left, trim_right : int
        Bases to cut off each read, before the flanks are looked for.
    flank_left, flank_right : str or None
        Constant bases round the random part.
    max_reads : int
        Of all files together.
    reverse_complement : bool
        Whether strands are averaged.
    """

    trim_left: int = 0
    trim_right: int = 0
    flank_left: str | None = None
    flank_right: str | None = None
    max_reads: int = 1_000_000
    reverse_complement: bool = True

    def raw_of(self, length: int) -> dict[str, list[int]]:
        """Say which bases of a read were taken; nothing where its flanks told, or its middle."""
        if self.flank_left or self.flank_right:
            return {}
        return raw_of(self.trim_left + length + self.trim_right, self.trim_left, length)


def read_options(raw: Mapping[str, Any]) -> ReadOptions:
    """Pick the options out of a spec's; those that are null take the default."""
    given = {key: value for key, value in raw.items() if value != ""}
    return ReadOptions(**typed(ReadOptions, given))


@dataclass(frozen=True)
class Reads:
    """The reads of one file that are used.

    Attributes
    ----------
    numbers : int64 array, shape (n,)
        Of each read in its file, from 1, ascending.
    codes : uint8 array, shape (n, length)
    """

    numbers: NDArray[np.int64]
    codes: dna.Codes


class _Sample:
    """Distinct reads, at most so many: those whose hashes are smallest.

    The hash of a read depends on its sequence (on either strand) and group alone, so repeats fall
    together, and all groups are cut at one threshold, which keeps their proportions. Nothing but
    the sample is held in memory.
    """

    def __init__(self, limit: int, salts: Mapping[int, int]) -> None:
        self.limit = limit
        self.salts = salts
        self.threshold = np.uint64(np.iinfo(np.uint64).max)
        self.parts: list[tuple[NDArray[Any], ...]] = []
        self.held = 0
        self.repeats: Counter[int] = Counter()
        self.beyond: Counter[int] = Counter()

    def copy(self) -> _Sample:
        """Give the sample as it is now, whatever is added later."""
        twin = copy.copy(self)
        twin.parts = list(self.parts)
        twin.repeats, twin.beyond = self.repeats.copy(), self.beyond.copy()
        return twin

    def add(self, codes: dna.Codes, numbers: NDArray[np.int64], group: int, file: int) -> None:
        """Take in some reads of a file."""
        key = _scramble(strand_free_key(codes) + np.uint64(self.salts[group]))
        keep = key <= self.threshold
        self.beyond[file] += int((~keep).sum())
        n = int(keep.sum())
        files = np.full(n, file, dtype=np.int32)
        self.parts.append((key[keep], files, numbers[keep], codes[keep]))
        self.held += n
        if self.held > 2 * self.limit + CHUNK:
            self._shrink()

    def _shrink(self) -> None:
        """Remove repeats, and lower the threshold if there are still too many."""
        columns = zip(*self.parts, strict=True)
        key, files, numbers, codes = (np.concatenate(column) for column in columns)
        first = np.zeros(len(key), dtype=np.bool_)
        first[np.unique(key, return_index=True)[1]] = True
        self.repeats.update(files[~first].tolist())
        if first.sum() > self.limit:
            self.threshold = np.partition(key[first], self.limit - 1)[self.limit - 1]
            self.beyond.update(files[first & (key > self.threshold)].tolist())
            first &= key <= self.threshold
        self.parts = [(key[first], files[first], numbers[first], codes[first])]
        self.held = int(first.sum())

    def finish(self, files: Sequence[int], length: int) -> dict[int, Reads]:
        """Give the reads of every file."""
        if not self.parts:
            nothing = np.zeros(0, dtype=np.int64)
            return {f: Reads(nothing, np.zeros((0, length), dtype=np.uint8)) for f in files}
        self._shrink()
        _, owner, numbers, codes = self.parts[0]
        return {f: Reads(numbers[owner == f], codes[owner == f]) for f in files}


def _scramble(key: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Mix the bits of hashes, one to one (the finaliser of SplitMix64)."""
    key = (key ^ (key >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    key = (key ^ (key >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return key ^ (key >> np.uint64(31))


def read_files(
    spec: Spec, options: ReadOptions, groups: Mapping[int, int], log: PrepLog
) -> dict[int, Reads]:
    """Read the files of reads of a data set in one pass each.

    Reads with more N than ``max_unknown`` are left out, as are reads of another length than the
    one given, else than the usual one of the first file; longer ones are cut to a given length.
    Within a group a sequence is kept once, whichever strand was read. Above ``max_reads`` a random
    sample is kept that holds the proportions of the files.

    Parameters
    ----------
    spec : Spec
    options : ReadOptions
    groups : mapping of int to int
        Position of each file -> its group (a task, or a cycle).
    log : PrepLog

    Returns
    -------
    dict of int to Reads

    Raises
    ------
    UserError
        For mistakes in the files; those of all files together.
    """
    sample = _Sample(options.max_reads, _salts(spec, groups))
    length = spec.options.length
    errors: list[UserError] = []
    unread: list[int] = []
    for position, group in groups.items():
        before = sample.copy()
        try:
            length = _read_file(spec, options, position, group, length, sample, log)
        except UserError as error:
            if position in only_others(spec):
                note_unread(spec, position, error, log)
                unread.append(position)
                sample = before  # the reads before the fault are no part of it
            else:
                errors.append(error)
    gather(errors)
    read = [position for position in groups if position not in unread]
    found = sample.finish(read, length or 0)
    for position in read:
        name = spec.file(position).name
        log.drop(name, "duplicate read", sample.repeats[position])
        log.drop(name, "beyond max_reads", sample.beyond[position])
    if sum(sample.beyond.values()):
        log.note(
            f"{options.max_reads:,} distinct reads were sampled at random (max_reads); the files"
            " keep their proportions."
        )
    return found


def _salts(spec: Spec, groups: Mapping[int, int]) -> dict[int, int]:
    """Give each group the seed of its first sample, or of its file of negatives, for its hashes."""
    sources = {row.data: row.sample for row in reversed(spec.rows)}
    names: dict[int, str] = {}
    for position, group in groups.items():
        names.setdefault(group, sources.get(position, spec.file(position).name))
    return {g: seed_for(spec.options.seed, spec.id, name, "reads") for g, name in names.items()}


def _read_file(
    spec: Spec,
    options: ReadOptions,
    position: int,
    group: int,
    length: int | None,
    sample: _Sample,
    log: PrepLog,
) -> int:
    """Stream one file into the sample; give the length of its reads."""
    file = spec.file(position)
    total = short = unflanked = other = unknown = 0
    with open_binary(file.path, file.name) as handle:
        for first, chunk in read_chunks(handle, file.name):
            total += len(chunk)
            numbers = np.arange(first, first + len(chunk), dtype=np.int64)
            reads, trimmed = _trim(chunk, options, spec.options.length)
            short += trimmed[0]
            unflanked += trimmed[1]
            sizes = np.fromiter(map(len, reads), dtype=np.int64, count=len(reads))
            if length is None:
                length = _usual_length(sizes)
            if length is None:
                continue  # no read of this chunk is left; say so below if it is so for all
            fits = sizes >= length if spec.options.length else sizes == length
            other += int((~fits & (sizes > 0)).sum())
            rows = np.flatnonzero(fits)
            cut = [_middle(reads[row], length) for row in rows.tolist()]
            letters = np.frombuffer("".join(cut).encode("latin-1", "replace"), dtype=np.uint8)
            codes = dna.encode_letters(letters).reshape(len(cut), length)
            known = mostly_known(codes, spec.options.max_unknown)
            unknown += int((~known).sum())
            sample.add(codes[known], numbers[rows[known]], group, position)
    if not total:
        raise UserError(f"{file.name}: there is no read in this file.")
    if unflanked == total:
        flanks = " and ".join(f for f in (options.flank_left, options.flank_right) if f)
        raise UserError(
            f"{file.name}: none of {total:,} reads holds the flanks {flanks}; correct flank_left"
            " and flank_right, or leave them out if they are trimmed already."
        )
    if short == total or length is None:
        raise UserError(
            f"{file.name}: trimming {options.trim_left} + {options.trim_right} bases leaves nothing"
            " of any read; lower trim_left and trim_right."
        )
    if other + short + unflanked == total:
        raise UserError(
            f"{file.name}: no read has {length} bp after trimming, the length of the data set; give"
            " --length, or files of one length."
        )
    log.read(file.name, "records", f"{total:,}")
    log.drop(file.name, "nothing left after trimming", short)
    log.drop(file.name, "read without the flanks", unflanked)
    log.drop(file.name, f"read of another length than {length}", other)
    log.drop(file.name, why_dropped("read", spec.options.max_unknown), unknown)
    return length


def _usual_length(sizes: NDArray[np.int64]) -> int | None:
    """Give the most frequent length above 0 of the first reads; the longer one of two."""
    found = Counter(sizes[:_LENGTH_FROM][sizes[:_LENGTH_FROM] > 0].tolist())
    return max(found, key=lambda size: (found[size], size)) if found else None


def _middle(read: str, length: int) -> str:
    """Cut a read to the length about its middle."""
    start = (len(read) - length) // 2
    return read[start : start + length]


def _trim(
    reads: list[str], options: ReadOptions, length: int | None
) -> tuple[list[str], tuple[int, int]]:
    """Cut the ends and the flanks off reads; '' stands for a read of which nothing is left.

    Returns
    -------
    reads : list of str
    dropped : tuple of int
        Reads too short for the trimming, and reads without the flanks.
    """
    left, right = options.trim_left, options.trim_right
    if left or right:
        reads = [
            read[left : len(read) - right] if len(read) > left + right else "" for read in reads
        ]
    short = sum(not read for read in reads)
    if options.flank_left or options.flank_right:
        before = (options.flank_left or "").upper()
        after = (options.flank_right or "").upper()
        reads = [_between(read.upper(), before, after, length) if read else "" for read in reads]
    return reads, (short, sum(not read for read in reads) - short)


def _between(read: str, before: str, after: str, length: int | None) -> str:
    """Give what lies between the flanks, '' where they are not found.

    Where a length is given, it tells which of several matches of a short right flank is meant.
    """
    start = read.find(before) + len(before) if before else 0
    if start < len(before):
        return ""
    if not after:
        return read[start : start + length] if length else read[start:]
    if length and before:
        end = start + length
        return read[start:end] if read.startswith(after, end) else ""
    end = read.rfind(after, start)
    if end < 0:
        return ""
    return read[max(start, end - length) : end] if length else read[start:end]
