"""The environment with torch, for a script of the core environment that turns out to need it."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from typing import NoReturn

from nfexplainn.errors import UserError

# what the environment with torch holds and the other does not
PACKAGES = ("torch", "umap", "tangermeme", "modiscolite")
# the words that start Python there: conf/environment.config says them in every task
VARIABLE = "NFEXPLAINN_TORCH"


TAKE_TORCH = "fix that, or use --kernel torch, which uses the environment with torch"


def run_with_its_packages(main: Callable[[], None]) -> None:
    """Run a script's ``main``; where it lacks torch or what needs it, start it again with them.

    Tasks that need torch are given it. A configuration of the user's that sets ``beforeScript`` or
    ``container`` may have taken it from them.
    """
    try:
        main()
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in PACKAGES:
            raise
        advice = "do not configure beforeScript or container for this task"
        start_again_with_torch(f"{error.name} is needed here", advice)


def start_again_with_torch(reason: str, advice: str = TAKE_TORCH) -> NoReturn:
    """Start this script again, with its arguments, in the environment with torch.

    Without containers alone, and once; the environment is made first where it is missing. Call it
    before anything was written.

    Parameters
    ----------
    reason : str
        Why torch is needed, without a full stop, such as ``the native kernel cannot be used: ...``.
    advice : str
        What to do where this cannot be done.

    Raises
    ------
    UserError
        If there is no such environment to start, as in a container, or this is it already; or if
        it cannot be started.
    """
    words = shlex.split(os.environ.pop(VARIABLE, ""))
    if not words:
        raise UserError(f"{reason}, but torch is not in this environment or image; {advice}.")
    print(f"{reason}: starting again in the environment with torch", file=sys.stderr, flush=True)
    try:
        os.execvp(words[0], [*words, *sys.argv])
    except OSError as error:  # a container, into which the variable came from the shell outside
        told = f"{words[0]} cannot be started here ({error.strerror})"
        raise UserError(f"{reason}, but {told}; {advice}.") from error
