"""Advice by assay: whatever option it names, this assay's preparation heeds."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import json
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nfexplainn.assays.checks import check_dataset
from nfexplainn.assays.spec import Spec
from nfexplainn.errors import UnusableError, UserError
from nfexplainn.evaluation import advice as adv
from nfexplainn.evaluation.lift import LiftingMotif
from nfexplainn.evaluation.verdict import Evidence, judge
from nfexplainn.io.genome import index_genome
from region_fixtures import make_genome, make_spec, regions

ROOT = Path(__file__).resolve().parents[3]
FEATURES = json.loads((ROOT / "assets" / "features.json").read_text())
# other names are tested with the assay that they stand for
ASSAYS = {name: one for name, one in FEATURES["assays"].items() if one["module"] == name}
GROUPS = json.loads((ROOT / "nextflow_schema.json").read_text())["$defs"]
PARAMETERS = {name: group for group in GROUPS for name in GROUPS[group]["properties"]}
FREE_OF_ASSAY = ("model", "training")  # what no preparation reads
VALUES = ("starrseq", "pbm", "accessibility", "single_cell", "table of values")
KINDS = [*ASSAYS, "table of values"]  # the first word is the assay
MOTIF = LiftingMotif("row_001", "KLF1", 0.1, 0.09, 0.11, 0.4, 0.8, 0.7)
DEMO = ROOT / "assets" / "demo"

# A value of each option that must change what is prepared, or be complained of in these words.
SETTINGS: dict[str, tuple[dict[str, Any], str]] = {
    "top_n": ({"top_n": 40}, ""),
    "width": ({"width": 120}, ""),
    "max_reads": ({"max_reads": 100}, ""),
    "trim_left": ({"trim_left": 1}, ""),
    "trim_right": ({"trim_right": 1}, ""),
    "transform": ({"transform": "quantile"}, ""),
    "value_columns": ({"value_columns": "no_such"}, "no_such"),
    "negatives_ratio": ({"negatives_ratio": 0.5}, ""),
    "min_positives": ({"min_positives": 10**6}, "min_positives"),
    "valid_fraction": ({"valid_fraction": 0.3}, ""),
    "folds": ({"folds": 3}, ""),
    "split_by": ({"split_by": "given"}, "split_by is 'given'"),
    "valid_chromosomes": ({"split_by": "chromosome", "valid_chromosomes": "no_such"}, "no_such"),
    "test_chromosomes": ({"split_by": "chromosome", "test_chromosomes": "no_such"}, "no_such"),
}


@pytest.fixture(scope="module")
def specs(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Spec]:
    """Give a function that makes the spec of a small data set of an assay."""
    folder = tmp_path_factory.mktemp("advice")
    genome = make_genome(folder)
    simulated = DEMO / "simulated"
    theirs = folder / "simulated.fa"
    index_genome(simulated / "simulated_genome.fa.gz", "g", theirs)
    rng = np.random.default_rng(3)
    beds = [f"{c}\t{s}\t{e}\tp\t{i}\n" for i, (c, s, e) in enumerate(regions(80, 500))]
    lines = ["".join(rng.choice(list("ACGT"), 40)) for _ in range(120)]
    (folder / "p.bed").write_text("".join(beds))
    (folder / "s.fa").write_text("".join(f">{i}\n{text}\n" for i, text in enumerate(lines)))
    for name, step in (("t.tsv", 1), ("v.tsv", 0.1)):
        rows = [f"{text}\t{i % 2 * step}\t{i % 3 // 2}\n" for i, text in enumerate(lines)]
        (folder / name).write_text("sequence\ta\tb\n" + "".join(rows))
    cycles = [simulated / f"simulated_selex_cycle{number}.fastq.gz" for number in range(4)]
    files = {
        "peaks": [folder / "p.bed"],
        "sequences": [folder / "s.fa"],
        "starrseq": [simulated / "simulated_starrseq.tsv.gz"],
        "pbm": [simulated / "simulated_pbm.tsv.gz"],
        "htselex": cycles,
        "smileseq": cycles[3:],
        "table": [folder / "t.tsv"],
        "table of values": [folder / "v.tsv"],
        "matrix": [simulated / "simulated_matrix.tsv.gz"],
        "accessibility": [simulated / "simulated_accessibility.tsv.gz"],
        "single_cell": [simulated / "simulated_cells.h5ad"],
    }

    def make(kind: str, **options: Any) -> Spec:
        assay = kind.split()[0]
        names: dict[str, str | bytes | None] = {str(path): None for path in files[kind]}
        listed = [
            {"sample": f"s{i}", "data": i} | ({"label": str(i)} if assay == "htselex" else {})
            for i in range(len(names))
        ]
        where = genome if assay == "peaks" else theirs if ASSAYS[assay]["genome"] else None
        usual = {"transform": "none"} if "transform" not in options else {}
        return make_spec(folder, where, assay, names, listed, **(usual | options))

    return make


@pytest.fixture(scope="module")
def heeds(specs: Callable[..., Spec]) -> Callable[[str, str], str]:
    """Give a function that says what is wrong with an option of an assay, or nothing."""

    @functools.cache
    def digest(kind: str, **options: Any) -> str:
        prepare = importlib.import_module(f"nfexplainn.assays.{kind.split()[0]}").prepare
        dataset = prepare(specs(kind, **options)).dataset
        check_dataset(dataset)
        return str(dataset.digest())

    @functools.cache
    def problem(kind: str, option: str) -> str:
        if option not in PARAMETERS:
            return "there is no such option"
        if PARAMETERS[option] in FREE_OF_ASSAY:
            return ""
        settings, complaint = SETTINGS[option]
        plain = digest(kind)
        try:
            changed = digest(kind, **settings) != plain
        except (UserError, UnusableError) as error:
            return "" if complaint and complaint in str(error) else str(error)
        return "" if changed and not complaint else "nothing changes"

    return problem


def told(kind: str) -> Iterator[str]:
    """Give all advice there is for an assay."""
    assay = kind.split()[0]
    kinds: list[dict[str, Any]] = [{"metric": "pearson"}] if kind in VALUES else [{}]
    if assay in ("htselex", "table") and kind not in VALUES:
        kinds.append({"accuracy": 0.5})
    good = Evidence("auroc", 0.93, 0.02, 3, 0.1, 0.2, 800, 100, max_epochs=9, assay=assay)
    for scored in kinds:
        for changes in (
            *({"value": 0.05}, {"value": 0.2, "gc": -1}, {"value": 0.65}, {"value": math.nan}),
            *({"gc": 0.95}, {"kmer4": 0.95}, {"test_positives": 2}, {"range": 0.5}),
            *({}, {"replicates": 1}, {"ended_early": 3}, {"supported": 2}),
            *({"test_positives": 2, "recipe": "paper"}, {"kmer4": 0.95, "motif": MOTIF}),
        ):
            yield judge(dataclasses.replace(good, **(scored | changes)))[2]
    yield adv.for_bad_split(assay)
    yield adv.for_bad_split(assay, folded=True)
    if kind not in VALUES and assay != "htselex":
        yield adv.for_few_positives(assay)
        yield adv.for_no_negatives(assay)
    if ASSAYS[assay]["negatives"]:
        yield adv.for_no_others(assay)


def options_in(text: str) -> list[str]:
    """Give the options that a text names: with dashes, or with an underscore at least."""
    dashed = re.findall(r"--([a-z_0-9]+)", text)
    return [*dashed, *(word for word in re.findall(r"[a-z]+_[a-z_]+", text))]


def refused(assay: str, text: str) -> list[str]:
    """Give the kinds of negatives that a text names and the assay refuses."""
    kinds = re.findall(r"--negatives (\w+)", text)
    has = ASSAYS[assay]["negatives"]
    bare = "--negatives" in text and not has
    return [kind for kind in kinds if kind not in has] + (["any"] if bare else [])


@pytest.mark.parametrize("kind", KINDS)
def test_no_advice_names_an_option_that_the_assay_does_not_heed(kind, heeds):
    assay = kind.split()[0]
    named: set[str] = set()
    for text in told(kind):
        assert text[-1] == "." or text.endswith("add rows")
        assert not refused(assay, text), text
        for option in options_in(text):
            named.add(option)
            if option != "negatives":
                assert not heeds(kind, option), (option, text)
        peaks = re.search(r"\bpeaks?\b", text)
        assert assay == "peaks" or not peaks, text
    assert {"max_epochs", "replicates"} < named


def advised_rows() -> Iterator[tuple[list[str], str]]:
    """Give the rows of the page on troubleshooting that are said to be for some assays."""
    page = (ROOT / "docs" / "troubleshooting.md").read_text()
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 3 or set(cells[0]) == {"-"} or cells[1] == "assays":
            continue
        all_of_them = cells[1].split()[0] == "all"
        yield list(ASSAYS) if all_of_them else re.findall(r"`(\w+)`", cells[1]), cells[2]


def test_the_page_on_troubleshooting_says_which_assays_an_option_is_for(heeds):
    rows = list(advised_rows())
    assert len(rows) > 20 and {name for names, _ in rows for name in names} == set(ASSAYS)
    for assays, text in rows:
        assert assays
        for assay in assays:
            assert not refused(assay, text), (assay, text)
            for option in re.findall(r"--(\w+)", text):
                if option != "negatives":
                    assert not heeds(assay, option), (assay, option, text)


def test_an_option_of_another_assay_is_found_out(heeds):
    assert not heeds("peaks", "top_n")
    assert heeds("sequences", "top_n") == "nothing changes"
    assert heeds("matrix", "top_n") == "nothing changes"
    assert heeds("peaks", "max_reads") == "nothing changes"
    assert heeds("peaks", "no_such_thing")
    assert refused("sequences", "use --negatives gc") == ["gc"]
    assert refused("pbm", "use --negatives shuffle") == ["shuffle", "any"]
    assert options_in("take --width, or raise max_epochs.") == ["width", "max_epochs"]


def test_values_are_not_advised_as_classes():
    classes, values = (adv.advice_for("table", values=values) for values in (False, True))
    assert "labels" in classes.wrong and "values" in values.wrong
    assert adv.advice_for("htselex", values=False) != classes
