"""The environment with torch, for a script of the core environment that turns out to need it."""

from __future__ import annotations

import os
import shlex
import sys
from typing import NoReturn

from nfexplainn.errors import UserError

# the words that start Python there: conf/environment.config says them in every task
VARIABLE = "NFEXPLAINN_TORCH"


def start_again_with_torch(reason: str) -> NoReturn:
    """Start this script again, with its arguments, in the environment with torch.

    Without containers alone, and once; the environment is made first where it is missing. Call it
    before anything was written.

    Parameters
    ----------
    reason : str
        Why torch is needed, without a full stop, such as ``the native kernel cannot be used: ...``.

    Raises
    ------
    UserError
        If there is no such environment to start, as in a container, or this is it already.
    """
    words = shlex.split(os.environ.pop(VARIABLE, ""))
    if not words:
        raise UserError(
            f"{reason}, but torch is not in this environment or image: mend that, or use"
            " --kernel torch, which takes the environment, or the image, that holds it."
        )
    print(f"{reason}: starting again in the environment with torch", file=sys.stderr, flush=True)
    os.execvp(words[0], [*words, *sys.argv])
