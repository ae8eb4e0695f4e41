"""The report's chapter of sites."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np

from nfexplainn.analyses.hits.report import answers, write_hits
from nfexplainn.analyses.hits.run import NONE_SUPPORTED
from nfexplainn.analyses.hits.tables import THRESHOLD_COLUMNS
from nfexplainn.io.tsv import write_tsv
from nfexplainn.motifs.formats import write_meme
from nfexplainn.motifs.motif import UNIFORM, Motif, MotifSet
from nfexplainn.page.load import load_inputs
from nfexplainn.page.mqc import Page
from nfexplainn.report.answers import build_answers
from nfexplainn.results.hits.thresholds import TOO_FEW

SUMMARY = {
    **{"file": "/home/me/<mine>.bed", "genome": "g.fa", "kind": "file", "sequences": False},
    **{"notes": {"over the end of the chromosome, left out": 1200}, "hits_fdr": 0.05},
    **{"replicates": 3, "rows": 9, "regions": 4000, "whole_genome": False, "note": ""},
}


def line(**cells: object) -> list[object]:
    whole: dict[str, object] = dict.fromkeys(THRESHOLD_COLUMNS, "")
    whole |= {"motif": "row_001", "name": "CTCF <1>", "task": "a", "threshold": 6.25, "fdr": 0.04}
    whole |= {"positives": 1500, "positives_with_hit": 1100, "negatives": 1400}
    whole |= {
        "negatives_with_hit": 30,
        "negatives_per_kb": 0.125,
        "hits": 5200,
        "regions_share": 0.75,
    }
    return list((whole | {"contribution": 1.5} | cells).values())


def write(folder: Path, rows: list[list[object]], **summary: object) -> None:
    folder.mkdir()
    write_tsv(folder / "d.explainn.hits_thresholds.tsv", THRESHOLD_COLUMNS, rows)
    (folder / "d.explainn.hits_summary.json").write_text(json.dumps(SUMMARY | summary))
    motif = Motif("row_001", "CTCF", np.full((6, 4), [0.91, 0.03, 0.03, 0.03]), 20.0)
    write_meme(MotifSet((motif,), UNIFORM), folder / "d.explainn.evidence.meme")


def shown(tmp_path: Path) -> dict[str, object]:
    write_hits(Page(tmp_path / "out"), load_inputs([tmp_path / "in"], {}, {}))
    (path,) = (tmp_path / "out").glob("nfx_hits*_mqc.json")
    found: dict[str, object] = json.loads(path.read_text())
    return found


def test_motifs_are_shown_with_their_sites(tmp_path: Path) -> None:
    lacking = line(motif="row_002", name="MAX", note=TOO_FEW, threshold="", fdr="", hits=0)
    write(tmp_path / "in", [line(), lacking])
    found = shown(tmp_path)
    first, second = found["data"].values()  # type: ignore[attr-defined]
    assert first["hits"] == 5200 and first["share"] == 75 and first["fdr"] == 4
    assert (
        "1\u202f100 of 1\u202f500" in first["positives"]
        and "30 of 1\u202f400" in first["negatives"]
    )
    assert 'href="#nfx-hits-0-row_001"' in first["logo"]
    assert TOO_FEW in second["threshold"]
    assert all(second.get(key) is None for key in ("hits", "positives", "negatives"))
    text = str(found["description"])
    assert "&lt;mine&gt;.bed (4\u202f000 intervals) was scanned" in text and "(2 of 9)" in text
    assert "1\u202f200 over the end of the chromosome" in text
    assert "5 % holds for sequences like those of the data set" in text
    with (tmp_path / "out" / "tables" / "hits.tsv").open() as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    assert [row["motif"] for row in rows] == ["row_001", "row_002"]


def test_a_whole_genome_has_no_share(tmp_path: Path) -> None:
    given = {"kind": "genome", "whole_genome": True, "regions": 16, "note": NONE_SUPPORTED}
    write(tmp_path / "in", [line()], **given)
    found = shown(tmp_path)
    (row,) = found["data"].values()  # type: ignore[attr-defined]
    assert "share" not in {key for key, value in row.items() if value is not None}
    text = str(found["description"])
    assert "The genome g.fa (16 chromosomes) was scanned" in text and NONE_SUPPORTED in text


def test_a_model_without_motifs_says_what_was_scanned(tmp_path: Path) -> None:
    write(tmp_path / "in", [])
    write_hits(Page(tmp_path / "out"), load_inputs([tmp_path / "in"], {}, {}))
    (path,) = (tmp_path / "out").glob("nfx_hits*")
    assert "was scanned" in path.read_text()


def test_nothing_asked_nothing_told(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    write_hits(Page(tmp_path / "out"), load_inputs([tmp_path / "in"], {}, {}))
    assert not list((tmp_path / "out").glob("*hits*"))


def test_the_page_of_asked_models_tells_the_methods_and_what_was_scanned(tmp_path: Path) -> None:
    """The data sets of the models are not read anew: only their answers are there."""
    write(tmp_path / "in", [line()], kind="peaks")
    params = {"apply": "some/results", "hits": "peaks", "hits_fdr": 0.05}
    build_answers(load_inputs([tmp_path / "in"], params, {"A": {"numpy": "2"}}), tmp_path / "page")
    summary = (tmp_path / "page" / "nfx_summary_main_mqc.json").read_text()
    assert "for their own positives; nothing was trained" in summary
    assert "in 75.0 % of them" in summary
    methods = (tmp_path / "page" / "methods.html").read_text()
    assert "Sites of the supported motifs were found" in methods


def test_motifs_without_a_threshold_are_counted_on_the_first_screen(tmp_path: Path) -> None:
    lacking = [line(motif=f"row_{n}", name=f"M{n}", note=TOO_FEW, hits=0) for n in range(5)]
    write(tmp_path / "in", lacking)
    (found,) = answers(load_inputs([tmp_path / "in"], {}, {}))
    assert len(found.minded) == 4 and found.minded[3] == "2 more motifs without a threshold: below."
