"""The motif tables: what stands in a row belongs together, and the tables in one order."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import report_fixtures as fixtures
from nfexplainn.report.build import build_report
from nfexplainn.report.load import load_inputs


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
