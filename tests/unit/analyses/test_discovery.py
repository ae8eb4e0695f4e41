"""The comparison with STREME: its files as they are, and one measure for both sides."""

from __future__ import annotations

import dataclasses
import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from nfexplainn import dna
from nfexplainn.analyses.discovery.compare import (
    BEST_COLUMNS,
    LEAST_POSITIVES,
    Candidates,
    judge,
    streme_candidates,
    unit_ranks,
)
from nfexplainn.analyses.discovery.options import DiscoveryOptions
from nfexplainn.analyses.discovery.pairs import BOTH, OURS, THEIRS, UNSURE, pair_motifs
from nfexplainn.analyses.discovery.runs import found_motifs
from nfexplainn.analyses.discovery.sequences import searches, write_task_sequences
from nfexplainn.analyses.discovery.streme import read_motif_seconds, read_outcome, read_streme
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.interpret.summary import _add_effects
from nfexplainn.motifs.motif import Motif
from nfexplainn.simulation.sequences import background, plant

LETTERS = np.eye(4)


def motif(word: str, name: str = "m", strength: float = 0.97) -> Motif:
    ppm = LETTERS[["ACGT".index(letter) for letter in word]]
    return Motif(name, "", ppm * strength + (1 - strength) / 4, 50)


def planted(n: int = 600, *, both: bool = True, seed: int = 3) -> Dataset:
    """Half of the sequences hold TGACTCAGC, 60 in 100 of them in training."""
    rng = np.random.default_rng(seed)
    codes = background(n, 60, rng)
    labels = (np.arange(n) % 2).astype(np.float32)[:, None]
    with_site, _ = plant(codes, [motif("TGACTCAGC")], rng, both_strands=both)
    codes = np.where(labels == 1, with_site, codes)
    split = np.array(["train", "train", "train", "valid", "test"])[np.arange(n) // 2 % 5]
    meta = DatasetMeta("d", "sequences", "binary", ("A b/c",), 60, both, 1)
    return Dataset(meta, [f"s {i}" for i in range(n)], codes, split, labels)


def fixture(folder: Path, name: str) -> Path:
    return folder / "meme" / name / "streme.txt"


def test_hold_out_zero_gives_scores_and_no_significance(fixtures_dir: Path) -> None:
    path = fixture(fixtures_dir, "streme_ho0")
    result = read_streme(path, xml=path.with_suffix(".xml"))
    assert (result.state, result.version, result.cpu_seconds) == ("ok", "5.5.8", 9.51)
    assert [m.id for m in result.motifs][1:] == ["2-AGGGAGSG", "3-GACAAGCGK"]
    assert {one.kind for one in result.significance} == {"score"}
    assert result.significance[2].value == 2.0e-6
    assert result.stopped == "maximum number of motifs (3) reached"
    assert len(result.motif_seconds) == 3
    assert list(result.motif_seconds) == sorted(result.motif_seconds)


def test_a_hold_out_gives_e_values(fixtures_dir: Path) -> None:
    result = read_streme(fixture(fixtures_dir, "streme_ho01"))
    assert [(one.kind, one.value) for one in result.significance] == [
        ("e_value", 8.6e-3),
        ("e_value", 2.3),
        ("e_value", 3.0),
    ]


def test_no_motif_is_a_result(fixtures_dir: Path) -> None:
    result = read_streme(fixture(fixtures_dir, "streme_nomotif"), outcome={"exit": "0"})
    assert (result.state, result.motifs, result.cpu_seconds) == ("none", (), 0.32)
    assert result.reason.startswith("STREME found no motif (the next motif had no positive sites")


def test_every_real_output_can_be_read(fixtures_dir: Path) -> None:
    found = sorted((fixtures_dir / "streme").glob("*/streme.txt"))
    assert len(found) == 16
    for path in found:
        result = read_streme(path)
        assert (len(result.motifs), len(result.significance)) == (10, 10), path
        assert {one.kind for one in result.significance} == {"score"}
    tiny = read_streme(next(p for p in found if "CTCF_200" in str(p))).significance[0]
    assert tiny.value == 7.2e-64


def test_failures_are_results(tmp_path: Path) -> None:
    said = {"state": "finished", "exit": "1", "message": "FATAL: sequences too short"}
    failed = read_streme(tmp_path / "none.txt", outcome=said)
    assert (failed.state, failed.reason) == (
        "failed",
        "STREME ended with exit code 1: FATAL: sequences too short",
    )
    assert read_streme(None, outcome={"state": "absent"}).state == "absent"
    assert read_streme(None, outcome={"exit": "0"}).reason == "STREME left no streme.txt"
    (tmp_path / "cut.txt").write_text("MEME version 5\n\nMOTIF 1-A\nletter-probability")
    assert read_streme(tmp_path / "cut.txt").reason.startswith("streme.txt cannot be read:")
    (tmp_path / "empty.txt").touch()
    assert read_streme(tmp_path / "empty.txt").state == "failed"
    (tmp_path / "bad.xml").write_text("<STREME>")
    assert read_motif_seconds(tmp_path / "bad.xml") == ()


def test_the_outcome_is_read(tmp_path: Path) -> None:
    path = tmp_path / "o.tsv"
    path.write_text("state\tfinished\nexit\t0\nseconds\t12\nmessage\t\n")
    assert read_outcome(path) == {"state": "finished", "exit": "0", "seconds": "12", "message": ""}


def test_streme_gets_the_training_sequences_and_no_others(tmp_path: Path) -> None:
    dataset = planted(40)
    codes = dataset.codes.copy()
    codes[0, :5] = dna.N_CODE
    labels = dataset.labels.copy()
    labels[2] = np.nan
    tasks = write_task_sequences(replace(dataset, codes=codes, labels=labels), tmp_path, "d")
    assert dataclasses.astuple(tasks[0]) == (1, "A b/c", "", None, 12, 11, "")
    texts = (tmp_path / "d.task1.negatives.fa").read_text().splitlines()
    assert texts[0] == ">s_0" and texts[1] == dna.decode(codes[:1])[0][5:]
    assert ">s_2" not in texts
    rows = [int(line[3:]) for line in texts if line[0] == ">"]
    rows += [
        int(line[3:])
        for line in (tmp_path / "d.task1.positives.fa").read_text().splitlines()
        if line[0] == ">"
    ]
    assert sorted(rows) == [row for row in dataset.rows("train") if row != 2]


def in_folds(dataset: Dataset, folds: int = 3) -> Dataset:
    """Deal the pairs of a planted set into folds."""
    fold = (np.arange(len(dataset)) // 2 % folds).astype(np.int8)
    meta = replace(dataset.meta, folds=folds)
    return replace(dataset, meta=meta, split=np.zeros(0, dtype="<U5"), fold=fold)


def test_with_folds_streme_gets_the_training_sequences_of_each(tmp_path: Path) -> None:
    dataset = in_folds(planted(60))
    tasks = write_task_sequences(dataset, tmp_path, "d")
    assert [(one.number, one.fold, one.positives) for one in tasks] == [
        (1, fold, 10) for fold in (1, 2, 3)
    ]
    assert len(list(tmp_path.glob("*.fa"))) == 6
    for fold in (1, 2, 3):
        rows = sorted(
            int(line[3:])
            for kind in ("positives", "negatives")
            for line in (tmp_path / f"d.task1_fold{fold}.{kind}.fa").read_text().splitlines()
            if line[0] == ">"
        )
        assert rows == dataset.of_replicate(fold).rows("train").tolist()
        assert not {row for row in rows if dataset.fold[row] == fold - 1}  # type: ignore[index]


def test_a_fold_without_a_class_is_skipped_alone(tmp_path: Path) -> None:
    dataset = in_folds(planted(60))
    labels = dataset.labels.copy()
    labels[dataset.fold == 2] = 0  # fold 1 is tested, 2 stops: the training has 3 alone
    tasks = write_task_sequences(replace(dataset, labels=labels), tmp_path, "d")
    assert [bool(one.reason) for one in tasks] == [True, False, False]
    assert "the training part of fold 1 has" in tasks[0].reason


def test_motifs_of_folds_are_joined_where_they_are_alike() -> None:
    """Turned and shifted in another fold, a motif is the same; what most folds have is first."""
    word, other, once = "TGACTCAGCA", "GGGATTTCCC", "CACGTGACCT"
    turned = Motif("2-T", "", motif(word[1:]).ppm[::-1, ::-1].copy(), 30)
    runs = {
        2: [motif(other, "1-O"), turned, motif(once, "3-X")],
        1: [motif(word, "1-W"), motif(other, "2-O")],
        3: [motif(word, "1-V"), motif("AAAAAAAAAA", "2-A"), motif(word[:9], "3-V")],
    }
    found = found_motifs({3: runs[3], 1: runs[1], 2: runs[2]})
    told = [(one.motif.id, one.fold, one.found_in, one.runs) for one in found]
    # Mean places: of the word 4/3 (the best of fold 3), 3/2 of the other.
    assert told == [
        *(("1-W", 1, 3, 3), ("1-O", 2, 2, 3)),
        *(("2-A", 3, 1, 3), ("3-X", 2, 1, 3)),
    ]
    # 50 sites in folds 1 and 3, twice in the latter, and 30 in fold 2: 49, 49, 49 and 29 of the
    # leading base, and less than half a site of any other.
    assert found[0].motif.nsites == 3 * 49 + 29
    np.testing.assert_allclose(found[0].motif.ppm, motif(word).ppm, atol=0.03)
    group = {"motif": "row_001", "supported": "true", "task": "a", "name": "n"}
    rows = [group | {"consensus": "c", "q": "0.01", "gain": "0.5"}]
    lines = pair_motifs(found, rows, {"row_001": motif(word)}, "a")
    assert [line["state"] for line in lines] == [BOTH, THEIRS, THEIRS, THEIRS]
    assert [line["streme_found_in"] for line in lines] == [3, 2, 1, 1]
    assert found_motifs({}) == [] and found_motifs({4: []}) == []
    assert [one.runs for one in found_motifs({4: runs[1], 5: []})] == [2, 2]


def test_of_values_the_upper_fifth_is_compared_with_the_lower(tmp_path: Path) -> None:
    dataset = planted(100)
    values = np.arange(100, dtype=np.float32)[:, None]
    meta = replace(dataset.meta, task_type="regression")
    tasks = write_task_sequences(replace(dataset, meta=meta, labels=values), tmp_path, "d")
    assert (tasks[0].positives, tasks[0].negatives) == (12, 12)


def contrast_of(dataset: Dataset) -> Dataset:
    """Call the positives a side of a contrast, and the negatives the other."""
    extra = {"contrast": {"sides": ["X", "Y/z"]}}
    return replace(dataset, meta=replace(dataset.meta, extra=extra))


def test_either_side_of_a_contrast_is_searched_against_the_other(tmp_path: Path) -> None:
    dataset = contrast_of(planted(40))
    tasks = write_task_sequences(dataset, tmp_path, "d")
    assert [(one.number, one.side, one.positives) for one in tasks] == [
        (1, "X", 12),
        (2, "Y/z", 12),
    ]
    texts = {path.name: path.read_text() for path in tmp_path.glob("*.fa")}
    assert texts["d.task1.positives.fa"] == texts["d.task2.negatives.fa"]
    assert texts["d.task2.positives.fa"] == texts["d.task1.negatives.fa"]
    # What one side has more of tells its sequences, not those of the other.
    area: dict[str, float] = {}
    motifs: set[str] = set()
    for search in searches(dataset):
        sides = [Candidates("streme", None, (motif("TGACTCAGC"),))]
        judged = judge(search.dataset, search.task, sides, search.number)
        score = judged.best[0]["auprc_test"]
        assert isinstance(score, float)
        area[search.side] = score
        motifs |= set(judged.motifs)
    assert area["X"] > 0.95 and area["Y/z"] < 0.5
    assert motifs == {"task1_streme", "task2_streme"}


def test_sides_of_values_are_their_upper_and_lower_fifth(tmp_path: Path) -> None:
    dataset = contrast_of(planted(100))
    values = np.arange(100, dtype=np.float32)[:, None]
    meta = replace(dataset.meta, task_type="regression")
    write_task_sequences(replace(dataset, meta=meta, labels=values), tmp_path, "d")
    rows = [
        [int(line[3:]) for line in (tmp_path / name).read_text().splitlines() if line[0] == ">"]
        for name in ("d.task1.positives.fa", "d.task2.positives.fa")
    ]
    assert min(rows[0]) > max(rows[1]) and len(rows[0]) == len(rows[1]) == 12


def test_motifs_of_a_contrast_are_paired_once_for_both_sides() -> None:
    words = {"X": "TGACTCAGCA", "Y": "GGGATTTCCC"}
    streme = [
        one
        for side, word in words.items()
        for one in found_motifs({None: [motif(word, "1-A"), motif("ATATATATAT", "2-B")]}, side)
    ]
    groups = {"row_001": motif(words["X"]), "row_002": motif(words["Y"])}
    groups |= {"row_003": motif("CACGTGACCT")}
    about = {"name": "n", "consensus": "c", "q": "0.01", "gain": "0.5"}
    rows = [about | {"motif": name, "supported": "true", "task": "a"} for name in groups]
    found = pair_motifs(streme, rows, groups, "a")
    told = [
        (line.get("side"), line.get("streme_place"), line["state"], line.get("motif"))
        for line in found
    ]
    assert told == [
        *(("X", 1, BOTH, "row_001"), ("X", 2, THEIRS, None)),
        *(("Y", 1, BOTH, "row_002"), ("Y", 2, THEIRS, None), (None, None, OURS, "row_003")),
    ]


def test_a_task_of_one_class_is_skipped(tmp_path: Path) -> None:
    dataset = planted(40)
    tasks = write_task_sequences(
        replace(dataset, labels=np.ones_like(dataset.labels)), tmp_path, "d"
    )
    assert tasks[0].reason.startswith("the training part has 24 positives and 0 negatives")
    assert not list(tmp_path.glob("*.fa"))


def test_dead_units_have_no_place_as_in_the_final_units() -> None:
    units = [f"unit_{number:03d}" for number in (1, 2, 3)]
    effects = pd.DataFrame(
        {
            "unit": units,
            **{"task": "t", "weight": 1.0, "effect": [-0.5, 0.0, 0.3]},
            **{"importance_median": [0.1, np.nan, 0.2], "importance_n": [5, 0, 5]},
            **{"site_effect": [0.4, np.nan, 0.2], "direction": ["raises", None, "raises"]},
        }
    )
    table = pd.DataFrame({"unit": units, "status": ["few_sites", "dead", "unannotated"]})
    _add_effects(table, effects, ["t"])
    final = [None if pd.isna(rank) else int(rank) for rank in table["rank:t"]]
    assert final == [2, None, 1]
    assert [effect for effect, _ in unit_ranks(effects, "t", {"unit_002"}).values()] == final


def test_the_planted_motif_is_chosen_and_reported_on_test() -> None:
    dataset = planted()
    effects = pd.DataFrame(
        {
            "task": "A b/c",
            "unit": ["wrong", "right", "silent"],
            "effect": [0.1, 2.0, np.nan],
            "importance_median": [3.0, 0.5, np.nan],
        }
    )
    ranks = unit_ranks(effects, "A b/c", [])
    assert ranks == {"wrong": (2, 1), "right": (1, 2), "silent": (None, None)}
    ours = (motif("CCCCATTTT", "wrong"), motif("TGACTCAGC", "right"))
    sides = [
        Candidates("explainn", 1, ours, ranks=ranks),
        Candidates("streme", None, (), "absent", "the program streme was not found"),
    ]
    judged = judge(dataset, 0, sides)
    best, absent = judged.best
    added = {"dataset", "model", "side", "annotation", "target_id", "q_value"}
    assert set(best) | added >= set(BEST_COLUMNS)
    assert (best["motif"], best["rank_effect"], best["rank_importance"]) == ("right", 1, 2)
    assert best["chosen_on"] == "valid" and best["positives"] == 60
    assert isinstance(best["auprc_test"], float) and best["auprc_test"] > 0.95
    assert (absent["state"], absent["motifs"], "auprc_test" in absent) == ("absent", 0, False)
    wrong = next(row for row in judged.scores if row["motif"] == "wrong")
    assert isinstance(wrong["auprc"], float) and 0.4 < wrong["auprc"] < 0.6
    assert list(judged.motifs) == ["task1_explainn_r1"]


def test_the_choice_does_not_see_the_test_part() -> None:
    """Were it to, the motif that is perfect on the test part alone would be chosen."""
    dataset = planted()
    codes = dataset.codes.copy()
    test = np.flatnonzero((dataset.split == "test") & (dataset.labels[:, 0] == 1))
    codes[test, 10:19] = dna.encode(["CCCCATTTT"])[0]
    ours = (motif("CCCCATTTT", "leak"), motif("TGACTCAGC", "right"))
    judged = judge(replace(dataset, codes=codes), 0, [Candidates("explainn", 1, ours)])
    assert judged.best[0]["motif"] == "right"


def test_few_positives_are_chosen_on_training_too() -> None:
    judged = judge(planted(200), 0, [Candidates("explainn", 1, (motif("TGACTCAGC"),))])
    row = judged.best[0]
    assert row["chosen_on"] == "train+valid" and row["positives"] == 80
    assert LEAST_POSITIVES == 50


def test_one_strand_scores_streme_both_ways(fixtures_dir: Path) -> None:
    """STREME may give the motif of one-strand reads turned round; the better way is taken."""
    dataset = planted(both=False)
    result = read_streme(fixture(fixtures_dir, "streme_ho0"))
    turned = motif("GCTGAGTCA", "1-X")
    side = streme_candidates(replace(result, motifs=(turned,)), both_strands=False)
    best = judge(dataset, 0, [side]).best[0]
    assert (best["motif"], best["consensus"]) == ("1-X_turned", "TGACTCAGC")
    assert len(streme_candidates(result, both_strands=True).motifs) == 3


def test_a_motif_wider_than_the_reads_is_left_out() -> None:
    wide = motif("A" * 70, "wide")
    judged = judge(planted(), 0, [Candidates("streme", None, (wide,))])
    assert judged.scores == [] and judged.best[0]["motifs"] == 1


def test_options_are_the_parameters(root: Path) -> None:
    groups = json.loads((root / "nextflow_schema.json").read_text())["$defs"].values()
    parameters = {name: p for group in groups for name, p in group["properties"].items()}
    for field in dataclasses.fields(DiscoveryOptions):
        assert parameters[field.name]["default"] == field.default, field.name
        assert "discover" in parameters[field.name]["steps"]


def test_streme_is_scored_as_it_was_measured_apart(fixtures_dir: Path) -> None:
    """CTCF, 1,000 positives: the first motif is the best, and tells 95 in 100 apart or more."""
    folder = fixtures_dir / "streme"
    parts = []
    for name in ("pos", "neg"):
        with gzip.open(folder / "CTCF_1000" / f"{name}.fa.gz", "rt") as handle:
            parts.append([line.strip() for line in handle if line[0] != ">"])
    with gzip.open(folder / "CTCF_test_posneg.tsv.gz", "rt") as handle:
        held_out = [line.split() for line in handle]
    codes = dna.encode([*parts[0], *parts[1], *(row[1] for row in held_out)])
    known = [*[1.0] * len(parts[0]), *[0.0] * len(parts[1]), *(float(r[2]) for r in held_out)]
    split = np.where(np.arange(len(codes)) % 10, "train", "valid")
    split[-len(held_out) :] = "test"
    labels = np.array(known, dtype=np.float32)[:, None]
    meta = DatasetMeta("d", "sequences", "binary", ("CTCF",), codes.shape[1], True, 1)
    dataset = Dataset(meta, [f"s{i}" for i in range(len(codes))], codes, split, labels)
    result = read_streme(folder / "CTCF_1000" / "streme.txt")
    best = judge(dataset, 0, [streme_candidates(result, both_strands=True)]).best[0]
    assert isinstance(best["auprc_test"], float) and best["auprc_test"] > 0.95
    assert best["motif"] == "1-CCASYAGRKGGCRSYVNNG" and best["chosen_on"] == "valid"


def test_motifs_of_both_sides_are_paired() -> None:
    """Turned, shifted and with flanks, a motif is still the same; what is alike twice is one."""
    word, other, third = "TGACTCAGCA", "GGGATTTCCC", "CACGTGACCT"
    flat = np.full((6, 4), 0.25)
    wide = Motif("row_001", "", np.concatenate([flat, motif(word).ppm, flat]), 50)
    turned = Motif("1-A", "", motif(word).ppm[::-1, ::-1].copy(), 30)
    cut = Motif("3-C", "", motif(word[1:]).ppm, 30)
    found_by = [turned, motif("ATATATATAT", "2-B"), cut, motif(third, "4-D")]
    streme = found_motifs({None: found_by})
    assert [(one.motif, one.fold, one.found_in, one.runs) for one in streme] == [
        (one, None, 1, 1) for one in found_by
    ]
    groups = {"row_001": wide, "row_002": motif(other), "row_003": motif(third)}
    lines = [
        *(("row_001", "true", "a"), ("row_002", "true", "a")),
        *(("row_003", "false", "a"), ("row_003", "true", "b")),
    ]
    about = {"name": "n", "consensus": "c", "q": "0.01", "gain": "0.5"}
    rows = [about | {"motif": m, "supported": s, "task": t} for m, s, t in lines]
    found = pair_motifs(streme, rows, groups, "a")
    assert [line["state"] for line in found] == [BOTH, THEIRS, BOTH, UNSURE, OURS]
    assert [line.get("motif") for line in found] == [
        *("row_001", None, "row_001", "row_003", "row_002")
    ]
    assert [line.get("streme_place") for line in found] == [1, 2, 3, 4, None]
    assert found[0]["similarity"] > 0.99 and found[0]["streme_motif"] == "1-A"
    assert [line["state"] for line in pair_motifs([], rows, groups, "b")] == [OURS]
    # A group that is alike, but less than another, is not ours alone.
    blurred = replace(motif(word, strength=0.6), id="row_004")
    more = [*rows[:2], rows[0] | {"motif": "row_004"}]
    found = pair_motifs(streme[:1], more, groups | {"row_004": blurred}, "a")
    assert [(line["state"], line["motif"]) for line in found] == [
        *((BOTH, "row_001"), (OURS, "row_002"), (BOTH, "row_004"))
    ]
    # Classes share the rows of all tasks.
    joint = [row | {"task": "*"} for row in rows[:2]]
    assert [line["state"] for line in pair_motifs(streme[:1], joint, groups, "a")] == [BOTH, OURS]
    assert pair_motifs(streme[:1], [], {}, "a")[0]["state"] == THEIRS
