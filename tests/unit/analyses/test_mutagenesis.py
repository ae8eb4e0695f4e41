"""Mutagenesis: every change against a full evaluation, and its parts against their sum."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from test_explain import CONFIG, LENGTH, TASKS, computed, located, names, random_codes, untrained

from nfexplainn import dna
from nfexplainn.analyses.explain.mutagenesis import mutate, single_mutations, write_mutagenesis
from nfexplainn.analyses.explain.mutation_drawing import draw_mutagenesis
from nfexplainn.analyses.explain.run import mutate_all
from nfexplainn.evaluation.predict import predict_logits
from nfexplainn.interpret.motif_rows import (
    OTHER,
    MotifRows,
    RowSplitter,
    leading_rows,
    read_motif_rows,
)
from nfexplainn.models.checkpoint import LoadedModel, ModelHeader


def table(task: str = "a") -> list[dict[str, str]]:
    """Rows over two replicates; unit 7 of the first is in none."""
    lines = [
        ("row_001", "CTCF", "NNACGT", "r1:unit_002,r2:unit_001,r1:unit_005", "false"),
        ("row_002", "", "NTTACAN", "r1:unit_001,r1:unit_003", "true"),
        ("row_003", "CTCF", "ACGTT", "r1:unit_004,r1:unit_006,r2:unit_003", "false"),
    ]
    columns = ("motif", "name", "consensus", "units", "supported")
    return [dict(zip(columns, line, strict=True)) | {"task": task} for line in lines]


@pytest.fixture
def rows() -> MotifRows:
    return read_motif_rows([*table("a"), *table("b")])


def test_rows_are_read_once_whatever_the_number_of_tasks(rows: MotifRows) -> None:
    assert rows.ids == ("row_001", "row_002", "row_003")
    assert rows.labels == ("CTCF (row_001)", "TTACA", "CTCF (row_003)")
    assert rows.supported == (False, True, False) and not rows.centred
    assert rows.of_units(1, 7).tolist() == [1, 0, 1, 2, 0, 2, 3]
    assert rows.of_units(2, 3).tolist() == [0, 3, 2]
    assert rows.first_members[0] == {1: 1, 2: 0}
    assert read_motif_rows(table("*")).centred


def test_leading_rows_are_the_supported_and_the_first(rows: MotifRows) -> None:
    few = leading_rows(rows, 2)
    assert few.labels == ("TTACA", "CTCF (row_001)", "rest")
    assert few.of_units(1, 7).tolist() == [0, 1, 0, 2, 1, 2, 3]
    assert leading_rows(rows, 3).ids == ("row_002", "row_001", "row_003")


@pytest.mark.parametrize("kernel", ["native", "torch"])
@pytest.mark.parametrize("both", [True, False])
def test_every_change_is_that_of_a_full_evaluation(
    both: bool, kernel: str, rows: MotifRows
) -> None:
    torch.set_num_threads(1)
    model = computed(untrained(), kernel)
    codes = random_codes(5)
    splitter = RowSplitter(model, both, rows, 1)
    edits, place, base = single_mutations(codes)
    before = predict_logits(model, codes, average_strands=both)
    after = predict_logits(model, edits.codes, average_strands=both)
    expected = after.astype(np.float64) - before[edits.row]
    assert np.abs(expected).max() > 0.05
    for found in mutate(splitter, codes):
        own = np.isin(edits.row, found.rows)
        at = edits.row[own] - found.rows[0]
        change = found.change[at, :, place[own], base[own]]
        assert np.abs(change - expected[own]).max() < 1e-5
        assert np.abs(found.logits - before[found.rows]).max() < 1e-5


def test_a_part_is_what_the_units_of_a_row_do(rows: MotifRows) -> None:
    """By hand: only the row's final weights are left."""
    model = computed(untrained(), "torch")
    codes = random_codes(2)
    found = next(mutate(RowSplitter(model, True, rows, 1), codes))
    edits, place, base = single_mutations(codes)
    both = [
        model.unit_outputs(edits.codes),
        model.unit_outputs(dna.reverse_complement(edits.codes)),
    ]
    was = [model.unit_outputs(codes), model.unit_outputs(dna.reverse_complement(codes))]
    outputs = np.mean(both, axis=0) - np.mean(was, axis=0)[edits.row]
    for row, units in enumerate(([1, 4], [0, 2], [3, 5], [6])):
        expected = outputs[:, units] @ model.final_weight[:, units].T
        part = found.parts[edits.row, :, row, place, base]
        assert np.abs(part - expected).max() < 1e-5


