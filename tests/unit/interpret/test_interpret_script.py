"""From a trained model to named motifs by the real scripts, and the authors' own filters."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import json
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from scipy.optimize import minimize_scalar

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset, DatasetMeta, read_dataset, write_dataset
from nfexplainn.data.tables import write_counts
from nfexplainn.evaluation import metrics
from nfexplainn.evaluation.baselines import baseline_logits
from nfexplainn.evaluation.predict import predict_logits, write_predictions
from nfexplainn.evidence.best_pwms import KINDS
from nfexplainn.evidence.removal import Target
from nfexplainn.evidence.tables import evidence_replicate, held_out_clusters
from nfexplainn.interpret.columns import (
    BEST_PWM_COLUMNS,
    CONSENSUS_COLUMNS,
    EVIDENCE_COLUMNS,
    EVIDENCE_TASK_COLUMNS,
    MINIMAL_COLUMNS,
)
from nfexplainn.interpret.flanks import FLANK
from nfexplainn.interpret.outputs import read_outputs
from nfexplainn.interpret.pwms import count_sites, probabilities, strand_chunks
from nfexplainn.interpret.reestimate import PWM_COLUMNS
from nfexplainn.interpret.status import STATUSES
from nfexplainn.interpret.unit_files import read_tsv
from nfexplainn.io.tsv import write_tsv
from nfexplainn.models.checkpoint import ModelHeader, load_model, save_model
from nfexplainn.models.config import ExplaiNNConfig
from nfexplainn.models.explainn_weights import initial_weights
from nfexplainn.motifs.formats import read_jaspar, read_meme, read_motifs
from nfexplainn.scanner import TableScanner
from nfexplainn.simulation.sequences import background, plant
from nfexplainn.training.loop import TrainingOptions
from training_fixtures import train_weights

OPTIONS = {"activation_threshold": 0.5, "min_sites": 20, "min_information": 5, "q_threshold": 0.05}
MAX_EPOCHS = 24  # enough for what is planted: half-learnt units are rows of their own
FIRST_SEED = 2  # ten units do not learn both motifs well from every start
REPLICATES = (1, 2)
TASKS = ("CTCF", "HNF1A")
LENGTH = 80


def call(root: Path, script: str, folder: Path, *arguments: str) -> None:
    """Run a script in this process, which has torch and pandas loaded already."""
    with contextlib.chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [script, *arguments])
        runpy.run_path(str(root / "bin" / script), run_name="__main__")


@pytest.fixture(scope="module")
def motif_set(root: Path) -> Path:
    return next((root / "assets" / "motifs").glob("*vertebrates*.meme"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, root: Path, motif_set: Path) -> Path:
    """Give all files of two replicates of a model of two planted motifs."""
    out = tmp_path_factory.mktemp("interpret")
    known = {motif.name: motif for motif in read_meme(motif_set).motifs}
    rng = np.random.default_rng(4)
    n = 2000
    labels = (rng.random((n, 2)) < 0.4).astype(np.float32)
    codes = background(n, LENGTH, rng)
    for task, name in enumerate(TASKS):
        rows = np.flatnonzero(labels[:, task])
        codes[rows], _ = plant(codes[rows], [known[name]], rng, probability=0.9)
    labels[rng.random((n, 2)) < 0.05] = np.nan
    meta = DatasetMeta("sim", "sequences", "multilabel", TASKS, LENGTH, True, 1)
    split = np.array(["train"] * 8 + ["valid", "test"])[np.arange(n) % 10]
    dataset = Dataset(meta, [f"s{row}" for row in range(n)], codes, split, labels)
    write_dataset(dataset, out / "sim.dataset.parquet")
    write_counts(dataset, out / "sim.counts.tsv")
    (out / "options.json").write_text(json.dumps(OPTIONS | {"max_epochs": MAX_EPOCHS}))
    config = ExplaiNNConfig(LENGTH, 2, units=10, hidden=20)
    for replicate in REPLICATES:
        prefix = f"sim.explainn.r{replicate}"
        options = TrainingOptions(max_epochs=MAX_EPOCHS, seed=FIRST_SEED + replicate)
        start = initial_weights(config, FIRST_SEED + replicate)
        model, result = train_weights("native", config, start, dataset, options)
        header = ModelHeader("explainn", dataclasses.asdict(config), TASKS, replicate=replicate)
        save_model(out / f"{prefix}.model.safetensors", model.weights(), header)
        history = [(row.epoch, row.valid_loss, int(row.best)) for row in result.history]
        write_tsv(out / f"{prefix}.history.tsv", ("epoch", "valid_loss", "best"), history)
        logits = predict_logits(model, dataset.codes, average_strands=True)
        write_predictions(dataset, logits, out / f"{prefix}.predictions.parquet")
        write_metrics(dataset, logits, out / f"{prefix}.metrics.tsv", "explainn", replicate)
        call(root, "interpret.py", out, *interpret_arguments(replicate))
    scores = [(name, baseline_logits(dataset, name, 1)) for name in ("gc", "kmer4")]
    rows = [row for name, z in scores for row in metric_rows(dataset, z, name, None)]
    write_tsv(out / "sim.baseline.tsv", metrics.COLUMNS, rows)
    return out


def metric_rows(dataset, logits, model, replicate):
    rows = metrics.rows(dataset, logits, model=model, replicate=replicate)
    return [[row[column] for column in metrics.COLUMNS] for row in rows]


def write_metrics(dataset, logits, path, model, replicate):
    write_tsv(path, metrics.COLUMNS, metric_rows(dataset, logits, model, replicate))


def interpret_arguments(replicate: int, out: str = ".") -> list[str]:
    prefix = f"sim.explainn.r{replicate}"
    return [
        *("--model", f"{prefix}.model.safetensors"),
        *("--dataset", "sim.dataset.parquet"),
        *("--predictions", f"{prefix}.predictions.parquet"),
        *("--options", "options.json", "--id", prefix, "--out", out),
    ]


def names(folder: Path, pattern: str) -> list[str]:
    return sorted(path.name for path in folder.glob(pattern))


def test_motif_files_and_table_agree(folder):
    prefix = "sim.explainn.r1"
    units = read_tsv(folder / f"{prefix}.units.tsv", ("unit", "status", "sites", "reason"))
    assert units["unit"].tolist() == [f"unit_{i:03d}" for i in range(1, 11)]
    assert set(units["status"]) <= set(STATUSES) - {"annotated"}
    meme = {motif.id: motif for motif in read_meme(folder / f"{prefix}.units.meme").motifs}
    jaspar = {motif.id: motif for motif in read_jaspar(folder / f"{prefix}.units.jaspar").motifs}
    with_sites = units[units["sites"] > 0]
    assert list(meme) == list(jaspar) == with_sites["unit"].tolist()
    for unit, sites in zip(with_sites["unit"], with_sites["sites"], strict=True):
        assert meme[unit].nsites == jaspar[unit].nsites == sites
        np.testing.assert_allclose(meme[unit].ppm, jaspar[unit].ppm, atol=1e-6)
    homer = read_motifs(folder / f"{prefix}.units.homer").motifs
    assert [motif.name for motif in homer] == list(meme)
    effects = read_tsv(folder / f"{prefix}.effects.tsv", ("unit", "task", "effect"))
    assert len(effects) == 20 and set(effects["task"]) == set(TASKS)
    told = effects["direction"].notna()
    assert told.any() and set(effects.loc[told, "direction"]) <= {"raises", "lowers"}
    raised = effects.loc[told, "site_effect"] > 0
    assert (raised == (effects.loc[told, "direction"] == "raises")).all()
    table = pq.read_table(folder / f"{prefix}.importances.parquet").to_pandas()
    counts = table.groupby(["unit", "task"], observed=True).size()
    medians = table.groupby(["unit", "task"], observed=True)["contribution"].median()
    for row in effects.itertuples():
        key = (int(row.unit[5:]), row.task)
        assert counts.get(key, 0) == row.importance_n
        if row.importance_n:
            assert medians[key] == pytest.approx(row.importance_median, rel=1e-4)
    chosen = read_tsv(folder / f"{prefix}.well_predicted.tsv", ("name", "split"))
    assert set(chosen["split"]) == {"train", "valid"}
    assert set(table["sequence"]) <= set(chosen["name"])


def test_planted_motifs_are_found_ranked_and_supported(folder, root, motif_set):
    """Summarise; each planted motif leads its own task."""
    call(
        root,
        "summarise.py",
        folder,
        *("--best", "1"),
        *("--units", *names(folder, "*.r*.units.tsv"), *names(folder, "*.units.meme")),
        *("--effects", *names(folder, "*.effects.tsv")),
        *("--history", *names(folder, "*.history.tsv")),
        *("--metrics", *names(folder, "*.metrics.tsv")),
        *("--outputs", *names(folder, "*.outputs.npz")),
        *("--motif-set", str(motif_set)),
        *("--baseline", "sim.baseline.tsv", "--counts", "sim.counts.tsv"),
        *("--predictions", *names(folder, "*.predictions.parquet")),
        *("--dataset", "sim.dataset.parquet"),
        *("--options", "options.json", "--id", "sim.explainn", "--out", "summary"),
    )
    table = pd.read_csv(folder / "summary" / "sim.explainn.units.tsv", sep="\t")
    assert len(table) == 20 and set(table["status"]) <= set(STATUSES)
    hits = pd.read_csv(folder / "summary" / "sim.explainn.tomtom.tsv", sep="\t")
    assert (hits["q_value"] <= 0.05).all()
    for task in TASKS:
        own = hits[hits["target_name"] == task][["replicate", "unit"]].drop_duplicates()
        ranked = table.merge(own, on=["replicate", "unit"])
        for replicate in REPLICATES:
            assert ranked.loc[ranked["replicate"] == replicate, f"rank:{task}"].min() <= 3
        assert ranked["matched_in"].max() == 2
        # The planted motif stands in the positives: whatever a unit's output does there, it raises.
        first = ranked.sort_values(f"rank:{task}").drop_duplicates("replicate")
        assert (first[f"direction:{task}"] == "raises").all()
    verdict = json.loads((folder / "summary" / "sim.explainn.verdict.json").read_text())
    assert verdict["verdict"] == "usable" and verdict["value"] > verdict["baseline_gc"]
    assert verdict["lifted_by"] is None
    assert "Trust the motifs that unseen sequences support.".lower() in verdict["advice"].lower()
    check_end_of_training(folder, verdict)
    logos = names(folder / "summary" / "logos", "*.svg")
    best = table[(table["replicate"] == verdict["best_replicate"]) & table["annotation"].notna()]
    expected = [f"sim.explainn.r{verdict['best_replicate']}.{unit}.svg" for unit in best["unit"]]
    assert logos == expected == names(folder / "summary" / "logos", "*")
    assert not names(folder, "*.part") and not names(folder / "summary", ".*")
    check_consensus(folder / "summary")
    check_evidence(folder / "summary")
    check_ensemble(folder)
    check_annotation_alone(root, folder, motif_set)


def check_end_of_training(folder: Path, verdict: dict[str, object]) -> None:
    """What the verdict says of max_epochs is what the histories say."""
    last = [
        pd.read_csv(path, sep="\t")["valid_loss"].to_numpy()
        for path in sorted(folder.glob("*.history.tsv"))
    ]
    cut = sum(len(loss) == MAX_EPOCHS and loss.argmin() == MAX_EPOCHS - 1 for loss in last)
    said = str(verdict["advice"]).startswith(f"Training stopped at max_epochs ({MAX_EPOCHS})")
    assert verdict["unfinished"] == said == (2 * cut >= len(last))


def check_annotation_alone(root: Path, folder: Path, motif_set: Path) -> None:
    """The script for the filters of other networks writes the same two tables."""
    call(
        root,
        "annotate.py",
        folder,
        *("--units", *names(folder, "*.units.tsv"), *names(folder, "*.units.meme")),
        *("--motif-set", str(motif_set), "--options", "options.json"),
        *("--id", "sim.explainn", "--out", "alone"),
    )
    for name in ("sim.explainn.tomtom.tsv", "sim.explainn.support.tsv"):
        assert (folder / "alone" / name).read_bytes() == (folder / "summary" / name).read_bytes()


def check_consensus(folder: Path) -> None:
    """Each planted motif leads its task's consensus, in both replicates."""
    joint = read_tsv(folder / "sim.explainn.consensus.tsv", CONSENSUS_COLUMNS)
    motifs = read_meme(folder / "sim.explainn.consensus.meme").motifs
    assert [motif.id for motif in motifs] == joint["motif"].tolist()
    for task in TASKS:
        own = joint[joint["task"] == task]
        assert task in own.iloc[0]["annotation"] and own.iloc[0]["found_in"] == 2
        assert own["effect_share"].is_monotonic_decreasing
    members = [
        name for cell in joint.loc[joint["task"] == "CTCF", "units"] for name in cell.split(",")
    ]
    assert len(members) == len(set(members))


