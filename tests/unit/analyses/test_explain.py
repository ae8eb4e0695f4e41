"""Local interpretation: contributions add up, positions are where the unit looks, files agree."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import json
import runpy
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch

from nfexplainn import dna
from nfexplainn.analyses.explain.drawing import Mark, _sums, draw_sequence
from nfexplainn.analyses.explain.run import ExplainOptions, explain, unit_labels
from nfexplainn.analyses.explain.sequences import (
    Located,
    read_located,
    read_sequences,
    write_located,
)
from nfexplainn.analyses.explain.split import Splitter
from nfexplainn.data.dataset import Dataset, DatasetMeta, write_header
from nfexplainn.errors import UserError
from nfexplainn.evaluation.predict import predict_logits
from nfexplainn.interpret.unit_files import UNIT_COLUMNS, write_tsv
from nfexplainn.io.genome import open_genome
from nfexplainn.models.authors import read_authors_checkpoint
from nfexplainn.models.checkpoint import ModelHeader
from nfexplainn.models.explainn import ExplaiNN, ExplaiNNConfig
from nfexplainn.models.model import FilterModel
from nfexplainn.models.modules import module_of, save_module, weights_of
from nfexplainn.models.native_model import NativeExplaiNN
from nfexplainn.models.torch_model import TorchModel
from nfexplainn.native import library

LENGTH, UNITS, TASKS = 60, 7, ("a", "b")
CONFIG = ExplaiNNConfig(LENGTH, len(TASKS), units=UNITS, filter_length=9, hidden=8)


def untrained(seed: int = 3) -> ExplaiNN:
    """A model whose running statistics are not those of a fresh one."""
    torch.manual_seed(seed)
    model = ExplaiNN(CONFIG)
    codes = torch.randint(0, 4, (64, LENGTH), dtype=torch.uint8)
    model.train()
    for _ in range(20):
        model(codes)
    return model.eval()


def computed(module: ExplaiNN, kernel: str) -> FilterModel:
    """What is asked, by the kernel or by torch."""
    if kernel == "torch":
        return TorchModel(module)
    try:
        library.load()
    except library.KernelError as error:
        pytest.skip(f"needs the native kernel, but {error}")
    return NativeExplaiNN(module.config, weights_of(module))


def random_codes(n: int, seed: int = 5, length: int = LENGTH) -> dna.Codes:
    return np.random.default_rng(seed).integers(0, 5, (n, length), dtype=np.uint8)


def located(codes: dna.Codes) -> Located:
    names = [f"s{row}" for row in range(len(codes))]
    zeros = np.zeros(len(codes), dtype=np.int64)
    return Located(names, codes, list(names), zeros, np.ones(len(codes), np.int8), {})


@pytest.fixture
def splitter() -> Splitter:
    torch.set_num_threads(1)
    return Splitter(TorchModel(untrained()), True, np.full(UNITS, np.nan))


@pytest.mark.parametrize("kernel", ["native", "torch"])
@pytest.mark.parametrize("both", [True, False])
def test_contributions_and_bias_are_the_logit(both, kernel):
    model = computed(untrained(), kernel)
    codes = random_codes(40)
    splitter = Splitter(model, both, np.full(UNITS, np.nan))
    logits = predict_logits(model, codes, average_strands=both)
    for found in splitter.split(codes):
        assert np.abs(splitter.logits(found) - logits[found.rows]).max() < 2e-6
        assert found.outputs.any()


def test_rows_of_the_table_sum_to_the_logit(splitter, tmp_path):
    codes = random_codes(30)
    logits = explain(splitter, located(codes), TASKS, {}, tmp_path / "d.explainn.r1", 2)
    table = pq.read_table(tmp_path / "d.explainn.r1.explained.parquet").to_pandas()
    assert (table["contribution"] != 0).all()
    sums = table.groupby(["sequence", "task"], observed=True)["contribution"].sum()
    for row in range(len(codes)):
        for column, task in enumerate(TASKS):
            total = float(splitter.bias[column]) + sums.get((f"s{row}", task), 0.0)
            assert total == pytest.approx(logits[row, column], abs=2e-6)
    said = pd.read_csv(tmp_path / "d.explainn.r1.explained.tsv", sep="\t")
    assert said["logit"].to_numpy().reshape(-1, 2) == pytest.approx(logits, rel=1e-4, abs=1e-5)
    assert names(tmp_path) == [
        "d.explainn.r1.explained.parquet",
        "d.explainn.r1.explained.tsv",
        "d.explainn.r1.explained_01.svg",
        "d.explainn.r1.explained_02.svg",
        "d.explainn.r1.hits.bed",
    ]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_positions_are_those_of_the_largest_convolution():
    """Against a plain convolution of both strands, window by window."""
    model = untrained()
    codes = random_codes(12)
    weight, offset = (part.numpy().astype(np.float64) for part in model.filters())
    threshold = np.full(UNITS, -0.2)
    found = next(Splitter(TorchModel(model), True, threshold).split(codes))
    width, covered = weight.shape[2], model.covered
    hits = {(s, n, u, p) for s, n, u, p in found.hits.tolist()}
    for number, strand in enumerate((1, -1)):
        read = codes if strand > 0 else dna.reverse_complement(codes)
        onehot = np.eye(5, 4)[read]
        for n in range(len(codes)):
            windows = np.stack([onehot[n, p : p + width].T for p in range(covered)])
            sums = np.einsum("pbw,ubw->up", windows, weight) + offset[:, None]
            for unit in range(UNITS):
                left = int(found.position[number, n, unit])
                place = left if strand > 0 else LENGTH - width - left
                assert sums[unit, place] == pytest.approx(sums[unit].max(), abs=1e-5)
                assert found.activation[number, n, unit] == pytest.approx(
                    sums[unit].max(), abs=1e-5
                )
                if found.outputs[number, n, unit] == 0:
                    continue
                for p in range(covered):
                    at = p if strand > 0 else LENGTH - width - p
                    if abs(sums[unit, p] + 0.2) > 1e-4:
                        assert ((number, n, unit, at) in hits) == (sums[unit, p] > -0.2)


def test_reverse_complement_swaps_the_strands_and_mirrors_the_positions(splitter):
    codes = random_codes(8)
    one = next(splitter.split(codes))
    other = next(splitter.split(dna.reverse_complement(codes)))
    assert np.allclose(one.outputs, other.outputs[::-1], atol=1e-7)
    mirrored = LENGTH - splitter.width - other.position[::-1]
    assert (one.position == mirrored).mean() > 0.99  # but for equal windows, of which the first


def test_chunks_do_not_change_the_result(splitter, monkeypatch):
    codes = random_codes(25)
    whole = next(splitter.split(codes))
    monkeypatch.setattr("nfexplainn.analyses.explain.split._CELLS", 4 * LENGTH * UNITS)
    parts = list(splitter.split(codes))
    assert len(parts) > 4
    assert np.allclose(np.concatenate([p.outputs for p in parts], axis=1), whole.outputs, atol=1e-7)
    assert (np.concatenate([p.position for p in parts], axis=1) == whole.position).all()


@pytest.fixture
def genome(tmp_path: Path):
    rng = np.random.default_rng(8)
    text = ">chrA\n" + "".join(rng.choice(list("ACGT"), 500)) + "\n>chrB\n"
    text += "".join(rng.choice(list("ACGT"), 300)) + "\n"
    (tmp_path / "genome.fa").write_text(text)
    return open_genome(tmp_path / "genome.fa", "genome.fa")


def test_intervals_and_their_sequences_give_the_same_places(genome, tmp_path):
    (tmp_path / "in.bed").write_text("chrA\t100\t200\nchrB\t50\t110\nchrA\t300\t301\n")
    windows = read_sequences(tmp_path / "in.bed", "in.bed", LENGTH, genome)
    assert windows.names == ["chrA:120-180(+)", "chrB:50-110(+)", "chrA:270-330(+)"]
    forward, turned = [], []
    for name, text, back in zip(
        windows.names,
        dna.decode(windows.codes),
        dna.decode(dna.reverse_complement(windows.codes)),
        strict=True,
    ):
        forward.append(f">{name[:-3]} some words\n{text}\n")
        turned.append(f">{name[:-3]}(-)\n{back}\n")
    (tmp_path / "forward.fa").write_text("".join(forward))
    with gzip.open(tmp_path / "turned.fa.gz", "wt") as handle:
        handle.write("".join(turned))
    beds = []
    model = untrained()
    for name in ("in.bed", "forward.fa", "turned.fa.gz"):
        found = read_sequences(tmp_path / name, name, LENGTH, genome)
        splitter = Splitter(TorchModel(model), True, np.full(UNITS, 0.0))
        out = tmp_path / name.replace(".", "_")
        out.mkdir()
        explain(splitter, found, TASKS, {"unit_002": "MAX"}, out / "x", 0)
        beds.append((out / "x.hits.bed").read_text())
    assert beds[0] == beds[1] == beds[2]
    rows = [line.split("\t") for line in beds[0].splitlines()]
    assert len(rows) > 10 and {row[5] for row in rows} == {"+", "-"}
    assert max(int(row[4]) for row in rows) == 1000
    assert [row[:2] for row in rows] == sorted(
        (row[:2] for row in rows), key=lambda r: (r[0], int(r[1]))
    )
    assert any(row[3] == "MAX|unit_002" for row in rows)
    # Each hit really is a window of its unit, on its strand of the chromosome.
    weight, offset = (part.numpy() for part in model.filters())
    for row in rows:
        chrom, start, end = row[0], int(row[1]), int(row[2])
        codes = genome.fetch(np.array([genome.names.index(chrom)]), np.array([start]), end - start)
        if row[5] == "-":
            codes = dna.reverse_complement(codes)
        unit = int(row[3].rpartition("_")[2]) - 1
        total = (np.eye(5, 4)[codes[0]].T * weight[unit]).sum() + offset[unit]
        assert total >= -1e-5


def test_longer_records_are_cut_in_the_middle(tmp_path):
    codes = random_codes(1, length=LENGTH + 21)
    text = dna.decode(codes)[0]
    (tmp_path / "long.fa").write_text(
        f">plain\n{text}\n>chr7:1000-{1000 + LENGTH + 21}(-)\n{text}\n"
    )
    found = read_sequences(tmp_path / "long.fa", "long.fa", LENGTH, None)
    assert dna.decode(found.codes) == [text[10 : 10 + LENGTH].replace("n", "N")] * 2
    assert (found.chrom, found.start.tolist(), found.strand.tolist()) == (
        ["plain", "chr7"],
        [10, 1000 + LENGTH + 21 - 10 - LENGTH],
        [1, -1],
    )
    assert list(found.notes.values()) == [2]
    write_located(found, tmp_path / "x.parquet")
    back = read_located(tmp_path / "x.parquet")
    assert back.names == found.names and (back.codes == found.codes).all()
    assert back.notes == found.notes and (back.start == found.start).all()


@pytest.mark.parametrize(
    ("content", "with_genome", "sentence"),
    [
        (">short\nACGT\n", True, "the sequence 'short' has 4 bp, but the model reads 60"),
        ("chrA\t1\t90\n", False, "this file holds intervals, but there is no genome"),
        ("chrZ\t1\t90\n", True, "none of its chromosomes (chrZ) is in the genome genome.fa"),
        ("chrA\t0\t10\n", True, "none of its 1 intervals leaves a window of 60 bp"),
        ("chrA\t90\t10\n", True, "line 1: start 90 is not before end 10"),
        (">p\nMKLVEEQ\n", True, "looks like protein"),
        ("@r\nACGT\n+\nIIII\n", True, "this looks like FASTQ"),
        ("", True, "the file is empty"),
        ("chrA 1.5 90\n", True, "'1.5' is not a whole number"),
    ],
)
def test_mistakes_in_the_file(content, with_genome, sentence, genome, tmp_path):
    (tmp_path / "user.txt").write_text(content)
    with pytest.raises(UserError, match=r"user\.txt") as caught:
        read_sequences(tmp_path / "user.txt", "user.txt", LENGTH, genome if with_genome else None)
    assert sentence in str(caught.value)


def test_windows_that_cannot_be_used_are_counted(genome, tmp_path):
    (tmp_path / "in.bed").write_text("chrA\t0\t10\nchrZ\t9\t99\nchrA\t99\t199\nchrA\t99\t199\n")
    found = read_sequences(tmp_path / "in.bed", "in.bed", LENGTH, genome)
    assert len(found) == 1
    assert list(found.notes.values()) == [1, 1, 1]


def test_picture_is_well_formed_and_shows_the_largest():
    marks = [
        Mark(at * 3, at * 3 + 9, 1 - 2 * (at % 2), (-1) ** at * (at + 1.0), f"<u{at}&>")
        for at in range(17)
    ]
    text = draw_sequence("a<b", "logit 1", marks, LENGTH, "position on chr1", 1000)
    root = ElementTree.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    bars = root.findall(f"{space}rect")
    assert len(bars) == 14
    opacities = [float(bar.get("fill-opacity", 0)) for bar in bars]
    assert opacities == sorted(opacities, reverse=True) and opacities[0] == 0.95
    # A lane is as wide as its window, and stands where it lies.
    largest = marks[16]
    assert float(bars[0].get("x", 0)) == pytest.approx(56 + 832 * largest.start / LENGTH, abs=0.06)
    assert float(bars[0].get("width", 0)) == pytest.approx(832 * 9 / LENGTH, abs=0.06)
    labels = "".join(root.itertext())
    assert "\u2192 <u16&> +17" in labels and "\u2190 <u15&> -16" in labels and "1,060" in labels


def test_profile_adds_up_what_lies_over_a_base():
    marks = [Mark(0, 10, 1, 2.0, "a"), Mark(5, 15, -1, 3.0, "b"), Mark(0, 10, 1, -1.0, "c")]
    sums = _sums(marks, 20)
    assert sums == pytest.approx([0.1] * 5 + [0.4] * 5 + [0.3] * 5 + [0.0] * 5)
    assert sum(sums) == pytest.approx(4.0)


def test_picture_of_nothing():
    ElementTree.fromstring(draw_sequence("x", "logit 0", [], LENGTH, "position", 0))


def test_units_are_called_by_motif_or_consensus():
    columns = ("unit", "status", "annotation", "consensus")
    rows = [
        ("unit_001", "annotated", "MAX, MYC", "CACGTG"),
        ("unit_002", "unannotated", "", "NNTTACAN"),
        ("unit_003", "dead", "", ""),
    ]
    units = [dict(zip(columns, row, strict=True)) for row in rows]
    assert unit_labels(units) == {"unit_001": "MAX", "unit_002": "TTACA"}


@pytest.mark.usefixtures("genome")
def test_scripts_from_files_to_files(root, tmp_path):
    """Each step reads what the one before wrote; a mistake is a state."""
    meta = DatasetMeta("d", "sequences", "multilabel", TASKS, LENGTH, True, 1)
    codes = random_codes(4)
    labels = np.zeros((4, 2), np.float32)
    split = np.array(["train", "train", "valid", "test"])
    write_header(Dataset(meta, list("wxyz"), codes, split, labels), tmp_path / "d.header.json")
    (tmp_path / "in.bed").write_text("chrA\t100\t200\n")
    (tmp_path / "spec.json").write_text(json.dumps({"name": "in.bed", "genome": "genome.fa"}))
    common = ["--spec", "spec.json", "--header", "d.header.json", "--id", "d"]
    call(root, "read_explained.py", tmp_path, *common, "--sequences", "in.bed")
    status = json.loads((tmp_path / "d.explain.status.json").read_text())
    assert status["state"] == "error" and "there is no genome" in status["reason"]
    genome_file = ["--genome", "genome.fa", "--sequences", "in.bed"]
    call(root, "read_explained.py", tmp_path, *common, *genome_file)
    assert json.loads((tmp_path / "d.explain.status.json").read_text())["state"] == "ok"
    for replicate in (1, 2):
        header = ModelHeader("explainn", dataclasses.asdict(CONFIG), TASKS, replicate=replicate)
        prefix = f"d.explainn.r{replicate}"
        save_module(tmp_path / f"{prefix}.model.safetensors", untrained(replicate), header)
        rows = [
            (f"unit_{u + 1:03d}", "unannotated", 9, 9, 9.0, "A", 0.0, 1.0, "") for u in range(7)
        ]
        write_tsv(pd.DataFrame(rows, columns=list(UNIT_COLUMNS)), tmp_path / f"{prefix}.units.tsv")
    header = "replicate\tunit\tstatus\tannotation\tconsensus\n"
    named = header + "1\tunit_001\tannotated\tCTCF\tA\n2\tunit_001\tannotated\tMAX\tA\n"
    (tmp_path / "d.explainn.units.tsv").write_text(named)
    (tmp_path / "options.json").write_text('{"kernel": "torch", "explain_pictures": 1}')
    run = "d.explainn.r2"
    arguments = ["--model", f"{run}.model.safetensors", "--units", f"{run}.units.tsv"]
    arguments += ["--named", "d.explainn.units.tsv", "--sequences", "d.explain.parquet"]
    arguments += ["--options", "options.json", "--id", run, "--rows", "d.evidence.tsv"]
    line = {"task": "a", "motif": "row_001", "name": "MAX", "consensus": "A", "supported": "true"}
    line["units"] = "r2:unit_001,r1:unit_002"
    write_tsv(pd.DataFrame([line]), tmp_path / "d.evidence.tsv")
    call(root, "explain.py", tmp_path, *arguments)
    first = (tmp_path / "d.explainn.r2.explained.parquet").read_bytes()
    bed = (tmp_path / "d.explainn.r2.hits.bed").read_text()
    assert "MAX|unit_001" in bed or "unit_001" not in bed
    with np.load(tmp_path / "d.explainn.r2.mutagenesis.npz") as maps:
        assert maps["motifs"].tolist() == ["MAX", "other"]
    assert (tmp_path / "d.explainn.r2.mutagenesis_01.svg").exists()
    call(root, "explain.py", tmp_path, *arguments)
    assert (tmp_path / "d.explainn.r2.explained.parquet").read_bytes() == first
    assert not list(tmp_path.glob("d.explainn.r1.explained*")) and not list(tmp_path.glob("*.part"))
    assert dataclasses.asdict(ExplainOptions()) == {"kernel": "auto", "explain_pictures": 20}


def call(root: Path, script: str, folder: Path, *arguments: str) -> None:
    with contextlib.chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [script, *arguments])
        runpy.run_path(str(root / "bin" / script), run_name="__main__")


def test_authors_model_says_where_ap1_binds(data_dir):
    """The split of the authors' model sums to their logits, and points at the motifs of JUND."""
    models = data_dir / "models"
    needed = ("explainn_MAX_JUND_FOXA1_model_epoch_best_4.pth", "golden_inputs_200bp.fa")
    if not all((models / name).exists() for name in needed):
        pytest.skip(f"needs {needed[0]} and the golden inputs in {models}")
    header, weights = read_authors_checkpoint(models / needed[0], length=200)
    model = TorchModel(module_of(needed[0], header, weights))
    found = read_sequences(models / needed[1], needed[1], 200, None)
    splitter = Splitter(model, False, np.full(100, np.nan))
    split = next(splitter.split(found.codes))
    golden = pd.read_csv(models / "golden_logits_MAX_FOXA1_JUND.tsv", sep="\t", index_col=0)
    assert golden.index.tolist() == found.names
    assert np.abs(splitter.logits(split) - golden.to_numpy()).max() < 1e-4
    shares = split.outputs[0] * splitter.weights[2]
    windows = []
    for row in np.argsort(-shares.max(axis=1))[:4].tolist():
        place = int(split.position[0, row, shares[row].argmax()])
        windows.append(dna.decode(found.codes[row : row + 1])[0][place : place + 19])
    assert sum("TGAGTCA" in text or "TGACTCA" in text for text in windows) >= 3, windows
