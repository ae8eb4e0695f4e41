"""What assays and architectures say of themselves, for all that does not run them.

The descriptions stand beside their code (``ASSAY`` in ``assays/``, ``ARCHITECTURE`` in
``models/architectures/``). ``assets/generate.py`` gathers them in ``features.json``, so that a
report needs neither readers nor torch; it lies here because ``bin/`` alone travels with tasks.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Advice:
    """What may help, a sentence for each thing that can be wrong.

    Attributes
    ----------
    wrong : str
        The score is hardly better than chance.
    more : str
        The score is low.
    composition : str
        The score is no better than that of GC content.
    short : str
        The score is no better than that of 4-mers.
    """

    wrong: str
    more: str
    composition: str
    short: str


@dataclass(frozen=True)
class AssayFacts:
    """What is known of the data sets of an assay.

    Attributes
    ----------
    label : str
        How people call it; empty where the summary need not say it.
    genome : bool
        Whether its sequences are windows of a genome.
    profiles : bool
        Whether a region's values over the tasks are compared.
    selection : bool
        Whether tasks are cycles of a selection, of which the last tells most.
    positives, unbound : str
        Words for what there must be more of: of positives, and of what they are told from.
    negatives : str
        Which parameters give negatives; empty for measured values.
    test_rows : str
        What a test part is that the sheet names.
    windows : str
        A sentence of the methods text on how windows were cut; ``{width}`` stands for theirs.
    advice : Advice, optional
        By default that for tables of values or of labels.
    """

    label: str = ""
    genome: bool = False
    profiles: bool = False
    selection: bool = False
    positives: str = "sequences"
    unbound: str = "sequences with the label 0"
    negatives: str = ""
    test_rows: str = "the test part of the sheet"
    windows: str = ""
    advice: Advice | None = None


@dataclass(frozen=True)
class ArchitectureFacts:
    """What is said of an architecture.

    Attributes
    ----------
    title : str
        As the paper writes it.
    pretrained : bool
        Whether its units are the outputs of trained models.
    reference : tuple of str
        What is cited, and its DOI; empty where it is ExplaiNN's own paper.
    """

    title: str
    pretrained: bool = False
    reference: tuple[str, ...] = ()


def assay_facts(name: object) -> AssayFacts:
    """Give what is known of an assay; of one that is not known, what holds for sequences."""
    facts = dict(_read()["assays"].get(str(name), {}))
    if facts.get("advice"):
        facts["advice"] = Advice(**facts["advice"])
    return AssayFacts(**facts)


def architecture_facts() -> dict[str, ArchitectureFacts]:
    """Give what is said of every architecture, by its name."""
    return {
        name: ArchitectureFacts(facts["title"], facts["pretrained"], tuple(facts["reference"]))
        for name, facts in _read()["architectures"].items()
    }


@functools.cache
def _read() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        Path(__file__).with_name("features.json").read_text(encoding="utf-8")
    )
    return found
