#!/usr/bin/env python3
"""Print the name of the image that belongs to this checkout; ``--write`` puts it into the settings.

``tag.py peakvi`` prints that of the image of ``--peakvi``.

The tag is a digest of everything that decides the image's content, so that code and image cannot
drift apart: a test compares it with nextflow.config.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = "ghcr.io/nf-explainn/nf-explainn"
NATIVE = "bin/nfexplainn/native"
PEAKVI = ("containers/peakvi/Dockerfile", "containers/peakvi/requirements.txt")
# The two places that hold the default of the parameter NAME
SETTINGS = {
    "nextflow.config": r"(?m)^(\s*NAME\s*=\s*)'[^']*'",
    "nextflow_schema.json": r'("NAME":\s*\{[^{}]*?"default":\s*)"[^"]*"',
}


def image() -> str:
    """Return the full name of the common image with its tag."""
    content = ["containers/Dockerfile", "containers/requirements.txt", f"{NATIVE}/build.py"]
    content += sorted(str(path.relative_to(ROOT)) for path in (ROOT / NATIVE / "source").iterdir())
    return f"{NAME}:{_digest(content)}"


def peakvi_image() -> str:
    """Return the full name of the image of ``--peakvi`` with its tag."""
    return f"{NAME}-peakvi:{_digest(PEAKVI)}"


def _digest(content: Iterable[str]) -> str:
    total = hashlib.sha256()
    for name in content:
        data = (ROOT / name).read_bytes()
        total.update(f"{name} {len(data)}\n".encode() + data)
    return total.hexdigest()[:12]


def write() -> None:
    """Put the names into every file that holds them."""
    images = {"container_image": image(), "peakvi_container": peakvi_image()}
    for (name, pattern), (parameter, value) in itertools.product(SETTINGS.items(), images.items()):
        path = ROOT / name
        quote = "'" if name.endswith(".config") else '"'
        pattern = pattern.replace("NAME", parameter)
        text, changes = re.subn(pattern, rf"\g<1>{quote}{value}{quote}", path.read_text())
        if changes != 1:
            raise SystemExit(f"{name}: expected one place with {parameter}, found {changes}")
        path.write_text(text)


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write()
    print(peakvi_image() if sys.argv[1:] == ["peakvi"] else image())
