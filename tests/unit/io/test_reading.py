"""What libraries throw becomes a sentence, and JSON is held to the types of a dataclass."""

from __future__ import annotations

import errno
import gzip
import json
import lzma
import os
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pytest

from nfexplainn.assays.spec import make_options, read_spec
from nfexplainn.errors import UnusableError, UserError
from nfexplainn.io.reading import check_size, read_json, reading
from nfexplainn.io.text import EmptyFileError, read_lines, read_text_lines
from nfexplainn.typed import from_json, typed


class PanicException(BaseException):
    """As a library written in Rust throws it."""


THROWN: dict[str, tuple[BaseException, str]] = {
    "zlib": (zlib.error("Error -3"), "f: the compressed file is damaged or truncated (Error -3)"),
    "gzip": (gzip.BadGzipFile("CRC check failed"), "f: the compressed file is damaged"),
    "cut": (EOFError(), "f: the compressed file is damaged or truncated (EOFError)"),
    "xz": (lzma.LZMAError("Corrupt input data"), "f: the compressed file is damaged"),
    "zip": (
        zipfile.BadZipFile("Bad magic number"),
        "f: the compressed file is damaged or truncated (Bad magic",
    ),
    "text": (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), "f: the text is damaged"),
    "arrow": (pa.ArrowInvalid("Not a Parquet file"), "f: the file cannot be read (Not a"),
    "arrow type": (pa.ArrowNotImplementedError("no such cast"), "f: the file cannot be read"),
    "overflow": (OverflowError("too large"), "f: the file cannot be read (too large)"),
    "struct": (struct.error("unpack requires 8 bytes"), "f: the file cannot be read (unpack"),
    "key": (KeyError("Unable to open object"), "f: the file cannot be read (Unable to open"),
    "deep": (RecursionError("maximum depth"), "f: the file cannot be read (it is nested too"),
    "panic": (PanicException("called `unwrap`"), "f: the file is damaged; download"),
    "several lines": (ValueError("one\n two.\n"), "f: the file cannot be read (one two);"),
    "long": (ValueError("x" * 900), "x); download or create it again."),
    "gone": (FileNotFoundError(2, "No such file"), "f: there is no such file"),
    "forbidden": (PermissionError(13, "denied"), "f: you have no permission to read this file"),
    "folder": (IsADirectoryError(21, "a folder"), "f: this is a folder"),
    "full": (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "f: the disk cannot be read or"),
}


@pytest.mark.parametrize("case", list(THROWN))
def test_what_is_thrown_becomes_a_sentence(case: str) -> None:
    thrown, sentence = THROWN[case]
    with pytest.raises(UserError) as error, reading("f"):
        raise thrown
    assert sentence in str(error.value)
    assert len(str(error.value).splitlines()) == 1 and len(str(error.value)) < 300
    assert error.value.__cause__ is thrown


@pytest.mark.parametrize("case", ["zlib", "panic", "key", "deep"])
def test_a_reader_may_say_what_the_file_should_be(case: str) -> None:
    wanted = pytest.raises(UserError, match=r"^f: this is not a matrix.*; write it again\.$")
    with wanted, reading("f", "this is not a matrix", "write it again"):
        raise THROWN[case][0]


class OutOfMemoryError(RuntimeError):
    """As torch throws it."""


@pytest.mark.parametrize(
    "thrown",
    [
        UserError("f, line 3: no"),
        UnusableError("Few.", "More."),
        MemoryError("48 GiB"),
        OutOfMemoryError("the GPU's"),
        KeyboardInterrupt(),
        SystemExit(3),
    ],
)
def test_what_is_no_fault_of_the_file_passes(thrown: BaseException) -> None:
    with pytest.raises(type(thrown)) as error, reading("f"), reading("g"):
        raise thrown
    assert error.value is thrown


def test_a_mistake_of_who_reads_is_not_the_files() -> None:
    def lines() -> Any:
        with reading("f"):
            yield 1

    with pytest.raises(ZeroDivisionError):
        for _ in lines():
            raise ZeroDivisionError


def test_a_size_is_held_against_what_is_there() -> None:
    check_size("f", "its part", 10, 10)
    with pytest.raises(UserError, match="f: its part claims 11 bytes, but the file holds 10"):
        check_size("f", "its part", 11, 10)


@pytest.mark.parametrize("read", [read_lines, read_text_lines])
@pytest.mark.parametrize("place", [5, 40, 200, -9, -3])
def test_damaged_gzip_is_one_sentence(tmp_path: Path, read: Any, place: int) -> None:
    packed = bytearray(gzip.compress(bytes(range(32, 127)) * 40 + b"\n" * 300, mtime=0))
    packed[place % len(packed)] ^= 0x55
    (tmp_path / "x.gz").write_bytes(packed)
    try:
        found = list(read(tmp_path / "x.gz", "x"))
    except UserError as error:
        assert str(error).startswith("x: ") and len(str(error).splitlines()) == 1
    else:
        assert place == 5 and found  # the time stamp of the header


