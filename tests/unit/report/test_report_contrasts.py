"""The chapter on what differs: in the order that the user asked for, with sides and bars."""

from __future__ import annotations

import csv
import html
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import report_fixtures as fixtures
from nfexplainn.analyses.contrasts import report
from nfexplainn.analyses.contrasts.report import as_asked, asked_order, side_bar
from nfexplainn.interpret.columns import (
    CONTRAST_COLUMNS,
    CONTRAST_MOTIF_COLUMNS,
    EVIDENCE_COLUMNS,
)
from nfexplainn.io.tsv import write_tsv
from nfexplainn.motifs.formats import write_meme
from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.page.evidence import _percent, evidence_of, row_facts
from nfexplainn.page.load import load_inputs
from nfexplainn.report.build import build_report
from nfexplainn.report.methods import _replicates

PAIRS = (("MAFK", "OCT4"), ("MAFK", "REST"), ("OCT4", "REST"))


def write_contrast(
    folder: Path, a: str, b: str, kind: str = "motifs", values: bool = False
) -> None:
    """Write what the summary of the replicates writes of a contrast."""
    name = f"{a}_vs_{b}".replace("/", "_")
    fixtures.write_results(folder, [fixtures.Spec(name, tasks=(name,), motifs=("MAFK",))])
    prefix = folder / f"{name}.explainn"
    row: dict[str, Any] = dict.fromkeys(CONTRAST_COLUMNS, "")
    row |= {"contrast": name, "a": a, "b": b, "model": "explainn", "answer": kind}
    row |= {"auroc": 0.91, "auroc_low": 0.9, "auroc_high": 0.92, "p": 1e-20, "matching": "gc"}
    row |= {"composition_auroc": 0.6, "above_composition_p": 1e-9}
    for place, letter in enumerate("ab"):
        row |= {f"n_{letter}": 400 + place, f"in_both_{letter}": 20 + place}
        row |= {f"unmatched_{letter}": 30 + place, f"motifs_{letter}": 1}
    if values:
        row |= {"auroc": "", "auroc_low": "", "auroc_high": "", "composition_auroc": ""}
        row |= {"pearson": 0.5, "pearson_low": 0.4, "pearson_high": 0.6}
        row |= {"composition_pearson": 0.2, "matching": "none", "in_both_a": "", "in_both_b": ""}
    write_tsv(f"{prefix}.contrast.tsv", CONTRAST_COLUMNS, [row.values()])
    motifs, evidence = [], []
    for number, (own, good) in enumerate([(a, "true"), (b, "true"), (a, "false")], 1):
        one: dict[str, Any] = dict.fromkeys(CONTRAST_MOTIF_COLUMNS, "")
        told = {"motif": f"row_{number:03d}", "name": f"TF{number}<b>", "family": f"TF{number}<b>"}
        told |= {"gain": 0.3 / number, "gain_low": 0.2 / number, "gain_high": 0.4 / number}
        told |= {"q": 1e-8, "supported": good, "consensus": "ACGT", "model": "explainn"}
        one |= told | {
            "contrast": name,
            "a": a,
            "b": b,
            "side": own,
            "fisher_p": 1e-5,
            "adjusted_p": 0.02,
        }
        one |= {"with_site_a": 0.4, "with_site_b": 0.1}
        if values:
            one |= {"with_site_a": "", "with_site_b": "", "fisher_p": "", "rank_p": 1e-9}
            one |= {"difference_with_site": 1.5, "difference_without_site": -0.25}
            one |= {"adjusted_q": 0.04}
        motifs.append(one.values())
        blank = dict.fromkeys(EVIDENCE_COLUMNS, "")
        more = {"dataset": name, "task": name, "found_in": 5, "replicates": 5}
        evidence.append((blank | told | more).values())
    write_tsv(f"{prefix}.contrast_motifs.tsv", CONTRAST_MOTIF_COLUMNS, motifs)
    write_tsv(f"{prefix}.evidence.tsv", EVIDENCE_COLUMNS, evidence)
    logos = tuple(Motif(f"row_{at:03d}", "", np.full((8, 4), 0.25), 10) for at in (1, 2, 3))
    write_meme(MotifSet(logos), f"{prefix}.evidence.meme")


