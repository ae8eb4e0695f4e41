"""The report: what it says about results whose truth is known."""

from __future__ import annotations

import csv
import dataclasses
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml

import report_fixtures as fixtures
from nfexplainn.motifs.jaspar import jaspar_releases
from nfexplainn.order import natural_key
from nfexplainn.page import scores as sc
from nfexplainn.page.load import Inputs, load_inputs
from nfexplainn.page.mqc import cell, power, short
from nfexplainn.page.units import top_units, units_of
from nfexplainn.report.build import all_chapters, build_report
from nfexplainn.report.methods import methods_html
from nfexplainn.report.motifs import rows_per_model


def build(folder: Path, specs: tuple[fixtures.Spec, ...], **params: Any) -> Path:
    fixtures.write_results(folder / "in", specs)
    inputs = load_inputs([folder / "in"], fixtures.PARAMS | params, fixtures.VERSIONS)
    build_report(inputs, folder / "out")
    return folder / "out"


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "tables" / f"{name}.tsv").open() as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def content(folder: Path, name: str) -> dict[str, Any]:
    return json.loads((folder / f"{name}_mqc.json").read_text())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("report"), fixtures.DEMO)


@pytest.fixture(scope="module")
def inputs(demo: Path) -> Inputs:
    return load_inputs([demo.parent / "in"], fixtures.PARAMS, fixtures.VERSIONS)


def test_every_data_set_has_its_verdict(demo: Path) -> None:
    verdicts = {row["dataset"]: row["verdict"] for row in table(demo, "summary")}
    assert verdicts == {
        "H3K9me3_broad": "weak",
        "MAFK": "usable",
        "OCT4": "usable",
        "TAp73_chrX": "none",
        "starr": "usable",
        "yeast_promoters": "usable",
    }
    markup = content(demo, "nfx_summary_main")["data"]
    for words in ("✓</span> usable", "!</span> weak", "</span> no model"):
        assert words in markup, "a verdict is told by words and a mark, not by colour alone"


def test_unusable_data_set_keeps_its_reason_and_advice(demo: Path) -> None:
    bad = next(row for row in table(demo, "status") if row["dataset"] == "TAp73_chrX")
    assert bad["state"] == "unusable"
    assert bad["reason"] == fixtures.Spec.reason
    for name in ("nfx_status_main", "nfx_summary_main"):
        markup = content(demo, name)["data"]
        assert fixtures.Spec.reason in markup
        assert fixtures.Spec.advice in markup


def diverge(folder: Path, dataset: str, replicates: tuple[int, ...]) -> None:
    """Leave only what a run that diverged leaves."""
    for replicate in replicates:
        run = f"{dataset}.explainn.r{replicate}"
        for path in folder.rglob(f"{run}.*"):
            path.unlink()
        record = {"dataset": dataset, "model": "explainn", "replicate": replicate, "seed": 7}
        record |= {"reason": "The training loss of epoch 3 is nan.", "advice": "Lower it."}
        (folder / f"{run}.diverged.json").write_text(json.dumps(record))


def test_data_set_whose_trainings_all_diverged_is_unusable(tmp_path: Path) -> None:
    fixtures.write_results(tmp_path / "in", fixtures.DEMO[:2])
    diverge(tmp_path / "in", "OCT4", (1, 2, 3))
    for path in (tmp_path / "in").rglob("OCT4.explainn.*"):
        if not path.name.endswith(".diverged.json"):
            path.unlink()
    build_report(load_inputs([tmp_path / "in"], {}, {}), tmp_path / "out")
    row = next(row for row in table(tmp_path / "out", "status") if row["dataset"] == "OCT4")
    assert row["state"] == "unusable" and row["advice"] == "Lower it."
    assert row["reason"].endswith("(3 diverged). The training loss of epoch 3 is nan.")
    rows = {row["dataset"]: row for row in table(tmp_path / "out", "summary")}
    assert rows["OCT4"]["verdict"] == "none" and rows["OCT4"]["reason"] == row["reason"]
    assert all(row["verdict"] != "none" for name, row in rows.items() if name != "OCT4")
    assert len(table(tmp_path / "out", "diverged")) == 3


