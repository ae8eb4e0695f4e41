"""Arrow arrays from memory are those of pyarrow, and leave pandas alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from nfexplainn.io import arrow


@pytest.mark.parametrize("values", [[], ["a"], ["", "ACGT", "", "\u00b5"], ["x"] * 9])
def test_texts(values: list[str]) -> None:
    found = arrow.texts(values)
    found.validate(full=True)
    assert found.equals(pa.array(values, pa.string()))
    assert found.dictionary_encode().equals(pa.array(values, pa.string()).dictionary_encode())


@pytest.mark.parametrize("values", [[], ["a"], ["b", "a", "b", "", "a", "c"]])
def test_words(values: list[str]) -> None:
    found = arrow.words(values)
    found.validate(full=True)
    assert found.equals(pa.array(values, pa.string()).dictionary_encode())


def test_floats() -> None:
    table = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)
    table[2, 1] = np.nan
    for values in (table[:, 0], table[:, 1], table[0], table[:0, 2]):
        found = arrow.floats(values)
        found.validate(full=True)
        assert found.null_count == 0 and found.type == pa.float32()
        np.testing.assert_array_equal(found.to_numpy(), values)


@pytest.mark.parametrize("kind", [np.int8, np.int32, np.int64, np.float32])
def test_numbers_there_and_back(kind: type[np.number]) -> None:
    values = np.arange(12, dtype=kind).reshape(6, 2)
    found = arrow.numbers(values[:, 1])
    found.validate(full=True)
    assert found.equals(pa.array(values[:, 1]))
    np.testing.assert_array_equal(arrow.view(found[2:5], kind), values[2:5, 1])
    parts = pa.chunked_array([found[:2], found[2:2], found[2:]])
    np.testing.assert_array_equal(arrow.copy(parts, kind), values[:, 1])
    assert len(arrow.copy(pa.chunked_array([], parts.type), kind)) == 0


def test_a_view_of_other_or_missing_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match="of the type double"):
        arrow.view(pa.array([1.0]), np.float32)
    with pytest.raises(ValueError, match="missing"):
        arrow.view(pa.array([1, None], pa.int32()), np.int32)


def test_writing_a_data_set_does_not_load_pandas(root: Path, tmp_path: Path) -> None:
    code = (
        "import sys, numpy as np; from nfexplainn.data.dataset import *;"
        "meta = DatasetMeta('d', 'sequences', 'binary', ('t',), 4, True, 1);"
        "zeros = np.zeros((3, 4), np.uint8); labels = np.float32([[0], [1], [np.nan]]);"
        "d = Dataset(meta, ['a', 'b', 'c'], zeros, np.array(['train'] * 3), labels);"
        f"path = {str(tmp_path / 'd.parquet')!r}; write_dataset(d, path); read_dataset(path);"
        "sys.exit('pandas' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=root / "bin", check=True)
