"""The data set: the one artefact in which every assay ends and from which every model starts."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from nfexplainn import METADATA_KEY, dna
from nfexplainn.errors import UserError
from nfexplainn.io import arrow
from nfexplainn.io.reading import reading
from nfexplainn.strings import Strings
from nfexplainn.typed import from_json

FORMAT_VERSION = 1
SPLITS = ("train", "valid", "test")
TASK_TYPES = ("binary", "multilabel", "multiclass", "regression")
TaskType = Literal["binary", "multilabel", "multiclass", "regression"]
Floats = NDArray[np.float32]
MOST_FOLDS = 100

# Parquet is written and read a row group at a time, so this is what either holds besides the data.
_GROUP_BYTES = 1 << 21
_FLANKS = "nf-explainn:flanks"
_PART = ("split", pa.dictionary(pa.int32(), pa.string()))
_FOLD = ("fold", pa.int8())


@dataclass(frozen=True)
class Source:
    """An input file: its name as the user wrote it and its content's sha256."""

    name: str
    sha256: str


@dataclass(frozen=True)
class DatasetMeta:
    """What the sequences and labels of a data set mean.

    Attributes
    ----------
    id : str
        File-safe identifier, unique in a run.
    assay : str
        The ``assay`` column of the samplesheet.
    task_type : {'binary', 'multilabel', 'multiclass', 'regression'}
        ``multiclass`` has one column per class, holding 0 or 1, exactly one of them 1.
    tasks : tuple of str
        A name per label column.
    length : int
        Length of every sequence, in bp.
    strand_symmetric : bool
        Whether a sequence and its reverse complement are the same observation; if so, training
        sees both strands and predictions average them.
    seed : int
        Seed of the sampling and of the split.
    sources : tuple of Source
    dropped : mapping of str to int
        Reason -> number of records that could not be used.
    notes : tuple of str
        Sentences for the report (what was cut, matched, shuffled).
    extra : mapping
        What only some assays have, e.g. ``{"negatives": "shuffle"}``.
    folds : int
        Parts of a cross-validation; 1 where there is one split.
    """

    id: str
    assay: str
    task_type: TaskType
    tasks: tuple[str, ...]
    length: int
    strand_symmetric: bool
    seed: int
    sources: tuple[Source, ...] = ()
    dropped: Mapping[str, int] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()
    extra: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    folds: int = 1


@dataclass(frozen=True)
class Dataset:
    """Sequences with labels and a split.

    With folds the parts are those of a replicate (:meth:`of_replicate`). What was read has none
    (``split`` has no entry), so that nothing can take the parts of one replicate for another's.

    Attributes
    ----------
    meta : DatasetMeta
    names : sequence of str
        Unique; coordinates (``chr1:100-300(+)``, 0-based, half-open) where there are any.
    codes : uint8 array, shape (n, length)
    split : array of str, shape (n,)
        ``train``, ``valid`` or ``test``; shape (0,) with folds, before a replicate is named.
    labels : float32 array, shape (n, tasks)
        NaN where unknown.
    flanks : uint8 array, shape (n, 2 * width), or None
        The bases before and after each sequence, half of them each, where a genome tells; the
        robust recipe shifts training windows into them.
    fold : int8 array, shape (n,), or None
        With folds, the one that each sequence is in, from 0.
    """

    meta: DatasetMeta
    names: Sequence[str]
    codes: dna.Codes
    split: NDArray[np.str_]
    labels: Floats
    flanks: dna.Codes | None = None
    fold: NDArray[np.int8] | None = None

    def __len__(self) -> int:
        """Give the number of sequences."""
        return len(self.names)

    def rows(self, *splits: str) -> NDArray[np.intp]:
        """Row numbers of the named splits, ascending."""
        if len(self.split) != len(self):
            raise ValueError(f"{self.meta.id} has folds: its parts are those of a replicate")
        return np.flatnonzero(np.isin(self.split, splits))

    def of_replicate(self, replicate: int) -> Dataset:
        """Give the data set with a replicate's parts; without folds it is the same for all.

        Replicate r is tested on fold (r - 1) mod K, its training is stopped by the next fold, and
        it is trained on the others.

        Parameters
        ----------
        replicate : int
            From 1.
        """
        if self.fold is None:
            return self
        test = (replicate - 1) % self.meta.folds
        place = (self.fold - test) % self.meta.folds
        split = np.array(SPLITS)[np.where(place == 0, 2, np.where(place == 1, 1, 0))]
        return dataclasses.replace(self, split=split)

    def numbered_folds(self) -> NDArray[np.int64]:
        """Give the fold of each sequence, int64 (n,); 0 without folds."""
        if self.fold is None:
            return np.zeros(len(self), dtype=np.int64)
        return self.fold.astype(np.int64)

    def of_folds(self) -> list[Dataset]:
        """Give the data set with the parts of each fold in turn; without folds as it is."""
        return [self.of_replicate(fold + 1) for fold in range(self.meta.folds)]

    def digest(self) -> str:
        """Sha256 over names, sequences, splits (or folds) and labels, not over the provenance."""
        sha = hashlib.sha256()
        _hash_lines(sha, self.names)
        sha.update(np.ascontiguousarray(self.codes).reshape(-1).data)
        if self.fold is None:
            _hash_lines(sha, self.split)
        else:
            sha.update(np.ascontiguousarray(self.fold).data)
        sha.update(np.ascontiguousarray(self.labels).reshape(-1).data)
        sha.update("\n".join(self.meta.tasks).encode())
        if self.flanks is not None:
            sha.update(np.ascontiguousarray(self.flanks).reshape(-1).data)
        return sha.hexdigest()


