"""Transfer learning: the frozen outputs of trained models are the units of a new one.

Novakovsky, Fornes et al. 2023, Methods ("Transfer learning") and Figure 6D to G. Each output of a
trained model is a plug-in unit. ``single_layer`` adds the units up by one linear layer; ``nam`` (a
neural additive model) first sends each through two dense layers of its own. Either way a logit is
``bias + sum over units of weight x unit output``, exactly. Nothing of the trained models changes:
not a weight, and not a statistic of a batch norm.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from nfexplainn.dna import N_CODE
from nfexplainn.errors import UserError
from nfexplainn.models.explainn import ExplaiNN
from nfexplainn.models.kernels import choose_kernel
from nfexplainn.models.transfer_config import Head, SourceConfig, TransferConfig
from nfexplainn.models.units import one_hot, reverse_complement

Build = Callable[[str, Mapping[str, Any]], nn.Module]


class Program(nn.Module):
    """A foreign model, kept as the bytes of its file: TorchScript, or an exported program.

    It reads float32 channels (B, 4, length) of A, C, G, T (N is four zeros) and gives (B, outputs).

    Parameters
    ----------
    kind : {'torchscript', 'exported'}
    content : uint8 Tensor, shape (bytes,)
    """

    content: Tensor

    def __init__(self, kind: str, content: Tensor) -> None:
        super().__init__()
        self.kind = kind
        self.register_buffer("content", content)
        # In a tuple, or its weights would be taken for this module's own.
        self._ready: tuple[torch.device, Any] | None = None

    def forward(self, codes: Tensor) -> Tensor:
        """Give the outputs, float32 (B, outputs), of codes, uint8 (B, length)."""
        device = self.content.device
        if self._ready is None or self._ready[0] != device:
            self._ready = (device, self.load())
        channels = one_hot(codes, torch.float32).transpose(1, 2).contiguous()
        outputs: Tensor = self._ready[1](channels)
        return outputs[:, None] if outputs.ndim == 1 else outputs

    def load(self) -> Any:
        """Load the program from its bytes."""
        file = io.BytesIO(self.content.cpu().numpy().tobytes())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of age and of buffers: the user can mend neither
            if self.kind == "torchscript":
                return torch.jit.load(file, map_location=self.content.device).eval()
            return torch.export.load(file).module().to(self.content.device)


def check_trusted(model: nn.Module, path: object, *, trust_programs: bool) -> None:
    """Refuse a model that holds a foreign program, at any depth, unless the user trusts it.

    A program is code: an exported one runs Python that its file brings as soon as it is loaded, and
    TorchScript can write files. ``path`` is what the sentence calls the model's file.

    Raises
    ------
    UserError
        If there is one.
    """
    if not trust_programs and any(isinstance(part, Program) for part in model.modules()):
        raise UserError(
            f"{path}: this model holds a program (TorchScript, or one exported by torch), which is"
            " code that runs with your permissions; if you trust whoever made it, give"
            " --trust_programs."
        )


class UnitHead(nn.Module):
    """What is trained: from the units' inputs to their outputs, and to the logits.

    Parameters
    ----------
    head : {'single_layer', 'nam'}
    config : TransferConfig
    """

    def __init__(self, head: Head, config: TransferConfig) -> None:
        super().__init__()
        units, nodes = config.units, config.nodes
        self.hidden: nn.Module = nn.Identity()
        if head == "nam":
            self.hidden = nn.Sequential(
                nn.Conv1d(units, nodes * units, 1, groups=units),
                nn.BatchNorm1d(nodes * units),
                nn.ReLU(),
                nn.Dropout(config.dropout),
                nn.Conv1d(nodes * units, units, 1, groups=units),
            )
        self.nam = head == "nam"
        self.final = nn.Linear(units, config.tasks)

    def unit_outputs(self, inputs: Tensor) -> Tensor:
        """Give the units' outputs, float (B, units), of the trained models' outputs, alike."""
        if not self.nam:
            return inputs
        outputs: Tensor = self.hidden(inputs.unsqueeze(2)).squeeze(2)
        return outputs

    def forward(self, inputs: Tensor) -> Tensor:
        """Give logits, float (B, tasks)."""
        logits: Tensor = self.final(self.unit_outputs(inputs))
        return logits


class TransferModel(nn.Module):
    """Trained models, frozen, and what is learnt from their outputs.

    Parameters
    ----------
    head : {'single_layer', 'nam'}
    config : TransferConfig
    build : callable
        Makes an untrained model of an architecture's name and configuration.

    Attributes
    ----------
    sources : nn.ModuleList
        Always in evaluation mode, without gradients.
    head : UnitHead
    """

    def __init__(self, head: Head, config: TransferConfig, build: Build) -> None:
        super().__init__()
        self.config = config
        # The head first: its random start must not depend on how the sources are made.
        self.head = UnitHead(head, config)
        self.sources = nn.ModuleList(_empty(source, build) for source in config.sources)
        self.sources.requires_grad_(False)
        self.sources.eval()

    @property
    def final(self) -> nn.Linear:
        """The last layer: weight (tasks, units) and bias (tasks,)."""
        return self.head.final

    @property
    def symmetric(self) -> bool:
        """Whether a sequence and its reverse complement have the same units by construction."""
        return all(source.both_strands for source in self.config.sources)

    def train(self, mode: bool = True) -> TransferModel:
        """Switch what is trained between training and evaluation; the sources stay as they are."""
        super().train(mode)
        self.sources.eval()
        return self

    @torch.no_grad()
    def source_outputs(self, codes: Tensor) -> Tensor:
        """Give the outputs of all sources, float (B, units), of codes, uint8 (B, length)."""
        parts = []
        for model, source in zip(self.sources, self.config.sources, strict=True):
            fitted = fit_length(codes, source.length)
            logits = model(fitted)
            if source.both_strands:
                logits = (logits + model(reverse_complement(fitted))) / 2
            parts.append(logits.float())
        return torch.cat(parts, dim=1)

    def unit_outputs(self, codes: Tensor) -> Tensor:
        """Give every unit's output, float (B, units); unlike ExplaiNN's it may be negative."""
        return self.head.unit_outputs(self.source_outputs(codes))

    def forward(self, codes: Tensor) -> Tensor:
        """Give logits, float (B, tasks), of codes, uint8 (B, length)."""
        logits: Tensor = self.head(self.source_outputs(codes))
        return logits


def use_kernel(model: nn.Module, requested: str, device: str) -> None:
    """Let the kernel compute the frozen ExplaiNN models of a model, where it can.

    Parameters
    ----------
    model : nn.Module
        One without trained models in it stays as it is.
    requested : {'auto', 'native', 'torch'}
    device : {'auto', 'cpu', 'gpu'}
    """
    for source in getattr(model, "sources", ()):
        use_kernel(source, requested, device)
        if isinstance(source, ExplaiNN):
            source.kernel = choose_kernel(source.config, requested, device)


def fit_length(codes: Tensor, length: int) -> Tensor:
    """Take the middle of longer sequences, and centre shorter ones between N, shape (B, length)."""
    have = codes.shape[1]
    if have >= length:
        start = (have - length) // 2
        return codes[:, start : start + length]
    left = (length - have) // 2
    return nn.functional.pad(codes, (left, length - have - left), value=N_CODE)


def _empty(source: SourceConfig, build: Build) -> nn.Module:
    """Make the module that a source's weights, or bytes, are put into."""
    if source.kind == "model":
        return build(source.architecture, source.config or {})
    return Program(source.kind, torch.zeros(source.size, dtype=torch.uint8))
