from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nfexplainn.assays import matrix, single_cell
from nfexplainn.io.genome import index_genome
from nfexplainn.motifs.motif import Motif
from nfexplainn.simulation import assays as sim
from nfexplainn.simulation.sequences import background
from region_fixtures import make_spec


@pytest.fixture
def made() -> sim.Simulation:
    """Two motifs without any freedom, so that a site is a word."""
    eye = np.eye(4)
    motifs = [
        Motif("M1", "one", eye[[0, 1, 2, 3, 0, 1, 2, 3, 0, 0, 2, 2]]),
        Motif("M2", "two", eye[[3, 3, 2, 1, 0, 0, 1, 2, 3, 1, 0, 3]]),
    ]
    rng = np.random.default_rng(1)
    return sim.simulate(background(240, 100, rng), motifs, 0.4, rng)


def test_the_truth_is_what_stands_in_the_sequences(made: sim.Simulation) -> None:
    from nfexplainn import dna

    words = ["ACGTACGTAAGG", "TTGCAACGTCAT"]
    for column, word in enumerate(words):
        other = dna.decode(dna.reverse_complement(dna.encode([word])))[0]
        has = [word in text or other in text for text in dna.decode(made.codes)]
        np.testing.assert_array_equal(has, made.planted[:, column])
    assert 0.3 < made.planted.mean() < 0.5


def test_matrix_and_cells_tell_the_truth(made: sim.Simulation, tmp_path: Path) -> None:
    sim.write_genome(made, tmp_path / "g.fa.gz")
    sim.write_matrix(made, tmp_path / "m.tsv.gz", np.random.default_rng(2))
    sim.write_cells(made, tmp_path / "c.h5ad", 400, np.random.default_rng(3))
    genome = index_genome(tmp_path / "g.fa.gz", "g", tmp_path / "g.fa")
    options = {"width": 100}
    got = matrix.prepare(
        make_spec(tmp_path, genome, "matrix", {"m.tsv.gz": None}, **options)
    ).dataset
    rows = {"{}:{}-{}(+)".format(*made.region(row)): row for row in range(len(made.codes))}
    order = [rows[name] for name in got.names]
    np.testing.assert_array_equal(got.codes, made.codes[order])
    known = ~np.isnan(got.labels)
    assert 0.9 < known.mean() < 1
    np.testing.assert_array_equal(got.labels[known], made.planted[order][known])
    cells = single_cell.prepare(
        make_spec(tmp_path, genome, "single_cell", {"c.h5ad": None}, **options)
    ).dataset
    order = [rows[name] for name in cells.names]
    columns = [cells.meta.tasks.index(f"{m.name}_cells") for m in made.motifs]
    planted = made.planted[order]
    for motif, column in enumerate(columns):
        value = cells.labels[:, column]
        assert value[planted[:, motif]].mean() == pytest.approx(sim.OPEN, abs=0.03)
        assert value[~planted[:, motif]].mean() == pytest.approx(sim.CLOSED, abs=0.03)


def test_the_signal_follows_the_motifs(made: sim.Simulation) -> None:
    signal = sim.accessibility(made, np.random.default_rng(4))
    for motif in range(2):
        has = made.planted[:, motif]
        assert 6 < signal[has, motif].mean() / signal[~has, motif].mean() < 10


def test_activities_rise_and_fall(made: sim.Simulation, tmp_path: Path) -> None:
    sim.write_starrseq(made, tmp_path / "s.tsv.gz", np.random.default_rng(5))
    frame = pd.read_csv(tmp_path / "s.tsv.gz", sep="\t")
    design = np.column_stack([np.ones(len(frame)), made.planted])
    fit = np.linalg.lstsq(design, frame.activity.to_numpy(), rcond=None)[0]
    np.testing.assert_allclose(fit, [0, 2, -1], atol=0.3)


def test_the_demo_files_are_those_of_the_script(root: Path, tmp_path: Path) -> None:
    demo = root / "assets" / "demo"
    subprocess.run(
        [
            sys.executable,
            root / "bin" / "simulate_assays.py",
            "--sequences",
            demo / "MAFK_H1hESC_200bp.1500.fa.gz",
            demo / "OCT4_H1hESC_200bp.1500.fa.gz",
            "--motif-set",
            root / "assets" / "motifs" / "JASPAR2026_CORE_vertebrates_non-redundant.meme",
            "--out",
            tmp_path,
        ],
        check=True,
    )
    made = {path.name for path in tmp_path.iterdir()}
    assert made == {path.name for path in (demo / "simulated").iterdir()}
    # HDF5 and zlib may pack the same content otherwise in another release.
    text = [name for name in made if name.endswith("tsv.gz")]
    for name in sorted(text):
        mine = pd.read_csv(tmp_path / name, sep="\t")
        pd.testing.assert_frame_equal(mine, pd.read_csv(demo / "simulated" / name, sep="\t"))


def test_the_region_of_a_window(made: sim.Simulation) -> None:
    assert made.region(0) == ("sim1", 0, 100)
    assert made.region(21) == ("sim2", 100, 200)
    odd = dataclasses.replace(made, codes=made.codes[:25])
    assert odd.region(24) == ("sim9", 0, 100)
