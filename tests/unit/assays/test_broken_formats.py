"""Binary files that claim what is not true: one sentence that names the file, and no crash."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import sparse

from fault_runner import run_cases
from region_fixtures import SIZES, make_genome, regions

N, TASKS = 160, 3
BED = "".join(f"{c}\t{s}\t{e}\n" for c, s, e in regions(N))
MATRIX = (np.random.default_rng(1).random((N, TASKS)) < 0.4).astype(np.float64)
Change = Callable[[dict[str, Any]], Any]


class Folders:
    """Folders of inputs, run all at once."""

    def __init__(self, top: Path) -> None:
        self.top = top
        (top / "genome").mkdir()
        make_genome(top / "genome")

    def make(self, name: str, assay: str, files: dict[str, bytes | str], **options: Any) -> Path:
        """Write the files and the specification of a data set."""
        folder = self.top / name
        folder.mkdir()
        for file, content in files.items():
            raw = content if isinstance(content, bytes) else content.encode()
            (folder / file).write_bytes(raw)
        names = list(files)
        raw_options = {"min_positives": 5, "width": 200} | options
        raw_options = {k: names.index(v) if v in names else v for k, v in raw_options.items()}
        spec = {
            "id": "d",
            "assay": assay,
            "seed": 1,
            "rows": [{"sample": "A", "data": 0}],
            "files": [{"name": file, "path": file} for file in names],
            "options": raw_options,
            "genome": {"name": "g.fa", "path": "g.fa"},
        }
        (folder / "spec.json").write_text(json.dumps(spec))
        for part in (self.top / "genome").iterdir():
            shutil.copyfile(part, folder / part.name)
        return folder


def check(folders: dict[str, Path], file: str, *, good: tuple[str, ...] = ()) -> None:
    """Run all folders: those of `good` are read, the others end with a sentence on the file."""
    results = run_cases([("prepare", str(folder)) for folder in folders.values()])
    for name, result in zip(folders, results, strict=True):
        if name in good:
            assert result["state"] == "ok", (name, result["said"])
            continue
        assert result["state"] == "error", (name, result["state"], result["said"])
        assert result["left"] == ["d.status.json"], name
        assert result["said"].startswith(file) and "\n" not in result["said"], result["said"]


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path)


def npz_arrays(form: str) -> dict[str, Any]:
    """Arrays of a sparse matrix as SciPy stores them."""
    matrix = sparse.csr_matrix(MATRIX).asformat(form)
    arrays: dict[str, Any] = {"format": np.array(form.encode()), "shape": np.array(matrix.shape)}
    arrays["data"] = matrix.data
    if form == "coo":
        return arrays | {"row": matrix.row, "col": matrix.col}
    if form == "dia":
        return arrays | {"offsets": matrix.offsets}
    return arrays | {"indices": matrix.indices, "indptr": matrix.indptr}


def put(key: str, at: int, value: int) -> Change:
    """Change one number of an array."""

    def change(arrays: dict[str, Any]) -> dict[str, Any]:
        new = np.array(arrays[key])
        new[at] = value
        return arrays | {key: new}

    return change


def cast(key: str, kind: Any) -> Change:
    """Change the type of an array."""
    return lambda arrays: arrays | {key: np.asarray(arrays[key]).astype(kind)}


NPZ: dict[str, tuple[str, Change]] = {
    "one column too far": ("csr", put("indices", 4, TASKS)),
    "one row too far": ("csc", put("indices", 4, N)),
    "far": ("csr", put("indices", 0, 2**31 - 1)),
    "negative": ("csc", put("indices", 0, -1)),
    "blocks": ("bsr", put("indices", 2, TASKS)),
    "coordinates": ("coo", put("row", 5, N)),
    "negative coordinates": ("coo", put("col", 5, -1)),
    "diagonal": ("dia", put("offsets", 0, 10**6)),
    "first pointer": ("csr", put("indptr", 0, 1)),
    "last pointer": ("csr", put("indptr", -1, 10**6)),
    "pointer back": ("csc", put("indptr", 1, 10**6)),
    "fewer pointers": ("csr", lambda a: a | {"indptr": a["indptr"][:-1]}),
    "fewer indices": ("csr", lambda a: a | {"indices": a["indices"][:-1]}),
    "fewer values": ("csr", lambda a: a | {"data": a["data"][:-1]}),
    "pointers of floats": ("csr", cast("indptr", float)),
    "indices of floats": ("csr", cast("indices", float)),
    "texts": ("csr", cast("data", "U3")),
    "complex": ("csr", cast("data", complex)),
    "objects": ("csr", cast("data", object)),
    "values of two dimensions": ("csr", lambda a: a | {"data": a["data"][None]}),
    "shape of one number": ("csr", lambda a: a | {"shape": np.array([N])}),
    "shape of another matrix": ("csr", lambda a: a | {"shape": np.array([2**40, TASKS])}),
    "unknown format": ("csr", lambda a: a | {"format": np.array(b"xyz")}),
    "no format": ("csr", lambda a: {k: v for k, v in a.items() if k != "format"}),
    "no shape": ("csr", lambda a: {k: v for k, v in a.items() if k != "shape"}),
    "as it is": ("csr", lambda a: a),
    "columns as they are": ("csc", lambda a: a),
    "blocks as they are": ("bsr", lambda a: a),
    "coordinates as they are": ("coo", lambda a: a),
    "diagonals as they are": ("dia", lambda a: a),
}


def test_sparse_matrices_are_checked_before_scipy_believes_them(
    folders: Folders, tmp_path: Path
) -> None:
    made = {}
    for name, (form, change) in NPZ.items():
        np.savez(tmp_path / "m.npz", **change(npz_arrays(form)))
        content = (tmp_path / "m.npz").read_bytes()
        files = {"m.npz": content, "reg.bed": BED, "names.txt": "a\nb\nc\n"}
        made[name] = folders.make(name, "matrix", files, regions="reg.bed", labels="names.txt")
    check(made, "m.npz", good=tuple(name for name in NPZ if name.endswith(("it is", "they are"))))


def test_an_array_that_claims_more_than_there_is_asks_for_no_memory(
    folders: Folders, tmp_path: Path
) -> None:
    np.savez(tmp_path / "m.npz", **npz_arrays("csr"))
    shape = f"({np.count_nonzero(MATRIX)},)".encode()
    with (
        zipfile.ZipFile(tmp_path / "m.npz") as old,
        zipfile.ZipFile(tmp_path / "n.npz", "w") as new,
    ):
        for entry in old.namelist():
            content = old.read(entry)
            if entry == "data.npy":
                # The header is padded with blanks, so that its length stays.
                content = content.replace(shape + b", }      ", b"(" + b"9" * 9 + b",), }", 1)
                assert b"999999999" in content
            new.writestr(entry, content)
    files = {"m.npz": (tmp_path / "n.npz").read_bytes(), "reg.bed": BED, "names.txt": "a\nb\nc\n"}
    made = folders.make("huge", "matrix", files, regions="reg.bed", labels="names.txt")
    check({"huge": made}, "m.npz")


CELLS = 90


def write_cells(path: Path, change: Callable[[h5py.File], Any]) -> bytes:
    """Write an AnnData, then change it."""
    rng = np.random.default_rng(0)
    values = sparse.csr_matrix(rng.poisson(0.4, (CELLS, 60)).astype(np.float32))
    text = h5py.string_dtype()
    with h5py.File(path, "w") as root:
        obs, var = root.create_group("obs"), root.create_group("var")
        obs.create_dataset("_index", data=[f"CELL{i}-1" for i in range(CELLS)], dtype=text)
        var.create_dataset("_index", data=[f"p{i}" for i in range(60)], dtype=text)
        where = regions(60)
        var.create_dataset("chrom", data=[c for c, _, _ in where], dtype=text)
        var.create_dataset("start", data=[float(s) for _, s, _ in where])
        var.create_dataset("end", data=[float(e) for _, _, e in where])
        group = obs.create_group("leiden")
        group.create_dataset("categories", data=["a", "b", "c"], dtype=text)
        group.create_dataset("codes", data=rng.integers(0, 3, CELLS).astype(np.int8))
        matrix = root.create_group("X")
        matrix.attrs["encoding-type"] = "csr_matrix"
        matrix.attrs["shape"] = values.shape
        for part in ("data", "indices", "indptr"):
            options = {"chunks": (50,), "compression": "gzip"} if part == "data" else {}
            matrix.create_dataset(part, data=getattr(values, part), **options)
        change(root)
    return path.read_bytes()


def replace(where: str, make: Callable[[Any], Any]) -> Callable[[h5py.File], Any]:
    """Write an array anew."""

    def change(root: h5py.File) -> None:
        old = root[where][()]
        del root[where]
        root[where] = make(old)

    return change


def at(place: int, value: float) -> Callable[[Any], Any]:
    """Change one number of an array."""

    def change(old: Any) -> Any:
        old[place] = value
        return old

    return change


def other_file(root: h5py.File) -> None:
    """Let a part lie in another file, which is there."""
    other = Path(root.filename).with_name("other.h5")
    with h5py.File(other, "w") as made:
        made["data"] = root["X/data"][()]
    del root["X/data"]
    root["X/data"] = h5py.ExternalLink(str(other), "data")


def never_written(root: h5py.File) -> None:
    """Claim many more entries than blocks were written."""
    del root["X/data"]
    root["X"].create_dataset("data", shape=(10**11,), dtype="f4", chunks=(1000,))


def itself(root: h5py.File) -> None:
    """Let a group hold itself as its categories."""
    del root["obs/leiden/categories"]
    root["obs/leiden/categories"] = root["obs/leiden"]


H5AD: dict[str, Callable[[h5py.File], Any]] = {
    "as it is": lambda _: None,
    "index beyond": replace("X/indices", at(3, 60)),
    "negative index": replace("X/indices", at(3, -1)),
    "index of floats": replace("X/indices", lambda old: old.astype(float)),
    "fewer values": replace("X/data", lambda old: old[:-1]),
    "first pointer": replace("X/indptr", at(0, 1)),
    "pointer back": replace("X/indptr", at(5, 0)),
    "fewer pointers": replace("X/indptr", lambda old: old[:-1]),
    "values of texts": replace("X/data", lambda old: old.astype("S8")),
    "infinite value": replace("X/data", at(7, np.inf)),
    "value beyond float32": replace("X/data", lambda old: old.astype(float) * 1e300),
    "code beyond": replace("obs/leiden/codes", at(0, 3)),
    "negative code": replace("obs/leiden/codes", at(0, -2)),
    "codes of floats": replace("obs/leiden/codes", lambda old: old.astype(float)),
    "infinite start": replace("var/start", at(2, np.inf)),
    "half a base": replace("var/start", at(2, 0.5)),
    "end before start": replace("var/end", at(2, 0.0)),
    "end that no genome has": replace("var/end", at(2, 1e18)),
    "fewer ends": replace("var/end", lambda old: old[:-1]),
    "another shape": lambda root: root["X"].attrs.__setitem__("shape", (CELLS, 61)),
    "shape of three numbers": lambda root: root["X"].attrs.__setitem__("shape", (CELLS, 60, 1)),
    "another file": other_file,
    "never written": never_written,
    "itself": itself,
    "latin-1": replace("obs/leiden/categories", lambda _: np.array([b"\xe9", b"b", b"c"])),
    "link to nowhere": lambda root: root.__setitem__("obs/x", h5py.SoftLink("/nowhere")),
    "no index": lambda root: root["obs"].__delitem__("_index"),
    "name of a group": lambda root: root["obs"].attrs.__setitem__("_index", "leiden"),
}


def test_hdf5_is_checked_before_it_is_believed(folders: Folders, tmp_path: Path) -> None:
    made = {}
    for name, change in H5AD.items():
        content = write_cells(tmp_path / "c.h5ad", change)
        made[name] = folders.make(name, "single_cell", {"c.h5ad": content})
    check(made, "c.h5ad", good=("as it is",))


def test_positions_written_as_floats_keep_all_their_digits(tmp_path: Path) -> None:
    from nfexplainn.assays.hdf5_cells import open_hdf5
    from nfexplainn.assays.spec import InputFile

    change = replace("var/end", at(2, 123456789.0))
    write_cells(tmp_path / "c.h5ad", change)
    assert open_hdf5(InputFile("c", str(tmp_path / "c.h5ad"))).peaks.end[2] == 123456789


HUGE = 2**60 + 1
STARTS = [float(s) for _, s, _ in regions(N)]
PARQUET: dict[str, dict[str, Any]] = {
    "as it is": {},
    "infinite start": {"start": [np.inf, *STARTS[1:]]},
    "start of a half": {"start": [0.5, *STARTS[1:]]},
    "missing end": {"end": [None, *[s + 200 for s in STARTS[1:]]]},
    "unsigned end": {"end": pa.array([2**64 - 1] * N, pa.uint64())},
    "huge value": {"X": pa.array([HUGE] * N, pa.int64())},
    "hugely negative value": {"X": pa.array([-HUGE] * N, pa.int64())},
    "infinite value": {"X": [np.inf] * N},
    "value beyond float32": {"X": [1e300] * N},
    "lists": {"chrom": [["chr1"]] * N},
    "bytes that are no text": {"chrom": pa.array([b"\xff\xfe"] * N)},
}


def test_parquet_is_checked_before_it_is_believed(folders: Folders, tmp_path: Path) -> None:
    made = {}
    for name, change in PARQUET.items():
        where = regions(N)
        columns = {
            "chrom": [c for c, _, _ in where],
            "start": [s for _, s, _ in where],
            "end": [e for _, _, e in where],
            "X": np.random.default_rng(2).random(N),
        }
        pq.write_table(pa.table(columns | change), tmp_path / "t.parquet")
        content = (tmp_path / "t.parquet").read_bytes()
        made[name] = folders.make(name, "accessibility", {"t.parquet": content})
    check(made, "t.parquet", good=("as it is",))


def bigwig(path: Path) -> bytes:
    """Write a bigWig with signal along all chromosomes."""
    import pybigtools

    rng = np.random.default_rng(3)
    rows = [
        (name, start, start + 100, float(rng.integers(1, 9)))
        for name, size in sorted(SIZES.items())
        for start in range(0, size, 100)
    ]
    pybigtools.open(str(path), "w").write(SIZES, iter(rows))
    return path.read_bytes()


def test_bigwig_is_checked_before_it_is_believed(folders: Folders, tmp_path: Path) -> None:
    whole = bigwig(tmp_path / "a.bw")
    tree = int.from_bytes(whole[8:16], "little")
    number = whole.index(b"chr2\0", tree) + 5  # of a chromosome, behind its name

    def word(place: int, value: int, size: int = 4) -> bytes:
        return whole[:place] + value.to_bytes(size, "little") + whole[place + size :]

    broken = {
        "as it is": whole,
        "cut in the head": whole[:50],
        "cut": whole[: int.from_bytes(whole[24:32], "little")],
        "chromosomes beyond": word(8, len(whole), 8),
        "index beyond": word(24, 2**63, 8),
        "huge blocks": word(52, 2**32 - 1),
        "no tree": word(tree, 0),
        "chromosomes without end": word(tree + 16, 2**63, 8),
        "number of a chromosome": word(number, 64),
        "size of a chromosome": word(number + 4, 64),
    }
    made = {
        name: folders.make(
            name, "accessibility", {"a.bw": content, "reg.bed": BED}, regions="reg.bed"
        )
        for name, content in broken.items()
    }
    check(made, "a.bw", good=("as it is",))


INFINITE = {"one infinite value": "inf", "values that add up to it": "3e38", "none": "nan"}


def test_signal_is_finite(folders: Folders) -> None:
    made = {}
    for name, value in INFINITE.items():
        lines = [f"{c}\t{s}\t{e}\t{i % 7}\n" for i, (c, s, e) in enumerate(regions(N))]
        lines[5] = lines[5].rpartition("\t")[0] + f"\t{value}\n"
        files = {"a.bg": "".join(lines), "reg.bed": BED}
        made[name] = folders.make(name, "accessibility", files, regions="reg.bed")
    check(made, "a.bg")
