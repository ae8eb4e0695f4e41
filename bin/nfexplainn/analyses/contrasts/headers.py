"""The heads of the columns of the chapter on what differs."""

from __future__ import annotations

from nfexplainn.page.mqc import escape

Headers = dict[str, dict[str, object]]

ANSWER_HEADERS: Headers = {
    "answer": {"title": "Differ in"},
    "auroc": {
        "title": "AUROC",
        "description": "How well models that have not seen a sequence tell its side, within folds",
        "format": "{:,.3f}",
    },
    "pearson": {
        "title": "Correlation",
        "description": "Of the measured difference with that which models predict that have not"
        " seen a sequence, within folds",
        "format": "{:,.3f}",
    },
    "interval": {"title": "95 % interval"},
    "p": {
        "title": "p",
        "description": "That no difference could give such an AUROC (Mann-Whitney over the folds)"
        " or correlation, with twice the nominal variance",
    },
    "composition": {
        "title": "Composition",
        "description": "AUROC (of values the correlation) of mono- and dinucleotides alone",
        "format": "{:,.3f}",
    },
    "above": {
        "title": "p over composition",
        "description": "That the model is no better than composition alone (paired; DeLong of"
        " AUROCs)",
    },
    "compared": {
        "title": "Compared",
        "description": "Sequences of either side; of values those with a value in both",
    },
    "strength": {
        "title": "Peak scores",
        "description": "Median score of the peaks given, where the files of both sides have the"
        " same column of scores",
    },
    "left_out": {
        "title": "Left out",
        "description": "As they overlap or equal one of the other side, and for want of a sequence"
        " of the same GC content there",
    },
}


def motif_headers(sides: tuple[str, str]) -> Headers:
    """Give the headers of the motifs of a contrast."""
    a, b = (escape(side) for side in sides)
    return {
        "logo": {"title": "Logo"},
        "name": {"title": "Known motif"},
        "supported": {"title": "Supported"},
        "side": {"title": "Side", "description": "Where more sequences have a site"},
        "gain_bar": {
            "title": f"← {a} · {b} →",
            "description": "Gain on unseen sequences with its 95 % interval, to the side that the"
            " motif is more frequent on",
        },
        "gain": {"title": "Gain", "format": "{:,.4f}"},
        "q": {
            "title": "q",
            "description": "Benjamini-Hochberg over the groups that help on their training parts",
        },
        "a": {"title": f"% of {a}", "description": "With a site", "format": "{:,.0f}"},
        "b": {"title": f"% of {b}", "description": "With a site", "format": "{:,.0f}"},
        "sites": {
            "title": "p, sites",
            "description": "That the shares do not differ: the larger p of Fisher's exact test and"
            " of that beyond composition",
        },
    }


def value_headers(sides: tuple[str, str]) -> Headers:
    """Give the headers that are others where the sides are measured values."""
    a, b = (escape(side) for side in sides)
    return {
        "side": {"title": "Side", "description": "Higher with a site than without"},
        "gain_bar": {
            "title": f"← {a} · {b} →",
            "description": "Gain on unseen sequences with its 95 % interval, to the side that is"
            " higher with a site than without",
        },
        "a": {
            "title": "With a site",
            "description": f"Mean of {a} less {b}, of sequences with a site",
            "format": "{:,.2f}",
        },
        "b": {
            "title": "Without",
            "description": f"Mean of {a} less {b}, of sequences without one",
            "format": "{:,.2f}",
        },
        "sites": {
            "title": "p, sites",
            "description": "That the values do not differ: the larger of the p of Mann-Whitney's"
            " test and the q of that beyond composition",
        },
    }
