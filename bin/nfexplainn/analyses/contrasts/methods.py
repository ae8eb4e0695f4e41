"""What the methods text says of contrasts."""

from __future__ import annotations

from collections.abc import Sequence

from nfexplainn.page.chapters import Cite, Values

_SUPPORTED = (
    "A motif was called supported if its gain had q at most 0.05 (Benjamini-Hochberg over the"
    " groups that give at least 1 % of what the models explain on their training parts), its"
    " contributions alone predicted unseen sequences better than chance, and"
)


def methods_of_peaks(values: Values, _models: Sequence[str], cite: Cite) -> str:
    """Say how contrasts of peaks and sequences were made and judged."""
    matched = "" if values.get("contrast_matching") == "none" else ", matched by GC content,"
    return (
        "Data sets were compared by models that separate the sequences of one from those of the"
        f" other; sequences in both were left out, the others{matched} were split into folds."
        " Half of the seeds of filters came from each side. The difference was tested by the"
        " Mann-Whitney statistics of the scores of unseen sequences, summed over the folds with"
        " twice their nominal variance, and against mono- and dinucleotides by a paired DeLong"
        f" test {cite('delong')}. {_SUPPORTED} the shares of unseen sequences with a site"
        " differed (Fisher's exact test, p at most 0.05), also beyond what dinucleotides and GC"
        " content explain (score test in a logistic regression on these and the fold, p at most"
        " 0.05, to the same side)."
    )


def methods_of_values(_values: Values, _models: Sequence[str], _cite: Cite) -> str:
    """Say how contrasts of measured values were made and judged."""
    return (
        "Two tasks of measured values were compared by models of their difference, the value of"
        " one minus that of the other after the transformation of the data set, in folds. Half of"
        " the seeds of filters came from each end of the difference. Whether sequence explains it"
        " was tested by the mean correlation within folds of unseen sequences, with twice its"
        " nominal variance (one-sided; related sequences count as one), and against a linear"
        " model of mono- and dinucleotides by the paired difference of the correlations,"
        " likewise. Where GC content predicted the difference (a correlation of at least 0.2,"
        f" each fold by a fit to the others), models were trained on the residuals. {_SUPPORTED}"
        " the values of unseen sequences with a site differed from those without one"
        " (Mann-Whitney test, p at most 0.05), also beyond what dinucleotides and GC content"
        " explain (score test in a linear regression on these and the fold with the larger of the"
        " usual variance and White's, Benjamini-Hochberg q over all groups at most 0.05, to the"
        " same side)."
    )
