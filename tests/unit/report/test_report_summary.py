"""The first screen: what is doubtful comes first, and nothing is hidden that somebody must know."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import report_fixtures as fixtures
from nfexplainn.page.load import load_inputs
from nfexplainn.page.task_blocks import STATES
from nfexplainn.report.build import build_report
from nfexplainn.report.summary import held_out_part

YEAST = fixtures.DEMO[5]
OWN = "There are only 17 positives in the test part."


def judged(states: dict[str, str]) -> dict[str, Any]:
    return {task: {"verdict": state, "reason": f"{task}: {OWN}"} for task, state in states.items()}


def page_of(folder: Path, specs: tuple[fixtures.Spec, ...], **verdicts: dict[str, Any]) -> str:
    """Write the results with changed verdicts, and give the summary's HTML."""
    fixtures.write_results(folder / "in", specs)
    for dataset, more in verdicts.items():
        path = folder / "in" / f"{dataset}.explainn.verdict.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | more))
    build_report(load_inputs([folder / "in"], fixtures.PARAMS, {}), folder / "out")
    return str(data_of(folder / "out", "nfx_summary_main"))


def data_of(folder: Path, name: str) -> Any:
    return json.loads((folder / f"{name}_mqc.json").read_text())["data"]


def row_of(markup: str, dataset: str) -> str:
    rows = re.findall(r"<tr.*?</tr>", markup.partition("<tbody>")[2])
    return next(row for row in rows if f">{dataset}</" in row)


def names(row: str) -> list[str]:
    return re.findall(r'"nfx-taskname">([^<]*)<', row)


def test_the_weak_task_comes_first_with_its_badge_and_its_own_reason(tmp_path: Path) -> None:
    # As many tasks as make the page short of room: three fit, and the weak one is the last.
    states = {"Abf1": "usable", "Cbf1": "usable", "Rap1": "usable", "Reb1": "weak"}
    wide = fixtures.Spec("wide", tasks=tuple(f"t{n}" for n in range(12)))
    markup = page_of(tmp_path, (YEAST, wide), yeast_promoters={"tasks": judged(states)})
    row = row_of(markup, "yeast_promoters")
    assert names(row)[0] == "Reb1" and len(names(row)) == 3
    head, _, rest = row.partition(">Reb1<")[2].partition(f"Reb1: {OWN}")
    assert "</span> weak</span>" in head and "REB1" in head
    assert "weak" not in rest and OWN not in rest
    assert "1 more task:" in rest


def test_unusable_tasks_stand_before_weak_ones_and_leave_room_for_a_usable_one(
    tmp_path: Path,
) -> None:
    tasks = tuple(f"t{n}" for n in range(16))
    states = dict.fromkeys(tasks, "weak") | {"t9": "unusable", "t15": "usable"}
    wide = fixtures.Spec("wide", tasks=tasks)
    row = row_of(page_of(tmp_path, (wide,), wide={"tasks": judged(states)}), "wide")
    assert names(row) == ["t9", "t0", "t15"]
    assert "13 more tasks (13 of them weak):" in row


def test_the_scores_give_every_task_its_verdict_and_the_reason_of_a_doubt(tmp_path: Path) -> None:
    tasks = tuple(f"t{n}" for n in range(16))
    states = dict.fromkeys(tasks, "usable") | {"t9": "unusable", "t15": "weak"}
    specs = (fixtures.Spec("wide", tasks=tasks), fixtures.DEMO[1])
    page_of(tmp_path, specs, wide={"tasks": judged(states)})
    rows = data_of(tmp_path / "out", "nfx_performance_scores")
    said = {name: re.sub("<.*?>", "", row["verdict"]) for name, row in rows.items()}
    words = {f"wide · {task}": STATES[state][1] for task, state in states.items()}
    assert said == {"OCT4": "usable", **words}
    assert OWN in rows["wide · t9"]["note"] and OWN in rows["wide · t15"]["note"]
    assert [name for name, row in rows.items() if row["note"]] == ["wide · t9", "wide · t15"]


def test_a_single_task_does_not_say_its_verdict_twice(tmp_path: Path) -> None:
    weak = {"verdict": "weak", "tasks": judged({"bound": "weak"})}
    row = row_of(page_of(tmp_path, fixtures.DEMO[1:2], OCT4=weak), "OCT4")
    assert row.count("nfx-badge") == 1 and OWN not in row


def test_tasks_of_the_same_motifs_are_joined(tmp_path: Path) -> None:
    # The last task knows one motif, the others know the other one, all alike.
    spec = fixtures.Spec("wide", tasks=tuple(f"t{n}" for n in range(6)), motifs=("CTCF", "MAFK"))
    fixtures.write_results(tmp_path / "in", (spec,))
    path = tmp_path / "in" / "wide.explainn.units.tsv"
    header, *lines = [line.split("\t") for line in path.read_text().splitlines()]
    kinds = {name.partition(":")[0] for name in header if ":" in name}
    for line in lines:
        known = dict(zip(header, line, strict=True))
        for task in spec.tasks:
            for kind in kinds:
                source = "t1" if task == "t5" else "t0"
                line[header.index(f"{kind}:{task}")] = known[f"{kind}:{source}"]
    lines.insert(0, header)
    path.write_text("\n".join("\t".join(line) for line in lines) + "\n")
    build_report(load_inputs([tmp_path / "in"], fixtures.PARAMS, {}), tmp_path / "out")
    row = row_of(data_of(tmp_path / "out", "nfx_summary_main"), "wide")
    blocks = row.split('<div class="nfx-task')[1:]
    assert [names(block) for block in blocks] == [[f"t{n}" for n in range(5)], ["t5"]]
    assert ["CTCF" in block and "MAFK" not in block for block in blocks] == [True, False]
    assert all(block.count("AUPRC <b>") == len(names(block)) for block in blocks)


