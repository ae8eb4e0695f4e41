"""Bases and coordinates of windows: fetched once, and never read off their names."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nfexplainn import dna
from nfexplainn.assays import common, matrix, peaks
from nfexplainn.assays.windows import WindowReader
from nfexplainn.data import audit
from nfexplainn.data.windows import MAX_SHIFT
from nfexplainn.io.coordinates import read_names
from nfexplainn.io.genome import Genome, index_genome, open_genome
from region_fixtures import make_genome, make_spec, regions

WIDTH = 200
Seen = Counter[tuple[int, int]]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """Count how often each window is fetched, and forbid reading names."""
    counts: Seen = Counter()
    fetch = Genome.fetch

    def counted(self: Genome, chrom: Any, start: Any, *sizes: int) -> dna.Codes:
        counts.update(zip(np.asarray(chrom).tolist(), start.tolist(), strict=True))
        return fetch(self, chrom, start, *sizes)

    def forbidden(_names: Any) -> None:
        raise AssertionError("names are read")

    monkeypatch.setattr(Genome, "fetch", counted)
    for module in (common, audit):
        monkeypatch.setattr(module, "read_names", forbidden)
    return counts


def bed(places: list[tuple[str, int, int]]) -> str:
    return "".join(f"{c}\t{s}\t{e}\tp\t{i}\n" for i, (c, s, e) in enumerate(places))


def two_files() -> dict[str, str | bytes | None]:
    """Two sets of peaks; some of the second merge with some of the first."""
    near = [(c, s + 37 * (i % 3), e + 37 * (i % 3)) for i, (c, s, e) in enumerate(regions(90, 150))]
    return {"a": bed(regions(80, 400)), "b": bed([p for p in near if p not in regions(80, 400)])}


ROWS = [{"sample": "A", "data": 0}, {"sample": "B", "data": 1}]


@pytest.mark.parametrize(
    ("rows", "negatives"),
    [(ROWS[:1], "gc"), (ROWS[:1], "shuffle"), (ROWS[:1], 1)]
    + [(ROWS, kind) for kind in ("gc", "shuffle", "others")],
)
def test_windows_of_peaks_are_fetched_once(
    tmp_path: Path, seen: Seen, rows: list[dict[str, Any]], negatives: str | int
) -> None:
    genome = make_genome(tmp_path)
    if isinstance(negatives, int):
        rows, options = [rows[0] | {"negatives": negatives}], {}
    else:
        options = {"negatives": negatives}
    spec = make_spec(tmp_path, genome, "peaks", two_files(), rows, **options)
    made = peaks.prepare(spec)
    found = audit.audit_dataset(made.dataset, made.where)
    where = read_names(made.dataset.names)
    own = (where.parent < 0) & ((made.dataset.labels != 0).any(axis=1) | (negatives != "gc"))
    names = open_genome(genome, "g").names
    codes = np.array([names.index(name) for name in where.chromosomes])[where.chrom]
    fetched = [seen[place] for place in zip(codes[own], where.start[own], strict=True)]
    assert set(fetched) == {1} and len(fetched) > 30
    if negatives != "gc":  # what random draws try may come twice
        assert set(seen.values()) == {1}
    # What the arrays say is what the names say.
    for mine, theirs in zip(vars(made.where).values(), vars(where).values(), strict=True):
        assert np.array_equal(mine, theirs)
    assert {one.check for one in found} >= {"overlapping_windows", "shuffle_pairs"}


def test_windows_of_regions_are_fetched_once(tmp_path: Path, seen: Seen) -> None:
    rows = [(*place, i % 2) for i, place in enumerate(regions(80))]
    table = "chrom\tstart\tend\tx\n" + "".join("\t".join(map(str, row)) + "\n" for row in rows)
    spec = make_spec(tmp_path, make_genome(tmp_path), "matrix", {"t.tsv": table})
    made = matrix.prepare(spec)
    assert set(seen.values()) == {1} and len(seen) >= len(made.dataset) > 50
    assert made.dataset.flanks is None
    where = read_names(made.dataset.names)
    for mine, theirs in zip(vars(made.where).values(), vars(where).values(), strict=True):
        assert np.array_equal(mine, theirs)


def test_of_many_files_bases_are_fetched_again_rather_than_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = make_spec(tmp_path, make_genome(tmp_path), "peaks", two_files(), ROWS)
    plain = peaks.prepare(spec).dataset
    monkeypatch.setattr("nfexplainn.assays.windows._HELD", 1)
    kept: list[int] = []
    read = WindowReader.read

    def noted(self: WindowReader, *given: Any) -> Any:
        one = read(self, *given)
        kept.append(len(one.windows))
        return one

    monkeypatch.setattr(WindowReader, "read", noted)
    assert peaks.prepare(spec).dataset.digest() == plain.digest()
    assert kept[0] > 30 and kept[1:] == [0]


def test_chromosomes_with_a_colon_have_a_place(tmp_path: Path) -> None:
    """Names of HLA alleles hold colons, so that no window's name tells where it lies."""
    rng = np.random.default_rng(4)
    path = tmp_path / "hla.fa"
    alleles = [f"HLA-A*0{number}:01" for number in range(1, 5)]
    path.write_text(
        "".join(f">{one}\n{''.join(rng.choice(list('ACGT'), 20_000))}\n" for one in alleles)
    )
    index_genome(path, "hla.fa", path)
    places = [(one, at, at + 1) for one in alleles for at in range(150, 19_000, 700)]
    spec = make_spec(tmp_path, path, "peaks", {"a": bed(places)}, split_by="chromosome")
    dataset = peaks.prepare(spec).dataset
    assert dataset.flanks is not None and dataset.flanks.shape[1] == 2 * MAX_SHIFT
    assert (dataset.flanks < dna.N_CODE).mean() > 0.99
    on = {name: name.rpartition(":")[0] for name in dataset.names}
    parts = {(on[name], part) for name, part in zip(dataset.names, dataset.split, strict=True)}
    assert len(parts) == len(alleles)
