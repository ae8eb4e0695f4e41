"""Changes of options: values of other types, and beyond all bounds."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from fuzz.changes import Change

_ASSETS = Path(__file__).resolve().parents[2] / "assets"
_FILES = ("regions", "labels", "clusters", "barcodes", "blacklist")
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 7, 1.5, -0.0, 1e308, 2**31, 2**63, -(2**63) - 1, 10**30),
    *(
        float("nan"),
        float("inf"),
        -float("inf"),
        "",
        " ",
        "nan",
        "abc",
        "1",
        "-1",
        "0.5",
        ",",
        "a,a",
    ),
    *(
        [],
        {},
        [1],
        ["a", 1],
        {"a": 1},
        [[]],
        [None],
        "\x00",
        "\x1b[2J",
        "x" * 5000,
        "\uff11",
        "chr1",
    ),
    *("random", "chromosome", "given", "auto", "all", "$(id)", "<b>", "a\nb", "é", [[[[[[1]]]]]]),
)
# What makes a training long, not wrong.
_PINNED = ("max_epochs", "patience", "seed", "dataset", "models")
_TRAIN = (
    *("learning_rate", "batch_size", "units", "hidden", "filter_length", "pool_size", "dropout"),
    *("pool_stride", "num_fc", "loss", "recipe", "kernel", "model", "replicate", "weight_decay"),
    *("initial_filters", "initial_epochs", "device", "pretrained_length", "augment", "monitor"),
)
_MOTIFS = ("initial_count", "initial_motifs", "motif_db", "jaspar_taxon")


def assay_options(data: bytes, rng: random.Random) -> Change:
    """Change options of a prepare step's specification."""
    spec = json.loads(data)
    defaults = json.loads((_ASSETS / "features.json").read_text())["assays"]
    known = [*sorted(set(defaults[spec["assay"]]["options"]) - set(_FILES)), "seed_of_nobody"]
    keys = tuple(rng.sample(known, rng.choice((1, 1, 2))))
    said = []
    for key in keys:
        spec["options"][key] = value = rng.choice(_VALUES)
        said.append(f"{key}={json.dumps(value)[:40]}")
    return Change(json.dumps(spec).encode(), " ".join(said), names=(*keys, "d (", "d:", "d,"))


def settings(data: bytes, rng: random.Random) -> Change:
    """Change settings of a later step."""
    values = json.loads(data)
    known = _MOTIFS if "motif_db" in values else tuple({*_TRAIN, *values} - set(_PINNED))
    key, value = rng.choice(sorted(known)), rng.choice(_VALUES)
    values[key] = value
    what = f"{key}={json.dumps(value)[:40]}"
    return Change(json.dumps(values).encode(), what, names=(key, "d,"))
