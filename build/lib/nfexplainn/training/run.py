"""Train one model of a data set, and write what the pipeline reads of it."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import nfexplainn
from nfexplainn.data.dataset import Dataset
from nfexplainn.errors import DivergedError
from nfexplainn.io.text import write_text
from nfexplainn.io.tsv import write_tsv
from nfexplainn.models.checkpoint import ModelHeader, save_model
from nfexplainn.models.config import ExplaiNNConfig
from nfexplainn.models.kernels import choose_kernel, instruction_set
from nfexplainn.models.model import Model
from nfexplainn.models.registry import configured
from nfexplainn.motifs.motif import Motif
from nfexplainn.training.loop import (
    CLOCK_FIELDS,
    Epoch,
    TrainingOptions,
    TrainingResult,
    train,
)
from nfexplainn.training.native_learner import NativeLearner, trained_names
from nfexplainn.training.start import start_of


@dataclass(frozen=True)
class Plan:
    """What is to be trained.

    Attributes
    ----------
    architecture : str
    config : mapping
        Values of the architecture's configuration.
    profiles : tuple of Motif
        That the filters start from; empty: random, or from words.
    kernel : {'auto', 'native', 'torch'}
    device : {'auto', 'cpu', 'gpu'}
    threads : int
    """

    architecture: str
    config: Mapping[str, Any]
    profiles: tuple[Motif, ...] = ()
    kernel: str = "auto"
    device: str = "auto"
    threads: int = 1


@dataclass(frozen=True)
class Trained:
    """A trained model.

    Attributes
    ----------
    model : Model
        With the best weights.
    result : TrainingResult
    options : TrainingOptions
        By which it was trained, with a value for each.
    parameters : int
        Number of weights that were trained.
    device : {'cpu', 'cuda'}
    starts : tuple of str
        Names of the profiles that the filters started from.
    versions : mapping of str to str
    """

    model: Model
    result: TrainingResult
    options: TrainingOptions
    parameters: int
    device: str
    starts: tuple[str, ...]
    versions: Mapping[str, str]


def settled(plan: Plan, config: object, options: TrainingOptions) -> TrainingOptions:
    """Give the options with a value for all that depend on what is trained."""
    return options.settled(seeded=isinstance(config, ExplaiNNConfig) and not plan.profiles)


def filters_held(plan: Plan, options: TrainingOptions) -> bool:
    """Tell whether the filters stay as they start, at least at first."""
    return bool(plan.profiles) and options.initial_filters != "free"


def train_model(
    plan: Plan,
    dataset: Dataset,
    options: TrainingOptions,
    report: Callable[[str], None] | None = None,
) -> Trained:
    """Train a model that reads sequences: an ExplaiNN by the kernel where it can, others by torch.

    Parameters
    ----------
    plan : Plan
    dataset : Dataset
    options : TrainingOptions
    report : callable, optional
        Takes a line of progress; by default it goes to stderr.

    Raises
    ------
    UserError, DivergedError
        As for :func:`nfexplainn.training.loop.train`.
    """
    config = configured(plan.architecture, plan.config)
    options = settled(plan, config, options)
    if choose_kernel(config, plan.kernel, plan.device) == "torch":
        from nfexplainn.training.torch_run import train_by_torch

        return train_by_torch(plan, dataset, options, report)
    assert isinstance(config, ExplaiNNConfig)
    start = start_of(config, plan.profiles, dataset, options)
    weights = start.weights
    learner = NativeLearner(config, weights, seed=options.seed, threads=plan.threads)
    say_what(plan, dataset, learner.device, "native")
    held = filters_held(plan, options)
    result = train(learner, dataset, options, report=report, held=held)
    frozen = held and options.initial_filters == "frozen"
    names = trained_names(config)[1 if frozen else 0 :]
    # The biases before the batch norms count as they do in torch, where they have a gradient of 0.
    biases = [name for name in weights if name.endswith(".bias") and name not in names]
    size = sum(weights[name].size for name in (*names, *biases))
    versions = {"numpy": np.__version__}
    return Trained(learner.model, result, options, size, "cpu", start.profiles, versions)


def write_trained(
    trained: Trained,
    plan: Plan,
    dataset: Dataset,
    *,
    run: str,
    replicate: int,
    folder: Path,
) -> ModelHeader:
    """Write the model's file and the tables of its training; give the file's header."""
    meta, result, model = dataset.meta, trained.result, trained.model
    options = trained.options
    computed_by = instruction_set(model.kernel)
    header = ModelHeader(
        architecture=plan.architecture,
        config=dataclasses.asdict(model.config),
        tasks=meta.tasks,
        task_type=meta.task_type,
        strand_symmetric=result.both_strands,
        training={
            **dataclasses.asdict(options),
            "loss": result.loss,
            "metric": result.metric,
            "epochs": len(result.history),
            "best_epoch": result.best_epoch,
            "best_valid_loss": result.best_loss,
            "kernel": model.kernel,
            "instruction_set": computed_by,
            **({"initial_profiles": list(trained.starts)} if trained.starts else {}),
            "device": trained.device,
        },
        dataset=meta.id,
        dataset_digest=dataset.digest(),
        replicate=replicate,
        seed=options.seed,
        versions={"nf-explainn": nfexplainn.__version__, **trained.versions},
    )
    rows = [dataclasses.asdict(row) | {"best": int(row.best)} for row in result.history]
    # The clock's figures lie apart: all else is the same in every run with the same seed.
    clock = ["epoch", *CLOCK_FIELDS]
    steady = [field.name for field in dataclasses.fields(Epoch) if field.name not in CLOCK_FIELDS]
    for name, columns in (("timing", clock), ("history", steady)):
        table = [[row[column] for column in columns] for row in rows]
        write_tsv(folder / f"{run}.{name}.tsv", columns, table)
    facts = {
        "architecture": plan.architecture,
        "parameters": trained.parameters,
        "kernel": computed_by,
    }
    write_tsv(folder / f"{run}.model.tsv", list(facts), [list(facts.values())])
    save_model(folder / f"{run}.model.safetensors", model.weights(), header)
    return header


def write_diverged(
    error: DivergedError,
    plan: Plan,
    dataset: Dataset,
    options: TrainingOptions,
    *,
    run: str,
    replicate: int,
    folder: Path,
) -> None:
    """Write why there is no model."""
    state = {"dataset": dataset.meta.id, "model": plan.architecture, "replicate": replicate}
    told = {"seed": options.seed, "reason": error.reason, "advice": error.advice}
    write_text(folder / f"{run}.diverged.json", json.dumps(state | told, indent=2) + "\n")


def say_what(plan: Plan, dataset: Dataset, device: str, kernel: str) -> None:
    """Say what is trained where."""
    said = f"{dataset.meta.id}: {plan.architecture} on {device}, {kernel} kernel"
    print(said, file=sys.stderr)
