"""Model cards: what they say of results whose truth is known, and that their code works."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from test_report_evidence import evidence_row, write_evidence

import report_fixtures as fixtures
from nfexplainn.evaluation.intervals import score_interval
from nfexplainn.page import scores as sc
from nfexplainn.page.load import Inputs, load_inputs
from nfexplainn.report.markdown import code, md, plain
from nfexplainn.report.model_card import write_cards

META: dict[str, Any] = {
    "assay": "peaks",
    "task_type": "binary",
    "tasks": ["bound"],
    "length": 200,
    "strand_symmetric": True,
    "sources": [{"name": "my|peaks`s.bed", "sha256": "ab" * 32}],
    "notes": ["12 peaks were <b>cut</b>."],
    "extra": {"split_by": "random", "negatives": "shuffle"},
}


def made(folder: Path, spec: fixtures.Spec, meta: dict[str, Any] | None = None) -> Inputs:
    fixtures.write_results(folder / "in", [spec])
    (folder / "in" / f"{spec.id}.header.json").write_text(json.dumps(META | (meta or {})))
    versions = {"Pipeline": {"nf-explainn": "0.1.0"}}
    return load_inputs([folder / "in"], fixtures.PARAMS, versions)


def card(folder: Path, inputs: Inputs) -> str:
    (path,) = write_cards(inputs, folder / "cards")
    return path.read_text(encoding="utf-8")


def chapter(text: str, title: str) -> str:
    return text.partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_a_card_lies_where_its_model_does(tmp_path: Path) -> None:
    made(tmp_path, fixtures.DEMO[0])
    fixtures.write_results(tmp_path / "in", fixtures.DEMO)
    inputs = load_inputs([tmp_path / "in"], fixtures.PARAMS, fixtures.VERSIONS)
    found = write_cards(inputs, tmp_path / "cards")
    assert {str(path.relative_to(tmp_path / "cards")) for path in found} == {
        f"{spec.id}/explainn/{spec.id}.explainn.model_card.md"
        for spec in fixtures.DEMO
        if spec.kind != "not trained"
    }


def test_what_it_is_and_its_data(tmp_path: Path) -> None:
    text = card(tmp_path, made(tmp_path, fixtures.Spec("OCT4")))
    assert text.startswith("# Model card: OCT4, ExplaiNN\n\n**usable.** The mean test score")
    what = chapter(text, "What it is")
    assert "trained by nf-explainn 0.1.0 with run seed 42." in what
    assert "3 replicates (`r1`, `r2`, `r3`)" in what and "OCT4.explainn.r<replicate>" in what
    assert "It reads DNA of 200 bp. It reads both strands" in what
    data = chapter(text, "Data")
    assert f"`my\u00a6peaks's.bed` | `{'ab' * 32}` |" in data
    assert "| OCT4.bed | records | 1,500 |" in data
    assert "| OCT4.bed | on the blacklist | 12 |" in data
    assert "12 peaks were \\<b\\>cut\\</b\\>." in data
    split = chapter(text, "How it was split")
    assert "at random, in equal proportion of labels, into training" in split
    assert re.search(r"\| test \| bound \| 400 \| 200 \| 200 \| 0 \|", split)
    assert "warns of shared kmers: 8 of 1400 sequences" in split


def test_scores_have_intervals_and_baselines(tmp_path: Path) -> None:
    inputs = made(tmp_path, fixtures.Spec("OCT4"))
    table = chapter(card(tmp_path, inputs), "Scores")
    (dataset,), (model,) = inputs.datasets, inputs.models
    for metric, name in (("auprc", "AUPRC"), ("auroc", "AUROC")):
        score = sc.pick(sc.model_scores(model), "bound", metric)
        assert score is not None and score.mean is not None and score.sd is not None
        low, high = score_interval(metric, score.mean, 400, 200) or (0, 0)
        base = [sc.pick(sc.baseline_scores(dataset, b), "bound", metric) for b in sc.BASELINES]
        cells = [f"{one.mean:.3f}" for one in base if one and one.mean]
        told = f"{score.mean:.3f} | {low:.3f} to {high:.3f} | {score.sd:.3f} |"
        assert f"| bound | {name} | {told} {' | '.join(cells)} |" in table


def test_motifs_with_names_and_evidence(tmp_path: Path) -> None:
    fixtures.write_results(tmp_path / "in", [fixtures.Spec("OCT4")])
    rows = [evidence_row(number, number <= 2, task="bound") for number in (1, 2, 3)]
    write_evidence(tmp_path / "in", ["bound"], rows)
    (place,) = {path.name.split(".")[0] for path in (tmp_path / "in").glob("*.evidence.tsv")}
    inputs = made(tmp_path, fixtures.Spec(place))
    (path,) = [p for p in write_cards(inputs, tmp_path / "cards") if p.name.startswith(place)]
    motifs = chapter(path.read_text(), "Motifs")
    assert motifs.count("\n| bound | `row_") == 2 and "`row_003`" not in motifs
    for row in rows[:2]:
        assert md(row["family"] or row["name"]) in motifs
        assert f"{float(row['gain_low']):.3g} to {float(row['gain_high']):.3g}" in motifs


def test_no_supported_motif_is_said(tmp_path: Path) -> None:
    fixtures.write_results(tmp_path / "in", [fixtures.Spec("OCT4")])
    write_evidence(tmp_path / "in", ["bound"], [evidence_row(1, False, task="bound")])
    (place,) = {path.name.split(".")[0] for path in (tmp_path / "in").glob("*.evidence.tsv")}
    inputs = made(tmp_path, fixtures.Spec(place))
    (path,) = [p for p in write_cards(inputs, tmp_path / "cards") if p.name.startswith(place)]
    assert "cannot be distinguished from noise and should not be reported" in chapter(
        path.read_text(), "Motifs"
    )


LIMITS = {
    "shuffles": ({}, "Its negatives were shuffles of the positives"),
    "contrast": (
        {"extra": {"negatives": "contrast", "contrast": {"sides": ["D/a", "B"]}}},
        "Its positives were of D/a. Its negatives were the sequences of the other side",
    ),
    "gc": ({"extra": {"negatives": "gc"}}, "regions of the genome with the same GC content"),
    "share": ({}, "(50 % positives); along a genome positives are far rarer"),
    "folds": ({"folds": 5}, "It was cross-validated (5 folds)"),
    "audit": ({}, "may be too high, as the audit warns (shared kmers)"),
    "length": ({}, "It reads 200 bp at a time"),
    "values": ({"task_type": "regression"}, "on the scale of the training data"),
}


@pytest.mark.parametrize("case", LIMITS)
def test_limits(case: str, tmp_path: Path) -> None:
    meta, sentence = LIMITS[case]
    text = card(tmp_path, made(tmp_path, fixtures.Spec("OCT4"), meta))
    assert sentence in chapter(text, "Limitations")


@pytest.mark.parametrize(("kind", "word"), [("weak", "*weak*"), ("usable", "")])
def test_a_weak_model_says_so_among_its_limits(kind: str, word: str, tmp_path: Path) -> None:
    text = card(tmp_path, made(tmp_path, fixtures.Spec("OCT4", kind=kind)))
    assert (f"The verdict is {word}" in chapter(text, "Limitations")) == bool(word)


def test_names_cannot_become_markup(tmp_path: Path) -> None:
    task = "a|b`c <script>alert(1)</script> [x](javascript:1) *d*"
    meta = {"tasks": [task], "notes": ["# no\nheading | `here`"]}
    text = card(tmp_path, made(tmp_path, fixtures.Spec("OCT4", tasks=(task,)), meta))
    assert "<script" not in text.replace("\\<script", "")
    assert "\n# no" not in text and not re.search(r"(?<!\\)\]\(", text)
    for line in text.splitlines():
        if line.startswith("|"):
            columns = len(re.findall(r"(?<!\\)\|", line)) - 1
            assert columns in (2, 3, 6, 8), line


def test_escapes() -> None:
    assert md("a_b _c_ *d*\n|e|") == "a_b \\_c\\_ \\*d\\* \\|e\\|"
    assert code("x`y|z\n") == "`x'y\u00a6z`" and code("") == ""
    assert plain("<b>a &lt; b</b> &amp; c") == "a < b & c"


def test_its_code_works_on_moved_results(root: Path, tmp_path: Path, monkeypatch: Any) -> None:
    """On the results of an earlier version, whose card is written anew."""
    shutil.copytree(root / "tests" / "earlier_results", tmp_path / "results")
    inputs = load_inputs([tmp_path / "results"], fixtures.PARAMS, fixtures.VERSIONS)
    text = card(tmp_path, inputs)
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(block, "card", "exec"), {})
    assert "probability:MAFK" in said.getvalue()


def test_its_command_has_parameters_that_there_are(root: Path, tmp_path: Path) -> None:
    text = card(tmp_path, made(tmp_path, fixtures.Spec("OCT4")))
    (block,) = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    schema = (root / "nextflow_schema.json").read_text()
    names = re.findall(r"--(\w+)", block)
    assert set(names) == {"apply", "datasets", "predict", "outdir"}
    assert all(f'"{name}": {{' in schema for name in names)


def test_the_script_writes_them_and_the_same_bytes_twice(root: Path, tmp_path: Path) -> None:
    made(tmp_path, fixtures.Spec("OCT4"))
    params, versions = fixtures.write_run(tmp_path / "run")
    found = []
    for name in ("one", "two"):
        command = [sys.executable, root / "bin/report.py", "--inputs", tmp_path / "in"]
        command += ["--params", params, "--versions", versions, "--out", tmp_path / name]
        subprocess.run(command, check=True)
        (path,) = (tmp_path / name).glob("cards/*/*/*.md")
        found.append(path.read_bytes())
    assert found[0] == found[1]
