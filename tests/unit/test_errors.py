"""What a user reads of a mistake holds nothing that steers a terminal or breaks a line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfexplainn.errors import UserError, printable, quoted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "a.bed, line 3: '\x1b[31m' is not a number.",
            "a.bed, line 3: '\\x1b[31m' is not a number.",
        ),
        ("one.\ntwo.", "one.\ntwo."),
        ("a\r\x00\x7f\x85\u2028\u202e\ud800b", "a\\r\\x00\\x7f\\x85\\u2028\\u202e\\ud800b"),
        (f"a.bed: '{'A' * 5000}' is not a number.", f"a.bed: '{'A' * 199}... is not a number."),
        ("Zürich, 日本, 🧬", "Zürich, 日本, 🧬"),
    ],
)
def test_what_steers_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert str(UserError(text)) == shown


@given(st.text())
def test_a_sentence_stays_one_line_and_can_be_written(text: str) -> None:
    shown = printable(text.replace("\n", ""))
    assert len(shown.splitlines()) <= 1 and printable(shown) == shown
    shown.encode()


@given(st.text())
def test_a_quoted_word_does_not_part_its_sentence(text: str) -> None:
    assert quoted("a\nb") == "'a\\nb'"
    said = quoted(text)
    assert len(said.splitlines()) == 1 and said[0] == said[-1] == "'"
