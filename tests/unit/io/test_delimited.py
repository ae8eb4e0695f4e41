from __future__ import annotations

import bz2
import csv
import dataclasses
import gzip
import io
import lzma
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nfexplainn.errors import UserError
from nfexplainn.io.delimited import Delimited, open_delimited
from nfexplainn.io.separators import find_separator, split_cells
from nfexplainn.values import finite, has_thousands, missing, no_number, spellings, whole


def read(folder: Path, content: str | bytes, **how: bool) -> Delimited:
    path = folder / "t.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return open_delimited(path, "t.txt", **how)


def cells(table: Delimited) -> list[list[str]]:
    return [row.cells for row in table]


ROWS = [["chrI", "100", "200", "a b"], ["chrII", "300", "400", "c"]]
HEADER = ("chrom", "start", "end", "note")


@pytest.mark.parametrize("mark", ["\t", ",", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
def test_separators_line_ends_and_encodings(
    tmp_path: Path, mark: str, end: str, encoding: str
) -> None:
    text = end.join(mark.join(row) for row in [HEADER, *ROWS]) + end
    table = read(tmp_path, text.encode(encoding))
    assert table.header == HEADER
    assert table.separator == mark
    assert cells(table) == ROWS
    assert [row.line for row in table] == [2, 3]


def test_latin_letters_of_either_encoding(tmp_path: Path) -> None:
    text = "name;wert\nKäfer;1\n"
    for encoding in ("utf-8", "latin-1"):
        assert cells(read(tmp_path, text.encode(encoding))) == [["Käfer", "1"]]


def zipped(*names: str, content: bytes = b"chr1\t1\t2\n") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def test_compression_goes_by_the_content(tmp_path: Path) -> None:
    halves = [b"chr1\t1\t2\n", b"chr1\t3\t4\n"]
    both = b"".join(halves)
    for form in (
        b"".join(gzip.compress(half) for half in halves),
        bz2.compress(both),
        b"".join(lzma.compress(half) for half in halves),
        zipped("peaks.bed", content=both),
        zipped("a/", "a/peaks.bed", "__MACOSX/a/._peaks.bed", content=both),
    ):
        assert cells(read(tmp_path, form)) == [["chr1", "1", "2"], ["chr1", "3", "4"]]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (zipped("one.bed", "two.bed"), "this is a ZIP archive of several files"),
        (zipped("[Content_Types].xml", "xl/a.xml", "xl/b.xml"), "this is an Excel workbook"),
        (bz2.compress(b"chr1\t1\t2\n" * 99)[:-8], "the compressed file is damaged"),
        (lzma.compress(b"chr1\t1\t2\n" * 99)[:60], "the compressed file is damaged"),
        (zipped("one.bed", content=b"chr1\t1\t2\n" * 99)[:60], "or a damaged one"),
    ],
)
def test_archives_and_damaged_ones_are_named(tmp_path: Path, content: bytes, sentence: str) -> None:
    with pytest.raises(UserError, match=rf"t\.txt: .*{sentence}"):
        read(tmp_path, content)


def test_decimal_commas_do_not_separate(tmp_path: Path) -> None:
    table = read(tmp_path, "e0;ACGTACGT;0,645\ne1;ACGTACGA;-1,6\n")
    assert table.separator == ";"
    assert cells(table)[1] == ["e1", "ACGTACGA", "-1,6"]
    assert read(tmp_path, "0,5;1,5\n0,25;1,25\n").separator == ";"
    assert read(tmp_path, "a,1,GO:1;GO:2\nb,2,GO:3;GO:4\n").separator == ","
    assert read(tmp_path, "a, 1\nb, 2\n").separator == ","


def test_blanks_separate_where_nothing_else_does(tmp_path: Path) -> None:
    table = read(tmp_path, '"chrom" "start"\n"1" "chr I" 5\n"2" "chrII" 6\n')
    assert (table.separator, table.row_names, table.header) == (" ", True, ("", "chrom", "start"))
    assert cells(table) == [["1", "chr I", "5"], ["2", "chrII", "6"]]
    assert read(tmp_path, "chr1 1   2\nchr2 3 4\n").columns == 3


