"""Broken samplesheets: changes of sound ones, and some that hypothesis makes."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import random
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fuzz.changes import ANY, BYTES, REFUSE, SAME, SOUND, Change, Changer, foreign
from fuzz.text import GENERAL, columns, whole_lines

_ROOT = Path(__file__).resolve().parents[2]
_LONGEST = 3000
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

SOUND_SHEETS = {
    "peaks": (
        "sample,assay,data,genome,negatives\nA,peaks,a.bed,g.fa,gc\nB,peaks,half.bed,g.fa,gc\n"
    ),
    "parts": (
        "sample,dataset,assay,data,split\nA,x,sequences,s.fa,train\nB,x,sequences,n.fa,valid\n"
    ),
    "cells": (
        "sample,assay,data,genome,regions,barcodes,clusters\n"
        "C,single_cell,cells.mtx,g.fa,open.bed,barcodes.tsv,clusters.csv\n"
    ),
    "cycles": (
        "sample,dataset,assay,data,label\n"
        "a,h,htselex,c0.fastq,cycle0\nb,h,htselex,c1.fastq,cycle1\nc,h,htselex,c2.fastq,cycle2\n"
    ),
    "options": (
        "sample,assay,data,models,units,split_by,valid_fraction,max_epochs,min_positives\n"
        'A,sequences,s.fa,"explainn,danq",50,random,0.2,30,20\n'
    ),
}
_HOSTILE = (
    *("a\nb", "a\rb", "a\tb", "\x00", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u202e", "\ufeff"),
    *("$(touch PWNED)", "`id`", "'; id; '", '"', "\\", "$x", "${x}", "<script>1</script>", "&amp;"),
    *("=1+1", "@x", "../../etc/passwd", "/etc/passwd", "~", "-", "--help", ".", "..", " ", "a b"),
    *("s3://x/y", "https://x/y", "file:///etc/passwd", "*", "?.fa", "[a].fa", "{a,b}.fa", "a:b"),
    *(
        "1e400",
        "-1",
        "0",
        "1.5",
        "NaN",
        "9" * 400,
        "true",
        "null",
        "[]",
        "{}",
        "é",
        "日本",
        "A" * 5000,
    ),
    *(
        "gc",
        "others",
        "shuffle",
        "train",
        "peaks",
        "explainn",
        "auto",
        "g.fa",
        "s.fa",
        "%s",
        "\uff11",
    ),
)


def known_columns() -> list[str]:
    """Columns that a sheet may have."""
    schema = json.loads((_ROOT / "nextflow_schema.json").read_text())
    groups = schema["$defs"].values()
    found = {
        name
        for group in groups
        for name, value in group["properties"].items()
        if value.get("per_dataset")
    }
    sheet = json.loads((_ROOT / "assets" / "schema_input.json").read_text())
    return sorted(found | set(sheet["items"]["properties"]))


def hostile_cell(data: bytes, rng: random.Random) -> Change:
    """Write a hostile value into a cell, quoted as need be, perhaps in a column more."""
    rows = list(csv.reader(io.StringIO(data.decode())))
    value, row = rng.choice(_HOSTILE), rng.randrange(1, len(rows))
    if rng.random() < 0.6:
        name = rng.choice([one for one in known_columns() if one not in rows[0]])
        for number, cells in enumerate(rows):
            cells.append("" if number else name)
        rows[row][-1] = value
    else:
        place = rng.randrange(len(rows[0]))
        name, rows[row][place] = rows[0][place], value
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return Change(out.getvalue().encode("utf-8"), f"{value[:20]!r} in {name}")


def other_form(data: bytes, rng: random.Random) -> Change:
    """Save the sheet in another valid form."""
    rows = list(csv.reader(io.StringIO(data.decode())))
    out = io.StringIO()
    what = rng.choice(("semicolons", "tabs", "quotes", "CRLF", "mark", "empty", "order", "columns"))
    delimiter = {"semicolons": ";", "tabs": "\t"}.get(what, ",")
    if what == "order":
        rows[1:] = rows[:0:-1]
    elif what == "columns":
        rows = [cells[::-1] for cells in rows]
    elif what == "empty":
        rows = [[*cells, "", ""] for cells in rows] + [[""] * len(rows[0])] * 3
    quoting = csv.QUOTE_ALL if what == "quotes" else csv.QUOTE_MINIMAL
    end = "\r\n" if what == "CRLF" else "\n"
    csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows(rows)
    mark = b"\xef\xbb\xbf" if what == "mark" else b""
    return Change(mark + out.getvalue().encode(), f"saved with {what}", SOUND)


_CHANGES: list[Changer] = [
    *[hostile_cell] * 14, *[other_form] * 3, *GENERAL, columns, whole_lines, *BYTES, foreign
]  # fmt: skip


def changed_sheet(seed: int, number: int) -> tuple[str, Change]:
    """Make a change of one of the sound sheets."""
    rng = random.Random(f"{seed}/sheet/{number}")
    name = sorted(SOUND_SHEETS)[number % len(SOUND_SHEETS)]
    change = rng.choice(_CHANGES)(SOUND_SHEETS[name].encode(), rng)
    if "gzip" in change.what or change.expect == "told":  # a sheet may not be compressed
        change = dataclasses.replace(change, expect=SAME if "gzip" in change.what else ANY)
    return name, change


def made_sheets(count: int) -> list[str]:
    """Let hypothesis make sheets of known columns and any cells, the same ones every time."""
    names = known_columns()
    cell = st.one_of(st.sampled_from(_HOSTILE), st.text(max_size=12), st.integers().map(str))
    table = st.lists(st.sampled_from(names), min_size=1, max_size=6, unique=True).flatmap(
        lambda head: st.lists(
            st.lists(cell, min_size=len(head), max_size=len(head)), max_size=4
        ).map(
            lambda rows: [
                ["sample", "assay", "data", *head],
                *[["A", "peaks", "a.bed", *r] for r in rows],
            ]
        )
    )
    found: list[str] = []

    @settings(
        derandomize=True,
        database=None,
        max_examples=count,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(table)
    def collect(rows: list[list[str]]) -> None:
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(rows)
        found.append(out.getvalue())

    collect()
    return found


def judge_sheet(name: str, said: Mapping[str, Any], expect: str, sound: Any) -> str:
    """Say what is wrong with what was said of a sheet; empty where nothing is."""
    if "thrown" in said:
        return f"thrown: {said['thrown'][:300]} at {said['place']}"
    if said["milliseconds"] > 20_000:
        return f"hang: {said['milliseconds']} ms"
    for problem in said["problems"]:
        if name not in problem or not problem.endswith((".", ".)", "?")) or len(problem) > _LONGEST:
            return f"no sentence that names the sheet: {problem[:300]!r}"
        if _CONTROL.search(problem):
            return f"control characters in a sentence: {problem[:300]!r}"
    if said["problems"]:
        return "a valid form was refused: " + said["problems"][0] if expect == SOUND else ""
    if _CONTROL.search(_texts(said["datasets"])):
        return f"control characters were taken: {_texts(said['datasets'])[:300]!r}"
    if expect == REFUSE:
        return "taken, and had to be refused"
    if expect in (SAME, SOUND) and said["datasets"] != sound:
        return "other data sets, and nothing is said"
    return ""


def _texts(value: Any) -> str:
    """Join all texts of JSON."""
    if isinstance(value, dict):
        return "".join(f"{key}{_texts(one)}" for key, one in value.items())
    return "".join(map(_texts, value)) if isinstance(value, list) else str(value)
