"""The motif tables: what stands in a row belongs together, and the tables in one order."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from natsort import natsorted

import report_fixtures as fixtures
from nfexplainn.page.load import load_inputs
from nfexplainn.report.build import build_report


def section(folder: Path, name: str) -> dict[str, Any]:
    return json.loads((folder / f"{name}_mqc.json").read_text())


def rewrite(path: Path, changes: dict[str, str], unit: str) -> None:
    """Change cells of one unit's rows."""
    header, *lines = [line.split("\t") for line in path.read_text().splitlines()]
    for line in lines:
        if line[header.index("unit")] == unit:
            for column, value in changes.items():
                line[header.index(column)] = value
    path.write_text("\n".join("\t".join(line) for line in [header, *lines]) + "\n")


def test_the_task_of_the_effect_in_the_row_is_named_first(tmp_path: Path) -> None:
    tasks = tuple(f"t{number}" for number in range(6))
    fixtures.write_results(tmp_path / "in", (fixtures.Spec("d", tasks=tasks, motifs=("CTCF",)),))
    # First in five tasks; the effect and importance in the row are those of the fifth.
    changes = {f"rank:{task}": "1" for task in tasks[:5]} | {"rank:t5": "9"}
    changes |= {f"effect:{task}": "0.5" for task in tasks}
    changes |= {"effect:t4": "1.25", "importance:t4": "0.75", "importance_n:t4": "70"}
    rewrite(tmp_path / "in" / "d.explainn.units.tsv", changes, "unit_001")
    build_report(load_inputs([tmp_path / "in"], fixtures.PARAMS, {}), tmp_path / "out")
    row = section(tmp_path / "out", "nfx_motifs_d")["data"]["unit_001"]
    assert (row["effect"], row["importance"], row["n"]) == (1.25, 0.75, 70)
    said = re.sub("<.*?>", "", row["tasks"]).replace("&#44;", ",")
    assert said == "t4 1.25 (#1), t0 0.50 (#1), t1 0.50 (#1)"


def test_sections_follow_the_data_sets_with_the_consensus_under_its_own(tmp_path: Path) -> None:
    # MultiQC sorts the sections of a chapter by name, capitals first: leaf would come after WT1.
    specs = [fixtures.Spec(name) for name in ("WT1", "leaf", "ALX4", "s10", "s2")]
    specs += [fixtures.Spec("two", tasks=("a", "b"))]
    fixtures.write_results(tmp_path / "in", specs, replicates=2, units=12)
    for spec in specs:
        write_consensus_of(tmp_path / "in", spec)
    build_report(load_inputs([tmp_path / "in"], fixtures.PARAMS, {}), tmp_path / "out")
    order = ["ALX4", "leaf", "s2", "s10", "two", "WT1"]
    both = [name for one in order for name in (one, f"Consensus: {one}")]
    assert as_multiqc_sorts(tmp_path / "out", "nfx_motifs") == both
    titles = ("two", "All data sets")
    both = [name for one in titles for name in (one, f"Final weights: {one}")]
    assert as_multiqc_sorts(tmp_path / "out", "nfx_site_effects") == both
    assert section(tmp_path / "out", "nfx_summary_main")["section_name"] == "Summary"
    losses = section(tmp_path / "out", "nfx_training_losses")["pconfig"]["data_labels"]
    assert [label["name"] for label in losses] == order


def test_plots_count_no_samples_and_heatmaps_show_numbers_alike(tmp_path: Path) -> None:
    # "27 samples" stood over rows that are motifs.
    specs = [*fixtures.DEMO, fixtures.Spec("wide", tasks=tuple(f"t{n}" for n in range(30)))]
    fixtures.write_results(tmp_path / "in", specs, units=12)
    build_report(load_inputs([tmp_path / "in"], fixtures.PARAMS, {}), tmp_path / "out")
    drawn = [json.loads(path.read_text()) for path in (tmp_path / "out").glob("*_mqc.json")]
    plots = [one for one in drawn if one["plot_type"] not in ("html", "table")]
    assert len(plots) > 5 and all(one["pconfig"]["series_label"] is False for one in plots)
    heatmaps = [one for one in plots if one["plot_type"] == "heatmap"]
    assert len(heatmaps) > 2
    assert len({one["pconfig"]["display_values"] for one in heatmaps}) == 1


def write_consensus_of(folder: Path, spec: fixtures.Spec) -> None:
    row = {"dataset": spec.id, "model": "explainn", "task": spec.tasks[0], "motif": "motif_001"}
    row |= {"effect_share": "1", "found_in": "2", "replicates": "2", "sites": "80", "width": "6"}
    row |= {"information": "9", "consensus": "ACGTAC", "annotation": "", "target_id": ""}
    row |= {"q_value": "", "units": "r1:unit_001"}
    fixtures.table(folder / f"{spec.id}.explainn.consensus.tsv", [row])


def as_multiqc_sorts(folder: Path, chapter: str) -> list[str]:
    """Give the titles of a chapter's sections as they follow each other on the page."""
    found = [section(path.parent, path.name[:-9]) for path in folder.glob("*_mqc.json")]
    names = natsorted(one["section_name"] for one in found if one["parent_id"] == chapter)
    return [re.sub("<!--.*?-->", "", name) for name in names]
