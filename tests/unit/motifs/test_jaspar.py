"""Sets of known motifs: the default in the assets, JASPAR offline, a user's file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nfexplainn.errors import UserError
from nfexplainn.motifs import families
from nfexplainn.motifs.formats import read_meme
from nfexplainn.motifs.jaspar import (
    DEFAULT_RELEASE,
    TAXA,
    fetch_jaspar,
    jaspar_motifs,
    jaspar_releases,
    set_name,
)

pytest.importorskip("pyjaspar", reason="needs the package pyjaspar")


def motif_set(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(root / "bin" / "motif_set.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_default_set_is_what_the_script_makes(root: Path, tmp_path: Path) -> None:
    made = tmp_path / "families.tsv"
    done = motif_set(root, "--out", str(tmp_path / "x.meme"), "--families", str(made))
    assert done.returncode == 0, done.stderr
    assert "1019 motifs" in done.stdout
    asset = root / "assets" / "motifs" / set_name(DEFAULT_RELEASE, "vertebrates")
    assert asset.read_bytes() == (tmp_path / "x.meme").read_bytes()
    assert families.SHIPPED.read_bytes() == made.read_bytes()


def test_the_default_release_is_the_newest() -> None:
    assert jaspar_releases()[0] == DEFAULT_RELEASE
    assert jaspar_releases() == tuple(sorted(jaspar_releases(), reverse=True))


def test_asset_and_package_agree() -> None:
    ours, theirs = jaspar_motifs(), fetch_jaspar(DEFAULT_RELEASE, "vertebrates")
    for one, two in zip(ours.motifs, theirs.motifs, strict=True):
        assert (one.id, one.name, one.nsites) == (two.id, two.name, two.nsites)
        np.testing.assert_array_equal(one.ppm, two.ppm)


@pytest.mark.parametrize(
    ("release", "taxon", "name", "count"),
    [
        ("2020", "vertebrates", "JASPAR2020_CORE_vertebrates_nonredundant.meme", 746),
        ("2024", "fungi", "JASPAR2024_CORE_fungi_nonredundant.meme", 178),
        ("2024", "insects", "JASPAR2024_CORE_insects_nonredundant.meme", 286),
        ("2024", "plants", "JASPAR2024_CORE_plants_nonredundant.meme", 805),
        ("2024", "vertebrates", "JASPAR2024_CORE_vertebrates_nonredundant.meme", 879),
        ("2026", "vertebrates", "JASPAR2026_CORE_vertebrates_nonredundant.meme", 1019),
    ],
)
def test_against_exported_files(
    data_dir: Path, release: str, taxon: str, name: str, count: int
) -> None:
    expected = {motif.id: motif for motif in read_meme(data_dir / "jaspar" / name).motifs}
    ours = jaspar_motifs(taxon, release).motifs
    assert len(ours) == len(expected) == count
    for motif in ours:
        assert motif.name == expected[motif.id].name
        np.testing.assert_allclose(motif.ppm, expected[motif.id].ppm, atol=2e-6)
        # Those files give the largest total of a profile's positions.
        assert 0 < motif.nsites <= expected[motif.id].nsites


def test_one_version_each_in_a_stable_order() -> None:
    motifs = jaspar_motifs("fungi").motifs
    keys = [(motif.id.partition(".")[0], int(motif.id.partition(".")[2])) for motif in motifs]
    assert keys == sorted(keys)
    assert len({base for base, _ in keys}) == len(keys)


def test_every_taxon_has_profiles() -> None:
    assert all(len(jaspar_motifs(taxon).motifs) > 0 for taxon in TAXA)


@pytest.mark.parametrize(
    ("release", "taxon", "sentence"),
    [
        ("2031", "fungi", "there is no JASPAR release '2031'; give one of 2026, 2024, 2022"),
        ("2024", "mice", "JASPAR has no taxon 'mice'; give one of vertebrates, plants"),
        ("2014", "diatoms", "JASPAR 2014 has no profiles of diatoms; give another taxon"),
    ],
)
def test_unknown_releases_and_taxa(
    root: Path, tmp_path: Path, release: str, taxon: str, sentence: str
) -> None:
    with pytest.raises(UserError) as caught:
        jaspar_motifs(taxon, release)
    assert sentence in str(caught.value)
    out = tmp_path / "x.meme"
    done = motif_set(root, "--release", release, "--taxon", taxon, "--out", str(out))
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()


def test_a_users_file(root: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.jaspar").write_text(">m1 a b\nA [3 0]\nC [1 4]\nG [0 0]\nT [0 0]\n")
    arguments = ("--file", str(tmp_path / "mine.jaspar"), "--out", str(tmp_path / "x.meme"))
    assert motif_set(root, *arguments).returncode == 0
    (motif,) = read_meme(tmp_path / "x.meme").motifs
    assert (motif.id, motif.name, motif.nsites) == ("m1", "a b", 4)
    np.testing.assert_allclose(motif.ppm, [[0.75, 0.25, 0, 0], [0, 1, 0, 0]])
