"""Chapters of the page: what describes them, what is written into them, and the core ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nfexplainn.page.load import Inputs, Row
    from nfexplainn.page.mqc import Page
    from nfexplainn.page.units import Units

Cite = Callable[..., str]
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Chapter:
    """A chapter of the page.

    Attributes
    ----------
    key : str
        Its anchor.
    title : str
    position : int
        The larger number first; MultiQC's list of software versions is at 500.
    answers : str
        What a reader finds in it: Markdown, for the docs.
    lead : str
        What every section carries. MultiQC takes it from the first one, and where that has none it
        puts the section's own text, of one data set, under the chapter's heading.
    """

    key: str
    title: str
    position: int
    answers: str
    lead: str = ""


@dataclass(frozen=True)
class Content:
    """What chapters are written of.

    Attributes
    ----------
    inputs : Inputs
        The models whose motifs are read.
    everything : Inputs
        And those that were trained to be compared with.
    units : mapping of int to sequence of Unit
        By the position of the model in ``inputs.models``.
    shown : mapping of int to sequence of Unit
        Those that the page shows.
    """

    inputs: Inputs
    everything: Inputs
    units: Units
    shown: Units


@dataclass(frozen=True)
class Methods:
    """What the methods text says of an analysis.

    Attributes
    ----------
    table : str
        Ending of the table whose presence tells that the analysis ran, such as ``umap``; with a
        dot in it, of another file.
    say : callable
        Gives HTML from a data set's settings, its models and a function that cites.
    ran : callable, optional
        Tells by the rows of the table whether it really did.
    """

    table: str
    say: Callable[[Values, Sequence[str], Cite], str]
    ran: Callable[[Sequence[Row]], bool] | None = None


@dataclass(frozen=True)
class Answer:
    """What a model answers, in short: for the first screen of a run that asks models again.

    Attributes
    ----------
    dataset : str
    about : str
        What it was asked about, as in "30 sequences"; HTML, as the others.
    said : sequence of str
        Blocks, one below the other.
    minded : sequence of str
        Sentences on what to mind.
    """

    dataset: str
    about: str
    said: Sequence[str]
    minded: Sequence[str] = ()


@dataclass(frozen=True)
class Part:
    """What a module writes into a chapter.

    Attributes
    ----------
    chapter : Chapter
    write : callable
    place : int
        Among the parts of the chapter.
    methods : Methods or tuple of Methods, optional
        Several where the text depends on what the table holds.
    answers : callable, optional
        Gives, for the first screen of a run that asks models again, an answer per data set.
    """

    chapter: Chapter
    write: Callable[[Page, Content], None]
    place: int = 0
    methods: Methods | tuple[Methods, ...] = ()
    answers: Callable[[Inputs], Sequence[Answer]] | None = None


SUMMARY = Chapter(
    "nfx_summary",
    "Summary",
    1000,
    "per data set: the verdict, the score and its baselines, the motifs and their evidence, what"
    " to do next",
)

STATUS = Chapter(
    "nfx_status",
    "Sample status",
    950,
    "which data sets could not be used, why, and what to do",
)

DATA = Chapter(
    "nfx_data",
    "Data",
    900,
    "how files were read (summits or midpoints, the column of the score, tasks), sequences per"
    " part, dropped records, the leakage audit, notes",
    lead=("What the models were trained, validated and tested on."),
)

TRAINING = Chapter(
    "nfx_training",
    "Training curves",
    850,
    "loss and validation metric per epoch; a row per training",
    lead=(
        "Training stops when the validation loss no longer falls; the weights of the best epoch"
        " are kept."
    ),
)

PERFORMANCE = Chapter(
    "nfx_performance",
    "Performance",
    800,
    "test scores compared with GC content, 4-mers and chance",
    lead=("Interpret a model only if it beats the GC content and 4-mer baselines."),
)

EVIDENCE = Chapter(
    "nfx_evidence",
    "Evidence",
    775,
    "which motifs improve predictions of unseen sequences, with intervals and q-values, and the"
    " fewest that predict as well",
    lead=(
        "A <b>group</b> joins the units (of other networks, with --nullification, the first-layer"
        " filters) of all replicates with the same motif, on either strand. Its <b>gain</b> is"
        " the increase of the loss on unseen sequences when the group is removed from the model"
        " and the bias refitted; its <b>share</b> is the gain relative to what the model"
        " explains. A group that is not supported may still be related to the assay, but the"
        " model predicts as well without it."
    ),
)

MOTIFS = Chapter(
    "nfx_motifs",
    "Motifs",
    750,
    "all motifs with logo, known motif, effect, support, importance, sites",
    lead=(
        "A motif is the pattern that one unit of the model detects. <b>Effect</b>: how much more"
        " it adds to the prediction of positives than of negatives (for regression: of high than"
        " of low values). With several replicates, a consensus joins the top units of all."
        " <b>Support</b>: replicates, trained from other seeds, that have a unit with this motif;"
        " <b>found in</b>: those with a member of the consensus. <b>q</b>: of the best match"
        " among known motifs."
    ),
)

IMPORTANCE = Chapter(
    "nfx_importance",
    "Importance",
    700,
    "what the strongest units add to single predictions",
)

SITE_EFFECTS = Chapter(
    "nfx_site_effects",
    "Site effects",
    650,
    "the effect of a site of each motif on the prediction of each task; then the final weights of"
    " annotated units",
    lead=(
        "First the effect of a <b>site</b> of a motif (<code>site_effect</code> in"
        " tables/evidence.tsv, with its interval), then the <b>final weights</b> of the units."
        " These can differ in sign: a unit's output may decrease to zero at its own motif, and a"
        " negative weight then raises the prediction there."
    ),
)

TOMTOM = Chapter(
    "nfx_tomtom",
    "Tomtom",
    600,
    "the five best known motifs per unit",
)

METHODS = Chapter(
    "nfx_methods",
    "Methods",
    550,
    "text with references for a paper, generated from the parameters of the run",
)

PARAMETERS = Chapter(
    "nfx_parameters",
    "Parameters",
    450,
    "what ran, and with which settings",
)