def built(folder: Path, contrast: str) -> tuple[Path, dict[str, Any]]:
    """Build the report, and give its folder and the sections of the chapter by their names."""
    params = fixtures.PARAMS | {"contrast": contrast, "contrast_matching": "gc"}
    out = folder / "report"
    build_report(load_inputs([folder / "results"], params, {}), out)
    texts = [json.loads(path.read_text()) for path in out.glob("nfx_contrasts*_mqc.json")]
    return out, {re.sub(r"<!--.*-->", "", one["section_name"]): one for one in texts}


def rows_of(out: Path, name: str) -> list[dict[str, str]]:
    with (out / "tables" / f"{name}.tsv").open() as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


@pytest.fixture
def one_pair(tmp_path: Path) -> Path:
    write_contrast(tmp_path / "results", *PAIRS[0])
    return tmp_path


def test_a_sentence_the_bars_and_the_tables(one_pair: Path) -> None:
    out, sections = built(one_pair, "MAFK:OCT4")
    assert set(sections) == {"Contrasts", "Motifs: MAFK : OCT4"}
    (cells,) = sections["Contrasts"]["data"].values()
    assert ">motifs<" in cells["answer"]
    assert (
        "<li><b>MAFK : OCT4</b>: MAFK and OCT4 differ in motifs, more often TF1&lt;b&gt; in MAFK;"
        " TF2" in sections["Contrasts"]["description"]
    )
    assert "400 : 401" in cells["compared"]
    assert "in both 20 : 21&#44; unmatched 30 : 31" in cells["left_out"]
    motifs = sections["Motifs: MAFK : OCT4"]["data"]
    assert list(motifs) == ["row_001", "row_002", "row_003"]
    assert motifs["row_001"]["sites"] == "0.02"
    assert motifs["row_001"]["supported"] == "yes" and motifs["row_003"]["supported"] == "no"
    assert "<svg" in motifs["row_001"]["gain_bar"] and "nfx-logo" in motifs["row_001"]["logo"]
    assert [row["a"] for row in rows_of(out, "contrasts")] == ["MAFK"]
    assert len(rows_of(out, "contrast_motifs")) == 3
    methods = next(out.glob("nfx_methods*_mqc.*")).read_text()
    assert "half of the" in methods.lower() and "DeLong" in methods


def test_the_other_order_gives_the_same_rows_with_sides_exchanged(one_pair: Path) -> None:
    first, _ = built(one_pair, "MAFK:OCT4")
    straight = rows_of(first, "contrasts"), rows_of(first, "contrast_motifs")
    second, sections = built(one_pair, "OCT4:MAFK")
    turned = rows_of(second, "contrasts"), rows_of(second, "contrast_motifs")
    assert "Motifs: OCT4 : MAFK" in sections
    swapped = {"a": "b", "b": "a"}
    for one, other in zip(straight[0] + straight[1], turned[0] + turned[1], strict=True):
        for name, value in one.items():
            stem, _, last = name.rpartition("_")
            key = swapped.get(name) or (f"{stem}_{swapped[last]}" if last in swapped else name)
            assert other[key] == value
        assert one.get("side") == other.get("side")


def test_no_column_has_the_name_of_a_class_that_hides_it(one_pair: Path) -> None:
    out, _ = built(one_pair, "MAFK:OCT4")
    tables = [json.loads(path.read_text()) for path in out.glob("*_mqc.json")]
    keys = {key for one in tables if one["plot_type"] == "table" for key in one["headers"]}
    # .mqc_table .bar is MultiQC's for bars behind numbers: laid over, below everything.
    assert "interval" in keys and not keys & {"bar", "val", "wrapper", "rowheader"}


