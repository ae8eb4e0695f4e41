"""What an assay says of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nfexplainn.assays.spec import Prepared, Spec
from nfexplainn.features import AssayFacts

# Options that most assays read.
SPLITTING = (
    *("split_by", "valid_fraction", "test_fraction", "valid_chromosomes", "test_chromosomes"),
    *("min_positives", "max_unknown", "folds"),
)
WINDOWS = ("width", "blacklist", "chromosomes", "exclude_chromosomes")
PADDING = ("length", "pad", "filter_length", "pool_size", "pool_stride", "trim_left", "trim_right")
READS = (*PADDING, "flank_left", "flank_right", "max_reads", "reverse_complement")
VALUES = (
    *(*PADDING, "sequence_column", "value_columns", "split_column", "valid_groups"),
    *("test_groups", "transform", "linker", "task_type", "labels", "reverse_complement"),
)


@dataclass(frozen=True)
class Assay:
    """An assay: how its files become a data set, and what is said of it.

    Attributes
    ----------
    name : str
        As in the sheet, and that of its module.
    description : str
        What its files are.
    prepare : callable
    facts : AssayFacts
    losses : tuple of str
        The first is what ``--loss auto`` stands for, unless ``defaults`` says otherwise.
    options : tuple of str
        Parameters that the preparation reads.
    negatives : tuple of str
        Those that can be asked for; none for measured values.
    defaults : mapping
        Of parameters whose own default is to be left to the assay.
    cycles : bool
        Whether the column label holds cycles.
    values : bool
        Whether a row may name a table of values beside its data.
    holds : mapping of str to str
        What a file holds that a parameter gives to several data sets, where it is not what it is
        for other assays (see :data:`nfexplainn.assays.shared_files.READERS`).
    denoise : bool
        Whether ``--peakvi`` is for it.
    aliases : mapping of str to str
        Other names that the sheet may use, with what the report calls them.
    """

    name: str
    description: str
    prepare: Callable[[Spec], Prepared]
    facts: AssayFacts
    losses: tuple[str, ...]
    options: tuple[str, ...]
    negatives: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    cycles: bool = False
    values: bool = False
    holds: Mapping[str, str] = field(default_factory=dict)
    denoise: bool = False
    aliases: Mapping[str, str] = field(default_factory=dict)
