"""nf-explainn start-up: what the script `nextflow` at the top of the project runs.

``nextflow ARGUMENTS`` starts Nextflow; ``environment tests`` prints the folder of the Python
environment of the tests; ``check`` compares all that is cached with its digests, and removes what
is broken. The standard library is all that is used here.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from arguments import Request, read
from cache import cache_folder, check
from nextflow import find_nextflow
from plugins import provide_plugins
from say import StartError, say, told
from tools import CONTAINERS, environment

GIGABYTES = 9.0  # torch with its CUDA libraries is nearly all of it


def start_nextflow(arguments: list[str]) -> int:
    """Prepare what the request needs and become Nextflow."""
    request = read(arguments)
    variables = dict(os.environ)
    launcher = find_nextflow()
    variables.update(launcher.variables)
    variables.pop("NFEXPLAINN_ENVIRONMENT", None)
    variables["NXF_CLI"] = " ".join(["nextflow", *arguments])
    if request.plugins:
        provide_plugins(request.plugins, launcher.command, variables)
    if request.engine:
        from image import provide_images

        provide_images(request)
    elif request.runs_here:
        place = environment(CONTAINERS / "requirements.txt", "the Python environment", GIGABYTES)
        # conf/environment.config puts it on the PATH of the tasks, wherever they run
        variables["NFEXPLAINN_ENVIRONMENT"] = str(place)
        variables["PATH"] = f"{place / 'bin'}{os.pathsep}{variables.get('PATH', '')}"
        variables["PYTHONNOUSERSITE"] = "1"  # nothing of the user's own Python mixes in
        for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"):
            variables.pop(name, None)
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
        if words[0] == "check":
            return check_cache()
        lock = CONTAINERS.parent / words[1] / "requirements.txt"
        print(environment(lock, f"the Python environment of the {words[1]}", GIGABYTES))
        return 0
    except StartError as error:
        say(str(error))
        return 1
    except OSError as error:
        say(told(error))
        return 1
    except KeyboardInterrupt:
        say("stopped; nothing half-made is left, and the next start goes on from what is cached")
        return 130


def check_cache() -> int:
    """Compare everything that is cached with its digests; say what was broken."""
    broken = check()
    for sentence in broken:
        say(sentence)
    if not broken:
        say(f"{cache_folder()} is whole")
    return 1 if broken else 0


def _stop(number: int, _frame: object) -> None:
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
