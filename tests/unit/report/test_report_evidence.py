"""The chapter of motif rows, and the first screen, which names only those that are supported."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import report_fixtures as fixtures
from nfexplainn.interpret.columns import EVIDENCE_COLUMNS, EVIDENCE_TASK_COLUMNS, MINIMAL_COLUMNS
from nfexplainn.io.tsv import write_tsv
from nfexplainn.motifs.formats import write_meme
from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.page.evidence import gain_bar, row_members, row_name, share_of
from nfexplainn.page.load import load_inputs
from nfexplainn.report.build import build_report

SPEC = fixtures.DEMO[5]


def evidence_row(number: int, supported: bool, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(EVIDENCE_COLUMNS, "")
    return (
        row
        | {
            "dataset": SPEC.id,
            "model": "explainn",
            "motif": f"row_{number:03d}",
            "name": f"TF{number}<b>" if supported else "",
            "family": f"TF{number}<b>, OTHER" if supported else "",
            "consensus": "NNACGTACNN",
            "units": "r1:unit_001,r2:unit_002",
            "found_in": 2,
            "replicates": 3,
            "sites": 400,
            "gain": 0.3 / number,
            "gain_low": 0.2 / number,
            "gain_high": 0.4 / number,
            "p": 1e-9,
            "q": 1e-8,
            "supported": "true" if supported else "false",
            "share": 1.2 if number == 1 else 0.25,
            "alone": 0.8,
            "positives_with_site": 0.62,
            "negatives_with_site": 0.05,
            "direction": "raises",
            "negative_kind": "gc",
            "test": "t",
        }
        | more
    )


def write_evidence(
    folder: Path,
    tasks: list[str],
    rows: list[dict[str, Any]],
    clusters: int = 150,
    model: str = "explainn",
) -> None:
    """Write what the summary of the replicates writes for the data set of the fixtures."""
    prefix = folder / f"{SPEC.id}.{model}"
    for name, columns, some in [
        ("evidence", EVIDENCE_COLUMNS, rows),
        (
            "evidence_tasks",
            EVIDENCE_TASK_COLUMNS,
            [
                {"task": task, "unseen": 300, "clusters": clusters, "detectable_share": 0.042}
                for task in tasks
            ],
        ),
        (
            "minimal",
            MINIMAL_COLUMNS,
            [
                {"rows": 0, "valid_loss": 0.69, "chosen": "true"},
                {
                    "rows": 1,
                    "motif": "row_001",
                    "name": "TF1",
                    "valid_loss": 0.2,
                    "chosen": "true",
                    "metric": "auprc",
                    "test_loss": 0.21,
                    "test_score": 0.951,
                },
                {"rows": 5, "motif": "*", "valid_loss": 0.1, "test_loss": 0.2, "test_score": 0.966},
            ],
        ),
    ]:
        cells = [[row.get(column) for column in columns] for row in some]
        write_tsv(Path(f"{prefix}.{name}.tsv"), columns, cells)
    motifs = [Motif(row["motif"], "", np.full((10, 4), 0.25), 400.0) for row in rows]
    unique = {motif.id: motif for motif in motifs}
    write_meme(MotifSet(tuple(unique.values())), f"{prefix}.evidence.meme")


def built(tmp_path: Path, rows: list[dict[str, Any]] | None = None, clusters: int = 150) -> Path:
    fixtures.write_results(tmp_path / "in", (SPEC,))
    inputs = load_inputs([tmp_path / "in"], fixtures.PARAMS, {})
    tasks = inputs.models[0].tasks
    rows = rows or [
        evidence_row(number, number <= 5, task=task) for task in tasks for number in range(1, 21)
    ]
    write_evidence(tmp_path / "in", tasks, rows, clusters)
    build_report(load_inputs([tmp_path / "in"], fixtures.PARAMS, {}), tmp_path / "out")
    return tmp_path / "out"


def content(folder: Path, name: str) -> dict[str, Any]:
    return dict(json.loads((folder / f"{name}_mqc.json").read_text()))


def test_the_first_screen_names_supported_motifs_with_their_gains_and_no_others(tmp_path) -> None:
    out = built(tmp_path)
    markup = content(out, "nfx_summary_main")["data"]
    assert "Motifs that unseen sequences support" in markup
    assert (
        "<b>TF1&lt;b&gt;</b>" in markup and "or OTHER" in markup and "<b>ACGTAC</b>" not in markup
    )
    assert "&gt; 100 % of the model" in markup or "> 100 % of the model" in markup
    assert "in 62 % of positives, 5 % of negatives (gc)" in markup
    assert "15 further groups of units</a> are not supported by unseen sequences" in markup
    assert "a motif in under 4 % of the positives could not be detected" in markup
    assert "more supported motif" in markup  # only a few fit
    for symbol in ("nfx-e0-row_001", "nfx-e0-row_002"):
        assert markup.count(f'id="{symbol}"') == 1 and f'href="#{symbol}"' in markup
    with (out / "tables" / "summary.tsv").open(newline="") as handle:
        (row, *_) = csv.DictReader(handle, delimiter="\t")
    assert row["leading_motifs"].startswith(
        "TF1<b>, OTHER (row_001, > 100 % of the model, q 1e-08, 2/3"
    )


def test_units_without_a_motif_in_common_are_counted_and_not_drawn(tmp_path) -> None:
    """A row with no name, whose motif says next to nothing (2 bits of the 5 that one needs)."""
    fixtures.write_results(tmp_path / "probe", (SPEC,))
    names = load_inputs([tmp_path / "probe"], fixtures.PARAMS, {}).models[0].tasks
    rows = [
        evidence_row(number, True, task=task) | ({"name": "", "family": ""} if number == 2 else {})
        for task in names
        for number in (1, 2, 3)
    ]
    markup = content(built(tmp_path, rows), "nfx_summary_main")["data"]
    assert "TF1&lt;b&gt;" in markup and "TF3&lt;b&gt;" in markup
    assert "<b>ACGTAC</b>" not in markup
    assert "1 supported group of units has no common motif" in markup


def test_a_network_that_is_compared_has_its_groups_of_filters_in_the_chapter(tmp_path) -> None:
    folder = fixtures.write_results(tmp_path / "in", (SPEC,))
    tasks = load_inputs([folder], fixtures.PARAMS, {}).models[0].tasks
    score = {"dataset": SPEC.id, "model": "cnn1", "replicate": 1, "split": "test", "against": "all"}
    score |= {"metric": "auprc", "value": 0.9, "n": 9, "positives": 4, "prevalence": 0.4}
    lines = [score | {"task": task, "note": ""} for task in tasks]
    fixtures.table(folder / f"{SPEC.id}.cnn1.r1.metrics.tsv", lines)
    for model, more in (
        ("explainn", {}),
        ("cnn1", {"units": "r1:filter_004,r2:filter_001", "model": "cnn1"}),
    ):
        rows = [
            evidence_row(number, number == 1, task=task, **more)
            for task in tasks
            for number in (1, 2, 3)
        ]
        write_evidence(folder, tasks, rows, model=model)
    out = tmp_path / "out"
    build_report(load_inputs([folder], fixtures.PARAMS, {}), out)
    with (out / "tables" / "evidence.tsv").open(newline="") as handle:
        written = list(csv.DictReader(handle, delimiter="\t"))
    assert {row["model"] for row in written} == {"cnn1", "explainn"}
    pages = "".join(path.read_text(encoding="utf-8") for path in out.glob("nfx_evidence*"))
    markup = content(out, "nfx_summary_main")["data"]
    assert "3 groups of filters, 1 supported" in pages and "3 groups of units, 1" in pages
    for place in range(2):  # each logo is there once, also of the model that the summary leaves out
        assert markup.count(f'id="nfx-e{place}-row_001"') == 1
        assert f"#nfx-e{place}-row_001" in pages
    assert "2 further groups of units</a> are not supported" in markup
    assert "groups of filters" not in markup


def test_too_few_observations_are_told(tmp_path) -> None:
    fixtures.write_results(tmp_path / "probe", (SPEC,))
    names = load_inputs([tmp_path / "probe"], fixtures.PARAMS, {}).models[0].tasks
    rows = [evidence_row(number, False, task=task) for task in names for number in (1, 2)]
    markup = content(built(tmp_path, rows, clusters=41), "nfx_summary_main")["data"]
    assert "41 unseen observations cannot support a motif (at least 50 are needed)" in markup
    assert "could not be detected" not in markup


@pytest.mark.parametrize(
    ("name", "family", "title", "members"),
    [
        ("FOXC2", "forkhead (FOXC2, FOXA1, ...)", "forkhead", ["FOXC2", "FOXA1"]),
        (
            "part of FOXC2",
            "part of forkhead (FOXC2, FOXA1)",
            "part of forkhead",
            ["FOXC2", "FOXA1"],
        ),
        ("part of REST", "part of REST", "part of REST", []),
        ("CTCF", "CTCF, CTCFL", "CTCF", ["CTCFL"]),
        ("poly-A", "poly-A", "poly-A", []),
        ("low complexity (GC-rich)", "low complexity (GC-rich)", "low complexity (GC-rich)", []),
        ("odd (x)", "odd (x), CTCF", "odd (x)", ["CTCF"]),
        ("", "", "ACGTAC", []),
    ],
)
def test_a_row_is_called_by_its_family(
    name: str, family: str, title: str, members: list[str]
) -> None:
    row = {"motif": "row_001", "name": name, "family": family, "consensus": "NNACGTACNN"}
    assert row_name(row) == title
    assert row_members(row) == members


def test_a_family_stands_on_the_first_screen_with_its_members(tmp_path) -> None:
    fixtures.write_results(tmp_path / "probe", (SPEC,))
    names = load_inputs([tmp_path / "probe"], fixtures.PARAMS, {}).models[0].tasks
    members = [f"FOX{letter}1" for letter in "CBALDEF"]
    called = {"name": "FOXC1", "family": f"forkhead ({', '.join(members)}, ...)"}
    out = built(tmp_path, [evidence_row(1, True, task=task) | called for task in names])
    markup = content(out, "nfx_summary_main")["data"]
    assert "<b>forkhead</b>" in markup
    assert "(FOXC1, FOXB1, FOXA1, FOXL1, FOXD1, ...)" in markup
    with (out / "tables" / "summary.tsv").open(newline="") as handle:
        (row, *_) = csv.DictReader(handle, delimiter="\t")
    assert row["leading_motifs"].startswith("forkhead (FOXC1, ")


def test_where_nothing_is_supported_the_page_says_so(tmp_path) -> None:
    fixtures.write_results(tmp_path / "probe", (SPEC,))
    names = load_inputs([tmp_path / "probe"], fixtures.PARAMS, {}).models[0].tasks
    out = built(tmp_path, [evidence_row(1, False, task=task) for task in names])
    markup = content(out, "nfx_summary_main")["data"]
    assert "no motif is supported by unseen sequences" in markup
    assert "1 further group of units</a> is not supported" in markup


def test_the_chapter_shows_rows_and_the_curve_and_writes_all(tmp_path) -> None:
    out = built(tmp_path)
    (path,) = [path for path in out.glob("nfx_evidence_*_mqc.json") if "fewest" not in path.name]
    section = json.loads(path.read_text())
    said = section["description"]
    assert "20 groups of units, 5 supported, tested on 300 unseen sequences" in said
    assert "TF1&lt;b&gt; (row_001) (test AUPRC 0.951, whole model 0.966)" in said
    first = next(iter(section["data"].values()))
    assert "TF1&lt;b&gt;" in first["name"] and first["supported"] == "yes"
    assert first["gain"] == 0.3 and first["positives"] == 62
    assert len(section["data"]) <= 40
    (line,) = content(out, "nfx_evidence_fewest_groups")["data"].values()
    assert line == [[0.0, 0.69], [1.0, 0.2]]
    for name, count in (("evidence", len(EVIDENCE_COLUMNS)), ("minimal", len(MINIMAL_COLUMNS))):
        header, *rows = (out / "tables" / f"{name}.tsv").read_text().splitlines()
        assert len(header.split("\t")) == count and rows


def test_results_without_evidence_show_the_strongest_units(tmp_path) -> None:
    fixtures.write_results(tmp_path / "in", (SPEC,))
    build_report(load_inputs([tmp_path / "in"], fixtures.PARAMS, {}), tmp_path / "out")
    markup = content(tmp_path / "out", "nfx_summary_main")["data"]
    assert "Strongest motifs" in markup and "nfx-gain" not in markup


def test_a_bar_stays_within_its_width_and_a_missing_share_is_a_gain() -> None:
    row = {"gain": "0.5", "gain_low": "-0.1", "gain_high": "9", "share": ""}
    bar = gain_bar(row, 1.0)
    assert 'width="35.0"' in bar and "M0.0 6H70.0" in bar
    assert share_of(row) == "gain 0.500"
    assert share_of(row | {"share": "0.031"}) == "3 % of the model"
