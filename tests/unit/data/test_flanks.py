"""The bases beside windows: read from the genome, N where there are none, kept in the data set."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from nfexplainn import dna
from nfexplainn.data.dataset import read_dataset, write_dataset
from nfexplainn.data.flanks import genome_flanks
from nfexplainn.io.genome import open_genome
from training_fixtures import planted

CHROMOSOMES = {"one": 137, "two": 60}


def test_flanks_are_those_of_the_genome(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    text = {name: "".join(rng.choice(list("ACGT"), n)) for name, n in CHROMOSOMES.items()}
    lines = [
        part
        for name, bases in text.items()
        for part in (f">{name}", *(bases[at : at + 50] for at in range(0, len(bases), 50)))
    ]
    (tmp_path / "genome.fa").write_text("\n".join(lines) + "\n")
    genome = open_genome(tmp_path / "genome.fa", "genome.fa")
    places = [("one", 40, 80), ("two", 4, 44), ("two", 20, 57), ("one", 0, 137), ("one", 60, 100)]
    names = [f"{name}:{start}-{end}" for name, start, end in places]
    names += [f"{names[0]}|shuffle1", "read_7", "three:1-41"]
    flanks = dna.decode(genome_flanks(names, genome, 10))
    for (name, start, end), found in zip(places, flanks, strict=False):
        padded = "N" * 10 + text[name] + "N" * 10
        assert found == padded[start : start + 10] + padded[end + 10 : end + 20]
    assert set("".join(flanks[len(places) :])) == {"N"}


def test_the_data_set_keeps_its_flanks(tmp_path: Path) -> None:
    plain = planted(30)
    flanks = np.random.default_rng(1).integers(0, 5, (len(plain), 20)).astype(np.uint8)
    given = dataclasses.replace(plain, flanks=flanks)
    write_dataset(given, tmp_path / "d.parquet")
    back = read_dataset(tmp_path / "d.parquet")
    assert back.flanks is not None and np.array_equal(back.flanks, flanks)
    assert np.array_equal(back.codes, plain.codes) and back.meta.tasks == plain.meta.tasks
    assert back.digest() == given.digest() != plain.digest()
    write_dataset(plain, tmp_path / "plain.parquet")
    assert read_dataset(tmp_path / "plain.parquet").flanks is None
