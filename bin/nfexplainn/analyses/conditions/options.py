"""Which samples are of which condition, and which conditions are compared."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nfexplainn.io.reading import read_json


@dataclass(frozen=True)
class Sample:
    """A sample of an experiment.

    Attributes
    ----------
    task : str
        Of the data set that holds its signal.
    condition, replicate : str
    """

    task: str
    condition: str
    replicate: str


@dataclass(frozen=True)
class ConditionOptions:
    """What is compared.

    Attributes
    ----------
    samples : tuple of Sample
    reference_condition : str or None
        With which all other conditions are compared; None: all pairs are.
    """

    samples: tuple[Sample, ...]
    reference_condition: str | None = None


def read_condition_options(path: str | Path) -> ConditionOptions:
    """Read them from JSON, in which a sample is ``{"task", "condition", "replicate"}``."""
    values = read_json(path, str(path))
    samples = tuple(
        Sample(str(one["task"]), str(one["condition"]), str(one["replicate"]))
        for one in values["samples"]
    )
    return ConditionOptions(samples, values.get("reference_condition"))
