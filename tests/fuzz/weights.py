"""Changes of model files: safetensors of ours, and archives that torch saves."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Callable
from typing import Any

from fuzz.changes import ANY, REFUSE, SAME, Change

_HOSTILE: tuple[Any, ...] = (
    *(None, True, 0, -1, 2.5, 2**31, 2**63, 10**30, "", "abc", "3", [], {}, [1], {"a": 1}, 1e308),
    *(float("nan"), float("inf"), "é" * 300, [[[]]], "../x", "\x00"),
)


def _parts(data: bytes) -> tuple[dict[str, Any], bytes]:
    size = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + size]), data[8 + size :]


def _whole(header: Any, body: bytes) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + body


def header_of_safetensors(data: bytes, rng: random.Random) -> Change:
    """Let the header be untrue."""
    header, body = _parts(data)
    names = sorted(set(header) - {"__metadata__"})
    name = rng.choice(names)
    entry = header[name]
    what = rng.choice(
        ("dtype", "shape", "offsets", "gone", "renamed", "size", "text", "deep", "twice")
    )
    if what == "dtype":
        entry["dtype"] = rng.choice(("F64", "F16", "I32", "BOOL", "F8_E4M3", "X", 3))
    elif what == "shape":
        shapes = ([], [2**62, 4], [-1], [1.5], "x", [*entry["shape"], 1], [0])
        # A count of batches has the shape [], and would stay as it is.
        entry["shape"] = rng.choice([shape for shape in shapes if shape != entry["shape"]])
    elif what == "offsets":
        entry["data_offsets"] = rng.choice(([0, 2**63], [4, 0], [-4, 0], [0], [0, len(body)], "x"))
    elif what == "gone":
        del header[name]
    elif what == "renamed":
        header[name + "x"] = header.pop(name)
    elif what == "size":
        size = rng.choice((0, 1, 2**40, 2**64 - 1, len(data)))
        return Change(size.to_bytes(8, "little") + data[8:], f"header of {size}", REFUSE)
    elif what == "text":
        return Change(
            _whole(rng.choice((b"[]", b"null", b"{", b"\xff\xfe", b"")), body), what, REFUSE
        )
    elif what == "deep":
        return Change(_whole(b"[" * 100_000, body), what, REFUSE)
    else:
        header["more"] = dict(entry)
    return Change(_whole(header, body), f"{what} of {name}", REFUSE)


def words_of_safetensors(data: bytes, rng: random.Random) -> Change:
    """Change what a model of ours says of itself."""
    header, body = _parts(data)
    words = json.loads(header["__metadata__"]["nf-explainn"])
    if rng.random() < 0.7:  # as of a release before there were digests
        words.pop("digest", None)
    where = rng.choice(("words", "config", "config", "training", "none", "text", "deep", "tasks"))
    expect = ANY
    if where == "none":
        del header["__metadata__"]
        return Change(_whole(header, body), "no words of ours", REFUSE)
    if where in ("text", "deep"):
        text = rng.choice(
            ("{", "[]", "null", "3", '""', "\ud800".encode("utf-16", "surrogatepass").hex())
        )
        header["__metadata__"]["nf-explainn"] = "[" * 100_000 if where == "deep" else text
        return Change(_whole(header, body), f"{where} for words of ours", REFUSE)
    if where == "tasks":
        words["tasks"] = value = rng.choice(
            (["a"], ["a", "b", "c"], [], [1, 2], ["a", "a"], "ab", 3)
        )
        what, expect = f"tasks {value}", ANY if value == "ab" else REFUSE
    else:
        place = words if where == "words" else words[where]
        keys = [*place, "unknown"] if where != "training" else [*place, "loss"]
        key, value = rng.choice(sorted(keys)), rng.choice(_HOSTILE)
        what = f"{where} {key} is {str(value)[:30]}"
        if rng.random() < 0.2 and key in place:
            del place[key]
            what = f"{where} without {key}"
        else:
            place[key] = value
    header["__metadata__"]["nf-explainn"] = json.dumps(words)
    return Change(_whole(header, body), what, expect)


def body_of_safetensors(data: bytes, rng: random.Random) -> Change:
    """Write a number that is none, or another, among the weights."""
    header, body = _parts(data)
    floats = [
        n for n, e in header.items() if n != "__metadata__" and e["dtype"] == "F32" and e["shape"]
    ]
    name = rng.choice(sorted(floats))
    first, last = header[name]["data_offsets"]
    at = first + 4 * rng.randrange((last - first) // 4)
    numbers = {
        "NaN": b"\x00\x00\xc0\x7f",
        "infinity": b"\x00\x00\x80\x7f",
        "3e38": b"\xff\xff\x7f\x7f",
    }
    what = rng.choice(sorted(numbers))
    out = body[:at] + numbers[what] + body[at + 4 :]
    words = json.loads(header["__metadata__"]["nf-explainn"])
    if rng.random() < 0.7:
        words.pop("digest", None)
    header["__metadata__"]["nf-explainn"] = json.dumps(words)
    return Change(_whole(header, out), f"{what} in {name}", ANY if what == "3e38" else REFUSE)


def archive(data: bytes, rng: random.Random) -> Change:
    """Change an entry of torch's archive; its checksum is told anew, or is not."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        entries = {name: packed.read(name) for name in packed.namelist()}
    name = rng.choice(sorted(entries))
    what = rng.choice(
        ("lost", "renamed", "emptied", "cut", "flipped", "flipped with its sum", "deflated")
    )
    expect = ANY
    if what == "lost":
        del entries[name]
    elif what == "renamed":
        entries[f"x/{rng.choice(('../', '/', ''))}{name}"] = entries.pop(name)
    elif what == "emptied":
        entries[name] = b""
    elif what == "cut":
        entries[name] = entries[name][: len(entries[name]) // 2]
    elif what == "flipped" and entries[name]:
        at = data.find(entries[name]) + rng.randrange(len(entries[name]))
        return Change(data[:at] + bytes([data[at] ^ 16]) + data[at + 1 :], f"{name} flipped", SAME)
    elif entries[name] and what != "deflated":
        part = bytearray(entries[name])
        part[rng.randrange(len(part))] ^= 1 << rng.randrange(8)
        entries[name] = bytes(part)
    out = io.BytesIO()
    kind = zipfile.ZIP_DEFLATED if what == "deflated" else zipfile.ZIP_STORED
    with zipfile.ZipFile(out, "w", kind) as packed:
        for entry, content in entries.items():
            packed.writestr(entry, content)
    return Change(out.getvalue(), f"{name} {what}", expect)


class Planted:
    """What a pickle would run, if it were run."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        """Tell the pickle what to call."""
        import os

        return os.system, ("touch PWNED",)


def state(data: bytes, rng: random.Random) -> Change:
    """Save other weights than an ExplaiNN's."""
    import torch

    weights = torch.load(io.BytesIO(data), weights_only=True)
    name = rng.choice(sorted(k for k, v in weights.items() if v.is_floating_point() and v.ndim))
    tensor = weights[name].clone()
    nan, large = tensor.clone(), tensor.clone()
    nan.view(-1)[0], large.view(-1)[0] = float("nan"), float("inf")
    edits: dict[str, tuple[Callable[[], Any], str]] = {
        "NaN": (lambda: weights | {name: nan}, REFUSE),
        "infinity": (lambda: weights | {name: large}, REFUSE),
        "a shape": (lambda: weights | {name: tensor[None]}, REFUSE),
        "fewer": (lambda: weights | {name: tensor[:1]}, REFUSE),
        "whole numbers": (lambda: weights | {name: tensor.long()}, ANY),
        "float64": (lambda: weights | {name: tensor.double()}, SAME),
        "half": (lambda: weights | {name: tensor.half()}, ANY),
        "complex": (lambda: weights | {name: tensor.cfloat()}, REFUSE),
        "text": (lambda: weights | {name: "text"}, REFUSE),
        "None": (lambda: weights | {name: None}, REFUSE),
        "sparse": (lambda: weights | {name: tensor.to_sparse()}, ANY),
        "meta": (lambda: weights | {name: tensor.to("meta")}, REFUSE),
        "no name": (lambda: {k: v for k, v in weights.items() if k != name}, REFUSE),
        "another name": (lambda: weights | {"more.weight": tensor}, REFUSE),
        "a number as name": (lambda: weights | {3: tensor}, REFUSE),
        "within": (lambda: {"state_dict": dict(weights)}, ANY),
        "a list": (lambda: list(weights.values()), REFUSE),
        "a tensor": (lambda: tensor, REFUSE),
        "nothing": (lambda: {}, REFUSE),
        "a program in the pickle": (lambda: dict(weights) | {name: Planted()}, REFUSE),
    }
    what = rng.choice(sorted(edits))
    make, expect = edits[what]
    out = io.BytesIO()
    torch.save(make(), out)
    return Change(out.getvalue(), f"{what} for {name}", expect)


def torch_file(data: bytes, rng: random.Random) -> Change:
    """Change weights where they are some, else entries."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        foreign = any("/code/" in name or "model.json" in name for name in packed.namelist())
    foreign = foreign or b"serialized_exported_program" in data or b"archive_format" in data
    return archive(data, rng) if foreign or rng.random() < 0.4 else state(data, rng)