def test_a_replicate_that_diverged_is_told_of(tmp_path: Path) -> None:
    fixtures.write_results(tmp_path / "in", fixtures.DEMO[1:2])
    diverge(tmp_path / "in", "OCT4", (3,))
    (tmp_path / "in" / "OCT4.cnn1.r1.diverged.json").write_text(
        json.dumps(
            {"dataset": "OCT4", "model": "cnn1", "replicate": 1, "seed": 1}
            | {"reason": "Nothing but nan.", "advice": "Lower it."}
        )
    )
    build_report(load_inputs([tmp_path / "in"], {}, {}), tmp_path / "out")
    rows = {row["model"]: row for row in table(tmp_path / "out", "summary")}
    assert rows["explainn"]["reason"].endswith("Diverged and left out: r3. Lower it.")
    assert rows["explainn"]["verdict"] != "none"
    assert rows["cnn1"]["verdict"] == "unusable" and rows["cnn1"]["reason"] == "Nothing but nan."


def test_the_first_screen_says_which_folds_were_tested(tmp_path: Path) -> None:
    fixtures.write_results(tmp_path / "in", fixtures.DEMO[1:2])
    (tmp_path / "in" / "OCT4.header.json").write_text(json.dumps({"folds": 3}))
    build_report(load_inputs([tmp_path / "in"], {}, {}), tmp_path / "all")
    markup = content(tmp_path / "all", "nfx_summary_main")["data"]
    assert "tested on every sequence once (3-fold cross-validation)" in markup
    diverge(tmp_path / "in", "OCT4", (3,))
    build_report(load_inputs([tmp_path / "in"], {}, {}), tmp_path / "some")
    markup = content(tmp_path / "some", "nfx_summary_main")["data"]
    assert "tested on the sequences of 2 of 3 folds; the other trainings diverged" in markup
    assert "every sequence once" not in markup


def test_motifs_are_ranked_within_each_task(demo: Path) -> None:
    first = {
        row["task"]: row["leading_motifs"].split(" (")[0]
        for row in table(demo, "summary")
        if row["dataset"] == "yeast_promoters"
    }
    assert first == {"Abf1": "ABF1", "Cbf1": "CBF1", "Rap1": "RAP1", "Reb1": "REB1"}
    rows = content(demo, "nfx_motifs_yeast_promoters")["data"]
    leaders = [re.sub("<.*?>", "", row["motif"]).split()[0] for row in list(rows.values())[:4]]
    assert sorted(leaders) == ["ABF1", "CBF1", "RAP1", "REB1"]
    assert all(row["rank"] == 1 for row in list(rows.values())[:4])


def test_scores_are_means_and_deviations_over_replicates(demo: Path, inputs: Inputs) -> None:
    values = []
    for replicate in (1, 2, 3):
        path = demo.parent / "in" / f"OCT4.explainn.r{replicate}.metrics.tsv"
        with path.open() as handle:
            values += [
                float(row["value"])
                for row in csv.DictReader(handle, delimiter="\t")
                if (row["split"], row["metric"]) == ("test", "auprc")
            ]
    row = next(row for row in table(demo, "summary") if row["dataset"] == "OCT4")
    assert float(row["value"]) == pytest.approx(np.mean(values), rel=1e-5)
    assert float(row["sd"]) == pytest.approx(np.std(values, ddof=1), rel=1e-5)
    shown = content(demo, "nfx_performance_scores")["data"]["OCT4"]
    assert shown["mean"] == pytest.approx(np.mean(values))
    assert shown["chance"] == 0.5
    baseline = sc.pick(sc.baseline_scores(_dataset(inputs, "OCT4"), "kmer4"), "bound", "auprc")
    assert baseline is not None
    assert shown["kmer4"] == baseline.mean


def test_missing_score_shows_the_reason(tmp_path: Path) -> None:
    fixtures.write_results(tmp_path / "in", fixtures.DEMO[:1])
    for path in (tmp_path / "in").glob("*.metrics.tsv"):
        rows = list(csv.DictReader(path.open(), delimiter="\t"))
        for row in rows:
            row["value"], row["note"] = "", "fewer than 10 positives"
        fixtures.table(path, rows)
    build_report(load_inputs([tmp_path / "in"], {}, {}), tmp_path / "out")
    markup = content(tmp_path / "out", "nfx_summary_main")["data"]
    assert "fewer than 10 positives" in markup
    assert "AUPRC" not in markup


