from __future__ import annotations

import numpy as np
import pytest

from nfexplainn import dna
from nfexplainn.analyses.cycles.scores import COLUMNS, score_cycles
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.errors import UserError
from nfexplainn.io.tsv import Table
from nfexplainn.motifs.motif import Motif

SITE = "TAATTAAATTA"


def motif(name: str, text: str) -> Motif:
    ppm = np.full((len(text), 4), 0.01)
    ppm[np.arange(len(text)), dna.encode([text])[0]] = 0.97
    return Motif(name, "", ppm, 100)


def cycles(n: int = 200, task_type: str = "multiclass", test: bool = True) -> Dataset:
    """Three cycles of reads, padded: no site, a site in half, a site (either strand) in all."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, (3 * n, 24), dtype=np.uint8)
    cycle = np.repeat([0, 1, 2], n)
    site = dna.encode([SITE])[0]
    for row in np.flatnonzero((cycle == 2) | ((cycle == 1) & (rng.random(3 * n) < 0.5))):
        at = int(rng.integers(0, 13))
        codes[row, at : at + 11] = site if row % 2 else dna.reverse_complement(site)
    codes = np.pad(codes, ((0, 0), (4, 4)), constant_values=dna.N_CODE)
    labels = np.eye(3, dtype=np.float32)[cycle]
    split = np.where(np.arange(3 * n) % 4, "train", "test" if test else "valid")
    tasks = ("cycle_0", "cycle_1", "cycle_4")
    meta = DatasetMeta("d", "htselex", task_type, tasks, 32, True, 1)  # type: ignore[arg-type]
    return Dataset(meta, [f"r{i}" for i in range(3 * n)], codes, split, labels)


@pytest.mark.parametrize("test", [True, False])
def test_the_planted_motif_tells_the_last_cycle_from_the_first(test: bool) -> None:
    table = score_cycles(
        [motif("other", "GCGCGGCCGGC"), motif("site", SITE)], cycles(test=test)
    ).frame()
    assert table["unit"].tolist() == ["site", "other"]
    assert table.loc[0, "auroc"] == pytest.approx(1)
    assert table.loc[0, "auprc"] == pytest.approx(1)
    assert table.loc[1, "auroc"] < 0.8
    assert (table[["last_cycle", "first_cycle", "n_last", "n_first"]].iloc[0]).tolist() == [
        *("cycle_4", "cycle_0"),
        *(50, 50),
    ]


def test_no_motif_gives_an_empty_table() -> None:
    assert score_cycles([], cycles()) == Table(COLUMNS, [])


def test_what_has_no_cycles_is_refused() -> None:
    with pytest.raises(UserError, match=r"d: it has no cycles to compare.*assay htselex"):
        score_cycles([motif("site", SITE)], cycles(task_type="multilabel"))


def test_a_missing_cycle_is_named() -> None:
    dataset = cycles()
    dataset.labels[dataset.rows("test"), 0] = 0
    with pytest.raises(UserError, match="the test part has no read of cycle_0"):
        score_cycles([motif("site", SITE)], dataset)
