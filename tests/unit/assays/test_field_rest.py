"""Further files as people have them: floats, ends, wide windows, one peak, barcodes."""

from __future__ import annotations

import csv
import gzip
import re
from pathlib import Path

import pytest

from field_cases import case_specs, prepare_spec, reading
from nfexplainn.assays.spec import InputFile, Prepared, Row, Spec, check_dataset, make_options
from nfexplainn.errors import UnusableError, UserError

CASES = ("13_float_zero_beyond", "14_width2114", "16_one_peak_allN", "17_background_bed")


@pytest.fixture(scope="module")
def specs(field_dir: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Spec]:
    work = tmp_path_factory.mktemp("genomes")
    return {
        name: spec
        for case in CASES
        for name, spec in case_specs(field_dir / "cases" / case, root, work).items()
    }


def lost(prepared: Prepared, reason: str) -> int:
    return sum(count for _, why, count in prepared.dropped if reason in why)


@pytest.mark.parametrize(
    ("sample", "sentence"),
    [
        ("floats", "floats.bed, line 1: '71994.0' is not a whole number, as start and end must be"),
        ("zerolen", "zerolen.bed, line 1: start 72075 is not before end 72075"),
    ],
)
def test_one_sentence_for_one_cause(specs: dict[str, Spec], sample: str, sentence: str) -> None:
    with pytest.raises(UserError) as error:
        prepare_spec(specs[sample])
    (said,) = str(error.value).splitlines()
    assert said.startswith(sentence) and "1,077 more lines have the same mistake" in said


def test_windows_over_an_end_are_counted(specs: dict[str, Spec]) -> None:
    prepared = prepare_spec(specs["beyond"])
    assert lost(prepared, "over the end") == 32
    assert reading(prepared, "windows").startswith("round 1,078 middles")


def test_windows_of_2114_bp(specs: dict[str, Spec]) -> None:
    prepared = prepare_spec(specs["wide"])
    assert prepared.dataset.codes.shape == (466, 2114)
    assert reading(prepared, "windows") == "round 300 summits (column 10)"


def test_one_peak_or_only_n_is_no_model(specs: dict[str, Spec]) -> None:
    """With the user's own count, negatives apart."""
    for sample in ("onepeak", "oneseq"):
        with pytest.raises(UnusableError, match=r"validation \(1 positive and 1 negative in all\)"):
            check_dataset(prepare_spec(specs[sample]).dataset)
    with pytest.raises(UnusableError, match=r"Only 0 positives .*300 records were dropped"):
        prepare_spec(specs["alln"])


def test_background_peaks_are_matched(specs: dict[str, Spec]) -> None:
    prepared = prepare_spec(specs["fg"])
    labels = prepared.dataset.labels[:, 0]
    assert (labels == 1).sum() == (labels == 0).sum() == 473
    assert lost(prepared, "candidate overlaps a peak") == 91


def test_flanks_of_barcoded_cycles(field_dir: Path) -> None:
    """The 20 random bases between barcode, constant parts and a second gzip member."""
    folder = field_dir / "cases" / "30_htselex_barcodes"
    with (folder / "sheet.csv").open() as handle:
        rows = [row for row in csv.DictReader(handle) if row["dataset"] == "selex"]
    files = tuple(InputFile(row["data"], str(folder / row["data"])) for row in rows)
    options = {key: rows[0][key] for key in ("flank_left", "flank_right")}
    spec = Spec(
        "selex",
        "htselex",
        tuple(Row(row["sample"], at, label=row["label"]) for at, row in enumerate(rows)),
        files,
        make_options(options | {"max_unknown": 0}, 42),
        raw_options=options,
    )
    prepared = prepare_spec(spec)
    without = with_n = 0
    for file in files:
        reads = gzip.decompress(Path(file.path).read_bytes()).decode().splitlines()[1::4]
        inner = [re.search("GAGAGGAAGAG(.*?)CGACGACTCGCTG", read) for read in reads]
        assert len(reads) == 4000  # of both members
        without += inner.count(None)
        with_n += sum("N" in found[1] for found in inner if found)
    assert lost(prepared, "without the flanks") == without == 704
    assert lost(prepared, "with N") == with_n == 159
    bases = (prepared.dataset.codes < 4).sum(axis=1)
    assert set(bases.tolist()) == {20}
    assert prepared.dataset.meta.tasks == ("cycle_0", "cycle_1", "cycle_2")
