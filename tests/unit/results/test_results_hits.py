"""Sites by the library: sequences, FASTA and intervals tell the same."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nfexplainn import dna, open_results
from nfexplainn.errors import UserError
from nfexplainn.interpret.pwms import consensus
from nfexplainn.motifs.formats import write_meme
from nfexplainn.motifs.motif import UNIFORM, Motif, MotifSet
from nfexplainn.results.hits.finder import ROW_COLUMNS, read_row_table

WORD = "TGCTGACTCAGCA"  # MAFK's


@pytest.fixture
def results(root: Path, tmp_path: Path) -> Path:
    """Results of an earlier version, with the rows of an evidence."""
    folder = tmp_path / "moved"
    shutil.copytree(root / "tests" / "earlier_results", folder)
    motifs = folder / "MAFK" / "explainn" / "motifs"
    motifs.mkdir(exist_ok=True)
    ppm = np.full((len(WORD), 4), 0.1)
    ppm[np.arange(len(WORD)), dna.encode([WORD])[0]] = 0.7
    write_meme(
        MotifSet((Motif("row_001", "MAFK", ppm, 50.0),), UNIFORM),
        motifs / "MAFK.explainn.evidence.meme",
    )
    row = ("MAFK", "row_001", "MAFK", WORD, "r1:unit_001,r2:unit_001", "true", "0.1", "raises")
    with (motifs / "MAFK.explainn.evidence.tsv").open("w") as handle:
        csv.writer(handle, delimiter="\t").writerows([ROW_COLUMNS, row])
    return folder


def sequences() -> dict[str, str]:
    rng = np.random.default_rng(1)
    texts = {}
    for name, length in (("a one", 500), ("b>2", 90), ("c", 5)):
        text = "".join(rng.choice(list("ACGT"), length))
        texts[name] = text[:40] + WORD + text[40 + len(WORD) :] if length > 60 else text
    return texts


def test_sequences_files_and_intervals_tell_the_same(results: Path, tmp_path: Path) -> None:
    dataset = open_results(results)["MAFK"]
    found = dataset.hits(sequences(), fdr=0.4)
    assert list(found.columns[:6]) == ["dataset", "model", "chrom", "start", "end", "name"]
    planted = found[found["start"] == 40]
    assert planted["chrom"].tolist() == ["a one", "b>2"]
    assert planted["strand"].tolist() == ["+", "+"] and set(planted["name"]) == {"MAFK"}
    assert (planted["end"] == 40 + len(WORD)).all() and found["same_sign"].max() <= 2
    texts = list(sequences().values())
    (tmp_path / "g.fa").write_text(f">x\n{texts[0]}\n>y\n{texts[1]}\n>z\n{texts[2]}\n")
    (tmp_path / "r.bed").write_text("x\t0\t500\ny\t0\t90\n")
    numbers = ["start", "end", "strand", "contribution", "same_sign", "log_odds", "motif"]
    others = (
        dataset.hits(texts, fdr=0.4),
        dataset.hits(regions=tmp_path / "g.fa", fdr=0.4),
        dataset.hits(regions=tmp_path / "r.bed", genome=tmp_path / "g.fa", fdr=0.4),
    )
    for other in others:
        pd.testing.assert_frame_equal(other[numbers], found[numbers])
    assert set(others[0]["chrom"]) == {"1", "2"} and set(others[2]["chrom"]) == {"x", "y"}
    codes = np.stack([dna.encode([texts[0]])[0]] * 2)
    assert len(dataset.hits(codes, fdr=0.4)) == 2 * (found["chrom"] == "a one").sum()
    assert dataset.hits(["A" * 30], fdr=0.4).empty


def test_what_cannot_be_found_is_said(results: Path, tmp_path: Path) -> None:
    dataset = open_results(results)["MAFK"]
    with pytest.raises(UserError, match="give either sequences, or regions"):
        dataset.hits()
    with pytest.raises(UserError, match="sequence 1: it holds 'E', which is not a DNA letter"):
        dataset.hits(["ACGE"])
    for rate in (0, 5):
        with pytest.raises(UserError, match=f"fdr is {rate}; give a rate above 0"):
            dataset.hits(sequences(), fdr=rate)
    (tmp_path / "r.bed").write_text("x\t0\t500\n")
    with pytest.raises(UserError, match="there is no genome to read them from"):
        dataset.hits(regions=tmp_path / "r.bed")
    shutil.rmtree(results / "MAFK" / "explainn" / "motifs")
    with pytest.raises(UserError, match=r"its motifs.* are missing .*; copy the whole results"):
        dataset.hits(sequences())


def test_an_earlier_version_has_the_motifs_of_its_units(results: Path) -> None:
    motifs = results / "MAFK" / "explainn" / "motifs"
    (motifs / "MAFK.explainn.evidence.meme").unlink()
    model = open_results(results)["MAFK"]["explainn"]
    table, files = model.motif_rows or (Path(), [])
    assert table.name == "MAFK.explainn.units.tsv" and len(files) == 2
    found = read_row_table(table, files)
    units = pd.read_csv(table, sep="\t").query("consensus == consensus")
    assert sorted(found.rows.members) == sorted(
        "r" + units["replicate"].astype(str) + ":" + units["unit"]
    )
    assert set(found.motifs) == set(found.rows.ids) and not any(found.rows.supported)
    for place, id in enumerate(found.rows.ids):
        replicate, unit = next(iter(found.rows.first_members[place].items()))
        own = units[(units["replicate"] == replicate) & (units["unit"] == f"unit_{unit + 1:03d}")]
        assert consensus(found.motifs[id].ppm).strip("N") in own["consensus"].item()
    hits = model.hits(sequences(), fdr=0.4)
    assert set(hits["motif"]) <= set(found.rows.ids)
