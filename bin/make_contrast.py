#!/usr/bin/env python3
"""Make the data set of a contrast: positives of one data set versus those of another."""

from nfexplainn.assays.contrast import prepare
from nfexplainn.assays.spec import run_prepare
from nfexplainn.errors import run_script

if __name__ == "__main__":
    run_script(lambda: run_prepare(prepare))
