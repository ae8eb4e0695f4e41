"""A model with terms of pairs: still a sum, and the file that holds its terms.

A prediction of the extended model is

    intercept + slope x (sum over units) + composition + sum over rows + sum over pairs,

so that each of its parts can be read by itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from nfexplainn.analyses.interactions.terms import Pair, Scale, Sites, pair_terms, row_terms
from nfexplainn.dna import Codes
from nfexplainn.evidence.clusters import Floats
from nfexplainn.evidence.occurrence import composition_features
from nfexplainn.evidence.regressions import Standard
from nfexplainn.io.reading import read_json, reading
from nfexplainn.io.text import write_text
from nfexplainn.motifs.motif import Motif
from nfexplainn.motifs.scan import locate_best_hits

INTERCEPT, UNITS, COMPOSITION = "intercept", "units", "composition"


@dataclass(frozen=True)
class Terms:
    """What is computed of sequences, before any weight.

    Attributes
    ----------
    motifs : tuple of Motif
        Of the rows, by whose best sites a sequence is described.
    scales : tuple of Scale
    logit, composition : Standard
    both_strands : bool
    """

    motifs: tuple[Motif, ...]
    scales: tuple[Scale, ...]
    logit: Standard
    composition: Standard
    both_strands: bool

    def columns(
        self,
        logits: Floats,
        composition: Floats,
        sites: Sites,
        pairs: Sequence[tuple[Pair, int]],
        *,
        places: bool,
    ) -> list[tuple[str, Floats]]:
        """Give the parts of the sum by name, each with its terms, float64 (n, terms).

        Parameters
        ----------
        logits : float64 array, shape (n,)
            Of the model: the sum over its units.
        composition : float64 array, shape (n, features)
            See :func:`~nfexplainn.evidence.occurrence.composition_features`.
        sites : Sites
        pairs : sequence of (Pair, int)
            With the distances of spacings.
        places : bool
            Whether rows have terms of places.
        """
        rows = row_terms(sites, self.scales, places=places)
        names = [motif.id for motif in self.motifs]
        return [
            (INTERCEPT, np.ones((len(logits), 1))),
            (UNITS, self.logit(logits[:, None])),
            (COMPOSITION, self.composition(composition)),
            *zip(names, rows, strict=True),
            *(
                (
                    f"{names[pair.first]} {names[pair.second]} {pair.kind}",
                    pair_terms(sites, self.scales, pair, distance),
                )
                for pair, distance in pairs
            ),
        ]


@dataclass(frozen=True)
class ExtendedModel:
    """One replicate's sum over units, rows and pairs, for one task.

    Attributes
    ----------
    terms : Terms
    pairs : tuple of (Pair, int)
    places : bool
    weights : float64 array, shape (terms,)
    """

    terms: Terms
    pairs: tuple[tuple[Pair, int], ...]
    places: bool
    weights: Floats

    def parts(self, codes: Codes, logits: Floats) -> dict[str, Floats]:
        """Split predictions into the parts of the sum, by name, each of shape (n,).

        Parameters
        ----------
        codes : uint8 array, shape (n, length)
        logits : float64 array, shape (n,)
            What the replicate's model predicts of them: a bias and a sum over units, of which the
            part ``units`` is a multiple.
        """
        terms = self.terms
        sites = sites_of(terms.motifs, codes, both_strands=terms.both_strands)
        features = composition_features(codes, terms.both_strands)
        named = terms.columns(logits, features, sites, self.pairs, places=self.places)
        found, at = {}, 0
        for name, columns in named:
            found[name] = columns @ self.weights[at : at + columns.shape[1]]
            at += columns.shape[1]
        return found

    def predict(self, codes: Codes, logits: Floats) -> Floats:
        """Predict logits (or values), shape (n,): the sum of the :meth:`parts`."""
        return np.asarray(np.sum(list(self.parts(codes, logits).values()), axis=0))


def sites_of(motifs: Sequence[Motif], codes: Codes, *, both_strands: bool) -> Sites:
    """Find the best site of each motif in each sequence."""
    hits = locate_best_hits(motifs, codes, both_strands=both_strands)
    widths = np.array([len(motif.ppm) for motif in motifs], dtype=np.int64)
    score, start = hits.score.astype(np.float64), hits.start.astype(np.int64)
    return Sites(score, start, widths, codes.shape[1])


def write_models(models: Mapping[str, ExtendedModel], path: str | Path) -> None:
    """Write the extended models of a replicate, by task, to ``R.interactions.json``."""
    text = json.dumps({task: _as_json(model) for task, model in models.items()}, indent=1)
    write_text(path, text + "\n")


def read_models(path: str | Path) -> dict[str, ExtendedModel]:
    """Read what :func:`write_models` wrote; the models predict the same to the last digit.

    Raises
    ------
    UserError
        If the file is broken.
    """
    with reading(str(path), "the terms of pairs cannot be read", "run --interactions again"):
        held = read_json(path, str(path))
        return {task: _from_json(own) for task, own in held.items()}


def _as_json(model: ExtendedModel) -> dict[str, Any]:
    terms = model.terms
    return {
        "rows": [
            {"id": motif.id, "name": motif.name, "ppm": motif.ppm.tolist(), "sites": motif.nsites}
            | {"scale": _listed(scale)}
            for motif, scale in zip(terms.motifs, terms.scales, strict=True)
        ],
        "logit": _listed(terms.logit),
        "composition": _listed(terms.composition),
        "both_strands": terms.both_strands,
        "pairs": [
            {"first": one.first, "second": one.second, "kind": one.kind, "distance": distance}
            for one, distance in model.pairs
        ],
        "places": model.places,
        "weights": model.weights.tolist(),
    }


def _listed(given: Standard | Scale) -> dict[str, Any]:
    values = ((field.name, getattr(given, field.name)) for field in fields(given))
    return {name: np.asarray(value).tolist() for name, value in values}


def _sd(held: Mapping[str, Any]) -> Any:
    """Give a standard deviation, which files of before 0.1.0 call spread."""
    return held["sd"] if "sd" in held else held["spread"]


def _from_json(held: Mapping[str, Any]) -> ExtendedModel:
    def standard(name: str) -> Standard:
        return Standard(np.array(held[name]["mean"]), np.array(_sd(held[name])))

    motifs, scales = [], []
    for row in held["rows"]:
        motifs.append(Motif(row["id"], row["name"], np.array(row["ppm"]), float(row["sites"])))
        own = row["scale"]
        scales.append(Scale(own["centre"], _sd(own), np.array(own["knots"])))
    terms = Terms(
        tuple(motifs),
        tuple(scales),
        standard("logit"),
        standard("composition"),
        bool(held["both_strands"]),
    )
    pairs = [
        (Pair(one["first"], one["second"], one["kind"]), one["distance"]) for one in held["pairs"]
    ]
    return ExtendedModel(terms, tuple(pairs), bool(held["places"]), np.array(held["weights"]))
