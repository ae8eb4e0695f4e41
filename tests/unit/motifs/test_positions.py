"""Motif files with a line per position, as other programs write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nfexplainn.errors import UserError
from nfexplainn.motifs.formats import read_motifs, write_transfac
from nfexplainn.motifs.motif import Motif, MotifSet

PPM = np.array([[0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.1, 0.1], [0, 0, 1, 0]])
ROWS = "0.1\t0.2\t0.3\t0.4\n0.7\t0.1\t0.1\t0.1\n0\t0\t1\t0\n"
HOMER = (
    ">NAG\tPU.1(ETS)/ThioMac-PU.1-ChIP-Seq(GSE21512)/Homer\t6.05\t-1782.9\t0\tT:1.0(4%)\n" + ROWS
)
CISBP = "Pos\tA\tC\tG\tT\n" + "".join(f"{i}\t{row}\n" for i, row in enumerate(ROWS.splitlines(), 1))
BULK = "TF\tAhr\nTF Name\tAhr\nGene\tENS1\nMotif\tM1_2.00\nFamily\tbHLH\nSpecies\tMus_musculus\n"
TRANSFAC = (
    "VV  x\nXX\n//\nAC  M00001\nXX\nID  V$MYOD_01\nXX\nP0      A      C      G      T\n"
    "01      1      2      3      4      N\n02      7      1      1      1      A\n"
    "03      0      0     10      0      G\nXX\n//\n"
)
COUNTS = "".join(f"{10 * a:g} {10 * c:g} {10 * g:g} {10 * t:g}\n" for a, c, g, t in PPM)

# name of the file, text, identifier, name, number of sites
READ = {
    "homer": ("known.motifs", HOMER, "NAG", "PU.1(ETS)", 20),
    "homer de novo": (
        "motif1.motif",
        HOMER.replace("PU.1(ETS)/Th", "1-NAG,BestGuess:PU.1/Th"),
        "NAG",
        "1-NAG,BestGuess:PU.1",
        20,
    ),
    "gimmemotifs": ("a.pfm", "# of: x\n# Date\n>NAG_PU.1/Homer\n" + ROWS, "NAG_PU.1/Homer", "", 20),
    "hocomoco": ("a.txt", ">AHR.H12CORE.0.P.B\n" + COUNTS, "AHR.H12CORE.0.P.B", "", 10),
    "cis-bp": ("pwms/M1_2.00.txt", CISBP, "M1_2.00", "", 20),
    "cis-bp of a factor": ("PWM.txt", BULK + CISBP, "M1_2.00", "Ahr", 20),
    "transfac": ("matrix.dat", TRANSFAC, "M00001", "V$MYOD_01", 10),
}


@pytest.mark.parametrize("case", READ)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_forms(case: str, end: str, tmp_path: Path) -> None:
    name, text, identifier, label, nsites = READ[case]
    path = tmp_path / "x"
    path.write_bytes(text.replace("\n", end).encode())
    (motif,) = read_motifs(path, name=name).motifs
    assert (motif.id, motif.name, motif.nsites) == (identifier, label, nsites)
    np.testing.assert_allclose(motif.ppm, PPM, atol=1e-12)


def test_what_we_write_as_transfac_is_read(tmp_path: Path) -> None:
    motifs = MotifSet((Motif("u1", "one", PPM, 10.0), Motif("u2", "", PPM[::-1], 10.0)))
    write_transfac(motifs, tmp_path / "a")
    for one, two in zip(motifs.motifs, read_motifs(tmp_path / "a").motifs, strict=True):
        assert (one.id, one.name, one.nsites) == (two.id, two.name, two.nsites)
        np.testing.assert_allclose(one.ppm, two.ppm)


def test_equal_consensuses_of_homer(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(HOMER + HOMER.replace("PU.1", "Ets1") + HOMER)
    motifs = read_motifs(tmp_path / "a").motifs
    assert [m.id for m in motifs] == ["NAG", "NAG_2", "NAG_3"]
    assert [m.name for m in motifs] == ["PU.1(ETS)", "Ets1(ETS)", "PU.1(ETS)"]


@pytest.mark.parametrize("by_position", [True, False])
def test_four_lines_of_four_numbers(by_position: bool, tmp_path: Path) -> None:
    ppm = np.array([[0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.1, 0.1], [0, 0, 1, 0], [0.5, 0.5, 0, 0]])
    rows = ppm if by_position else ppm.T
    text = "".join(" ".join(f"{x:g}" for x in row) + "\n" for row in rows)
    (tmp_path / "a").write_text(">m\n" + text)
    np.testing.assert_allclose(read_motifs(tmp_path / "a").motifs[0].ppm, ppm)


BAD = {
    "cut": (HOMER + "0.5 0.5 0.", "a, line 5: '0.5 0.5 0.' (NAG) is not a row of four numbers"),
    "no rows": (HOMER + ">MA", "a, line 5: MA has no line of numbers under it"),
    "twice": (f">m\n{ROWS}>m\n{ROWS}", "a, line 5: the motif m is already in line 1"),
    "log-odds": (
        ">m\n" + ROWS.replace("0\t0\t1", "-2\t0\t3"),
        r"a, line 4: '-2\t0\t3\t0' (m) holds",
    ),
    "sum": (
        ">m\n" + ROWS.replace("0.7", "0.2"),
        r"a, line 3: '0.2\t0.1\t0.1\t0.1' (m) sums to 0.5",
    ),
    "empty position": (">m\n3 1 0 0\n0 0 0 0\n1 0 0 0\n", "a, line 3: '0 0 0 0' (m) sums to 0"),
    "rna": (CISBP.replace("\tT\n", "\tU\n"), "a, line 1: these are motifs of RNA"),
    "licensed": ("Pos\tA\tC\tG\tT\n", "a, line 1: a has no line of numbers under it"),
    "same accession": (TRANSFAC + TRANSFAC, "a, line 21: the motif M00001 is already in this file"),
    "no position": (
        TRANSFAC.replace("02 ", "<b>1</b> "),
        "a, line 10: '<b>1</b>      7      1      1      1      A' (M00001) is not the row",
    ),
    "no first position": (CISBP.replace("1\t", "`id`\t", 1), "(a) is not the row of position 1"),
    "a line within": (
        TRANSFAC.replace("02 ", "%\n02 "),
        "a, line 11: '02      7      1      1      1      A' is a row",
    ),
    "a row is lost": (
        CISBP.replace("2\t0.7\t0.1\t0.1\t0.1\n", ""),
        r"a, line 3: '3\t0\t0\t1\t0' (a) is not the row of position 2; write 2",
    ),
    "a number too many": (
        TRANSFAC.replace("02 ", "02 0 "),
        "(M00001) is not the row of position 2",
    ),
    "unknown": ("Gene: X\nA:\t0.1\nC:\t0.3\n", "give motifs in MEME, JASPAR, HOMER, CIS-BP or"),
}


@pytest.mark.parametrize("case", BAD)
def test_mistakes(case: str, tmp_path: Path) -> None:
    text, sentence = BAD[case]
    (tmp_path / "x").write_text(text)
    with pytest.raises(UserError) as caught:
        read_motifs(tmp_path / "x", name="a")
    assert sentence in str(caught.value)


def test_files_of_the_field(field_dir: Path, tmp_path: Path) -> None:
    case = field_dir / "cases" / "50_motif_dbs_refused"
    for name in ("HOMER.pfm", "CIS-BP.pfm"):
        text = (case / name).read_text()
        count = text.count("\n>") - 1
        with pytest.raises(UserError, match="truncated"):  # they end in the midst of a motif
            read_motifs(case / name)
        (tmp_path / name).write_text(text[: text.rindex("\n>")])
        motifs = read_motifs(tmp_path / name).motifs
        assert len(motifs) == count
        assert all(abs(m.ppm.sum(axis=1) - 1).max() < 1e-9 for m in motifs)
    first, second = read_motifs(case / "known.motifs").motifs
    assert (first.id, first.name, len(first.ppm)) == ("ATGACTCATC", "AP-1(bZIP)", 10)
    assert second.name == "AP-2gamma(AP2)"
    (motif,) = read_motifs(case / "M01234_2.00.txt").motifs
    assert (motif.id, len(motif.ppm)) == ("M01234_2.00", 5)
    (motif,) = read_motifs(case / "jaspar_transfac.txt").motifs
    assert (motif.id, motif.name, motif.nsites) == ("MA0139.1", "CTCF", 913)


def test_no_sites_are_no_number_of_sites(field_dir: Path) -> None:
    case = field_dir / "cases" / "51_meme_quirks"
    motifs = read_motifs(case / "nsites0.meme").motifs
    assert [m.nsites for m in motifs] == [20.0] * 3
    for name, sentence in (
        ("rbp", "the alphabet is 'ACGU'"),
        ("dup", "is already in line"),
        ("empty_motifs", "has no 'letter-probability matrix:'"),
        ("modisco_cwm", "line 12: .* sums to 0.004626"),
    ):
        with pytest.raises(UserError, match=sentence):
            read_motifs(case / f"{name}.meme")
    assert len(read_motifs(case / "merged.meme").motifs) == 2