def check_evidence(folder: Path) -> None:
    """Each planted motif is what its task rests on, and the minimal model has both."""
    rows = read_tsv(folder / "sim.explainn.evidence.tsv", EVIDENCE_COLUMNS)
    motifs = read_meme(folder / "sim.explainn.evidence.meme").motifs
    assert sorted(motif.id for motif in motifs) == sorted(rows["motif"].unique())
    members = [
        unit for cell in rows.loc[rows["task"] == "CTCF", "units"] for unit in cell.split(",")
    ]
    assert len(members) == len(set(members)) and {unit[:3] for unit in members} == {"r1:", "r2:"}
    for task in TASKS:
        own = rows[rows["task"] == task]
        first = own.iloc[0]
        named = re.split(r"[ ,()]+", first["family"])
        assert task in named and first["supported"] and first["found_in"] == 2
        assert first["direction"] == "raises" and first["odds_low"] > 5
        assert first["positives_with_site"] > 0.5 > 0.2 > first["negatives_with_site"]
        assert first["gain_low"] < first["gain"] < first["gain_high"]
        assert own["supported"].sum() <= 2
    tasks = read_tsv(folder / "sim.explainn.evidence_tasks.tsv", EVIDENCE_TASK_COLUMNS)
    assert tasks["task"].tolist() == list(TASKS)
    assert (tasks["unseen"] == 200).all() and (tasks["model_loss"] < tasks["base_loss"]).all()
    minimal = read_tsv(folder / "sim.explainn.minimal.tsv", MINIMAL_COLUMNS)
    chosen = minimal[minimal["chosen"]]
    best = {rows[rows["task"] == task].iloc[0]["motif"] for task in TASKS}
    assert best <= set(chosen["motif"].dropna())
    assert minimal["test_loss"].notna().sum() == 2  # of the chosen, and of the whole model
    check_best_pwms(folder, rows)


