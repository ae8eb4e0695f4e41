"""The heads of the columns of the chapter on what differs."""

from __future__ import annotations

from nfexplainn.page.mqc import escape

Headers = dict[str, dict[str, object]]

ANSWER_HEADERS: Headers = {
    "answer": {"title": "Differ in"},
    "auroc": {
        "title": "AUROC",
        "description": "Of predictions of the side of unseen sequences, within folds",
        "format": "{:,.3f}",
    },
    "pearson": {
        "title": "Correlation",
        "description": "Between measured and predicted difference of unseen sequences, within"
        " folds",
        "format": "{:,.3f}",
    },
    "interval": {"title": "95 % interval"},
    "p": {
        "title": "p",
        "description": "Null hypothesis: no difference (Mann-Whitney test over the folds, or test"
        " of the correlation, with twice the nominal variance)",
    },
    "composition": {
        "title": "Composition",
        "description": "AUROC (values: correlation) of mono- and dinucleotides alone",
        "format": "{:,.3f}",
    },
    "above": {
        "title": "p over composition",
        "description": "Null hypothesis: the model is no better than composition alone (paired;"
        " DeLong of AUROCs)",
    },
    "compared": {
        "title": "Compared",
        "description": "Sequences of either side; values: those with a value in both",
    },
    "strength": {
        "title": "Peak scores",
        "description": "Median score of the peaks given, where the files of both sides have the"
        " same column of scores",
    },
    "left_out": {
        "title": "Left out",
        "description": "Overlap or equal one of the other side; without a sequence of the same GC"
        " content there",
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
            "description": "Gain on unseen sequences with its 95 % interval, towards the side"
            " where the motif is more frequent",
        },
        "gain": {"title": "Gain", "format": "{:,.4f}"},
        "q": {
            "title": "q",
            "description": "Benjamini-Hochberg over the groups with a gain on their training parts",
        },
        "a": {"title": f"% of {a}", "description": "With a site", "format": "{:,.0f}"},
        "b": {"title": f"% of {b}", "description": "With a site", "format": "{:,.0f}"},
        "sites": {
            "title": "p, sites",
            "description": "Null hypothesis: equal shares; the larger p of Fisher's exact test"
            " and of the test beyond composition",
        },
    }


def value_headers(sides: tuple[str, str]) -> Headers:
    """Give the headers that are others where the sides are measured values."""
    a, b = (escape(side) for side in sides)
    return {
        "side": {"title": "Side", "description": "Higher with a site than without"},
        "gain_bar": {
            "title": f"← {a} · {b} →",
            "description": "Gain on unseen sequences with its 95 % interval, towards the side"
            " that is higher with a site than without",
        },
        "a": {
            "title": "With a site",
            "description": f"Mean of {a} minus {b}, of sequences with a site",
            "format": "{:,.2f}",
        },
        "b": {
            "title": "Without",
            "description": f"Mean of {a} minus {b}, of sequences without one",
            "format": "{:,.2f}",
        },
        "sites": {
            "title": "p, sites",
            "description": "Null hypothesis: equal values; the larger of the p of Mann-Whitney's"
            " test and the q of the test beyond composition",
        },
    }
