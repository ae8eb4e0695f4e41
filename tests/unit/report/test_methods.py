"""The methods text: what ran is told, with each data set's own values, and what did not is not."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from nfexplainn.features import architecture_facts
from nfexplainn.page.load import DatasetResult, Inputs, ModelResult, load_inputs
from nfexplainn.report.methods import methods_html
from nfexplainn.report.references import REFERENCES

DOIS = {name: doi for name, (_, doi) in REFERENCES.items()}
DOIS |= {name: one.reference[1] for name, one in architecture_facts().items() if one.reference}


def dataset(
    name: str, assay: str = "peaks", models: tuple[str, ...] = ("explainn",)
) -> DatasetResult:
    some = tuple(ModelResult(name, model) for model in models)
    return DatasetResult(name, "ok", "", "", {"assay": assay}, [], [], [], [], some)


def inputs_of(folder: Path, *names: str, own: dict[str, dict] | None = None, **params) -> Inputs:
    """Two data sets, d and e, with (empty) results of analyses."""
    for name in names:
        (folder / name).write_text("a\n")
    found = load_inputs([folder], params | {"datasets": own or {}}, {})
    return dataclasses.replace(found, datasets=(dataset("d"), dataset("e")))


def discovery(folder: Path, name: str, state: str) -> None:
    rows = f"source\tstate\nstreme\t{state}\nexplainn\tok\n"
    (folder / f"{name}.explainn.discovery.tsv").write_text(rows)


WORDS = {
    "explainn.r1.cooperativity.tsv": ("GGGCT", ()),
    "cnn1.r1.nullification.tsv": ("Filters were nullified", ("aitac",)),
    "explainn.modes.tsv": ("Binding modes", ()),
    "explainn.r2.attribution.tsv": (
        "DeepLIFT",
        ("deeplift", "tangermeme", "modisco", "shuffle"),
    ),
    "explainn.r1.umap.tsv": ("embedded by UMAP", ("umap",)),
    "explainn.r1.explained.tsv": ("were split over the units", ()),
}


@pytest.mark.parametrize("ending", WORDS)
def test_an_analysis_is_told_where_it_ran(tmp_path: Path, ending: str) -> None:
    words, references = WORDS[ending]
    # That it was asked for is not enough: the data sets may have been unusable.
    asked = {"cooperativity": "top", "attribution": True, "unit_maps": True, "nullification": True}
    without = methods_html(inputs_of(tmp_path, **asked, binding_modes=True, explain="x.bed"))
    assert words not in without
    one = methods_html(inputs_of(tmp_path, f"d.{ending}"))
    (paragraph,) = [text for text in one.split("<p>") if words in text]
    assert paragraph.startswith("In d: ") and one.count(words) == 1
    assert all(DOIS[key] in one and DOIS[key] not in without for key in references)
    both = methods_html(inputs_of(tmp_path, f"e.{ending}"))
    assert "In d" not in both and both.count(words) == 1


def test_groups_of_units_are_told_where_they_were_tested(tmp_path: Path) -> None:
    words = "were joined into groups"
    assert words not in methods_html(inputs_of(tmp_path))
    text = methods_html(inputs_of(tmp_path, "d.explainn.evidence.tsv"))
    assert text.count(words) == 1 and DOIS["fdr"] in text


def test_folds_are_told_where_any_data_set_has_them(tmp_path: Path) -> None:
    words = (" and, with folds, in the fold that they are tested on", "With folds, every sequence")
    inputs = inputs_of(tmp_path, "d.explainn.evidence.tsv", replicates=5)
    one, other = inputs.datasets
    assert not inputs.folded
    assert not any(word in methods_html(inputs) for word in words)
    folded = dataclasses.replace(other, meta=dict(other.meta) | {"folds": 5})
    mixed = dataclasses.replace(inputs, datasets=(one, folded))
    assert mixed.folded and all(word in methods_html(mixed) for word in words)


def test_values_are_those_of_the_data_set(tmp_path: Path) -> None:
    for name in "de":
        discovery(tmp_path, name, "ok")
    names = [f"{name}.explainn.r1.cooperativity.tsv" for name in "de"]
    own = {"e": {"streme_nmotifs": 100, "cooperativity_backbones": 20, "cooperativity_step": 5}}
    text = methods_html(inputs_of(tmp_path, *names, own=own, streme_nmotifs=7, streme_maxw=15))
    assert "In d: STREME" in text and "(7 motifs of 8 to 15 bp" in text
    assert "In e: STREME" in text and "(100 motifs of 8 to 15 bp" in text
    assert "on 60 random sequences" in text and "another at every distance" in text
    assert "on 20 random sequences" in text and "at distances 5 bp apart" in text
    assert text.count(REFERENCES["streme"][1]) == 2  # the address and its words, once


def test_streme_that_never_ran_is_not_told(tmp_path: Path) -> None:
    discovery(tmp_path, "d", "absent")
    discovery(tmp_path, "e", "failed")
    assert "STREME" not in methods_html(inputs_of(tmp_path, streme=True))
    discovery(tmp_path, "e", "none")
    text = methods_html(inputs_of(tmp_path, streme=True))
    assert "In e: STREME" in text and REFERENCES["streme"][1] in text


def test_networks_and_units_are_nullified_in_their_own_way(tmp_path: Path) -> None:
    names = [f"d.{model}.r1.nullification.tsv" for model in ("danq", "explainn_u5", "explainn_u9")]
    own = {"d": {"nullify_with": "zero", "nullify_sequences": 200}}
    text = methods_html(inputs_of(tmp_path, *names, own=own))
    assert "in DanQ, the map of one filter" in text and "was replaced by 0;" in text
    assert "in ExplaiNN, the output of one unit was set to 0" in text and "at most 200 " in text


def test_integrated_gradients_belong_to_danq(tmp_path: Path) -> None:
    plain = methods_html(inputs_of(tmp_path, "d.explainn_u5.r1.attribution.tsv"))
    assert "(ExplaiNN)" in plain and "integrated gradients" not in plain
    text = methods_html(inputs_of(tmp_path, "d.danq.r1.attribution.tsv"))
    assert "integrated gradients" in text and REFERENCES["integrated_gradients"][1] in text


def test_given_clusters_are_named(tmp_path: Path) -> None:
    own = {"d": {"mode_clusters": "/some/where/<leaf>.tab", "q_threshold": 0.01}}
    text = methods_html(inputs_of(tmp_path, "d.cnn1.modes.tsv", own=own))
    assert "in &lt;leaf&gt;.tab;" in text and "q ≤ 0.01" in text and "some/where" not in text


def test_the_rule_of_a_sweep_is_told_of_sweeps(tmp_path: Path) -> None:
    inputs = inputs_of(tmp_path, units="5,20")
    assert "one standard error" not in methods_html(inputs)
    swept = dataset("d", models=("explainn_u5", "explainn_u20", "danq"))
    text = methods_html(dataclasses.replace(inputs, datasets=(swept, dataset("e"))))
    assert "In d: Of the numbers of units" in text and REFERENCES["cart"][1] in text


def test_denoised_cells_are_told_of(tmp_path: Path) -> None:
    inputs = inputs_of(tmp_path, peakvi=True, own={"d": {"peakvi_latent": 9}})
    assert "PeakVI" not in methods_html(inputs)  # none is of single cells
    cells = dataset("d", "single_cell")
    text = methods_html(dataclasses.replace(inputs, datasets=(cells, dataset("e"))))
    assert "In d: Cells were denoised by PeakVI" in text and "9 latent dimensions" in text
    assert REFERENCES["peakvi"][1] in text


def test_every_reference_is_cited_once_in_its_place(tmp_path: Path) -> None:
    text = methods_html(inputs_of(tmp_path, *(f"d.{ending}" for ending in WORDS)))
    body, _, listed = text.partition("<h4>References</h4>")
    marks = [int(n) for group in re.findall(r"\[([\d, ]+)\]", body) for n in group.split(",")]
    assert list(dict.fromkeys(marks)) == list(range(1, listed.count("<li>") + 1))


def test_every_reference_is_among_the_citations(root: Path) -> None:
    citations = (root / "CITATIONS.md").read_text().lower()
    for key, (_, doi) in REFERENCES.items():
        short = doi.lower().removeprefix("10.48550/")
        assert doi.lower() in citations or short.replace("arxiv.", "arxiv:") in citations, key


SPLITS = {"split_by": "random", "valid_fraction": 0.1, "test_fraction": 0.1}


def split(
    name: str, kind: str, assay: str = "pbm", task: str = "regression", **extra
) -> DatasetResult:
    """A data set with what its preparation tells of the split."""
    meta = {"assay": assay, "task_type": task, "extra": {"split_by": kind} | extra}
    return dataclasses.replace(dataset(name, assay), meta=meta)


def test_what_all_data_sets_say_alike_is_the_runs(tmp_path: Path) -> None:
    own = {name: {"split_by": "chromosome", "seed": 1, "split_column": "set"} for name in "de"}
    text = methods_html(inputs_of(tmp_path, own=own, seed=42, replicates=3, **SPLITS))
    assert "(run seed 1)" in text and "Settings that differ" not in text
    own["e"] = {"split_by": "given", "assay": "pbm", "genome": "/data/genome/hg38.fa"}
    text = methods_html(inputs_of(tmp_path, own=own, seed=42, **SPLITS))
    assert "d: seed = 1, split_by = chromosome, split_column = set</li>" in text
    assert "e: genome = hg38.fa, split_by = given</li>" in text


def test_each_split_is_told_as_it_was_made(tmp_path: Path) -> None:
    groups = {"valid": [], "test": ["At"]}
    made = (
        split("random", "random"),
        split("other", "random", valid_chromosomes=[]),
        split("labels", "random", task="binary"),
        split(
            "chromosome", "chromosome", "peaks", "binary",
            valid_chromosomes=["chr8"], test_chromosomes=["chr1", "chr9"],
        ),
        split("sheet", "given", split_at_random=["valid"], split_column=None),
        split("whole", "given", "peaks", "binary", split_at_random=[]),
        split("cells", "given", split_at_random=["valid", "test"], split_column="set"),
        split("groups", "given", split_at_random=["valid"], split_column="sp", split_groups=groups),
        dataclasses.replace(dataset("unusable"), meta={}),
    )  # fmt: skip
    own = {"cells": {"test_fraction": 0.2}}
    inputs = inputs_of(tmp_path, own=own, **SPLITS)
    text = methods_html(dataclasses.replace(inputs, datasets=made))
    parts = "into training, validation and test parts"
    for sentence in (
        f"The sequences of random and other were split at random {parts} (validation 10 %, test"
        " 10 %).",
        "The sequences of labels were split at random, in equal proportion of labels, into",
        f"of chromosome were split by chromosome {parts} (validation: chr8; test: chr1, chr9).",
        "of sheet were split by the samplesheet into training and test parts; 10 % of training"
        " was taken at random for validation.",
        f"of whole were split by the samplesheet {parts}; sequences that equal or overlap one of"
        " a later part were left out of the earlier.",
        "of cells were split by the column set of the table; 10 % of training was taken at random"
        " for validation, 20 % for test.",
        "of groups were split by the column sp of the table (test: At); 10 % of training was taken"
        " at random for validation.",
    ):
        assert sentence in text
    assert text.count("were split") == 7
    alone = methods_html(dataclasses.replace(inputs, datasets=made[4:5]))
    assert "The sequences were split by the samplesheet into" in alone and "by chromo" not in alone


def test_a_split_keeps_together_what_there_is(tmp_path: Path) -> None:
    shuffled, overlapping = "a shuffled negative was kept", "overlapping windows were kept"
    inputs = inputs_of(tmp_path, **SPLITS)

    def text(one: DatasetResult) -> str:
        return methods_html(dataclasses.replace(inputs, datasets=(one,)))

    peaks = text(split("d", "random", "peaks", "binary", negatives="shuffle"))
    assert f"{shuffled} in the part of the sequence it was made from, and {overlapping}" in peaks
    values = text(split("d", "random"))
    assert shuffled not in values and overlapping not in values


def test_unknown_bases_are_told(tmp_path: Path) -> None:
    assert "unknown base" not in methods_html(inputs_of(tmp_path))
    text = methods_html(inputs_of(tmp_path, max_unknown=0.1))
    assert "Sequences with more than 10 % unknown bases (N) were left out; in the others" in text
    assert "with an unknown base (N) were left out." in methods_html(
        inputs_of(tmp_path, max_unknown=0)
    )