def test_classes_are_read_less_their_mean() -> None:
    model = computed(untrained(), "torch")
    codes = random_codes(3)
    found = next(mutate(RowSplitter(model, True, read_motif_rows(table("*")), 1), codes))
    plain = next(mutate(RowSplitter(model, True, read_motif_rows(table()), 1), codes))
    known = codes < dna.N_CODE
    assert np.abs(found.change.sum(axis=1)[known]).max() < 1e-12
    difference = found.change[:, 0] - found.change[:, 1]
    expected = plain.change[:, 0] - plain.change[:, 1]
    assert np.abs((difference - expected)[known]).max() < 1e-12


def test_unknown_bases_have_no_changes_and_those_that_are_there_none(rows: MotifRows) -> None:
    codes = random_codes(4)
    assert (codes == dna.N_CODE).any()
    for found in mutate(RowSplitter(computed(untrained(), "torch"), True, rows, 1), codes):
        change, given = found.change, codes[found.rows]
        assert np.isnan(change[:, 0][given == dna.N_CODE]).all()
        same = np.take_along_axis(change[:, 0], np.minimum(given, 3)[..., None], axis=2)[..., 0]
        assert (same[given < dna.N_CODE] == 0).all()


def test_file_holds_the_maps_and_is_the_same_again(rows: MotifRows, tmp_path: Path) -> None:
    codes = random_codes(30)
    splitter = RowSplitter(computed(untrained(), "torch"), True, rows, 1)
    texts = [f"s{row}" for row in range(30)]
    for name in ("one.npz", "two.npz"):
        write_mutagenesis(splitter, codes, texts, TASKS, tmp_path / name)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    assert names(tmp_path) == ["one.npz", "two.npz"]
    with np.load(tmp_path / "one.npz") as read:
        assert read["names"].tolist() == texts and read["tasks"].tolist() == list(TASKS)
        assert read["motifs"].tolist() == [*rows.labels, OTHER]
        assert (read["sequences"] == codes).all() and read["bases"].tolist() == list("ACGT")
        assert read["parts"].shape == (30, 2, 4, LENGTH, 4)
        known = codes < dna.N_CODE
        total = read["parts"].sum(axis=2) - read["change"]
        assert np.abs(total.transpose(0, 2, 3, 1)[known]).max() < 1e-5
        for found in mutate(splitter, codes):
            np.testing.assert_array_equal(read["parts"][found.rows], found.parts.astype(np.float32))


def test_pictures_of_the_highest_predictions(rows: MotifRows, tmp_path: Path) -> None:
    model = computed(untrained(), "torch")
    codes = random_codes(6)
    header = ModelHeader("explainn", vars(CONFIG), TASKS)
    logits = predict_logits(model, codes, average_strands=True).astype(np.float64)
    mutate_all(
        LoadedModel(model, header), rows, 1, located(codes), logits, tmp_path / "d.explainn.r1", 2
    )
    assert names(tmp_path) == [
        "d.explainn.r1.mutagenesis.npz",
        "d.explainn.r1.mutagenesis_01.svg",
        "d.explainn.r1.mutagenesis_02.svg",
    ]
    text = (tmp_path / "d.explainn.r1.mutagenesis_01.svg").read_text()
    root = ElementTree.fromstring(text)
    best = int(logits.max(axis=1).argmax())
    assert f"s{best}" in "".join(root.itertext()) and "TTACA" in "".join(root.itertext())
    dots = [one for one in root.iter() if one.tag.endswith("circle")]
    assert len(dots) == int((codes[best] < dna.N_CODE).sum())


def test_picture_of_nothing() -> None:
    codes = np.full(LENGTH, dna.N_CODE, dtype=np.uint8)
    parts = np.full((2, LENGTH, 4), np.nan)
    ElementTree.fromstring(draw_mutagenesis("<x", "y&", ["a<", "b"], parts, codes, "place", 0))
