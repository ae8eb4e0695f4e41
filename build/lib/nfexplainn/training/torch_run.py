"""Train one model by torch: on a GPU, of another architecture, or on the outputs of others."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from nfexplainn.data.dataset import Dataset
from nfexplainn.models.config import ExplaiNNConfig
from nfexplainn.models.device import describe_device, prepare_device, resolve_device
from nfexplainn.models.modules import put_weights
from nfexplainn.models.pretrained import fill_sources, fitting, read_sources
from nfexplainn.models.registry import build, configured
from nfexplainn.models.torch_model import TorchModel
from nfexplainn.models.transfer import TransferModel, use_kernel
from nfexplainn.training.loop import TrainingOptions, TrainingResult
from nfexplainn.training.run import Plan, Trained, filters_held, say_what, settled
from nfexplainn.training.start import start_of
from nfexplainn.training.torch_learner import seeded, train_module
from nfexplainn.training.transfer import train_transfer


def train_by_torch(
    plan: Plan,
    dataset: Dataset,
    options: TrainingOptions,
    report: Callable[[str], None] | None = None,
) -> Trained:
    """Train a model by torch, as :func:`nfexplainn.training.run.train_model` says."""
    device = _device(plan)
    config = configured(plan.architecture, plan.config)
    model = seeded(options.seed, lambda: build(plan.architecture, plan.config))
    options = settled(plan, config, options)
    labels: tuple[str, ...] = ()
    if isinstance(config, ExplaiNNConfig):
        start = start_of(config, plan.profiles, dataset, options)
        labels = start.profiles
        put_weights(model, start.weights)
    say_what(plan, dataset, describe_device(device), "torch")
    held = filters_held(plan, options)
    result = train_module(model, dataset, options, device=device, report=report, held=held)
    return _trained(model, device, result, options, labels)


def train_on_pretrained(
    plan: Plan,
    dataset: Dataset,
    options: TrainingOptions,
    paths: Sequence[str],
    names: Sequence[str],
    values: Mapping[str, Any],
) -> Trained:
    """Train a model on the outputs of trained ones.

    Parameters
    ----------
    plan, dataset, options
    paths : sequence of str
        Files of the trained models.
    names : sequence of str
        What the user calls each.
    values : mapping
        All options of the run.

    Raises
    ------
    UserError
        As :func:`nfexplainn.models.pretrained.read_sources` and
        :func:`nfexplainn.training.transfer.train_transfer`.
    """
    device = _device(plan)
    options = options.settled(seeded=False)
    sources = read_sources(
        paths,
        length=values.get("pretrained_length"),
        dataset_length=dataset.meta.length,
        names=names,
        trust_programs=values.get("trust_programs", False),
    )
    config = {**plan.config, "sources": tuple(source.config for source in sources)}
    model = seeded(options.seed, lambda: build(plan.architecture, config))
    assert isinstance(model, TransferModel)
    use_kernel(model, plan.kernel, "gpu" if device.type == "cuda" else "cpu")
    fill_sources(model, sources)
    print(f"{model.config.units} units from {len(sources)} pretrained models", file=sys.stderr)
    for text in filter(None, (fitting(one.config, dataset.meta.length) for one in sources)):
        print(text, file=sys.stderr)
    say_what(plan, dataset, describe_device(device), "torch")
    files = [source.file for source in sources]
    result = train_transfer(model, dataset, options, device=device, files=files)
    return _trained(model, device, result, options, ())


def _device(plan: Plan) -> torch.device:
    device = resolve_device(plan.device)
    prepare_device(device, plan.threads)
    return device


def _trained(
    model: nn.Module,
    device: torch.device,
    result: TrainingResult,
    options: TrainingOptions,
    labels: tuple[str, ...],
) -> Trained:
    size = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    versions = {"torch": torch.__version__}
    return Trained(TorchModel(model, device), result, options, size, device.type, labels, versions)
