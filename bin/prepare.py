#!/usr/bin/env python3
"""Make a data set from its files, for any assay."""

import importlib

from nfexplainn.assays.spec import Prepared, Spec, run_prepare
from nfexplainn.errors import run_script


def prepare(spec: Spec) -> Prepared:
    """Turn the files of a data set into the data set, as its assay does."""
    module = importlib.import_module(f"nfexplainn.assays.{spec.module}")
    prepared: Prepared = module.ASSAY.prepare(spec)
    return prepared


if __name__ == "__main__":
    run_script(lambda: run_prepare(prepare))
