"""Files that a parameter gives to several data sets, read before any training."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from nfexplainn.assays.shared_files import READERS, check_shared
from nfexplainn.assays.spec import InputFile
from nfexplainn.errors import UserError
from nfexplainn.models.pretrained import check_readable, read_sources

SOUND = {
    "intervals": "chr1\t10\t20\n",
    "blacklist": "chr1\t10\t20\n",
    "fasta": ">a\nACGT\n",
    "explain": ">a\nACGT\n",
    "motifs": "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF a\n"
    "letter-probability matrix: alength= 4 w= 1 nsites= 20 E= 0\n0.25 0.25 0.25 0.25\n",
    "variants": "chrom\tpos\tref\talt\nchr1\t3\tA\tC\n",
    "lines": "a\nb\n",
    "clusters": "barcode,cluster\nA-1,1\nB-1,2\n",
}
BROKEN = {
    "intervals": "chr1\tten\t20\n",
    "blacklist": "chr1\tten\t20\n",
    "fasta": ">a\nMKLVE\n",
    "explain": "no\tsuch\tplace\n",
    "motifs": "no motifs\n",
    "variants": "chrom\tpos\tref\nchr1\t3\tA\n",
    "lines": "\n\n",
    "clusters": "A-1\nB-1\n",
}


def test_variants_are_read_to_the_end(tmp_path: Path) -> None:
    header = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    (tmp_path / "file").write_text(
        header + "chr1\t3\t.\tA\tC\t.\t.\t.\nchr1\tten\t.\tA\tC\t.\t.\t.\n"
    )
    with pytest.raises(UserError, match="mine: record 2 cannot be read"):
        check_shared("variants", [InputFile("mine", str(tmp_path / "file"))])


@pytest.mark.parametrize("holds", READERS)
def test_each_kind_is_read_with_its_reader(holds: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text(SOUND[holds])
    check_shared(holds, [InputFile("mine", str(path))])
    path.write_text(BROKEN[holds])
    with pytest.raises(UserError, match="mine"):
        check_shared(holds, [InputFile("mine", str(path))])
    path.write_bytes(gzip.compress(SOUND[holds].encode() * 50)[:-9])
    with pytest.raises(UserError, match="truncated"):
        check_shared(holds, [InputFile("mine", str(path))])


class OfLength(nn.Module):
    """A foreign network that reads 20 bp alone."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(80, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.layer(x.flatten(1))
        return found


def test_a_model_of_another_length_is_the_data_set_s_fault_not_the_file_s(tmp_path: Path) -> None:
    path = tmp_path / "net.pt"
    torch.jit.trace(OfLength().eval(), torch.rand(2, 4, 20)).save(str(path))
    check_readable(path, trust_programs=True)
    assert len(read_sources([path], dataset_length=20, trust_programs=True)) == 1
    with pytest.raises(UserError, match="pretrained_length"):
        read_sources([path], dataset_length=31, trust_programs=True)
    for name in ("broken.pt2", "broken.pt", "broken.pth", "broken.safetensors", "net.txt"):
        (tmp_path / name).write_bytes(b"no model")
        with pytest.raises(UserError, match=name):
            check_readable(tmp_path / name, trust_programs=True)


def test_the_script_writes_a_state(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import runpy

    monkeypatch.chdir(tmp_path)
    Path("black.bed").write_text(BROKEN["intervals"])
    Path("names.json").write_text('["black list.bed"]')
    arguments = ["--holds", "intervals", "--names", "names.json", "--files", "black.bed"]
    monkeypatch.setattr(sys, "argv", ["read_shared.py", *arguments])
    runpy.run_path(str(root / "bin" / "read_shared.py"), run_name="__main__")
    status = json.loads(Path("shared.status.json").read_text())
    assert status["state"] == "error" and status["reason"].startswith("black list.bed, line 1:")


@pytest.mark.parametrize("content", [b"", b"no model", b"PK\x03\x04cut"])
@pytest.mark.parametrize("ending", [".pth", ".pt", ".pt2", ".safetensors", ".h5"])
def test_models_are_called_as_the_user_does(ending: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"model_1{ending}"
    path.write_bytes(content)
    mine = f"my models/best{ending}"
    with pytest.raises(UserError) as shared:
        check_shared("models", [InputFile(mine, str(path))], trust_programs=True)
    with pytest.raises(UserError) as own:
        read_sources([path], dataset_length=20, names=[mine], trust_programs=True)
    for told in (str(shared.value), str(own.value)):
        assert told.startswith(f"{mine}: ") and "model_1" not in told and ";" in told
