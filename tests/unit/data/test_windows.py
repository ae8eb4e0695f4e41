"""Windows of a genome and the bases beside them: fetched once, kept in the data set."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nfexplainn import dna
from nfexplainn.data.dataset import read_dataset, write_dataset
from nfexplainn.data.windows import Windows, fetch_windows, join_windows
from nfexplainn.io.genome import Genome, open_genome
from training_fixtures import planted

CHROMOSOMES = {"one": 137, "two": 60}


@pytest.fixture
def text() -> dict[str, str]:
    rng = np.random.default_rng(0)
    return {name: "".join(rng.choice(list("ACGT"), n)) for name, n in CHROMOSOMES.items()}


@pytest.fixture
def genome(tmp_path: Path, text: dict[str, str]) -> Genome:
    lines = [
        part
        for name, bases in text.items()
        for part in (f">{name}", *(bases[at : at + 50] for at in range(0, len(bases), 50)))
    ]
    (tmp_path / "genome.fa").write_text("\n".join(lines) + "\n")
    return open_genome(tmp_path / "genome.fa", "genome.fa")


def fetched(genome: Genome, places: list[tuple[int, int]], width: int, **have: Any) -> Windows:
    chrom, start = np.array(places, dtype=np.int64).reshape(-1, 2).T
    return fetch_windows(genome, chrom, start, width, 10, **have)


def test_windows_and_flanks_are_those_of_the_genome(genome: Genome, text: dict[str, str]) -> None:
    cases = {40: [(0, 40), (1, 4), (1, 20), (0, 97), (0, 60), (1, 0)], 137: [(0, 0)], 60: [(1, 0)]}
    for width, places in cases.items():
        windows = fetched(genome, places, width)
        found = zip(dna.decode(windows.codes), dna.decode(windows.flanks), strict=True)
        for (chrom, start), (own, beside), name in zip(places, found, windows.names(), strict=True):
            bases = text[genome.names[chrom]]
            padded = "N" * 10 + bases + "N" * 10
            end = start + width
            assert own == bases[start:end]
            assert beside == padded[start : start + 10] + padded[end + 10 : end + 20]
            assert name == f"{genome.names[chrom]}:{start}-{end}(+)"


def test_what_is_at_hand_is_not_fetched_again(
    genome: Genome, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = fetched(genome, [(0, 7), (1, 3), (0, 50)], 40), fetched(genome, [(1, 19)], 40)
    none = fetched(genome, [], 40)
    places = [(1, 19), (0, 8), (0, 50), (1, 18), (0, 7)]
    plain = fetched(genome, places, 40)
    seen: list[tuple[int, int]] = []
    fetch = Genome.fetch

    def counted(self: Genome, chrom: Any, start: Any, *sizes: int) -> dna.Codes:
        seen.extend(zip(chrom.tolist(), start.tolist(), strict=True))
        return fetch(self, chrom, start, *sizes)

    monkeypatch.setattr(Genome, "fetch", counted)
    again = fetched(genome, places, 40, have=[first, none, second])
    assert seen == [(0, 8), (1, 18)]
    for mine, theirs in zip(vars(again).values(), vars(plain).values(), strict=True):
        assert np.array_equal(mine, theirs)
    both = join_windows([first, second])
    assert both.names() == first.names() + second.names() and len(both) == 4
    assert both.take(np.array([3])).name(0) == second.names()[0]


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
