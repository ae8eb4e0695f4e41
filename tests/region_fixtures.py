"""A small genome and specs for the assays of regions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from nfexplainn.assays.spec import InputFile, Row, Spec, make_options
from nfexplainn.io.genome import index_genome

SIZES = {"chr1": 30_000, "chr2": 20_000, "chr10": 10_000}


def make_genome(folder: Path) -> Path:
    """Random chromosomes; chr1 is N from 5,000 to 5,500."""
    rng = np.random.default_rng(5)
    path = folder / "g.fa"
    with path.open("w") as out:
        for name, size in SIZES.items():
            letters = rng.choice(list("ACGT"), size)
            if name == "chr1":
                letters[5_000:5_500] = "N"
            out.write(f">{name}\n{''.join(letters)}\n")
    index_genome(path, "g.fa", path)
    return path


def sequence(genome: Path, name: str) -> str:
    """Sequence of a window such as ``chr1:100-300(+)``, read off the FASTA."""
    chromosome, _, place = name.removesuffix("(+)").partition(":")
    start, end = map(int, place.split("-"))
    records = genome.read_text().split(">")[1:]
    texts = dict(record.strip().split("\n") for record in records)
    return texts[chromosome][start:end]


def regions(n: int, step: int = 100, width: int = 200) -> list[tuple[str, int, int]]:
    """Regions along the genome, away from N."""
    out = []
    for name, size in SIZES.items():
        first = 6_000 if name == "chr1" else 0
        out += [(name, s, s + width) for s in range(first, size - width, step)]
    picked = np.linspace(0, len(out) - 1, n).astype(int)
    return [out[i] for i in picked]


def make_spec(
    folder: Path,
    genome: Path | None,
    assay: str,
    files: dict[str, str | bytes | None],
    rows: list[dict[str, Any]] | None = None,
    **options: Any,
) -> Spec:
    """Write the files (None: there already) and make a spec; options name files by their names."""
    for name, content in files.items():
        if isinstance(content, bytes):
            (folder / name).write_bytes(content)
        elif content is not None:
            (folder / name).write_text(content)
    names = list(files)
    raw: dict[str, Any] = {"min_positives": 5, "width": 200} | options
    for option in ("regions", "labels", "clusters", "barcodes"):
        if option in raw:
            raw[option] = names.index(raw[option])
    return Spec(
        "d",
        assay,
        tuple(Row(line=i + 2, **row) for i, row in enumerate(rows or [{"sample": "A", "data": 0}])),
        tuple(InputFile(name, str(folder / name)) for name in names),
        make_options(raw, 1),
        InputFile("g.fa", str(genome)) if genome else None,
        raw_options=raw,
    )
