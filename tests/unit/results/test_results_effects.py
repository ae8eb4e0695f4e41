"""Predictions and variants split by motif, from a notebook."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from nfexplainn import dna, open_results
from nfexplainn.errors import UserError

FIXED = ["dataset", "model", "name", "task", "logit", "bias"]


@pytest.fixture
def folder(root: Path, tmp_path: Path) -> Path:
    shutil.copytree(root / "tests" / "earlier_results", tmp_path / "moved")
    return tmp_path / "moved"


def test_parts_sum_to_what_is_predicted(folder: Path) -> None:
    results = open_results(folder)
    texts = dna.decode(results["MAFK"].dataset.codes[:40])
    found = results["MAFK"]["explainn"].split(texts)
    assert list(found.columns[:6]) == FIXED and found.columns[-1] == "other"
    mean = results["MAFK"].predict(texts)["mean:MAFK"]
    assert np.allclose(found["logit"], mean, atol=1e-5)
    parts = found.drop(columns=FIXED).to_numpy()
    assert parts.shape[1] > 2 and np.allclose(found["bias"] + parts.sum(axis=1), found["logit"])
    # Of this version the rows are the annotations of the units.
    assert "MAFK" in found.columns


def test_variants_of_a_frame_and_of_a_file(folder: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    text = "".join(rng.choice(list("ACGT"), 3000))
    (tmp_path / "g.fa").write_text(f">chr1\n{text}\n")
    at = [500, 900, 1700]
    frame = pd.DataFrame(
        {
            "chrom": "chr1",
            "pos": [place + 1 for place in at],
            "ref": [text[place] for place in at],
            "alt": ["ACGT"[("ACGT".index(text[place]) + 1) % 4] for place in at],
        }
    )
    dataset = open_results(folder)["MAFK"]
    found = dataset.variants(frame, tmp_path / "g.fa")
    assert found["pos"].tolist() == [place + 1 for place in at]
    frame.to_csv(tmp_path / "v.tsv", sep="\t", index=False)
    same = dataset["explainn"].variants(tmp_path / "v.tsv", tmp_path / "g.fa")
    pd.testing.assert_frame_equal(found, same)
    for row, place in zip(found.itertuples(), at, strict=True):
        window = text[place - 100 : place + 100]
        changed = window[:100] + row.alt + window[101:]
        before, after = dataset.predict([window, changed])["mean:MAFK"]
        assert row.delta == pytest.approx(after - before, abs=1e-5)


def test_variants_are_padded_as_the_assay_did(folder: Path, tmp_path: Path) -> None:
    """What is told of the reference is what is predicted of its window: N are no bases."""
    path = folder / "MAFK/data/MAFK.dataset.parquet"
    stored = pq.read_table(path)
    meta = stored.schema.metadata[b"nf-explainn"].replace(b'"pad": 0', b'"pad": 20')
    pq.write_table(stored.replace_schema_metadata({b"nf-explainn": meta}), path)
    text = "".join(np.random.default_rng(1).choice(list("ACGT"), 900))
    (tmp_path / "g.fa").write_text(f">chr1\n{text}\n")
    other = "ACGT"[("ACGT".index(text[500]) + 1) % 4]
    added = "GATTAC" + other  # no base of which can lie before the one that is there
    alts = [other, text[500] + added]
    frame = pd.DataFrame({"chrom": "chr1", "pos": 501, "ref": text[500], "alt": alts})
    dataset = open_results(folder)["MAFK"]
    found = dataset.variants(frame, tmp_path / "g.fa")
    window = text[420:580]
    changed = window[:80] + other + window[81:]
    before, after = dataset.predict([window, changed])["mean:MAFK"]
    assert found["logit_ref"][0] == pytest.approx(before, abs=1e-4)
    assert found["delta"][0] == pytest.approx(after - before, abs=1e-4)
    # An insertion behind the base: with the flank before it in place, and with that behind it.
    longer = text[:501] + added + text[501:]
    at = 501 - 80
    whole, left, right = dataset.predict(
        [text[at : at + 160], longer[at : at + 160], longer[at + 7 : at + 167]]
    )["mean:MAFK"]
    assert found["logit_ref"][1] == pytest.approx(whole, abs=1e-4)
    assert found["delta"][1] == pytest.approx((left + right) / 2 - whole, abs=1e-4)


def test_chromosomes_that_are_numbers_are_names(folder: Path, tmp_path: Path) -> None:
    """Ensembl's genomes: what comes back can be joined with what was given."""
    (tmp_path / "g.fa").write_text(f">1\n{'ACGT' * 500}\n>2\n{'ACGT' * 500}\n")
    frame = pd.DataFrame(
        {"chrom": ["1", "2"], "pos": [801, 805], "ref": "A", "alt": "C", "id": ["7", "8"]}
    )
    found = open_results(folder)["MAFK"].variants(frame, tmp_path / "g.fa")
    keys = ["chrom", "pos", "ref", "alt", "id"]
    assert found[keys].to_dict("list") == frame[keys].to_dict("list")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda frame: frame.drop(columns="alt"), "has no column alt"),
        (lambda frame: frame.assign(chrom="7"), "none of its chromosomes"),
        (lambda frame: frame.assign(ref="G"), "the variants"),
    ],
)
def test_what_cannot_be_judged_is_a_sentence(
    folder: Path, tmp_path: Path, change: object, said: str
) -> None:
    (tmp_path / "g.fa").write_text(f">chr1\n{'ACGT' * 500}\n")
    frame = pd.DataFrame({"chrom": ["chr1"], "pos": [801], "ref": ["A"], "alt": ["C"]})
    assert callable(change)
    with pytest.raises(UserError, match=said):
        open_results(folder).datasets["MAFK"].variants(change(frame), tmp_path / "g.fa")


def test_motifs_are_needed(folder: Path) -> None:
    shutil.rmtree(folder / "MAFK" / "explainn" / "motifs")
    with pytest.raises(UserError, match="copy the whole results folder"):
        open_results(folder)["MAFK"]["explainn"].split(["ACGT" * 50])
