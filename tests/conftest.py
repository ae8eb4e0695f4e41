"""Fixtures for all tests."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

# Small tensors gain nothing from threads, and threads that wait for a core cost much.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# So that what these assert tells what it found, as in a test.
pytest.register_assert_rewrite("assay_fixtures", "shuffle_fixtures")

ROOT = Path(__file__).resolve().parent.parent


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """
    Name files given as bytes by their argument: what a packer writes holds the time of day.

    Workers that collect at different times would otherwise name one test in two ways.
    """
    return argname if isinstance(val, bytes) else None


# Folders whose files take minutes each: begun last, one would run beside an idle core.
LONGEST = ("pipeline", "fuzz", "startup", "benchmarks")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest; two processes share them evenly then."""
    tests = ROOT / "tests"

    def place(item: pytest.Item) -> int:
        top = item.path.relative_to(tests).parts[0] if item.path.is_relative_to(tests) else ""
        return LONGEST.index(top) if top in LONGEST else len(LONGEST)

    items.sort(key=place)


@pytest.fixture(scope="session")
def root() -> Path:
    """Top folder of the project."""
    return ROOT


@pytest.fixture(scope="session")
def browser() -> str:
    """Chromium, for the pages that a run leaves."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if not found:
        # Where the tests prepare the machine themselves, the browser was meant to be there.
        say = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        say("needs Chromium (Debian: apt-get install chromium)")
    return str(found)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder with the real data sets, or a skip that says what is missing."""
    return _shared_folder("NFEXPLAINN_TEST_DATA", "data")


@pytest.fixture(scope="session")
def fixtures_dir() -> Path:
    """Folder with real outputs of MEME Suite programs, or a skip that says what is missing."""
    return _shared_folder("NFEXPLAINN_TEST_FIXTURES", "fixtures")


@pytest.fixture(scope="session")
def field_dir() -> Path:
    """Folder with inputs in the form of public reports, or a skip that says what is missing."""
    return _shared_folder("NFEXPLAINN_TEST_FIELD", "field")


def _shared_folder(variable: str, name: str) -> Path:
    folder = Path(os.environ.get(variable, ROOT.parent / "shared" / name))
    if not folder.is_dir():
        pytest.skip(f"needs the real data in {folder} (or where {variable} says)")
    return folder
