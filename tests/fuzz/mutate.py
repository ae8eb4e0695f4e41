"""Which changes there are of each kind of file."""

from __future__ import annotations

import dataclasses
import random

from fuzz import arrays, hdf5, options, streams, text, weights
from fuzz.changes import ANY, BYTES, SAME, SOUND, Change, Changer, foreign

_PLACES = [*text.GENERAL, text.columns, *BYTES[:4], foreign]
_OF_TRACKS = [*_PLACES, text.far_end, text.far_end, text.renamed, text.shuffled]
_SEQUENCES = [*text.GENERAL, *[text.letters] * 5, *BYTES[:4], foreign]

# A list holds a change as often as it is to be drawn.
KINDS: dict[str, list[Changer]] = {
    "intervals": [*_PLACES, text.far_end, text.renamed],
    "blacklist": [*_PLACES, text.far_end, text.renamed],
    "bedgraph": _OF_TRACKS,
    "fragments": _OF_TRACKS,
    "regions": [*_PLACES, text.far_end, text.renamed],
    "labels": [*_PLACES, text.far_end, text.renamed],
    "values": [*_PLACES, text.letters],
    "table": [*_PLACES, text.letters],
    "sequences": [*text.GENERAL, text.letters, *BYTES[:4], foreign],
    "clusters": [*_PLACES, text.shuffled],
    "market": [*text.GENERAL, *BYTES, text.shuffled, foreign],
    "lines": [*text.GENERAL, *BYTES[:4], foreign],
    "fasta": [*_SEQUENCES, text.lower_case],
    "reads": _SEQUENCES,
    "motif": [*text.GENERAL, text.no_number, text.other_number, *BYTES[:4], foreign],
    "gzip": [*streams.GZIP, foreign],
    "bgzip": [streams.checked, streams.checked, streams.short, streams.repacked],
    "stream": [*BYTES, foreign],
    "npz": [*[arrays.npz] * 12, *[streams.checked] * 6, foreign],
    "parquet": [*[arrays.parquet] * 10, *BYTES, foreign],
    "h5": [*[hdf5.hdf5] * 16, *BYTES, foreign],
    "bigwig": [*[streams.bigwig] * 8, *BYTES, foreign],
    "safetensors": [
        *[weights.header_of_safetensors] * 3,
        *[weights.words_of_safetensors] * 6,
        *[weights.body_of_safetensors] * 3,
        *BYTES[:6],
        foreign,
    ],
    "torch": [*[weights.torch_file] * 10, *BYTES, foreign],
    "stale": [*text.GENERAL, *BYTES],  # a genome or its index, changed after the other was made
    "bytes": [*BYTES, foreign],
    "json": [options.settings],
    "options": [options.assay_options],
}
# Where nothing, or any list of names, may stand.
_LOOSE = {"blacklist", "lines", "stream"}


def mutate(kind: str, data: bytes, rng: random.Random) -> Change:
    """Change a file of a kind."""
    change = rng.choice(KINDS[kind])(data, rng)
    if kind == "bgzip" and change.expect == SOUND and "with " in change.what:
        change = dataclasses.replace(change, expect=SAME)  # gzip, and no longer bgzip
    if kind == "stale":
        change = dataclasses.replace(change, expect=ANY)
    if kind in _LOOSE and change.expect == "refuse":
        change = dataclasses.replace(change, expect=ANY)
    return change
