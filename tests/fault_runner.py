"""Read broken files in processes of their own, since a reader may end its process.

``python tests/fault_runner.py`` reads a JSON list of cases from its input, and writes one of what
happened. Packages are loaded once; each case is a fork.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import resource
import signal
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bin"))

_SECONDS = 60
_MEMORY = 6 << 30


def _prepare(folder: Path) -> dict[str, Any]:
    """Run the step that prepares a data set, as its script does."""
    import nfexplainn.assays.spec as step

    os.chdir(folder)
    assay = json.loads(Path("spec.json").read_text())["assay"]
    sys.argv = ["prepare", "--spec", "spec.json"]
    step.run_prepare(importlib.import_module(f"nfexplainn.assays.{assay}").prepare)
    status = json.loads(Path("d.status.json").read_text())
    return {"state": status["state"], "said": status["reason"]}


def _options(folder: Path) -> dict[str, Any]:
    """Read the options of a step."""
    from nfexplainn.assays.spec import make_options

    options = json.loads((folder / "o.json").read_text())
    return {"state": "ok", "said": repr(make_options(options, 1))}


def _checkpoint(folder: Path) -> dict[str, Any]:
    """Read a model of ours."""
    from nfexplainn.models.checkpoint import load_model

    found = sorted(folder.glob("*.safetensors"))[0]
    return {"state": "ok", "said": repr(load_model(found).header)}


def _pretrained(folder: Path) -> dict[str, Any]:
    """Read a model that may be foreign."""
    from nfexplainn.models.pretrained import check_readable, read_sources

    found = sorted(folder.glob("*.pt*"))[0]
    check_readable(found)
    return {"state": "ok", "said": repr(read_sources([found], dataset_length=200))}


KINDS = {
    "prepare": _prepare,
    "options": _options,
    "checkpoint": _checkpoint,
    "pretrained": _pretrained,
}


def _run(kind: str, folder: Path) -> dict[str, Any]:
    """Run a case, and say how it ended."""
    from nfexplainn.errors import UserError

    before = set(folder.iterdir())
    try:
        result = KINDS[kind](folder)
    except UserError as error:
        result = {"state": "error", "said": str(error)}
    except BaseException as error:
        said = "".join(traceback.format_exception(error)[-3:])
        result = {"state": "traceback", "said": said}
    result["left"] = sorted(path.name for path in set(folder.iterdir()) - before)
    return result


def _forked(kind: str, folder: Path) -> dict[str, Any]:
    """Run a case in a fork."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        limit = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (limit + _MEMORY, limit + _MEMORY))
        signal.alarm(_SECONDS)
        with contextlib.redirect_stdout(io.StringIO()):
            result = _run(kind, folder)
        with os.fdopen(write, "w") as pipe:
            json.dump(result, pipe)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    status = os.waitpid(child, 0)[1]
    if not text:
        return {"state": "crash", "said": f"wait status {status}", "left": []}
    result: dict[str, Any] = json.loads(text)
    return result


def run_cases(cases: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """Run cases, each of a kind and a folder, in forks of one process that is not this one.

    Returns
    -------
    list of dict
        ``state`` (``ok``, ``error``, ``unusable``, ``traceback`` or ``crash``), ``said``, and the
        files that were ``left`` in the folder.
    """
    command = [sys.executable, str(Path(__file__).resolve())]
    text = json.dumps(cases)
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    results: list[dict[str, Any]] = json.loads(done.stdout)
    return results


def main() -> None:
    """Run all cases of the input."""
    cases = json.load(sys.stdin)
    kinds = {kind for kind, _ in cases}
    for module in ("assays.spec", "assays.accessibility", "assays.matrix", "assays.single_cell"):
        importlib.import_module(f"nfexplainn.{module}")
    if kinds & {"checkpoint", "pretrained"}:
        importlib.import_module("nfexplainn.models.pretrained")
    json.dump([_forked(kind, Path(folder)) for kind, folder in cases], sys.stdout)


if __name__ == "__main__":
    main()