def test_units_are_those_of_the_best_replicate(tmp_path: Path) -> None:
    fixtures.write_results(tmp_path / "in", fixtures.DEMO[1:2])
    verdict = tmp_path / "in" / "OCT4.explainn.verdict.json"
    verdict.write_text(json.dumps(json.loads(verdict.read_text()) | {"best_replicate": 2}))
    inputs = load_inputs([tmp_path / "in"], {}, {})
    build_report(inputs, tmp_path / "out")
    with (tmp_path / "in" / "OCT4.explainn.units.tsv").open() as handle:
        truth = {
            row["unit"]: row["effect:bound"]
            for row in csv.DictReader(handle, delimiter="\t")
            if row["replicate"] == "2"
        }
    shown = table(tmp_path / "out", "motifs")
    assert {row["replicate"] for row in shown} == {"2"}
    assert {row["unit"]: float(row["effect"]) for row in shown} == {
        unit: pytest.approx(float(effect), rel=1e-5) for unit, effect in truth.items()
    }


def test_effects_of_other_sequences_say_so(tmp_path: Path) -> None:
    fixtures.write_results(tmp_path / "in", fixtures.DEMO[:1])
    other = "all labelled (no well-predicted negative)"
    for path in (tmp_path / "in").rglob("*.effects.tsv"):
        path.write_text(path.read_text().replace("well-predicted sequences", other))
    build_report(
        load_inputs([tmp_path / "in"], fixtures.PARAMS, fixtures.VERSIONS), tmp_path / "out"
    )
    texts = [path.read_text() for path in (tmp_path / "out").glob("nfx_motifs*_mqc.json")]
    assert texts and all(f"from {other} sequences" in text for text in texts)


def test_top_motifs_are_distinct_strong_and_raise_the_prediction(inputs: Inputs) -> None:
    position = next(i for i, model in enumerate(inputs.models) if model.dataset == "OCT4")
    units = units_of(inputs.models[position], position)
    first, second, third = top_units(units, "bound", 10)
    twin = dataclasses.replace(second, annotation=first.annotation)
    assert top_units([first, twin, third], "bound", 10) == [first, third]
    for factor, kept in ((-1.0, False), (0.1, False), (0.5, True)):
        effects = tuple(
            dataclasses.replace(e, effect=(first.best.effect or 0) * factor) for e in third.effects
        )
        other = dataclasses.replace(third, effects=effects)
        assert (other in top_units([first, other], "bound", 10)) == kept
    faint = dataclasses.replace(third, annotation="", status="low_information")
    assert faint not in top_units([first, faint], "bound", 10)


def test_boxes_are_the_quantiles_of_the_contributions(demo: Path) -> None:
    row = next(row for row in table(demo, "importances") if row["annotation"] == "MAFK")
    frame = pq.read_table(demo.parent / "in" / "MAFK.explainn.r1.importances.parquet").to_pandas()
    values = frame[(frame["unit"] == int(row["unit"][-3:])) & (frame["task"] == "bound")]
    expected = np.quantile(values["contribution"], (0.05, 0.25, 0.5, 0.75, 0.95))
    found = [float(row[name]) for name in ("q05", "q25", "median", "q75", "q95")]
    assert found == pytest.approx(expected, rel=1e-4)
    assert int(row["n"]) == len(values)


def test_heatmap_holds_the_final_weights_and_leaves_the_missing_empty(demo: Path) -> None:
    shown = content(demo, "nfx_site_effects_final_weights__all_data_sets")
    weights = {
        (row["dataset"], row["task"], row["annotation"]): float(row["weight"])
        for row in table(demo, "motifs")
        if row["annotation"]
    }
    known = 0
    for motif, values in zip(shown["ycats"], shown["data"], strict=True):
        for column, value in zip(shown["xcats"], values, strict=True):
            dataset, _, task = column.partition(" · ")
            expected = weights.get((dataset, task or "bound", motif))
            assert value == (None if expected is None else pytest.approx(expected, rel=1e-5))
            known += value is not None
    assert known > 10


