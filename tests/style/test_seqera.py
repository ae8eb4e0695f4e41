"""What Seqera Platform reads: tower.yml, and the schema of which it makes its launch form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

# All that is, or may be, a file or folder.
PATHS = """
input outdir apply genome igenomes_base blacklist labels regions clusters barcodes negatives
motif_db initial_motifs explain variants hits predict mode_clusters pretrained conditions
custom_config_base
"""


def properties(root: Path) -> dict[str, dict[str, Any]]:
    groups = json.loads((root / "nextflow_schema.json").read_text())["$defs"].values()
    return {name: one for group in groups for name, one in group["properties"].items()}


def test_reports_are_files_of_the_results(root: Path) -> None:
    """A test of whole runs finds those of every run (tests/pipeline/test_runs.py)."""
    reports = yaml.safe_load((root / "tower.yml").read_text())["reports"]
    page = (root / "docs" / "output.md").read_text()
    tables = page.partition("\n## `tables/`\n")[2].partition("\n## ")[0]
    assert next(iter(reports)) == "multiqc_report.html"
    for name, entry in reports.items():
        assert set(entry) <= {"display", "mimeType"} and entry["display"]
        known = f"| `{Path(name).name}`" in tables if name.startswith("tables/") else name in PAGES
        assert known, name


PAGES = ("multiqc_report.html", "overview.html", "pages/*.html", "pipeline_info/methods.html")


def test_every_path_has_its_button(root: Path) -> None:
    """Formats make the form offer files; endings are left open, since content decides."""
    known = properties(root)
    formats = {"file-path", "directory-path", "path"}
    found = {name for name, one in known.items() if one.get("format") in formats}
    assert found == set(PATHS.split())
    assert all(known[name]["minLength"] == 1 for name in found)
    # A word may stand there, or a folder, so that no file is looked for under that name.
    either = {name for name in found if known[name]["format"] == "path"}
    assert either == {"negatives", "initial_motifs", "hits", "pretrained"}


def test_form_offers_sheets_and_hides_what_starts_nothing(root: Path) -> None:
    known = properties(root)
    assert known["input"]["mimetype"] == "text/csv"
    assert (root / known["input"]["schema"]).is_file()
    assert {name for name, one in known.items() if one.get("hidden")} == {"help", "version"}


def test_every_group_of_the_form_has_a_heading(root: Path) -> None:
    schema = json.loads((root / "nextflow_schema.json").read_text())
    assert [one["$ref"] for one in schema["allOf"]] == [
        f"#/$defs/{name}" for name in schema["$defs"]
    ]
    assert all(isinstance(one["type"], str) for one in properties(root).values())  # no unions
    assert all(group["title"] and group["description"] for group in schema["$defs"].values())