def test_several_contrasts_make_a_matrix(tmp_path: Path) -> None:
    for pair in PAIRS:
        write_contrast(tmp_path / "results", *pair)
    _, sections = built(tmp_path, "MAFK:OCT4,REST:MAFK,OCT4:REST")
    assert sections["All pairs"]["xcats"] == ["MAFK", "OCT4", "REST"]
    assert sections["All pairs"]["data"][0] == [None, 0.91, 0.91]
    assert set(sections["Contrasts"]["data"]) == {"MAFK : OCT4", "REST : MAFK", "OCT4 : REST"}


def test_measured_values_have_correlations_and_means(tmp_path: Path) -> None:
    write_contrast(tmp_path / "results", "D/a", "D/b", values=True)
    out, sections = built(tmp_path, "D/b:D/a")
    (cells,) = sections["Contrasts"]["data"].values()
    assert "differ in motifs: D/b is higher with TF2" in sections["Contrasts"]["description"]
    assert cells["pearson"] == 0.5 and cells["composition"] == 0.2 and "auroc" not in cells
    assert "auroc" not in sections["Contrasts"]["headers"]
    assert ">401<" in cells["compared"] and "in both" not in cells["left_out"]
    motifs = sections["Motifs: D/b : D/a"]
    assert (motifs["data"]["row_001"]["a"], motifs["data"]["row_001"]["b"]) == (-1.5, 0.25)
    assert motifs["data"]["row_001"]["sites"] == "0.04"
    assert "Mean of D/b minus D/a" in motifs["headers"]["a"]["description"]
    assert "The shares therefore" not in motifs["description"]
    (row, *_) = rows_of(out, "contrast_motifs")
    assert (row["difference_with_site"], row["difference_without_site"]) == ("-1.5", "0.25")
    methods = next(out.glob("nfx_methods*_mqc.*")).read_text()
    assert "Two tasks of measured values" in methods and "DeLong" not in methods


def test_both_kinds_beside_each_other(tmp_path: Path) -> None:
    write_contrast(tmp_path / "results", *PAIRS[0])
    for pair in (("D/a", "D/b"), ("D/a", "D/c"), ("D/b", "D/c")):
        write_contrast(tmp_path / "results", *pair, values=True)
    out, sections = built(tmp_path, "MAFK:OCT4,D/a:D/b,D/a:D/c,D/b:D/c")
    assert {"auroc", "pearson"} <= set(sections["Contrasts"]["headers"])
    assert "All pairs" not in sections
    assert sections["All pairs of values"]["data"][0] == [None, 0.5, 0.5]
    methods = next(out.glob("nfx_methods*_mqc.*")).read_text()
    assert "In MAFK_vs_OCT4: Data sets were compared" in methods
    assert "In D_a_vs_D_b, D_a_vs_D_c, D_b_vs_D_c: Two tasks of measured values" in methods


@pytest.mark.parametrize(
    ("scores", "says"),
    [
        ((40, 12), "column 7: 40 against 12 (MAFK is stronger&#44; which may be the cause)"),
        ((5, 12), "column 7: 5 against 12 (OCT4 is stronger&#44; which may be the cause)"),
        ((12, 12), "column 7: 12 against 12<"),
        ((-3, -1), "column 7: -3 against -1<"),
    ],
)
def test_the_strength_of_peaks_is_told(tmp_path: Path, scores: tuple[int, int], says: str) -> None:
    write_contrast(tmp_path / "results", *PAIRS[0])
    path = tmp_path / "results" / "MAFK_vs_OCT4.explainn.contrast.tsv"
    (row,) = csv.DictReader(path.read_text().splitlines(), delimiter="\t")
    row |= {"score_column": "column 7", "score_a": str(scores[0]), "score_b": str(scores[1])}
    write_tsv(path, CONTRAST_COLUMNS, [list(row.values())])
    _, sections = built(tmp_path, "MAFK:OCT4")
    (cells,) = sections["Contrasts"]["data"].values()
    assert says in cells["strength"]
    assert "strength" in sections["Contrasts"]["headers"]


