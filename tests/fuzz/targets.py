"""The steps, and which of their files is broken."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_OPTION_FILES = ("regions", "labels", "clusters", "barcodes", "blacklist")
_GENOME = ("g.fa", "g.fa.fai", "g.fa.sha256")


@dataclass(frozen=True)
class Target:
    """A step on sound inputs, of which one is to be broken.

    Attributes
    ----------
    name : str
    script : str
        In ``bin``, without its suffix.
    broken : str
        The file that is changed; ``options`` for those of ``spec.json``.
    kind : str
        Which changes there are: a key of ``mutate.KINDS``.
    files : tuple of str
        All that the step finds in its folder.
    arguments : tuple of str
    spec : mapping or None
        Written as ``spec.json``.
    status : str
        The file that tells the state.
    share : float
        How many cases, relative to others.
    reads : str
        A model file whose numbers are compared, where the step writes none.
    results : tuple of str
        Patterns of the files that are compared, where the step makes no data set.
    refused : bool
        Whether the unbroken input is one that no step reads.
    """

    name: str
    script: str
    broken: str
    kind: str
    files: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    spec: Mapping[str, Any] | None = None
    status: str = "d.status.json"
    share: float = 1.0
    reads: str = ""
    results: tuple[str, ...] = ()
    refused: bool = False

    @property
    def heavy(self) -> bool:
        """Whether the step imports torch."""
        return self.script in ("read_pretrained", "train")


def _prepare(
    assay: str,
    broken: str,
    kind: str,
    data: str | list[dict[str, Any]],
    *,
    genome: bool = True,
    share: float = 1.0,
    **options: Any,
) -> Target:
    """Make a target of a prepare step; files are named, and become positions."""
    rows = [{"sample": "A", "data": data}] if isinstance(data, str) else data
    named = [value for row in rows for key, value in row.items() if key in ("data", "values")]
    named += [row["negatives"] for row in rows if "." in row.get("negatives", "")]
    named += [options[key] for key in _OPTION_FILES if key in options and "." in options[key]]
    files = list(dict.fromkeys(named))
    place = {name: number for number, name in enumerate(files)}
    spec = {
        "id": "d",
        "assay": assay,
        "seed": 1,
        "rows": [
            {key: place.get(value, value) for key, value in row.items()} | {"line": line}
            for line, row in enumerate(rows, 2)
        ],
        "files": [{"name": name, "path": name} for name in files],
        "options": {"min_positives": 5, "width": 200}
        | {key: place.get(value, value) for key, value in options.items()},
    }
    if genome:
        spec["genome"] = {"name": "g.fa", "path": "g.fa"}
    return Target(
        f"{assay}-{broken}",
        "prepare",
        broken,
        kind,
        (*files, *(_GENOME if genome else ())),
        ("--spec", "spec.json"),
        spec,
        share=share,
    )


def _shared(holds: str, file: str, kind: str, share: float = 0.3) -> Target:
    return Target(
        f"shared-{holds}-{file}",
        "read_shared",
        file,
        kind,
        (file,),
        ("--holds", holds, "--files", file),
        status="shared.status.json",
        share=share,
    )


def _model(file: str, kind: str, share: float = 1.0) -> Target:
    return Target(
        f"pretrained-{file}",
        "read_pretrained",
        file,
        kind,
        (file, "d.header.json"),
        ("--header", "d.header.json", "--pretrained", file, "--id", "d", "--trust-programs"),
        status="d.pretrained.status.json",
        share=share,
        reads=file,
    )


def _untrusted(target: Target) -> Target:
    """Read a foreign program as where nothing is said of it: it is refused, and never run."""
    return dataclasses.replace(
        target,
        name=f"untrusted-{target.broken}",
        arguments=tuple(one for one in target.arguments if one != "--trust-programs"),
        reads="",
        refused=True,
    )


def _motif_file(file: str, kind: str = "motif") -> Target:
    return Target(
        f"motifs-{file}",
        "collect_motifs",
        file,
        kind,
        (file, f"{file}.json"),
        ("--options", f"{file}.json", "--motif-db", file, "--out", "o.meme", "--status", "s.json"),
        status="s.json",
        results=("o.meme",),
        share=0.7,
    )


def _genome_file(file: str, kind: str) -> Target:
    return Target(
        f"genome-{file}",
        "index_genome",
        file,
        kind,
        (file,),
        ("--genome", file, "--out", "u.fa", "--status", "s.json"),
        status="s.json",
        results=("*.fai",),
        share=0.5,
    )


def _explain(file: str, kind: str) -> Target:
    return Target(
        f"explain-{file}",
        "read_explained",
        file,
        kind,
        (file, f"{file}.explain.json", "d.header.json", *_GENOME),
        (
            *("--spec", f"{file}.explain.json", "--sequences", file),
            *("--header", "d.header.json"),
            *("--genome", "g.fa", "--id", "d"),
        ),
        status="d.explain.status.json",
        results=("d.explain.parquet",),
        share=0.5,
    )


def _variants(file: str, kind: str) -> Target:
    return Target(
        f"variants-{file}",
        "read_variants",
        file,
        kind,
        (file, f"{file}.variants.json", "d.header.json", *_GENOME),
        (
            *("--spec", f"{file}.variants.json", "--variants", file),
            *("--header", "d.header.json"),
            *("--genome", "g.fa", "--id", "d"),
        ),
        status="d.variants.status.json",
        results=("d.variants.parquet",),
        share=0.3,
    )


def _hits(file: str, kind: str) -> Target:
    return Target(
        f"hits-{file}",
        "read_hits",
        file,
        kind,
        (file, f"{file}.hits.json", "d.dataset.parquet", *_GENOME),
        (
            *("--spec", f"{file}.hits.json", "--regions", file),
            *("--dataset", "d.dataset.parquet"),
            *("--genome", "g.fa", "--id", "d"),
        ),
        status="d.hits.status.json",
        results=("d.hits_regions.parquet", "d.hits_read.json"),
        share=0.3,
    )


def _initial(broken: str, kind: str) -> Target:
    return Target(
        f"initial-{broken}",
        "choose_profiles",
        broken,
        kind,
        ("m.meme", "m.meme.json"),
        ("--motifs", "m.meme", "--options", "m.meme.json", "--id", "d"),
        status="d.initial.status.json",
        results=("d.initial.meme", "d.initial.tsv"),
        share=0.5,
    )


def _modes(broken: str, kind: str) -> Target:
    return Target(
        f"modes-{broken}",
        "cluster_motifs",
        broken,
        kind,
        ("m.meme", "modes.tsv"),
        (
            *("--motif-set", "m.meme", "--clusters", "modes.tsv"),
            *("--out", "o.tsv", "--status", "s.json"),
        ),
        status="s.json",
        results=("o.tsv",),
        share=0.5,
    )


def _train(name: str, broken: str, kind: str, *more: str, share: float = 0.3) -> Target:
    files = ("d.dataset.parquet", "train.json", *(one for one in more if "." in one))
    return Target(
        f"{name}-{broken}",
        "train",
        broken,
        kind,
        files,
        (
            *("--dataset", "d.dataset.parquet", "--options", "train.json", "--id", "R"),
            *("--threads", "1", "--device", "cpu", *more),
        ),
        status="",
        share=share,
        results=("R.history.tsv",),
    )


def targets() -> list[Target]:
    """All steps with each of their inputs."""
    cycles = [{"sample": f"s{n}", "data": f"c{n}.fastq", "label": f"cycle{n}"} for n in range(3)]
    packed = [{**cycles[0], "data": "c0.fastq.gz"}, *cycles[1:]]
    with_negatives = [{"sample": "A", "data": "half.bed", "negatives": "background.bed"}]
    of_sequences = [{"sample": "A", "data": "s.fa", "negatives": "n.fa"}]
    of_values = [{"sample": "A", "data": "vf.fa", "values": "vf.txt"}]
    sparse = {"regions": "r.bed", "labels": "names.txt"}
    cells = {"regions": "open.bed", "barcodes": "barcodes.tsv", "clusters": "clusters.csv"}
    split = {"split_by": "given", "split_column": "set", "value_columns": "bound,open"}
    found = [
        _prepare("peaks", "a.narrowPeak", "intervals", "a.narrowPeak", top_n=150),
        _prepare("peaks", "a.bed", "intervals", "a.bed", negatives="shuffle"),
        _prepare("peaks", "a.bed.gz", "gzip", "a.bed.gz", negatives="shuffle"),
        _prepare("peaks", "background.bed", "intervals", with_negatives),
        _prepare(
            "peaks", "black.bed", "blacklist", "a.bed", negatives="shuffle", blacklist="black.bed"
        ),
        _prepare("peaks", "g.fa.fai", "stale", "a.bed", negatives="shuffle", share=0.3),
        _prepare("peaks", "g.fa", "stale", "a.bed", negatives="shuffle", share=0.3),
        _prepare("sequences", "s.fa", "fasta", "s.fa", genome=False),
        _prepare("sequences", "s.fa.gz", "gzip", "s.fa.gz", genome=False),
        _prepare("sequences", "n.fa", "fasta", of_sequences, genome=False),
        _prepare("starrseq", "v.tsv", "values", "v.tsv", genome=False),
        _prepare("starrseq", "v.csv", "values", "v.csv", genome=False),
        _prepare("starrseq", "vf.txt", "values", of_values, genome=False),
        _prepare("starrseq", "vf.fa", "fasta", of_values, genome=False),
        _prepare("pbm", "pbm.tsv", "values", "pbm.tsv", genome=False, transform="quantile"),
        _prepare("table", "t.tsv", "table", "t.tsv", genome=False, **split),
        _prepare("table", "k.tsv", "table", "k.tsv", genome=False, task_type="multiclass"),
        _prepare("htselex", "c0.fastq", "reads", cycles, genome=False),
        _prepare("htselex", "c0.fastq.gz", "gzip", packed, genome=False),
        _prepare("smileseq", "c2.fastq", "reads", "c2.fastq", genome=False),
        _prepare("accessibility", "t.bedgraph", "bedgraph", "t.bedgraph", regions="r.bed"),
        _prepare(
            "accessibility", "t.fragments.tsv", "fragments", "t.fragments.tsv", regions="r.bed"
        ),
        _prepare(
            "accessibility", "t.fragments.tsv.gz", "gzip", "t.fragments.tsv.gz", regions="r.bed"
        ),
        _prepare("accessibility", "t.bw", "bigwig", "t.bw", regions="r.bed", share=2),
        _prepare("accessibility", "r.bed", "intervals", "t.bedgraph", regions="r.bed"),
        _prepare("accessibility", "open.tsv", "regions", "open.tsv"),
        _prepare("accessibility", "open.parquet", "parquet", "open.parquet", share=2),
        _prepare("matrix", "m.tsv", "labels", "m.tsv"),
        _prepare("matrix", "m.parquet", "parquet", "m.parquet", share=2),
        _prepare("matrix", "csr.npz", "npz", "csr.npz", **sparse, share=3),
        _prepare("matrix", "csc.npz", "npz", "csc.npz", **sparse),
        _prepare("matrix", "coo.npz", "npz", "coo.npz", **sparse),
        _prepare("matrix", "names.txt", "lines", "csr.npz", **sparse),
        _prepare("matrix", "r.bed", "intervals", "csr.npz", **sparse),
        _prepare("single_cell", "csr.h5ad", "h5", "csr.h5ad", share=3),
        _prepare("single_cell", "csc.h5ad", "h5", "csc.h5ad"),
        _prepare("single_cell", "dense.h5ad", "h5", "dense.h5ad"),
        _prepare("single_cell", "tenx.h5", "h5", "tenx.h5", clusters="clusters.csv", share=3),
        _prepare("single_cell", "clusters.csv", "clusters", "tenx.h5", clusters="clusters.csv"),
        _prepare("single_cell", "cells.mtx", "market", "cells.mtx", **cells),
        _prepare("single_cell", "cells.mtx.gz", "gzip", "cells.mtx.gz", **cells),
        _prepare("single_cell", "barcodes.tsv", "lines", "cells.mtx", **cells),
        _prepare("single_cell", "open.bed", "intervals", "cells.mtx", **cells),
        *(_motif_file(f"m.{form}") for form in ("meme", "jaspar", "transfac", "homer", "pfm")),
        _motif_file("M00001_2.00.txt"),
        _motif_file("m.meme.gz", "gzip"),
        _initial("m.meme", "motif"),
        _initial("m.meme.json", "json"),
        _modes("modes.tsv", "clusters"),
        _genome_file("small.fa", "fasta"),
        _genome_file("small.fa.gz", "gzip"),
        _genome_file("blocks.fa.gz", "bgzip"),
        _shared("intervals", "a.bed", "intervals"),
        _shared("blacklist", "black.bed", "blacklist"),
        _shared("fasta", "s.fa.bz2", "stream"),
        _shared("fasta", "s.fa.xz", "stream"),
        _shared("fasta", "s.fa.zip", "stream"),
        _shared("motifs", "m.meme", "motif"),
        _shared("lines", "barcodes.tsv", "lines"),
        _shared("clusters", "clusters.csv", "clusters"),
        _shared("explain", "s.fa", "fasta"),
        _model("k.model.safetensors", "safetensors", 4),
        _model("authors.pth", "torch", 2),
        _model("weights.pt", "torch"),
        _model("old.pth", "bytes"),
        _model("script.pt", "torch"),
        _model("program.pt2", "torch", 0.5),
        _untrusted(_model("script.pt", "torch", 0.3)),
        _untrusted(_model("program.pt2", "torch", 0.3)),
        _explain("s.fa", "fasta"),
        _explain("a.bed", "intervals"),
        _variants("v.vcf", "bytes"),
        _variants("v.vcf.gz", "gzip"),
        _variants("b.vcf.gz", "bytes"),
        _variants("variants.tsv", "bytes"),
        _explain("q.tsv", "sequences"),
        _hits("s.fa", "fasta"),
        _hits("a.bed", "intervals"),
        _train("train", "train.json", "json", share=1),
        _train("train", "d.dataset.parquet", "parquet", share=0.3),
        _train(
            "transfer",
            "k.model.safetensors",
            "safetensors",
            "--model",
            "nam",
            "--pretrained",
            "k.model.safetensors",
            share=0.3,
        ),
    ]
    return found + [_of_options(target) for target in found if _tells_an_assay(found, target)]


def _tells_an_assay(found: list[Target], target: Target) -> bool:
    """Tell the first target of each assay."""
    assay = target.spec and target.spec["assay"]
    same = [one for one in found if one.spec and one.spec["assay"] == assay]
    return bool(assay) and same[0] is target


def _of_options(target: Target) -> Target:
    assert target.spec is not None
    name = f"options-{target.spec['assay']}"
    return dataclasses.replace(target, name=name, broken="spec.json", kind="options", share=1.0)
