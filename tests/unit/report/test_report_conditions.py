"""The chapter on conditions: sentences, a point per sample, and the tables."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import report_fixtures as fixtures
from nfexplainn.analyses.conditions.report import sentence, strip
from nfexplainn.interpret.columns import (
    CONDITION_COLUMNS,
    CONDITION_SLOPE_COLUMNS,
    EVIDENCE_COLUMNS,
)
from nfexplainn.io.tsv import write_tsv
from nfexplainn.motifs.formats import write_meme
from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.page.load import load_inputs
from nfexplainn.report.build import build_report

DIFFERS, SAME, UNTESTED = 0.001, 0.4, ""


def lines_of(qs: dict[tuple[str, str], object], condition: str = "treated") -> list[dict[str, Any]]:
    """Lines of ``conditions.tsv`` by kind and motif."""
    found = []
    for (kind, motif), q in qs.items():
        line: dict[str, Any] = dict.fromkeys(CONDITION_COLUMNS, "")
        line |= {"dataset": "atac", "model": "explainn", "kind": kind, "motif": motif}
        line |= {"condition": condition, "reference": "control", "samples": "3"}
        line |= {"samples_reference": "2", "windows": "1200", "with_site": "60", "tests": "2"}
        line |= {"name": f"{motif}<b>", "family": f"{motif}<b>", "consensus": "ACGT"}
        if q != UNTESTED:
            line |= {"p": str(q), "q": str(q), "t": "5", "degrees": "9", "difference": "0.5"}
            line |= {"difference_low": "0.3", "difference_high": "0.7", "slope": "1.2"}
            line |= {"slope_reference": "0.7", "higher_in": condition}
        found.append(line)
    return found


QS = {("row", "row_001"): DIFFERS, ("row", "row_002"): SAME, ("row", "row_003"): UNTESTED}
QS |= {("cluster", "mode_001"): DIFFERS, ("cluster", "mode_002"): DIFFERS}


def write_results(folder: Path, lines: list[dict[str, Any]]) -> None:
    fixtures.write_results(folder, [fixtures.Spec("atac", tasks=("T1", "C1"), regression=True)])
    prefix = folder / "atac.explainn"
    write_tsv(f"{prefix}.conditions.tsv", CONDITION_COLUMNS, [one.values() for one in lines])
    points = [
        ["atac", "explainn", one["kind"], one["motif"], one["name"], f"{side}{at}", side, at, value]
        for one in lines
        if one["p"]
        for side, values in (("treated", (1.1, 1.2, 1.3)), ("control", (0.6, 0.8)))
        for at, value in enumerate(values, 1)
    ]
    write_tsv(f"{prefix}.condition_slopes.tsv", CONDITION_SLOPE_COLUMNS, points)
    evidence = [
        dict.fromkeys(EVIDENCE_COLUMNS, "") | {"motif": f"row_{at:03d}"} for at in (1, 2, 3)
    ]
    write_tsv(f"{prefix}.evidence.tsv", EVIDENCE_COLUMNS, [list(one.values()) for one in evidence])
    logos = tuple(Motif(f"row_{at:03d}", "", np.full((8, 4), 0.25), 10) for at in (1, 2, 3))
    write_meme(MotifSet(logos), f"{prefix}.evidence.meme")


def built(folder: Path) -> tuple[Path, dict[str, Any]]:
    out = folder / "report"
    params = fixtures.PARAMS | {"datasets": {"atac": {"reference_condition": "control"}}}
    build_report(load_inputs([folder / "results"], params, {}), out)
    texts = [json.loads(path.read_text()) for path in out.glob("nfx_conditions*_mqc.json")]
    return out, {re.sub(r"<!--.*-->", "", one["section_name"]): one for one in texts}


def test_a_sentence_a_point_per_sample_and_the_tables(tmp_path: Path) -> None:
    write_results(tmp_path / "results", lines_of(QS))
    out, sections = built(tmp_path)
    assert set(sections) == {"Pairs of conditions", "Motifs: treated against control"}
    (cells,) = sections["Pairs of conditions"]["data"].values()
    said = cells["answer"].replace("&#44;", ",")
    assert (
        "1 own and 2 known motifs differ between treated and control at q \u2264 .05, with 3 and 2"
        " samples as the unit; higher in treated: row_001&lt;b&gt;." in said
    )
    assert "1 of 2" in cells["own"] and "2 of 2" in cells["known"]
    motifs = sections["Motifs: treated against control"]["data"]
    assert list(motifs) == ["own row_001", "own row_002", "known mode_001", "known mode_002"]
    first = motifs["own row_001"]
    assert first["slopes"].count("<circle") == 5 and "nfx-logo" in first["logo"]
    assert "treated" in first["higher"] and ">treated<" not in motifs["own row_002"]["higher"]
    with (out / "tables" / "conditions.tsv").open() as handle:
        assert len(list(csv.DictReader(handle, delimiter="\t"))) == 5
    with (out / "tables" / "condition_slopes.tsv").open() as handle:
        assert len(list(csv.DictReader(handle, delimiter="\t"))) == 20
    methods = next(out.glob("nfx_methods*_mqc.*")).read_text()
    assert "samples as the unit" in methods and "10.2202/1544-6115.1027" in methods
    assert "compared with control by" in methods


def test_no_column_has_the_name_of_a_class_that_hides_it(tmp_path: Path) -> None:
    write_results(tmp_path / "results", lines_of(QS))
    _, sections = built(tmp_path)
    keys = {key for one in sections.values() for key in one["headers"]}
    assert not keys & {"bar", "val", "wrapper", "rowheader"}


@pytest.mark.parametrize(
    ("qs", "words"),
    [
        (
            {("row", "r"): SAME},
            "No motif differs between treated and control at q \u2264 .05, with 3",
        ),
        ({("row", "r"): UNTESTED}, "No motif could be tested"),
        ({("cluster", "c"): DIFFERS}, "0 own and 1 known motifs differ"),
        (
            {("cluster", f"c{at}"): DIFFERS for at in range(7)},
            "higher in treated: c0<b>, c1<b>, c2<b>, c3<b>, c4<b>, 2 more.",
        ),
    ],
)
def test_sentences(qs: dict[tuple[str, str], object], words: str) -> None:
    assert words in sentence(lines_of(qs))


def test_why_nothing_was_tested_is_said(tmp_path: Path) -> None:
    lines = lines_of({("row", "r"): UNTESTED, ("cluster", "c"): UNTESTED})
    assert "none is associated with the mean signal" in sentence(
        [lines[0] | {"reason": "few"}, lines[1]]
    )
    lines = [one | {"reason": "'T1' and 'T2' have the same values"} for one in lines]
    assert sentence(lines) == "No motif could be tested: 'T1' and 'T2' have the same values."
    write_results(tmp_path / "results", lines)
    _, sections = built(tmp_path)
    (cells,) = sections["Pairs of conditions"]["data"].values()
    assert "have the same values" in cells["answer"]


def test_three_conditions_are_three_pairs(tmp_path: Path) -> None:
    lines = lines_of(QS) + lines_of(QS, "mock<i>")
    write_results(tmp_path / "results", lines)
    _, sections = built(tmp_path)
    assert set(sections["Pairs of conditions"]["data"]) == {
        "treated against control",
        "mock&lt;i&gt; against control",
    }
    assert len(sections) == 3


def test_points_lie_within_the_strip() -> None:
    points = [{"condition": side, "slope": str(x)} for side in "ab" for x in (-0.5, 0.25, 1.0)]
    drawn = strip(points, ("a", "b"), -0.5, 1.0)
    places = [float(x) for x in re.findall(r'cx="([\d.]+)"', drawn)]
    assert places == [4, 100, 196, 4, 100, 196]
    assert "a: -0.5, 0.25, 1; b:" in drawn
