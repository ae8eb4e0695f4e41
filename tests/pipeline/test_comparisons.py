# ruff: noqa: E501
"""Several models in one run: sizes and architectures compared, filters nullified, modes counted."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from nextflow_runs import DEMO, ROOT, Run, first_of, run_nextflow, write_sheet

MODELS = ("explainn_u2", "explainn_u4", "cnn1")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Run:
    """Two sizes of ExplaiNN and a network, in two replicates, with both analyses."""
    folder = tmp_path_factory.mktemp("compared")
    sheet = write_sheet(
        folder / "sheet.csv",
        ("sample", "assay", "data", "units", "models"),
        ("oct4", "sequences", str(tiny / "oct4.fa"), "4,2", "explainn,cnn1"),
    )
    clusters = folder / "clusters.tab"
    clusters.write_text("MA1115.1\tPOU\nx_MA0142_1\tPOU\nMA0139.1\tCTCF\n")
    run = run_nextflow(
        folder,
        ROOT,
        *("--input", sheet, "--max_epochs", "2", "--replicates", "2"),
        *("--nullification", "--nullify_sequences", "50"),
        *("--binding_modes", "--mode_clusters", clusters),
    )
    assert run.code == 0, run.said
    return run


def test_every_model_is_there(compared: Run) -> None:
    for model in MODELS:
        for replicate in (1, 2):
            run = f"oct4.{model}.r{replicate}"
            for kind in ("model.safetensors", "metrics.tsv", "nullification.tsv"):
                assert (compared.results / "oct4" / model / f"{run}.{kind}").is_file()
            for row in rows(compared.results / "oct4" / model / f"{run}.metrics.tsv"):
                assert row["model"] == model
        motifs = compared.results / "oct4" / model / "motifs"
        for kind in ("tomtom.tsv", "support.tsv", "modes.tsv"):
            assert (motifs / f"oct4.{model}.{kind}").is_file()
    for units in (2, 4):
        motifs = compared.results / "oct4" / f"explainn_u{units}" / "motifs"
        assert len(rows(motifs / f"oct4.explainn_u{units}.r1.units.tsv")) == units
    filters = rows(compared.results / "oct4" / "cnn1" / "motifs" / "oct4.cnn1.r1.filters.tsv")
    assert [row["unit"] for row in filters[:2]] == ["filter_001", "filter_002"]
    assert len(filters) == 100
    assert not (compared.results / "oct4" / "explainn").exists()


def test_nullification_of_units_and_filters(compared: Run) -> None:
    influence = rows(compared.results / "oct4" / "cnn1" / "oct4.cnn1.r2.nullification.tsv")
    assert len(influence) == 100
    assert {row["sequences"] for row in influence} == {"50"}
    assert any(float(row["influence"]) > 0 for row in influence)
    units = rows(
        compared.results / "oct4" / "explainn_u4" / "oct4.explainn_u4.r1.nullification.tsv"
    )
    assert [row["unit"] for row in units] == [f"unit_{n:03d}" for n in (1, 2, 3, 4)]
    table = rows(compared.results / "tables" / "nullification.tsv")
    assert len(table) == 2 * (100 + 4 + 2)


def test_groups_of_filters_have_evidence_as_groups_of_units_do(compared: Run) -> None:
    motifs = compared.results / "oct4" / "cnn1" / "motifs"
    own = rows(motifs / "oct4.cnn1.evidence.tsv")
    table = rows(compared.results / "tables" / "evidence.tsv")
    assert {row["model"] for row in table} == set(MODELS)
    assert [row["motif"] for row in own] == [
        row["motif"] for row in table if row["model"] == "cnn1"
    ]
    assert 0 < len(own) <= 60
    members = [unit for row in own for unit in row["units"].split(",")]
    assert len(members) == len(set(members))
    assert {unit.partition("_")[0] for unit in members} <= {"r1:filter", "r2:filter"}
    (task,) = rows(motifs / "oct4.cnn1.evidence_tasks.tsv")
    assert int(task["rows"]) == len(own) and int(task["unseen"]) > 0
    assert "groups of filters" in (compared.results / "multiqc_report.html").read_text("utf-8")


def test_report_compares(compared: Run) -> None:
    comparison = rows(compared.results / "tables" / "comparison.tsv")
    assert {row["model"] for row in comparison} == set(MODELS)
    assert {row["other_model"] for row in comparison} == {"", "explainn_u4"}
    assert {row["replicates"] for row in comparison} == {"2"}
    sweep = rows(compared.results / "tables" / "sweep.tsv")
    assert [row["n_units"] for row in sweep] == ["2", "4"]
    assert sum(int(row["chosen"]) for row in sweep) == 1
    counts = rows(compared.results / "tables" / "mode_counts.tsv")
    assert {(row["model"], row["replicate"]) for row in counts} == {
        (model, replicate) for model in MODELS for replicate in ("1", "2")
    }
    assert all(0 <= int(row["modes"]) <= 2 for row in counts)
    page = (compared.results / "multiqc_report.html").read_text(encoding="utf-8")
    for heading in (
        "Architectures",
        "Number of units",
        "Influence: oct4 · cnn1",
        "Modes found",
    ):
        assert heading in page, heading


@pytest.mark.release
def test_other_analyses_run_only_what_is_new(compared: Run) -> None:
    """Nothing is trained again when an analysis is added or changed."""
    run = run_nextflow(
        compared.folder,
        ROOT,
        *("--input", compared.folder / "sheet.csv", "--max_epochs", "2", "--replicates", "2"),
        *("--nullification", "--nullify_sequences", "40", "-resume"),
    )
    assert run.code == 0, run.said
    new = {name.split(" ")[0] for name, state in run.trace().items() if state != "CACHED"}
    assert new == {"MODEL_NULLIFY", "FILTERS_JUDGE", "REPORT_COLLECT", "REPORT_MULTIQC"}


# Cells of one row each, and what is said of it ({} is the folder of the sheet).
COLUMNS = ("units", "models", "initial_motifs", "nullification", "nullify_with")
COLUMNS += ("nullify_sequences", "binding_modes", "mode_clusters", "streme", "unit_maps")
COLUMNS += ("attribution", "pretrained", "prune", "interactions", "learning_curve")
TRAINED = str(DEMO / "OCT4.explainn.r1.model.safetensors")
NUMBERS = "give a whole number from 1 to 10000, or several separated by commas, such as 1,10,100."
CELLS: tuple[tuple[dict[str, str], str], ...] = (
    ({"units": "5,x"}, "column units: '5,x' cannot be used: " + NUMBERS),
    ({"units": "5,0"}, "column units: '5,0' cannot be used: " + NUMBERS),
    ({"units": "5,"}, "column units: '5,' cannot be used: " + NUMBERS),
    ({"units": "5,20000"}, "column units: '5,20000' cannot be used: " + NUMBERS),
    ({"units": "0"}, "column units: '0' cannot be used: " + NUMBERS),
    ({"units": "20000"}, "column units: '20000' cannot be used: " + NUMBERS),
    ({"units": "2.5"}, "column units: '2.5' cannot be used: " + NUMBERS),
    ({"nullification": "perhaps"}, "column nullification: 'perhaps' is not true or false."),
    ({"nullify_with": "median"}, "column nullify_with: 'median' is not one of mean, zero"),
    ({"nullify_sequences": "3"}, "column nullify_sequences: '3' must be at least 10."),
    ({"binding_modes": "some"}, "column binding_modes: 'some' is not true or false."),
    (
        {"mode_clusters": "x.tab", "binding_modes": "true"},
        "column mode_clusters: there is no file {}/x.tab",
    ),
    (
        {"mode_clusters": ".", "binding_modes": "true"},
        "column mode_clusters: {} is a folder, not a file",
    ),
)
RULES: tuple[tuple[dict[str, str], str], ...] = (
    ({"units": "5,10,5"}, "units '5,10,5' names 5 more than once; give every number once."),
    (
        {"units": "5,10", "models": "cnn1"},
        "units '5,10' are several numbers, to train explainn with each, but models is cnn1; add explainn, or give one number.",
    ),
    (
        {"units": "5,10", "initial_motifs": "jaspar"},
        "initial_motifs sets the number of units (two per profile), but units is 5,10; give one number, or leave initial_motifs out.",
    ),
    (
        {"mode_clusters": "sheet.csv"},
        "mode_clusters is given, but binding_modes is off; switch it on, or leave mode_clusters out.",
    ),
    (
        {"streme": "true", "models": "cnn1,danq"},
        "streme compares motifs of units with those of STREME, which only explainn has, but models is cnn1,danq; add explainn, or leave streme out.",
    ),
    (
        {"learning_curve": "true", "models": "cnn1"},
        "learning_curve compares trainings on parts of the data by the motifs of their units, which only explainn has, but models is cnn1; add explainn, or leave learning_curve out.",
    ),
    (
        {"prune": "true", "models": "cnn1"},
        "prune keeps the units that a model needs, which only explainn has, but models is cnn1; add explainn, or leave prune out.",
    ),
    (
        {"interactions": "true", "models": "cnn1"},
        "interactions tests pairs of motifs of units, which only explainn has, but models is cnn1; add explainn, or leave interactions out.",
    ),
    (
        {"unit_maps": "true", "models": "cnn1"},
        "unit_maps maps sequences by the outputs of units, which only explainn has, but models is cnn1; add explainn, or leave unit_maps out.",
    ),
    *(
        (
            {name: "true", "models": "nam,single_layer", "pretrained": TRAINED},
            f"{name} looks at filters and bases, which models built on pretrained ones do not have, but models is nam,single_layer; add another model, such as explainn, or leave {name} out.",
        )
        for name in ("attribution", "nullification", "binding_modes")
    ),
)


@pytest.mark.parametrize("mistakes", first_of([[CELLS], [RULES]]), ids=["cells", "rules"])
def test_mistakes_are_told_at_once(
    mistakes: tuple[tuple[dict[str, str], str], ...], tmp_path: Path, tiny: Path
) -> None:
    """One sentence for each, with its line, before any task."""
    lines = [
        (f"s{number}", "sequences", str(tiny / "oct4.fa"), *(cells.get(c, "") for c in COLUMNS))
        for number, (cells, _) in enumerate(mistakes)
    ]
    write_sheet(tmp_path / "sheet.csv", ("sample", "assay", "data", *COLUMNS), *lines)
    run = run_nextflow(tmp_path, ROOT, "--input", "sheet.csv")
    assert run.code == 1
    errors = run.errors()
    for line, (_, said) in enumerate(mistakes, start=2):
        wanted = f"sheet.csv, line {line}"
        own = [error for error in errors if error.startswith((wanted + ",", wanted + ":"))]
        assert len(own) == 1 and said.replace("{}", str(tmp_path)) in own[0], (line, said, own)
    assert len(errors) == len(mistakes), errors
    assert not (tmp_path / "results" / "s0").exists()


@pytest.mark.release
def test_what_the_kernel_cannot_do_is_told_at_once(tmp_path: Path, tiny: Path) -> None:
    sheet = write_sheet(
        tmp_path / "sheet.csv",
        ("sample", "assay", "data", "num_fc", "models"),
        ("a", "sequences", str(tiny / "oct4.fa"), "3", "explainn,cnn1"),
        ("b", "sequences", str(tiny / "oct4.fa"), "3", "cnn1"),
    )
    run = run_nextflow(tmp_path, ROOT, "--input", sheet, "--kernel", "native", "--device", "gpu")
    assert run.code == 1
    on_gpu, layers = run.errors()
    assert "line 2: kernel native runs on the CPU only, but device is gpu; use" in on_gpu
    assert "line 2: kernel native computes at most 2 dense layers per unit, but num_fc" in layers


@pytest.mark.release
def test_clusters_of_other_motifs_end_the_run_before_training(tmp_path: Path, tiny: Path) -> None:
    sheet = write_sheet(
        tmp_path / "sheet.csv",
        ("sample", "assay", "data"),
        ("a", "sequences", str(tiny / "oct4.fa")),
    )
    (tmp_path / "clusters.tab").write_text("UN0001.1\t1\n")
    run = run_nextflow(
        tmp_path, ROOT, "--input", sheet, "--binding_modes", "--mode_clusters", "clusters.tab"
    )
    assert run.code == 1
    error, _way_out = run.errors()
    assert error.startswith(
        "ERROR: clusters.tab: none of its motifs (such as UN0001.1) is among the"
    )
    assert not any("MODEL_TRAIN" in name for name in run.trace())
