"""Small sound inputs of every kind that a step reads: some 200 regions or sequences each."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from Bio import bgzf

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset, DatasetMeta, write_dataset, write_header
from region_fixtures import SIZES, make_genome, regions

LENGTH = 60
REGIONS = regions(200)
TASKS = ("CTCF", "REST", "MAX")
CELLS, OPEN = 90, 80
CLUSTERS = ("B", "T cell", "10")
MOTIFS = {"MA0001.1": "TGACTCAGCA", "MA0002.2": "GGTCACGTGACC", "MA0003.1": "CCACCAGGGGGC"}


def make_inputs(folder: Path) -> None:
    """Write every input into a folder."""
    rng = np.random.default_rng(7)
    makers: tuple[Callable[[Path, np.random.Generator], None], ...] = (
        _genome,
        _intervals,
        _variants,
        _sequences,
        _tables,
        _tracks,
        _matrices,
        _cells,
        _motifs,
        _dataset,
    )
    for make in makers:
        make(folder, rng)
    from fuzz.models import make_models

    make_models(folder)


def _lines(rows: list[tuple[Any, ...]], separator: str = "\t") -> str:
    return "".join(separator.join(map(str, row)) + "\n" for row in rows)


def _texts(rng: np.random.Generator, n: int, length: int) -> list[str]:
    return dna.decode(rng.integers(0, 4, (n, length), dtype=np.uint8))


def _genome(folder: Path, _rng: np.random.Generator) -> None:
    text = make_genome(folder).read_text()
    wrapped = io.StringIO()
    for record in text.split(">")[1:]:
        name, sequence = record.strip().split("\n")
        wrapped.write(f">{name} made\n")
        for first in range(0, 6000, 60):
            wrapped.write(sequence[first : first + 60] + "\n")
    (folder / "small.fa").write_text(wrapped.getvalue())
    (folder / "small.fa.gz").write_bytes(gzip.compress(wrapped.getvalue().encode(), mtime=0))
    with bgzf.open(str(folder / "blocks.fa.gz"), "wb") as file:
        file.write(wrapped.getvalue().encode())


def _variants(folder: Path, _rng: np.random.Generator) -> None:
    records = (folder / "g.fa").read_text().split(">")[1:]
    genome = dict(record.strip().split("\n") for record in records)
    rows = []
    for chrom in ("chr1", "chr2"):
        for at in range(300, 2300, 50):
            ref = genome[chrom][at - 1]
            alt = "ACGT"[("ACGT".index(ref) + 1) % 4]
            rows.append((chrom, at, f"v{at}", ref, f"{ref}TT" if at % 100 else alt))
    head = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    text = head + _lines([(*row, ".", ".", ".") for row in rows])
    (folder / "v.vcf").write_text(text)
    (folder / "v.vcf.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    with bgzf.open(str(folder / "b.vcf.gz"), "wb") as file:
        file.write(text.encode())
    table = [(chrom, at, ref, alt, id) for chrom, at, id, ref, alt in rows]
    (folder / "variants.tsv").write_text(_lines([("chrom", "pos", "ref", "alt", "id"), *table]))
    for name in ("v.vcf", "v.vcf.gz", "b.vcf.gz", "variants.tsv"):
        spec = {"name": name, "genome": "g.fa", "variant_offsets": "0"}
        (folder / f"{name}.variants.json").write_text(json.dumps(spec))


def _intervals(folder: Path, rng: np.random.Generator) -> None:
    narrow, bed = [], []
    for i, (chrom, start, end) in enumerate(REGIONS):
        score = rng.integers(10, 1000)
        offset = int(rng.integers(80, 120))
        signal = round(float(rng.gamma(3, 4)), 3)
        narrow.append((chrom, start, end, f"p{i}", score, ".", signal, 9.1, 7.2, offset))
        bed.append((chrom, start, end, f"r{i}", score, "+-"[i % 2]))
    (folder / "a.narrowPeak").write_text(_lines(narrow))
    (folder / "a.bed").write_text(_lines(bed))
    (folder / "a.bed.gz").write_bytes(gzip.compress(_lines(bed).encode(), mtime=0))
    (folder / "r.bed").write_text(_lines([row[:3] for row in bed]))
    (folder / "half.bed").write_text(_lines(bed[::2]))
    (folder / "background.bed").write_text(_lines([row[:3] for row in bed[1::2]]))
    (folder / "black.bed").write_text(
        _lines([("chr1", 8000, 9000, "High"), ("chr2", 100, 900, "Low"), ("chr10", 0, 400, "Low")])
    )
    (folder / "empty.bed").write_text("# nothing\n")


def _sequences(folder: Path, rng: np.random.Generator) -> None:
    planted = [text[:20] + "TGACTCA" + text[27:] for text in _texts(rng, 120, LENGTH)]
    fasta = "".join(f">s{i} planted\n{t[:40]}\n{t[40:]}\n" for i, t in enumerate(planted))
    (folder / "s.fa").write_text(fasta)
    (folder / "s.fa.gz").write_bytes(gzip.compress(fasta.encode(), mtime=0))
    (folder / "s.fa.bz2").write_bytes(bz2.compress(fasta.encode()))
    (folder / "s.fa.xz").write_bytes(lzma.compress(fasta.encode()))
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("s.fa", fasta)
    (folder / "s.fa.zip").write_bytes(stored.getvalue())
    others = "".join(f">n{i}\n{text}\n" for i, text in enumerate(_texts(rng, 120, LENGTH)))
    (folder / "n.fa").write_text(others)
    for cycle in range(3):
        reads = [
            text[:6] + "TGACTCA" + text[13:] if rng.random() < 0.3 * cycle else text
            for text in _texts(rng, 120, 20)
        ]
        records = "".join(f"@c{cycle}_{i}\n{r}\n+\n{'I' * 20}\n" for i, r in enumerate(reads))
        (folder / f"c{cycle}.fastq").write_text(records)
        (folder / f"c{cycle}.fastq.gz").write_bytes(gzip.compress(records.encode(), mtime=0))


def _tables(folder: Path, rng: np.random.Generator) -> None:
    texts = _texts(rng, 150, LENGTH)
    values = rng.gamma(4, 100, (150, 2)).round(2).tolist()
    body = list(zip(texts, values, strict=True))
    (folder / "v.tsv").write_text(
        _lines([("sequence", "dev", "hk"), *((text, *both) for text, both in body)])
    )
    (folder / "v.csv").write_text(
        _lines(
            [("id", "sequence", "dev"), *((f"i{i}", t, v[0]) for i, (t, v) in enumerate(body))]
        ).replace("\t", ",")
    )
    (folder / "q.tsv").write_text(
        _lines([("name", "sequence"), *((f"q{i}", text) for i, text in enumerate(texts))])
    )
    (folder / "pbm.tsv").write_text(
        _lines([("sequence", "intensity"), *((t[:36], v[0]) for t, v in body)])
    )
    (folder / "t.tsv").write_text(
        _lines(
            [
                ("sequence", "bound", "open", "set"),
                *(
                    (
                        t,
                        int(rng.random() < 0.5),
                        int(rng.random() < 0.3),
                        ("train", "valid", "test")[i % 3],
                    )
                    for i, t in enumerate(texts)
                ),
            ]
        )
    )
    (folder / "k.tsv").write_text(
        _lines(
            [
                ("sequence", "type"),
                *((t, ("liver", "lung", "brain")[i % 3]) for i, t in enumerate(texts)),
            ]
        )
    )
    (folder / "vf.fa").write_text("".join(f">e{i}\n{text}\n" for i, text in enumerate(texts)))
    (folder / "vf.txt").write_text(
        _lines([("id", "dev", "hk"), *((f"e{i}", *both) for i, (_, both) in enumerate(body))])
    )


def _tracks(folder: Path, rng: np.random.Generator) -> None:
    bins = [
        (name, start, start + 50, int(1 + (start // 50) % 7))
        for name, size in SIZES.items()
        for start in range(0, size - 50, 100)
    ]
    (folder / "t.bedgraph").write_text(_lines([(c, s, e, v / 2) for c, s, e, v in bins]))
    fragments = _lines(
        [
            (c, s + int(rng.integers(9)), e, f"BC{v}-1", 1 + v % 3)
            for c, s, e, v in bins
            for _ in range(int(rng.integers(4)))
        ]
    )
    (folder / "t.fragments.tsv").write_text(fragments)
    (folder / "t.fragments.tsv.gz").write_bytes(gzip.compress(fragments.encode(), mtime=0))
    signal = rng.gamma(2, 3, (len(REGIONS), 2)).round(2).tolist()
    (folder / "open.tsv").write_text(
        _lines(
            [
                ("chrom", "start", "end", "liver", "lung"),
                *((*place, *both) for place, both in zip(REGIONS, signal, strict=True)),
            ]
        )
    )
    import pybigtools

    sizes = dict(SIZES)
    writer = pybigtools.open(str(folder / "t.bw"), "w")
    writer.write(sizes, iter(sorted((c, s, e, float(v)) for c, s, e, v in bins)))


def _matrices(folder: Path, rng: np.random.Generator) -> None:
    import pandas as pd
    from scipy import sparse

    labels = (rng.random((len(REGIONS), len(TASKS))) < 0.3).astype(np.int8)
    rows = [(*place, *row) for place, row in zip(REGIONS, labels.tolist(), strict=True)]
    (folder / "m.tsv").write_text(_lines([("chrom", "start", "end", *TASKS), *rows]))
    frame = pd.DataFrame(rows, columns=["chrom", "start", "end", *TASKS])
    frame.to_parquet(folder / "m.parquet")
    signal = rng.gamma(2, 3, (len(REGIONS), 2)).astype(np.float32)
    frame = frame[["chrom", "start", "end"]].assign(liver=signal[:, 0], lung=signal[:, 1])
    frame.to_parquet(folder / "open.parquet", compression=None)
    for form in ("csr", "csc", "coo"):
        matrix = getattr(sparse, f"{form}_matrix")(labels)
        sparse.save_npz(folder / f"{form}.npz", matrix, compressed=form != "csc")
    (folder / "names.txt").write_text("\n".join(TASKS) + "\n")


def _cells(folder: Path, rng: np.random.Generator) -> None:
    import h5py
    from scipy import io as scipy_io
    from scipy import sparse

    counts = sparse.csr_matrix(rng.poisson(0.4, (CELLS, OPEN)).astype(np.float32))
    barcodes = [f"CELL{i}-1" for i in range(CELLS)]
    names = [f"{c}:{s}-{e}" for c, s, e in REGIONS[:OPEN]]
    cluster = (np.arange(CELLS) % 3).astype(np.int8)
    text = h5py.string_dtype()

    def frame(root: Any, name: str, index: list[str]) -> Any:
        group = root.create_group(name)
        group.attrs["_index"] = "_index"
        group.create_dataset("_index", data=index, dtype=text)
        return group

    for form in ("csr", "csc", "dense"):
        with h5py.File(folder / f"{form}.h5ad", "w") as root:
            obs = frame(root, "obs", barcodes)
            kind = obs.create_group("cluster")
            kind.attrs["encoding-type"] = "categorical"
            kind.create_dataset("categories", data=list(CLUSTERS), dtype=text)
            kind.create_dataset("codes", data=cluster)
            frame(root, "var", names)
            if form == "dense":
                root.create_dataset("X", data=counts.toarray())
                continue
            group = root.create_group("X")
            group.attrs["encoding-type"], group.attrs["shape"] = f"{form}_matrix", counts.shape
            matrix = counts if form == "csr" else counts.tocsc()
            for part in ("data", "indices", "indptr"):
                group.create_dataset(part, data=getattr(matrix, part), compression="gzip")
    with h5py.File(folder / "tenx.h5", "w") as root:
        group = root.create_group("matrix")
        for part in ("data", "indices", "indptr"):
            group.create_dataset(part, data=getattr(counts, part))
        group.create_dataset("shape", data=np.array([OPEN, CELLS], dtype=np.int32))
        group.create_dataset("barcodes", data=np.array(barcodes, dtype="S"))
        features = group.create_group("features")
        features.create_dataset("id", data=np.array(names, dtype="S"))
        features.create_dataset("feature_type", data=np.array(["Peaks"] * OPEN, dtype="S"))
    market = io.BytesIO()
    scipy_io.mmwrite(market, counts.T.astype(np.int32))
    (folder / "cells.mtx").write_bytes(market.getvalue())
    (folder / "cells.mtx.gz").write_bytes(gzip.compress(market.getvalue(), mtime=0))
    (folder / "barcodes.tsv").write_text("\n".join(barcodes) + "\n")
    (folder / "open.bed").write_text(_lines(list(REGIONS[:OPEN])))
    table = [(name, CLUSTERS[code]) for name, code in zip(barcodes, cluster, strict=True)]
    (folder / "clusters.csv").write_text(_lines([("barcode", "cluster"), *table], ","))


def _motifs(folder: Path, rng: np.random.Generator) -> None:
    from nfexplainn.motifs.formats import write_jaspar, write_meme, write_transfac
    from nfexplainn.motifs.motif import UNIFORM, Motif, MotifSet

    motifs, by_position = [], []
    for number, (identifier, word) in enumerate(MOTIFS.items()):
        counts = rng.integers(1, 9, (len(word), 4))
        counts[np.arange(len(word)), ["ACGT".index(letter) for letter in word]] += 80
        counts[:, 3] += counts.sum(axis=1).max() - counts.sum(axis=1)
        total = counts.sum(axis=1)
        motifs.append(Motif(identifier, f"TF{number}", counts / total[:, None], float(total[0])))
        by_position.append((identifier, word, counts / total[:, None]))
    found = MotifSet(tuple(motifs), UNIFORM)
    write_meme(found, folder / "m.meme")
    write_jaspar(found, folder / "m.jaspar")
    write_transfac(found, folder / "m.transfac")
    packed = gzip.compress((folder / "m.meme").read_bytes(), mtime=0)
    (folder / "m.meme.gz").write_bytes(packed)

    def rows(matrix: np.ndarray) -> str:
        return "".join("\t".join(f"{v:.6f}" for v in row) + "\n" for row in matrix)

    (folder / "m.homer").write_text(
        "".join(f">{w}\t{i}/made\t6.05\t-20.1\t0\n{rows(m)}" for i, w, m in by_position)
    )
    (folder / "m.pfm").write_text("".join(f">{i}\n{rows(m)}" for i, _, m in by_position))
    cisbp = "Pos\tA\tC\tG\tT\n"
    for place, row in enumerate(by_position[0][2], 1):
        cisbp += "\t".join([str(place), *(f"{v:.6f}" for v in row)]) + "\n"
    (folder / "M00001_2.00.txt").write_text(cisbp)
    (folder / "modes.tsv").write_text(
        _lines([("motif", "cluster"), *((name, f"c{i % 2}") for i, name in enumerate(MOTIFS))])
    )


def _dataset(folder: Path, rng: np.random.Generator) -> None:
    codes = rng.integers(0, 4, (120, LENGTH), dtype=np.uint8)
    labels = (rng.random((120, 2)) < 0.5).astype(np.float32)
    split = np.array(["train"] * 80 + ["valid"] * 20 + ["test"] * 20)
    meta = DatasetMeta("d", "table", "multilabel", ("a", "b"), LENGTH, True, 42)
    names = [f"s{i}" for i in range(120)]
    made = Dataset(meta, names, codes, split, labels)
    write_dataset(made, folder / "d.dataset.parquet")
    write_header(made, folder / "d.header.json")
    train = {"units": 3, "hidden": 4, "filter_length": 9, "max_epochs": 1, "batch_size": 40}
    (folder / "train.json").write_text(json.dumps(train | {"kernel": "torch", "seed": 3}))
    for path in [*folder.glob("m.*"), folder / "M00001_2.00.txt"]:
        settings = {"motif_db": path.name, "initial_motifs": path.name, "initial_count": "2"}
        (folder / f"{path.name}.json").write_text(json.dumps(settings))
    for name in ("s.fa", "a.bed", "q.tsv"):
        spec = {"name": name, "genome": "g.fa"}
        (folder / f"{name}.explain.json").write_text(json.dumps(spec))
        (folder / f"{name}.hits.json").write_text(json.dumps(spec | {"word": None}))
