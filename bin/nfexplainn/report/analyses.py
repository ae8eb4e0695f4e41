"""The parts of the page that the analyses write; each is found in its folder."""

from __future__ import annotations

import importlib
from pathlib import Path

import nfexplainn.analyses
from nfexplainn.page.chapters import Part

# Every folder of this form; assets/generate.py reads it for the list of files of code.
_MODULES = "nfexplainn.analyses.*.report"


def analysis_parts() -> list[Part]:
    """Give the part of every analysis, in the order of their names."""
    folder = Path(nfexplainn.analyses.__path__[0])
    names = sorted(path.parent.name for path in folder.glob("*/report.py"))
    parts: list[Part] = [
        importlib.import_module(_MODULES.replace("*", name)).PART for name in names
    ]
    return parts
