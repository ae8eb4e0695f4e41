"""Model files: weights and everything that is needed to use them, in one safetensors file."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
from numpy.typing import NDArray
from safetensors.numpy import load_file, save

from nfexplainn import METADATA_KEY
from nfexplainn.data.dataset import TASK_TYPES
from nfexplainn.errors import UserError
from nfexplainn.io.reading import reading
from nfexplainn.models.explainn_weights import Weights, expected_weights
from nfexplainn.models.kernels import choose_kernel
from nfexplainn.models.model import FilterModel
from nfexplainn.models.native_model import NativeExplaiNN
from nfexplainn.models.registry import configured
from nfexplainn.models.weights import check_depth, check_weights
from nfexplainn.typed import from_json

FORMAT_VERSION = 1
_DIGEST = "digest"


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
        Of this package, and of what trained.
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
    """A model in evaluation, with what its file says about it.

    A model of another architecture than ExplaiNN has no filters, and those without units no unit
    outputs: ``header.architecture`` tells.
    """

    model: FilterModel
    header: ModelHeader


def save_model(path: str | Path, weights: Mapping[str, NDArray[Any]], header: ModelHeader) -> None:
    """Write a model; the same weights and header give the same bytes.

    The file appears under its name only when it is complete.

    Parameters
    ----------
    path : path
        ``*.model.safetensors``.
    weights : mapping of str to array
    header : ModelHeader
    """
    path = Path(path)
    fields = {"format_version": FORMAT_VERSION, **dataclasses.asdict(header)}
    # The weights in memory's plain order, in the order of their names; one key of metadata, since
    # safetensors does not sort several.
    arrays = {name: np.ascontiguousarray(array) for name, array in sorted(weights.items())}
    arrays = {name: array.reshape(weights[name].shape) for name, array in arrays.items()}
    fields[_DIGEST] = _digest(fields, arrays)
    part = path.with_name(path.name + ".part")
    part.write_bytes(save(arrays, {METADATA_KEY: _text(fields)}))
    part.replace(path)


def load_model(
    path: str | Path,
    *,
    kernel: str = "auto",
    device: str = "cpu",
    threads: int = 1,
    trust_programs: bool = False,
) -> LoadedModel:
    """Read a model written by :func:`save_model`, or a ``.pth`` file of the authors.

    Parameters
    ----------
    path : path
    kernel : {'auto', 'native', 'torch'}
        As of :func:`~nfexplainn.models.kernels.choose_kernel`.
    device : {'auto', 'cpu', 'gpu'}
    threads : int
    trust_programs : bool
        Whether the model may hold programs of others (TorchScript, exported), which are code.

    Raises
    ------
    UserError
        If the file is missing, broken, of another kind or of another format version, or holds a
        program that is not trusted.
    """
    header, weights = read_checkpoint(path)
    config = configured_of(path, header)
    if choose_kernel(config, kernel, device) == "torch":
        from nfexplainn.models.torch_model import open_module

        model = open_module(
            path,
            header,
            weights,
            kernel=kernel,
            device=device,
            threads=threads,
            trust_programs=trust_programs,
        )
        return LoadedModel(model, header)
    check_weights(path, weights, expected_weights(config))
    return LoadedModel(NativeExplaiNN(config, weights, threads), header)


def read_checkpoint(path: str | Path) -> tuple[ModelHeader, Weights]:
    """Read a model file: what it says of itself, and its weights, not yet held against it.

    Raises
    ------
    UserError
        As for :func:`load_model`.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path}: there is no such file; give a *.model.safetensors.")
    if path.suffix in (".pth", ".pt"):
        from nfexplainn.models.authors import read_authors_checkpoint

        return read_authors_checkpoint(path)
    with reading(
        str(path), "this is not a readable safetensors file", "give a *.model.safetensors"
    ):
        with safetensors.safe_open(str(path), framework="numpy") as opened:
            metadata = opened.metadata() or {}
        weights = load_file(str(path))
    if METADATA_KEY not in metadata:
        raise UserError(f"{path}: this safetensors file is not a model of nf-explainn.")
    with reading(str(path), "its header is damaged", "train the model again"):
        fields = json.loads(metadata[METADATA_KEY])
        version = fields["format_version"]
    if version != FORMAT_VERSION:
        raise UserError(
            f"{path}: model format {version}, this release reads {FORMAT_VERSION}; train the model"
            " again."
        )
    said = fields.pop(_DIGEST, None)
    if said is not None and said != _digest(fields, weights):
        raise UserError(
            f"{path}: the file is damaged, its content has changed since it was written; download"
            " it again, or train the model again."
        )
    header = _header(path, fields)
    check_depth(path, header.config, weights)
    return header, weights


def configured_of(path: str | Path, header: ModelHeader) -> Any:
    """Make the configuration that a model file describes; what is wrong with it names the file.

    Raises
    ------
    UserError
    """
    with reading(str(path), "its header is damaged", "train the model again"):
        try:
            return configured(header.architecture, header.config)
        except UserError as error:
            raise UserError(f"{path}: {error}") from error


def _text(fields: Mapping[str, Any]) -> str:
    """Write a header, always in the same way."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"))


def _digest(fields: Mapping[str, Any], weights: Mapping[str, NDArray[Any]]) -> str:
    """Sha256 over a header without its digest, and over the weights in the order of their names."""
    sha = hashlib.sha256(_text(fields).encode())
    for name, array in sorted(weights.items()):
        # torch's names of types, as torch wrote the first files
        sha.update(f"{name} torch.{array.dtype} {array.shape}\n".encode())
        sha.update(np.ascontiguousarray(array).data)
    return sha.hexdigest()


def _header(path: Path, fields: Mapping[str, Any]) -> ModelHeader:
    """Read what a model file says of itself.

    Raises
    ------
    UserError
        If it says too little, or something of another type.
    """
    header = from_json(ModelHeader, fields, str(path))
    with reading(str(path), "its header is damaged", "train the model again"):
        tasks = fields["tasks"]
        if not isinstance(tasks, list) or not all(isinstance(task, str) for task in tasks):
            raise ValueError("its tasks are not a list of strings")
        if header.task_type not in TASK_TYPES:
            raise ValueError(f"its task type is '{header.task_type}'")
        if not tasks or len(tasks) != header.config["tasks"]:
            raise ValueError(f"it has {len(tasks)} names of tasks, not {header.config['tasks']}")
        if len(set(tasks)) < len(tasks):
            raise ValueError("two of its tasks have the same name")
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
