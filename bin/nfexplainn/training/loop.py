"""Training: Adam on both strands, early stopping on the validation loss, best weights kept.

The loop is the same for every model; what learns is a :class:`Learner`. The data stay as codes, one
byte a base; reverse complements are made per batch. Novakovsky, Fornes et al. 2023, Methods
("Model training").
"""

from __future__ import annotations

import dataclasses
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset
from nfexplainn.errors import DivergedError, UserError
from nfexplainn.evaluation.metrics import headline
from nfexplainn.evaluation.predict import predict_logits
from nfexplainn.seeds import seed_for
from nfexplainn.training.losses import LOSSES, Loss, resolve_loss
from nfexplainn.training.options import TrainingOptions, options_from
from nfexplainn.training.recipes import epoch_codes

CLOCK_FIELDS = ("seconds", "sequences_per_second")  # of an Epoch, and never twice the same
_LARGEST = float(np.finfo(np.float32).max)  # that the weights could hold
REPORT_EVERY = 10.0  # seconds between lines within a long epoch

__all__ = ["TrainingOptions", "epoch_batches", "options_from", "train"]


class Learner(Protocol):
    """A model that learns from batches of arrays."""

    @property
    def device(self) -> str:
        """Where it learns, for people."""

    @property
    def batch(self) -> int:
        """Number of sequences that one call of :meth:`logits` should be given."""

    @property
    def shuffle_threads(self) -> int:
        """Threads of the kernel that shuffles for it; 0 where there is no kernel."""

    def start(self, learning_rate: float, *, hold_filters: bool, unit_penalty: float = 0.0) -> None:
        r"""Begin with a new Adam; held filters do not change, and their gammas stay positive.

        The penalty times the sum of \|final weight x gamma of the unit's last batch norm\|, the
        gamma as a constant, is added to the loss that is learnt from, and to nothing that is told.
        """

    def step(self, batch: NDArray[Any], labels: NDArray[np.float32], loss: Loss) -> float:
        """Learn from a batch; give its mean loss, and learn nothing where it is not finite."""

    def logits(self, batch: NDArray[Any]) -> NDArray[np.float32]:
        """Give logits, float32 (n, tasks), as in evaluation."""

    def state(self) -> Any:
        """Copy all weights."""

    def restore(self, state: Any) -> None:
        """Take weights of :meth:`state` back."""


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
    rows : array, shape (n, ...)
        In the order of the data set; uint8 codes by default.
    other_strand : callable
        Gives the rows of the reverse complements.
    """

    rows: NDArray[Any]
    other_strand: Callable[[NDArray[Any]], NDArray[Any]] = dna.reverse_complement


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
    learner: Learner,
    dataset: Dataset,
    options: TrainingOptions,
    *,
    report: Callable[[str], None] | None = None,
    held: bool = False,
    inputs: Inputs | None = None,
) -> TrainingResult:
    """Train a model on the training part of a data set, stopping by its validation part.

    Parameters
    ----------
    learner : Learner
        Ends with the best weights.
    dataset : Dataset
    options : TrainingOptions
    report : callable, optional
        Takes a line of progress; by default it goes to stderr.
    held : bool
        Whether the filters stay as they are: with ``initial_filters`` released in the first part
        only, otherwise for good. That part ends after ``initial_epochs``, or when validation no
        longer gets better; the next goes on from its best weights, and each may take
        ``max_epochs``.
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
    report = report or (lambda line: print(line, file=sys.stderr, flush=True))
    options = options.settled(seeded=False)
    name = resolve_loss(options.loss, dataset.meta.task_type)
    _check(dataset)
    both = options.reverse_complement and dataset.meta.strand_symmetric
    return _Trainer(learner, dataset, options, name, both, report, held, inputs).run()


