"""Settings of the comparison with STREME; the names are those of the parameters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DiscoveryOptions:
    """How motifs of both sides are compared.

    Attributes
    ----------
    streme_nmotifs : int
        Motifs that STREME is asked for (the paper: 100).
    streme_hofract : float
        Share of the sequences that STREME holds out for its own significance (the paper: 0).
    streme_minw, streme_maxw : int
        Least and largest width of its motifs.
    tomtom_distance : {'ed', 'pearson'}
    tomtom_min_overlap : int
    q_threshold, min_coverage, min_unit_coverage : float
        Of the annotation of the best motifs.
    """

    streme_nmotifs: int = 10
    streme_hofract: float = 0.0
    streme_minw: int = 8
    streme_maxw: int = 19
    tomtom_distance: str = "ed"
    tomtom_min_overlap: int = 1
    q_threshold: float = 0.05
    min_coverage: float = 0.67
    min_unit_coverage: float = 0.8
