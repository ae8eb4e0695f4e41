"""Binding modes: planted families are found again, tables are read as JASPAR writes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nfexplainn.analyses.binding_modes.found import COLUMNS, found_modes
from nfexplainn.analyses.binding_modes.known import mode_rows, read_clusters
from nfexplainn.errors import UserError
from nfexplainn.motifs.modes import cluster_motifs
from nfexplainn.motifs.motif import Motif, MotifSet

FAMILIES = {"AP1": "TGACTCAGCA", "EBOX": "GGTCACGTGACC", "CTCF": "CCACCAGGGGGCGC"}


def ppm(word: str, strength: float) -> np.ndarray:
    rows = np.full((len(word), 4), (1 - strength) / 3)
    rows[np.arange(len(word)), ["ACGT".index(letter) for letter in word]] = strength
    return rows


def planted() -> MotifSet:
    """Four members per family: of other strength, flanks and strand; and one that is like none."""
    random = np.random.default_rng(1)
    motifs = []
    for family, word in FAMILIES.items():
        for number, strength in enumerate((0.97, 0.93, 0.9, 0.87), start=1):
            rows = ppm(word, strength)
            if number == 2:
                rows = rows[::-1, ::-1]
            flank = random.dirichlet([9.0] * 4, size=number)
            motifs.append(
                Motif(
                    f"{family}{number}.1",
                    f"{family.lower()}{number}",
                    np.vstack([flank, rows]),
                    200.0,
                )
            )
    motifs.append(Motif("ODD.1", "odd", ppm("AATTTTCCAAAT", 0.95), 200.0))
    # Others that give the comparison a background.
    for number in range(12):
        word = "".join("ACGT"[base] for base in random.integers(0, 4, 11))
        motifs.append(Motif(f"BG{number}.1", f"bg{number}", ppm(word, 0.9), 100.0))
    return MotifSet(tuple(motifs))


def test_families_are_modes() -> None:
    motifs = planted()
    modes = cluster_motifs(motifs)
    ids = [motif.id for motif in motifs.motifs]
    sets = [{ids[place] for place in mode.members} for mode in modes]
    for family in FAMILIES:
        assert {f"{family}{number}.1" for number in range(1, 5)} in sets
    assert {"ODD.1"} in sets
    assert sorted(place for mode in modes for place in mode.members) == list(range(len(ids)))
    assert [mode.id for mode in modes[:2]] == ["mode_001", "mode_002"]
    assert [len(mode.members) for mode in modes] == sorted(map(len, sets), reverse=True)
    again = cluster_motifs(motifs)
    assert modes == again


def test_threshold_joins_and_parts() -> None:
    motifs = planted()
    assert len(cluster_motifs(motifs, threshold=0.0)) == 1
    assert len(cluster_motifs(motifs, threshold=301.0)) == len(motifs.motifs)
    assert [mode.members for mode in cluster_motifs(MotifSet(motifs.motifs[:1]))] == [(0,)]
    assert cluster_motifs(MotifSet(())) == []


def test_rows_name_modes() -> None:
    motifs = planted()
    rows = mode_rows(cluster_motifs(motifs), motifs)
    assert rows[0][:4] == ("mode_001", "ap11, ap12, ap13 +1", 4, "AP11.1")
    assert len(rows) == len(motifs.motifs)


def known(*ids: str) -> MotifSet:
    return MotifSet(tuple(Motif(identifier, "", ppm("ACGT", 0.9), 20.0) for identifier in ids))


def write(folder: Path, text: str) -> Path:
    path = folder / "clusters.tab"
    path.write_text(text)
    return path


def test_table_as_jaspar_writes_it(tmp_path: Path) -> None:
    motifs = known("MA0004.1", "MA0006.2", "MA0009.2", "MA0010.1")
    text = (
        "JASPAR_2020_vertebrates_m1_MA0004_1\t7\nJASPAR_2020_vertebrates_m2_MA0006_1\t7\n"
        "JASPAR_2020_vertebrates_m9_MA0009_2\t2\nJASPAR_2020_vertebrates_m3_MA9999_1\t9\n\n"
    )
    modes = read_clusters(write(tmp_path, text), motifs)
    # Another version is taken, a stranger passed over, and what the table lacks is in no mode.
    assert [(mode.id, mode.members) for mode in modes] == [("7", (0, 1)), ("2", (2,))]
    plain = read_clusters(write(tmp_path, "MA0006.2 b\nMA0004.1 a\n"), motifs)
    assert [(mode.id, mode.members) for mode in plain] == [("a", (0,)), ("b", (1,))]
    quoted = read_clusters(write(tmp_path, '"MA0006.2","b c"\n"MA0004.1","a"\n'), motifs)
    assert [(mode.id, mode.members) for mode in quoted] == [("a", (0,)), ("b c", (1,))]
    # The same version wins over another one, in either order.
    both = "X_MA0006_1\t1\nX_MA0006_2\t2\n"
    for table in (both, "".join(reversed(both.splitlines(keepends=True)))):
        (mode,) = read_clusters(write(tmp_path, table), motifs)
        assert mode.id == "2"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "c.tab: the file is empty"),
        ("# nothing\n", "c.tab: the table is empty;"),
        ("MA0004.1\n", "c.tab, line 1: 1 columns instead of 2; give a motif and its cluster"),
        ("MA0004.1\t1\t2\n", "c.tab, line 1: 3 columns instead of 2;"),
        ("MA0004.1\t1\nMA0004.1\t2\n", "c.tab, line 2: MA0004.1 is in the clusters 1 and 2"),
        ("MA7777.1\t1\n", "c.tab: none of its motifs (such as MA7777.1) is among the 2 known"),
        ("MA0004.1\t1\0\n", "c.tab: this is a binary file"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path: Path, text: str, said: str) -> None:
    motifs = known("MA0004.1", "MA0006.2")
    with pytest.raises(UserError) as caught:
        read_clusters(write(tmp_path, text), motifs, name="c.tab")
    assert str(caught.value).startswith(said)


def test_found_modes() -> None:
    modes = pd.DataFrame(
        [
            *(("m1", "JUN, FOS", 2, "A.1", "JUN"), ("m1", "JUN, FOS", 2, "B.1", "FOS")),
            ("m2", "CTCF", 1, "C.1", "CTCF"),
        ],
        columns=["mode", "name", "members", "target_id", "target_name"],
    )
    rows = [
        *(
            (1, "unit_001", "A.1", 0.01),
            (1, "unit_001", "B.1", 0.001),
            (1, "unit_002", "B.1", 0.04),
        ),
        *((2, "unit_009", "C.1", 0.02), (2, "unit_009", "ELSE.1", 0.001)),
    ]
    # A part of a known motif is no member of its mode.
    parts = [(1, "unit_003", "A.1", 1e-9, 1)]
    matches = pd.DataFrame(
        [
            (replicate, unit, target, target[0], 0, q / 10, q, q, 8, "+", 1.0, 0.9, part)
            for replicate, unit, target, q, part in [(*row, 0) for row in rows] + parts
        ],
        columns=[
            *("replicate", "unit", "target_id", "target_name", "offset", "p_value", "e_value"),
            *("q_value", "overlap", "orientation", "coverage", "explained", "part"),
        ],
    )
    found = found_modes(matches, modes)
    assert tuple(found.columns) == COLUMNS
    assert found[["replicate", "mode", "target_id", "units"]].to_numpy().tolist() == [
        [1, "m1", "B.1", 2],
        [2, "m2", "C.1", 1],
    ]
    assert len(found_modes(matches.iloc[:0], modes)) == 0