class _Trainer:
    """The state of one training."""

    def __init__(
        self,
        learner: Learner,
        dataset: Dataset,
        options: TrainingOptions,
        loss: str,
        both: bool,
        report: Callable[[str], None],
        held: bool,
        inputs: Inputs | None,
    ) -> None:
        self.learner, self.dataset, self.options, self.held = learner, dataset, options, held
        self.loss_name, self.loss, self.both, self.report = loss, LOSSES[loss], both, report
        self.rows, self.valid_rows = dataset.rows("train"), dataset.rows("valid")
        self.inputs = inputs or Inputs(dataset.codes)
        # The paper's recipe never changes the sequences: they are used in place, not copied.
        self.fresh = options.recipe != "paper" and inputs is None
        self.labels = dataset.labels[self.rows]
        self.valid_labels = dataset.labels[self.valid_rows]
        self.order = np.random.default_rng(seed_for(options.seed, "", "", "order"))
        self.metric = ""
        self.history: list[Epoch] = []
        self.best, self.best_epoch, self.best_state = math.inf, 0, learner.state()

    def run(self) -> TrainingResult:
        options = self.options
        if self.held and options.initial_filters == "released":
            until = options.initial_epochs
            self._part(until or options.max_epochs, until or options.patience)
            self.learner.restore(self.best_state)
            self.report(f"epoch {len(self.history)}: the filters are released")
            self.held = False
        self._part(options.max_epochs, options.patience)
        self.learner.restore(self.best_state)
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
        rate = self.options.learning_rate
        self.learner.start(rate, hold_filters=self.held, unit_penalty=self._unit_penalty())
        for number in range(first, first + epochs):
            started = time.perf_counter()
            train_loss, seen, elapsed = self._train_epoch(number)
            valid_loss, metric = self._validate()
            self._check_finite(number, "validation", valid_loss)
            if valid_loss < self.best:
                self.best, self.best_epoch = valid_loss, number
                self.best_state = self.learner.state()
            self.history.append(
                Epoch(
                    number,
                    train_loss,
                    valid_loss,
                    metric,
                    time.perf_counter() - started,
                    seen / max(elapsed, 1e-9),
                    rate,
                    self.learner.device,
                    False,
                )
            )
            last = first + epochs - 1
            stop_after = min(last, max(self.best_epoch, first - 1) + patience)
            self._report_epoch(last, stop_after)
            if number >= stop_after:
                break

    def _unit_penalty(self) -> float:
        """Scale the penalty as the loss is, a mean over tasks, and its slopes by chance are."""
        n, tasks = self.labels.shape
        penalty = (self.options.unit_penalty or 0.0) / (tasks * math.sqrt(n))
        if not penalty or self.loss_name == "pearson":  # which no size of the sum changes
            return 0.0
        return penalty * float(np.nanstd(self.labels)) if self.loss_name == "mse" else penalty

    def _train_epoch(self, number: int) -> tuple[float, int, float]:
        """Train once on everything; give mean loss, number of sequences and seconds."""
        codes, rows = self._codes(number)
        n = len(rows)
        total = 2 * n if self.both else n
        order = self.order.permutation(total)
        losses, done, started = 0.0, 0, time.perf_counter()
        told = started
        for size in epoch_batches(total, self.options.batch_size):
            chosen = order[done : done + size]
            at = chosen % n
            batch = codes[rows[at]]
            if self.both:  # numbers from n on are the other strands
                other = chosen >= n
                batch[other] = self.inputs.other_strand(batch[other])
            loss = self.learner.step(batch, self.labels[at], self.loss)
            self._check_finite(number, "training", loss)
            losses += loss * size
            done += size
            now = time.perf_counter()
            if now - told > REPORT_EVERY:
                told, rate = now, done / (now - started)
                self.report(
                    f"epoch {number}: {done:,} of {total:,} sequences, {rate:,.0f} per second,"
                    f" {_duration((total - done) / rate)} left in this epoch"
                )
        return losses / total, total, time.perf_counter() - started

    def _validate(self) -> tuple[float, float]:
        """Give the loss over all validation sequences (of both strands) and the metric."""
        averaged = logits = self._valid_logits(None)
        labels = self.valid_labels
        if self.both:
            other = self._valid_logits(self.inputs.other_strand)
            averaged = (logits + other) / np.float32(2)
            logits, labels = np.concatenate([logits, other]), np.concatenate([labels, labels])
        # One mean over all sequences: batches of unequal size cannot weigh it wrongly.
        loss, _ = self.loss(logits.astype(np.float64), labels.astype(np.float64))
        self.metric, value = headline(self.valid_labels, averaged, self.dataset.meta.task_type)
        return loss, value

    def _valid_logits(
        self, strand: Callable[[NDArray[Any]], NDArray[Any]] | None
    ) -> NDArray[np.float32]:
        return predict_logits(
            self.learner,
            self.inputs.rows,
            average_strands=False,
            rows=self.valid_rows,
            strand=strand,
        )

    def _codes(self, number: int) -> tuple[NDArray[Any], NDArray[np.intp]]:
        """Give sequences, and which of them an epoch trains on."""
        if not self.fresh:
            return self.inputs.rows, self.rows
        threads = self.learner.shuffle_threads
        codes = epoch_codes(
            self.dataset,
            (seed_for(self.options.seed, "", "", "epoch"), number),
            native=threads > 0,
            threads=threads,
        )
        return codes, np.arange(len(codes))

    def _check_finite(self, number: int, part: str, loss: float) -> None:
        if not abs(loss) <= _LARGEST:  # which nan is not, either
            raise DivergedError(
                f"The {part} loss of epoch {number} is {loss}: training has diverged.",
                f"Lower learning_rate (now {self.options.learning_rate:g}), or check the labels"
                " for extreme values.",
            )

    def _report_epoch(self, last_epoch: int, stop_after: int) -> None:
        last = self.history[-1]
        mean = sum(epoch.seconds for epoch in self.history) / len(self.history)
        left = (stop_after - last.epoch) * mean
        end = (
            "done"
            if last.epoch >= stop_after
            else f"{_duration(left)} left if validation does not improve"
        )
        self.report(
            f"epoch {last.epoch}/{last_epoch}: train loss {last.train_loss:.4f},"
            f" valid loss {last.valid_loss:.4f}, {self.metric} {last.valid_metric:.3f},"
            f" {last.sequences_per_second:,.0f} sequences/s, best epoch {self.best_epoch}, {end}"
        )


def _check(dataset: Dataset) -> None:
    """Refuse what cannot be trained on; the prepare step says the same more kindly."""
    train, valid = dataset.rows("train"), dataset.rows("valid")
    if len(train) < 2 or not len(valid):
        raise UserError(
            f"{dataset.meta.id}: {len(train)} training and {len(valid)} validation sequences are"
            " too few to train on; add data, or raise valid_fraction."
        )
    for split, at in (("train", train), ("valid", valid)):
        if not (dataset.labels[at] == dataset.labels[at]).any():
            raise UserError(
                f"{dataset.meta.id}: the {split} part has no known label; use another split."
            )


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
