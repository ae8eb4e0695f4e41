"""Unknown bases: dropped by their share, of no effect on a filter, and alike in all classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from assay_fixtures import fastq, prepared, table, texts
from nfexplainn import dna
from nfexplainn.assays import htselex, pbm, sequences, smileseq, starrseq
from nfexplainn.assays.spec import Options
from nfexplainn.data.audit import audit_dataset
from nfexplainn.data.unknown import (
    compare_classes,
    extend_unknown,
    lay_unknown,
    mostly_known,
    share_bins,
    shuffle_known,
    why_dropped,
)
from nfexplainn.errors import UserError
from nfexplainn.evaluation.predict import predict_logits
from nfexplainn.io.coordinates import read_names
from nfexplainn.models.explainn import ExplaiNN, ExplaiNNConfig
from nfexplainn.models.torch_model import TorchModel
from nfexplainn.training.recipes import epoch_codes


def masked(n: int, length: int, share: float, seed: int = 0) -> np.ndarray:
    """Random sequences in which this share of the bases is N."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (n, length), dtype=np.uint8)
    codes[rng.random((n, length)) < share] = dna.N_CODE
    return codes


@pytest.mark.parametrize("length", [10, 20, 30, 70, 101, 200])
@pytest.mark.parametrize("share", [0, 0.05, 0.1, 0.3, 0.7])
def test_a_sequence_is_kept_up_to_the_share(length: int, share: float) -> None:
    codes = np.where(np.arange(length) < np.arange(length + 1)[:, None], dna.N_CODE, 0)
    kept = mostly_known(codes.astype(np.uint8), share)
    assert kept.sum() == 1 + int(round(share * length * 1000) // 1000)
    assert kept[: kept.sum()].all()


def test_reasons_and_range() -> None:
    assert why_dropped("read", 0) == "read with N"
    assert why_dropped("window", 0.1) == "window with more than 10 % N"
    assert why_dropped("window", 0.125) == "window with more than 12.5 % N"
    for wrong in (-0.1, 1, 1.5):
        with pytest.raises(UserError, match=r"max_unknown is .*: give 0 or more, below 1"):
            Options(max_unknown=wrong)


READS = texts(80, 40)
MASKED = ["N" * 4 + READS[0][4:], READS[1][:35] + "RYSWN", *READS[2:]]  # 4 and 5 of 40 bp
OTHER = texts(80, 40, seed=1)
ROWS = [("sequence", "value")]
CYCLES = [{"sample": f"c{i}", "data": i, "label": str(i)} for i in (0, 1)]
FILES = {
    "sequences": {"a": "".join(f">{i}\n{s}\n" for i, s in enumerate(MASKED))},
    "smileseq": {"a": fastq(MASKED)},
    "htselex": {"a": fastq(MASKED), "b": fastq(OTHER)},
    "pbm": {"a": table([*ROWS, *[(s, i) for i, s in enumerate(MASKED)]])},
    "starrseq": {"a": table([*ROWS, *[(s, i / 2) for i, s in enumerate(MASKED)]])},
}
ASSAYS = {m.__name__.rpartition(".")[2]: m for m in (sequences, smileseq, htselex, pbm, starrseq)}


@pytest.mark.parametrize("assay", list(FILES))
def test_every_assay_drops_and_counts_by_the_share(assay: str, tmp_path: Path) -> None:
    what = "read" if assay in ("smileseq", "htselex") else "sequence"
    for share, dropped in ((0, 2), (0.1, 1), (0.2, 0)):
        got = prepared(
            ASSAYS[assay].prepare,
            tmp_path,
            dict(FILES[assay]),
            CYCLES if assay == "htselex" else None,
            max_unknown=share,
        )
        wanted = [("a", why_dropped(what, share), dropped)] if dropped else []
        assert got.dropped == wanted
        pad = int(got.dataset.meta.extra["pad"])
        inner = got.dataset.codes[:, pad : got.dataset.codes.shape[1] - pad]
        counts = sorted((inner == dna.N_CODE).sum(axis=1).tolist())
        twice = 2 if assay in ("sequences", "smileseq") else 1  # a shuffle holds the same
        assert [c for c in counts if c] == sorted([4, 5][: 2 - dropped] * twice)


def test_without_unknown_bases_the_share_changes_nothing(tmp_path: Path) -> None:
    files = {"a": "".join(f">{i}\n{s}\n" for i, s in enumerate(READS))}
    digests = {
        prepared(sequences.prepare, tmp_path, dict(files), max_unknown=m).dataset.digest()
        for m in (0, 0.1, 0.9)
    }
    assert len(digests) == 1


def test_shuffled_negatives_hold_the_unknown_bases_of_their_parents(tmp_path: Path) -> None:
    text = "".join(f">{i}\n{s}\n" for i, s in enumerate(dna.decode(masked(150, 80, 0.05))))
    dataset = prepared(sequences.prepare, tmp_path, {"a": text}, max_unknown=0.5).dataset
    parent = read_names(dataset.names).parent
    child = np.flatnonzero(parent >= 0)
    unknown = dataset.codes == dna.N_CODE
    assert len(child) == 150 and unknown.any(axis=1).mean() > 0.9
    assert np.array_equal(unknown[child], unknown[parent[child]])
    assert (dataset.codes[child] != dataset.codes[parent[child]]).any(axis=1).all()
    assert {c.check: c.state for c in audit_dataset(dataset)}["unknown_bases"] == "pass"
    # The robust recipe's fresh shuffles of an epoch are of the positives in their order.
    labels = dataset.labels[dataset.rows("train"), 0]
    fresh = epoch_codes(dataset, (1, 2)) == dna.N_CODE
    counts = [np.sort(fresh[labels == kind].sum(axis=1)) for kind in (0, 1)]
    # A shift cuts up to 10 known bases off, and as many N come in.
    assert abs(counts[0].mean() - counts[1].mean()) < 1


@given(st.integers(0, 1000))
def test_unknown_bases_stay_in_a_shuffle(seed: int) -> None:
    codes = masked(5, 30, 0.2, seed)
    out = shuffle_known(codes, lambda moved: np.where(moved < 4, 3 - moved, moved))
    assert np.array_equal(out, np.where(codes < 4, 3 - codes, codes))


def test_laid_unknown_bases_are_those_of_a_model_of_the_bin() -> None:
    rng = np.random.default_rng(0)
    models, codes = masked(60, 50, 0.1), masked(120, 50, 0, seed=1)
    model_bins, bins = np.arange(60) % 6, np.arange(120) % 6
    laid = lay_unknown(codes, bins, models, model_bins, rng)
    for number in range(6):
        wanted = (models[model_bins == number] == 4).tolist()
        found = (laid[bins == number] == 4).tolist()
        assert sorted(found) == sorted(wanted * 2)
    assert (laid[laid < 4] == codes[laid < 4]).all()
    state = rng.bit_generator.state
    assert lay_unknown(codes, bins, codes, bins, rng) is codes
    assert rng.bit_generator.state == state


def test_a_run_at_the_end_goes_on_in_the_flank() -> None:
    codes, flanks = masked(4, 10, 0), masked(4, 6, 0, seed=2)
    codes[1, 0] = codes[2, -1] = codes[3, 4] = dna.N_CODE
    out = extend_unknown(codes, flanks.copy()) == dna.N_CODE
    assert out.tolist() == [
        [False] * 6,
        [True] * 3 + [False] * 3,
        [False] * 3 + [True] * 3,
        [False] * 6,
    ]


def test_bins_of_the_share_are_steps_of_five_percent() -> None:
    codes = np.zeros((5, 100), dtype=np.uint8)
    for row, n in enumerate((0, 1, 5, 6, 10)):
        codes[row, :n] = dna.N_CODE
    assert share_bins(codes).tolist() == [0, 1, 1, 2, 2]


def test_a_filter_sums_over_the_known_bases() -> None:
    """The oracle: a loop over positions, with N left out."""
    torch.manual_seed(1)
    model = ExplaiNN(ExplaiNNConfig(length=60, tasks=1, units=4, filter_length=9, num_fc=0)).eval()
    codes = masked(30, 60, 0.3)
    codes[0, 10:40] = dna.N_CODE  # windows of nothing but N
    filters = TorchModel(model).filters()
    weight, offset = filters.weights, filters.offset
    outputs = model.unit_outputs(torch.from_numpy(codes)).detach().numpy()
    for row in range(len(codes)):
        for unit in range(4):
            sums = [
                sum(weight[unit, codes[row, at + i], i] for i in range(9) if codes[row, at + i] < 4)
                for at in range(filters.covered)
            ]
            assert outputs[row, unit] == pytest.approx(np.exp(max(sums) + offset[unit]), rel=1e-5)


@pytest.mark.parametrize("kernel", ["torch", "native"])
def test_units_add_up_and_strands_agree_with_unknown_bases(kernel: str) -> None:
    if kernel == "native":
        from nfexplainn.native import library

        try:
            library.load()
        except library.KernelError as error:
            pytest.skip(f"needs the native kernel, but {error}")
    torch.manual_seed(2)
    model = ExplaiNN(ExplaiNNConfig(length=100, tasks=2, units=10)).eval()
    model.kernel = kernel  # type: ignore[assignment]
    codes = masked(40, 100, 0.1)
    with torch.no_grad():
        outputs, logits = (f(torch.from_numpy(codes)) for f in (model.unit_outputs, model))
    added = outputs.double() @ model.final.weight.double().T + model.final.bias.double()
    assert torch.allclose(added, logits.double(), atol=1e-5)
    turned = dna.reverse_complement(codes)
    assert np.array_equal(turned == 4, (codes == 4)[:, ::-1])
    both = [predict_logits(TorchModel(model), c, average_strands=True) for c in (codes, turned)]
    assert np.allclose(*both, atol=1e-5)


@pytest.mark.parametrize("halves", [False, True])
def test_classes_are_compared_as_scikit_learn_does(halves: bool) -> None:
    rng = np.random.default_rng(3)
    unknown = rng.binomial(20, 0.05, 500)
    labels = np.stack([rng.random(500), rng.random(500) + unknown / 5], axis=1)
    if not halves:
        labels = (labels > 0.5).astype(float)
    labels[rng.random(labels.shape) < 0.1] = np.nan
    found = compare_classes(unknown, labels.astype(np.float32), halves)
    for task in range(2):
        column = labels[:, task].astype(np.float32)
        known = ~np.isnan(column)
        upper = column[known] > (np.median(column[known]) if halves else 0.5)
        some = unknown[known]
        assert found.auroc[task] == pytest.approx(roc_auc_score(upper, some))
        assert found.upper[task] == pytest.approx((some[upper] > 0).mean())
        assert found.lower[task] == pytest.approx((some[~upper] > 0).mean())
    assert found.differ.tolist() == [False, True]
    alone = compare_classes(unknown, np.ones((500, 1), np.float32), halves)
    assert alone.auroc.tolist() == [0.5] and not alone.differ.any()


def test_the_audit_tells_of_classes_that_differ_in_their_unknown_bases(tmp_path: Path) -> None:
    files = {
        name: "".join(f">{name}{i}\n{s}\n" for i, s in enumerate(dna.decode(codes)))
        for name, codes in (("a", masked(200, 80, 0.02)), ("n", masked(200, 80, 0, seed=5)))
    }
    rows = [{"sample": "A", "data": 0, "negatives": 1}]
    dataset = prepared(sequences.prepare, tmp_path, dict(files), rows).dataset
    check = audit_dataset(dataset)[-1]
    assert (check.check, check.state, check.total) == ("unknown_bases", "warn", len(dataset))
    assert check.count == (dataset.codes == 4).any(axis=1).sum() > 100
    assert check.example.startswith("A: ") and "0.0 % of the negatives hold N" in check.example
    # What all sequences are padded with is no difference.
    padded = prepared(smileseq.prepare, tmp_path, {"r": fastq(READS)}).dataset
    assert (padded.codes == 4).any() and audit_dataset(padded)[-1].state == "pass"
