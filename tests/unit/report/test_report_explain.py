"""The report's chapter of explained sequences."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from nfexplainn.analyses.explain.drawing import Mark, draw_sequence
from nfexplainn.analyses.explain.report import write_explained
from nfexplainn.page.load import load_inputs
from nfexplainn.page.mqc import Page

HEADER = "sequence\ttask\tlogit\tbias\tn_units\tleading"


def test_the_highest_predictions_are_shown_with_their_pictures(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    rows = [HEADER]
    for number in range(30):
        for task, extra in (("a", 0), ("b", 100 * (number == 7))):
            leading = "MAX<1> (unit_003):1.5; unit_001:-0.2"
            rows.append(f"s{number}\t{task}\t{number + extra}\t-1\t2\t{leading}")
    (source / "d.explainn.r2.explained.tsv").write_text("\n".join(rows) + "\n")
    for number in range(1, 8):
        picture = draw_sequence(f"s{number}", "logit", [Mark(1, 9, 1, 2.0, "MAX")], 60, "at", 0)
        (source / f"d.explainn.r2.explained_{number:02d}.svg").write_text(picture)
        map_ = picture.replace("logit", "mutated")
        (source / f"d.explainn.r2.mutagenesis_{number:02d}.svg").write_text(map_)
    write_explained(Page(out), load_inputs([source], {}, {}))
    table, pictures, maps = (
        json.loads((out / f"{name}_mqc.json").read_text())
        for name in ("nfx_explained_d", "nfx_explained_pictures_d", "nfx_explained_mutagenesis_d")
    )
    assert list(table["data"]) == ["s7", *(f"s{number}" for number in range(29, 10, -1))]
    assert table["data"]["s7"]["logit"] == 107 and ">b<" in table["data"]["s7"]["task"]
    assert "MAX&lt;1&gt;" in table["data"]["s7"]["leading"]
    assert "Shown: 20 of 30 rows" in table["description"]
    assert pictures["data"].count("<svg") == 5 and "<title>s5: logit" in pictures["data"]
    assert maps["data"].count("<svg") == 5 and "<title>s5: mutated" in maps["data"]
    with (out / "tables" / "explained.tsv").open(newline="") as handle:
        written = list(csv.DictReader(handle, delimiter="\t"))
    assert (
        len(written) == 60 and written[0]["replicate"] == "2" and written[0]["model"] == "explainn"
    )


def test_nothing_explained_is_no_chapter(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    write_explained(Page(tmp_path / "out"), load_inputs([tmp_path / "in"], {}, {}))
    assert not list((tmp_path / "out").glob("*_mqc.json"))
