"""Training: Adam on both strands, early stopping on the validation loss, best weights kept.

The data stay as codes, one byte a base; reverse complements and one-hot channels are made per
batch. Novakovsky, Fornes et al. 2023, Methods ("Model training").
"""

from __future__ import annotations

import dataclasses
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from nfexplainn.data.dataset import Dataset
from nfexplainn.errors import DivergedError, UserError
from nfexplainn.evaluation.metrics import headline
from nfexplainn.evaluation.predict import predict_logits, reverse_complement
from nfexplainn.models.kernels import own_threads
from nfexplainn.training.adam import FusedAdam
from nfexplainn.training.device import describe_device
from nfexplainn.training.losses import LOSSES, resolve_loss
from nfexplainn.training.options import TrainingOptions, options_from
from nfexplainn.training.recipes import epoch_codes

CLOCK_FIELDS = ("seconds", "sequences_per_second")  # of an Epoch, and never twice the same
REPORT_EVERY = 10.0  # seconds between lines within a long epoch

__all__ = ["TrainingOptions", "epoch_batches", "options_from", "seeded", "train"]


class Held(Protocol):
    """Parameters that training leaves as they are until they are released."""

    def after_step(self) -> None:
        """Mend what a step may have broken."""

    def release(self) -> None:
        """Let them learn from here on."""


@dataclass(frozen=True)
class Epoch:
    """One row of the history; ``best`` marks the epoch whose weights are kept."""

    epoch: int
    train_loss: float
    valid_loss: float
    valid_metric: float
    seconds: float
    sequences_per_second: float
    learning_rate: float
    device: str
    best: bool


@dataclass(frozen=True)
class TrainingResult:
    """What training did; the model holds the best epoch's weights.

    Attributes
    ----------
    history : tuple of Epoch
    best_epoch : int
        Counted from 1.
    best_loss : float
        Validation loss of that epoch.
    loss : str
        Name of the loss that was used.
    metric : str
        Name of the history's ``valid_metric``.
    both_strands : bool
        Whether both strands were trained on, and are to be averaged in predictions.
    """

    history: tuple[Epoch, ...]
    best_epoch: int
    best_loss: float
    loss: str
    metric: str
    both_strands: bool


@dataclass(frozen=True)
class Inputs:
    """What a model reads.

    Attributes
    ----------
    rows : Tensor, shape (n, ...)
        In the order of the data set; uint8 codes by default.
    other_strand : callable
        Gives the rows of the reverse complements.
    """

    rows: Tensor
    other_strand: Callable[[Tensor], Tensor] = reverse_complement


