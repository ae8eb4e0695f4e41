"""The outputs of units that are kept for the evidence, and sites with what lies beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.errors import UserError
from nfexplainn.filters import Filters
from nfexplainn.interpret import outputs
from nfexplainn.interpret.flanks import FLANK, FlankScanner
from nfexplainn.interpret.outputs import (
    OutputCollector,
    StoredOutputs,
    kept_rows,
    read_outputs,
    unseen_rows,
    write_outputs,
)
from nfexplainn.interpret.pwms import strand_chunks
from nfexplainn.scanner import TableScanner

UNITS, LENGTH, WIDTH = 3, 40, 7


def dataset(n: int = 60, id: str = "d") -> Dataset:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, size=(n, LENGTH), dtype=np.uint8)
    split = np.array(["train", "train", "train", "valid", "test"])[np.arange(n) % 5]
    labels = np.zeros((n, 1), dtype=np.float32)
    meta = DatasetMeta(id, "sequences", "binary", ("t",), LENGTH, True, 1)
    return Dataset(meta, [f"s{row}" for row in range(n)], codes, split, labels)


def outputs_of(codes: dna.Codes) -> np.ndarray:
    """Something that differs between strands."""
    return np.stack([(codes[:, at::3] == 0).sum(axis=1) for at in range(UNITS)], 1).astype("f4")


def filters() -> Filters:
    rng = np.random.default_rng(1)
    weights = rng.normal(size=(UNITS, 4, WIDTH)).astype(np.float32)
    return Filters(weights, np.zeros(UNITS, np.float32), LENGTH - WIDTH + 1)


@pytest.mark.parametrize("both", [True, False])
def test_outputs_are_the_strands_means_wherever_they_come_from(both: bool) -> None:
    data = dataset()
    kept = OutputCollector(data, UNITS, both)
    for chunk in strand_chunks(data.codes, np.arange(0, 40, 3), 4, both):
        kept.add(chunk, outputs_of(chunk.codes))
    found = kept.complete(outputs_of, 7)
    expected = outputs_of(data.codes)
    if both:
        expected = (expected + outputs_of(dna.reverse_complement(data.codes))) / 2
    np.testing.assert_array_equal(found, expected)


def test_of_large_parts_samples_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "MOST_KEPT", 10)
    data = dataset()
    rows = kept_rows(data)
    split = data.split[rows]
    assert [(split == name).sum() for name in ("train", "valid", "test")] == [10, 10, 10]
    assert (np.diff(rows) > 0).all() and (rows == kept_rows(data)).all()
    kept = OutputCollector(data, UNITS, False)
    for chunk in strand_chunks(data.codes, np.arange(60), 60, False):
        kept.add(chunk, outputs_of(chunk.codes))
    np.testing.assert_array_equal(kept.complete(outputs_of, 7), outputs_of(data.codes[rows]))
    assert (unseen_rows(data) == rows[data.split[rows] == "test"]).all()
    plain = TableScanner(filters())
    assert kept.sites(plain, np.zeros(UNITS, np.float32)).shape == (10, UNITS)


def test_sites_on_either_strand_count_and_the_flanks_do_not_move_them() -> None:
    data = dataset()
    scanner = FlankScanner(filters(), TableScanner)
    plain = TableScanner(filters())
    threshold = np.quantile(plain.maxima(data.codes), 0.7, axis=0).astype(np.float32)
    wide, narrow = scanner.sites(data.codes, threshold), plain.sites(data.codes, threshold)
    np.testing.assert_array_equal(wide.counts, narrow.counts)
    np.testing.assert_array_equal(wide.sites, narrow.sites)
    np.testing.assert_array_equal(wide.activated, narrow.activated)
    np.testing.assert_array_equal(scanner.maxima(data.codes), plain.maxima(data.codes))
    assert scanner.counts.shape == (UNITS, WIDTH + 2 * FLANK, 5)
    assert (scanner.counts.sum(axis=2) == narrow.sites[:, None]).all()

    found = OutputCollector(data, UNITS, True).sites(plain, threshold)
    unseen = data.codes[data.rows("test")]
    turned = plain.sites(dna.reverse_complement(unseen), threshold).activated
    np.testing.assert_array_equal(found, plain.sites(unseen, threshold).activated | turned)


def test_beside_a_site_stand_its_neighbours_and_nothing_beyond_the_sequence() -> None:
    """One filter that likes ACGTACG, twice in a sequence: in the middle, and at its end."""
    word = "ACGTACG"
    text = "T" * 12 + word + "C" * 14 + word
    codes = dna.encode_letters(np.frombuffer(text.encode(), np.uint8))[None]
    weights = np.zeros((1, 4, WIDTH), np.float32)
    weights[0, dna.encode_letters(np.frombuffer(word.encode(), np.uint8)), np.arange(WIDTH)] = 1
    one = Filters(weights, np.zeros(1, np.float32), LENGTH - WIDTH + 1)
    scanner = FlankScanner(one, TableScanner)
    scanner.sites(codes, np.array([6.5], np.float32))
    letters = scanner.counts[0]
    t, c, n = 3, 1, 4
    assert letters[:FLANK, t].tolist() == [1] * FLANK and letters[:FLANK, c].tolist() == [1] * FLANK
    assert letters[-FLANK:, c].tolist() == [1] * FLANK
    assert letters[-FLANK:, n].tolist() == [1] * FLANK


def test_a_file_gives_back_what_was_written_and_belongs_to_its_data_set(tmp_path: Path) -> None:
    data = dataset()
    rng = np.random.default_rng(2)
    stored = StoredOutputs(
        kept_rows(data),
        rng.random((60, UNITS), dtype=np.float32),
        rng.random((12, UNITS)) < 0.5,
        rng.integers(0, 9, size=(UNITS, 27, 5)),
        rng.random((1, UNITS), dtype=np.float32),
        rng.random(1, dtype=np.float32),
        "bce",
    )
    path = tmp_path / "d.explainn.r1.outputs.npz"
    write_outputs(stored, path)
    again = read_outputs(path, data)
    for name, value in vars(stored).items():
        np.testing.assert_array_equal(getattr(again, name), value)
    first = path.read_bytes()
    write_outputs(stored, path)
    assert path.read_bytes() == first
    with pytest.raises(UserError, match="not those of the data set e"):
        read_outputs(path, dataset(50, "e"))
    path.write_bytes(first[: len(first) // 2])
    with pytest.raises(UserError, match="cannot be read"):
        read_outputs(path, data)