@pytest.mark.parametrize("read", [read_lines, read_text_lines])
def test_texts_that_no_reader_takes_for_text(tmp_path: Path, read: Any) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"\xef\xbb\xbf")
    with pytest.raises(EmptyFileError, match=r"^x: the file holds only a byte order mark; "):
        list(read(path, "x"))
    table = "barcode,cluster\n" + "CELL0-1,B cell\n" * 9
    path.write_bytes(table.encode("cp500"))
    with pytest.raises(
        UserError, match=r"^x: most of its bytes .* EBCDIC\?\); save it as UTF-8\.$"
    ):
        list(read(path, "x"))
    for text, encoding in (("細胞\n" * 2000, "utf-8"), ("Zellkörper für Rezeptor\n", "latin-1")):
        path.write_bytes(text.encode(encoding))
        assert len(list(read(path, "x"))) == text.count("\n")


@dataclass(frozen=True)
class Settings:
    number: int = 1
    share: float = 0.5
    on: bool = True
    word: str = "a"
    either: str | int | None = None
    names: tuple[str, ...] = ()
    kind: Literal["x", "y"] = "x"


def test_values_are_read_as_their_fields_are() -> None:
    values = {
        "number": 3.0,
        "share": 1,
        "word": 7,
        "either": 2,
        "names": "a, b,",
        "kind": "y",
        "other": [],
        "on": None,
    }
    assert from_json(Settings, values, "f") == Settings(3, 1.0, True, "7", 2, ("a", "b"), "y")
    assert typed(Settings, {"names": [1, "b"], "either": "2"}) == {
        "names": ("1", "b"),
        "either": "2",
    }


WRONG = {
    "number": [True, "3", 1.5, [], {}, 2**70, float("nan"), 10**400],
    "share": [True, "0.5", [], {}, float("inf"), float("nan"), 10**400],
    "on": [0, 1, "true", []],
    "word": [True, [], {}, float("nan")],
    "either": [True, [], {}],
    "names": [True, {}, [["a"]], [True], 1e400],
    "kind": ["z", 1, []],
}


@pytest.mark.parametrize("key", list(WRONG))
def test_values_of_other_types_are_refused(key: str) -> None:
    for value in WRONG[key]:
        with pytest.raises(UserError) as error:
            from_json(Settings, {key: value}, "o.json")
        said = str(error.value)
        assert said.startswith(f"o.json: {key} is ") and "; give " in said and len(said) < 200


def test_all_wrong_options_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        make_options({"width": "wide", "top_n": [], "max_unknown": float("nan")})
    assert [line.split()[0] for line in str(error.value).splitlines()] == [
        "width",
        "top_n",
        "max_unknown",
    ]
    files = [{"name": "a", "path": "a"}]
    spec = {"id": "d", "assay": "peaks", "files": files, "rows": [{"sample": "s", "data": 0}]}
    wrong: list[dict[str, Any]] = [
        {"options": {"width": "wide"}},
        {"rows": [{"sample": "s", "data": 1}]},
        {"rows": [{"sample": "s"}]},
        {"rows": {}},
        {"files": [[]]},
        {"files": 3},
        {"id": 3},
        {"others": [7]},
        {"genome": "g.fa"},
        {"options": []},
    ]
    path = tmp_path / "spec.json"
    for change in wrong:
        path.write_text(json.dumps(spec | change))
        if change == {"rows": {}} or change == {"options": []}:
            read_spec(path)  # none
            continue
        with pytest.raises(UserError, match=r"^spec\.json: "):
            read_spec(path)


@pytest.mark.parametrize("text", ["", "{", "[1]", "3", "[" * 100_000, '{"a": 1e', "\xff"])
def test_json_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "o.json").write_text(text, encoding="latin-1")
    with pytest.raises(
        UserError, match=r"^o\.json: this is not a (readable JSON file|JSON object)"
    ):
        read_json(tmp_path / "o.json", "o.json")


@pytest.mark.parametrize("thrown", [NameError("x"), ImportError("x"), AssertionError()])
def test_a_defect_of_ours_is_no_fault_of_the_file(thrown: Exception) -> None:
    with pytest.raises(type(thrown)), reading("f"):
        raise thrown


def test_memory_that_torch_does_not_get_is_no_fault_of_the_file() -> None:
    with pytest.raises(MemoryError), reading("f"):
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")
