"""Of many data sets: a page each, which says what a report of it alone says, and a short one."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

import report_fixtures as fixtures
from nfexplainn.page.load import load_inputs
from nfexplainn.report.build import build_report
from nfexplainn.report.pages import MANY, build_pages

COUNT = MANY + 2


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of twelve data sets, of which the eleventh was not trained."""
    folder = tmp_path_factory.mktemp("pages")
    fixtures.write_results(folder / "in", fixtures.many(COUNT), replicates=2, units=10)
    inputs = load_inputs([folder / "in"], fixtures.PARAMS, fixtures.VERSIONS)
    build_pages(inputs, folder / "out")
    return folder / "out"


def sections(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.glob("*_mqc*")}


def test_a_page_is_that_of_a_report_of_its_data_set_alone(report: Path, tmp_path: Path) -> None:
    assert len(list((report / "pages").iterdir())) == COUNT
    own = tmp_path / "own"
    own.mkdir()
    for path in (report.parent / "in").rglob("sample_3.*"):
        shutil.copy(path, own)
    build_report(load_inputs([own], fixtures.PARAMS, fixtures.VERSIONS), tmp_path / "alone")
    found = sections(report / "pages" / "sample_3")
    assert len(found) > 8
    assert found == sections(tmp_path / "alone")
    assert not (report / "pages" / "sample_3" / "tables").exists()


def test_tables_hold_all_data_sets(report: Path, tmp_path: Path) -> None:
    inputs = load_inputs([report.parent / "in"], fixtures.PARAMS, fixtures.VERSIONS)
    build_report(inputs, tmp_path)
    one, other = (
        {path.name: path.read_text() for path in (folder / "tables").iterdir()}
        for folder in (report, tmp_path)
    )
    assert len(one) > 5 and one == other


def test_the_short_page_leads_to_each(report: Path) -> None:
    found = sections(report)
    markup = json.loads(found["nfx_summary_main_mqc.json"])["data"]
    links = re.findall(r'href="(pages/[^"]+)\.html"', markup)
    assert sorted(links) == sorted(f"pages/sample_{number}" for number in range(1, COUNT + 1))
    assert all((report / link).is_dir() for link in links)
    assert fixtures.Spec.reason in markup and 'href="overview.html"' in markup
    assert len("".join(found.values())) < 100_000
    assert (report / "methods.html").exists()
