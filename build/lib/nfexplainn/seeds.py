"""Seeds of all that is drawn at random for a data set and in a training, each draw with its own."""

from __future__ import annotations

import hashlib
import json

# Of a run that names none; the schema says it, too, and a test holds the two together.
SEED = 42


def seed_for(seed: int, dataset: str, sample: str, purpose: str) -> int:
    """Derive the seed of one random draw.

    Neither the order of the samplesheet nor another data set, row or draw has a part in it. It is
    the first eight bytes, big-endian, of the sha256 of the four as a JSON list in ASCII, such as
    ``[42, "oct4", "", "split"]``.

    Parameters
    ----------
    seed : int
        Of the run; of a training, its own (the run's seed, or one of those after it).
    dataset : str
        Identifier of the data set; empty for a training, whose seed alone decides.
    sample : str
        Sample of the row that is drawn for; empty for draws from all rows together.
    purpose : str
        What is drawn: ``split``, ``shuffle``, ``weights``, ...

    Returns
    -------
    int
        From 0 to 2^64 - 1.
    """
    text = json.dumps([seed, dataset, sample, purpose])
    return int.from_bytes(hashlib.sha256(text.encode("ascii")).digest()[:8], "big")
