"""The report's chapter of variants."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np

from nfexplainn.analyses.variants.report import write_variants
from nfexplainn.analyses.variants.tables import STRONGEST_COLUMNS
from nfexplainn.io.tsv import write_tsv
from nfexplainn.motifs.formats import write_meme
from nfexplainn.motifs.motif import UNIFORM, Motif, MotifSet
from nfexplainn.page.load import load_inputs
from nfexplainn.page.mqc import Page

SUMMARY = {
    **{"file": "/home/me/<mine>.vcf", "genome": "g.fa", "records": 9, "alleles": 12000},
    **{"judged": 11000, "left_out": {"ALT equals REF": 1000}, "replicates": 3, "no_percentile": ""},
    **{"note": "REF differs from the genome g.fa in 1,500 of 12,000 alleles; look.", "random": {}},
}


def strongest(task: str, percentile: float, row: str) -> list[object]:
    cells: dict[str, object] = dict.fromkeys(STRONGEST_COLUMNS, "")
    cells |= {"chrom": "chr<1>", "pos": 100, "ref": "A" * 40, "alt": "C", "task": task}
    cells |= {"delta": -2.5, "delta_min": -3.0, "delta_max": -2.0, "percentile": percentile}
    cells |= {"motif_1": "CTCF", "part_1": -2.0, "motif_2": "MAX", "part_2": -0.4, "rest": -0.1}
    cells |= {"word_ref": "ACGTT", "word_alt": "ACCTT"}
    return list((cells | {"site_change": "destroyed", "row": row, "id": "rs<7>"}).values())


def write(folder: Path, rows: list[list[object]], **summary: object) -> None:
    folder.mkdir()
    write_tsv(folder / "d.explainn.variants_strongest.tsv", STRONGEST_COLUMNS, rows)
    text = json.dumps(SUMMARY | summary)
    (folder / "d.explainn.variants_summary.json").write_text(text)
    motif = Motif("row_001", "CTCF", np.full((6, 4), [0.91, 0.03, 0.03, 0.03]), 20.0)
    write_meme(MotifSet((motif,), UNIFORM), folder / "d.explainn.evidence.meme")


def test_the_strongest_are_shown_with_their_logos(tmp_path: Path) -> None:
    rows = [strongest("a", 99.95002, "row_001"), strongest("b", 80, "row_002")]
    rows[1][1] = 200
    write(tmp_path / "in", rows, random={"SNV": 2000})
    write_variants(Page(tmp_path / "out"), load_inputs([tmp_path / "in"], {}, {}))
    (path,) = (tmp_path / "out").glob("nfx_variants*_mqc.json")
    table = json.loads(path.read_text())
    first, second = table["data"].values()
    name = next(iter(table["data"]))
    assert name.startswith("chr&lt;1&gt;:100 AAAA") and "(40 bp)" in name
    assert "&gt; 99.95" in first["percentile"] and "80" in second["percentile"]
    assert 'href="#nfx-variants-0-row_001"' in first["logo"] and "logo" not in (
        key for key, value in second.items() if value
    )
    assert first["delta"] == -2.5 and "rs&lt;7&gt;" in first["id"] and ">a<" in first["task"]
    assert first["words"] == "<code>AC<b>G</b>TT</code><br><code>AC<b>C</b>TT</code>"
    text = table["description"]
    assert '<symbol id="nfx-variants-0-row_001"' in text and "&lt;mine&gt;.vcf" in text
    assert "1,500 of 12,000" in text and "ALT equals REF" in text and "of type SNV" in text
    with (tmp_path / "out" / "tables" / "variants.tsv").open(newline="") as handle:
        written = list(csv.DictReader(handle, delimiter="\t"))
    assert [row["pos"] for row in written] == ["100", "200"]
    assert written[0]["dataset"] == "d" and written[0]["row"] == "row_001"


def test_data_without_coordinates_say_why_there_is_no_percentile(tmp_path: Path) -> None:
    write(tmp_path / "in", [strongest("a", float("nan"), "row_001")], no_percentile="Because.")
    write_variants(Page(tmp_path / "out"), load_inputs([tmp_path / "in"], {}, {}))
    (path,) = (tmp_path / "out").glob("nfx_variants*_mqc.json")
    table = json.loads(path.read_text())
    assert "Because." in table["description"] and "task" not in table["headers"]


def test_without_variants_there_is_no_chapter(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    write_variants(Page(tmp_path / "out"), load_inputs([tmp_path / "in"], {}, {}))
    assert not list((tmp_path / "out").glob("*_mqc.json"))
