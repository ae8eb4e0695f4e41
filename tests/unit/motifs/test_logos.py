"""Logos: letters of the right height, in the right order, the same bytes each time."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from nfexplainn.motifs.logos import (
    glyph_defs,
    heights,
    logo_svg,
    logo_symbol,
    write_logos,
    write_svg_logos,
)
from nfexplainn.motifs.motif import Motif

PPM = np.array([[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25, 0.25, 0.25, 0.25], [0.1, 0.2, 0.3, 0.4]])
MOTIF = Motif("unit_001", "CTCF", PPM, 40)
USE = re.compile(r'href="#nfx-([ACGT])" transform="matrix\(1 0 0 (\S+) (\d+) (\S+)\)"')


def letters(symbol: str) -> list[tuple[str, float, int, float]]:
    return [(a, float(h), int(x), float(y)) for a, h, x, y in USE.findall(symbol)]


def test_heights_are_probability_times_information() -> None:
    bits = heights(PPM)
    np.testing.assert_allclose(bits.sum(axis=1)[:3], [2, 1, 0], atol=1e-12)
    entropy = -(PPM[3] * np.log2(PPM[3])).sum()
    np.testing.assert_allclose(bits[3], PPM[3] * (2 - entropy))


def test_symbol() -> None:
    symbol = logo_symbol(MOTIF, "u1")
    root = ET.fromstring(symbol)
    assert (root.tag, root.get("id"), root.get("viewBox")) == ("symbol", "u1", "0 0 4 2")
    drawn = letters(symbol)
    assert drawn[0] == ("A", 2.0, 0, 0.0)
    assert drawn[1:3] == [("A", 0.5, 1, 1.0), ("C", 0.5, 1, 1.5)]
    # Nothing in the flat column; in the last the most frequent letter is on top.
    assert [(letter, x) for letter, _, x, _ in drawn[3:]] == [("T", 3), ("G", 3), ("C", 3)]
    tops = [y for _, _, x, y in drawn if x == 3]
    assert tops == sorted(tops)
    for _, height, _, top in drawn:
        assert top + height <= 2.001
    assert len(symbol) < 110 + 75 * len(drawn)


def test_reverse_complement() -> None:
    turned = Motif("m", "", PPM[::-1, ::-1])
    assert logo_symbol(MOTIF, "x", reverse=True) == logo_symbol(turned, "x")


def test_glyphs_stay_in_their_box() -> None:
    root = ET.fromstring(glyph_defs())
    assert [path.get("id") for path in root] == ["nfx-A", "nfx-C", "nfx-G", "nfx-T"]
    for path in root:
        numbers = [float(number) for number in re.findall(r"\d*\.?\d+", path.get("d", ""))]
        assert min(numbers) >= 0
        assert max(numbers) <= 1


def test_identifiers_are_escaped() -> None:
    assert 'id="a&amp;b&quot;"' in logo_symbol(MOTIF, 'a&b"')


def test_svg_file(tmp_path: Path) -> None:
    motifs = [MOTIF, Motif("d.m.r1.unit 2", "A<b> & " + "long " * 30, np.eye(4))]
    paths = write_svg_logos(motifs, tmp_path / "logos")
    assert [path.name for path in paths] == ["unit_001.svg", "d.m.r1.unit_2.svg"]
    assert sorted(paths) == sorted((tmp_path / "logos").iterdir())
    assert paths[0].read_text() == logo_svg(MOTIF)
    for motif, path in zip(motifs, paths, strict=True):
        root = ET.parse(path).getroot()
        texts = [node.text or "" for node in root.iter("{http://www.w3.org/2000/svg}text")]
        width = float(root.get("width", ""))
        assert texts[0].startswith(motif.id) and len(texts[0]) * 6 <= width
        assert texts[1:] == ["bits", "0", "1", "2", "1"]
    # The letters are those of the report's symbol, in the box between the axes.
    place = re.compile(r'd="([^"]+)" transform="matrix\(1 0 0 (\S+) (\d+) (\S+)\)"')
    drawn = [tuple(map(float, found[1:])) for found in place.findall(paths[0].read_text())]
    assert drawn == [found[1:] for found in letters(logo_symbol(MOTIF, "x"))]
    assert 'transform="matrix(24 0 0 52 44 24)"' in paths[0].read_text()


def test_no_svg_files(tmp_path: Path) -> None:
    assert write_svg_logos([], tmp_path / "none") == []
    assert (tmp_path / "none").is_dir()


def test_files_are_the_same_each_time(tmp_path: Path) -> None:
    pytest.importorskip("logomaker")
    motifs = [MOTIF, Motif("d.m.r1.unit 2", "A$b$ " + "long " * 30, np.eye(4)[[0, 1, 2, 3] * 10])]
    first = write_logos(motifs, tmp_path / "a", 1, reverse=True)
    assert [path.name for path in first] == [
        f"{stem}{strand}.{form}"
        for stem in ("unit_001", "d.m.r1.unit_2")
        for strand in ("", ".rc")
        for form in ("svg", "png")
    ]
    second = write_logos(motifs, tmp_path / "b", 1, reverse=True)
    for one, two in zip(first, second, strict=True):
        assert one.read_bytes() == two.read_bytes()
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == sorted(
        path.name for path in first
    )
    svg = first[0].read_text()
    assert "<dc:date>" not in svg
    assert "font-family" not in svg
    wide = ET.fromstring(first[4].read_text()).get("width", "")
    assert float(wide.removesuffix("pt")) <= 14 * 72
    assert first[1].read_bytes()[:4] == b"\x89PNG"


def test_several_processes_draw_the_same(tmp_path: Path) -> None:
    pytest.importorskip("logomaker")
    motifs = [Motif(f"m{number}", "", PPM[:2]) for number in range(11)]
    alone = write_logos(motifs, tmp_path / "a", 1)
    together = write_logos(motifs, tmp_path / "b", 2)
    assert [path.name for path in alone] == [path.name for path in together]
    for one, two in zip(alone, together, strict=True):
        assert one.read_bytes() == two.read_bytes()


def test_no_motifs(tmp_path: Path) -> None:
    assert write_logos([], tmp_path / "none") == []
    assert list((tmp_path / "none").iterdir()) == []
