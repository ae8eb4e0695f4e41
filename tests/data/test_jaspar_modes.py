"""Our own binding modes beside those of JASPAR 2020 that the paper counts."""

from __future__ import annotations

from pathlib import Path

import pytest
from sklearn.metrics import adjusted_rand_score, homogeneity_completeness_v_measure

from nfexplainn.analyses.binding_modes.known import read_clusters
from nfexplainn.motifs.formats import read_motifs
from nfexplainn.motifs.modes import cluster_motifs

pytestmark = pytest.mark.realdata


def labels(count: int, modes: list) -> list[int]:
    of = [-1] * count
    for label, mode in enumerate(modes):
        for place in mode.members:
            of[place] = label
    return of


def test_clusters_of_jaspar_2020(data_dir: Path) -> None:
    folder = data_dir / "jaspar"
    motifs = read_motifs(folder / "JASPAR2020_CORE_vertebrates_nonredundant.meme", name="JASPAR")
    table = folder / "JASPAR2020_vertebrates_leaf_to_cluster.tab"
    if not table.is_file():
        pytest.skip(f"needs the clusters of JASPAR 2020, {table}")
    theirs = read_clusters(table, motifs)
    assert len(motifs.motifs) == 746
    assert len(theirs) == 111
    assert sum(len(mode.members) == 1 for mode in theirs) == 41
    assert sum(len(mode.members) for mode in theirs) == 746
    ours = cluster_motifs(motifs)
    one, two = (labels(746, modes) for modes in (theirs, ours))
    assert adjusted_rand_score(one, two) >= 0.8
    homogeneity, completeness, _ = homogeneity_completeness_v_measure(one, two)
    assert homogeneity >= 0.9 and completeness >= 0.9
    assert 90 <= len(ours) <= 130
    print(len(ours), adjusted_rand_score(one, two), homogeneity, completeness)
