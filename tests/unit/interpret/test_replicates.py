"""What a run's name tells."""

from __future__ import annotations

import pytest

from nfexplainn.errors import UserError
from nfexplainn.interpret.replicates import run_of


def test_a_name_taken_apart() -> None:
    assert run_of("a.b.cnn1.r12") == {"dataset": "a.b", "model": "cnn1", "replicate": 12}
    with pytest.raises(UserError, match=r"--id is 'a.cnn1'; give <dataset>.<model>.r<replicate>"):
        run_of("a.cnn1")