def check_best_pwms(folder: Path, rows: pd.DataFrame) -> None:
    """The best PWM of each task is of its planted motif, and the file holds all kinds."""
    best = read_tsv(folder / "sim.explainn.best_pwms.tsv", BEST_PWM_COLUMNS)
    pwms = read_meme(folder / "sim.explainn.best_pwms.meme").motifs
    assert [motif.id for motif in pwms] == best["pwm"].tolist()
    assert best["kind"].tolist() == [*KINDS] * len(TASKS)
    for task in TASKS:
        first = rows[rows["task"] == task].iloc[0]["motif"]
        own = best[best["task"] == task]
        assert set(own["motif"]) == {first} and own["supported"].all()
        assert (own["auprc_test"] > own["prevalence"] + 0.2).all()


def test_the_outputs_are_those_of_the_model_and_give_its_loss_without_some(folder):
    """Set final weights of the model itself to 0, and refit its bias by another method."""
    dataset = read_dataset(folder / "sim.dataset.parquet")
    stored = read_outputs(folder / "sim.explainn.r1.outputs.npz", dataset)
    loaded = load_model(folder / "sim.explainn.r1.model.safetensors")
    model = loaded.model
    some = slice(150, 210)
    both = [dataset.codes[stored.rows[some]]]
    both.append(dna.reverse_complement(both[0]))
    known = np.mean([model.unit_outputs(codes) for codes in both], axis=0)
    np.testing.assert_allclose(stored.outputs[some], known, atol=1e-5)

    losses = []
    for gone in ([], [0, 3]):
        weights = {name: values.copy() for name, values in model.weights().items()}
        weights["final.weight"][:, gone] = 0
        path = folder / "without.model.safetensors"
        save_model(path, weights, loaded.header)
        changed = load_model(path).model
        path.unlink()
        z = predict_logits(changed, dataset.codes, average_strands=True)[:, 0].astype(float)
        y = dataset.labels[:, 0].astype(float)

        def of(b, rows, z=z, y=y):
            return np.nanmean(np.logaddexp(0, z[rows] + b) - y[rows] * (z[rows] + b))

        train, test = dataset.rows("train"), dataset.rows("test")
        bias = minimize_scalar(of, args=(train,), bracket=(-1, 1), tol=1e-10).x
        losses.append(of(bias, test))
    replicate = evidence_replicate(1, stored, dataset)
    clusters = held_out_clusters(dataset)
    removed = Target([replicate], "bce", slice(0, 1), clusters).remove([np.array([0, 3])])
    assert removed.by_replicate[0] == pytest.approx(losses[1] - losses[0], abs=1e-6)


