#!/usr/bin/env python3
"""Write what Groovy needs to know of the Python code into ``assets/steps.json``.

Run it after a change of imports, scripts or modules: ``python assets/generate.py``. A test holds
the file. With one's own Nextflow and Docker no Python runs beside Nextflow, so Groovy reads this.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / "bin"
PACKAGE = "nfexplainn"
# what Python, its checkers and a compiler leave beside the code
_LEFT_BEHIND = re.compile(r"__pycache__|/\.|\.(pyc|so)$")


def process_scripts(root: Path = ROOT) -> dict[str, list[str]]:
    """Find the scripts that every process starts.

    Parameters
    ----------
    root : Path
        Top folder of the project.

    Returns
    -------
    dict of str to list of str
        Names in ``bin/`` by the name of the process. A process whose script depends on the assay
        stands there under the names that it is included by, such as ``PEAKS_PREPARE``.
    """
    texts = [path.read_text(encoding="utf-8") for path in sorted((root / "modules").rglob("*.nf"))]
    names = [
        path.read_text(encoding="utf-8") for path in sorted((root / "subworkflows").rglob("*.nf"))
    ]
    found: dict[str, list[str]] = {}
    for text in texts:
        (process,) = re.findall(r"^process (\w+) \{", text, re.MULTILINE)
        scripts = re.findall(r"^ +(\w+(?:\$\{meta\.assay\})?\.py) ", text, re.MULTILINE)
        for script in dict.fromkeys(scripts):
            if "$" not in script:
                found.setdefault(process, []).append(script)
                continue
            for alias in re.findall(rf"include {{ {process} as (\w+) }}", "\n".join(names)):
                assay = alias.removesuffix("_PREPARE").lower()
                found[alias] = [script.replace("${meta.assay}", assay)]
    return dict(sorted(found.items()))


def files_of(scripts: list[str], root: Path = ROOT) -> list[str]:
    """List the files that scripts read as code, imported at once or late.

    Parameters
    ----------
    scripts : list of str
        Names in ``bin/``.
    root : Path
        Top folder of the project.

    Returns
    -------
    list of str
        Relative to `root`, sorted: the scripts; the modules that they import, directly or not;
        in their packages what is not Python (kernel sources, style sheets); the assets that they
        name.
    """
    todo = [root / "bin" / script for script in scripts]
    seen: set[Path] = set()
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        todo += [found for found in _imported(path, root) if found not in seen]
        if path.name == "__init__.py":
            seen |= set(_beside(path.parent))
    return sorted(str(path.relative_to(root)) for path in seen)


def _imported(path: Path, root: Path) -> Iterator[Path]:
    """Yield the files of the package that a module names in imports or in texts, and its assets."""
    if path.suffix != ".py":
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            base = node.module or ""
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.ImportFrom):
            raise SystemExit(
                f"{path}: a relative import, which this does not follow; name it whole."
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names = [node.value]  # what importlib is given
        elif isinstance(node, ast.BinOp):
            yield from _assets(node, root)
        for name in names:
            if name == PACKAGE or name.startswith(f"{PACKAGE}."):
                yield from _module(name, root)


def _module(name: str, root: Path) -> Iterator[Path]:
    """Yield the file of a module and those of the packages round it; none of what is no module.

    A ``*`` stands for every folder or module at its place.
    """
    if "*" in name:
        before, _, after = name.partition(".*")
        for place in sorted((root / "bin" / before.replace(".", "/")).iterdir()):
            yield from _module(f"{before}.{place.stem}{after}", root)
        return
    if not re.fullmatch(r"[\w.]+", name):
        return
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        place = root / "bin" / Path(*parts[:length])
        for candidate in (place / "__init__.py", place.with_suffix(".py")):
            if candidate.is_file():
                yield candidate


def _beside(package: Path) -> Iterator[Path]:
    """Yield the files of a package that are not Python, those of packages within it left out."""
    for path in sorted(package.iterdir()):
        if _LEFT_BEHIND.search(f"/{path.name}"):
            continue
        if path.is_dir() and not (path / "__init__.py").exists():
            yield from _beside(path)
        elif path.is_file() and path.suffix != ".py":
            yield path


def _assets(node: ast.BinOp, root: Path) -> Iterator[Path]:
    """Yield the files of a path that is written as ``... / "assets" / "motifs"``."""
    parts: list[str] = []
    left: ast.expr = node
    while isinstance(left, ast.BinOp) and isinstance(left.op, ast.Div):
        if not (isinstance(left.right, ast.Constant) and isinstance(left.right.value, str)):
            return
        parts.insert(0, left.right.value)
        left = left.left
    if parts[:1] == ["assets"]:
        place = root.joinpath(*parts)
        if place.is_file():
            yield place
        elif place.is_dir():
            yield from (path for path in sorted(place.rglob("*")) if path.is_file())


def steps(root: Path = ROOT) -> dict[str, list[str]]:
    """Give the files of code of every process, by its name."""
    return {name: files_of(scripts, root) for name, scripts in process_scripts(root).items()}


def text(root: Path = ROOT) -> str:
    """Give the content of ``assets/steps.json``."""
    return json.dumps({"code": steps(root)}, indent=1) + "\n"


if __name__ == "__main__":
    (ROOT / "assets" / "steps.json").write_text(text(), encoding="utf-8")
