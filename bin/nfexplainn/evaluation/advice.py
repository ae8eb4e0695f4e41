"""What may help a data set that cannot be read yet, by assay.

Only options that the preparation of this assay heeds are named, as they are written
(``--top_n``); a test prepares every assay with each of them.
"""

from __future__ import annotations

from dataclasses import dataclass

_BELIEVE = "and believe only motifs that all replicates support."
_CUT = "adapters and barcodes are cut off (--trim_left, --trim_right)"
_REPEATED = "and how well repeated measurements agree: no model predicts better than these."
_NOISE = f"Leave out values that hardly differ from the noise, or give more sequences, {_BELIEVE}"
_OUTSIDE = "if the signal lies outside them."


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


def _of_regions(values: str) -> Advice:
    return Advice(
        wrong="Check that the regions are of this genome and that their values belong to them"
        f" ({values}), {_REPEATED}",
        more="Give more regions, or leave out those whose values hardly differ from the noise,"
        f" {_BELIEVE}",
        composition="Compare regions of like GC content: the values follow it, and the motifs may"
        " be nothing else.",
        short=f"Give more regions, or wider windows (--width) {_OUTSIDE}",
    )


_VALUES = Advice(
    wrong="Check that the values belong to the sequences (--value_columns, --transform),"
    f" {_REPEATED}",
    more=_NOISE,
    composition="Compare sequences of like GC content: the values follow it, and the motifs may be"
    " nothing else.",
    short=f"Give more sequences, or longer ones {_OUTSIDE}",
)
_LABELS = Advice(
    wrong="Check that the labels belong to the sequences (--value_columns), or give more data.",
    more=f"Give more sequences, {_BELIEVE}",
    composition="Compare sequences of like GC content: the labels follow it, and the motifs may be"
    " nothing else.",
    short=f"Give more sequences, or longer ones {_OUTSIDE}",
)
_BY_ASSAY = {
    "peaks": Advice(
        wrong="Check that the peaks are of this genome and that their summits were read (chapter"
        " Data, What was read), take the strongest (--top_n, where the file has scores), or give"
        " more.",
        more=f"Take the strongest peaks (--top_n, where the file has scores), or more, {_BELIEVE}",
        composition="Use negatives of the same composition (--negatives gc or --negatives"
        " shuffle).",
        short=f"Give more peaks, or wider windows (--width) {_OUTSIDE}",
    ),
    "sequences": Advice(
        wrong="Check that every file holds what its label says, or give more sequences.",
        more=f"Give more sequences, or only those you are surest of, {_BELIEVE}",
        composition="Use negatives of the same composition (--negatives shuffle).",
        short=f"Give more sequences, or longer ones {_OUTSIDE}",
    ),
    "smileseq": Advice(
        wrong=f"Check that {_CUT}, or give more reads.",
        more=f"Give more reads (and allow them: --max_reads), {_BELIEVE}",
        composition="Look for adapters and low-complexity reads, and use negatives of the same"
        " composition (--negatives shuffle).",
        short="Give more reads (and allow them: --max_reads).",
    ),
    "htselex": Advice(
        wrong=f"Check that the files belong to their cycles, and that {_CUT}.",
        more="Take cycles that are further apart, or more reads (and allow them: --max_reads),"
        f" {_BELIEVE}",
        composition="Look for adapters and low-complexity reads: the cycles differ in composition.",
        short="Give more reads (and allow them: --max_reads), or cycles that are further apart.",
    ),
    "matrix": Advice(
        wrong="Check that the regions are of this genome and that the labels belong to them"
        " (--value_columns).",
        more=f"Give more regions, or only tasks with many bound ones (--value_columns), {_BELIEVE}",
        composition="Compare regions of like GC content: the labels follow it, and the motifs may"
        " be nothing else.",
        short=f"Give more regions, or wider windows (--width) {_OUTSIDE}",
    ),
    "accessibility": _of_regions("--value_columns, --transform"),
    "single_cell": _of_regions("clusters, --value_columns, --transform"),
    "starrseq": _VALUES,
    "pbm": _VALUES,
}
_NEGATIVES = {
    "peaks": "--negatives gc or --negatives shuffle",
    "sequences": "--negatives shuffle",
    "smileseq": "--negatives shuffle",
}
_POSITIVES = {
    "peaks": "peaks (a less strict threshold when they are called)",
    "smileseq": "reads",
    "matrix": "regions",
}
ON_GENOME = ("peaks", "matrix", "accessibility", "single_cell")


def advice_for(assay: str, *, values: bool) -> Advice:
    """Give what may help an assay.

    Parameters
    ----------
    assay : str
        As in the sheet.
    values : bool
        Whether values are predicted, not classes: tables hold either.
    """
    return _BY_ASSAY.get(assay) or (_VALUES if values else _LABELS)


def for_few_positives(assay: str) -> str:
    """Say what to do where no task has enough positives to be learnt."""
    return (
        f"Give more {_POSITIVES.get(assay, 'sequences')}, or lower --min_positives and read the"
        " result with care."
    )


def for_no_peaks() -> str:
    """Say what to do where a file of peaks holds none."""
    return "Look at the peak caller's log (a failed antibody gives no peaks), or leave the row out."


def for_no_negatives(assay: str) -> str:
    """Say what to do where there is nothing to compare positives with."""
    if assay in _NEGATIVES:
        return f"Use {_NEGATIVES[assay]}, or give a larger file of negatives."
    what = "regions that are not bound" if assay == "matrix" else "sequences with the label 0"
    return f"Give {what}, too."


def for_no_others(assay: str) -> str:
    """Say what to do where there are no other rows to take negatives from."""
    return f"use {_NEGATIVES[assay]}, or add rows"


def for_bad_split(assay: str) -> str:
    """Say what to do where a part lacks what training or validation needs."""
    places = "--valid_chromosomes, --test_chromosomes, " if assay in ON_GENOME else ""
    return (
        f"Choose the parts otherwise (--split_by, --valid_fraction, {places}or the column split),"
        " or give more sequences."
    )