def test_sites_are_counted_with_what_lies_beside_them(folder):
    """The middle is what the motif is counted from; beside sites at an end there is no base."""
    dataset = read_dataset(folder / "sim.dataset.parquet")
    stored = read_outputs(folder / "sim.explainn.r1.outputs.npz", dataset)
    meme = {motif.id: motif for motif in read_meme(folder / "sim.explainn.r1.units.meme").motifs}
    for unit, motif in meme.items():
        counts = stored.counts[int(unit[5:]) - 1]
        assert (counts.sum(axis=1) == motif.nsites).all()
        middle = counts[FLANK:-FLANK]
        np.testing.assert_allclose(probabilities(middle), motif.ppm, atol=1e-6)
    assert stored.counts[:, 0, 4].sum() > 0
    assert stored.sites.shape == (200, 10) and 0 < stored.sites.mean() < 0.5


def check_ensemble(folder: Path) -> None:
    """The scores are those of the mean of the logits."""
    tables = [
        pq.read_table(path).to_pandas() for path in sorted(folder.glob("*.predictions.parquet"))
    ]
    scores = read_tsv(folder / "summary" / "sim.explainn.ensemble.tsv", metrics.COLUMNS)
    assert len(tables) == 2 and scores["replicate"].isna().all()
    test = tables[0]["split"] == "test"
    truth = tables[0].loc[test, "label:CTCF"].to_numpy()
    mean = sum(table.loc[test, "logit:CTCF"] for table in tables).to_numpy() / 2
    known = ~np.isnan(truth)
    row = scores.query(
        "split == 'test' and task == 'CTCF' and metric == 'auprc' and against == 'all'"
    )
    expected = metrics.average_precision(truth[known], mean[known])
    assert row["value"].item() == pytest.approx(expected, abs=1e-5)


