"""Arguments that the command lines of several scripts share."""

from __future__ import annotations

import argparse

_OF_ALL_REPLICATES = {
    "models": "R.model.safetensors of all replicates",
    "history": "R.history.tsv of all replicates, by which the best is chosen",
    "predictions": "R.predictions.parquet of all replicates",
    "units": "R.units.tsv of all replicates",
}


def read_replicate_arguments(description: str | None) -> argparse.Namespace:
    """Read the command line of a script that looks at one trained model and its predictions.

    Returns
    -------
    argparse.Namespace
        ``model``, ``dataset``, ``predictions``, ``options``, ``id`` and ``out`` (str), ``threads``
        (int).
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--model", required=True, help="R.model.safetensors")
    parser.add_argument("--dataset", required=True, help="D.dataset.parquet")
    parser.add_argument("--predictions", required=True, help="R.predictions.parquet")
    parser.add_argument("--options", required=True, help="JSON file of the settings")
    parser.add_argument("--id", required=True, help="prefix of the files written")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    parser.add_argument("--out", default=".", help="folder to write to")
    return parser.parse_args()


def add_replicates(parser: argparse.ArgumentParser, *names: str) -> None:
    """Add required arguments that each take one kind of file of all replicates.

    Parameters
    ----------
    parser : argparse.ArgumentParser
    *names : {'models', 'history', 'predictions', 'units'}
    """
    for name in names:
        text = _OF_ALL_REPLICATES[name]
        parser.add_argument(f"--{name}", required=True, nargs="+", help=text)
