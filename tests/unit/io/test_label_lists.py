"""Lists of names beside tables and matrices."""

from __future__ import annotations

from pathlib import Path

import pytest

from nfexplainn.io.label_lists import read_label_list

NAMES = ["B", "T cell", "NK"]


@pytest.mark.parametrize(
    "text",
    [
        "B\nT cell\nNK\n",
        "B\r\nT cell\r\n\r\nNK",
        "B\tT cell\tNK\n",
        "B,T cell,NK\n",
        '"B"\n"T cell"\n"NK"\n',
        "B\tLymphocytes\nT cell\tx\nNK\ty\n",
        "0\tB\n1\tT cell\n2\tNK\n",
        "1\tB\tx\n2\tT cell\ty\n3\tNK\tz\n",
        "0,B\n1,T cell\n2,NK\n",
        ",x\n0,B\n1,T cell\n2,NK\n",
        '"","x"\n"1","B"\n"2","T cell"\n"3","NK"\n',
    ],
)
def test_names_in_any_form(text: str, tmp_path: Path) -> None:
    (tmp_path / "l").write_text(text)
    assert read_label_list(tmp_path / "l", "l") == NAMES


def test_names_may_be_numbers_or_hold_commas(tmp_path: Path) -> None:
    for names in (["1", "2", "3"], ["5", "7"], ["a, b", "c, d"]):
        (tmp_path / "l").write_text("\n".join(names))
        assert read_label_list(tmp_path / "l", "l") == names


def test_numbers_beside_numbered_clusters_are_their_sizes(tmp_path: Path) -> None:
    (tmp_path / "l").write_text("0\t345\n1\t210\n2\t99\n")
    assert read_label_list(tmp_path / "l", "l") == ["0", "1", "2"]
