"""Archives that torch saves: ZIP files of a pickle and of the bytes of its tensors.

torch believes the sizes that the pickle claims, and reads (or ends by) the memory behind a part
that holds less; so both are held against each other first. Nothing of the pickle is run for that.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nfexplainn.io.reading import check_size, reading
from nfexplainn.models.weights import WAY_OUT

# Pickles whose tensors a program or a checkpoint has; TorchScript keeps constants by themselves.
_PICKLES = ("data", "constants")
# Bytes of a number by the name of its storage; those of an untyped one, and of others, are 1.
_BYTES = {
    "ComplexDoubleStorage": 16,
    **dict.fromkeys(("DoubleStorage", "LongStorage", "ComplexFloatStorage"), 8),
    **dict.fromkeys(("FloatStorage", "IntStorage", "QInt32Storage"), 4),
    **dict.fromkeys(("HalfStorage", "BFloat16Storage", "ShortStorage"), 2),
}


def check_archive(path: str | Path) -> None:
    """Refuse an archive of torch of which a part is damaged, or shorter than its tensor.

    Raises
    ------
    UserError
    """
    with reading(str(path), "this is not a readable checkpoint", WAY_OUT):
        if not zipfile.is_zipfile(path):
            return
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
            if damaged is not None:
                raise ValueError(f"its part {damaged} is damaged")
            held = {part.filename: part.file_size for part in archive.infolist()}
            for part, claimed in _claims(archive):
                if part in held:  # torch itself tells of one that is not there
                    check_size(str(path), f"its part {part}", claimed, held[part])


def _claims(archive: zipfile.ZipFile) -> Iterator[tuple[str, int]]:
    """Give the parts that the pickles of an archive name, with the bytes that each is to have."""
    for name in archive.namelist():
        folder, _, kind = name.removesuffix(".pkl").rpartition("/")
        if not name.endswith(".pkl") or kind not in _PICKLES or "/" in folder:
            continue
        unpickler = _Storages(io.BytesIO(archive.read(name)))
        try:
            unpickler.load()
        except MemoryError as error:
            raise ValueError(f"its part {name} claims more memory than there is") from error
        for key, claimed in unpickler.found:
            yield f"{folder}/{kind}/{key}", claimed


class _Inert:
    """What stands for every class and function of a pickle: it does nothing."""

    def __new__(cls, *_args: Any, **_named: Any) -> _Inert:
        return object.__new__(cls)

    def __init__(self, *_args: Any, **_named: Any) -> None: ...

    def __setstate__(self, _state: Any) -> None: ...

    def __setitem__(self, _key: Any, _value: Any) -> None: ...

    def append(self, _value: Any) -> None: ...

    def extend(self, _values: Any) -> None: ...


class _Storages(pickle.Unpickler):
    """Collect the storages of a pickle of torch, and call nothing that it names."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.found: list[tuple[str, int]] = []

    def find_class(self, _module: str, name: str) -> Any:
        return type(name, (_Inert,), {})

    def persistent_load(self, pid: Any) -> Any:
        if isinstance(pid, tuple) and len(pid) == 5 and pid[0] == "storage":
            _, kind, key, _, count = pid
            size = _BYTES.get(getattr(kind, "__name__", ""), 1)
            self.found.append((str(key), int(count) * size))
        return _Inert()
