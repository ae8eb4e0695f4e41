"""What the report says of splits by homology: the audit, the methods, and both scores."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

import report_fixtures as fixtures
from nfexplainn.page.load import load_inputs
from nfexplainn.report.build import build_report
from nfexplainn.report.summary import held_out_part

FOUND = {
    "clusters": 12,
    "sequences": 60,
    "largest": 9,
    "random_shared": [31],
    "random_held_out": [800],
}


def header(split: str, digest: str = "aa", **more: Any) -> dict[str, Any]:
    extra = {"split_by": split} | ({"homology": FOUND} if split == "homology" else {})
    sources = [{"name": "a.bed", "sha256": digest}]
    return {"task_type": "binary", "sources": sources, "extra": extra} | more


def build(folder: Path, *headers: tuple[fixtures.Spec, dict[str, Any]]) -> Path:
    fixtures.write_results(folder / "in", [spec for spec, _ in headers])
    for spec, meta in headers:
        (folder / "in" / f"{spec.id}.header.json").write_text(json.dumps(meta))
        if meta["extra"]["split_by"] == "homology":
            with (folder / "in" / f"{spec.id}.audit.tsv").open("a") as out:
                out.write("similar_sequences\tpass\t0\t800\t\n")
                out.write("similar_if_random\tpass\t31\t800\t\n")
    inputs = load_inputs([folder / "in"], fixtures.PARAMS, fixtures.VERSIONS)
    build_report(inputs, folder / "out")
    return folder / "out"


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "tables" / f"{name}.tsv").open() as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def page(folder: Path) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*_mqc.*")))


def test_both_scores_are_shown_side_by_side(tmp_path: Path) -> None:
    out = build(
        tmp_path,
        (fixtures.Spec("apart", tasks=("apart",)), header("homology")),
        (fixtures.Spec("mixed", tasks=("mixed",)), header("random")),
        (fixtures.Spec("others"), header("random", "bb")),
    )
    (row,) = table(out, "split_scores")
    assert (row["dataset"], row["other"], row["other_split"]) == ("apart", "mixed", "random")
    assert (row["random_shared"], row["random_held_out"]) == ("31", "800")
    wanted = ("explainn", "test", "auprc", "all")
    scores = {
        r["dataset"]: float(r["mean"])
        for r in table(out, "performance")
        if (r["model"], r["split"], r["metric"], r["against"]) == wanted
    }
    assert float(row["value"]) == pytest.approx(scores["apart"], abs=1e-6)
    assert float(row["other_value"]) == pytest.approx(scores["mixed"], abs=1e-6)
    assert float(row["difference"]) == pytest.approx(scores["mixed"] - scores["apart"], abs=1e-5)
    assert "Scores by split" in page(out) and "31 of 800" in page(out)


@pytest.mark.parametrize("split", ["homology", "random"])
def test_one_split_alone_has_no_table(split: str, tmp_path: Path) -> None:
    out = build(tmp_path, (fixtures.Spec("a"), header(split)), (fixtures.Spec("b"), header(split)))
    assert not (out / "tables" / "split_scores.tsv").exists()
    assert "Scores by split" not in page(out)


@pytest.mark.parametrize("split", ["homology", "random"])
def test_the_audit_shows_what_a_random_split_would_have_shared(split: str, tmp_path: Path) -> None:
    out = build(tmp_path, (fixtures.Spec("a"), header(split)))
    assert ("Similar if random" in page(out)) == (split == "homology")
    if split == "homology":
        assert {r["check"] for r in table(out, "audit")} > {"similar_if_random"}
        assert "0 of 800" in page(out)


def test_methods_and_first_screen(tmp_path: Path) -> None:
    out = build(tmp_path, (fixtures.Spec("a"), header("homology")))
    methods = (out / "methods.html").read_text()
    assert "split at random, in equal proportion of labels" in methods
    assert "sequences that share a tenth of their 10-mers" in methods
    assert held_out_part(header("homology")) == "sequences similar to none of training"
    assert "tested on sequences similar to none of training" in page(out)
