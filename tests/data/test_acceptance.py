"""Real assays, from the sheet to the tables, with the paper's settings: scores and known motifs."""

from __future__ import annotations

import csv
import gzip
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from nextflow_runs import Run, run_nextflow, write_sheet

pytestmark = pytest.mark.realdata

# JASPAR 2024 fungi; Cbf1's profile and those of the other factors that bind CACGTG as it does.
YEAST = {
    "Reb1": {"MA0363.3"},
    "Abf1": {"MA0265.3"},
    "Rap1": {"MA0359.3"},
    "Cbf1": {"MA0281.3", "MA0409.1", "MA0357.1", "MA0376.2"},
}
HUMAN = {"CTCF": ("CTCF", "CTCFL"), "FOXA1": ("FOX",), "REST": ("REST",), "REST_own": ("REST",)}


@dataclass(frozen=True)
class Acceptance:
    """The tables of one finished run."""

    results: Path

    def rows(self, pattern: str) -> list[dict[str, str]]:
        """Rows of all tables whose name fits."""
        found: list[dict[str, str]] = []
        for path in sorted(self.results.glob(pattern)):
            with path.open(encoding="utf-8") as handle:
                found += csv.DictReader(handle, delimiter="\t")
        return found

    def scores(self, dataset: str, task: str, split: str, metric: str = "auroc") -> list[float]:
        """A score of each replicate."""
        return [
            float(row["value"])
            for row in self.rows(f"{dataset}/explainn/*.metrics.tsv")
            if (row["task"], row["split"], row["metric"]) == (task, split, metric)
            and row["against"] == "all"
        ]

    def places(self, dataset: str, task: str, accepted: set[str]) -> list[tuple[int, int]]:
        """Per replicate, an accepted motif's best places by effect and by median importance."""
        hits: dict[str, set[str]] = {}
        for row in self.rows(f"{dataset}/explainn/**/*.tomtom.tsv"):
            if row["target_id"] in accepted and float(row["q_value"]) <= 0.05:
                hits.setdefault(row["replicate"], set()).add(row["unit"])
        units = self.rows(f"{dataset}/explainn/motifs/{dataset}.explainn.units.tsv")
        found = []
        for replicate in sorted({row["replicate"] for row in units}):
            own = [row for row in units if row["replicate"] == replicate]
            good = hits.get(replicate, set())
            places = []
            for column in (f"effect:{task}", f"importance:{task}"):
                ranked = sorted(
                    (row for row in own if row[column]), key=lambda row: -float(row[column])
                )
                names = [row["unit"] for row in ranked]
                places.append(min((names.index(u) + 1 for u in good if u in names), default=999))
            found.append((places[0], places[1]))
        return found

    def profiles(self, dataset: str, names: tuple[str, ...]) -> set[str]:
        """Ids of the known profiles, of those that any unit matched, whose name begins so."""
        rows = self.rows(f"{dataset}/explainn/**/*.tomtom.tsv")
        return {row["target_id"] for row in rows if row["target_name"].upper().startswith(names)}


@pytest.fixture(scope="module")
def run(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Acceptance]:
    """One run of all data sets; its folder is large and goes again."""
    folder = tmp_path_factory.mktemp("acceptance")
    chipseq = data_dir / "chipseq"
    with gzip.open(chipseq / "REST_GM12878.test_posneg.tsv.gz", "rt") as handle:
        records = [line.rstrip("\n").split("\t") for line in handle]
    for name, label in (("positive", "1"), ("negative", "0")):
        lines = [f">{row[0]}\n{row[1]}\n" for row in records if row[2] == label]
        (folder / f"rest_test_{name}.fa").write_text("".join(lines))
    genome = data_dir / "genome" / "sacCer3_R64.fa.gz"
    columns = ("sample", "assay", "data", "dataset", "negatives", "genome", "split")
    sheet: list[list[str]] = [[*columns, "jaspar_release", "jaspar_taxon"]]
    for task in YEAST:
        peaks = str(chipseq / f"yeast_{task}_chexmix.bed")
        sheet.append([task, "peaks", peaks, "yeast", "gc", str(genome), "", "2024", "fungi"])
    rest = str(chipseq / "REST_GM12878.train_pos.fa.gz")
    for sample, data in {
        "CTCF": str(chipseq / "CTCF_100bp.fa.gz"),
        "FOXA1": str(chipseq / "FOXA1_HepG2.train_pos.fa.gz"),
        "REST": rest,
    }.items():
        sheet.append([sample, "sequences", data, "", "shuffle", "", "", "", ""])
    test_pos, test_neg = (str(folder / f"rest_test_{n}.fa") for n in ("positive", "negative"))
    sheet.append(["REST_train", "sequences", rest, "REST_own", "shuffle", "", "train", "", ""])
    sheet.append(["REST_test", "sequences", test_pos, "REST_own", test_neg, "", "test", "", ""])
    path = write_sheet(folder / "sheet.csv", *sheet)
    root = Path(__file__).resolve().parents[2]
    done: Run = run_nextflow(folder, root, "--input", path, "--recipe", "paper", timeout=2400)
    assert done.code == 0, done.said
    yield Acceptance(done.results)


@pytest.mark.parametrize("task", YEAST)
def test_yeast_factors_in_one_model(run: Acceptance, task: str) -> None:
    assert statistics.median(run.scores("yeast", task, "valid")) >= 0.85
    places = run.places("yeast", task, YEAST[task])
    assert len(places) == 3
    assert sum(effect <= 3 and median <= 10 for effect, median in places) >= 2, places


@pytest.mark.parametrize(("dataset", "least"), [("CTCF", 0.95), ("FOXA1", 0.95), ("REST", 0.90)])
def test_human_factors_against_shuffles(run: Acceptance, dataset: str, least: float) -> None:
    assert statistics.median(run.scores(dataset, dataset, "valid")) >= least
    places = run.places(dataset, dataset, run.profiles(dataset, HUMAN[dataset]))
    assert len(places) == 3
    assert sum(effect <= 3 and median <= 10 for effect, median in places) >= 2, places


def test_rest_on_its_own_test_file(run: Acceptance) -> None:
    assert statistics.median(run.scores("REST_own", "REST_own", "test")) >= 0.98
