"""Arguments that the command lines of several scripts share."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path


def replicate_parser(description: str | None, *files: str) -> argparse.ArgumentParser:
    """Make the parser of a script that looks at one trained model.

    Parameters
    ----------
    description : str or None
    *files : {'dataset', 'predictions'}
        What it reads beside the model and its options.
    """
    names = {"dataset": "D.dataset.parquet", "predictions": "R.predictions.parquet"}
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--model", required=True, help="R.model.safetensors")
    for name in files:
        parser.add_argument(f"--{name}", required=True, help=names[name])
    parser.add_argument("--options", required=True, help="JSON file of the settings")
    parser.add_argument("--id", required=True, help="prefix of the files written")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    parser.add_argument("--out", default=".", help="folder to write to")
    return parser


def add_names(parser: argparse.ArgumentParser) -> None:
    """Let a script be told what the user calls the files that it reads under names of ours."""
    text = "JSON list of the files' names in messages, in order (default: the paths)"
    parser.add_argument("--names", type=Path, help=text)


def read_names(path: Path | None, files: Sequence[str | Path]) -> list[str]:
    """Give what the user calls files, in their order."""
    if path is None:
        return [str(file) for file in files]
    names: list[str] = json.loads(path.read_text(encoding="utf-8"))
    return names


def read_replicate_arguments(description: str | None) -> argparse.Namespace:
    """Read the command line of a script that looks at one trained model and its predictions.

    Returns
    -------
    argparse.Namespace
        ``model``, ``dataset``, ``predictions``, ``options``, ``id`` and ``out`` (str), ``threads``
        (int).
    """
    return replicate_parser(description, "dataset", "predictions").parse_args()
