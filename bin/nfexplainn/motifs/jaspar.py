"""Sets of known motifs: JASPAR releases, all offline.

JASPAR CORE, the newest version of each profile, comes with the package ``pyjaspar`` (CC BY 4.0;
Rauluseviciute et al. 2024 and the later release). The default set also lies in ``assets/motifs``.
"""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nfexplainn.dna import ALPHABET
from nfexplainn.errors import UserError
from nfexplainn.motifs.families import label_of
from nfexplainn.motifs.formats import read_meme
from nfexplainn.motifs.motif import Motif, MotifSet

DEFAULT_RELEASE = "2026"
DEFAULT_TAXON = "vertebrates"
TAXA = ("vertebrates", "plants", "insects", "nematodes", "fungi", "urochordates", "diatoms")

ASSETS = Path(__file__).resolve().parents[3] / "assets" / "motifs"


def set_name(release: str, taxon: str) -> str:
    """Name of a set's file, as JASPAR calls it."""
    return f"JASPAR{release}_CORE_{taxon}_non-redundant.meme"


def jaspar_motifs(taxon: str = DEFAULT_TAXON, release: str | int | None = None) -> MotifSet:
    """Give JASPAR CORE profiles of a taxon, each in its newest version, ordered by identifier.

    Probabilities have six decimals and a profile's number of sites is that of its first position,
    as in JASPAR's own MEME files (positions may have different totals), so that Tomtom gives the
    same with either.

    Parameters
    ----------
    taxon : str
        One of `TAXA`.
    release : str or int, optional
        Year of the release (``2024`` or ``JASPAR2024``); the newest by default.

    Raises
    ------
    UserError
        If there is no such release or taxon, or no profile of the taxon in the release; it lists
        what there is.
    """
    year = DEFAULT_RELEASE if release is None else str(release)
    asset = ASSETS / set_name(year, taxon)
    # Where only bin/ travels to the machine of a task, the assets are not there.
    in_assets = (year, taxon) == (DEFAULT_RELEASE, DEFAULT_TAXON) and asset.is_file()
    return read_meme(asset) if in_assets else fetch_jaspar(year, taxon)


def fetch_jaspar(release: str, taxon: str) -> MotifSet:
    """Give what :func:`jaspar_motifs` gives, from the database in ``pyjaspar``."""
    if taxon not in TAXA:
        raise UserError(f"JASPAR has no taxon {taxon!r}; give one of {', '.join(TAXA)}.")
    known = jaspar_releases()
    year = release.upper().removeprefix("JASPAR")
    if year not in known:
        raise UserError(f"there is no JASPAR release {release!r}; give one of {', '.join(known)}.")
    from pyjaspar import jaspardb

    with warnings.catch_warnings():
        # Biopython warns of an empty choice; that is told below.
        warnings.simplefilter("ignore")
        profiles = jaspardb(release=f"JASPAR{year}").fetch_motifs(
            collection="CORE", tax_group=[taxon], all_versions=False
        )
    if not profiles:
        raise UserError(
            f"JASPAR {year} has no profiles of {taxon}; give another taxon"
            f" ({', '.join(TAXA)}) or release ({', '.join(known)})."
        )
    motifs = [
        _motif(
            profile.matrix_id,
            profile.name,
            np.array([profile.counts[letter] for letter in ALPHABET], dtype=np.float64).T,
        )
        for profile in profiles
    ]
    return MotifSet(tuple(sorted(motifs, key=lambda motif: _order(motif.id))))


def fetch_families(release: str) -> list[tuple[str, str]]:
    """Give the label of each profile's family, by identifiers without a version, of all taxa."""
    from pyjaspar import jaspardb

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        profiles = jaspardb(release=f"JASPAR{release}").fetch_motifs(
            collection="CORE", tax_group=list(TAXA), all_versions=False
        )
    labels = {
        profile.matrix_id.partition(".")[0]: label_of(profile.tf_class, profile.tf_family)
        for profile in profiles
    }
    return sorted((motif, label) for motif, label in labels.items() if label)


@cache
def jaspar_releases() -> tuple[str, ...]:
    """Years of the JASPAR releases in ``pyjaspar``, newest first."""
    from pyjaspar import jaspardb

    years = {name.removeprefix("JASPAR") for name in jaspardb().get_releases()}
    return tuple(sorted(years, reverse=True))


def _motif(identifier: str, name: str, counts: NDArray[np.float64]) -> Motif:
    totals = counts.sum(axis=1)
    return Motif(
        id=identifier,
        name="" if name == identifier else name,
        ppm=np.round(counts / totals[:, None], 6),
        nsites=float(round(totals[0])),
    )


def _order(identifier: str) -> tuple[str, int]:
    base, _, version = identifier.partition(".")
    return base, int(version)
