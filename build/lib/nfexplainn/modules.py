"""Find modules by their place: what lies in a folder of its own needs to be listed nowhere."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType


def find_modules(pattern: str) -> list[ModuleType]:
    """Import the modules of the package that a pattern names, in the order of their names.

    Parameters
    ----------
    pattern : str
        Such as ``nfexplainn.analyses.*.report``; write it out where this is called, as
        ``assets/generate.py`` reads it there for the list of files of code of a step.
    """
    before, _, after = pattern.partition(".*")
    folder = Path(__file__).parent.parent / before.replace(".", "/")
    places = sorted(folder.glob(f"*{after.replace('.', '/')}.py"))
    names = [place.relative_to(folder).with_suffix("").parts for place in places]
    return [
        importlib.import_module(f"{before}.{'.'.join(parts)}")
        for parts in names
        if parts[-1] != "__init__"
    ]
