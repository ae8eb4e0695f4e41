"""Plain tables of sequences: the column is found, rows become records, mistakes are sentences."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from nfexplainn import dna
from nfexplainn.errors import UserError
from nfexplainn.io.fasta import Fasta
from nfexplainn.io.sequence_table import find_sequence_column, read_sequence_table

ONE, TWO = "ACGTACGTAC", "TTTTGGGGCCA"


def read(path: Path, text: str) -> Fasta | None:
    path.write_text(text)
    found = find_sequence_column(path, path.name)
    return read_sequence_table(*found) if found else None


def texts(found: Fasta) -> list[str]:
    ends = found.offsets.tolist()
    whole = dna.decode(found.codes[None])[0]
    return [whole[a:b] for a, b in itertools.pairwise(ends)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (f"name\tsequence\na\t{ONE}\nb\t{TWO}\n", ["a", "b"]),
        (f"sequence,score,id\n{ONE},1.5,a\n{TWO},2,b\n", ["a", "b"]),
        (f"{ONE}\n{TWO}\n", ["line_1", "line_2"]),
        (f"sequence\n{ONE}\n{TWO}\n", ["line_2", "line_3"]),
        (f"{ONE}\t5\n{TWO.lower()}\t6\n", ["line_1", "line_2"]),
    ],
)
def test_tables_as_people_have_them(tmp_path: Path, text: str, names: list[str]) -> None:
    found = read(tmp_path / "t.txt", text)
    assert found is not None and found.names == names and texts(found) == [ONE, TWO]


def test_names_that_stand_twice(tmp_path: Path) -> None:
    rows = [f"a\t{ONE}", f"a\t{TWO}", f"a\t{ONE}", f"b\t{TWO}"]
    found = read(tmp_path / "t.txt", "name\tsequence\n" + "\n".join(rows) + "\n")
    assert found is not None
    assert (found.names, found.merged, found.renamed) == (["a", "a|2", "b"], 1, 1)


@pytest.mark.parametrize(
    "text",
    [
        "chr1\t100\t300\nchr1\t500\t700\n",
        f"chr1\t100\t300\t{ONE}\nchr1\t500\t700\t{TWO}\n",
        "what\never\nthis\nis\n",
    ],
)
def test_intervals_and_other_text_are_none(tmp_path: Path, text: str) -> None:
    assert read(tmp_path / "t.txt", text) is None


def test_mistakes_name_their_lines(tmp_path: Path) -> None:
    text = f"name\tsequence\na\t{ONE}\nb\t\nc\tACGTUACGT\nd\t{TWO}\ne\t{TWO}\n"
    with pytest.raises(UserError) as told:
        read(tmp_path / "t.tsv", text)
    first, second = str(told.value).splitlines()
    assert first == "t.tsv, line 3: the sequence is missing; remove or complete the row."
    assert second.startswith("t.tsv, line 4: the sequence holds 'U', which is not DNA")
