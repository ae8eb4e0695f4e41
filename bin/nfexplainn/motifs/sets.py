"""The known motifs that units are compared with: a JASPAR release, or a user's file."""

from __future__ import annotations

import numpy as np

from nfexplainn.dna import ALPHABET
from nfexplainn.errors import UserError
from nfexplainn.motifs.motif import Motif, MotifSet


def jaspar_motifs(taxon: str, release: str | None = None) -> MotifSet:
    """Take the CORE profiles of one taxon from the JASPAR releases that ``pyjaspar`` ships.

    Of every profile the newest version is taken; no network is needed.

    Parameters
    ----------
    taxon : str
        Such as ``vertebrates`` or ``fungi``.
    release : str or None
        A year, such as ``2020`` (the paper's); None takes the newest that is installed.

    Returns
    -------
    MotifSet
        Sorted by matrix id.

    Raises
    ------
    UserError
        If the release is not installed, or holds no profile of the taxon.
    """
    from pyjaspar import jaspardb

    known = sorted(name.removeprefix("JASPAR") for name in jaspardb().get_releases())
    if release is not None and str(release) not in known:
        raise UserError(
            f"--jaspar_release {release}: there is no such release; choose one of"
            f" {', '.join(known)}, or give a MEME file with --motif_db."
        )
    database = jaspardb(release=f"JASPAR{release or known[-1]}")
    try:
        found = database.fetch_motifs(collection="CORE", tax_group=[taxon])
    finally:
        database.conn.close()
    if not found:
        raise UserError(
            f"--jaspar_taxon {taxon}: JASPAR {release or known[-1]} has no profile of it; choose"
            " another taxon or release, or give a MEME file with --motif_db."
        )
    motifs = []
    for profile in sorted(found, key=lambda profile: str(profile.matrix_id)):
        counts = np.array([profile.counts[base] for base in ALPHABET], dtype=np.float64).T
        ppm = counts / counts.sum(axis=1, keepdims=True)
        sites = float(counts.sum(axis=1).max())
        motifs.append(Motif(str(profile.matrix_id), str(profile.name), ppm, sites))
    return MotifSet(tuple(motifs))
