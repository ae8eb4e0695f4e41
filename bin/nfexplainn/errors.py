"""How a script of the pipeline ends: done, a user's mistake, out of memory, or our defect."""

from __future__ import annotations

import errno
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO, cast

from nfexplainn.versions import write_versions

EXIT_USER_ERROR = 1
EXIT_OUT_OF_MEMORY = 137
_ENDLESS = re.compile(r"(\S{200})\S{800,}")
# Controls, marks of direction, lone surrogates, and separators of lines and paragraphs.
_STEERING = ("Cc", "Cf", "Cs", "Zl", "Zp")


def printable(text: str) -> str:
    r"""Show what steers a terminal, or turns or breaks a line, as an escape such as ``\x1b``.

    Line feeds, which part sentences, stay.
    """
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return "".join(
        one if one == "\n" or unicodedata.category(one) not in _STEERING else _escape(one)
        for one in text
    )


def quoted(value: object) -> str:
    r"""Quote a word of a user's in a sentence, with a line feed as ``\n``: it must not part it."""
    return "'" + printable(str(value)).replace("\n", "\\n") + "'"


def _escape(one: str) -> str:
    return one.encode("unicode_escape").decode("ascii")


class UserError(Exception):
    """A mistake that a user can mend.

    Parameters
    ----------
    message : str
        One sentence that names the file, the row, the value and the way out. Several mistakes of
        one input are joined by newlines, a sentence each. What it quotes of a file is shown as
        :func:`printable` text.
    """

    def __init__(self, message: str) -> None:
        # A cell may be as long as a file.
        super().__init__(printable(_ENDLESS.sub(r"\1...", message)))


class UnusableError(Exception):
    """The input is well formed, but no model can be trained on it (a result, not a failure).

    Parameters
    ----------
    reason : str
        Why, in a sentence.
    advice : str
        What to do about it, in a sentence.
    dropped, readings : sequence of tuples
        Of a data set: what was left out, and what was read as what, which may show why.
    """

    def __init__(
        self,
        reason: str,
        advice: str,
        dropped: Sequence[tuple[str, str, int]] = (),
        readings: Sequence[tuple[str, str, str]] = (),
    ) -> None:
        super().__init__(f"{reason} {advice}")
        self.reason = reason
        self.advice = advice
        self.dropped = tuple(dropped)
        self.readings = tuple(readings)


class DivergedError(UnusableError):
    """A training has left the finite numbers; other data sets and replicates are not touched."""


class _OnPage:
    """What a script says: Nextflow shows it in its report as it is, so no tag may begin in it."""

    # Python's own <module> and the like may stay.
    _TAG = re.compile(
        r"<(?=[A-Za-z/!?])(?!(?:module|lambda|string|\w+comp|genexpr|frozen [\w.]+)>)"
    )

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(self._TAG.sub(r"\\u003c", text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _disk_is_full(error: Exception) -> bool:
    """Tell a full disk by its number, or by its text, which libraries put into theirs."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    return any(os.strerror(number) in str(error) for number in (errno.ENOSPC, errno.EDQUOT))


def run_script(main: Callable[[], None]) -> None:
    """Run a script's ``main`` and turn what it raises into the pipeline's exit codes.

    A :class:`UserError`, or an :class:`UnusableError` that the script had no use for, is printed
    without a traceback and ends with 1; host or GPU memory that
    ran out ends with 137, which Nextflow retries with more; a full disk is a sentence and ends with
    1; anything else is a defect of ours and
    keeps its traceback. A script that is done tells the versions of what it has used.
    """
    if not isinstance(sys.stderr, _OnPage):
        sys.stderr = cast(TextIO, _OnPage(sys.stderr))
    # late, since it raises what is defined here
    from nfexplainn.environment import run_with_its_packages

    try:
        run_with_its_packages(main)
        write_versions()
    except (UserError, UnusableError) as error:
        print("\n".join(f"ERROR: {line}" for line in str(error).splitlines()), file=sys.stderr)
        sys.exit(EXIT_USER_ERROR)
    except MemoryError:
        print("ERROR: the machine ran out of memory.", file=sys.stderr)
        sys.exit(EXIT_OUT_OF_MEMORY)
    except Exception as error:
        if _disk_is_full(error):
            place = getattr(error, "filename", None) or Path.cwd()
            print(
                f"ERROR: the disk of {place} is full, or your quota there is used up:"
                " make room, or choose another work folder (-w), then start again with -resume.",
                file=sys.stderr,
            )
            sys.exit(EXIT_USER_ERROR)
        # torch.OutOfMemoryError is a RuntimeError; told by name so that torch need not be imported.
        if type(error).__name__ == "OutOfMemoryError":
            print(f"ERROR: the GPU ran out of memory: {error}", file=sys.stderr)
            sys.exit(EXIT_OUT_OF_MEMORY)
        raise