def test_a_line_that_lacks_a_cell_does_not_change_the_separator(tmp_path: Path) -> None:
    lines = [f"chr1\t{i}\t{i + 9}\tx,y" for i in range(50)]
    lines[7] = "chr1\t5,3"
    table = read(tmp_path, "\n".join(lines))
    assert table.separator == "\t"
    assert [row.line for row in table if len(row.cells) != table.columns] == [8]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('"","a","b"\n"1",1,2\n', ("", "a", "b")),  # R's write.csv
        ('"a"\t"b"\n"r1"\t1\t2\n', ("", "a", "b")),  # R's write.table
        ("a,b,,\n1,2,,\n", ("a", "b")),  # empty columns of a spreadsheet
        ("a,b\n1,2,\n", ("a", "b")),
        ("#a\tb\n1\t2\n", ("a", "b")),
        ("# made by x\n# a\tb\n1\t2\n", ("a", "b")),
        ("#'a'\t'b'\n1\t2\n", ("a", "b")),  # deepTools
        ("##a\tb\n1\t2\n", None),
        ("1\t2\n3\t4\n", None),
        ("x\ty\n", None),
    ],
)
def test_headers(tmp_path: Path, text: str, names: tuple[str, ...] | None) -> None:
    assert read(tmp_path, text).header == names


def test_a_header_that_is_asked_for_may_stand_in_a_comment(tmp_path: Path) -> None:
    assert read(tmp_path, "#a\tb\n1\t2\n", header=True).header == ("a", "b")
    table = read(tmp_path, "# Program:x\na\tb\n1\t2\n", header=True)
    assert (table.header, table.header_line, table.first_line) == (("a", "b"), 2, 3)
    assert table.comments == ("# Program:x",)


def test_lines_that_are_no_rows_are_passed_over(tmp_path: Path) -> None:
    text = (
        'browser position chr1:1-9\nbrowser hide all\ntrack name="x y" color=1\n\nchr1\t1\t2\n'
        "# comment\ntrack type=bed\nchr1\t3\t4\ntrack_7\t5\t6\n#N/A\t7\t8\n"
    )
    table = read(tmp_path, text)
    assert [row.line for row in table] == [5, 8, 9, 10]
    assert table.comments == ()


def test_the_hint_of_a_spreadsheet_is_no_row(tmp_path: Path) -> None:
    table = read(tmp_path, "sep=;\nname;x\na;1\n")
    assert (table.header, table.separator, cells(table)) == (("name", "x"), ";", [["a", "1"]])


def test_quotes_that_are_none(tmp_path: Path) -> None:
    text = 'a\t5" primer\n"b\t3\nc\t"x"y\n"d"\t"say ""hi"""\n'
    assert cells(read(tmp_path, text, header=False)) == [
        ["a", '5" primer'],
        ['"b', "3"],
        ["c", '"x"y'],
        ["d", 'say "hi"'],
    ]


def test_a_cell_of_several_lines_is_one(tmp_path: Path) -> None:
    table = read(tmp_path, 'id,note,x\na,"one\ntwo",1\nb,c,2\n')
    assert cells(table) == [["a", "one two", "1"], ["b", "c", "2"]]
    assert [row.line for row in table] == [2, 4]


def test_files_without_rows(tmp_path: Path) -> None:
    assert read(tmp_path, "# nothing here\n").first_line == 0
    assert cells(read(tmp_path, "# nothing here\n")) == []
    assert cells(read(tmp_path, "a\tb\n", header=True)) == []


TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="#'"), max_size=8
)


@given(
    rows=st.integers(2, 5).flatmap(
        lambda n: st.lists(st.lists(TEXT, min_size=n, max_size=n), min_size=2, max_size=8)
    ),
    mark=st.sampled_from([",", ";", "\t"]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_with_quotes_reads_back(
    tmp_path: Path, rows: list[list[str]], mark: str
) -> None:
    rows = [[f"r{i}", *row, "1"] for i, row in enumerate(rows)]
    out = io.StringIO()
    csv.writer(out, delimiter=mark, quoting=csv.QUOTE_ALL).writerows(rows)
    table = read(tmp_path, out.getvalue(), header=False)
    assert table.separator == mark
    assert cells(table) == rows


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 10**6), st.floats(-1e3, 1e3).map(lambda x: f"{x:.4f}")),
        min_size=1,
        max_size=30,
    ),
    decimal=st.sampled_from([".", ","]),
    mark=st.sampled_from(["\t", ";", " "]),
)
def test_the_separator_is_found_whatever_the_numbers(
    rows: list[tuple[int, str]], decimal: str, mark: str
) -> None:
    lines = [mark.join(["chr1", str(n), x.replace(".", decimal)]) for n, x in rows]
    assert find_separator(lines) == mark
    assert all(len(split_cells(line, mark)) == 3 for line in lines)


@given(st.binary(max_size=400))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_rows_or_one_sentence(tmp_path: Path, content: bytes) -> None:
    try:
        table = read(tmp_path, content)
        assert all(row.line > 0 for row in table)
    except UserError as error:
        assert str(error).startswith("t.txt: ")


def test_words_for_missing_values() -> None:
    assert all(
        missing(word) for word in ("", " NA ", "#N/A", "NaN", "null", "None", ".", "-", "<NA>")
    )
    assert not any(missing(word) for word in ("0", "N", "nano", "#DIV/0!", "--1"))
    assert {"NA", "NaN", "nan", "#N/A", "None", "NULL", ""} <= set(spellings())


