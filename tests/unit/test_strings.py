from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nfexplainn.strings import Strings


def made(words: list[str]) -> Strings:
    text = [word.encode() for word in words]
    ends = np.cumsum([len(word) for word in text], dtype=np.int64)
    return Strings(np.frombuffer(b"".join(text), dtype=np.uint8), ends)


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=8), max_size=30))
def test_as_a_list(words: list[str]) -> None:
    strings = made(words)
    assert len(strings) == len(words)
    assert list(strings) == words
    assert strings == words and words == strings
    assert [strings[at] for at in range(len(words))] == words
    assert [strings[-1 - at] for at in range(len(words))] == words[::-1]
    assert strings[1:7:2] == words[1:7:2] and strings[::-1] == words[::-1]
    assert pa.array(strings, pa.string()).to_pylist() == words
    assert Strings.joined([]) == []


def test_parts_are_joined_across_blocks() -> None:
    words = [f"name {i}" for i in range(10_000)]
    cut = [words[:1], words[1:5000], [], words[5000:]]
    parts = [(made(part)._text, made(part)._ends) for part in cut]
    joined = Strings.joined(parts)
    assert list(joined) == words and joined[-1] == "name 9999" and "name 77" in joined


def test_beyond_the_end_and_other_kinds() -> None:
    strings = made(["a", "bé"])
    with pytest.raises(IndexError):
        strings[2]
    assert strings != ["a"] and strings != "ab" and strings != ["a", "b"]
    with pytest.raises(TypeError):
        hash(strings)
