"""Data sets that ended early, since one of their own files has a fault."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from nfexplainn.order import natural_key
from nfexplainn.page.load import DatasetResult, Inputs

ADVICE = "Correct the input and run again with -resume."


def with_faults(inputs: Inputs, faults: Mapping[str, Sequence[str]]) -> Inputs:
    """Put data sets into the state ``error``, also those of which no file came this far.

    Parameters
    ----------
    inputs : Inputs
    faults : mapping of str to sequence of str
        Per data set what is wrong with its files: a sentence per line.

    Returns
    -------
    Inputs
        With the data sets in natural order of their ids.
    """
    known = {dataset.id: dataset for dataset in inputs.datasets}
    for id, sentences in faults.items():
        dataset = known.get(id, DatasetResult(id, "", "", "", {}, [], [], [], [], ()))
        known[id] = dataclasses.replace(
            dataset, state="error", reason="\n".join(sentences), advice=ADVICE
        )
    ordered = tuple(known[id] for id in sorted(known, key=natural_key))
    return dataclasses.replace(inputs, datasets=ordered)
