"""Denoising of single cells: what goes in and comes out; PeakVI itself where scvi-tools is here."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nfexplainn.assays import denoise
from nfexplainn.assays.cell_counts import Cells, mean_per_cluster
from nfexplainn.assays.cells import open_cells
from nfexplainn.assays.clusters import (
    Clusters,
    assign_clusters,
    read_denoised,
    write_denoised,
)
from nfexplainn.assays.denoise import (
    DenoiseOptions,
    count_matrix,
    denoised_means,
    gather_counts,
)
from nfexplainn.assays.spec import InputFile, Spec, make_options
from nfexplainn.errors import UserError


@pytest.fixture
def cells(root: Path) -> Cells:
    path = root / "assets/demo/simulated/simulated_cells.h5ad"
    return open_cells(InputFile("cells.h5ad", str(path)), None, None)


@pytest.fixture
def clusters(cells: Cells) -> Clusters:
    file = InputFile("cells.h5ad", "")
    return assign_clusters(Spec("d", "single_cell", (), (file,), make_options({})), cells)


def test_counts_are_gathered_as_they_are(cells: Cells, clusters: Clusters) -> None:
    counts = count_matrix(cells)
    assert counts.shape == (160, 3000)
    means = np.stack(
        [np.asarray(counts[clusters.cluster == k].mean(axis=0))[0] for k in range(4)], axis=1
    )
    np.testing.assert_allclose(means, mean_per_cluster(cells, clusters.cluster, 4), rtol=1e-5)


class Model:
    """Stands for PeakVI: its estimate of a cell is the cell's own counts and its number."""

    history: dict[str, Any]

    def __init__(self, counts: Any) -> None:
        import pandas as pd

        self.counts = counts
        frame = pd.DataFrame({"loss": [3.0, 2.0]})
        self.history = {"reconstruction_loss_train": frame}
        self.history["reconstruction_loss_validation"] = frame[:1]

    def get_normalized_accessibility(self, indices: Any, **_: Any) -> Any:
        return self.counts[indices].toarray()


