"""Splits by homology: nothing similar on both sides, and what a random split would have shared."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nfexplainn import dna
from nfexplainn.assays import sequences
from nfexplainn.assays.spec import InputFile, Prepared, Row, Spec, make_options
from nfexplainn.data.audit import audit_dataset
from nfexplainn.data.splits import make_groups
from nfexplainn.errors import UserError
from nfexplainn.evidence.tables import held_out_clusters

N, COPIED, LENGTH = 400, 150, 120


def planted(folder: Path, copies: int = COPIED, length: int = LENGTH) -> Path:
    """Write sequences, and copies of some with a twentieth of bases changed, on either strand."""
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 4, (N, length)).astype(np.uint8)
    copied = codes[np.arange(copies) % N]
    changed = rng.random(copied.shape).argsort(axis=1) < length // 20
    copied = np.where(changed, (copied + rng.integers(1, 4, copied.shape)) % 4, copied)
    copied[::2] = dna.reverse_complement(copied[::2].astype(np.uint8))
    every = np.concatenate([codes, copied.astype(np.uint8)])
    path = folder / "a.fa"
    path.write_text("".join(f">a{i}\n{s}\n" for i, s in enumerate(dna.decode(every))))
    return path


def spec(folder: Path, split: str | None = None, **options: Any) -> Spec:
    files = (InputFile("a.fa", str(folder / "a.fa")),)
    given = {"split_by": "homology"} | options
    return Spec("d", "sequences", (Row("A", 0, 2, split=split),), files, make_options(given, 42))


def run(folder: Path, **options: Any) -> Prepared:
    return sequences.prepare(spec(folder, **options))


def across(names: list[str], part: np.ndarray) -> int:
    """Count the planted copies that lie in another part than what they were made from."""
    place = dict(zip(names, part.tolist(), strict=True))
    return sum(place[f"a{N + i}"] != place[f"a{i}"] for i in range(COPIED))


def test_no_planted_copy_is_left_on_another_side(tmp_path: Path) -> None:
    planted(tmp_path)
    data = run(tmp_path).dataset
    names = list(data.names)
    assert across(names, data.split) == 0
    shares = [float((data.split == part).mean()) for part in ("valid", "test")]
    assert shares == pytest.approx([0.1, 0.1], abs=0.02)
    at_random = run(tmp_path, split_by="random").dataset
    assert across(list(at_random.names), at_random.split) > 30
    assert "homology" not in at_random.meta.extra


def test_the_audit_finds_nothing_and_tells_of_the_random_split(tmp_path: Path) -> None:
    planted(tmp_path)
    data, at_random = run(tmp_path).dataset, run(tmp_path, split_by="random").dataset
    checks = {check.check: check for check in audit_dataset(data)}
    similar, other = checks["similar_sequences"], checks["similar_if_random"]
    assert (similar.state, similar.count) == ("pass", 0)
    assert similar.total == (data.split != "train").sum()
    # What the random split of the same seed shares, counted anew.
    known = make_groups(at_random.codes, run(tmp_path).where, similar=True)
    held = at_random.split != "train"
    shared = np.isin(known[held], known[~held]).sum()
    assert (other.count, other.total) == (shared, held.sum()) and shared > 20
    assert other.state == "pass"
    assert any(f"of which {shared:,} have a similar one" in note for note in data.meta.notes)
    assert data.meta.extra["homology"]["clusters"] == COPIED
    assert {check.check for check in audit_dataset(at_random)}.isdisjoint(
        {"similar_sequences", "similar_if_random"}
    )


def test_the_audit_warns_where_a_cluster_was_torn(tmp_path: Path) -> None:
    planted(tmp_path)
    data = run(tmp_path).dataset
    split = data.split.copy()
    row, copy = (list(data.names).index(name) for name in ("a3", f"a{N + 3}"))
    split[[row, copy]] = "train", "test"
    torn = dataclasses.replace(data, split=split)
    (check,) = [one for one in audit_dataset(torn) if one.check == "similar_sequences"]
    assert check.state == "warn" and check.count >= 1
    assert "a403 (test) and " in check.example and "(train)" in check.example


def test_folds_keep_clusters_together(tmp_path: Path) -> None:
    planted(tmp_path)
    for options in ({"folds": 5}, {"folds": 0}):
        data = run(tmp_path, **options).dataset
        assert data.meta.folds == 5 and across(list(data.names), data.fold) == 0
        assert len(data.meta.extra["homology"]["random_shared"]) == 5
    for fold, one in enumerate(data.of_folds()):
        checks = {check.check: check for check in audit_dataset(one, None, fold)}
        assert checks["similar_sequences"].count == 0
        told = data.meta.extra["homology"]
        assert checks["similar_if_random"].count == told["random_shared"][fold] > 0


def test_clusters_are_those_of_the_evidence(tmp_path: Path) -> None:
    planted(tmp_path)
    data = run(tmp_path, folds=5).dataset
    clusters = held_out_clusters(data)
    place = dict(zip(data.names, clusters.tolist(), strict=True))
    assert all(place[f"a{i}"] == place[f"a{N + i}"] for i in range(COPIED))
    extra = dict(data.meta.extra) | {"split_by": "random"}
    other = dataclasses.replace(data, meta=dataclasses.replace(data.meta, extra=extra))
    assert len(np.unique(held_out_clusters(other))) == len(np.unique(clusters)) + COPIED


def test_the_same_twice(tmp_path: Path) -> None:
    planted(tmp_path)
    one, two = run(tmp_path).dataset, run(tmp_path).dataset
    np.testing.assert_array_equal(one.split, two.split)
    assert one.meta == two.meta


def test_a_set_without_similar_sequences_is_split_as_at_random(tmp_path: Path) -> None:
    planted(tmp_path, copies=0)
    one, two = run(tmp_path).dataset, run(tmp_path, split_by="random").dataset
    np.testing.assert_array_equal(one.split, two.split)
    assert one.meta.extra["homology"] == {
        "clusters": 0,
        "sequences": 0,
        "largest": 0,
        "random_shared": [0],
        "random_held_out": [int((one.split != "train").sum())],
    }


REFUSED = {
    "given": ({}, "train", "d: split_by homology cannot be used with a given split"),
    "word": (
        {"split_by": "homolgy"},
        None,
        "it must be one of random, homology, chromosome, given",
    ),
    "folds": ({"folds": 500}, None, "folds is 500; give 1 for one split"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_settings(case: str, tmp_path: Path) -> None:
    options, split, sentence = REFUSED[case]
    planted(tmp_path)
    with pytest.raises(UserError, match=sentence):
        sequences.prepare(spec(tmp_path, split=split, **options))


def test_short_sequences_are_refused(tmp_path: Path) -> None:
    planted(tmp_path, length=49)
    with pytest.raises(UserError, match=r"d \(a.fa\): .* 50 bp and more, and these have 49; use"):
        run(tmp_path)


def test_variants_of_one_sequence_are_refused(tmp_path: Path) -> None:
    planted(tmp_path, copies=0)
    with (tmp_path / "a.fa").open("a") as out:
        for at in range(LENGTH):
            for row in range(9):
                text = list("GATTACACATGCCGTA" * 7 + "ACGTTGCA")
                text[at] = "ACGT"[("ACGT".index(text[at]) + 1 + row % 3) % 4]
                text[at - 30] = "ACGT"[("ACGT".index(text[at - 30]) + 1 + row // 3) % 4]
                out.write(f">v{at}_{row}\n{''.join(text)}\n")
    with pytest.raises(UserError, match="are directly or indirectly similar"):
        run(tmp_path)