def test_shares_are_of_the_sides_by_name(one_pair: Path) -> None:
    inputs = load_inputs([one_pair / "results"], fixtures.PARAMS, {})
    (found,) = evidence_of(inputs).values()
    assert found.sides == ("MAFK", "OCT4")
    row = found.rows[0] | {"positives_with_site": "0.5", "negatives_with_site": "0.1"}
    assert "in 50 % of MAFK, 10 % of OCT4" in row_facts(row, found.sides)
    said = row_facts(row | {"negative_kind": "gc"})
    assert "in 50 % of positives, 10 % of negatives (gc)" in said


@pytest.mark.parametrize(
    ("share", "said"), [(0.0961, "10 %"), (0.094, "9 %"), (0.004, "0.4 %"), (0.3, "30 %")]
)
def test_shares_are_no_powers_of_ten(share: float, said: str) -> None:
    assert _percent(share) == said


def test_of_many_pairs_it_is_said_whose_motifs_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "PANEL_LIMIT", 2)
    for a, b in PAIRS:
        write_contrast(tmp_path / "results", a, b)
    _, sections = built(tmp_path, "")
    assert "first 2 of 3 pairs" in sections["Contrasts"]["description"]
    assert len([name for name in sections if name.startswith("Motifs:")]) == 2


def test_headings_hold_no_tag_that_the_list_of_contents_would_make_of_an_escape(
    tmp_path: Path,
) -> None:
    """MultiQC takes the tags out of a heading, and then the escapes back."""
    tag = "T<img src=x onerror=alert(1)>"
    write_contrast(tmp_path / "results", "MAFK", "OCT4")
    for path in (tmp_path / "results").glob("*.contrast*.tsv"):
        path.write_text(path.read_text().replace("\tOCT4\t", f"\t{tag}\t"))
    _, sections = built(tmp_path, "")
    (title,) = (name for name in sections if name.startswith("Motifs:"))
    assert "<" not in html.unescape(title) and "T\u2039img src=x" in title


def test_methods_count_the_replicates_of_contrasts_too(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    write_contrast(folder, "MAFK", "OCT4")
    header = {"tasks": ["t"], "extra": {"contrast": {"sides": ["MAFK", "OCT4"]}}}
    (folder / "MAFK_vs_OCT4.header.json").write_text(json.dumps(header))
    inputs = load_inputs([folder], fixtures.PARAMS, {})
    (model,) = inputs.models
    count = len(model.metrics)
    assert count > 1
    (said,) = _replicates(inputs, {"replicates": 1, "seed": 42})
    assert said.startswith(f"1 and {count} replicates per data set differ in the seed")


def test_nothing_is_written_where_nobody_asked(tmp_path: Path) -> None:
    fixtures.write_results(tmp_path / "results", fixtures.DEMO[:1])
    out, sections = built(tmp_path, "")
    assert not sections and not (out / "tables" / "contrasts.tsv").exists()


def test_the_order_that_was_asked_for() -> None:
    asked = {"contrast": "A:B, D:C ,E/t2:E/t1"}
    assert asked_order(asked) == {("C", "D"), ("E/t1", "E/t2")}
    assert asked_order({"datasets": {"Z": {"contrast": "A, B"}, "A": {"contrast": "C"}}}) == {
        ("A", "Z"),
        ("B", "Z"),
    }
    assert asked_order({}) == set()
    row = {"a": "C", "b": "D", "n_a": "1", "n_b": "2", "alone": "3"}
    assert as_asked(row, {("C", "D")}) == {"a": "D", "b": "C", "n_a": "2", "n_b": "1", "alone": "3"}
    assert as_asked(row, {("A", "B")}) == row


def test_bars_go_to_the_side_that_has_more() -> None:
    row = {"gain": "0.2", "gain_low": "0.1", "gain_high": "0.4"}
    left, right = (side_bar(row | {"side": one}, ("A", "B"), 0.4) for one in "AB")
    boxes = [re.search(r'rect x="([\d.]+)" y="3" width="([\d.]+)"', bar) for bar in (left, right)]
    assert [tuple(map(float, box.groups())) for box in boxes if box] == [(40, 40), (80, 40)]
    assert "A: gain 0.2" in left and "95 % interval 0.1 to 0.4" in left
