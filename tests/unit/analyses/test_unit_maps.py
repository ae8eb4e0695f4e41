"""Unit maps: which sequences, which colours, and a map that keeps groups together."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from nfexplainn.analyses.unit_maps import layout as maps
from nfexplainn.analyses.unit_maps.report import _palette, write_maps
from nfexplainn.data.dataset import Dataset, DatasetMeta, TaskType
from nfexplainn.page.load import load_inputs
from nfexplainn.page.mqc import Page


def dataset(task_type: TaskType, labels: np.ndarray, tasks: tuple[str, ...]) -> Dataset:
    n = len(labels)
    meta = DatasetMeta("d", "sequences", task_type, tasks, 8, True, 1)
    codes = np.zeros((n, 8), dtype=np.uint8)
    split = np.array(["train", "valid", "test"])[np.arange(n) % 3]
    return Dataset(meta, [f"s{row}" for row in range(n)], codes, split, labels.astype(np.float32))


def test_classes_are_coloured_by_the_task_that_is_predicted_highest():
    labels = np.array([[1, 0], [1, 1], [0, 0], [np.nan, 1]])
    logits = np.array([[2, -1], [1, 3], [-1, -1], [9, 1]], dtype=np.float32)
    found = maps.groups_of(dataset("multilabel", labels, ("a", "b")), logits, np.arange(4))
    assert found == ["a", "b", maps.NONE, "b"]


def test_values_are_coloured_by_fifth_or_by_the_task_they_stand_out_in():
    values = np.arange(50.0)[::-1, None]
    found = maps.groups_of(dataset("regression", values, ("a",)), values, np.arange(50))
    assert found == [
        word
        for word in (
            "highest fifth",
            "fourth fifth",
            "middle fifth",
            "second fifth",
            "lowest fifth",
        )
        for _ in range(10)
    ]
    two = np.array([[0, 100], [10, 90], [20, 180.0], [np.nan, 80]])
    found = maps.groups_of(dataset("regression", two, ("a", "b")), two, np.arange(4))
    assert found == ["b", "a", "b", "b"]


def test_only_what_is_predicted_well_and_no_more_than_the_limit(monkeypatch):
    labels = (np.arange(300) % 2)[:, None].astype(float)
    logits = np.where(np.arange(300)[:, None] < 200, labels - 0.5, 0.5 - labels).astype(np.float32)
    logits[0] = np.nan
    data = dataset("binary", labels, ("a",))
    assert maps.choose_rows(data, logits, 1).tolist() == list(range(1, 200))
    monkeypatch.setattr(maps, "MOST_SEQUENCES", 50)
    one, other = (maps.choose_rows(data, logits, seed) for seed in (1, 2))
    assert len(one) == 50 and (np.diff(one) > 0).all() and one.tolist() != other.tolist()
    assert (maps.choose_rows(data, logits, 1) == one).all()


def test_groups_stay_together_and_the_seed_decides():
    rng = np.random.default_rng(2)
    centres = np.repeat(np.eye(3) * 20, 40, axis=0)
    outputs = np.abs(centres + rng.normal(0, 1, centres.shape)).astype(np.float32)
    places = maps.project(outputs, 5)
    assert (maps.project(outputs, 5) == places).all()
    distance = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    assert (distance.argmin(axis=1) // 40 == np.arange(120) // 40).all()


def test_too_few_are_no_map():
    with pytest.raises(ValueError, match="too few"):
        maps.project(np.zeros((29, 4), dtype=np.float32), 1)


def test_report_shows_groups_in_order_and_names_units(tmp_path: Path):
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    rows = ["name\tsplit\tx\ty\tgroup\tunit"]
    for number in range(1500):
        group = ("b", maps.NONE, "a<1>")[number % 3]
        rows.append(f"s{number}\ttrain\t{number}\t{-number}\t{group}\tunit_002")
    (source / "d.explainn.r2.umap.tsv").write_text("\n".join(rows) + "\n")
    (source / "d.explainn.units.tsv").write_text(
        "replicate\tunit\tannotation\teffect:b\teffect:a<1>\n2\tunit_002\tMAX, MYC\t1\t1\n"
    )
    (source / "e.explainn.r1.umap.tsv").write_text(rows[0] + "\n")
    write_maps(Page(out), load_inputs([source], {}, {}))
    section = json.loads((out / "nfx_maps_d_mqc.json").read_text())
    assert list(section["data"]) == ["b", "a&lt;1&gt;", maps.NONE]
    assert sum(map(len, section["data"].values())) == 1000
    assert section["data"]["b"][0]["name"].endswith(": MAX (unit_002)")
    assert "Shown: 1000 of them" in section["description"]
    for group, points in section["data"].items():
        colour, text = points[0]["color"], section["description"]
        said = re.search(rf'style="color:{colour}"[^>]*>\u25cf</span> ([^<]*)', text)
        assert said and said[1].startswith(group) and said[1].endswith("(500)")
    assert section["pconfig"]["showlegend"] is True
    assert "Too few" in json.loads((out / "nfx_maps_e_mqc.json").read_text())["data"]
    table = (out / "tables" / "unit_maps.tsv").read_text().splitlines()
    assert len(table) == 1501 and table[1].endswith("unit_002\tMAX, MYC")


def test_every_group_has_a_colour_of_its_own():
    groups = [f"t{number}" for number in range(80)] + [maps.NONE]
    assert len(set(_palette(groups))) == 81
