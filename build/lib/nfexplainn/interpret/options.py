"""Settings of interpretation, annotation and summary; the names are those of the parameters."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, TypeVar

from nfexplainn.io.reading import read_json
from nfexplainn.seeds import SEED
from nfexplainn.typed import from_json

OptionsT = TypeVar("OptionsT")


@dataclass(frozen=True)
class InterpretOptions:
    """How motifs and importances are made.

    Attributes
    ----------
    activation_threshold : float
        Share of a unit's maximum that a site reaches.
    min_sites : int
        A motif of fewer sites is flagged.
    min_information : float
        Bits under which a motif is never annotated.
    kernel : {'auto', 'native', 'torch'}
        What scans the sequences and computes the units.
    recipe : {'robust', 'paper'}
        ``robust`` adds a re-estimated second motif per unit.
    """

    activation_threshold: float = 0.5
    min_sites: int = 20
    min_information: float = 5.0
    kernel: str = "auto"
    recipe: str = "robust"


class Matching(TypedDict):
    """What decides which known motifs name a motif."""

    distance: str
    min_overlap: int
    max_q: float
    min_coverage: float
    min_unit_coverage: float


@dataclass(frozen=True)
class AnnotateOptions:
    """How motifs are compared.

    Attributes
    ----------
    tomtom_distance : {'ed', 'pearson'}
    tomtom_min_overlap : int
        Columns.
    q_threshold : float
        Largest q-value of a match.
    min_coverage : float
        Share of a known motif's information that a match must cover.
    min_unit_coverage : float
        Share of a unit's, or a row's, own information that a match must cover.
    min_information : float
        Bits under which a motif is never compared.
    """

    tomtom_distance: str = "ed"
    tomtom_min_overlap: int = 1
    q_threshold: float = 0.05
    min_coverage: float = 0.67
    min_unit_coverage: float = 0.8
    min_information: float = 5.0

    def matching(self) -> Matching:
        """What :func:`nfexplainn.motifs.matches.known_matches` is told."""
        return {
            "distance": self.tomtom_distance,
            "min_overlap": self.tomtom_min_overlap,
            "max_q": self.q_threshold,
            "min_coverage": self.min_coverage,
            "min_unit_coverage": self.min_unit_coverage,
        }


@dataclass(frozen=True)
class NullifyOptions:
    """How filters are nullified.

    Attributes
    ----------
    nullify_with : {'mean', 'zero'}
        What a filter's map is replaced by.
    nullify_sequences : int
        Most sequences looked at; of more, a random sample.
    seed : int
        Of that sample.
    kernel : {'auto', 'native', 'torch'}
    """

    nullify_with: str = "mean"
    nullify_sequences: int = 2000
    seed: int = SEED
    kernel: str = "auto"


def read_options(path: str | Path, kind: type[OptionsT]) -> OptionsT:
    """Read the fields of an options dataclass from a JSON file; other keys belong to other steps.

    Raises
    ------
    UserError
        If the file is no JSON object or a value has another type than its default.
    """
    return from_json(kind, read_json(path, str(path)), str(path))
