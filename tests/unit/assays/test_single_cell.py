from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from scipy import io, sparse

from nfexplainn.assays import cell_counts
from nfexplainn.assays.single_cell import prepare
from nfexplainn.errors import UnusableError, UserError
from region_fixtures import make_genome, make_spec, regions

N_CELLS, N_REGIONS = 90, 60
BARCODES = [f"CELL{i}-1" for i in range(N_CELLS)]
CLUSTERS = ["10", "2", "T cell"]


@pytest.fixture(scope="module")
def genome(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_genome(tmp_path_factory.mktemp("genome"))


def counts(seed: int = 0) -> tuple[np.ndarray, list[str]]:
    """Counts of cells in regions, and each cell's cluster."""
    rng = np.random.default_rng(seed)
    values = rng.poisson(0.4, (N_CELLS, N_REGIONS)).astype(np.float32)
    return values, [CLUSTERS[i] for i in rng.integers(0, 3, N_CELLS)]


def means(values: np.ndarray, labels: list[str]) -> np.ndarray:
    """Mean per cluster in the order 2, 10, T cell: numbers before texts, by size."""
    rows = [
        values[[label == name for label in labels]].mean(axis=0) for name in ("2", "10", "T cell")
    ]
    return np.stack(rows, axis=1)


def names() -> list[str]:
    return [f"{c}:{s}-{e}" for c, s, e in regions(N_REGIONS)]


def write_texts(group: h5py.Group, name: str, texts: list[str]) -> None:
    group.create_dataset(name, data=texts, dtype=h5py.string_dtype())


def write_frame(root: h5py.File, name: str, index: list[str]) -> h5py.Group:
    group = root.create_group(name)
    group.attrs["_index"] = "_index"
    write_texts(group, "_index", index)
    return group


def write_sparse(group: h5py.Group, matrix: Any) -> None:
    for part in ("data", "indices", "indptr"):
        group.create_dataset(part, data=getattr(matrix, part))


def write_h5ad(
    path: Path,
    values: np.ndarray,
    labels: list[str],
    form: str = "csr",
    column: str = "leiden",
    region_names: list[str] | None = None,
) -> None:
    """Write an AnnData as its format says (encoding 0.1.0 of matrices, 0.2.0 of frames)."""
    with h5py.File(path, "w") as root:
        obs = write_frame(root, "obs", BARCODES)
        var = write_frame(root, "var", region_names or names())
        if form == "columns":
            del var["_index"]
            write_texts(var, "_index", [f"peak{i}" for i in range(N_REGIONS)])
            write_texts(var, "chrom", [c for c, _, _ in regions(N_REGIONS)])
            var.create_dataset("start", data=[s for _, s, _ in regions(N_REGIONS)])
            var.create_dataset("end", data=[e for _, _, e in regions(N_REGIONS)])
        categories = sorted(set(labels) - {""})
        group = obs.create_group(column)
        write_texts(group, "categories", categories)
        codes = [categories.index(label) if label else -1 for label in labels]
        group.create_dataset("codes", data=np.array(codes, dtype=np.int8))
        obs.create_dataset("depth", data=values.sum(axis=1))
        if form == "dense":
            root.create_dataset("X", data=values)
            return
        matrix = root.create_group("X")
        kind = "csc" if form == "csc" else "csr"
        matrix.attrs["encoding-type"] = f"{kind}_matrix"
        matrix.attrs["shape"] = values.shape
        write_sparse(matrix, getattr(sparse, f"{kind}_matrix")(values))


def write_10x(path: Path, values: np.ndarray, kind: str = "Peaks") -> None:
    with h5py.File(path, "w") as root:
        group = root.create_group("matrix")
        group.create_dataset("barcodes", data=[b.encode() for b in BARCODES])
        features = group.create_group("features")
        # A gene that is no peak stands first.
        features.create_dataset("id", data=[b"ENSG1", *(n.encode() for n in names())])
        features.create_dataset(
            "feature_type", data=[b"Gene Expression"] + [kind.encode()] * N_REGIONS
        )
        with_gene = np.concatenate([np.full((N_CELLS, 1), 7), values], axis=1)
        write_sparse(group, sparse.csc_matrix(with_gene.T.astype(np.int32)))
        group.create_dataset("shape", data=with_gene.T.shape)


def write_mtx(folder: Path, values: np.ndarray) -> None:
    io.mmwrite(folder / "m.mtx", sparse.coo_matrix(values.T.astype(np.int32)), field="integer")
    (folder / "peaks.bed").write_text("".join(f"{c}\t{s}\t{e}\n" for c, s, e in regions(N_REGIONS)))
    (folder / "barcodes.tsv").write_text("\n".join(BARCODES) + "\n")


def table(labels: list[str], head: str = "Barcode,Cluster\n") -> str:
    return head + "".join(f"{b},{c}\n" for b, c in zip(BARCODES, labels, strict=True) if c)


@pytest.mark.parametrize("form", ["csr", "csc", "dense", "columns", "10x", "mtx"])
@pytest.mark.parametrize("chunk", [1 << 22, 50])
def test_clusters_get_the_mean_of_their_cells(
    tmp_path: Path, genome: Path, form: str, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cell_counts, "CHUNK", chunk)
    values, labels = counts()
    options: dict[str, Any] = {}
    files: dict[str, Any]
    if form == "10x":
        write_10x(tmp_path / "m.h5", values)
        files, options = {"m.h5": None, "c.csv": table(labels)}, {"clusters": "c.csv"}
    elif form == "mtx":
        write_mtx(tmp_path, values)
        files = {"m.mtx": None, "peaks.bed": None, "barcodes.tsv": None, "c.csv": table(labels)}
        options = {"clusters": "c.csv", "regions": "peaks.bed", "barcodes": "barcodes.tsv"}
    else:
        write_h5ad(tmp_path / "m.h5ad", values, labels, form)
        files = {"m.h5ad": None}
    got = prepare(make_spec(tmp_path, genome, "single_cell", files, **options)).dataset
    assert got.meta.tasks == ("cluster_2", "cluster_10", "T_cell")
    assert got.names == [f"{name}(+)" for name in names()]
    np.testing.assert_allclose(got.labels, means(values, labels), rtol=1e-5)
    assert got.meta.task_type == "regression"
    assert sum(got.meta.extra["cells"].values()) == N_CELLS


def _edit(path: Path, change: Callable[[h5py.File], None]) -> None:
    """Change an AnnData in place."""
    with h5py.File(path, "r+") as root:
        change(root)


def _granges(root: h5py.File) -> None:
    """Columns as of GRanges: starts from 1, and widths."""
    for key in ("chrom", "start", "end", "_index"):
        if key in root["var"]:
            del root["var"][key]
    write_texts(root["var"], "_index", [f"p{i}" for i in range(N_REGIONS)])
    write_texts(root["var"], "seqnames", [c for c, _, _ in regions(N_REGIONS)])
    root["var"].create_dataset("start", data=[s + 1 for _, s, _ in regions(N_REGIONS)])
    root["var"].create_dataset("end", data=[e for _, _, e in regions(N_REGIONS)])
    root["var"].create_dataset("width", data=[e - s for _, s, e in regions(N_REGIONS)])


def _multiome(root: h5py.File) -> None:
    """Genes before the peaks, and peaks' places in a column, as scanpy reads the files of 10x."""
    del root["var"]["_index"]
    write_texts(root["var"], "_index", ["G1", "G2", *(f"p{i}" for i in range(N_REGIONS))])
    write_texts(root["var"], "interval", ["NA", "chr1:1-2", *names()])
    kinds = ["Gene Expression"] * 2 + ["Peaks"] * N_REGIONS
    write_texts(root["var"], "feature_types", kinds)
    values = np.concatenate([np.full((N_CELLS, 2), 7), root["X"][:]], axis=1)
    del root["X"]
    root.create_dataset("X", data=values)


@pytest.mark.parametrize("form", ["granges", "multiome"])
def test_regions_of_converted_files(tmp_path: Path, genome: Path, form: str) -> None:
    values, labels = counts()
    write_h5ad(tmp_path / "m.h5ad", values, labels, "dense")
    _edit(tmp_path / "m.h5ad", {"granges": _granges, "multiome": _multiome}[form])
    got = prepare(make_spec(tmp_path, genome, "single_cell", {"m.h5ad": None})).dataset
    assert got.names == [f"{name}(+)" for name in names()]
    np.testing.assert_allclose(got.labels, means(values, labels), rtol=1e-5)


@pytest.mark.parametrize("form", ["genes", "header", "columns"])
def test_lists_beside_a_matrix(tmp_path: Path, genome: Path, form: str) -> None:
    values, labels = counts()
    write_mtx(tmp_path, values)
    if form == "genes":
        rows = [f"{n}\t{n}\tPeaks\n" for n in names()]
        rows.insert(7, "ENSG1\tG1\tGene Expression\tchr1\t5\t9\n")
        (tmp_path / "peaks.bed").write_text("".join(rows))
        with_gene = np.insert(values, 7, 3, axis=1).T.astype(np.int32)
        io.mmwrite(tmp_path / "m.mtx", sparse.coo_matrix(with_gene), field="integer")
    elif form == "header":
        (tmp_path / "barcodes.tsv").write_text("\n".join(['"x"', *BARCODES]) + "\n")
    else:
        io.mmwrite(tmp_path / "m.mtx", sparse.coo_matrix(values), field="integer")
    files = {"m.mtx": None, "peaks.bed": None, "barcodes.tsv": None, "c.csv": table(labels)}
    options = {"clusters": "c.csv", "regions": "peaks.bed", "barcodes": "barcodes.tsv"}
    spec = make_spec(tmp_path, genome, "single_cell", files, **options)
    if form == "columns":
        with pytest.raises(UserError, match="it seems to be cells by regions: transpose it"):
            prepare(spec)
        return
    got = prepare(spec).dataset
    np.testing.assert_allclose(got.labels, means(values, labels), rtol=1e-5)


def test_a_barcode_too_many_is_no_header(tmp_path: Path, genome: Path) -> None:
    """All cells would be off by one, and every mean of another cluster."""
    values, labels = counts()
    write_mtx(tmp_path, values)
    (tmp_path / "barcodes.tsv").write_text("\n".join(["TTTTTTTTTTTT-1", *BARCODES]) + "\n")
    files = {"m.mtx": None, "peaks.bed": None, "barcodes.tsv": None, "c.csv": table(labels)}
    options = {"clusters": "c.csv", "regions": "peaks.bed", "barcodes": "barcodes.tsv"}
    with pytest.raises(UserError, match=rf"barcodes.tsv {len(BARCODES) + 1:,} barcodes"):
        prepare(make_spec(tmp_path, genome, "single_cell", files, **options))


@pytest.mark.parametrize("form", ["no X", "loom"])
def test_other_hdf5_files_are_named(tmp_path: Path, genome: Path, form: str) -> None:
    values, labels = counts()
    write_h5ad(tmp_path / "m.h5ad", values, labels, "dense")

    def change(root: h5py.File) -> None:
        if form == "loom":
            for key in ("obs", "var", "X"):
                del root[key]
            root.create_dataset("matrix", data=values)
        else:
            root.move("X", "layers/counts")

    _edit(tmp_path / "m.h5ad", change)
    sentence = {
        "no X": r"has no X; put .* \(there is layers\['counts'\]\)",
        "loom": "is neither Ann",
    }
    with pytest.raises(UserError, match=sentence[form]):
        prepare(make_spec(tmp_path, genome, "single_cell", {"m.h5ad": None}))


def test_cells_without_a_cluster_have_no_part(tmp_path: Path, genome: Path) -> None:
    values, labels = counts()
    labels[:30] = [""] * 30
    write_h5ad(tmp_path / "m.h5ad", values, labels)
    got = prepare(make_spec(tmp_path, genome, "single_cell", {"m.h5ad": None}))
    np.testing.assert_allclose(got.dataset.labels, means(values[30:], labels[30:]), rtol=1e-5)
    assert ("m.h5ad", "cell without a cluster", 30) in got.dropped


def test_split_by_chromosome_as_in_the_paper(tmp_path: Path, genome: Path) -> None:
    values, labels = counts()
    write_h5ad(tmp_path / "m.h5ad", values, labels)
    spec = make_spec(
        tmp_path,
        genome,
        "single_cell",
        {"m.h5ad": None},
        split_by="chromosome",
        valid_chromosomes="chr1",
        test_chromosomes="chr10",
    )
    got = prepare(spec).dataset
    for name, split in zip(got.names, got.split, strict=True):
        assert {"chr1": "valid", "chr10": "test", "chr2": "train"}[name.split(":")[0]] == split


def test_a_choice_of_clusters_and_silent_regions(tmp_path: Path, genome: Path) -> None:
    values, labels = counts()
    values[:, 4] = 0
    write_h5ad(tmp_path / "m.h5ad", values, labels)
    spec = make_spec(tmp_path, genome, "single_cell", {"m.h5ad": None}, value_columns="T cell,2")
    got = prepare(spec)
    assert got.dataset.meta.tasks == ("T_cell", "cluster_2")
    reasons = {reason: count for _, reason, count in got.dropped}
    assert reasons["region without a count in any cluster"] >= 1
    assert len(got.dataset) == N_REGIONS - reasons["region without a count in any cluster"]


def good(folder: Path) -> dict[str, Any]:
    values, labels = counts()
    write_h5ad(folder / "m.h5ad", values, labels)
    return {"m.h5ad": None}


def h5ad(change: Callable[[h5py.File], None]) -> Callable[[Path], dict[str, Any]]:
    def make(folder: Path) -> dict[str, Any]:
        files = good(folder)
        with h5py.File(folder / "m.h5ad", "a") as root:
            change(root)
        return files

    return make


def market(clusters: str | None = None, **changes: str) -> Callable[[Path], dict[str, Any]]:
    def make(folder: Path) -> dict[str, Any]:
        values, labels = counts()
        write_mtx(folder, values)
        files: dict[str, Any] = {"m.mtx": None, "peaks.bed": None, "barcodes.tsv": None}
        for name, text in changes.items():
            files[{"mtx": "m.mtx", "bed": "peaks.bed", "barcodes": "barcodes.tsv"}[name]] = text
        return files | {"c.csv": table(labels) if clusters is None else clusters}

    return make


def genes_only(folder: Path) -> dict[str, Any]:
    write_10x(folder / "m.h5", counts()[0], "Gene Expression")
    return {"m.h5": None, "c.csv": table(counts()[1])}


def negative(root: h5py.File) -> None:
    root["X"]["data"][3] = -1


def odd_names(folder: Path) -> dict[str, Any]:
    values, labels = counts()
    write_h5ad(folder / "m.h5ad", values, labels, region_names=[f"peak{i}" for i in range(60)])
    return {"m.h5ad": None}


def one_cluster(folder: Path) -> dict[str, Any]:
    write_h5ad(folder / "m.h5ad", counts()[0], ["a"] * N_CELLS)
    return {"m.h5ad": None}


def alike(folder: Path) -> dict[str, Any]:
    values, labels = counts()
    names = {labels[0]: "Mono/DC", next(one for one in labels if one != labels[0]): "Mono DC"}
    write_h5ad(folder / "m.h5ad", values, [names.get(label, label) for label in labels])
    return {"m.h5ad": None}


MTX = {"clusters": "c.csv", "regions": "peaks.bed", "barcodes": "barcodes.tsv"}
BAD: dict[str, tuple[Callable[[Path], dict[str, Any]], dict[str, Any], str]] = {
    "column": (good, {"cluster_column": "cell"}, "obs has no column 'cell'"),
    "unclear": (
        h5ad(lambda root: root["obs"].move("leiden", "group")),
        {},
        "name it with cluster_column (there is depth, group)",
    ),
    "task": (good, {"value_columns": "B cell"}, "no column 'B cell'"),
    "names": (odd_names, {}, "region 1: 'peak0' has no coordinates"),
    "negative": (h5ad(negative), {}, "not scaled data"),
    "no X": (
        h5ad(lambda root: root.__delitem__("X")),
        {},
        "this AnnData has no X; put the matrix of cells by regions there",
    ),
    "one cluster": (one_cluster, {}, "all cells are in one cluster ('a')"),
    "alike": (alike, {}, "'Mono DC' and 'Mono/DC' would both become the task 'Mono_DC'"),
    "other column": (
        lambda folder: good(folder) | {"c.csv": table(counts()[1])},
        {"clusters": "c.csv", "cluster_column": "leiden"},
        "c.csv: there is no column 'leiden' (cluster_column); it has Cluster (3 diff",
    ),
    "only a mark": (
        market(mtx="\ufeff"),
        MTX,
        "m.mtx: the file holds only a byte order mark",
    ),
    "genes": (genes_only, {"clusters": "c.csv"}, "no feature is of the type Peaks"),
    "no clusters": (market(), {k: v for k, v in MTX.items() if k != "clusters"}, "'clusters'"),
    "no barcodes": (market(), {"regions": "peaks.bed"}, "give the column 'barcodes'"),
    "no matrix": (market(mtx="a\tb\n"), MTX, "this is not a single-cell matrix"),
    "size": (market(bed="chr1\t1\t300\n"), MTX, "the matrix is 60 by 90, but peaks.bed has 1"),
    "entry": (
        market(mtx="%%MatrixMarket matrix coordinate integer general\n60 90 1\n61 1 1\n"),
        MTX,
        "outside the matrix",
    ),
    "size that is none": (
        market(mtx="%%MatrixMarket matrix coordinate integer general\n60 90\n1 1 1\n"),
        MTX,
        "m.mtx, line 2: expected three sizes",
    ),
    "no size": (
        market(mtx="%%MatrixMarket matrix coordinate integer general\n% a comment\n"),
        MTX,
        "there are no entries below the header",
    ),
    "fewer entries": (
        market(mtx="%%MatrixMarket matrix coordinate integer general\n60 90 3\n1 1 1\n"),
        MTX,
        "it has 1 entries, but its header says 3",
    ),
    "a column more": (
        market(mtx="%%MatrixMarket matrix coordinate integer general\n60 90 1\n1 1 1 5\n"),
        MTX,
        "m.mtx: the matrix cannot be read",
    ),
    "strangers": (
        market(clusters="Barcode,Cluster\nX-1,1\n"),
        MTX,
        "none of its barcodes is in the matrix",
    ),
    "twice": (market(clusters="CELL1-1,1\nCELL1-1,2\n"), MTX, "CELL1-1 occurs twice"),
    "one word": (market(clusters="CELL1-1\n"), MTX, "is one column; give barcode and cluster"),
    "broken": (lambda _: {"m.h5ad": b"\x89HDF\r\n\x1a\nbroken"}, {}, "m.h5ad: this HDF5 file"),
    "text": (lambda _: {"m.h5ad": "a,b\n"}, {}, "this is not a single-cell matrix"),
    "empty": (lambda _: {"m.h5ad": b""}, {}, "the file is empty"),
}


@pytest.mark.parametrize("case", list(BAD))
def test_mistakes_have_their_sentences(tmp_path: Path, genome: Path, case: str) -> None:
    make, options, sentence = BAD[case]
    spec = make_spec(tmp_path, genome, "single_cell", make(tmp_path), **options)
    with pytest.raises(UserError) as error:
        prepare(spec)
    assert sentence in str(error.value)
    assert all(line.endswith(".") for line in str(error.value).splitlines())


def test_mistakes_of_the_sheet(tmp_path: Path, genome: Path) -> None:
    files = good(tmp_path)
    with pytest.raises(UserError, match="single cells must be one matrix"):
        rows = [{"sample": "a", "data": 0}, {"sample": "b", "data": 0}]
        prepare(make_spec(tmp_path, genome, "single_cell", files, rows))
    with pytest.raises(UserError, match="cannot be one part of a split"):
        rows = [{"sample": "a", "data": 0, "split": "train"}]
        prepare(make_spec(tmp_path, genome, "single_cell", files, rows))
    with pytest.raises(UnusableError, match="fewer than min_positives"):
        prepare(make_spec(tmp_path, genome, "single_cell", files, min_positives=1000))