def test_the_default_recipe_adds_second_motifs_and_the_papers_none(folder, root):
    (folder / "paper.json").write_text(json.dumps(OPTIONS | {"recipe": "paper"}))
    arguments = [
        a if a != "options.json" else "paper.json" for a in interpret_arguments(1, "paper")
    ]
    call(root, "interpret.py", folder, *arguments)
    prefix = "sim.explainn.r1"
    mine = set(names(folder, f"{prefix}.*")) - set(names(folder / "paper", "*"))
    assert {f"{prefix}.pwms.tsv", f"{prefix}.reestimated.meme"} <= mine
    first, second = (
        {motif.id: motif for motif in read_meme(folder / f"{prefix}.{kind}.meme").motifs}
        for kind in ("units", "reestimated")
    )
    assert list(first) == list(second)
    assert (folder / "paper" / f"{prefix}.units.meme").read_bytes() == (
        folder / f"{prefix}.units.meme"
    ).read_bytes()
    pwms = read_tsv(folder / f"{prefix}.pwms.tsv", PWM_COLUMNS)
    best = pwms[pwms["best"] == 1].set_index(["task", "kind"])["auprc_test"]
    for task in TASKS:
        assert best[task, "reestimated"] >= best[task, "sites"] - 0.02
        assert best[task, "reestimated"] > 0.8


