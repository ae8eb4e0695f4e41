"""Model files: weights and everything that is needed to use them, in one safetensors file."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn

from nfexplainn import METADATA_KEY
from nfexplainn.data.dataset import TASK_TYPES
from nfexplainn.errors import UserError
from nfexplainn.io.reading import reading
from nfexplainn.models.config import ExplaiNNConfig
from nfexplainn.models.explainn import ExplaiNN
from nfexplainn.models.registry import build
from nfexplainn.models.transfer import check_trusted
from nfexplainn.models.weights import check_archive, check_depth, check_storage, fitted
from nfexplainn.typed import from_json

FORMAT_VERSION = 1
_DIGEST = "digest"
_SMALL = 1 << 28  # bytes of a file that needs no such memory as may be lacking


@dataclass(frozen=True)
class ModelHeader:
    """What a model file says about itself.

    Attributes
    ----------
    architecture : str
        Name in the registry.
    config : mapping
        The architecture's configuration, e.g. of ``ExplaiNNConfig``.
    tasks : tuple of str
        Names of the logits, in order.
    task_type : str
        ``binary``, ``multilabel``, ``multiclass`` or ``regression``.
    strand_symmetric : bool
        Whether predictions average both strands.
    training : mapping
        The training options with the loss that was used, and the epoch of the weights.
    dataset, dataset_digest : str
        Identifier and content of the data set.
    replicate, seed : int
    versions : mapping of str to str
        Of this package and of torch.
    """

    architecture: str
    config: Mapping[str, Any]
    tasks: tuple[str, ...]
    task_type: str = "multilabel"
    strand_symmetric: bool = True
    training: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    dataset: str = ""
    dataset_digest: str = ""
    replicate: int = 1
    seed: int = 0
    versions: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class LoadedModel:
    """A model in evaluation mode on the CPU, with what its file says about it."""

    model: nn.Module
    header: ModelHeader


def save_model(path: str | Path, model: nn.Module, header: ModelHeader) -> None:
    """Write a model; the same weights and header give the same bytes.

    The file appears under its name only when it is complete.

    Parameters
    ----------
    path : path
        ``*.model.safetensors``.
    model : nn.Module
        On any device.
    header : ModelHeader
    """
    path = Path(path)
    fields = {"format_version": FORMAT_VERSION, **dataclasses.asdict(header)}
    # The weights in memory's plain order, in the order of their names; one key of metadata, since
    # safetensors does not sort several.
    tensors = {
        name: tensor.detach().cpu().contiguous()
        for name, tensor in sorted(model.state_dict().items())
    }
    fields[_DIGEST] = _digest(fields, tensors)
    part = path.with_name(path.name + ".part")
    part.write_bytes(save(tensors, {METADATA_KEY: _text(fields)}))
    part.replace(path)


def load_model(path: str | Path, *, trust_programs: bool = False) -> LoadedModel:
    """Read a model written by :func:`save_model`, or a ``.pth`` file of the authors.

    Parameters
    ----------
    path : path
    trust_programs : bool
        Whether the model may hold programs of others (TorchScript, exported), which are code.

    Raises
    ------
    UserError
        If the file is missing, broken, of another kind or of another format version, or holds a
        program that is not trusted.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path}: there is no such file; give a *.model.safetensors.")
    if path.suffix in (".pth", ".pt"):
        return load_authors_model(path)
    with reading(str(path), "this is no readable safetensors file", "give a *.model.safetensors"):
        with safetensors.safe_open(str(path), framework="pt") as opened:
            metadata = opened.metadata() or {}
        state = load_file(str(path))
    if METADATA_KEY not in metadata:
        raise UserError(f"{path}: this safetensors file is no model of nf-explainn.")
    with reading(str(path), "its header is damaged", "train the model anew"):
        fields = json.loads(metadata[METADATA_KEY])
        version = fields["format_version"]
    if version != FORMAT_VERSION:
        raise UserError(
            f"{path}: model format {version}, this release reads {FORMAT_VERSION};"
            " train the model anew."
        )
    said = fields.pop(_DIGEST, None)
    if said is not None and said != _digest(fields, state):
        raise UserError(
            f"{path}: the file is damaged, it does not hold what was written; fetch it again, or"
            " train the model anew."
        )
    header = _header(path, fields)
    check_depth(path, header.config, state)
    model = fitted(path, lambda: build(header.architecture, header.config), state, exact=True)
    check_trusted(model, path, trust_programs=trust_programs)
    return LoadedModel(model.eval(), header)