class _Tags(HTMLParser):
    """Collects the tags of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        self.tags.add(tag)


def test_text_of_the_user_is_never_markup(tmp_path: Path) -> None:
    evil = "<marquee onload=x>&\"'"
    bad = fixtures.Spec("bad", kind="not trained", reason=evil, advice=evil)
    good = fixtures.Spec("good", tasks=(evil, "b,c"), motifs=("MAFK", "CTCF"))
    out = build(tmp_path, (bad, good), motif_db=evil)
    for path in sorted(out.glob("*_mqc.json")):
        for text in _strings(json.loads(path.read_text())):
            parser = _Tags()
            parser.feed(text)
            assert "marquee" not in parser.tags, f"{path.name}: {text[:200]}"
    assert "b&#44;c" in cell("b,c"), "MultiQC replaces commas of cells by markup"


def _strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(text for item in value.values() for text in _strings(item))]
    if isinstance(value, list):
        return [text for item in value for text in _strings(item)]
    return [value] if isinstance(value, str) else []


def test_same_inputs_give_the_same_bytes_without_a_date(tmp_path: Path, demo: Path) -> None:
    again = build(tmp_path, tuple(reversed(fixtures.DEMO)))
    names = sorted(path.relative_to(demo) for path in demo.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    for name in names:
        assert (demo / name).read_bytes() == (again / name).read_bytes(), name
        assert not re.search(r"\b20\d\d-\d\d-\d\d\b", (demo / name).read_text()), name


def test_long_sheet_is_cut_and_says_so(tmp_path: Path) -> None:
    count = 40
    out = build(tmp_path, fixtures.many(count))
    shown = content(out, "nfx_motifs_all_data_sets")
    models = len({row["dataset"] for row in table(out, "metrics")})
    assert len(shown["data"]) == models * rows_per_model(models, 100)
    assert len({row["unit"] + row["dataset"] for row in table(out, "motifs")}) == models * 40
    assert "tables/motifs.tsv" in shown["description"]
    assert len(table(out, "status")) == count


@pytest.mark.parametrize(
    ("models", "wanted", "rows"), [(1, 100, 100), (2, 30, 30), (6, 100, 50), (150, 100, 2)]
)
def test_rows_per_model(models: int, wanted: int, rows: int) -> None:
    assert rows_per_model(models, wanted) == rows


def test_chapters_of_several_sections_have_a_lead_of_their_own(root: Path) -> None:
    # MultiQC would put the text of one section, of one data set, under the chapter's heading.
    sources = "".join(path.read_text() for path in (root / "bin/nfexplainn/report").glob("*.py"))
    alone = {name.lower() for name in re.findall(r'page\.section\(\s*([A-Z]+),\s*"",', sources)}
    alone |= {name.lower() for name in re.findall(r'page\.table\(\s*([A-Z]+),\s*"",', sources)}
    assert {chapter.key for chapter in all_chapters() if not chapter.lead} == {
        f"nfx_{name}" for name in alone
    }
    assert alone == {"summary", "status", "importance", "tomtom", "methods", "parameters"}


def test_every_section_carries_the_lead_of_its_chapter(demo: Path) -> None:
    leads: dict[str, set[str]] = {}
    for path in demo.glob("*_mqc.json"):
        section = json.loads(path.read_text())
        leads.setdefault(section["parent_id"], set()).add(section["parent_description"])
    assert all(len(found) == 1 for found in leads.values()), leads
    of_chapters = {chapter.key: {chapter.lead} for chapter in all_chapters() if chapter.lead}
    assert {key: found for key, found in leads.items() if key in of_chapters} == {
        key: found for key, found in of_chapters.items() if key in leads
    }


def test_page_order_names_every_chapter(root: Path) -> None:
    config = yaml.safe_load((root / "assets/multiqc/multiqc_config.yml").read_text())
    order = config["report_section_order"]
    ranked = sorted(order, key=lambda key: -order[key]["order"])
    named = [key for key in ranked if key.startswith("nfx_")]
    assert named == [chapter.key for chapter in all_chapters()]
    assert ranked.index("multiqc_software_versions") == ranked.index("nfx_parameters") - 1
    assert config["run_modules"] == ["custom_content"]


def test_documentation_names_every_chapter(root: Path) -> None:
    table = (root / "docs/output.md").read_text().partition("| chapter |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1].strip() for line in table.splitlines()[2:]]
    named = [name for row in rows for name in row.split(", ")]
    titles = [chapter.title for chapter in all_chapters()]
    assert [name for name in named if name != "Software Versions"] == titles


def test_documentation_names_every_table_and_its_columns(root: Path, demo: Path) -> None:
    text = (root / "docs/output.md").read_text()
    said = dict(re.findall(r"^\| `(\w+)\.tsv`[^|]*\|[^|]*\| (.*?) \|$", text, re.MULTILINE))
    text += "".join(path.read_text() for path in sorted((root / "docs/usage").glob("*.md")))
    for path in (demo / "tables").glob("*.tsv"):
        columns = path.read_text().partition("\n")[0].split("\t")
        entry = said[path.stem]
        others = re.search(r"the columns of `([^`]*)`", entry)
        if others:  # as said where the file itself is described, after a colon
            name = re.escape(others[1])
            described = re.search(rf"`{name}`(?:[^`:]|`[-.\w]*`)*:[^`]*`([^`]*)`", text)
            assert described, f"{others[1]} is not described"
            entry = entry.replace(others[0], f"`{described[1]}`")
        listed = " ".join(re.findall(r"`([^`]*)`", entry.partition("(")[0])).split()
        assert sorted(columns) == sorted(listed), path.name


def test_methods_tell_what_was_done(inputs: Inputs) -> None:
    params = {"units": 100, "jaspar_taxon": "fungi", "jaspar_release": "2024", "seed": 7}
    text = methods_html(dataclasses.replace(inputs, params=params))
    assert "100 independent units" in text
    assert "fungi collection of JASPAR 2024" in text
    newest = methods_html(dataclasses.replace(inputs, params={"units": 100}))
    assert f"vertebrates collection of JASPAR {jaspar_releases()[0]} [" in newest
    schema = (Path(__file__).parents[3] / "nextflow_schema.json").read_text()
    assert f"(by default {jaspar_releases()[0]}, the newest)" in schema
    own = methods_html(dataclasses.replace(inputs, params={"motif_db": "my.meme"}))
    assert "the motifs of my.meme" in own
    assert "JASPAR" not in own
    marks = {int(n) for group in re.findall(r"\[([\d, ]+)\]", own) for n in group.split(",")}
    assert marks == set(range(1, own.count("<li>") + 1)), "every reference is cited, and once"


def test_methods_name_what_differs_between_data_sets(inputs: Inputs) -> None:
    params = {"width": 200, "units": 100, "datasets": {"MAFK": {"width": 101, "units": 100}}}
    text = methods_html(dataclasses.replace(inputs, params=params))
    assert "<li>MAFK: width = 101</li>" in text


def test_files_of_one_name_must_agree(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.status.json").write_text(f'{{"state": "ok", "reason": "{folder}"}}')
    with pytest.raises(ValueError, match="differ but have the same name"):
        load_inputs([tmp_path], {}, {})


def test_inputs_may_be_links_to_folders(tmp_path: Path) -> None:
    fixtures.write_results(tmp_path / "real", fixtures.DEMO[:1])
    (tmp_path / "staged").mkdir()
    (tmp_path / "staged" / "1").symlink_to(tmp_path / "real")
    inputs = load_inputs([tmp_path / "staged"], {}, {})
    assert [dataset.id for dataset in inputs.datasets] == ["MAFK"]
    assert inputs.models[0].tasks == ["bound"]


def test_report_without_any_model(tmp_path: Path) -> None:
    out = build(tmp_path, fixtures.DEMO[3:4])
    assert "not trained" in content(out, "nfx_summary_main")["data"]
    assert not list(out.glob("nfx_motifs*"))


def test_report_does_not_load_torch() -> None:
    code = "import nfexplainn.report.build, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=_bin(), check=False).returncode == 0


def test_command_names_a_missing_folder(tmp_path: Path) -> None:
    (tmp_path / "params.json").write_text("{}")
    command = [sys.executable, str(_bin() / "report.py"), "--inputs", str(tmp_path / "none")]
    command += ["--params", str(tmp_path / "params.json"), "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "there is no such file or folder" in done.stderr


def test_small_formats() -> None:
    assert (short(-0.123), short(None)) == ("\u22120.12", "\u2013")
    assert [power(value) for value in (3.4e-8, 0.0123, None)] == ["3e-08", "0.012", "\u2013"]
    assert sorted(["s10", "s2", "S1"], key=natural_key) == ["S1", "s2", "s10"]


def _bin() -> Path:
    return Path(__file__).resolve().parents[3] / "bin"


def _dataset(inputs: Inputs, name: str) -> Any:
    return next(dataset for dataset in inputs.datasets if dataset.id == name)


def test_names_that_make_one_id_get_two_sections(tmp_path: Path) -> None:
    out = build(tmp_path, (fixtures.Spec("a-b"), fixtures.Spec("a_b")))
    named = [content(out, f"nfx_motifs_a_b{end}")["section_name"] for end in ("", "_2")]
    names = {re.sub("<!--.*?-->", "", name) for name in named}
    assert names == {"a-b", "a_b"}
