"""DeepLIFT adds up for every architecture; MoDISco's patterns are the motifs that were planted."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import runpy
import sys

import numpy as np
import pandas as pd
import pytest
import torch

from nfexplainn import dna
from nfexplainn.analyses.attribution.deeplift import (
    _STREAM,
    Attributions,
    attribute,
    choose_sequences,
)
from nfexplainn.analyses.attribution.network import one_hot_network
from nfexplainn.analyses.attribution.options import AttributionOptions
from nfexplainn.analyses.attribution.patterns import (
    LEAST_SEQUENCES,
    Pattern,
    find_patterns,
    pattern_table,
    prefixes,
)
from nfexplainn.data.dataset import Dataset, DatasetMeta, write_dataset
from nfexplainn.data.shuffle import dinucleotide_shuffle
from nfexplainn.errors import UserError
from nfexplainn.evaluation.predict import predict_logits, write_predictions
from nfexplainn.interpret.options import AnnotateOptions
from nfexplainn.models.checkpoint import ModelHeader
from nfexplainn.models.modules import save_module
from nfexplainn.models.registry import build
from nfexplainn.models.torch_model import TorchModel
from nfexplainn.motifs.formats import read_meme, write_meme
from nfexplainn.motifs.motif import Motif, MotifSet

LENGTH, TASKS = 100, 2
SHAPES = [("explainn", {"units": 6, "hidden": 7, "num_fc": fc}) for fc in (0, 1, 2, 3)]
SHAPES += [("explainn", {"units": 5, "pool_size": 9, "pool_stride": 4})]
SHAPES += [(name, {}) for name in ("cnn1", "cnn1exp", "deepcnn", "deepstarr", "aitac", "danq")]


def ready(name: str, more: dict[str, int]) -> torch.nn.Module:
    """A model whose batch norms have seen data, in evaluation."""
    torch.set_num_threads(1)
    torch.manual_seed(4)
    model = build(name, {"length": LENGTH, "tasks": TASKS, **more})
    codes = torch.randint(0, 4, (32, LENGTH), dtype=torch.uint8)
    model.train()
    with torch.no_grad():
        for _ in range(4):
            model(codes)
    return model.eval()


def random_codes(n: int, seed: int = 6) -> dna.Codes:
    return np.random.default_rng(seed).integers(0, 4, (n, LENGTH), dtype=np.uint8)


@pytest.mark.parametrize(("name", "more"), SHAPES)
def test_the_network_of_layers_is_the_model(name, more):
    model = ready(name, more)
    codes = torch.from_numpy(random_codes(5))
    one_hot = torch.eye(4)[codes.long()].transpose(1, 2)
    with torch.no_grad():
        assert torch.allclose(one_hot_network(model)(one_hot), model(codes), atol=1e-5)


@pytest.mark.parametrize(("name", "more"), SHAPES)
@pytest.mark.parametrize("both", [True, False])
def test_attributions_add_up_to_the_prediction_less_the_references(name, more, both):
    if name == "danq" and both:
        pytest.skip("the same path as without; slow")
    codes = random_codes(2)
    n = 2 if name == "danq" else 4
    found = attribute(ready(name, more), codes, 1, 3, both_strands=both, references=n, double=True)
    # The integral over DanQ's recurrent layers is a sum over 16 points.
    limit = 1e-4 if name == "danq" else 1e-6
    assert np.abs(found.delta).max() > 1e-3
    assert found.error.max() < limit
    contributions = found.contributions(codes)
    assert np.abs(contributions.sum(axis=1) - found.delta).max() < limit + 1e-5


def test_single_precision_is_under_the_limit_and_the_seed_decides():
    codes = random_codes(3)
    model = ready("explainn", {"units": 6})
    one = attribute(model, codes, 0, 3, both_strands=True)
    assert one.error.max() < 1e-3
    again = attribute(model, codes, 0, 3, both_strands=True)
    other = attribute(model, codes, 0, 4, both_strands=True)
    assert (one.hypothetical == again.hypothetical).all()
    assert not np.allclose(one.delta, other.delta)
    # delta is the prediction that the pipeline makes, less something of the shuffles
    logits = predict_logits(TorchModel(model), codes, average_strands=True)[:, 0]
    assert np.corrcoef(one.delta, logits)[0, 1] > 0.5


def test_without_a_rule_for_the_exponential_nothing_adds_up(monkeypatch):
    """The very reason for the rules: the sum-to-delta check can fail."""
    monkeypatch.setattr("nfexplainn.analyses.attribution.deeplift.rules", dict)
    found = attribute(
        ready("explainn", {"units": 6}), random_codes(4), 0, 3, both_strands=False, double=True
    )
    assert found.error.max() > 1e-3


def test_a_linear_scale_scales_and_a_silent_base_gets_nothing():
    """A unit that reads only its own window attributes 0 behind the last pooled position."""
    model = ready("explainn", {"units": 3, "num_fc": 2})
    codes = random_codes(3)
    found = attribute(model, codes, 0, 1, both_strands=False, references=3, double=True)
    with torch.no_grad():
        model.final.weight.mul_(2.0)
    twice = attribute(model, codes, 0, 1, both_strands=False, references=3, double=True)
    assert np.allclose(twice.hypothetical, 2 * found.hypothetical, atol=1e-6)
    unread = model.covered + model.config.filter_length - 1
    assert unread < LENGTH
    assert not found.hypothetical[:, unread:].any() and found.hypothetical[:, :unread].any()


def test_other_architectures_are_refused():
    with pytest.raises(UserError, match="DeepLIFT has no rules for Linear"):
        one_hot_network(torch.nn.Linear(4, 1))


def test_positives_of_the_test_part_that_are_predicted():
    n = 60
    rng = np.random.default_rng(1)
    labels = np.zeros((n, 2), np.float32)
    labels[::2, 0] = 1
    logits = np.where(labels > 0.5, 1.0, -1.0) * (1 + rng.random((n, 2)))
    logits[4] *= -1  # wrong
    codes = random_codes(n)
    codes[8, 3] = dna.N_CODE  # no reason to leave it out
    split = np.array(["train", "test"])[(np.arange(n) >= 2) * 1]
    meta = DatasetMeta("d", "sequences", "multilabel", ("a", "b"), LENGTH, True, 1)
    data = Dataset(meta, [f"s{row}" for row in range(n)], codes, split, labels)
    wanted = [row for row in range(2, n, 2) if row != 4]
    assert choose_sequences(data, logits.astype(np.float32), 0, 100).tolist() == wanted
    best = choose_sequences(data, logits.astype(np.float32), 0, 5)
    assert set(best) == set(sorted(wanted, key=lambda row: -logits[row, 0])[:5])
    assert not len(choose_sequences(data, logits.astype(np.float32), 1, 100))


@pytest.mark.parametrize(("name", "more"), [SHAPES[2], ("cnn1exp", {}), ("danq", {})])
@pytest.mark.parametrize("both", [True, False])
def test_padding_gets_nothing_and_the_rest_adds_up(name, more, both):
    """References are shuffled within the padding alone, which here is wider on one side."""
    n = 2 if name == "danq" else 4
    codes = random_codes(3)
    codes[:, :31] = codes[:, 93:] = dna.N_CODE
    model = ready(name, more)
    found = attribute(model, codes, 1, 3, both_strands=both, references=n, double=True)
    assert np.abs(found.delta).max() > 1e-4
    assert found.error.max() < 1e-6
    assert not found.hypothetical[:, :31].any() and not found.hypothetical[:, 93:].any()
    assert found.hypothetical[:, 31:93].any()
    assert np.abs(found.contributions(codes).sum(axis=1) - found.delta).max() < 1e-5
    # What is taken for 0 is the mean of the predictions of shuffles between the same N.
    inner = dinucleotide_shuffle(
        np.repeat(codes[:, 31:93], n, axis=0), np.random.default_rng([3, _STREAM])
    )
    shuffled = np.repeat(codes, n, axis=0)
    shuffled[:, 31:93] = inner
    logits = [
        predict_logits(TorchModel(model.float()), one, average_strands=both)[:, 1]
        for one in (codes, shuffled)
    ]
    wanted = logits[0] - logits[1].reshape(3, n).mean(axis=1)
    assert np.allclose(found.delta, wanted, atol=1e-5)


@pytest.mark.parametrize(("name", "more"), [SHAPES[2], ("cnn1exp", {}), ("danq", {})])
def test_unknown_bases_get_nothing_and_the_rest_adds_up(name, more):
    n = 2 if name == "danq" else 4
    codes = random_codes(3)
    codes[np.random.default_rng(8).random(codes.shape) < 0.1] = dna.N_CODE
    codes[0, 40:60] = dna.N_CODE
    found = attribute(ready(name, more), codes, 1, 3, both_strands=True, references=n, double=True)
    assert np.abs(found.delta).max() > 1e-4 and found.error.max() < 1e-6
    assert not found.hypothetical[codes == dna.N_CODE].any()
    assert np.abs(found.contributions(codes).sum(axis=1) - found.delta).max() < 1e-5


def test_modisco_reads_an_unknown_base_as_one_that_adds_nothing(monkeypatch):
    import modiscolite.tfmodisco

    given = []

    def nothing(one_hot, hypothetical, **_settings):
        given.append((one_hot, hypothetical))
        return [], []

    monkeypatch.setattr(modiscolite.tfmodisco, "TFMoDISco", nothing)
    codes = random_codes(60)
    codes[:, :5] = dna.N_CODE  # padding
    codes[3, 20:40] = dna.N_CODE
    hypothetical = np.where((codes == dna.N_CODE)[..., None], 0, 1).repeat(4, axis=2)
    found = Attributions(hypothetical.astype(np.float32), np.zeros(60), np.zeros(60))
    find_patterns(codes, found, "t", "")
    ((one_hot, read),) = given
    assert one_hot.shape == read.shape == (60, LENGTH - 5, 4)
    assert (one_hot.sum(axis=2) == 1).all()
    assert np.array_equal((one_hot * read).sum(axis=2), (codes[:, 5:] != dna.N_CODE))
    assert codes[3, 20] == dna.N_CODE


@pytest.mark.minutes
def test_modisco_finds_the_planted_motif_and_the_unit_beside_it():
    """Attributions that are exactly the planted sites, and noise."""
    rng = np.random.default_rng(2)
    n, word = 220, "CCACGTGACTC"
    codes = random_codes(n)
    hypothetical = rng.normal(0, 0.01, (n, LENGTH, 4)).astype(np.float32)
    site = dna.encode([word])[0]
    for row in range(n):
        at = int(rng.integers(25, 60))
        codes[row, at : at + len(word)] = site
        hypothetical[row, at + np.arange(len(word)), site] += 1.0
    found = Attributions(hypothetical, np.zeros(n), np.zeros(n))
    patterns, note = find_patterns(codes, found, "t", "")
    # TF-MoDISco splits windows that are this much alike, and drops clusters of fewer than 20: the
    # word stands in several patterns, and there is nothing else.
    assert note == "" and all(pattern.raises for pattern in patterns)
    assert n >= sum(pattern.seqlets for pattern in patterns) > 80
    for pattern in patterns:
        letters = "".join("ACGT"[at] for at in pattern.ppm.argmax(axis=1))
        both = (letters, dna.decode(dna.reverse_complement(dna.encode([letters])))[0])
        assert any(word in text for text in both), letters
    ppm = np.full((len(word), 4), 0.02)
    ppm[np.arange(len(word)), site] = 0.94
    strange = np.tile([0.05, 0.05, 0.05, 0.85], (9, 1))
    known = MotifSet((Motif("K1", "PLANT", ppm, 100.0), Motif("K2", "OTHER", strange, 100.0)))
    units = (Motif("unit_001", "", strange, 50.0), Motif("unit_002", "", ppm[::-1, ::-1], 50.0))
    table = pattern_table(patterns, known, units, AnnotateOptions())
    assert table["annotation"][0] == "PLANT" and table["unit"][0] == "unit_002"
    assert table["similarity"][0] > 0.9 and table["direction"][0] == "raises"
    assert pd.isna(pattern_table(patterns, known, (), AnnotateOptions())["unit"][0])


def test_modisco_finds_the_motif_of_padded_probes():
    """Sequences of 36 bp between N, which are shorter than its windows with their flanks."""
    rng = np.random.default_rng(2)
    n, word, pad, length = 400, "CCACGTGACTC", 9, 36
    codes = np.full((n, length + 2 * pad), dna.N_CODE, dtype=np.uint8)
    codes[:, pad : pad + length] = rng.integers(0, 4, (n, length))
    hypothetical = np.zeros((n, length + 2 * pad, 4), np.float32)
    hypothetical[:, pad : pad + length] = rng.normal(0, 0.05, (n, length, 4))
    site = dna.encode([word])[0]
    for row in range(n):
        at = pad + int(rng.integers(0, length - len(word) + 1))
        codes[row, at : at + len(word)] = site
        hypothetical[row, at + np.arange(len(word)), site] += rng.uniform(0.3, 1.2)
    found = Attributions(hypothetical, np.zeros(n), np.zeros(n))
    patterns, note = find_patterns(codes, found, "t", "")
    assert note == "" and patterns
    letters = "".join("ACGT"[at] for at in patterns[0].ppm.argmax(axis=1))
    both = (letters, dna.decode(dna.reverse_complement(dna.encode([letters])))[0])
    assert any(word in text for text in both), letters
    short = np.where(np.arange(length + 2 * pad) < 18 + pad, codes, dna.N_CODE).astype(np.uint8)
    wanted = "sequences of 18 bp, TF-MoDISco needs at least 19"
    assert find_patterns(short, found, "t", "") == ([], wanted)


def test_too_little_signal_is_a_result():
    few = Attributions(np.ones((3, LENGTH, 4), np.float32), np.zeros(3), np.zeros(3))
    assert find_patterns(random_codes(3), few, "t", "") == (
        [],
        f"too few sequences: 3, at least {LEAST_SEQUENCES} are needed",
    )
    n = LEAST_SEQUENCES + 5
    flat = Attributions(np.zeros((n, LENGTH, 4), np.float32), np.zeros(n), np.zeros(n))
    assert find_patterns(random_codes(n), flat, "t", "")[1] == "all attributions are 0"
    noise = np.random.default_rng(1).normal(0, 1, (n, LENGTH, 4)).astype(np.float32)
    patterns, note = find_patterns(
        random_codes(n), Attributions(noise, few.delta, few.error), "t", ""
    )
    assert not patterns and note
    empty = pattern_table([], MotifSet(()), (), AnnotateOptions())
    assert not len(empty)


def test_script_from_files_to_files(root, tmp_path):
    n = 40
    labels = np.ones((n, 1), np.float32)
    split = np.array(["train", "test"])[(np.arange(n) % 2)]
    meta = DatasetMeta("d", "sequences", "binary", ("a",), LENGTH, True, 1)
    codes = random_codes(n)
    data = Dataset(meta, [f"s{row}" for row in range(n)], codes, split, labels)
    write_dataset(data, tmp_path / "d.dataset.parquet")
    for replicate in (1, 2):
        config = {"length": LENGTH, "tasks": 1, "units": 4, "hidden": 5}
        model = build("explainn", config).eval()
        with torch.no_grad():
            model.final.bias.fill_(9.0)
        prefix = f"d.explainn.r{replicate}"
        header = ModelHeader(
            "explainn", dataclasses.asdict(model.config), ("a",), replicate=replicate
        )
        save_module(tmp_path / f"{prefix}.model.safetensors", model, header)
        logits = predict_logits(TorchModel(model), codes, average_strands=True)
        write_predictions(data, logits, tmp_path / f"{prefix}.predictions.parquet")
        motif = Motif("unit_001", "", np.full((9, 4), 0.25), 20.0)
        write_meme(MotifSet((motif,)), tmp_path / f"{prefix}.units.meme")
    (tmp_path / "options.json").write_text(json.dumps({"attribution_sequences": 15, "seed": 1}))
    run = "d.explainn.r2"
    arguments = ["--model", f"{run}.model.safetensors", "--units", f"{run}.units.meme"]
    arguments += ["--predictions", f"{run}.predictions.parquet"]
    known = next((root / "assets" / "motifs").glob("*vertebrates*.meme"))
    arguments += ["--dataset", "d.dataset.parquet", "--known", str(known)]
    arguments += ["--options", "options.json", "--id", run]
    written = []
    for _ in range(2):
        with contextlib.chdir(tmp_path), pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["attribute.py", *arguments])
            runpy.run_path(str(root / "bin" / "attribute.py"), run_name="__main__")
        files = sorted(tmp_path.glob("d.explainn.r2.*attr*")) + sorted(tmp_path.glob("*patterns*"))
        written.append([path.read_bytes() for path in files])
    assert written[0] == written[1] and len(written[0]) == 4
    row = pd.read_csv(tmp_path / "d.explainn.r2.attribution.tsv", sep="\t").iloc[0]
    assert (
        row["sequences"] == 15
        and row["largest_error"] < 1e-3
        and "too few sequences" in row["note"]
    )
    saved = np.load(tmp_path / "d.explainn.r2.attributions.npz")
    assert saved["hypothetical_0"].shape == (15, LENGTH, 4)
    assert set(saved["rows_0"]) <= set(range(1, n, 2))
    assert not read_meme(tmp_path / "d.explainn.r2.patterns.meme", allow_empty=True).motifs


def test_options_are_the_parameters(root):
    schema = json.loads((root / "nextflow_schema.json").read_text())
    parameters = {k: v for g in schema["$defs"].values() for k, v in g["properties"].items()}
    for field in dataclasses.fields(AttributionOptions):
        assert field.default == parameters[field.name]["default"]
        assert "attribute" in parameters[field.name]["steps"]


def test_names_of_patterns_say_task_and_direction():
    one = Pattern("t", "t_up_1", True, 40, np.full((5, 4), 0.25))
    assert one.motif().id == "t_up_1" and one.motif().nsites == 40


def test_patterns_of_tasks_that_names_cannot_tell_apart_are_numbered(tmp_path):
    assert prefixes(("OCT4",)) == [""]
    tasks = ("T cell", "T.cell", "B", "T_cell_2", "T cell")
    assert prefixes(tasks) == ["T_cell_", "T_cell_2_", "B_", "T_cell_2_2_", "T_cell_3_"]
    shape = np.full((5, 4), 0.25)
    found = [
        Pattern(task, f"{one}up_1", True, 40, shape)
        for task, one in zip(tasks, prefixes(tasks), strict=True)
    ]
    write_meme(MotifSet(tuple(one.motif() for one in found)), tmp_path / "x.meme")
    assert len(read_meme(tmp_path / "x.meme").motifs) == len(tasks)
