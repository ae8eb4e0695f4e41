"""What libraries throw at a broken file, as the sentence that a user reads.

Every reader of a foreign file stands in :func:`reading`, so that a fault of the file is told once,
in one way, whatever library has found it.
"""

from __future__ import annotations

import errno
import gzip
import json
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nfexplainn.errors import UnusableError, UserError

_LONGEST = 200
# What is thrown at compressed files that are damaged or cut short.
PACKED_ERRORS = (zlib.error, gzip.BadGzipFile, EOFError, lzma.LZMAError, zipfile.BadZipFile)
# Defects of ours, which no file can cause.
_OURS = (ImportError, NameError, AssertionError)
# The disk's faults, not the file's.
_DISK = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE)


@contextmanager
def reading(
    name: str, fault: str = "", way_out: str = "download or create it again"
) -> Iterator[None]:
    """Turn what is thrown while a file is read into one sentence that names it.

    Errors of ours pass as they are, and so does memory that ran out: the size that a file claims
    is checked before memory is asked for (:func:`check_size`).

    Parameters
    ----------
    name : str
        The file as the user wrote it, and the place in it where that is known.
    fault : str
        What to say of it, such as ``this is no readable Parquet file``; what was thrown follows in
        brackets. By default it goes by what was thrown.
    way_out : str
        What to do about it.

    Raises
    ------
    UserError
    """
    try:
        yield
    except (UserError, UnusableError, MemoryError):
        raise
    except Exception as error:  # bytes that are wrong make libraries raise just about anything
        # torch.OutOfMemoryError is a RuntimeError; told by name so that torch need not be imported.
        if type(error).__name__ == "OutOfMemoryError" or isinstance(error, _OURS):
            raise
        if isinstance(error, RuntimeError) and "can't allocate memory" in str(error):
            raise MemoryError(str(error)) from error
        raise UserError(f"{name}: {_told(error, fault, way_out)}.") from error
    except BaseException as error:
        # What a library written in Rust throws at a damaged file is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        told = f"{fault} (it is damaged)" if fault else "the file is damaged"
        raise UserError(f"{name}: {told}; {way_out}.") from error


def check_size(name: str, what: str, claimed: int, there: int) -> None:
    """Refuse a size that a file claims and does not have, before memory is asked for.

    Parameters
    ----------
    name : str
        The file as the user wrote it.
    what : str
        The part of it.
    claimed, there : int
        Bytes that it is said to have, and that it can have at most.

    Raises
    ------
    UserError
    """
    if claimed > there:
        raise UserError(
            f"{name}: {what} claims {claimed:,} bytes, but the file holds {there:,} at most for it;"
            " it is damaged or truncated: download or create it again."
        )


def read_json(path: str | Path, name: str) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    UserError
        If the file is none.
    """
    with reading(name, "this is not a readable JSON file", "create it again"):
        values = json.loads(Path(path).read_text(encoding="utf-8"))
    if not isinstance(values, dict):
        raise UserError(f"{name}: this is not a JSON object; put the settings in braces.")
    return values


def reason(error: BaseException) -> str:
    """Give what an error says on one line, without its end, or else its name."""
    text = " ".join(str(error).split()).rstrip(".")
    if isinstance(error, KeyError) and error.args:
        text = " ".join(str(error.args[0]).split()).rstrip(".")
    return text[:_LONGEST] or type(error).__name__


def _told(error: Exception, fault: str, way_out: str) -> str:
    """Say what is wrong with a file, and what to do."""
    if isinstance(error, FileNotFoundError):
        return "there is no such file; check the path"
    if isinstance(error, PermissionError):
        return "you have no permission to read this file; check its permissions"
    if isinstance(error, IsADirectoryError):
        return "this is a folder; give a file"
    if isinstance(error, OSError) and error.errno in _DISK:
        return f"the disk cannot be read or written ({error.strerror}); fix that and run again"
    if isinstance(error, RecursionError):
        return f"{fault or 'the file cannot be read'} (it is nested too deeply); {way_out}"
    if fault:
        return f"{fault} ({reason(error)}); {way_out}"
    if isinstance(error, PACKED_ERRORS):
        return f"the compressed file is damaged or truncated ({reason(error)}); download it again"
    if isinstance(error, UnicodeError):
        return f"the text is damaged ({reason(error)}); save it as UTF-8 and give that"
    return f"the file cannot be read ({reason(error)}); {way_out}"