def test_numbers_and_what_is_none() -> None:
    assert (finite("1e-3"), finite("inf"), finite("1_0"), finite("0,5")) == (
        0.001,
        None,
        None,
        None,
    )
    assert (whole(" 12"), whole("-1"), whole("1e5"), whole("1.0"), whole("٣")) == (
        12,
        -1,
        None,
        None,
        None,
    )
    assert no_number("1,110").endswith("between thousands or before decimals; write 1110 or 1.110")
    assert no_number("1,110.5").endswith("has commas between thousands; write 1110.5")
    assert no_number("0,110").startswith("'0,110' has a decimal comma; write 0.110")
    assert no_number("5.5 %").endswith("has a percent sign; write 5.5 in all rows")
    assert no_number("1.234,5").startswith("'1.234,5' has a decimal comma; write 1234.5")
    assert "spreadsheet error" in no_number("#DIV/0!")
    assert "infinite" in no_number("-Inf")
    assert "write 1234567" in no_number("1,234,567")


def test_rows_of_a_table_may_begin_with_a_hash(tmp_path: Path) -> None:
    """As identifiers do; in files of regions it takes a line out."""
    path = tmp_path / "t"
    path.write_text("# made by hand\nid\tvalue\na\t1\n#b\t2\n# a remark\n#c\t3\nd\t4\n")
    table = open_delimited(path, "t", header=True)
    assert [row.cells for row in table] == [["a", "1"], ["d", "4"]]
    rows = list(dataclasses.replace(table, hash_rows=True))
    assert [row.cells[0] for row in rows] == ["a", "#b", "#c", "d"]
    assert [row.line for row in rows] == [3, 4, 6, 7]


def test_quotes_that_open_in_every_row_join_none(tmp_path: Path) -> None:
    text = "".join(f'chr1\t{i}\t{i + 9}\t"\tx\n' for i in range(20))
    assert cells(read(tmp_path, text)) == [
        ["chr1", f"{i}", f"{i + 9}", '"', "x"] for i in range(20)
    ]
    joined = read(tmp_path, 'a,b,c\n1,"x\ny",2\n3,"u,v\nw",4\n')
    assert cells(joined) == [["1", "x y", "2"], ["3", "u,v w", "4"]]


def test_empty_rows_and_quoted_comments_of_a_spreadsheet(tmp_path: Path) -> None:
    text = '"# made by a tool",,\n,,\nchrom,start,end\nchr1,1,9\n" ",,\nchr1,3,9\n;;\n'
    table = read(tmp_path, text)
    assert table.header == ("chrom", "start", "end")
    assert cells(table) == [["chr1", "1", "9"], ["chr1", "3", "9"]]
    assert table.comments == ('# made by a tool",,',)


def test_one_word_over_two_columns_names_the_second(tmp_path: Path) -> None:
    """As R writes a frame of one column; names of clusters may be texts and numbers."""
    table = read(tmp_path, '"cluster"\n"AAAC-1" "B"\n"AAAG-1" "3"\n"AAAT-1" "4"\n')
    assert table.header == ("", "cluster")
    assert cells(table)[0] == ["AAAC-1", "B"]


def test_a_quoted_comment_that_names_the_columns(tmp_path: Path) -> None:
    table = read(tmp_path, '"# name","sequence"\n"a","ACGT"\n"b","ACGA"\n')
    assert table.header == ("name", "sequence")


@pytest.mark.parametrize(
    ("cells", "thousands"),
    [
        (["950", "1,110", "12,000"], True),
        (["950.5", "1,110.5"], True),
        (["1,110", "2,500", "1,234,567"], True),
        (["1,110", "2,500.5"], True),
        (["0,645", "1,234,567"], False),
        (["1,110", "2,500"], False),
        (["1,110", "2,5"], False),
        (["1,110", "1500"], False),
        (["950", "20"], False),
    ],
)
def test_commas_between_thousands(cells: list[str], thousands: bool) -> None:
    assert has_thousands(cells) == thousands


@pytest.mark.parametrize("above", [1, 2])
@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_a_title_above_the_header_is_left_out(above: int, mark: str, tmp_path: Path) -> None:
    rows = [["chrom", "start", "end", "x"], ["chr1", "1", "9", "2"], ["chr1", "3", "9", "4"]]
    title = f"Table S1: peaks and more{mark * 3}\n\n" * above
    table = read(tmp_path, title + "".join(mark.join(row) + "\n" for row in rows))
    assert table.header == ("chrom", "start", "end", "x")
    assert cells(table) == rows[1:]
