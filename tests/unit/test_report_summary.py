"""The first screen: what is doubtful comes first, and nothing is hidden that somebody must know."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import report_fixtures as fixtures
from nfexplainn.report.build import build_report
from nfexplainn.report.load import load_inputs
from nfexplainn.report.task_blocks import STATES

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
    text = (folder / "out" / "nfx_summary_main_mqc.json").read_text()
    return str(json.loads(text)["data"])


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
    row = row_of(
        json.loads((tmp_path / "out/nfx_summary_main_mqc.json").read_text())["data"], "wide"
    )
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
