"""One case, in a process of its own: stage the files, break one, run the step, tell what came."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import random
import resource
import signal
import sys
import traceback
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from fuzz.changes import SOUND, Change
from fuzz.mutate import mutate
from fuzz.targets import Target

SECONDS = 20
MEMORY = 3 << 30
_BIN = Path(__file__).resolve().parents[2] / "bin"
_SCRIPTS: dict[str, ModuleType] = {}


def load_script(name: str) -> ModuleType:
    """Import a script of ``bin``, once."""
    if name not in _SCRIPTS:
        spec = importlib.util.spec_from_file_location(f"script_{name}", _BIN / f"{name}.py")
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        _SCRIPTS[name] = module
    return _SCRIPTS[name]


def stage(target: Target, pristine: Path, work: Path) -> None:
    """Give a step its files."""
    work.mkdir(parents=True)
    for name in target.files:
        os.link(pristine / name, work / name)
    if target.spec is not None:
        (work / "spec.json").write_text(json.dumps(target.spec))


def change_of(target: Target, pristine: Path, seed: str) -> Change:
    """Make the change of a case; without a seed the file stays as it is."""
    if target.broken == "spec.json":
        data = json.dumps(target.spec).encode()
    else:
        data = (pristine / target.broken).read_bytes()
    if not seed:
        return Change(data, "nothing", SOUND)
    return mutate(target.kind, data, random.Random(seed))


def run_case(target: Target, pristine: Path, folder: Path, seed: str) -> dict[str, Any]:
    """Run a step on a broken file, and tell what came of it."""
    work, temporary = folder / "work", folder / "tmp"
    temporary.mkdir(parents=True)
    os.environ["TMPDIR"] = str(temporary)
    try:
        change = change_of(target, pristine, seed)
    except Exception:
        return {"end": "harness", "said": traceback.format_exc(), "what": "", "expect": ""}
    stage(target, pristine, work)
    broken = work / target.broken
    broken.unlink(missing_ok=True)
    broken.write_bytes(change.data)
    facts = {"what": change.what, "expect": change.expect, "names": change.names}
    (folder / "change.json").write_text(json.dumps(facts))
    before = _names(work)
    os.chdir(work)
    _limit()
    with (folder / "said.txt").open("w") as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
        end = _run(target)
    text = (folder / "said.txt").read_text(errors="replace")
    facts |= end | {"said": end.get("said", text[-3000:])}
    facts |= _results(target, facts["end"])
    made = sorted(_names(work) - before)
    return facts | {"made": made, "left": sorted(_names(temporary))}


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def _limit() -> None:
    size = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Of its own time, so that a busy machine makes no hang; one that waits is ended by the server.
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)


def _prepare(script: ModuleType) -> None:
    script.run_prepare(script.prepare)


def _run(target: Target) -> dict[str, Any]:
    """Run a script as it is run, but for what it may not catch."""
    from nfexplainn.errors import run_script

    script = load_script(target.script)
    sys.argv = [target.script, *target.arguments]
    main = getattr(script, "main", None) or partial(_prepare, script)
    try:
        run_script(main)
    except SystemExit as error:
        return {"end": {1: "refused", 137: "memory"}.get(error.code, "usage")}  # type: ignore[call-overload]
    except BaseException as error:
        frames = traceback.extract_tb(error.__traceback__)
        ours = [f for f in frames if "nfexplainn" in f.filename or f.filename.startswith(str(_BIN))]
        place = f"{Path(ours[-1].filename).name}:{ours[-1].name}" if ours else "?"
        said = "".join(traceback.format_exception(error))
        return {
            "end": "traceback",
            "type": type(error).__name__,
            "place": place,
            "said": said[-3000:],
        }
    return {"end": "done"}


def _results(target: Target, end: str) -> dict[str, Any]:
    """Read the state, and of what is ``ok`` the numbers."""
    out: dict[str, Any] = {"state": "ok" if end == "done" else end, "reason": ""}
    if end == "done" and target.status:
        try:
            status = json.loads(Path(target.status).read_text())
        except (OSError, ValueError) as error:
            return {"state": "no status", "reason": str(error)}
        out = {"state": status["state"], "reason": status["reason"]}
    if end == "done" and Path("R.diverged.json").exists():
        out["state"] = "unusable"
    if out["state"] == "ok":
        with contextlib.suppress(FileNotFoundError):
            out |= _numbers(target)
    return out


def _numbers(target: Target) -> dict[str, Any]:
    """Digest what a step has written, and what it has told of its inputs."""
    import numpy as np

    if target.reads:
        return _outputs(target.reads)
    if target.spec is None:
        digest = hashlib.sha256()
        for pattern in target.results:
            for path in sorted(Path().glob(pattern)):
                digest.update(path.read_bytes())
        # Such a step tells in its log what it left out.
        return {"numbers": digest.hexdigest(), "told": Path("../said.txt").read_text()}
    from nfexplainn.data.dataset import read_dataset

    dataset = read_dataset("d.dataset.parquet")
    tables = [Path(f"d.{name}.tsv").read_text() for name in ("dropped", "readings")]
    told = hashlib.sha256(json.dumps([*tables, dataset.meta.notes]).encode()).hexdigest()
    return {
        "numbers": dataset.digest(),
        "told": told,
        "finite": bool(not np.isinf(dataset.labels).any()),
    }


def _outputs(path: str) -> dict[str, Any]:
    """What a model gives for some sequences."""
    import torch

    from nfexplainn.models.pretrained import read_sources

    (source,) = read_sources([path], dataset_length=60, trust_programs=True)
    torch.manual_seed(1)
    codes = torch.randint(0, 4, (4, source.config.length), dtype=torch.uint8)
    with torch.inference_mode():
        outputs = source.model(codes)
    weights = source.model.state_dict().values()
    finite = all(bool(w.isfinite().all()) for w in weights if w.is_floating_point())
    return {
        "numbers": hashlib.sha256(outputs.numpy().tobytes()).hexdigest(),
        "told": "",
        "finite": finite,
    }
