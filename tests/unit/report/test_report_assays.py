"""The report in the language of the assay: cycles, profiles over cell types, strands."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from nfexplainn.analyses.cycles.report import (
    ROWS,
    cycle_units,
    question,
    question_cycles,
    write_cycles,
)
from nfexplainn.page.load import DatasetResult, Inputs, ModelResult, Row
from nfexplainn.page.mqc import Page
from nfexplainn.page.units import units_of
from nfexplainn.report.performance import write_performance
from nfexplainn.report.summary import write_summary

CYCLES = ("cycle_0", "cycle_1", "cycle_4")


def metric(task: str, name: str, value: float, model: str = "explainn") -> Row:
    row = {"dataset": "d", "model": model, "replicate": "1", "split": "test", "task": task}
    return row | {"against": "all", "metric": name, "value": str(value), "n": "90", "note": ""}


def unit(number: int, annotation: str) -> Row:
    row = {"replicate": "1", "unit": f"unit_{number:03d}", "status": "annotated"}
    row |= {"consensus": "TAATTA", "annotation": annotation, "target_id": "", "q_value": "1e-6"}
    row |= {"sites": "90", "width": "6", "matched_in": "1", "replicates": "1", "information": "9"}
    for task in CYCLES:
        row |= {f"weight:{task}": "1", f"effect:{task}": str(9 - number)}
        row |= {f"rank:{task}": str(number), f"importance:{task}": "", f"importance_n:{task}": "0"}
    return row


def inputs_of(
    assay: str, metrics: list[Row], baseline: list[Row], files: dict[str, Path], **meta: object
) -> Inputs:
    model = ModelResult("d", "explainn", {"verdict": "usable"}, [unit(1, "Alx4"), unit(2, "")])
    model = ModelResult("d", "explainn", model.verdict, model.units, metrics={1: metrics})
    counts = [
        {"split": "test", "task": task, "sequences": "90", "positives": positives}
        for task, positives in (("*", "90"), *zip(CYCLES, ("20", "25", "45"), strict=True))
    ]
    header = {"assay": assay, **meta}
    one = DatasetResult("d", "ok", "", "", header, counts, [], [], baseline, (model,))
    return Inputs((one,), {}, [], files)


def selex(folder: Path) -> Inputs:
    table = folder / "d.explainn.r1.cycles.tsv"
    rows = ["unit\tlast_cycle\tfirst_cycle\tauroc\tauprc\tn_last\tn_first"]
    rows += ["unit_002\tcycle_4\tcycle_0\t0.91\t0.93\t45\t20"]
    rows += ["unit_001\tcycle_4\tcycle_0\t0.81\t0.83\t45\t20"]
    table.write_text("\n".join(rows) + "\n")
    scores = [metric("*", "accuracy", 0.62)]
    scores += [metric(task, "accuracy", 0.1 * i) for i, task in enumerate(CYCLES, 4)]
    known = [metric("*", "accuracy", 0.41, "kmer4")]
    return inputs_of("htselex", scores, known, {table.name: table}, strand_symmetric=True)


def data_of(page: Path, name: str) -> dict[str, dict[str, object]]:
    return json.loads((page / f"{name}_mqc.json").read_text())["data"]


def test_cycles_show_the_accuracy_of_all_then_of_the_last_cycle_first(tmp_path: Path) -> None:
    write_summary(Page(tmp_path / "out"), selex(tmp_path), {}, [])
    page = str(data_of(tmp_path / "out", "nfx_summary_main"))
    places = [page.index(text) for text in ("all classes", *CYCLES[::-1])]
    assert places == sorted(places)
    for part in ("Accuracy <b>0.62</b>", "4\u2011mers 0.41", "largest class 0.50", "HT-SELEX"):
        assert part in page
    assert "both strands" in page and "oriented" not in page
    rows = (tmp_path / "out/tables/summary.tsv").read_text().splitlines()
    assert [line.split("\t")[5] for line in rows[1:]] == ["cycle_4", "cycle_1", "cycle_0", "*"]


def test_scores_hold_the_accuracy_of_all_classes_beside_the_largest_class(tmp_path: Path) -> None:
    write_performance(Page(tmp_path / "out"), selex(tmp_path))
    rows = data_of(tmp_path / "out", "nfx_performance_scores")
    assert list(rows) == [*(f"d · {cycle}" for cycle in CYCLES), "d · all classes"]
    whole = rows["d · all classes"]
    assert (whole["mean"], whole["kmer4"], whole["chance"]) == (0.62, 0.41, 0.5)
    assert rows["d · cycle_1"]["chance"] is None


def test_a_class_is_judged_by_auroc_and_its_accuracy_is_called_what_it_is(tmp_path: Path) -> None:
    inputs = selex(tmp_path)
    metrics = inputs.models[0].metrics[1]
    metrics += [metric(task, "auroc", 0.8 + 0.01 * i) for i, task in enumerate(CYCLES)]
    write_summary(Page(tmp_path / "out"), inputs, {}, [])
    write_performance(Page(tmp_path / "out"), inputs)
    page = str(data_of(tmp_path / "out", "nfx_summary_main"))
    assert page.count("Accuracy") == 1 and "Accuracy <b>0.62</b>" in page
    assert "AUROC <b>0.82</b>" in page.partition("cycle_4")[2]
    row = data_of(tmp_path / "out", "nfx_performance_scores")["d · cycle_4"]
    expected = (pytest.approx(0.82), pytest.approx(0.6), 0.5)
    assert (row["mean"], row["accuracy"], row["chance"]) == expected
    rows = (tmp_path / "out/tables/summary.tsv").read_text().splitlines()
    assert [line.split("\t")[6] for line in rows[1:]] == ["auroc"] * 3 + ["accuracy"]


def test_without_auroc_the_accuracy_of_a_class_is_the_share_found(tmp_path: Path) -> None:
    write_summary(Page(tmp_path / "out"), selex(tmp_path), {}, [])
    page = str(data_of(tmp_path / "out", "nfx_summary_main"))
    assert page.count("Recall <b>") == 3


def test_each_motif_is_shown_with_its_power_to_tell_the_cycles(tmp_path: Path) -> None:
    inputs = selex(tmp_path)
    units = {0: units_of(inputs.models[0], 0)}
    assert [one.id for one in cycle_units(inputs, units)] == ["unit_002", "unit_001"]
    write_cycles(Page(tmp_path / "out"), inputs, units)
    rows = data_of(tmp_path / "out", "nfx_performance_cycles__d")
    assert list(rows) == ["unit_002", "unit_001"]
    assert (rows["unit_002"]["auroc"], rows["unit_002"]["rank"]) == (0.91, 2)
    assert "Alx4" in str(rows["unit_001"]["name"])
    lines = (tmp_path / "out/tables/cycles.tsv").read_text().splitlines()
    assert lines[2].split("\t") == [
        *(
            "d",
            "explainn",
            "1",
            "unit_001",
            "Alx4",
            "cycle_4",
            "cycle_0",
            "0.81",
            "0.83",
            "45",
            "20",
        )
    ]


def scored(*aurocs: float) -> list[Row]:
    """Rows of cycles.tsv of as many units, best first."""
    columns = {"last_cycle": "cycle_4", "first_cycle": "cycle_0", "n_last": "45", "n_first": "20"}
    return [
        {"unit": f"unit_{number:03d}", "auroc": str(auroc), "auprc": str(auroc)} | columns
        for number, auroc in enumerate(sorted(aurocs, reverse=True), 1)
    ]


def counted(*sites: int) -> list[Row]:
    return [{"unit": f"unit_{at:03d}", "sites": str(count)} for at, count in enumerate(sites, 1)]


def test_swapped_cycles_are_asked_about(tmp_path: Path) -> None:
    # As ALX4 with its labels swapped: composition leads, the factor's motif is at the bottom.
    asked = question(scored(0.98, 0.92, 0.01, 0.0005), counted(193, 10, 1200, 4300))
    assert asked == (
        "The strongest motifs are more frequent in the first cycle (cycle_0) than in the last"
        " (cycle_4): are the cycles' labels swapped?"
    )
    # Right labels: the factor's motif leads, and a few sites of composition are the first's.
    assert not question(scored(0.999, 0.998, 0.09, 0.03), counted(4300, 900, 88, 59))
    # A composition more extreme than a weak factor's motif, but rarer; and nothing selected.
    assert not question(scored(0.85, 0.8, 0.05), counted(2000, 900, 60))
    assert not question(scored(0.55, 0.4, 0.35), counted(10, 100, 100))
    assert not question([], [])

    inputs = selex(tmp_path)
    assert question_cycles(inputs) == inputs
    table = tmp_path / "d.explainn.r1.cycles.tsv"
    table.write_text(table.read_text().replace("0.91", "0.01").replace("0.81", "0.02"))
    doubted = question_cycles(inputs)
    write_summary(Page(tmp_path / "out"), doubted, {}, [])
    units = {0: units_of(inputs.models[0], 0)}
    write_cycles(Page(tmp_path / "out"), doubted, units)
    for name in ("nfx_summary_main", "nfx_performance_cycles__d"):
        assert "labels swapped?" in (tmp_path / f"out/{name}_mqc.json").read_text()


def test_motifs_of_the_first_cycle_are_shown_too(tmp_path: Path) -> None:
    inputs = selex(tmp_path)
    many = [unit(number, "Alx4") | {f"direction:{CYCLES[-1]}": "raises"} for number in range(1, 41)]
    model = dataclasses.replace(inputs.models[0], units=many)
    inputs = dataclasses.replace(
        inputs, datasets=(dataclasses.replace(inputs.datasets[0], models=(model,)),)
    )
    rows = scored(*(at / 40 for at in range(40)))
    lines = ["\t".join(rows[0]), *("\t".join(row.values()) for row in rows)]
    (tmp_path / "d.explainn.r1.cycles.tsv").write_text("\n".join(lines) + "\n")
    write_cycles(Page(tmp_path / "out"), inputs, {0: units_of(model, 0)})
    shown = data_of(tmp_path / "out", "nfx_performance_cycles__d")
    aurocs = [row["auroc"] for row in shown.values()]
    assert aurocs[:ROWS] == [at / 40 for at in range(39, 39 - ROWS, -1)]
    assert aurocs[ROWS:] == [at / 40 for at in range(5, -1, -1)]
    assert {row["direction"] for row in shown.values()} == {"↑ raises"}


def test_without_cycles_there_is_no_table_of_them(tmp_path: Path) -> None:
    inputs = inputs_of("pbm", [metric("d", "pearson", 0.5)], [], {})
    write_cycles(Page(tmp_path / "out"), inputs, {0: units_of(inputs.models[0], 0)})
    assert not list((tmp_path / "out").glob("*_mqc.json"))
    assert not (tmp_path / "out/tables/cycles.tsv").exists()


def test_accessibility_shows_profiles_of_regions_and_orientation(tmp_path: Path) -> None:
    scores = [metric(task, "pearson", 0.5) for task in CYCLES]
    scores += [metric("*", "pearson_regions", 0.44), metric("*", "well_predicted", 0.315)]
    inputs = inputs_of("single_cell", scores, [], {}, strand_symmetric=False)
    write_summary(Page(tmp_path / "out"), inputs, {}, [])
    page = str(data_of(tmp_path / "out", "nfx_summary_main"))
    for part in ("all tasks, per region", "Pearson r per region <b>0.44</b>", "0.75): 32 % of 90"):
        assert part in page
    assert "single-cell accessibility" in page and "oriented: the given strand only" in page
