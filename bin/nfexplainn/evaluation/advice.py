"""What may help a data set that cannot be read yet, by assay.

Only options that the preparation of this assay heeds are named, as they are written
(``--top_n``); a test prepares every assay with each of them.
"""

from __future__ import annotations

from nfexplainn.features import Advice, assay_facts

# Parts of sentences that several assays share.
BELIEVE = "and trust only motifs that all replicates support."
CUT = "adapters and barcodes are cut off (--trim_left, --trim_right)"
REPEATED = "and how well replicate measurements agree: no model can predict better."
NOISE = f"Leave out values close to the noise, or give more sequences, {BELIEVE}"
OUTSIDE = "if the signal lies outside them."
VALUES = Advice(
    wrong="Check that the values belong to the sequences (--value_columns, --transform),"
    f" {REPEATED}",
    more=NOISE,
    composition="Compare sequences of similar GC content: the values correlate with it, and the"
    " motifs may only reflect it.",
    short=f"Give more sequences, or longer ones {OUTSIDE}",
)
_LABELS = Advice(
    wrong="Check that the labels belong to the sequences (--value_columns), or give more data.",
    more=f"Give more sequences, {BELIEVE}",
    composition="Compare sequences of similar GC content: the labels correlate with it, and the"
    " motifs may only reflect it.",
    short=f"Give more sequences, or longer ones {OUTSIDE}",
)


def of_regions(values: str) -> Advice:
    """Give what may help regions with values, which these parameters choose."""
    return Advice(
        wrong="Check that the regions are of this genome and that their values belong to them"
        f" ({values}), {REPEATED}",
        more=f"Give more regions, or leave out those with values close to the noise, {BELIEVE}",
        composition="Compare regions of similar GC content: the values correlate with it, and the"
        " motifs may only reflect it.",
        short=f"Give more regions, or wider windows (--width) {OUTSIDE}",
    )


def advice_for(assay: str, *, values: bool) -> Advice:
    """Give what may help an assay.

    Parameters
    ----------
    assay : str
        As in the sheet.
    values : bool
        Whether values are predicted, not classes: tables hold either.
    """
    return assay_facts(assay).advice or (VALUES if values else _LABELS)


def for_few_positives(assay: str) -> str:
    """Say what to do where no task has enough positives to be learnt."""
    return (
        f"Give more {assay_facts(assay).positives}, or lower --min_positives and interpret the"
        " result with care."
    )


def for_few_scored(recipe: str) -> str:
    """Say what to do where few positives were trained or tested on, by the recipe in use."""
    if recipe == "paper":
        return "Give more positives, or leave out --recipe paper: robust, the default, needs fewer."
    return "Give more positives."


def for_no_peaks() -> str:
    """Say what to do where a file of peaks holds none."""
    return "Look at the peak caller's log (a failed antibody gives no peaks), or leave the row out."


def for_no_negatives(assay: str) -> str:
    """Say what to do where there is nothing to compare positives with."""
    facts = assay_facts(assay)
    if facts.negatives:
        return f"Use {facts.negatives}, or give a larger file of negatives."
    return f"Give {facts.unbound}, too."


def for_no_others(assay: str) -> str:
    """Say what to do where there are no other rows to take negatives from."""
    return f"use {assay_facts(assay).negatives}, or add rows"


def for_bad_split(assay: str, *, folded: bool = False) -> str:
    """Say what to do where a part, or a fold, lacks what training or validation needs."""
    if folded:
        return "Use fewer folds (--folds; 1 makes one split), or give more sequences."
    places = "--valid_chromosomes, --test_chromosomes, " if assay_facts(assay).genome else ""
    return (
        f"Change the split (--split_by, --valid_fraction, {places}or the column split), or give"
        " more sequences."
    )
