"""STARR-seq and other reporter assays: sequences with one or more activities."""

from __future__ import annotations

from nfexplainn.assays.assay import SPLITTING, VALUES, Assay
from nfexplainn.assays.common import PrepLog
from nfexplainn.assays.sequence_values import prepare_values
from nfexplainn.assays.spec import Prepared, Spec
from nfexplainn.assays.value_options import value_options
from nfexplainn.evaluation.advice import VALUES as ADVICE_ON_VALUES
from nfexplainn.features import AssayFacts


def prepare(spec: Spec) -> Prepared:
    """Make the regression data set of one or several tables of activities.

    Every column of numbers is a task, unless ``value_columns`` names some. Tables that are
    parts of a split (the sheet's column ``split``) share their tasks; other rows are joined by
    sequence. Rows with ``values`` are a FASTA and the table of its activities. Whether strands
    are averaged is the parameter ``reverse_complement``: enhancers are active in either
    orientation, promoters are oriented. Sequences with more N than ``max_unknown`` are left out
    (the paper: with any).

    Raises
    ------
    UserError
        For mistakes in the files; those of all files together.
    UnusableError
        If too few sequences have a value.
    """
    options = value_options(spec.raw_options, spec.id, transform="none")
    return prepare_values(spec, options, options.layout(), PrepLog())


ASSAY = Assay(
    name="starrseq",
    description="Tables of sequences with activities: STARR-seq, MPRA",
    prepare=prepare,
    facts=AssayFacts(label="STARR-seq", advice=ADVICE_ON_VALUES),
    losses=("mse", "pearson"),
    options=(*VALUES, *SPLITTING),
    defaults={"transform": "none"},
    values=True,
)