def test_estimates_are_averaged_over_the_cells_of_each_cluster(
    cells: Cells, clusters: Clusters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(denoise, "_train", lambda counts, *_: Model(counts))
    # Some cells are in no cluster: they have no part.
    cluster = np.where(np.arange(160) % 7 == 0, -1, clusters.cluster)
    some = dataclasses.replace(
        clusters, cluster=cluster, sizes=np.bincount(cluster[cluster >= 0], minlength=4)
    )
    means, history = denoised_means(gather_counts(cells, some), some, DenoiseOptions(), 1)
    np.testing.assert_allclose(means, mean_per_cluster(cells, cluster, 4), rtol=1e-5)
    assert history[0] == (1, 3.0, 3.0) and history[1][:2] == (2, 2.0) and np.isnan(history[1][2])


def test_what_is_written_is_read_and_held_against_the_cells(tmp_path: Path) -> None:
    means = np.arange(6, dtype=np.float32).reshape(3, 2)
    path = tmp_path / "d.npz"
    write_denoised(path, means, ("a", "b"), 21)
    first = path.read_bytes()
    write_denoised(path, means, ("a", "b"), 21)
    assert path.read_bytes() == first
    file = InputFile("d.npz", str(path))
    read, latent = read_denoised(file, ("a", "b"), 3)
    assert latent == 21 and (read == means).all()
    # value_columns may ask for some
    assert (read_denoised(file, ("b",), 3)[0] == means[:, 1:]).all()
    for tasks, regions in ((("a", "c"), 3), (("a", "b"), 4)):
        with pytest.raises(ValueError, match="other clusters or regions"):
            read_denoised(file, tasks, regions)


def changed(cells: Cells, value: float) -> Cells:
    def entries() -> Any:
        for cell, feature, values in cells.entries():
            yield cell, feature, np.where(cell == 5, value, values)

    return dataclasses.replace(cells, entries=entries)


def without(cells: Cells, number: int) -> Cells:
    def entries() -> Any:
        for cell, feature, values in cells.entries():
            kept = cell != number
            yield cell[kept], feature[kept], values[kept]

    return dataclasses.replace(cells, entries=entries)


def test_mistakes_have_their_sentences(cells: Cells, clusters: Clusters) -> None:
    for value in (-1.0, np.nan):
        with pytest.raises(UserError, match=r"cells.h5ad: .*PeakVI needs counts"):
            gather_counts(changed(cells, value), clusters)
    with pytest.raises(UserError, match="the cell 'cell6' has no count in any region"):
        gather_counts(without(cells, 5), clusters)
    few = dataclasses.replace(clusters, cluster=np.where(np.arange(160) < 40, 0, -1))
    with pytest.raises(UserError, match="only 40 cells are in a cluster, fewer than the 50"):
        gather_counts(cells, few)
    empty = dataclasses.replace(cells, entries=lambda: iter(()))
    with pytest.raises(UserError, match=r"cells.h5ad: the matrix holds no count at all"):
        gather_counts(empty, clusters)


def test_the_defaults_are_those_of_the_parameters(root: Path) -> None:
    groups = json.loads((root / "nextflow_schema.json").read_text())["$defs"].values()
    properties = {name: one for group in groups for name, one in group["properties"].items()}
    for field in dataclasses.fields(DenoiseOptions):
        assert properties[field.name]["default"] == field.default
        assert properties[field.name]["steps"] == ["denoise"]


def test_the_script_says_what_is_missing_or_denoises(root: Path, tmp_path: Path) -> None:
    path = root / "assets/demo/simulated/simulated_cells.h5ad"
    spec = {"id": "d", "assay": "single_cell", "seed": 1, "rows": [{"sample": "d", "data": 0}]}
    spec["files"] = [{"name": "cells.h5ad", "path": str(path)}]
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    (tmp_path / "options.json").write_text('{"peakvi_latent": 4, "peakvi_epochs": 2}')
    script = [sys.executable, str(root / "bin/denoise_cells.py"), "--spec", "spec.json"]
    script += ["--options", "options.json"]
    done = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True, check=False)
    try:
        import scvi  # noqa: F401
    except ImportError:
        assert done.returncode == 1
        assert "ERROR: PeakVI needs scvi-tools, which is not installed" in done.stderr
        assert [path.name for path in tmp_path.glob("d.*")] == ["d.denoise.status.json"]
    else:
        assert done.returncode == 0, done.stderr
        file = InputFile("d", str(tmp_path / "d.denoised.npz"))
        names = ("CEBPB_cells", "EBF1_cells", "HNF1A_cells", "REST_cells")
        assert (read_denoised(file, names, 3000)[0] > 0).all()


@pytest.mark.parametrize(
    ("column", "rows", "said"),
    [
        ("nowhere", 1, "cells.h5ad: obs has no column 'nowhere' (cluster_column)"),
        ("", 2, "'d' has 2 rows, but single cells must be one matrix"),
    ],
)
def test_mistakes_are_states_told_before_denoising(
    root: Path, tmp_path: Path, column: str, rows: int, said: str
) -> None:
    path = root / "assets/demo/simulated/simulated_cells.h5ad"
    spec: dict[str, Any] = {"id": "d", "assay": "single_cell", "seed": 1}
    spec["rows"] = [{"sample": f"s{n}", "data": 0} for n in range(rows)]
    spec["files"] = [{"name": "cells.h5ad", "path": str(path)}]
    spec["options"] = {"cluster_column": column}
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    (tmp_path / "options.json").write_text("{}")
    script = [sys.executable, str(root / "bin/denoise_cells.py"), "--spec", "spec.json"]
    script += ["--options", "options.json"]
    done = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    status = json.loads((tmp_path / "d.denoise.status.json").read_text())
    assert status["state"] == "error" and said in status["reason"]
    assert not (tmp_path / "d.denoised.npz").exists()
