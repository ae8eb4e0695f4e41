#!/usr/bin/env python3
"""Print the name of the image that belongs to this checkout; ``--write`` puts it into the settings.

The tag is a digest of everything that decides the image's content, so that code and image cannot
drift apart: a test compares it with nextflow.config.
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = "ghcr.io/nf-explainn/nf-explainn"
NATIVE = "bin/nfexplainn/native"
# The two places that hold the default of --container_image
SETTINGS = {
    "nextflow.config": r"(?m)^(\s*container_image\s*=\s*)'[^']*'",
    "nextflow_schema.json": r'("container_image":\s*\{[^{}]*?"default":\s*)"[^"]*"',
}


def image() -> str:
    """Return the image's full name with its tag."""
    total = hashlib.sha256()
    content = ["containers/Dockerfile", "containers/requirements.txt", f"{NATIVE}/build.py"]
    content += sorted(str(path.relative_to(ROOT)) for path in (ROOT / NATIVE / "source").iterdir())
    for name in content:
        data = (ROOT / name).read_bytes()
        total.update(f"{name} {len(data)}\n".encode() + data)
    return f"{NAME}:{total.hexdigest()[:12]}"


def write() -> None:
    """Put the name into every file that holds it."""
    for name, pattern in SETTINGS.items():
        path = ROOT / name
        quote = "'" if name.endswith(".config") else '"'
        text, changes = re.subn(pattern, rf"\g<1>{quote}{image()}{quote}", path.read_text())
        if changes != 1:
            raise SystemExit(f"{name}: expected one place with the image's name, found {changes}")
        path.write_text(text)


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write()
    print(image())
