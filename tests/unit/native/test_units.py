"""The kernel against the same layers in torch at float64, on every instruction set."""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from nfexplainn.dna import encode
from nfexplainn.errors import DivergedError
from nfexplainn.models.explainn import ExplaiNN, ExplaiNNConfig
from nfexplainn.models.explainn_weights import layer_names
from nfexplainn.models.native_model import unit_layers
from nfexplainn.native import build, library, units

ISAS = list(build.ISA_FLAGS)
SMALL = ExplaiNNConfig(length=60, tasks=2, units=18, filter_length=7, hidden=11, dropout=0.0)


@pytest.fixture(params=ISAS)
def isa(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each instruction set that this processor has, chosen by the switch."""
    available = build.machine_isas()
    monkeypatch.delenv(library.ISA_VARIABLE, raising=False)
    best = library.wanted_isa()
    if request.param not in available[available.index(best) :]:
        pytest.skip(f"needs a processor with {request.param}")
    monkeypatch.setenv(library.ISA_VARIABLE, request.param)
    try:
        assert library.load().isa == request.param
    except library.KernelError as error:
        pytest.skip(f"needs the native kernel, but {error}")
    return str(request.param)


each_isa = pytest.mark.usefixtures("isa")


def random_codes(n: int, length: int, seed: int = 0, unknown: float = 0.03) -> Tensor:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (n, length)).astype(np.uint8)
    codes[rng.random((n, length)) < unknown] = 4
    return torch.from_numpy(codes)


def random_model(config: ExplaiNNConfig, seed: int = 0) -> ExplaiNN:
    """A model whose batch norms are not at their start, some with a negative scale.

    No scale is near zero: what follows it would be constant but for rounding.
    """
    torch.manual_seed(seed)
    model = ExplaiNN(config)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d):
            nn.init.uniform_(module.weight, 0.4, 1.4)
            with torch.no_grad():
                module.weight[::5] *= -1
            nn.init.normal_(module.bias, 0.2, 0.3)
            nn.init.normal_(module.running_mean, 0.0, 0.3)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
    return model


class KernelExplaiNN(ExplaiNN):
    """An ExplaiNN that is computed by the kernel in training, too, with gradients for torch."""

    def unit_outputs(self, codes: Tensor) -> Tensor:
        """Give every unit's output, float (B, units), of codes, uint8 (B, length)."""
        arrays = {name: tensor.detach().numpy() for name, tensor in self.state_dict().items()}
        kernel = units.Units(self.config, unit_layers(self.config, arrays), torch.get_num_threads())
        if not self.training:
            return torch.from_numpy(kernel.evaluate(codes.numpy()))
        learnt = dict(self.named_parameters())
        names = layer_names(self.config.num_fc)
        parameters = [
            learnt[name]
            for layer, norm in names
            for name in (f"{layer}.weight", f"{norm}.weight", f"{norm}.bias")
        ]
        outputs = _Kernel.apply(kernel, codes.numpy(), *parameters)
        for _, norm in names:
            self.get_submodule(norm).num_batches_tracked += 1
        return outputs


class _Kernel(torch.autograd.Function):
    """A training step of the kernel, for torch's gradients."""

    @staticmethod
    def forward(ctx: Any, kernel: units.Units, codes: np.ndarray, *parameters: Tensor) -> Tensor:
        """Give (B, units)."""
        ctx.kernel = kernel
        ctx.save_for_backward(*parameters)
        seed = int(torch.randint(1 << 62, ()).item())
        return torch.from_numpy(kernel.forward(codes, seed))

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Give the gradients of weight, gamma and beta of every layer."""
        found = [np.empty(tuple(one.shape), np.float32) for one in ctx.saved_tensors]
        places = [units.LayerGradient(*found[at : at + 3]) for at in range(0, len(found), 3)]
        ctx.kernel.backward(gradient.numpy(), places)
        return (None, None, *map(torch.from_numpy, found))


def native(model: ExplaiNN) -> ExplaiNN:
    other = KernelExplaiNN(model.config)
    other.load_state_dict(model.state_dict())
    return other.train(model.training)


def step(model: ExplaiNN, codes: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """Outputs and gradients of one training step, in float64."""
    model.train().zero_grad()
    outputs = model.unit_outputs(codes)
    generator = torch.Generator().manual_seed(5)
    weights = torch.randn(outputs.shape, generator=generator, dtype=torch.float64)
    (outputs.double() * weights).sum().backward()
    gradients = {
        name: parameter.grad.double()
        for name, parameter in model.named_parameters()
        if parameter.grad is not None
    }
    return outputs.detach().double(), gradients


def check_step(
    config: ExplaiNNConfig,
    batch: int,
    seed: int = 0,
    unknown: float = 0.03,
    codes: Tensor | None = None,
) -> None:
    """Outputs, gradients and running statistics of a step, against torch at float64.

    How much rounding a gradient suffers depends on what cancels in it, so that the yardstick is
    torch's own error at float32 (its worst element; ours may be elsewhere), and the largest
    gradient, as that is what the others are sums of.
    """
    model = random_model(config, seed)
    codes = random_codes(batch, config.length, seed, unknown) if codes is None else codes
    ours, exact = native(model), copy.deepcopy(model).double()
    outputs, gradients = step(ours, codes)
    rounded, yardstick = step(model, codes)
    expected, reference = step(exact, codes)
    error = float((outputs - expected).abs().max())
    assert error < 10 * float((rounded - expected).abs().max()) + 1e-5
    assert set(gradients) == set(reference)
    floor = 2e-7 * max(float(gradient.abs().max()) for gradient in reference.values())
    for name, gradient in reference.items():
        error = float((gradients[name] - gradient).abs().max())
        allowed = 10 * float((yardstick[name] - gradient).abs().max())
        assert error < allowed + 1e-5 * float(gradient.abs().max()) + floor, name
    state = exact.state_dict()
    for name, value in ours.state_dict().items():
        assert torch.allclose(value.double(), state[name].double(), rtol=1e-5, atol=1e-6), name


@each_isa
@pytest.mark.parametrize("num_fc", [0, 1, 2])
@pytest.mark.parametrize("batch", [2, 3, 99, 100, 101])
def test_step_of_every_batch_size(num_fc: int, batch: int) -> None:
    check_step(dataclasses.replace(SMALL, num_fc=num_fc), batch)


@each_isa
@pytest.mark.parametrize("length", range(5, 41))
def test_step_of_every_filter_length(length: int) -> None:
    check_step(dataclasses.replace(SMALL, filter_length=length, length=80), 20, seed=length)


@each_isa
def test_step_of_a_very_long_filter() -> None:
    check_step(dataclasses.replace(SMALL, filter_length=61, length=120), 20)


@each_isa
@pytest.mark.parametrize("hidden", [1, 7, 16, 100, 130])
def test_step_of_every_hidden_size(hidden: int) -> None:
    check_step(dataclasses.replace(SMALL, hidden=hidden), 33)


@each_isa
@pytest.mark.parametrize("pooled", range(1, 84))
def test_step_of_every_number_of_pooled_positions(pooled: int) -> None:
    config = dataclasses.replace(
        SMALL, units=3, filter_length=19, length=18 + 7 * pooled + pooled % 7, hidden=5
    )
    assert config.pooled_positions == pooled
    check_step(config, 37, seed=pooled)


@each_isa
@pytest.mark.parametrize(
    ("size", "stride"), [(1, 1), (7, 3), (3, 7), (12, 12), (13, 5), (54, 1), (30, 24)]
)
@pytest.mark.parametrize("num_fc", [1, 2])
def test_step_of_every_pool(size: int, stride: int, num_fc: int) -> None:
    check_step(
        dataclasses.replace(SMALL, pool_size=size, pool_stride=stride, num_fc=num_fc), 25, seed=size
    )


@each_isa
@pytest.mark.parametrize("units_", [1, 15, 16, 17, 33])
def test_step_of_every_number_of_units(units_: int) -> None:
    check_step(dataclasses.replace(SMALL, units=units_), 30)


@each_isa
@pytest.mark.parametrize("unknown", [0.0, 0.3, 1.0])
def test_unknown_bases_add_nothing(unknown: float) -> None:
    if unknown < 1:
        check_step(SMALL, 40, unknown=unknown)
    model = random_model(SMALL).eval()
    codes = random_codes(9, SMALL.length, unknown=unknown)
    with torch.no_grad():
        assert torch.allclose(native(model)(codes), model(codes), atol=1e-5)


@each_isa
@pytest.mark.parametrize("num_fc", [0, 1, 2])
@pytest.mark.parametrize("holding", [1, 20, 40])
def test_step_with_masked_repeats(num_fc: int, holding: int) -> None:
    """Runs of N as of masked repeats, longer than a filter, in some sequences of a batch."""
    codes = random_codes(40, SMALL.length, seed=holding, unknown=0.0)
    rng = np.random.default_rng(holding)
    for row in range(holding):
        start = int(rng.integers(0, SMALL.length))
        codes[row, start : start + int(rng.integers(1, 40))] = 4
    check_step(dataclasses.replace(SMALL, num_fc=num_fc), 40, codes=codes)


@each_isa
@pytest.mark.parametrize("num_fc", [0, 1, 2])
@pytest.mark.parametrize("batch", [1, 2, 63, 64, 65, 200])
def test_evaluation(num_fc: int, batch: int) -> None:
    model = random_model(dataclasses.replace(SMALL, num_fc=num_fc)).eval()
    codes = random_codes(batch, SMALL.length)
    with torch.no_grad():
        expected = copy.deepcopy(model).double().unit_outputs(codes)
        found = native(model).unit_outputs(codes)
    assert torch.allclose(found.double(), expected, rtol=1e-5, atol=1e-5)
    assert expected.std() > 0


@each_isa
def test_a_module_uses_the_kernel_in_evaluation_alone() -> None:
    model = random_model(SMALL).eval()
    model.kernel = "native"
    codes = random_codes(5, SMALL.length)
    with torch.no_grad():
        assert torch.equal(model(codes), native(model)(codes))
    model(codes).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


@each_isa
def test_logits_of_the_authors_checkpoint(data_dir: Path) -> None:
    """Against the golden logits (written with 6 digits), and torch at float64."""
    folder = data_dir / "models"
    state = torch.load(
        folder / "explainn_MAX_JUND_FOXA1_model_epoch_best_4.pth",
        weights_only=True,
        map_location="cpu",
    )
    model = ExplaiNN(ExplaiNNConfig(length=200, tasks=3))
    model.load_state_dict(state)
    lines = (folder / "golden_inputs_200bp.fa").read_text().split(">")[1:]
    codes = torch.from_numpy(encode(["".join(record.split("\n")[1:]) for record in lines]))
    golden = np.loadtxt(folder / "golden_logits_MAX_FOXA1_JUND.tsv", skiprows=1, usecols=(1, 2, 3))
    with torch.no_grad():
        found = native(model.eval())(codes).double()
        exact = model.double()(codes)
    assert (found - exact).abs().max() < 1e-5
    assert (found - torch.from_numpy(golden)).abs().max() < 1e-4


@each_isa
def test_gradients_are_as_good_as_the_authors() -> None:
    """Against float64: within three times the original's own float32 error, median of seeds."""
    networks = pytest.importorskip(
        "explainn.models.networks", reason="needs the authors' package explainn 0.1.5"
    )
    loss = nn.functional.binary_cross_entropy_with_logits
    names = ("linears.0.weight", "linears.6.weight", "linears.10.weight", "final.weight")
    ratios = []
    for seed in range(10):
        torch.manual_seed(seed)
        theirs = networks.ExplaiNN(10, 200, 1)
        for module in theirs.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        ours = ExplaiNN(ExplaiNNConfig(200, 1, units=10, dropout=0.0))
        ours.load_state_dict(theirs.state_dict())
        ours = native(ours)
        codes = random_codes(40, 200, seed, unknown=0.0)
        channels = (codes[:, None] == torch.arange(4)[None, :, None]).float()
        labels = torch.randint(0, 2, (40, 1)).float()
        exact = copy.deepcopy(theirs).double()
        loss(ours(codes), labels).backward()
        loss(theirs(channels), labels).backward()
        loss(exact(channels.double()), labels.double()).backward()
        reference = {n: p.grad for n, p in exact.named_parameters()}
        errors = [
            max(
                float((parameters[n].grad - reference[n]).norm() / reference[n].norm())
                for n in names
            )
            for parameters in (dict(ours.named_parameters()), dict(theirs.named_parameters()))
        ]
        ratios.append(errors[0] / errors[1])
    assert np.median(ratios) < 3


def hidden_gradient(seed: int, dropout: float, batch: int = 200) -> Tensor:
    """Gradient of the last weights, (units, hidden), which dropout thins and scales."""
    config = dataclasses.replace(SMALL, hidden=100, units=20, dropout=dropout)
    model = native(random_model(config)).train()
    torch.manual_seed(seed)
    model.unit_outputs(random_codes(batch, config.length)).sum().backward()
    gradient = model.linears["10"].weight.grad
    assert gradient is not None
    return gradient.view(20, 100)


@each_isa
def test_dropout_follows_torch_s_seed_and_no_thread_count() -> None:
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        first, again, other = (hidden_gradient(seed, 0.3) for seed in (1, 1, 2))
        torch.set_num_threads(3)
        threaded = hidden_gradient(1, 0.3)
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(first, again)
    assert torch.equal(first, threaded)
    assert not torch.equal(first, other)


@each_isa
@pytest.mark.parametrize("rate", [0.1, 0.3, 0.9])
def test_dropout_rate(rate: float) -> None:
    """With positive nodes only, a unit's sum is the number of kept nodes over the rate kept."""
    config = dataclasses.replace(SMALL, hidden=100, units=20, dropout=rate)
    model = native(ExplaiNN(config)).train()
    with torch.no_grad():
        model.linears["7"].weight.zero_()
        model.linears["7"].bias.fill_(1.0)  # every node is 1, whatever comes in
        model.linears["10"].weight.fill_(1.0)
        model.linears["10"].bias.zero_()
        torch.manual_seed(3)
        model.unit_outputs(random_codes(500, config.length))
    n, keep = 100, 1 - rate
    norm = model.linears["11"]  # whose running statistics began at 0 and 1
    mean = norm.running_mean / units.MOMENTUM
    variance = (norm.running_var - (1 - units.MOMENTUM)) / units.MOMENTUM
    expected = n * rate / keep  # variance of a sum of n scaled Bernoulli draws
    assert abs(float(mean.mean()) / n - 1) < 4 * np.sqrt(rate / keep / (n * 500 * 20))
    assert abs(float(variance.mean()) / expected - 1) < 4 * np.sqrt(2 / (500 * 20))
    assert float(mean.std()) < 2 * np.sqrt(expected / 500)


def test_results_do_not_depend_on_the_instruction_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only rounding differs: dropout falls on the same nodes."""
    found = []
    monkeypatch.delenv(library.ISA_VARIABLE, raising=False)
    available = build.machine_isas()
    for name in available[available.index(library.wanted_isa()) :]:
        monkeypatch.setenv(library.ISA_VARIABLE, name)
        try:
            found.append(hidden_gradient(4, 0.3))
        except library.KernelError as error:
            pytest.skip(f"needs the native kernel, but {error}")
    for other in found[1:]:
        assert torch.allclose(other, found[0], rtol=1e-3, atol=1e-3)


@each_isa
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("linears.0.weight", "its filter"),
        ("linears.1.weight", "its filter"),
        ("linears.6.weight", "its dense layers"),
        ("linears.7.bias", "its dense layers"),
        ("linears.10.weight", "its dense layers"),
        ("linears.11.bias", "its dense layers"),
    ],
)
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_stops_with_a_sentence(
    name: str, words: str, training: bool, value: float
) -> None:
    config = SMALL
    model = native(random_model(config)).train(training)
    before = copy.deepcopy(model.state_dict())
    with torch.no_grad():
        parameter = dict(model.named_parameters())[name]
        parameter[len(parameter) * 5 // config.units] = value
    with torch.no_grad(), pytest.raises(DivergedError, match=f"unit_006.*{words}.*learning_rate"):
        model.unit_outputs(random_codes(20, config.length))
    after = model.state_dict()
    assert all(torch.equal(after[n], before[n]) for n in before if "running" in n)


@each_isa
@pytest.mark.parametrize("training", [True, False])
def test_an_exponential_that_overflows_is_seen(training: bool) -> None:
    model = native(random_model(SMALL)).train(training)
    with torch.no_grad():
        model.linears["1"].bias[3] = 95.0
    with torch.no_grad(), pytest.raises(DivergedError, match=r"unit_004.*exp\(9\d"):
        model.unit_outputs(random_codes(20, SMALL.length))


@each_isa
def test_the_exponential_up_to_its_end() -> None:
    """Through a model without dense layers whose filter is zero: its output is exp(bias)."""
    config = ExplaiNNConfig(length=9, tasks=1, units=701, filter_length=5, num_fc=0)
    model = native(ExplaiNN(config)).eval()
    values = torch.linspace(-87.2, 88.7, config.units)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.fill_(0.0 if name.startswith("linears") else 1.0)
        model.linears["1"].bias.copy_(values)
        found = model.unit_outputs(random_codes(1, 9))[0].double()
    assert torch.allclose(found, values.double().exp(), rtol=3e-7, atol=0)


def test_dense_layers_beyond_two_are_refused() -> None:
    assert "dense layers" in (units.why_unusable(dataclasses.replace(SMALL, num_fc=3)) or "")


@each_isa
def test_training_learns_a_planted_motif() -> None:
    """A few dozen steps bring the loss down as far as torch's do."""
    rng = np.random.default_rng(2)
    codes = rng.integers(0, 4, (200, 60)).astype(np.uint8)
    labels = np.arange(200) % 2
    codes[labels == 1, 20:28] = encode(["TGACTCAT"])[0]
    x, y = torch.from_numpy(codes), torch.from_numpy(labels).float()[:, None]
    losses = {}
    for kernel in ("torch", "native"):
        torch.manual_seed(1)
        config = ExplaiNNConfig(length=60, tasks=1, units=8, filter_length=9, hidden=20)
        model = ExplaiNN(config).train()
        model = native(model) if kernel == "native" else model
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        for _ in range(40):
            optimizer.zero_grad()
            loss = nn.functional.binary_cross_entropy_with_logits(model(x), y)
            loss.backward()
            optimizer.step()
        losses[kernel] = float(loss.detach())
    assert losses["torch"] < 0.15
    assert losses["native"] < 0.15
