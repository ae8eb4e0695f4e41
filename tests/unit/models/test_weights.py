"""Model files whose header or weights are not true."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from nfexplainn.errors import UserError
from nfexplainn.models import registry
from nfexplainn.models.authors import read_authors_checkpoint
from nfexplainn.models.checkpoint import ModelHeader, load_model
from nfexplainn.models.modules import save_module

CONFIG = {"length": 40, "tasks": 2, "units": 3, "filter_length": 9, "hidden": 5}
State = dict[str, Tensor]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A model as it is saved."""
    model = registry.build("explainn", CONFIG)
    config = dataclasses.asdict(model.config)  # type: ignore[call-overload]
    save_module(
        tmp_path / "m.model.safetensors", model, ModelHeader("explainn", config, ("a", "b"))
    )
    return tmp_path / "m.model.safetensors"


def header_of(path: Path) -> dict[str, Any]:
    """Read the header that a model file has."""
    raw = path.read_bytes()
    size = int.from_bytes(raw[:8], "little")
    found: dict[str, Any] = json.loads(json.loads(raw[8 : 8 + size])["__metadata__"]["nf-explainn"])
    return found


def write(path: Path, state: State, header: dict[str, Any] | str) -> None:
    """Write a model file without a digest, as others may."""
    if isinstance(header, dict):
        header = json.dumps({key: value for key, value in header.items() if key != "digest"})
    save_file(state, str(path), {"nf-explainn": header})


HEADERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no JSON": lambda _: "{",
    "a list": lambda _: "[]",
    "no version": lambda h: {k: v for k, v in h.items() if k != "format_version"},
    "no architecture": lambda h: {k: v for k, v in h.items() if k != "architecture"},
    "no configuration": lambda h: {k: v for k, v in h.items() if k != "config"},
    "no tasks": lambda h: {k: v for k, v in h.items() if k != "tasks"},
    "unknown architecture": lambda h: h | {"architecture": "x"},
    "architecture of a number": lambda h: h | {"architecture": ["explainn"]},
    "tasks of numbers": lambda h: h | {"tasks": [1, 2]},
    "tasks of a text": lambda h: h | {"tasks": "ab"},
    "more tasks": lambda h: h | {"tasks": ["a", "b", "c"]},
    "task type": lambda h: h | {"task_type": "x"},
    "strands": lambda h: h | {"strand_symmetric": "yes"},
    "training": lambda h: h | {"training": []},
    "seed": lambda h: h | {"seed": {}},
}
CONFIGS: dict[str, list[Any]] = {
    "units": [True, 0, -1, 4, 10**12, 2**70, "3", [3], 2.5],
    "length": [None, 0, "40", 10**15, {}],
    "tasks": [0, 3, -1, 10**15],
    "filter_length": [8, 0, 10**6, []],
    "hidden": [6, 10**14],
    "num_fc": [-1, 3, 10**9],
    "dropout": [{}, "0.3", 1, -0.1, float("nan")],
    "pool_stride": [0, ["a"]],
    "other": [1],
}


@pytest.mark.parametrize("case", list(HEADERS))
def test_headers_that_are_not_true(path: Path, case: str) -> None:
    write(path, load_file(str(path)), HEADERS[case](header_of(path)))
    with pytest.raises(UserError, match=r"m\.model\.safetensors: "):
        load_model(path)


@pytest.mark.parametrize("key", list(CONFIGS))
def test_configurations_that_are_not_true(path: Path, key: str) -> None:
    state, header = load_file(str(path)), header_of(path)
    for value in CONFIGS[key]:
        config = header["config"] | {key: value}
        write(path, state, header | {"config": config})
        with pytest.raises(UserError, match=r"m\.model\.safetensors: ") as error:
            load_model(path)
        assert len(str(error.value).splitlines()) == 1


def put(name: str, value: float) -> Callable[[State], State]:
    """Change one weight."""

    def change(state: State) -> State:
        new = state[name].clone()
        new.view(-1)[-1] = value
        return state | {name: new}

    return change


WEIGHTS: dict[str, Callable[[State], State]] = {
    "not a number": put("linears.0.weight", float("nan")),
    "infinite": put("final.weight", float("inf")),
    "negative variance": put("linears.1.running_var", -1.0),
    "of whole numbers": lambda s: s | {"final.bias": s["final.bias"].to(torch.int8)},
    "of halves": lambda s: s | {"final.bias": s["final.bias"].half()},
    "another shape": lambda s: s | {"final.bias": s["final.bias"][:1].clone()},
    "one less": lambda s: {k: v for k, v in s.items() if k != "final.bias"},
    "one more": lambda s: s | {"final.more": s["final.bias"].clone()},
}


@pytest.mark.parametrize("case", list(WEIGHTS))
def test_weights_that_no_model_has(path: Path, case: str) -> None:
    write(path, WEIGHTS[case](load_file(str(path))), header_of(path))
    with pytest.raises(UserError, match=r"m\.model\.safetensors: .*(weights|linears|final)"):
        load_model(path)


def test_a_changed_byte_is_seen(path: Path) -> None:
    whole = path.read_bytes()
    size = int.from_bytes(whole[:8], "little") + 8
    for place in (size, size + 101, len(whole) - 1):
        broken = bytearray(whole)
        broken[place] ^= 1  # the last bit of a weight
        path.write_bytes(broken)
        with pytest.raises(UserError, match="its content has changed since it was written"):
            load_model(path)
    path.write_bytes(whole.replace(b'seed\\":0', b'seed\\":1'))
    with pytest.raises(UserError, match="its content has changed since it was written"):
        load_model(path)


AUTHORS: dict[str, Callable[[State], Any]] = {
    **{name: change for name, change in WEIGHTS.items() if name not in ("of halves", "one more")},
    "claims of one number": lambda s: s | {"final.bias": torch.zeros(1).expand(2)},
    "no tensors": lambda s: dict.fromkeys(s, 1),
    "five letters": lambda s: s | {"linears.0.weight": torch.zeros(3, 5, 9)},
    "no unit": lambda s: s | {"linears.0.weight": torch.zeros(0, 4, 9)},
    "a list": lambda s: list(s.values()),
}


@pytest.mark.parametrize("case", list(AUTHORS))
@pytest.mark.parametrize("archive", [True, False])
def test_checkpoints_of_the_authors(tmp_path: Path, case: str, archive: bool) -> None:
    state = dict(registry.build("explainn", CONFIG).state_dict())
    place = tmp_path / "m.pth"
    torch.save(AUTHORS[case](state), place, _use_new_zipfile_serialization=archive)
    with pytest.raises(UserError, match=r"m\.pth: "):
        read_authors_checkpoint(place)
