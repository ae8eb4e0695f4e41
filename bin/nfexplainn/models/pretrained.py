"""Read trained models, ours and foreign, as the units of a new one."""

from __future__ import annotations

import dataclasses
import hashlib
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nfexplainn.errors import UserError
from nfexplainn.io.reading import reading
from nfexplainn.models.archives import check_archive
from nfexplainn.models.authors import read_authors_checkpoint
from nfexplainn.models.modules import LoadedModule, load_module, module_of
from nfexplainn.models.transfer import Program, TransferModel, check_trusted
from nfexplainn.models.transfer_config import SourceConfig

ENDINGS = (".model.safetensors", ".safetensors", ".pth", ".pt2", ".pt")


@dataclass(frozen=True)
class Source:
    """A trained model, what is known of it, and its file as the user calls it."""

    config: SourceConfig
    model: nn.Module
    file: str = ""


def read_sources(
    paths: Sequence[str | Path],
    *,
    length: int | None = None,
    dataset_length: int,
    names: Sequence[str] = (),
    trust_programs: bool = False,
) -> list[Source]:
    """Read trained models, in the order of their files' names.

    Parameters
    ----------
    paths : sequence of path
        ``*.safetensors`` of ours, ``*.pth`` with the weights of the authors' ExplaiNN, TorchScript
        (``*.pt``) or an exported program (``*.pt2``).
    length : int, optional
        Of the sequences that models read whose file does not tell it.
    dataset_length : int
        The same where nothing else is known.
    names : sequence of str, optional
        What the user calls each file; by default its path.
    trust_programs : bool
        Whether programs of others may be run: TorchScript and exported programs are code.

    Raises
    ------
    UserError
        If a file is missing, of another kind, or does not run; if it holds a program that is not
        trusted; or if two have one name.
    """
    found: dict[str, Source] = {}
    called = zip(map(Path, paths), names or map(str, paths), strict=True)
    for path, said in sorted(called, key=lambda one: Path(one[1]).name):
        name = _stem(Path(said))
        if name in found:
            raise UserError(
                f"{said}: there is another pretrained model called {name}; rename one of them."
            )
        with _told_as(path, said):
            source = _read(path, name, length, dataset_length, trust_programs)
            found[name] = dataclasses.replace(source, file=said)
    return list(found.values())


def check_readable(
    path: Path,
    length: int | None = None,
    *,
    name: str | None = None,
    trust_programs: bool = False,
) -> None:
    """Read a trained model as far as that needs no data set: a foreign program is not run.

    Parameters
    ----------
    path : Path
    length, trust_programs
        As of :func:`read_sources`.
    name : str, optional
        What the user calls the file; by default its path.

    Raises
    ------
    UserError
        If the file is of another kind, cannot be loaded, or holds a program that is not trusted.
    """
    with _told_as(path, name or str(path)):
        kind = _kind_of_program(path)
        if kind:
            program = _content(kind, path)
            check_trusted(program, path, trust_programs=trust_programs)
            try:
                program.load()
            except MemoryError:
                raise
            except Exception as error:  # the file's own code may raise just about anything
                raise _unusable(kind, path, error) from error
        else:
            _read(path, _stem(path), length, length or 0, trust_programs)


@contextmanager
def _told_as(path: Path, name: str) -> Iterator[None]:
    """Let the sentences about a file call it what the user does."""
    try:
        yield
    except UserError as error:
        raise UserError(str(error).replace(str(path), name)) from error


def _kind_of_program(path: Path) -> str:
    """Tell a program by its name, a ``*.pt`` also by its content; empty for other files."""
    if path.suffix == ".pt2":
        return "exported"
    # A *.pt may be the authors' weights: TorchScript is an archive that holds code.
    return "torchscript" if path.suffix == ".pt" and _holds_code(path) else ""


def fill_sources(model: TransferModel, sources: Sequence[Source]) -> None:
    """Put the weights (or bytes) of trained models into a new one, which keeps them."""
    for module, source in zip(model.sources, sources, strict=True):
        module.load_state_dict(source.model.state_dict())


def fitting(source: SourceConfig, length: int) -> str:
    """Say aloud what a source of another length does to the sequences; empty where it fits."""
    if source.length == length:
        return ""
    if source.length < length:
        return f"{source.name} reads the middle {source.length} of the {length} bp"
    return (
        f"{source.name} reads {source.length} bp: the {length} bp are padded with N on both sides"
    )


