"""Arguments that the command lines of several scripts share."""

from __future__ import annotations

import argparse


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


def read_replicate_arguments(description: str | None) -> argparse.Namespace:
    """Read the command line of a script that looks at one trained model and its predictions.

    Returns
    -------
    argparse.Namespace
        ``model``, ``dataset``, ``predictions``, ``options``, ``id`` and ``out`` (str), ``threads``
        (int).
    """
    return replicate_parser(description, "dataset", "predictions").parse_args()
