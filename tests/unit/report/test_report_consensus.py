"""The report's table of consensus motifs, and the tables behind it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from nfexplainn.motifs.formats import write_meme
from nfexplainn.motifs.motif import Motif, MotifSet
from nfexplainn.page.load import Inputs, load_inputs
from nfexplainn.page.mqc import Page
from nfexplainn.report.consensus import write_consensus

HEADER = (
    "dataset\tmodel\ttask\tmotif\teffect_share\tfound_in\treplicates\tsites\twidth\tinformation"
    "\tconsensus\tannotation\ttarget_id\tq_value\tunits"
)
SCORES = "dataset\tmodel\treplicate\tsplit\ttask\tagainst\tmetric\tvalue\tn\tpositives"


def load(folder: Path, replicates: int) -> Inputs:
    rows = [HEADER]
    for number in range(1, 21):
        name = "A<b>, x" if number == 1 else ""
        rows.append(
            f"d\texplainn\tt\tmotif_{number:03d}\t{1 / number:.6g}\t{replicates}\t{replicates}\t80"
            f"\t6\t9.5\tACGTAC\t{name}\t\t{'1e-08' if name else ''}\tr1:unit_{number:03d}"
        )
    (folder / "d.explainn.consensus.tsv").write_text("\n".join(rows) + "\n")
    motifs = [Motif(f"motif_{n:03d}", "", np.full((6, 4), 0.25), 80.0) for n in range(1, 21)]
    write_meme(MotifSet(tuple(motifs)), folder / "d.explainn.consensus.meme")
    scores = [SCORES, "d\texplainn\t\ttest\tt\tall\tauprc\t0.9417\t80\t40"]
    (folder / "d.explainn.ensemble.tsv").write_text("\n".join(scores) + "\n")
    (folder / "d.explainn.verdict.json").write_text(json.dumps({"metric": "auprc"}))
    return load_inputs([folder], {}, {})


def test_the_leading_motifs_are_shown_and_all_are_written(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    write_consensus(Page(out), load(source, 3))
    (section,) = [json.loads(path.read_text()) for path in out.glob("*_mqc.json")]
    assert list(section["data"]) == [f"motif_{number:03d}" for number in range(1, 13)]
    first = section["data"]["motif_001"]
    assert first["found_in"] == "3/3" and first["score"] == 1.0
    assert "A&lt;b&gt;&#44; x" in first["name"] and "task" not in section["headers"]
    # The word of the motif tables, where it means something else.
    assert section["headers"]["found_in"]["title"] == "Found in"
    assert "support" not in json.dumps([section["headers"], section["data"]]).lower()
    assert "support" not in section["description"].lower()
    assert "predictions has AUPRC 0.942." in section["description"]
    for number in range(1, 13):
        assert section["description"].count(f'id="nfx-c0-motif_{number:03d}"') == 1
    with (out / "tables" / "consensus.tsv").open(newline="") as handle:
        assert len(list(csv.DictReader(handle, delimiter="\t"))) == 20
    assert "0.9417" in (out / "tables" / "ensemble.tsv").read_text()


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        # The verdict's metric stands beside it; the page shows AUPRC everywhere.
        ([("t", "auroc", 0.9), ("t", "auprc", 0.8)], "has AUPRC 0.800."),
        ([("t", "pearson", 0.623)], "has Pearson r 0.623."),
        ([("a", "auprc", 0.8), ("b<", "auprc", 0.7)], "has AUPRC 0.800 (a), 0.700 (b&lt;)."),
        ([("*", "accuracy", 0.5), ("c", "accuracy", 0), ("c", "auroc", 0.9)], "has AUROC 0.900."),
        ([("t", "auprc", ""), ("t", "auroc", "")], ""),
    ],
)
def test_the_score_of_the_mean_is_named_as_on_the_rest_of_the_page(
    tmp_path: Path, scores: list[tuple[str, str, object]], said: str
) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    load(source, 2)
    rows = [f"d\texplainn\t\ttest\t{task}\tall\t{name}\t{v}\t80\t40" for task, name, v in scores]
    (source / "d.explainn.ensemble.tsv").write_text("\n".join([SCORES, *rows]) + "\n")
    (source / "d.explainn.verdict.json").write_text(json.dumps({"metric": "auroc"}))
    write_consensus(Page(out), load_inputs([source], {}, {}))
    (path,) = out.glob("*_mqc.json")
    text = json.loads(path.read_text())["description"]
    assert text.endswith(f"{said}</p>") and ("predictions has" in text) == bool(said)


@pytest.mark.parametrize("empty", [True, False])
def test_one_replicate_agrees_with_nobody(tmp_path: Path, empty: bool) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    inputs = load(source, 1)
    if empty:
        (source / "d.explainn.consensus.tsv").write_text("")
        inputs = load_inputs([source], {}, {})
    write_consensus(Page(out), inputs)
    assert not list(out.glob("*_mqc.json"))
    assert (out / "tables" / "consensus.tsv").is_file()
