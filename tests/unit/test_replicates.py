"""Which replicate an analysis asks, and which of the files are that replicate's."""

from __future__ import annotations

from pathlib import Path

import pytest

from nfexplainn.errors import UserError
from nfexplainn.interpret.replicates import best_of, of_replicate


def history(folder: Path, replicate: int, *losses: str) -> str:
    path = folder / f"d.cnn1.r{replicate}.history.tsv"
    rows = [f"{epoch}\t{loss}\n" for epoch, loss in enumerate(losses, 1)]
    path.write_text("epoch\tvalid_loss\n" + "".join(rows))
    return str(path)


def test_the_least_validation_loss_of_those_that_are_there(tmp_path: Path) -> None:
    """The first has diverged: it has no history."""
    given = [history(tmp_path, 3, "0.7", "0.4"), history(tmp_path, 2, "0.5", "0.3", "0.9")]
    assert best_of(given) == 2 == best_of(given[::-1])
    equal = [history(tmp_path, 4, "0.3"), history(tmp_path, 2, "0.3")]
    assert best_of(equal) == 2


def test_the_files_of_a_replicate() -> None:
    files = ["d.cnn1.r12.model.safetensors", "d.cnn1.r2.model.safetensors"]
    assert of_replicate(files, 2) == files[1] and of_replicate(files, 12) == files[0]
    with pytest.raises(UserError, match=r"r2\.model\.safetensors: the file of replicate 1 is"):
        of_replicate(files, 1)
