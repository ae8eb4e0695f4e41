"""Names, support over replicates, and the joined table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nfexplainn.errors import UserError
from nfexplainn.interpret.options import AnnotateOptions, InterpretOptions, read_options
from nfexplainn.interpret.summary import FIXED_COLUMNS, final_units
from nfexplainn.interpret.support import (
    ReplicateUnits,
    annotate,
    read_replicates,
    replicate_of,
    support,
)
from nfexplainn.interpret.unit_files import UNIT_COLUMNS, read_tsv, write_tsv
from nfexplainn.motifs.formats import write_meme
from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.motifs.naming import label

OPTIONS = AnnotateOptions()
WORDS = ("TGACTCATTGCA", "CCGGAAGTGGCC", "TAATTAGGATCC")


def sharp(word: str, name: str = "", motif_id: str = "") -> Motif:
    ppm = np.full((len(word), 4), 0.02)
    ppm[np.arange(len(word)), ["ACGT".index(letter) for letter in word]] = 0.94
    return Motif(motif_id or word, name, ppm, 100.0)


def flipped(word: str) -> str:
    return word[::-1].translate(str.maketrans("ACGT", "TGCA"))


def replicate(number: int, words: list[str], **changes: dict[str, object]) -> ReplicateUnits:
    motifs = [sharp(word, motif_id=f"unit_{i:03d}") for i, word in enumerate(words, 1)]
    rows = [
        {"unit": m.id, "status": "unannotated", "sites": 100, "width": 12, "information": 18.0}
        | changes.get(m.id, {})
        for m in motifs
    ]
    table = pd.DataFrame(rows)
    columns = dict.fromkeys([*table.columns, *UNIT_COLUMNS])
    return ReplicateUnits(number, table.reindex(columns=list(columns)), MotifSet(tuple(motifs)))


def random_words(seed: int, count: int = 60) -> list[str]:
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(list("ACGT"), 12)) for _ in range(count)]


def test_support_counts_the_replicates_that_share_the_motif():
    noise = [random_words(seed, 20) for seed in (1, 2, 3)]
    replicates = [
        replicate(1, [WORDS[0], WORDS[1], *noise[0]]),
        replicate(2, [WORDS[2], flipped(WORDS[0]), *noise[1]]),
        replicate(3, [WORDS[0], WORDS[1], *noise[2]]),
    ]
    table = support(replicates, OPTIONS).set_index(["replicate", "unit"])
    assert (table["replicates"] == 3).all()
    first = table.loc[(1, "unit_001")]
    assert first["matched_in"] == 3 and first["matches"] == "r2:unit_002,r3:unit_001"
    assert table.loc[(3, "unit_002"), "matched_in"] == 2
    assert table.loc[(3, "unit_002"), "matches"] == "r1:unit_002"
    assert table.loc[(2, "unit_001"), "matched_in"] == 1
    assert table.loc[(2, "unit_001"), "matches"] == ""
    # Noise hardly ever comes back.
    noisy = table[~table.index.get_level_values("unit").isin(["unit_001", "unit_002"])]
    assert (noisy["matched_in"] > 1).mean() < 0.1


def test_one_replicate_supports_itself():
    table = support([replicate(1, list(WORDS))], OPTIONS)
    assert (table["matched_in"] == 1).all() and (table["replicates"] == 1).all()


def test_only_motifs_with_sites_and_information_are_compared():
    units = replicate(
        1,
        [WORDS[0]] * 5,
        unit_002={"information": 4.9},
        unit_003={"status": "dead", "sites": 0, "information": np.nan},
        unit_004={"status": "no_sites", "sites": 0, "information": np.nan},
        unit_005={"status": "few_sites", "sites": 3},
    )
    known = MotifSet(tuple(sharp(word) for word in (WORDS[0], *random_words(4))))
    found, _ = annotate([units], known, OPTIONS)
    assert set(found["unit"]) == {"unit_001", "unit_005"}


def test_annotation_is_best_first_and_within_the_threshold():
    near = WORDS[0][:-2] + "AA"
    known = MotifSet(
        (
            sharp(near, "NEAR", "M2"),
            *(sharp(word) for word in random_words(5)),
            sharp(WORDS[0], "EXACT", "M1"),
        )
    )
    found, names = annotate([replicate(1, [WORDS[0]]), replicate(2, [WORDS[1]])], known, OPTIONS)
    first = found[(found["replicate"] == 1)]
    assert first["target_name"].tolist()[:2] == ["EXACT", "NEAR"]
    assert first["explained"].is_monotonic_decreasing
    assert names[1, "unit_001"].startswith("EXACT, NEAR")
    assert (found["q_value"] <= 0.05).all()
    strict, none = annotate([replicate(1, [WORDS[0]])], known, AnnotateOptions(q_threshold=1e-30))
    assert len(strict) == 0 and none == {}


def test_label_has_at_most_five_distinct_names():
    assert label(["B", "A", "B", "C", "D", "E", "F"]) == "B, A, C, D, E"


def test_replicate_is_read_from_the_name():
    assert replicate_of("x/oct4.explainn.r12.units.tsv") == 12
    assert replicate_of("my.data.r1.explainn.r3.well_predicted.tsv") == 3
    with pytest.raises(UserError, match="no replicate"):
        replicate_of("units.tsv")


def test_replicates_come_back_from_files(tmp_path):
    for number in (2, 1):
        each = replicate(number, list(WORDS))
        write_tsv(each.units, tmp_path / f"d.m.r{number}.units.tsv")
        write_meme(each.motifs, tmp_path / f"d.m.r{number}.units.meme")
    write_meme(MotifSet(()), tmp_path / "d.m.r3.units.meme")
    write_tsv(
        replicate(3, []).units.reindex(columns=each.units.columns), tmp_path / "d.m.r3.units.tsv"
    )
    found = read_replicates(sorted(tmp_path.iterdir()))
    assert [each.replicate for each in found] == [1, 2, 3]
    assert [len(each.annotatable(5.0)) for each in found] == [3, 3, 0]
    (tmp_path / "d.m.r2.units.meme").unlink()
    with pytest.raises(UserError, match=r"units\.meme beside it is missing"):
        read_replicates(sorted(tmp_path.iterdir()))


def effects(units: list[str], values: dict[str, list[float]]) -> pd.DataFrame:
    rows = [
        {
            "unit": unit,
            "task": task,
            "weight": 0.5,
            "importance_median": 0.1,
            "importance_q25": 0.0,
            "importance_q75": 0.2,
            "importance_n": 7,
            "effect": value,
            "effect_basis": "well-predicted",
            "site_effect": -value,
            "direction": "lowers" if value > 0.2 else "",
        }
        for task, numbers in values.items()
        for unit, value in zip(units, numbers, strict=True)
    ]
    return pd.DataFrame(rows)


def joined() -> pd.DataFrame:
    each = replicate(
        1,
        list(WORDS) * 2,
        unit_002={"status": "few_sites", "sites": 4},
        unit_004={"status": "dead", "sites": 0},
        unit_006={"status": "low_information"},
    )
    units = each.units.assign(consensus="N", reason="")
    names = units["unit"].tolist()
    values = {"NA": [0.5, -0.1, 0.9, 2.0, np.nan, 0.5], "b": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]}
    hits = pd.DataFrame(
        [
            {"replicate": 1, "unit": unit, "target_id": target, "target_name": name, "q_value": q}
            for unit, target, name, q in (
                ("unit_001", "M1", "FOS", 1e-5),
                ("unit_001", "M2", "JUN", 1e-3),
                ("unit_001", "M3", "FOS", 1e-2),
                ("unit_002", "M4", "ETS1", 1e-2),
            )
        ]
    )
    supported = pd.DataFrame(
        [
            {"replicate": 1, "unit": unit, "matched_in": 2, "replicates": 3, "annotation": name}
            for unit, name in (
                ("unit_001", "FOS, JUN"),
                ("unit_002", "ETS1"),
                ("unit_003", "poly-A"),
                ("unit_005", None),
            )
        ]
    )
    return final_units("d", "explainn", {1: units}, {1: effects(names, values)}, hits, supported)


def test_final_table_joins_everything():
    table = joined().set_index("unit")
    assert list(joined().columns)[: len(FIXED_COLUMNS)] == list(FIXED_COLUMNS)
    first = table.loc["unit_001"]
    assert (first["status"], first["annotation"]) == ("annotated", "FOS, JUN")
    assert (first["target_id"], first["q_value"]) == ("M1", 1e-5)
    # A match on few sites is shown, and the flag stays.
    assert table.loc["unit_002", "status"] == "few_sites"
    assert table.loc["unit_002", "annotation"] == "ETS1"
    # What it is called is no match.
    assert table.loc["unit_003", "status"] == "unannotated"
    assert table.loc["unit_003", "annotation"] == "poly-A"
    assert pd.isna(table.loc["unit_003", "target_id"])
    assert pd.isna(table.loc["unit_006", "matched_in"])
    # Which way the motif works is no matter of the effect's sign.
    assert (first["site_effect:NA"], first["direction:NA"]) == (-0.5, "lowers")
    # Largest effect first, ties in the order of the units; neither dead nor undefined is ranked.
    ranks = table["rank:NA"].tolist()
    assert ranks[:3] == [2, 4, 1] and ranks[5] == 3
    assert pd.isna(ranks[3]) and pd.isna(ranks[4])
    assert table["rank:b"].tolist()[:3] == [5, 4, 3]


def test_final_table_round_trips_through_its_file(tmp_path):
    path = tmp_path / "d.explainn.units.tsv"
    write_tsv(joined(), path)
    lines = path.read_text().splitlines()
    fields = dict(zip(lines[0].split("\t"), lines[2].split("\t"), strict=True))
    assert fields["matched_in"] == "2" and fields["rank:NA"] == "4" and fields["q_value"] == "0.01"
    back = read_tsv(path, FIXED_COLUMNS)
    assert back["unit"].tolist() == joined()["unit"].tolist()
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_nothing_matches():
    empty = pd.DataFrame(columns=["replicate", "unit", "target_id", "target_name", "q_value"])
    units = replicate(1, list(WORDS)).units.assign(consensus="N", reason="")
    names = units["unit"].tolist()
    none = pd.DataFrame(columns=["replicate", "unit", "matched_in", "replicates", "annotation"])
    found = final_units("d", "m", {1: units}, {1: effects(names, {"t": [1, 2, 3]})}, empty, none)
    assert found["annotation"].isna().all() and (found["status"] == "unannotated").all()


def test_replicates_with_other_tasks_are_refused():
    units = replicate(1, list(WORDS)).units.assign(consensus="N", reason="")
    names = units["unit"].tolist()
    tables = {1: effects(names, {"a": [1, 2, 3]}), 2: effects(names, {"b": [1, 2, 3]})}
    none = pd.DataFrame(columns=["replicate", "unit", "target_id", "target_name", "q_value"])
    with pytest.raises(UserError, match="differ in their tasks"):
        final_units("d", "m", {1: units, 2: units}, tables, none, none)


def test_options_are_read_and_refused_by_name(tmp_path):
    path = tmp_path / "options.json"
    path.write_text('{"min_sites": 7, "units": 30, "activation_threshold": 1, "q_threshold": null}')
    assert read_options(path, InterpretOptions) == InterpretOptions(1.0, 7, 5.0)
    assert read_options(path, AnnotateOptions) == AnnotateOptions()
    path.write_text('{"min_sites": "many"}')
    with pytest.raises(UserError, match="min_sites is 'many'"):
        read_options(path, InterpretOptions)
    path.write_text("[]")
    with pytest.raises(UserError, match="not a JSON object"):
        read_options(path, InterpretOptions)