def test_documentation_gives_each_verdict_as_the_page_and_as_the_files_write_it(
    root: Path,
) -> None:
    text = " ".join((root / "docs/output.md").read_text().split())
    for literal, (_, words) in STATES.items():
        assert f"*{words}* (`{literal}`)" in text


def test_every_verdict_has_its_next_step_and_how_to_read_the_page(tmp_path: Path) -> None:
    # A page that is short of room, too.
    wide = fixtures.Spec("wide", tasks=tuple(f"t{n}" for n in range(12)))
    markup = page_of(tmp_path, (YEAST, wide), wide={"advice": "Trust <all>."})
    assert "<b>Next:</b> Trust &lt;all&gt;." in row_of(markup, "wide")
    assert markup.count("<b>Next:</b>") == 2
    assert "<code>docs/output.md</code>" in markup.partition("<table")[0]


def test_links_lead_to_the_sections_that_they_promise(tmp_path: Path) -> None:
    wide = fixtures.Spec("wide", tasks=tuple(f"t{n}" for n in range(16)))
    row = row_of(page_of(tmp_path, (YEAST, wide)), "wide")
    links = dict(re.findall(r'<a href="#(\w+)"[^>]*>([^<]*)<', row))
    assert links == {"nfx_motifs_wide": "motifs", "nfx_performance_scores": "scores"}
    assert '<a href="#nfx_motifs_wide" title="Its motif table">wide</a>' in row
    for section in links:
        assert (tmp_path / "out" / f"{section}_mqc.json").is_file()


def test_on_a_long_page_the_link_leads_to_the_table_of_all(tmp_path: Path) -> None:
    markup = page_of(tmp_path, fixtures.many(15))
    assert 'href="#nfx_motifs_all_data_sets"' in row_of(markup, "sample_1")


def test_a_data_set_says_what_it_was_tested_on_unless_that_is_random() -> None:
    given = {"split_by": "given", "split_column": None, "split_at_random": ["valid"]}
    column = given | {"split_column": "species"}
    old = {"extra": {"split_by": "given"}, "notes": ["The sheet gives no valid and test part: it"]}
    for meta, said in (
        ({}, ""),
        ({"extra": {"split_by": "random"}}, ""),
        ({"extra": {"split_by": "chromosome", "test_chromosomes": ["chr8", "chr9"]}}, "chr8 and"),
        ({"extra": {"split_by": "chromosome", "test_chromosomes": list("12345")}}, "5 chromosomes"),
        ({"extra": given, "assay": "pbm"}, "another array"),
        ({"extra": given, "assay": "sequences"}, "the test part of the sheet"),
        ({"extra": given | {"split_at_random": ["valid", "test"]}}, ""),
        (old, ""),
        ({"extra": column}, "the test part of column species"),
        ({"extra": column | {"split_groups": {"valid": [], "test": ["At"]}}}, "At (column"),
    ):
        assert held_out_part(meta).startswith(said) and bool(held_out_part(meta)) == bool(said), (
            meta
        )


def test_arrows_tell_which_way_the_motif_works(tmp_path: Path) -> None:
    fixtures.write_results(tmp_path / "in", fixtures.DEMO[:1])
    path = tmp_path / "in" / "MAFK.explainn.units.tsv"
    header, *lines = [line.split("\t") for line in path.read_text().splitlines()]
    place = header.index("direction:bound")
    for line in lines:
        line[place] = {"unit_001": "lowers", "unit_002": "raises"}.get(
            line[header.index("unit")], ""
        )
    path.write_text("\n".join("\t".join(line) for line in [header, *lines]) + "\n")
    build_report(load_inputs([tmp_path / "in"], fixtures.PARAMS, {}), tmp_path / "out")
    row = row_of(data_of(tmp_path / "out", "nfx_summary_main"), "MAFK")
    table = data_of(tmp_path / "out", "nfx_motifs_mafk")
    first, second = row.split('<div class="nfx-motif">')[1:]
    assert "<b>MAFK</b>" in first and "↓" in first and "prediction is lower" in first
    assert "<b>NFE2L2</b>" in second and "↑" in second and "prediction is higher" in second
    assert "↓" in table["unit_001"]["motif"] and "prediction is lower" in table["unit_001"]["motif"]
    assert "↑" in table["unit_002"]["motif"]
    assert all("nfx-arrow" not in table[unit]["motif"] for unit in list(table)[2:])


def test_results_without_directions_are_still_shown(tmp_path: Path) -> None:
    fixtures.write_results(tmp_path / "in", fixtures.DEMO[:1])
    path = tmp_path / "in" / "MAFK.explainn.units.tsv"
    lines = [line.split("\t") for line in path.read_text().splitlines()]
    keep = [i for i, name in enumerate(lines[0]) if not re.match("direction|site_effect", name)]
    assert len(keep) < len(lines[0])
    path.write_text("\n".join("\t".join(line[i] for i in keep) for line in lines) + "\n")
    build_report(load_inputs([tmp_path / "in"], fixtures.PARAMS, {}), tmp_path / "out")
    markup = data_of(tmp_path / "out", "nfx_summary_main")
    assert "<b>MAFK</b>" in markup and 'class="nfx-arrow"' not in markup


def test_every_verdict_has_a_colour_under_its_white_words(root: Path) -> None:
    style = (root / "bin/nfexplainn/report/page.css").read_text()
    coloured = re.findall(r"([^{}]*)\{[^}]*background: #", style)
    named = {name for rule in coloured for name in re.findall(r"\.nfx-(\w+)", rule)}
    assert set(STATES) <= named
