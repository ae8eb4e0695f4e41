#!/usr/bin/env python3
"""Print the name of an image that belongs to this checkout; ``--write`` puts all into the settings.

``tag.py core`` prints that of most steps, ``torch`` that of the steps that need torch, ``peakvi``
that of ``--peakvi``.

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
PARAMETERS = {"core": "container_image", "torch": "torch_container", "peakvi": "peakvi_container"}
# The two places that hold the default of the parameter NAME
SETTINGS = {
    "nextflow.config": r"(?m)^(\s*NAME\s*=\s*)'[^']*'",
    "nextflow_schema.json": r'("NAME":\s*\{[^{}]*?"default":\s*)"[^"]*"',
}


def image(which: str) -> str:
    """Return the full name of an image (core, torch or peakvi) with its tag."""
    content = _recipe(which)
    if which == "core":
        content += [f"{NATIVE}/build.py"]
        sources = (ROOT / NATIVE / "source").iterdir()
        content += sorted(str(path.relative_to(ROOT)) for path in sources)
        return f"{NAME}:{_digest(content)}"
    if which == "torch":  # it is the core image and more
        return f"{NAME}-torch:{_digest(content, image('core'))}"
    return f"{NAME}-{which}:{_digest(content)}"


def _recipe(which: str) -> list[str]:
    return [f"containers/{which}/{name}" for name in ("Dockerfile", "requirements.txt")]


def _digest(content: Iterable[str], base: str = "") -> str:
    total = hashlib.sha256(base.encode())
    for name in content:
        data = (ROOT / name).read_bytes()
        total.update(f"{name} {len(data)}\n".encode() + data)
    return total.hexdigest()[:12]


def write() -> None:
    """Put the names into every file that holds them."""
    images = {parameter: image(which) for which, parameter in PARAMETERS.items()}
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
    elif len(sys.argv) != 2 or sys.argv[1] not in PARAMETERS:
        raise SystemExit(f"tag.py takes one word: {', '.join(PARAMETERS)}, or --write")
    for which in PARAMETERS if sys.argv[1:] == ["--write"] else sys.argv[1:]:
        print(image(which))
