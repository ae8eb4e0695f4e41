from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from nfexplainn import dna
from nfexplainn.data.splits import connected, make_groups, split_chromosomes, split_random
from nfexplainn.errors import UserError
from nfexplainn.io.coordinates import read_names, shuffle_name, window_name


def random_codes(n: int, length: int = 60, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 4, (n, length), dtype=np.uint8)


def test_names_tell_coordinates_and_parents() -> None:
    names = [
        "chr1:5-10(+)",
        "chr1:5-10(+)|shuffle1",
        "x",
        "x|shuffle2",
        "HLA:7:3-4",
        "chr2:9-3",
        "y|shuffle1",
        "chr2:1-4",
    ]
    where = read_names(names)
    assert where.parent.tolist() == [-1, 0, -1, 2, -1, -1, -1, -1]
    assert where.chrom.tolist() == [0, 0, -1, -1, -1, -1, -1, 1]
    assert (where.start[0], where.end[0]) == (5, 10)
    assert window_name("chr1", 5, 10) == names[0]
    assert shuffle_name("x", 2) == names[3]


def test_groups_hold_shuffles_overlaps_and_equals_on_both_strands() -> None:
    codes = random_codes(8)
    codes[3] = dna.reverse_complement(codes[2])
    codes[5] = codes[4]
    names = ["chr1:0-60", "chr1:59-119", "chr1:119-179", "chr2:0-60", "a", "b", "a|shuffle1", "c"]
    groups = make_groups(codes, read_names(names))
    together = [{0, 1}, {2, 3}, {4, 5, 6}, {7}]
    for i in range(8):
        for j in range(8):
            same = any({i, j} <= part for part in together)
            assert (groups[i] == groups[j]) == same


@given(st.data(), st.integers(0, 30), st.integers(1, 3))
def test_components_are_numbered_as_scipy_does(data: st.DataObject, n: int, kinds: int) -> None:
    nodes = st.lists(st.integers(0, max(n - 1, 0)), min_size=n, max_size=n)
    links = [np.array(data.draw(nodes), dtype=np.int64) for _ in range(kinds)]
    ends = (np.tile(np.arange(n), kinds), np.concatenate(links))
    graph = coo_array((np.ones(kinds * n, dtype=np.int8), ends), shape=(n, n))
    assert np.array_equal(connected(links), connected_components(graph, directed=False)[1])


def test_a_long_path_is_one_component() -> None:
    path = np.random.default_rng(3).permutation(50_000)
    link = np.empty_like(path)
    link[path] = path[np.maximum(np.arange(len(path)) - 1, 0)]
    assert not connected([link]).any()


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 5), st.sampled_from([(0.1, 0.1), (0.2, 0.0)]))
def test_random_split_keeps_groups_shares_and_labels(
    seed: int, tasks: int, shares: tuple[float, float]
) -> None:
    rng = np.random.default_rng(seed)
    n = 2000
    groups = np.unique(rng.integers(0, 1200, n), return_inverse=True)[1]
    labels = (rng.random((n, tasks)) < rng.uniform(0.1, 0.6, tasks)).astype(np.float32)
    labels[rng.random(labels.shape) < 0.03] = np.nan
    split = split_random(groups, labels, *shares, np.random.default_rng(seed))
    for group in range(groups.max() + 1):
        assert len(set(split[groups == group].tolist())) == 1
    for name, share in zip(("valid", "test"), shares, strict=True):
        part = split == name
        assert abs(part.sum() - share * n) <= 10
        for task in range(tasks):
            positive = labels[:, task] == 1
            assert positive[part].sum() == pytest.approx(share * positive.sum(), abs=6)
    again = split_random(groups, labels, *shares, np.random.default_rng(seed))
    assert np.array_equal(split, again)


def test_a_rare_task_reaches_every_part() -> None:
    labels = np.zeros((1000, 3), dtype=np.float32)
    labels[:500, 0], labels[500:900, 1], labels[:10, 2] = 1, 1, 1
    split = split_random(np.arange(1000), labels, 0.1, 0.1, np.random.default_rng(0))
    rare = split[labels[:, 2] == 1]
    assert [(rare == part).sum() for part in ("train", "valid", "test")] == [8, 1, 1]


def test_one_huge_group_trains() -> None:
    groups = np.concatenate([np.zeros(800, dtype=np.int64), np.arange(1, 201)])
    labels = np.ones((1000, 1), dtype=np.float32)
    split = split_random(groups, labels, 0.1, 0.1, np.random.default_rng(0))
    assert set(split[:800].tolist()) == {"train"}
    assert (split == "valid").sum() == pytest.approx(100, abs=2)


def names_on(chromosomes: dict[str, int]) -> list[str]:
    return [f"{c}:{i * 100}-{i * 100 + 60}" for c, n in chromosomes.items() for i in range(n)]


def test_chromosomes_as_asked_and_shuffles_follow() -> None:
    names = names_on({"chr1": 6, "chr2": 3, "chr3": 2})
    names.append(names[7] + "|shuffle1")
    split, valid, test = split_chromosomes(read_names(names), ["chr2"], ["chr3"], 0.1, 0.1)
    assert split.tolist() == ["train"] * 6 + ["valid"] * 3 + ["test"] * 2 + ["valid"]
    assert (valid, test) == (("chr2",), ("chr3",))


def test_chromosomes_are_chosen_to_meet_the_fractions() -> None:
    sizes = {f"chr{i}": 10 * i for i in range(1, 17)}
    split, valid, test = split_chromosomes(read_names(names_on(sizes)), [], [], 0.1, 0.1)
    assert (split == "valid").mean() == pytest.approx(0.1, abs=0.02)
    assert (split == "test").mean() == pytest.approx(0.1, abs=0.02)
    assert not set(valid) & set(test)


@pytest.mark.parametrize(
    ("names", "valid", "message"),
    [
        (["a", "chr1:0-60"], [], "1 of 2 sequences have no coordinates"),
        (["chr1:0-60", "chr2:0-60", "chr3:0-60"], ["chr9"], "no sequence lies on 'chr9'"),
        (["chr1:0-60", "chr2:0-60"], [], "are too few"),
    ],
)
def test_impossible_chromosome_splits(names: list[str], valid: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        split_chromosomes(read_names(names), valid, [], 0.1, 0.1)
