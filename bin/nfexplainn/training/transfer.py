"""Train on the outputs of frozen models: they are computed once, since they never change."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from nfexplainn.data.dataset import Dataset
from nfexplainn.errors import UserError
from nfexplainn.models.torch_model import CPU_BATCH, GPU_BATCH
from nfexplainn.models.transfer import TransferModel
from nfexplainn.models.units import reverse_complement
from nfexplainn.training.loop import Inputs, TrainingOptions, TrainingResult
from nfexplainn.training.torch_learner import train_module

REPORT_EVERY = 10.0  # seconds


class Precomputed(nn.Module):
    """The trained part of a model, reading the numbers of sequences instead of their codes.

    Sequence i of a data set is i + 1, and its reverse complement -(i + 1).

    Parameters
    ----------
    model : TransferModel
    outputs : Tensor, shape (strands, n, units)
        Of :func:`source_outputs`.
    """

    outputs: Tensor

    def __init__(self, model: TransferModel, outputs: Tensor) -> None:
        super().__init__()
        self.config = model.config
        self.head = model.head
        self.register_buffer("outputs", outputs, persistent=False)

    def forward(self, numbers: Tensor) -> Tensor:
        """Give logits, float (B, tasks), of numbers, int64 (B, 1)."""
        number = numbers[:, 0]
        strand = (number < 0).long() * (len(self.outputs) - 1)
        logits: Tensor = self.head(self.outputs[strand, number.abs() - 1])
        return logits


def source_outputs(
    model: TransferModel,
    dataset: Dataset,
    device: torch.device,
    *,
    both: bool,
    files: Sequence[str] = (),
    report: Callable[[str], None] | None = None,
) -> Tensor:
    """Compute what the frozen models give for every sequence.

    Parameters
    ----------
    model : TransferModel
        Moved to `device`.
    dataset : Dataset
    device : torch.device
    both : bool
        For the reverse complements too.
    files : sequence of str, optional
        What the user calls the file of each trained model; by default their names.
    report : callable, optional
        Takes a line of progress.

    Returns
    -------
    float32 Tensor, shape (1 or 2, n, units)
        On `device`.

    Raises
    ------
    UserError
        If an output is not a finite number.
    """
    model.to(device).eval()
    codes = torch.from_numpy(dataset.codes)
    size = GPU_BATCH if device.type == "cuda" else CPU_BATCH
    found = torch.empty(2 if both else 1, len(codes), model.config.units, device=device)
    told = started = time.perf_counter()
    for start in range(0, len(codes), size):
        batch = codes[start : start + size].to(device)
        found[0, start : start + size] = model.source_outputs(batch)
        if both:
            found[1, start : start + size] = model.source_outputs(reverse_complement(batch))
        now = time.perf_counter()
        if report and now - told > REPORT_EVERY:
            told, rate = now, (start + size) / (now - started)
            left = (len(codes) - start - size) / rate
            report(f"{start + size:,} of {len(codes):,} sequences through the pretrained models,"
                   f" {rate:,.0f} per second, {left:.0f} s left")  # fmt: skip
    bad = (~torch.isfinite(found)).any(dim=1).any(dim=0).nonzero().flatten().tolist()
    if bad:
        sources = model.config.sources
        called = zip(files or [one.name for one in sources], sources, strict=True)
        file, task = [(file, task) for file, one in called for task in one.tasks][bad[0]]
        raise UserError(
            f"{file}: its output {task} is not a finite number for some sequences of"
            f" {dataset.meta.id}; leave this model out of pretrained."
        )
    return found


def train_transfer(
    model: TransferModel,
    dataset: Dataset,
    options: TrainingOptions,
    *,
    device: torch.device,
    files: Sequence[str] = (),
    report: Callable[[str], None] | None = None,
) -> TrainingResult:
    """Train what is learnt from the outputs of frozen models.

    Where every model is a mean over the strands, the reverse complements would say the same again
    and are left out.

    Parameters
    ----------
    model : TransferModel
        Filled; ends on `device` in evaluation mode with the best weights.
    dataset, options, device, report
        As for :func:`nfexplainn.training.loop.train`.
    files
        As for :func:`source_outputs`.

    Raises
    ------
    UserError
        As :func:`nfexplainn.training.loop.train`; with the recipe robust, whose sequences change in
        every epoch; and if an output is no finite number.
    """
    if options.recipe != "paper":
        raise UserError(
            f"{dataset.meta.id}: recipe {options.recipe} changes the sequences in every epoch, but"
            " the outputs of pretrained models are computed once; use recipe paper."
        )
    report = report or (lambda line: print(line, file=sys.stderr, flush=True))
    report(
        "trained with the paper's recipe, because the outputs of pretrained models are computed"
        " once"
    )
    both = options.reverse_complement and dataset.meta.strand_symmetric and not model.symmetric
    outputs = source_outputs(model, dataset, device, both=both, files=files, report=report)
    numbers = np.arange(1, len(dataset.codes) + 1)[:, None]
    result = train_module(
        Precomputed(model, outputs),
        dataset,
        dataclasses.replace(options, reverse_complement=both),
        device=device,
        report=report,
        inputs=Inputs(numbers, np.negative),
    )
    model.eval()
    return result
