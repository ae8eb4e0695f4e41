from __future__ import annotations

import dataclasses
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset, DatasetMeta, Source, read_dataset, write_dataset
from nfexplainn.errors import UserError


def make(n: int = 5, tasks: tuple[str, ...] = ("a", "b"), length: int = 12) -> Dataset:
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 2, (n, len(tasks))).astype(np.float32)
    labels[:1, 0] = np.nan
    meta = DatasetMeta(
        "d",
        "peaks",
        "multilabel",
        tasks,
        length,
        True,
        7,
        sources=(Source("x.bed", "00"),),
        dropped={"window with N": 2},
        notes=("Said aloud.",),
        extra={"negatives": "gc"},
    )
    split = np.array((["train", "valid", "test"] * n)[:n])
    names = [f"chr1:{i}-{i + length}(+)" for i in range(n)]
    return Dataset(meta, names, rng.integers(0, 5, (n, length)).astype(np.uint8), split, labels)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    dataset = make()
    write_dataset(dataset, tmp_path / "d.parquet")
    again = read_dataset(tmp_path / "d.parquet")
    assert again.meta == dataset.meta
    assert again.names == dataset.names
    assert np.array_equal(again.codes, dataset.codes)
    assert again.split.tolist() == dataset.split.tolist()
    assert np.array_equal(again.labels, dataset.labels, equal_nan=True)
    assert again.digest() == dataset.digest()


def test_same_data_same_bytes_and_other_data_other_digest(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_dataset(make(), tmp_path / name)
    sums = {hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("one", "two")}
    assert len(sums) == 1
    changed = make()
    changed.codes[0, 0] = (changed.codes[0, 0] + 1) % 4
    assert changed.digest() != make().digest()


def test_many_row_groups_and_a_sliced_file_are_read_alike(tmp_path: Path) -> None:
    dataset = make(n=70_000, tasks=("a",), length=3)
    write_dataset(dataset, tmp_path / "d")
    again = read_dataset(tmp_path / "d")
    assert np.array_equal(again.codes, dataset.codes)
    assert dna.decode(again.codes[-1:]) == dna.decode(dataset.codes[-1:])


def test_an_empty_data_set_and_unicode_names(tmp_path: Path) -> None:
    write_dataset(make(0), tmp_path / "empty")
    assert len(read_dataset(tmp_path / "empty")) == 0
    named = dataclasses.replace(make(3), names=["ä b", "", "日本"])
    write_dataset(named, tmp_path / "named")
    again = read_dataset(tmp_path / "named")
    assert list(again.names) == named.names and again.digest() == named.digest()


def test_digest_is_that_of_the_whole() -> None:
    """It is hashed in blocks; models of earlier releases hold the digest of the joined text."""
    dataset = make(n=20_000, length=3)
    whole = hashlib.sha256("\n".join(dataset.names).encode())
    whole.update(dataset.codes.tobytes() + "\n".join(dataset.split.tolist()).encode())
    whole.update(dataset.labels.tobytes() + "\n".join(dataset.meta.tasks).encode())
    assert dataset.digest() == whole.hexdigest()


def test_reading_holds_little_besides_the_data(tmp_path: Path) -> None:
    """In processes of their own: 60,000 x 200 bp are 12 MiB; twice that is all that they take."""
    if not Path("/proc/self/status").exists():
        pytest.skip("this system does not tell a process its peak memory")
    code = (
        "import sys\n"
        "from nfexplainn.data.dataset import read_dataset\n"
        "read_dataset(sys.argv[1])\n"
        "lines = open('/proc/self/status').read().splitlines()\n"
        "print(next(line.split()[1] for line in lines if line.startswith('VmHWM')))"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "bin")}
    peaks = []
    for n in (6_000, 66_000):
        write_dataset(make(n=n, tasks=("a",), length=200), tmp_path / "d")
        command = [sys.executable, "-c", code, str(tmp_path / "d")]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        peaks.append(int(done.stdout) / 1024)
    assert peaks[1] - peaks[0] < 2 * 60_000 * 200 / 2**20


def test_rows_of_splits() -> None:
    dataset = make(6)
    assert dataset.rows("train").tolist() == [0, 3]
    assert dataset.rows("valid", "test").tolist() == [1, 2, 4, 5]
    assert len(dataset) == 6


def test_foreign_files_are_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no parquet")
    with pytest.raises(UserError, match="not a readable Parquet"):
        read_dataset(tmp_path / "text")
    pq.write_table(pa.table({"x": [1]}), tmp_path / "other")
    with pytest.raises(UserError, match="not a data set of nf-explainn"):
        read_dataset(tmp_path / "other")


def test_meta_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        make().meta.seed = 3  # type: ignore[misc]