def epoch_batches(n: int, batch_size: int) -> list[int]:
    """Split ``n`` sequences into batches of nearly equal size, none above ``batch_size``.

    A last batch of one sequence has no variance for batch norm, and a tiny one adds noise; so the
    sizes differ by at most one. (A batch of three instead of two is taken where an odd number
    cannot be split into pairs.)
    """
    count = max(1, min(math.ceil(n / batch_size), n // 2))
    small, larger = divmod(n, count)
    return [small + 1] * larger + [small] * (count - larger)


def train(
    model: nn.Module,
    dataset: Dataset,
    options: TrainingOptions,
    *,
    device: torch.device | None = None,
    report: Callable[[str], None] | None = None,
    held: Held | None = None,
    inputs: Inputs | None = None,
) -> TrainingResult:
    """Train a model on the training part of a data set, stopping by its validation part.

    Parameters
    ----------
    model : nn.Module
        Made with :func:`seeded`, so that its start depends on the seed alone. Ends on ``device``
        in evaluation mode with the best weights.
    dataset : Dataset
    options : TrainingOptions
    device : torch.device, optional
        By default the CPU.
    report : callable, optional
        Takes a line of progress; by default it goes to stderr.
    held : Held, optional
        What is not trained: never, or with ``initial_filters`` released in the first part only.
        That part ends after ``initial_epochs``, or when validation no longer gets better; the next
        goes on from its best weights, and each may take ``max_epochs``.
    inputs : Inputs, optional
        What the model reads instead of the data set's codes.

    Returns
    -------
    TrainingResult

    Raises
    ------
    UserError
        If there are too few sequences, no known label, or a loss that does not fit the labels.
    DivergedError
        If the loss is no longer a number, or an activation more than a number can hold.
    """
    device = device or torch.device("cpu")
    report = report or (lambda line: print(line, file=sys.stderr, flush=True))
    name = resolve_loss(options.loss, dataset.meta.task_type)
    _check(dataset)
    both = options.reverse_complement and dataset.meta.strand_symmetric
    model.to(device)
    trainer = _Trainer(model, dataset, options, device, name, both, report, held, inputs)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(options.seed)
        with own_threads(model):
            return trainer.run()


class _Trainer:
    """The state of one training."""

    def __init__(
        self,
        model: nn.Module,
        dataset: Dataset,
        options: TrainingOptions,
        device: torch.device,
        loss: str,
        both: bool,
        report: Callable[[str], None],
        held: Held | None,
        inputs: Inputs | None,
    ) -> None:
        self.held = held
        self.model, self.dataset, self.options, self.device = model, dataset, options, device
        self.loss_name, self.loss, self.both, self.report = loss, LOSSES[loss], both, report
        train, valid = dataset.rows("train"), dataset.rows("valid")
        self.rows = torch.from_numpy(train).to(device)
        # The paper's recipe never changes the sequences: they are used in place, not copied.
        paper = options.recipe == "paper"
        given = inputs or Inputs(torch.from_numpy(dataset.codes))
        self.codes = given.rows.to(device) if paper or inputs else None
        self.inputs = given.rows if self.codes is None else self.codes
        self.other_strand = given.other_strand
        self.labels = torch.from_numpy(dataset.labels[train]).to(device)
        self.valid_rows = torch.from_numpy(valid).to(self.inputs.device)
        self.valid_labels = torch.from_numpy(dataset.labels[valid])
        self.order = torch.Generator().manual_seed(options.seed)
        self.device_text = describe_device(device)
        self.metric = ""
        self.history: list[Epoch] = []
        self.best, self.best_epoch, self.best_state = math.inf, 0, _copy(model)

    def run(self) -> TrainingResult:
        options = self.options
        if self.held is not None and options.initial_filters == "released":
            until = options.initial_epochs
            self._part(until or options.max_epochs, until or options.patience)
            self.model.load_state_dict(self.best_state)
            self.report(f"epoch {len(self.history)}: the filters are released")
            self.held.release()
            self.held = None
        self._part(options.max_epochs, options.patience)
        self.model.load_state_dict(self.best_state)
        self.model.eval()
        at = self.best_epoch - 1
        self.history[at] = dataclasses.replace(self.history[at], best=True)
        return TrainingResult(
            tuple(self.history),
            self.best_epoch,
            self.best,
            self.loss_name,
            self.metric,
            self.both,
        )

    def _part(self, epochs: int, patience: int) -> None:
        """Train on, until it no longer gets better, or for so many epochs."""
        first = len(self.history) + 1
        trained = [weight for weight in self.model.parameters() if weight.requires_grad]
        self.optimizer = FusedAdam(trained, self.options.learning_rate)
        for number in range(first, first + epochs):
            started = time.perf_counter()
            train_loss, seen, elapsed = self._train_epoch(number)
            valid_loss, metric = self._validate()
            self._check_finite(number, train_loss, valid_loss)
            if valid_loss < self.best:
                self.best, self.best_epoch, self.best_state = valid_loss, number, _copy(self.model)
            self.history.append(
                Epoch(
                    number,
                    train_loss,
                    valid_loss,
                    metric,
                    time.perf_counter() - started,
                    seen / max(elapsed, 1e-9),
                    self.options.learning_rate,
                    self.device_text,
                    False,
                )
            )
            last = first + epochs - 1
            stop_after = min(last, max(self.best_epoch, first - 1) + patience)
            self._report_epoch(last, stop_after)
            if number >= stop_after:
                break

    def _train_epoch(self, number: int) -> tuple[float, int, float]:
        """Train once on everything; give mean loss, number of sequences and seconds."""
        self.model.train()
        codes, rows = self._codes(number)
        n = len(rows)
        total = 2 * n if self.both else n
        order = torch.randperm(total, generator=self.order).to(self.device)
        losses = torch.zeros((), dtype=torch.float64, device=self.device)
        done, started = 0, time.perf_counter()
        told = started
        for chosen in order.split(epoch_batches(total, self.options.batch_size)):
            at = chosen % n
            batch = codes[rows[at]]
            if self.both:  # numbers from n on are the other strands
                reverse = (chosen >= n)[:, None]
                batch = torch.where(reverse, self.other_strand(batch), batch)
            labels = self.labels[at]
            loss = self.loss(self.model(batch), labels, ~torch.isnan(labels))
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            if self.held is not None:
                self.held.after_step()
            losses += loss.detach() * len(chosen)
            done += len(chosen)
            now = time.perf_counter()
            if now - told > REPORT_EVERY:
                told, rate = now, done / (now - started)
                self.report(
                    f"epoch {number}: {done:,} of {total:,} sequences, {rate:,.0f} per second,"
                    f" {_duration((total - done) / rate)} left of this epoch"
                )
        mean = float(losses) / total  # waits for the device
        return mean, total, time.perf_counter() - started

    def _validate(self) -> tuple[float, float]:
        """Give the loss over all validation sequences (of both strands) and the metric."""
        forward = self._valid_logits(None)
        labels, logits = self.valid_labels, forward
        averaged = forward
        if self.both:
            other = self._valid_logits(self.other_strand)
            averaged = (forward + other) / 2
            logits, labels = torch.cat([forward, other]), torch.cat([labels, labels])
        # One mean over all sequences: batches of unequal size cannot weigh it wrongly.
        loss = float(self.loss(logits.double(), labels.double(), ~torch.isnan(labels)))
        self.metric, value = headline(
            self.valid_labels.numpy(), averaged.numpy(), self.dataset.meta.task_type
        )
        return loss, value

    def _valid_logits(self, strand: Callable[[Tensor], Tensor] | None) -> Tensor:
        rows = self.valid_rows
        logits = predict_logits(
            self.model, self.inputs, average_strands=False, rows=rows, strand=strand
        )
        return torch.from_numpy(logits)

    def _codes(self, number: int) -> tuple[Tensor, Tensor]:
        """Give sequences, and which of them an epoch trains on."""
        if self.codes is not None:
            return self.codes, self.rows
        codes = epoch_codes(
            self.dataset,
            (self.options.seed, number),
            native=getattr(self.model, "kernel", "torch") == "native",
            threads=getattr(self.model, "threads", 0) or torch.get_num_threads(),
        )
        return torch.from_numpy(codes).to(self.device), torch.arange(len(codes), device=self.device)

    def _check_finite(self, number: int, train_loss: float, valid_loss: float) -> None:
        for part, value in (("training", train_loss), ("validation", valid_loss)):
            if not math.isfinite(value):
                raise DivergedError(
                    f"The {part} loss of epoch {number} is {value}: training has diverged.",
                    f"Lower learning_rate (now {self.options.learning_rate:g}), or check the"
                    " labels for extreme values.",
                )

    def _report_epoch(self, last_epoch: int, stop_after: int) -> None:
        last = self.history[-1]
        mean = sum(epoch.seconds for epoch in self.history) / len(self.history)
        left = (stop_after - last.epoch) * mean
        end = (
            "done" if last.epoch >= stop_after else f"{_duration(left)} left if no epoch is better"
        )
        self.report(
            f"epoch {last.epoch}/{last_epoch}: train loss {last.train_loss:.4f},"
            f" valid loss {last.valid_loss:.4f}, {self.metric} {last.valid_metric:.3f},"
            f" {last.sequences_per_second:,.0f} sequences/s, best epoch {self.best_epoch}, {end}"
        )


def seeded(seed: int, make: Callable[[], nn.Module]) -> nn.Module:
    """Make a model whose random start depends on ``seed`` alone; torch's own state stays."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()


def _check(dataset: Dataset) -> None:
    """Refuse what cannot be trained on; the prepare step says the same more kindly."""
    train, valid = dataset.rows("train"), dataset.rows("valid")
    if len(train) < 2 or not len(valid):
        raise UserError(
            f"{dataset.meta.id}: {len(train)} training and {len(valid)} validation sequences are"
            " too few to train on; add data, or give valid_fraction a larger share."
        )
    for split, at in (("train", train), ("valid", valid)):
        if not (dataset.labels[at] == dataset.labels[at]).any():
            raise UserError(
                f"{dataset.meta.id}: the {split} part has no known label; split otherwise."
            )


def _copy(model: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