def _read(
    path: Path, name: str, length: int | None, dataset_length: int, trust_programs: bool
) -> Source:
    if not path.is_file():
        raise UserError(f"{path}: there is no such pretrained model; give {_kinds()}.")
    if path.suffix == ".safetensors":
        return _ours(load_module(path, trust_programs=trust_programs), path, name)
    kind = _kind_of_program(path)
    if kind:
        program = _content(kind, path)
        check_trusted(program, path, trust_programs=trust_programs)
        return _program(program, path, name, length, dataset_length)
    if path.suffix in (".pth", ".pt"):
        header, weights = read_authors_checkpoint(path, length=length)
        return _ours(LoadedModule(module_of(path, header, weights), header), path, name)
    raise UserError(f"{path}: a pretrained model cannot have this extension; give {_kinds()}.")


def _holds_code(path: Path) -> bool:
    with reading(str(path), "this is not a readable torch model", "download it again"):
        if not zipfile.is_zipfile(path):
            return False
        with zipfile.ZipFile(path) as archive:
            return any("/code/" in name for name in archive.namelist())


def _kinds() -> str:
    return (
        "a *.safetensors of an earlier run, a *.pth of the authors' ExplaiNN, TorchScript (*.pt)"
        " or an exported program (*.pt2)"
    )


def _ours(loaded: LoadedModule, path: Path, name: str) -> Source:
    header = loaded.header
    config = SourceConfig(
        name=name,
        digest=_digest(path),
        kind="model",
        tasks=header.tasks,
        length=int(header.config["length"]),
        both_strands=header.strand_symmetric or getattr(loaded.model, "symmetric", False),
        architecture=header.architecture,
        config=dict(header.config),
    )
    return Source(config, loaded.model)


def _program(
    program: Program, path: Path, name: str, length: int | None, dataset_length: int
) -> Source:
    kind = program.kind
    try:
        reads = length or _example_length(kind, path) or dataset_length
        outputs = _probe(program, reads)
    except MemoryError:
        raise
    except Exception as error:  # the file's own code may raise just about anything
        raise _unusable(kind, path, error) from error
    config = SourceConfig(
        name=name,
        digest=_digest(path),
        kind="torchscript" if kind == "torchscript" else "exported",
        tasks=tuple(f"output_{number + 1}" for number in range(outputs)),
        length=reads,
        both_strands=True,
        size=len(program.content),
    )
    return Source(config, program)


def _content(kind: str, path: Path) -> Program:
    content = bytearray(path.read_bytes())
    if not content:
        raise UserError(f"{path}: the file is empty (0 bytes); download or create it again.")
    check_archive(path)
    return Program(kind, torch.frombuffer(content, dtype=torch.uint8))


def _unusable(kind: str, path: Path, error: Exception) -> UserError:
    said = str(error).strip().splitlines() or [type(error).__name__]
    called = "TorchScript" if kind == "torchscript" else "an exported program"
    return UserError(
        f"{path}: this cannot be used as {called} ({said[0][:200]}); it must read float32 of"
        " shape (batch, 4, length), for any batch, and give (batch, outputs). If it reads"
        " another length than the data set, give --pretrained_length."
    )


def _example_length(kind: str, path: Path) -> int | None:
    """Length of the example that a program was exported with."""
    if kind != "exported":
        return None
    example: Any = torch.export.load(path).example_inputs
    return int(example[0][0].shape[-1]) if example else None


def _probe(program: Program, length: int) -> int:
    """Run a program on batches of two sizes, and count its outputs."""
    codes = torch.arange(3 * length, dtype=torch.int64).view(3, length).remainder(4)
    with torch.inference_mode():
        outputs: list[Tensor] = [program(codes[:n].to(torch.uint8)) for n in (2, 3)]
    for n, output in zip((2, 3), outputs, strict=True):
        if output.ndim != 2 or len(output) != n or not output.is_floating_point():
            raise ValueError(f"it gives {output.dtype} of shape {tuple(output.shape)} for {n}")
    return int(outputs[0].shape[1])


def _stem(path: Path) -> str:
    ending = next((ending for ending in ENDINGS if path.name.endswith(ending)), path.suffix)
    return path.name.removesuffix(ending)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
