"""Motif files: what is read, what is written, and how mistakes are named."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import numpy as np
import pytest
from Bio import motifs as bio_motifs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nfexplainn.errors import UserError
from nfexplainn.motifs.formats import (
    integer_counts,
    read_jaspar,
    read_meme,
    read_motifs,
    write_jaspar,
    write_meme,
    write_transfac,
)
from nfexplainn.motifs.motif import Motif, MotifSet

HEADER = "MEME version 4\n\nALPHABET= ACGT\n\n"
ROWS = "0.25 0.25 0.25 0.25\n0.7 0.1 0.1 0.1\n"
GOOD = HEADER + "MOTIF m1 Name\nletter-probability matrix: alength= 4 w= 2 nsites= 12 E= 0\n" + ROWS

count_matrices = st.integers(1, 12).flatmap(
    lambda width: hnp.arrays(np.int64, (width, 4), elements=st.integers(0, 400))
)
names = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=12).map(
    lambda text: " ".join(text.split())
)


def equal_rows(counts: np.ndarray) -> np.ndarray:
    """Make all rows sum to one number of sites by adding to the last letter."""
    counts = counts.copy()
    counts[:, 3] += counts.sum(axis=1).max() + 1 - counts.sum(axis=1)
    return counts


def motif_set(matrices: list[np.ndarray], labels: list[str]) -> MotifSet:
    motifs = []
    for number, (counts, label) in enumerate(zip(matrices, labels, strict=False)):
        total = counts.sum(axis=1)
        motifs.append(Motif(f"unit_{number:03d}", label, counts / total[:, None], float(total[0])))
    return MotifSet(tuple(motifs), (0.3, 0.2, 0.2, 0.3))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    matrices=st.lists(count_matrices.map(equal_rows), min_size=1, max_size=4),
    labels=st.lists(names, min_size=4, max_size=4),
)
def test_round_trips(tmp_path: Path, matrices: list[np.ndarray], labels: list[str]) -> None:
    motifs = motif_set(matrices, labels)
    counts = {m.id: c for m, c in zip(motifs.motifs, matrices, strict=True)}
    write_meme(motifs, tmp_path / "a.meme")
    again = read_meme(tmp_path / "a.meme")
    assert again.background == pytest.approx((0.3, 0.2, 0.2, 0.3))
    for one, two in zip(motifs.motifs, again.motifs, strict=True):
        assert (one.id, one.name, one.nsites) == (two.id, two.name, two.nsites)
        np.testing.assert_allclose(one.ppm, two.ppm, atol=5.1e-7, rtol=0)
        np.testing.assert_array_equal(integer_counts(one), counts[one.id])
        np.testing.assert_array_equal(integer_counts(two), counts[one.id])
    write_jaspar(motifs, tmp_path / "a.jaspar")
    jaspar = read_motifs(tmp_path / "a.jaspar")
    for one, two in zip(motifs.motifs, jaspar.motifs, strict=True):
        assert (one.id, one.name, one.nsites) == (two.id, two.name, two.nsites)
        np.testing.assert_allclose(one.ppm, two.ppm, rtol=1e-12, atol=0)
    write_jaspar(motifs, tmp_path / "b.jaspar", counts=counts)
    assert (tmp_path / "a.jaspar").read_bytes() == (tmp_path / "b.jaspar").read_bytes()


def test_biopython_reads_what_we_write(tmp_path: Path) -> None:
    matrices = [np.array([[3, 0, 12, 5], [20, 0, 0, 0]]), np.array([[1, 2, 3, 4]])]
    motifs = motif_set(matrices, ["CTCF (var.2)", "NKX2-5"])
    write_jaspar(motifs, tmp_path / "a.jaspar")
    write_transfac(motifs, tmp_path / "a.transfac")
    write_meme(motifs, tmp_path / "a.meme")
    for form, kind in (("jaspar", "jaspar"), ("transfac", "TRANSFAC"), ("meme", "minimal")):
        text = (tmp_path / f"a.{form}").read_text()
        parsed = list(bio_motifs.parse(io.StringIO(text), kind))
        assert len(parsed) == 2
        for counts, theirs in zip(matrices, parsed, strict=True):
            got = np.array([theirs.counts[letter] for letter in "ACGT"]).T
            np.testing.assert_allclose(got, counts, atol=2e-5)
    assert (tmp_path / "a.transfac").read_text().startswith("AC  unit_000\nXX\nID  CTCF (var.2)\n")


def test_counts_that_were_given_are_written(tmp_path: Path) -> None:
    motifs = motif_set([np.array([[5, 5, 5, 5]])], ["x"])
    write_transfac(motifs, tmp_path / "x", counts={"unit_000": np.array([[4, 5, 6, 5]])})
    assert ["01", "4", "5", "6", "5"] in [row.split() for row in (tmp_path / "x").open()]


def test_integer_counts_keep_the_sum() -> None:
    rng = np.random.default_rng(3)
    motif = Motif("m", "", rng.dirichlet([0.3] * 4, 50), 17)
    counts = integer_counts(motif)
    assert (counts.sum(axis=1) == 17).all()
    assert (counts >= 0).all()
    assert np.abs(counts - motif.ppm * 17).max() < 1


def test_defaults_where_the_file_is_silent(tmp_path: Path) -> None:
    path = tmp_path / "old.meme"
    path.write_text("MEME version 4\nMOTIF filter0\nletter-probability matrix:\n" + ROWS)
    (motif,) = read_meme(path).motifs
    assert (motif.id, motif.name, motif.nsites) == ("filter0", "", 20.0)
    assert read_meme(path).background == (0.25, 0.25, 0.25, 0.25)


def test_rows_are_scaled_where_rounding_is_not_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text(matrix("0.33 0.33 0.33 0\n0.333333 0.333333 0.333333 0\n", "w= 2"))
    ppm = read_meme(path).motifs[0].ppm
    np.testing.assert_allclose(ppm[0], [1 / 3, 1 / 3, 1 / 3, 0], rtol=1e-12)
    assert ppm[1].tolist() == [0.333333, 0.333333, 0.333333, 0]


def test_gzip_crlf_and_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "m.meme.gz"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()))
    (motif,) = read_meme(path).motifs
    assert (motif.name, motif.nsites, motif.ppm.shape) == ("Name", 12.0, (2, 4))


def test_long_text_output_of_meme(tmp_path: Path) -> None:
    path = tmp_path / "meme.txt"
    path.write_text(
        HEADER
        + "Background letter frequencies (from file `x'):\nA 0.3 C 0.2 G 0.2 T 0.3\n"
        + "MOTIF CA MEME-1\twidth =   2  sites =  12  llr = 9  E-value = 1.2e-005\n"
        + "log-odds matrix: alength= 4 w= 2 n= 9 bayes= 1 E= 1\n -100 200 -5 7\n 1 2 3 4\n"
        + "-----\nletter-probability matrix: alength= 4 w= 2 nsites= 12 E= 1.2e-005\n"
        + ROWS
        + "----------\n"
    )
    motifs = read_meme(path)
    assert motifs.background == (0.3, 0.2, 0.2, 0.3)
    assert [(m.id, m.name, m.nsites) for m in motifs.motifs] == [("CA", "MEME-1", 12.0)]


def matrix(rows: str, header: str = "alength= 4 w= 2 nsites= 12 E= 0") -> str:
    return f"{HEADER}MOTIF m1\nletter-probability matrix: {header}\n{rows}"


BAD = {
    "empty": ("", "the file is empty (0 bytes); download or create it again"),
    "no motif": (HEADER, "there is no motif in this file"),
    "other format": (">MA1 x\nA [ 1 2 ]\n", "begins with '>MA1 x'"),
    "no version": ("MOTIF m1\n", "the line 'MEME version 4' is missing"),
    "protein": (GOOD.replace("ACGT", "ACDEFGHIKLMNPQRSTVWY"), "line 3: the alphabet is 'ACDEF"),
    "rna": (GOOD.replace("ACGT", "ACGU"), "line 3: the alphabet is 'ACGU', not ACGT"),
    "alength": (matrix(ROWS, "alength= 20 w= 2"), "line 6: alength is 20, not 4"),
    "fewer rows": (matrix(ROWS, "alength= 4 w= 3"), "has 2 rows but its header says w= 3"),
    "more rows": (matrix(ROWS, "alength= 4 w= 1"), "has 2 rows but its header says w= 1"),
    "no rows": (matrix("", "alength= 4"), "the matrix of m1 has 0 rows;"),
    "counts": (matrix("3 1 0 4\n1 1 1 5\n"), "line 7: '3 1 0 4' of m1 sums to 8"),
    "sum": (matrix(ROWS.replace("0.7", "0.5")), "line 8: '0.5 0.1 0.1 0.1' of m1 sums to 0.8"),
    "zeros": (matrix("0 0 0 0\n" + ROWS, "w= 3"), "line 7: '0 0 0 0' of m1 sums to 0"),
    "negative": (matrix("1.2 -0.2 0 0\n", "w= 1"), "line 7: '1.2 -0.2 0 0' of m1"),
    "nan": (matrix("nan 0.5 0.5 0\n", "w= 1"), "line 7: 'nan 0.5 0.5 0' of m1"),
    "word": (matrix("0.5 0.5 x 0\n", "w= 1"), "line 7: '0.5 0.5 x 0' is not a row of numbers"),
    "three": (matrix("0.5 0.5 0\n", "w= 1"), "line 7: 3 values in a row of m1, not 4"),
    "nsites below": (matrix(ROWS, "w= 2 nsites= -1"), "line 6: nsites of m1 is -1; give a number"),
    "nsites word": (matrix(ROWS, "w= 2 nsites= many"), "line 6: nsites= 'many' is not a number"),
    "duplicate": (GOOD + "\n" + GOOD[len(HEADER) :], "the motif m1 is already in line 5"),
    "no matrix": (GOOD + "MOTIF m2\nMOTIF m3\n", "line 9: the motif m2 has no 'letter-prob"),
    "last without matrix": (GOOD + "MOTIF m2\n", "line 9: the motif m2 has no 'letter-prob"),
    "no identifier": (HEADER + "MOTIF\n", "line 5: MOTIF has no identifier"),
    "orphan": (HEADER + "letter-probability matrix: w= 2\n", "line 5: this matrix belongs to no"),
    "background": (
        GOOD.replace("MOTIF", "Background letter frequencies\nA 0.3 C 0.3 G 0.3 T 0.3\n\nMOTIF"),
        "line 6: 'A 0.3 C 0.3 G 0.3 T 0.3' is not a background",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_meme_files(tmp_path: Path, case: str) -> None:
    text, sentence = BAD[case]
    path = tmp_path / "motifs.meme"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        read_meme(path, name="my/motifs.meme")
    message = str(caught.value)
    assert message.startswith("my/motifs.meme")
    assert sentence in message
    assert message.endswith(".")
    assert "\n" not in message


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no such file"):
        read_meme(tmp_path / "absent.meme")
    with pytest.raises(UserError, match="this is a folder; give a file"):
        read_meme(tmp_path)
    (tmp_path / "cut.gz").write_bytes(gzip.compress(GOOD.encode())[:-9])
    with pytest.raises(UserError, match="damaged or truncated"):
        read_meme(tmp_path / "cut.gz")
    (tmp_path / "binary").write_bytes(b"PK\0\1")
    with pytest.raises(UserError, match="binary file"):
        read_meme(tmp_path / "binary")


BAD_JASPAR = {
    "header": ("A [ 1 ]\n", "line 1: 'A [ 1 ]' was found instead of '>identifier name'"),
    "rows": (">m x\nA [ 1 2 ]\nC [ 1 2 ]\n", "line 1: the matrix of m needs four rows"),
    "uneven": (">m\n1 2\n1 2\n1\n1 2\n", "of equal length"),
    "letter": (">m\nA [ 1 ]\nG [ 1 ]\nC [ 1 ]\nT [ 1 ]\n", "line 3: 'G [ 1 ]' is not a row of"),
    "value": (">m\nA [ x ]\nC [ 1 ]\nG [ 1 ]\nT [ 1 ]\n", "line 2: 'A [ x ]' is not a row of"),
    "zeros": (">m\n1 0\n1 0\n1 0\n1 0\n", "position 2 of m has no counts"),
    "empty": ("\n", "the file is empty"),
}


@pytest.mark.parametrize("case", BAD_JASPAR)
def test_bad_jaspar_files(tmp_path: Path, case: str) -> None:
    text, sentence = BAD_JASPAR[case]
    (tmp_path / "x").write_text(text)
    with pytest.raises(UserError) as caught:
        read_jaspar(tmp_path / "x")
    assert sentence in str(caught.value)


def test_an_identifier_must_be_one_word(tmp_path: Path) -> None:
    motifs = MotifSet((Motif("two words", "", np.full((1, 4), 0.25)),))
    with pytest.raises(ValueError, match="one word"):
        write_meme(motifs, tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_real_files(data_dir: Path, fixtures_dir: Path) -> None:
    jaspar = read_meme(data_dir / "jaspar" / "JASPAR2026_CORE_vertebrates_nonredundant.meme")
    assert len(jaspar.motifs) == 1019
    units = read_meme(data_dir / "models" / "explainn_filters.expected.meme")
    assert [len(m.ppm) for m in units.motifs] == [19] * 100
    streme = read_meme(fixtures_dir / "meme" / "streme_ho0" / "streme.txt")
    assert next((m.id, m.name) for m in streme.motifs) == ("1-ATCTGTTGRN", "STREME-1")
    assert streme.background == (0.251, 0.249, 0.249, 0.251)
    none = read_meme(fixtures_dir / "meme" / "streme_nomotif" / "streme.txt", allow_empty=True)
    assert none.motifs == ()


@pytest.mark.parametrize("row", ["{} [ {} ]", "{} | {}", "{}: {}", "{}\t{}", "{}[{}]"])
def test_rows_of_letters_in_any_dress(tmp_path: Path, row: str) -> None:
    counts = np.array([[3, 1, 0, 6], [2, 2, 2, 4]])
    lines = [row.format(a, "\t".join(map(str, c))) for a, c in zip("ACGT", counts.T, strict=True)]
    (tmp_path / "x").write_text("\n".join([">M1\tName", *lines]) + "\n")
    (motif,) = read_motifs(tmp_path / "x").motifs
    np.testing.assert_allclose(motif.ppm, counts / 10)
