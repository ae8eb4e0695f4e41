"""Protein-binding microarrays: tables of probes with intensities, an array per table."""

from __future__ import annotations

from collections.abc import Sequence

from nfexplainn.assays.assay import SPLITTING, VALUES, Assay
from nfexplainn.assays.common import PrepLog
from nfexplainn.assays.sequence_values import prepare_values
from nfexplainn.assays.spec import Prepared, Spec
from nfexplainn.assays.value_options import ValueOptions, value_options
from nfexplainn.assays.value_table import ValueTable
from nfexplainn.errors import UserError
from nfexplainn.evaluation.advice import VALUES as ADVICE_ON_VALUES
from nfexplainn.features import AssayFacts

VALUE_NAMES = ("mean_signal_intensity", "signal_intensity", "intensity", "signal", "value", "score")
_MIN_LINKER = 8  # bp; a shorter common end may be chance or a design's last bases
_MIN_PROBES = 10


def prepare(spec: Spec) -> Prepared:
    """Make the regression data set of one or several arrays.

    Reads UniPROBE's tables (intensity, sequence), GEO-like ones with flags and controls, which
    are left out, and any table with a column of sequences and one of intensities. Intensities are
    transformed per array to quantiles between 0 and 1 (Novakovsky, Fornes et al. 2023, Methods),
    unless ``transform`` says otherwise. Train on one array and test on another by the sheet's
    column ``split``; validation is then taken from training.

    Raises
    ------
    UserError
        For mistakes in the files; those of all files together.
    UnusableError
        If too few probes have a value.
    """
    options = value_options(spec.raw_options, spec.id, transform="quantile")
    log = PrepLog()
    layout = options.layout(value_names=VALUE_NAMES, flags=True)
    return prepare_values(spec, options, layout, log, lambda table: _linker(table, options, log))


def common_end(sequences: Sequence[bytes]) -> int:
    """Length of the end that all sequences share, in bp."""
    if not sequences:
        return 0
    # What the first and the last in the order of the reversed share, all share.
    reverse = [sequence[::-1] for sequence in sequences]
    pairs = zip(min(reverse), max(reverse), strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(map(len, reverse)))


def _linker(table: ValueTable, options: ValueOptions, log: PrepLog) -> int:
    """Give the length of the constant end to cut off a table's probes, and tell what was found.

    Raises
    ------
    UserError
        If the linker is to be cut and nothing but it is left, or there is none to cut while
        probes are as long as those that have one.
    """
    if len(table.sequences) < _MIN_PROBES:
        return 0
    found = common_end(table.sequences)
    if found < _MIN_LINKER:
        if options.linker == "cut":
            log.note(f"{table.source}: the probes have no common end, so no linker was cut.")
        return 0
    shortest = min(map(len, table.sequences))
    if options.linker == "keep":
        log.note(f"{table.source}: the last {found} bp of all probes are equal and were kept.")
        return 0
    if shortest - found < _MIN_LINKER:
        raise UserError(
            f"{table.source}: all probes end in the same {found} bp, and cutting them leaves"
            f" {shortest - found} bp; check the column of the sequences (--sequence_column)."
        )
    log.note(f"{table.source}: the linker, the last {found} bp of all probes, was cut off.")
    return found


ASSAY = Assay(
    name="pbm",
    description="Tables of probes with intensities of protein-binding microarrays"
    " (UniPROBE, GEO, DREAM5)",
    prepare=prepare,
    facts=AssayFacts(label="PBM", test_rows="another array", advice=ADVICE_ON_VALUES),
    losses=("mse", "pearson"),
    options=(*VALUES, *SPLITTING),
    defaults={"transform": "quantile"},
)
