"""Tables of cells and clusters as people have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nfexplainn.assays.cells import open_cells
from nfexplainn.assays.cluster_tables import CellLabels, read_clusters
from nfexplainn.assays.clusters import Clusters, assign_clusters
from nfexplainn.assays.spec import InputFile, Spec, make_options
from nfexplainn.errors import UserError
from nfexplainn.values import nameless

CELLS = [f"ACGTACGTAC{c}-1" for c in "ACGTNRYSWK"]
LABELS = list("AABBABABAB")


def read(folder: Path, text: str, column: str | None = None) -> CellLabels:
    (folder / "c").write_text(text)
    return read_clusters(InputFile("c.csv", str(folder / "c")), CELLS, column)


def rows(form: str) -> str:
    return "".join(
        form.format(b=b, c=c, n=i, d="xy"[i % 2])
        for i, (b, c) in enumerate(zip(CELLS, LABELS, strict=True))
    )


SEURAT = '"","orig.ident","nCount_peaks","seurat_clusters"\n' + rows('"{b}","{d}",{n},"{c}"\n')
FORMS: dict[str, tuple[str, str | None]] = {
    "cell ranger": ("Barcode,Cluster\n" + rows("{b},{c}\n"), None),
    "no header": (rows("{b}\t{c}\n"), None),
    "semicolons": ("cell;cluster\n" + rows("{b};{c}\n"), None),
    "seurat": (SEURAT, None),
    "write.table": (
        '"orig.ident" "Seurat.Clusters"\n' + rows('"{b}" "{d}" "{c}"\n'),
        None,
    ),
    "scanpy obs": ("index,n_counts,sample,leiden\n" + rows("{b},{n},{d},{c}\n"), None),
    "barcode is not the first": ("n\tcell_type\tbarcode\n" + rows("{n}\t{c}\t{b}\n"), None),
    "named": (SEURAT.replace("seurat_clusters", "predicted.id"), "predicted.id"),
    "by number": (rows("{b}\t{d}\t{c}\n"), "3"),
    "one stranger first, no header": (f"{'T' * 16}-1,B\n" + rows("{b},{c}\n"), None),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms(form: str, tmp_path: Path) -> None:
    text, column = FORMS[form]
    got = read(tmp_path, text, column)
    assert got.labels.tolist() == LABELS
    items = {item: value for _, item, value in got.readings}
    assert "10 of 10 cells" in items["barcode column"]
    assert "2 clusters" in items["cluster column"]


def test_the_column_is_noted(tmp_path: Path) -> None:
    assert read(tmp_path, SEURAT).readings == (
        ("c.csv", "barcode column", "column 1: 10 of 10 cells of the matrix"),
        ("c.csv", "cluster column", "column 4 ('seurat_clusters'): 2 clusters"),
    )


AMBIGUOUS = SEURAT.replace("seurat_clusters", "predicted.id")
BAD: dict[str, tuple[str, str | None, str]] = {
    "several": (
        AMBIGUOUS,
        None,
        "c.csv: it is not clear which column holds the clusters; name it with cluster_column (there"
        " is orig.ident (2 different), nCount_peaks (10 different), predicted.id (2 different)).",
    ),
    "two usual ones": (
        "barcode,leiden,cell_type\n" + rows("{b},{c},{d}\n"),
        None,
        "c.csv: it is not clear",
    ),
    "no header, several": (rows("{b},{c},{d}\n"), None, "(there is 2 (2 different), 3 (2"),
    "unknown": (AMBIGUOUS, "clusters", "there is no column 'clusters'"),
    "other cells": (
        "barcode,cluster\n" + rows("pbmc#{b},{c}\n"),
        None,
        "none of its barcodes is in the matrix (which begins with ACGTACGTACA-1, the table begins"
        " with pbmc#ACGTACGTACA-1, A)",
    ),
    "short line": ("b,c\n" + rows("{b},{c}\n") + "X\n", None, "line 12: 1 columns, but the table"),
    "header alone": ("barcode,cluster\n", None, "c.csv, line 1: '' is one column"),
}


@pytest.mark.parametrize("case", BAD)
def test_mistakes(case: str, tmp_path: Path) -> None:
    text, column, sentence = BAD[case]
    with pytest.raises(UserError) as caught:
        read(tmp_path, text, column)
    assert sentence in str(caught.value)


def test_a_column_of_counts_is_none_of_clusters(tmp_path: Path) -> None:
    cells = [f"{'ACGT'[i % 4] * 12}{i}-1" for i in range(200)]
    (tmp_path / "c").write_text("barcode,x\n" + "".join(f"{b},{i}\n" for i, b in enumerate(cells)))
    with pytest.raises(UserError, match="holds 200 different values for 200 cells"):
        read_clusters(InputFile("c", str(tmp_path / "c")), cells)


@pytest.mark.parametrize("word", ["", "NA", "nan", "NaN", "#N/A", "<NA>", "None", "NULL"])
def test_words_for_no_cluster(word: str, tmp_path: Path) -> None:
    got = read(tmp_path, FORMS["cell ranger"][0].replace(f"{CELLS[2]},B", f"{CELLS[2]},{word}"))
    assert got.labels.tolist() == ["A", "A", "", *LABELS[3:]]
    note = got.readings[1][2]
    assert (f"1 cells labelled '{word}' have no cluster" in note) == bool(word)


def test_a_cluster_that_is_asked_for_is_one(tmp_path: Path) -> None:
    text = FORMS["cell ranger"][0].replace(",B", ",NA")
    (tmp_path / "c").write_text(text)
    file = InputFile("c.csv", str(tmp_path / "c"))
    got = read_clusters(file, CELLS)
    assert "(if it is a cluster, list it in value_columns with the others)" in got.readings[1][2]
    assert set(read_clusters(file, CELLS, None, ("A", "NA")).labels) == {"A", "NA"}


def test_clusters_that_only_look_like_none(tmp_path: Path) -> None:
    assert nameless(["na", "none", "+", "-", "NA"]) == {"NA"}
    assert nameless(["x", "-", ".", "n/a"]) == {"-", ".", "n/a"}
    text = FORMS["cell ranger"][0].replace(",B", ",na")
    assert set(read(tmp_path, text).labels) == {"A", "na"}


def field(
    folder: Path, matrix: str, clusters: str | None = None, column: str | None = None
) -> Clusters:
    file = InputFile(matrix, str(folder / matrix))
    raw: dict[str, Any] = {"clusters": 1 if clusters else None, "cluster_column": column}
    files = (file, InputFile(clusters, str(folder / clusters))) if clusters else (file,)
    spec = Spec("d", "single_cell", (), files, make_options({}), raw_options=raw)
    return assign_clusters(spec, open_cells(file, None, None))


def test_case_46(field_dir: Path) -> None:
    folder = field_dir / "cases" / "46_10x_h5_clusters"
    matrix = "filtered_peak_bc_matrix.h5"
    assert field(folder, matrix, "clusters.csv").tasks[0] == "cluster_1"
    found = field(folder, matrix, "metadata.csv")
    assert "CD14+_Mono" in found.tasks
    assert any("column 4 ('seurat_clusters')" in value for _, _, value in found.readings)
    two = field(folder, matrix, "metadata_two_donors.csv")
    assert not {"donorA", "donorB"} & set(two.tasks)
    donors = field(folder, matrix, "metadata_two_donors.csv", "orig.ident")
    assert donors.tasks == ("donorA", "donorB")
    with pytest.raises(UserError, match="none of its barcodes is in the matrix"):
        field(folder, matrix, "barcodes_nosuffix.csv")


def test_case_49(field_dir: Path) -> None:
    for folder in ("49_unlabelled_cells", "45_anndata_exports"):
        found = field(field_dir / "cases" / folder, "unlabelled.h5ad")
        assert "nan" not in found.tasks
        assert (found.cluster < 0).sum() == 50
        assert "40 cells labelled 'nan' have no cluster" in found.readings[0][2]