def test_same_bytes_twice(folder, root):
    call(root, "interpret.py", folder, *interpret_arguments(1, out="again"))
    found = names(folder / "again", "*")
    assert len(found) == 11
    for name in found:
        assert (folder / "again" / name).read_bytes() == (folder / name).read_bytes(), name


def test_predictions_of_another_data_set_are_refused(folder, root, tmp_path):
    for path in folder.glob("sim.*"):
        shutil.copy(path, tmp_path)
    shutil.copy(folder / "options.json", tmp_path)
    path = tmp_path / "sim.explainn.r1.predictions.parquet"
    table = pq.read_table(path).to_pandas()
    table.loc[5, "name"] = "stranger"
    table.to_parquet(path)
    for old in tmp_path.glob("*.units.*"):
        old.unlink()
    failed = subprocess.run(
        [sys.executable, "-B", str(root / "bin" / "interpret.py"), *interpret_arguments(1)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert failed.returncode == 1
    assert failed.stderr.startswith("ERROR: ") and "stranger" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert not names(tmp_path, "*.units.*")


def test_authors_filters_come_back_from_other_sequences(data_dir):
    """Motifs of the authors' weights, counted on chr22 peaks, against the authors' own motifs.

    Their training sequences are not public here, so the motifs are alike, not equal.
    """
    needed = (
        data_dir / "genome" / "chr22_hg19_partial.fa.gz",
        data_dir / "models" / "explainn_filters.expected.meme",
    )
    for path in needed:
        if not path.is_file():
            pytest.skip(f"needs {path.name}, which is not in {path.parent}")
    genome = gzip.decompress(needed[0].read_bytes()).split(b"\n", 1)[1].replace(b"\n", b"")
    chromosome = dna.encode_letters(np.frombuffer(genome, dtype=np.uint8))
    windows = []
    for factor in ("MAX", "JUND", "FOXA1"):
        peaks = data_dir / "chipseq" / "chr22_hg19" / f"HepG2.{factor}.narrowPeak"
        for line in peaks.read_text().splitlines():
            fields = line.split("\t")
            summit = int(fields[1]) + int(fields[9])
            window = chromosome[summit - 100 : summit + 100]
            if len(window) == 200 and (window < dna.N_CODE).all():
                windows.append(window)
    codes = np.stack(windows)
    path = data_dir / "models" / "explainn_MAX_JUND_FOXA1_model_epoch_best_4.pth"
    model = load_model(path).model
    rows = np.arange(len(codes))
    scanner = TableScanner(model.filters())
    table = count_sites(scanner, lambda: strand_chunks(codes, rows, scanner.chunk, True))
    alike = []
    for motif in read_meme(needed[1]).motifs:
        found = probabilities(table.counts[int(motif.id.removeprefix("filter"))])
        alike.append(np.corrcoef(found.ravel(), motif.ppm.ravel())[0, 1])
    assert len(alike) == 100
    assert min(alike) > 0.75 and np.median(alike) > 0.95
