"""nf-explainn start-up: what the script `nextflow` at the top of the project runs.

``nextflow ARGUMENTS`` starts Nextflow; ``environment NAME`` prints the folder of a Python
environment (core, torch or tests), ``python NAME ARGUMENTS`` starts the Python in it, and
``image NAME ENGINE [REGISTRY]`` sees that an engine has an image (core, torch or peakvi), fetched,
or built where no registry has it (``fetch`` does not build it, and ends with 3). ``kernel`` prints
the folder of the compiled kernels. Each makes what is missing. ``check`` compares all that is
cached with its digests, and removes what is broken; ``lock`` writes the locks of the environments
anew. The standard library is all that is used here.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import environments
from arguments import Request, read
from cache import cache_folder, check
from kernel import compiled_kernel, provide_kernel
from nextflow import find_nextflow
from plugins import provide_plugins
from say import StartError, say, told
from tools import LOCKS

USE = (
    "nextflow ..., environment NAME, python NAME ..., image NAME ENGINE [REGISTRY], "
    "fetch NAME ENGINE [REGISTRY], kernel, check or lock"
)
NOT_FETCHED = 3


def start_nextflow(arguments: list[str]) -> int:
    """Prepare what the request needs and become Nextflow."""
    request = read(arguments)
    variables = dict(os.environ)
    launcher = find_nextflow()
    variables.update(launcher.variables)
    for name in ("NFEXPLAINN_ENVIRONMENT", "NFEXPLAINN_TORCH_ENVIRONMENT"):
        variables.pop(name, None)
    # Nextflow knows what else a run needs (validate/engine.nf) and calls this for it
    variables["NFEXPLAINN_STARTUP"] = str(LOCKS / "start.sh")
    variables["NXF_CLI"] = " ".join(["nextflow", *arguments])
    if request.plugins:
        provide_plugins(request.plugins, launcher.command, variables)
    if request.engine:
        from image import provide_named

        provide_named("core", request.engine, request.image, request.registry)
    elif request.runs_here:
        place = environments.provide("core")
        # conf/environment.config puts them on the PATH of the tasks, wherever they run
        variables["NFEXPLAINN_ENVIRONMENT"] = str(place)
        variables["NFEXPLAINN_TORCH_ENVIRONMENT"] = str(environments.place("torch"))
        environments.enter(place, variables)
        variables.update(provide_kernel())
    return _become([*launcher.command, *arguments], variables, request)


def _become(command: list[str], variables: dict[str, str], request: Request) -> int:
    if not request.background or command[0].endswith("nextflow"):  # its launcher knows -bg
        os.execve(command[0], command, variables)
    process = subprocess.Popen(
        command, env=variables, stdin=subprocess.DEVNULL, start_new_session=True
    )
    note = Path(".nextflow.pid")
    try:
        note.write_text(f"{process.pid}\n")
    except OSError as error:  # the run itself goes on
        reason = f"cannot be written ({error.strerror}): the run's process is {process.pid}"
        say(f"{note.resolve()} {reason}")
    return 0


def main(words: list[str]) -> int:
    """Run one request; every failure that has a cause is one sentence and exit 1."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGHUP, _stop)
    try:
        if words[0] == "nextflow":
            return start_nextflow(words[1:])
        return other(words)
    except StartError as error:
        say(str(error))
        return 1
    except OSError as error:
        say(told(error))
        return 1
    except KeyboardInterrupt:
        say("stopped; no partial files are left, and the next start continues from the cache")
        return 130


def other(words: list[str]) -> int:
    """Run a request that does not start Nextflow."""
    match words:
        case ["environment", name]:
            print(environments.provide(name))
        case ["python", name, *arguments]:
            environments.start_python(name, arguments)
        case ["image", name, engine, *registry] if len(registry) < 2:
            from image import provide_image

            provide_image(name, engine, *registry)
        case ["fetch", name, engine, *registry] if len(registry) < 2:
            return fetch(name, engine, *registry)
        case ["kernel"]:
            print(compiled_kernel())
        case ["check"]:
            return check_cache()
        case ["lock"]:
            environments.lock()
        case _:
            raise StartError(f"'{' '.join(words)}' is not a request to start.sh: {USE}")
    return 0


def fetch(name: str, engine: str, *registry: str) -> int:
    """See that an engine has an image, not building it; 1 is left to a start without a Python."""
    from image import provide_image

    try:
        return 0 if provide_image(name, engine, *registry, build=False) else NOT_FETCHED
    except StartError as error:
        say(str(error))
        return NOT_FETCHED


def check_cache() -> int:
    """Compare everything that is cached with its digests; say what was broken."""
    broken = check()
    for sentence in broken:
        say(sentence)
    if not broken:
        say(f"{cache_folder()} is complete")
    return 1 if broken else 0


def _stop(number: int, _frame: object) -> None:
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
