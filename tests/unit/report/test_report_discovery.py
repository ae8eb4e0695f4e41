"""The report's chapters on STREME and on pairs of motifs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from nfexplainn.analyses.cooperativity.pairs import CURVE_COLUMNS, VERDICT_COLUMNS
from nfexplainn.analyses.cooperativity.report import words, write_cooperativity
from nfexplainn.analyses.discovery.compare import BEST_COLUMNS, TIMING_COLUMNS
from nfexplainn.analyses.discovery.pairs import BOTH, OURS, PAIR_COLUMNS, THEIRS
from nfexplainn.analyses.discovery.report import write_discovery
from nfexplainn.motifs.formats import write_meme
from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.page.load import load_inputs
from nfexplainn.page.mqc import Page


def table(path: Path, columns: tuple[str, ...], *rows: dict[str, object]) -> None:
    lines = ["\t".join(columns)]
    lines += ["\t".join(str(row.get(column, "")) for column in columns) for row in rows]
    path.write_text("\n".join(lines) + "\n")


def sections(folder: Path) -> dict[str, dict]:
    found = (json.loads(path.read_text()) for path in sorted(folder.glob("*_mqc.json")))
    return {section["id"]: section for section in found}


def discovery(folder: Path, state: str) -> None:
    shared = {"dataset": "d", "model": "explainn", "task": "d", "chosen_on": "valid"}
    units = [
        shared
        | {"source": "explainn", "replicate": r, "state": "ok", "motifs": 9, "logo": f"m{r}"}
        | {"auprc_chosen": 0.8 + r / 10, "auprc_test": 0.7 + r / 10, "prevalence": 0.5}
        | {"rank_effect": r, "rank_importance": 3, "consensus": "TGAC", "annotation": "JUN<1>"}
        for r in (1, 2)
    ]
    streme = shared | {"source": "streme", "state": state, "motifs": 0, "reason": "absent & gone"}
    if state == "ok":
        streme |= {"auprc_test": 0.95, "auprc_chosen": 0.9, "motifs": 3, "reason": ""}
    table(folder / "d.explainn.discovery.tsv", BEST_COLUMNS, streme, *units)
    table(
        folder / "d.explainn.discovery_timing.tsv",
        TIMING_COLUMNS,
        shared | {"source": "streme", "clock": "wall", "seconds": 5},
        shared | {"source": "streme", "clock": "cpu", "seconds": 123.4},
        shared | {"task": "*", "source": "explainn", "clock": "wall of training", "seconds": 2},
    )
    motifs = tuple(Motif(f"m{r}", "", np.eye(4), 20) for r in (1, 2))
    write_meme(MotifSet(motifs), folder / "d.explainn.discovery.meme")


def test_both_sides_stand_side_by_side(tmp_path: Path) -> None:
    discovery(tmp_path, "ok")
    write_discovery(Page(tmp_path / "out"), load_inputs([tmp_path], {}, {}))
    found = sections(tmp_path / "out")
    bars = found["nfx_discovery_best_motif"]["data"]
    assert bars == {"d": {"streme": 0.95, "explainn": pytest.approx(0.85)}}
    side = found["nfx_discovery_side_by_side"]
    rows = side["data"]
    assert (
        rows["d \u00b7 STREME"]["seconds"] == "123" and rows["d \u00b7 Units"]["seconds"] == "2.0"
    )
    assert rows["d \u00b7 Units"]["effect"] == "1&#44; 2"
    assert "JUN&lt;1&gt;" in rows["d \u00b7 Units"]["name"]
    assert "better than STREME's in 0 of 1 cases" in side["description"]
    assert side["description"].count("<symbol") == 1  # of the better replicate
    tables = tmp_path / "out" / "tables"
    assert len((tables / "discovery.tsv").read_text().splitlines()) == 4


def test_motif_for_motif(tmp_path: Path) -> None:
    discovery(tmp_path, "ok")
    shared = {"dataset": "d", "model": "explainn", "task": "d"}
    ours = {"motif": "row_001", "name": "JUN<1>", "consensus": "NTGACN", "gain": 0.3, "q": 1e-9}
    table(
        tmp_path / "d.explainn.discovery_pairs.tsv",
        PAIR_COLUMNS,
        shared | ours | {"state": BOTH, "streme_place": 1, "streme_consensus": "TGAC"}
        | {"similarity": 0.93, "supported": "true"},
        shared | {"state": THEIRS, "streme_place": 2, "streme_consensus": "AAAA"},
        shared | ours | {"state": OURS, "motif": "row_002", "name": ""},
        shared | ours | {"state": BOTH, "streme_place": 1, "motif": "row_003", "name": ""},
    )  # fmt: skip
    write_discovery(Page(tmp_path / "out"), load_inputs([tmp_path], {}, {}))
    side = sections(tmp_path / "out")["nfx_discovery_motif_for_motif"]
    first, second, third, _ = side["data"].values()
    assert list(side["data"]) == [
        *("d \u00b7 1", "d \u00b7 2", "d \u00b7 row_002", "d \u00b7 1, row_003")
    ]
    assert first["similarity"] == 0.93
    assert ">TGAC<" in first["streme"] and ">TGAC<" in first["consensus"]
    assert "JUN&lt;1&gt; (row_001)" in first["ours"]
    assert "STREME" in second["state"] and "ours alone" in third["state"]
    assert "Of STREME's 2 motifs, 1 match a supported group" in side["description"]
    assert "STREME lacks 1 supported group of ours" in side["description"]
    assert "found_in" not in first | side["headers"] and "runs" not in side["description"]
    assert len((tmp_path / "out/tables/discovery_pairs.tsv").read_text().splitlines()) == 5


def test_both_sides_of_a_contrast_have_their_rows(tmp_path: Path) -> None:
    discovery(tmp_path, "ok")
    path = tmp_path / "d.explainn.discovery.tsv"
    shared = {"dataset": "d", "model": "explainn", "task": "d", "chosen_on": "valid"}
    lines = [
        shared | {"side": side, "source": source, "state": "ok", "auprc_test": score}
        for side, scores in (("CTCF", (0.9, 0.8)), ("JUND", (0.7, 0.6)))
        for source, score in zip(("streme", "explainn"), scores, strict=True)
    ]
    table(path, BEST_COLUMNS, *lines)
    clock = shared | {"source": "streme", "clock": "cpu"}
    clocks = [clock | {"side": side, "seconds": s} for side, s in (("CTCF", 10), ("JUND", 20))]
    table(tmp_path / "d.explainn.discovery_timing.tsv", TIMING_COLUMNS, *clocks)
    write_discovery(Page(tmp_path / "out"), load_inputs([tmp_path], {}, {}))
    found = sections(tmp_path / "out")
    side = "d \u00b7 side"
    bars = found["nfx_discovery_best_motif"]["data"]
    assert bars[f"{side} JUND"] == {"streme": 0.7, "explainn": 0.6}
    rows = found["nfx_discovery_side_by_side"]["data"]
    assert rows[f"{side} CTCF \u00b7 STREME"]["seconds"] == "10"
    assert rows[f"{side} JUND \u00b7 STREME"]["seconds"] == "20"
    said = found["nfx_discovery_side_by_side"]["description"]
    assert "better than STREME's in 0 of 2 cases" in said


def test_with_folds_the_means_over_them_stand_side_by_side(tmp_path: Path) -> None:
    shared = {"dataset": "d", "model": "explainn", "task": "d", "chosen_on": "valid"}
    lines = [
        shared
        | {"source": source, "replicate": fold, "state": "ok", "motifs": 3}
        | {"auprc_chosen": 0.9, "auprc_test": base + fold / 10}
        for source, base in (("streme", 0.5), ("explainn", 0.6))
        for fold in (1, 2)
    ]
    lost = shared | {"source": "streme", "replicate": 3, "state": "failed", "reason": "it fell"}
    table(tmp_path / "d.explainn.discovery.tsv", BEST_COLUMNS, lines[0], lines[1], lost, *lines[2:])
    clock = shared | {"source": "streme", "clock": "cpu"}
    clocks = [clock | {"replicate": fold, "seconds": 10 * fold} for fold in (1, 2)]
    table(tmp_path / "d.explainn.discovery_timing.tsv", TIMING_COLUMNS, *clocks)
    theirs = {"state": THEIRS, "streme_runs": 3, "streme_consensus": "NTGACN"}
    table(
        tmp_path / "d.explainn.discovery_pairs.tsv",
        PAIR_COLUMNS,
        shared | theirs | {"streme_place": 1, "streme_found_in": 3},
        shared | theirs | {"streme_place": 2, "streme_found_in": 2, "state": BOTH, "motif": "m"},
        shared | theirs | {"streme_place": 3, "streme_found_in": 1},
    )  # fmt: skip
    write_discovery(Page(tmp_path / "out"), load_inputs([tmp_path], {}, {}))
    found = sections(tmp_path / "out")
    bars = found["nfx_discovery_best_motif"]["data"]["d"]
    assert bars == {"streme": pytest.approx(0.65), "explainn": pytest.approx(0.75)}
    side = found["nfx_discovery_side_by_side"]
    row = side["data"]["d · STREME"]
    assert row["seconds"] == "15" and "it fell (in 1 of 3)" in row["note"]
    assert "Without STREME" not in side["description"]
    pairs = found["nfx_discovery_motif_for_motif"]
    assert ["3/3" in one["found_in"] for one in pairs["data"].values()] == [True, False, False]
    assert ">TGAC<" in pairs["data"]["d · 1"]["streme"]
    assert "Of STREME's 2 motifs, 1 match a supported group" in pairs["description"]
    assert "(1 more in fewer runs)" in pairs["description"]


def test_without_streme_the_reason_is_said(tmp_path: Path) -> None:
    discovery(tmp_path, "absent")
    write_discovery(Page(tmp_path / "out"), load_inputs([tmp_path], {}, {}))
    found = sections(tmp_path / "out")
    said = found["nfx_discovery_side_by_side"]["description"]
    assert "Without STREME in 1 case: absent &amp; gone." in said
    assert found["nfx_discovery_best_motif"]["data"] == {"d": {"explainn": pytest.approx(0.85)}}


def test_nothing_is_written_where_nobody_asked(tmp_path: Path) -> None:
    page = Page(tmp_path / "out")
    inputs = load_inputs([tmp_path], {}, {})
    write_discovery(page, inputs)
    write_cooperativity(page, inputs)
    assert not sections(tmp_path / "out")


def verdict(sign: str, **more: object) -> dict[str, object]:
    return {
        **{"dataset": "d", "model": "explainn", "replicate": 1, "task": "t", "pair": "A:B"},
        **{"kind": "heterotypic", "first": "A", "second": "B", "orientation": sign},
        **{"first_effect": 2, "second_effect": 1, "difference": 0.1, "range": 0.5},
        **{
            "relative_range": 0.25,
            "p": 1e-9,
            "distance_dependent": 1,
            "channel": "unit_007",
            "channel_share": 0.6,
        },
        **more,
    }


def test_a_pair_is_drawn_and_put_in_words(tmp_path: Path) -> None:
    for model in ("explainn", "deepcnn"):
        more = {"model": model, "channel": "unit_007" if model == "explainn" else ""}
        stem = tmp_path / f"d.{model}.r1"
        rows = [verdict("+", **more), verdict("-", **more, distance_dependent=0, range=0.1)]
        weak = [verdict(sign, **more, task="u", first_effect=0.1) for sign in "+-"]
        table(Path(f"{stem}.cooperativity_verdict.tsv"), VERDICT_COLUMNS, *rows, *weak)
        curves = [
            verdict(sign, **more) | {"second_start": start, "gap": 5, "difference_low": 0}
            for sign in "+-"
            for start in (-20, 20)
        ]
        table(Path(f"{stem}.cooperativity.tsv"), CURVE_COLUMNS, *curves)
    write_cooperativity(Page(tmp_path / "out"), load_inputs([tmp_path], {}, {}))
    found = sections(tmp_path / "out")
    lines = found["nfx_cooperativity_over_the_distance"]["data"]
    assert lines["ExplaiNN, + strand"] == [[-20.0, 0.1], [20.0, 0.1]]
    assert len(lines) == 4  # two models, two strands, and no intervals
    rows = found["nfx_cooperativity_in_words"]["data"]
    ours = rows["d \u00b7 A:B \u00b7 ExplaiNN"]
    assert "yes (second motif on +)&#44; 60% of it inside unit_007" in ours["distance_dependent"]
    assert "not across units" in ours["distance_dependent"] and ours["share"] == 25
    assert "unit" not in rows["d \u00b7 A:B \u00b7 DeepCNN"]["distance_dependent"]


def test_the_words_fit_the_architecture() -> None:
    def said(model: str, **more: object) -> str:
        row = {key: str(value) for key, value in (verdict("+", reason="") | more).items()}
        return words([row], model)

    for model in ("explainn", "explainn_u20"):
        assert said(model, distance_dependent=0).startswith("no; across units, ExplaiNN cannot")
    assert said("deepcnn", distance_dependent=0) == "no: flat"
    assert said("explainn", kind="homotypic", distance_dependent=0) == "no: flat"
    assert "not across" not in said("explainn", kind="homotypic")
    assert said("danq", kind="control") == "the control"
    assert said("danq", reason="too short") == "unknown: too short"
