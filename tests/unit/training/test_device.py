"""The device: what was asked for, or a sentence that says why not."""

from __future__ import annotations

import pytest
import torch

from nfexplainn.errors import UserError
from nfexplainn.models.device import describe_device, prepare_device, resolve_device

no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")


def test_cpu() -> None:
    device = resolve_device("cpu")
    assert device.type == "cpu"
    threads = torch.get_num_threads()
    try:
        prepare_device(device, 1)
        assert describe_device(device) == "cpu (1 thread)"
        prepare_device(device, 2)
        assert describe_device(device) == "cpu (2 threads)"
    finally:
        torch.set_num_threads(threads)


@no_gpu
def test_without_gpu() -> None:
    assert resolve_device("auto").type == "cpu"
    with pytest.raises(UserError, match=r"device gpu was requested, but .*auto or cpu"):
        resolve_device("gpu")


@gpu
def test_with_gpu() -> None:
    assert resolve_device("auto").type == resolve_device("gpu").type == "cuda"
    assert "CUDA" in describe_device(resolve_device("gpu"))


def test_mistakes() -> None:
    with pytest.raises(UserError, match="device 'tpu' is unknown; choose auto, cpu or gpu"):
        resolve_device("tpu")
    with pytest.raises(UserError, match="threads is 0"):
        prepare_device(torch.device("cpu"), 0)