def _text(fields: Mapping[str, Any]) -> str:
    """Write a header, always in the same way."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"))


def _digest(fields: Mapping[str, Any], state: Mapping[str, Tensor]) -> str:
    """Sha256 over a header without its digest, and over the weights in the order of their names."""
    sha = hashlib.sha256(_text(fields).encode())
    for name, weights in sorted(state.items()):
        sha.update(f"{name} {weights.dtype} {tuple(weights.shape)}\n".encode())
        sha.update(weights.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return sha.hexdigest()


def _header(path: Path, fields: Mapping[str, Any]) -> ModelHeader:
    """Read what a model file says of itself.

    Raises
    ------
    UserError
        If it says too little, or something of another type.
    """
    header = from_json(ModelHeader, fields, str(path))
    with reading(str(path), "its header is damaged", "train the model anew"):
        tasks = fields["tasks"]
        if not isinstance(tasks, list) or not all(isinstance(task, str) for task in tasks):
            raise ValueError("its tasks are no list of texts")
        if header.task_type not in TASK_TYPES:
            raise ValueError(f"its task type is '{header.task_type}'")
        if not tasks or len(tasks) != header.config["tasks"]:
            raise ValueError(f"it has {len(tasks)} names of tasks, not {header.config['tasks']}")
        if len(set(tasks)) < len(tasks):
            raise ValueError("two of its tasks have one name")
    return dataclasses.replace(header, tasks=tuple(tasks))


def check_tasks(
    model: str | Path, of_model: tuple[str, ...], dataset: str | Path, of_dataset: tuple[str, ...]
) -> None:
    """Refuse a data set with other tasks than those of a model.

    Parameters
    ----------
    model, dataset : path
        Of the files, for the sentence.
    of_model, of_dataset : tuple of str
        The tasks of each, in order.

    Raises
    ------
    UserError
        If these are not the same.
    """
    if of_model != of_dataset:
        raise UserError(
            f"{model}: the model's tasks are {', '.join(of_model)}, but {dataset} has"
            f" {', '.join(of_dataset)}; give the data set that it was trained on."
        )


def load_authors_model(
    path: str | Path, *, length: int | None = None, tasks: tuple[str, ...] = ()
) -> LoadedModel:
    """Read weights that the authors' package saved with ``torch.save``, without running its pickle.

    Parameters
    ----------
    path : path
        ``*.pth``: a ``state_dict`` of their ``ExplaiNN``.
    length : int, optional
        Length of the sequences. The weights tell it only up to the tail that pooling leaves out;
        by default the shortest that fits is taken (200 for the paper's models).
    tasks : tuple of str, optional
        Names of the logits; by default ``task_1`` and so on.

    Raises
    ------
    UserError
        If the file is no such checkpoint, or ``length`` or ``tasks`` do not fit its weights.
    """
    path = Path(path)
    check_archive(path)
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError as error:
        if path.stat().st_size > _SMALL:
            raise
        raise UserError(
            f"{path}: a part of this file claims more memory than there is; it is damaged: fetch it"
            " again."
        ) from error
    except Exception as error:  # arbitrary bytes make the unpickler raise just about anything
        # Its first sentence: torch goes on to advise running what the file holds.
        reason = re.split(r"\.\s", str(error), maxsplit=1)[0].strip() or type(error).__name__
        raise UserError(f"{path}: this is no readable checkpoint of weights ({reason}).") from error
    if not isinstance(state, Mapping) or "linears.0.weight" not in state:
        raise UserError(
            f"{path}: this checkpoint holds no ExplaiNN (linears.0.weight is missing);"
            " give a state_dict of the authors' ExplaiNN class."
        )
    check_storage(path, state)
    try:
        config = _infer_config(state, length, path)
    except UserError as error:
        told = str(error)
        raise UserError(told if told.startswith(str(path)) else f"{path}: {told}") from error
    names = tasks or tuple(f"task_{number + 1}" for number in range(config.tasks))
    if len(names) != config.tasks:
        raise UserError(f"{path}: the model has {config.tasks} outputs, not {len(names)}.")
    model = fitted(path, lambda: ExplaiNN(config), state, exact=False)
    header = ModelHeader(
        architecture="explainn", config=dataclasses.asdict(config), tasks=names, dataset=path.stem
    )
    return LoadedModel(model.eval(), header)


def _infer_config(state: Mapping[str, Tensor], length: int | None, path: Path) -> ExplaiNNConfig:
    """Read the shape of a model off its weights; pooling is the paper's, 7 and 7."""
    pool = 7
    with reading(str(path), "the weights are not those of an ExplaiNN", "give its state_dict"):
        units, _, k = state["linears.0.weight"].shape
        tasks = state["final.weight"].shape[0]
        hidden, positions, num_fc = 100, 1, 0
        if "linears.6.weight" in state:
            nodes, positions, _ = state["linears.6.weight"].shape
            if "linears.10.weight" in state:
                num_fc = 2
            elif "last_linear.1.weight" in state:
                blocks = {key.split(".")[1] for key in state if key.startswith("linears_bg.")}
                num_fc = 2 + len(blocks)
            else:
                num_fc = 1
            hidden = nodes // units if num_fc > 1 else hidden
    shortest = (positions - 1) * pool + (pool if num_fc else 1) + k - 1
    config = ExplaiNNConfig(
        length=shortest if length is None else length,
        tasks=tasks,
        units=units,
        filter_length=k,
        pool_size=pool,
        pool_stride=pool,
        num_fc=num_fc,
        hidden=hidden,
    )
    if config.pooled_positions != positions:
        raise UserError(
            f"{path}: the weights fit sequences of {shortest} to {shortest + pool - 1} bp,"
            f" not of {length} bp."
        )
    return config