def _hash_lines(sha: hashlib._Hash, lines: Sequence[str] | NDArray[np.str_]) -> None:
    """Hash lines joined by newlines, a block of them at a time."""
    for first in range(0, len(lines), 8192):
        sha.update(("\n" * (first > 0) + "\n".join(lines[first : first + 8192])).encode())


def write_dataset(dataset: Dataset, path: str | Path) -> None:
    """Write a data set as Parquet; the same data set gives the same bytes."""
    meta = _header(dataset)
    text = pa.string()
    fields = [("name", text), ("sequence", text), _PART if dataset.fold is None else _FOLD]
    flank = 0
    if dataset.flanks is not None:
        flank = meta["flank"]
        fields.append((_FLANKS, text))
    fields += [(task, pa.float32()) for task in dataset.meta.tasks]
    schema = pa.schema(fields, metadata={METADATA_KEY: json.dumps(meta, sort_keys=True).encode()})
    bytes_per_row = dataset.meta.length + 2 * flank + 4 * len(dataset.meta.tasks)
    size = max(1024, min(65536, _GROUP_BYTES // bytes_per_row))
    checked = {"compression": "zstd", "write_page_checksum": True}
    with pq.ParquetWriter(str(path), schema, **checked) as writer:
        for first in range(0, len(dataset), size):
            at = slice(first, first + size)
            columns = [
                arrow.texts(dataset.names[at]),
                arrow.texts(dna.decode(dataset.codes[at])),
                arrow.words(dataset.split[at].tolist())
                if dataset.fold is None
                else arrow.numbers(dataset.fold[at]),
            ]
            if dataset.flanks is not None:
                columns.append(arrow.texts(dna.decode(dataset.flanks[at])))
            columns += [arrow.floats(labels) for labels in dataset.labels[at].T]
            writer.write_table(pa.table(columns, schema=schema), row_group_size=size)


def write_header(dataset: Dataset, path: str | Path) -> None:
    """Write what a data set says of itself as JSON, for steps that need no sequences."""
    text = json.dumps(_header(dataset), indent=1, sort_keys=True)
    Path(path).write_text(text + "\n", encoding="utf-8")


def _header(dataset: Dataset) -> dict[str, Any]:
    header = {"format_version": FORMAT_VERSION, **dataclasses.asdict(dataset.meta)}
    if dataset.fold is None:
        del header["folds"]
    if dataset.flanks is not None:
        header["flank"] = dataset.flanks.shape[1] // 2
    return header


def read_dataset(path: str | Path) -> Dataset:
    """Read a data set written by :func:`write_dataset`.

    Raises
    ------
    UserError
        If the file is no data set of this pipeline or of another format version.
    """
    with reading(str(path), "this is not a readable Parquet file", "prepare the data set again"):
        return _read(path)


def read_meta(path: str | Path) -> DatasetMeta:
    """Read only what a data set says of itself.

    Parameters
    ----------
    path : path
        A ``D.dataset.parquet``, or the ``D.header.json`` beside it.

    Raises
    ------
    UserError
        If the file is no data set of this pipeline or of another format version.
    """
    kind = "header of a data set" if str(path).endswith(".json") else "Parquet file"
    with reading(str(path), f"this is not a readable {kind}", "prepare the data set again"):
        if str(path).endswith(".json"):
            return _meta(path, Path(path).read_bytes())[0]
        return _read_meta(path, pq.read_schema(str(path)))[0]


def _read(path: str | Path) -> Dataset:
    """Read batch by batch into arrays of the final size: nothing is held twice."""
    file = pq.ParquetFile(str(path), buffer_size=1 << 16, page_checksum_verification=True)
    schema, n = file.schema_arrow, file.metadata.num_rows
    meta, flank = _read_meta(path, schema)
    _check_columns(file, meta, flank)
    names: list[tuple[NDArray[np.uint8], NDArray[np.int64]]] = []
    codes = np.empty((n, meta.length), dtype=np.uint8)
    folded = meta.folds > 1
    split = np.empty(0 if folded else n, dtype=np.array(SPLITS).dtype)
    fold = np.empty(n, dtype=np.int8) if folded else None
    labels = np.empty((n, len(meta.tasks)), dtype=np.float32)
    flanks = np.empty((n, 2 * flank), dtype=np.uint8) if flank else None
    first = 0
    for batch in _batches(file):
        at = slice(first, first + len(batch))
        first += len(batch)
        names.append(_text(batch.column("name")))
        codes[at] = _codes(batch.column("sequence"), meta.length)
        if fold is None:
            split[at] = _parts(batch)
        else:
            fold[at] = arrow.view(batch.column(_FOLD[0]), np.int8)
        for column, task in enumerate(meta.tasks):
            labels[at, column] = arrow.view(batch.column(task), np.float32)
        if flanks is not None:
            flanks[at] = _codes(batch.column(_FLANKS), 2 * flank)
    if fold is not None and not np.isin(fold, range(meta.folds)).all():
        raise ValueError(f"it has {meta.folds} folds, and sequences in others")
    return Dataset(meta, Strings.joined(names), codes, split, labels, flanks, fold)


def _parts(batch: pa.RecordBatch) -> NDArray[np.str_]:
    parts = batch.column(_PART[0])
    known = parts.dictionary.to_pylist()
    which = arrow.view(parts.indices, np.int32)
    if not set(known) <= set(SPLITS) or (which < 0).any():
        raise ValueError(f"its splits are {known}")
    return np.array(known)[which]


def _check_columns(file: pq.ParquetFile, meta: DatasetMeta, flank: int) -> None:
    """Refuse columns of other types than are written, and sequences of another length.

    Raises
    ------
    ValueError
    """
    schema, groups = file.schema_arrow, range(file.num_row_groups)
    kinds = {"name": pa.string(), "sequence": pa.string()}
    kinds |= {_FLANKS: pa.string()} if flank else {}
    kinds |= dict.fromkeys(meta.tasks, pa.float32())
    name, kind = _PART if meta.folds == 1 else _FOLD
    kinds |= {name: kind}
    wrong = [name for name, kind in kinds.items() if schema.field(name).type != kind]
    if wrong:
        raise ValueError(f"its column {wrong[0]} is of another type")
    sizes = [file.metadata.row_group(group).num_rows for group in groups]
    if min(sizes, default=0) < 0 or sum(sizes) != file.metadata.num_rows:
        raise ValueError("its parts do not have the numbers of rows of its header")
    columns = {"sequence": meta.length} | ({_FLANKS: 2 * flank} if flank else {})
    for name, length in columns.items():
        if any(sizes):
            text = file.read_row_group(sizes.index(max(sizes)), columns=[name]).column(0)[0]
            if len(str(text.as_py())) != length:
                raise ValueError(f"its {name} does not have the {length} bp of its header")


def _batches(file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    """Go through a file by row groups, giving Arrow's memory back after each."""
    for group in range(file.num_row_groups):
        # Not iter_batches: that keeps what it has read of the file until the end.
        yield from file.read_row_group(group, use_threads=False).to_batches(8192)
        pa.default_memory_pool().release_unused()


def _read_meta(path: str | Path, schema: pa.Schema) -> tuple[DatasetMeta, int]:
    """Give what the schema's metadata say, and the length of a flank."""
    raw = (schema.metadata or {}).get(METADATA_KEY.encode())
    if raw is None:
        raise UserError(
            f"{path}: this Parquet file is not a data set of nf-explainn; give a *.dataset.parquet."
        )
    return _meta(path, raw)


def _meta(path: str | Path, raw: bytes) -> tuple[DatasetMeta, int]:
    fields = json.loads(raw)
    version, flank = fields["format_version"], fields.get("flank", 0)
    if version != FORMAT_VERSION:
        raise UserError(
            f"{path}: data set format {version}, this release reads {FORMAT_VERSION}; prepare the"
            " data set again."
        )
    meta = from_json(DatasetMeta, fields, str(path))
    # As they are: names may hold what a list of a user's may not.
    tasks, notes = tuple(fields["tasks"]), tuple(fields["notes"])
    if not all(isinstance(text, str) for text in (*tasks, *notes)):
        raise ValueError("its tasks or notes are not strings")
    if not isinstance(flank, int) or flank < 0 or meta.length < 1:
        raise ValueError(f"its length is {meta.length}, its flank {flank}")
    if not 1 <= meta.folds <= MOST_FOLDS or meta.folds == 2:
        raise ValueError(f"it has {meta.folds} folds")
    sources = tuple(from_json(Source, source, str(path)) for source in fields["sources"])
    return dataclasses.replace(meta, tasks=tasks, notes=notes, sources=sources), flank


def _codes(column: pa.StringArray, length: int) -> dna.Codes:
    """Encode a column of equal-length strings from its buffers, without a Python string each."""
    letters, _ = _text(column)
    return dna.encode_letters(letters).reshape(len(column), length)


def _text(column: pa.StringArray) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Copy a column's letters, and where each string ends in them."""
    column.validate()
    if column.null_count:
        raise ValueError("a string is missing")
    offsets, data = column.buffers()[1:]
    ends = np.frombuffer(offsets, dtype=np.int32)[column.offset :][: len(column) + 1]
    letters = np.frombuffer(data or b"", dtype=np.uint8)[ends[0] : ends[-1]]
    return letters.copy(), (ends[1:] - ends[0]).astype(np.int64)
