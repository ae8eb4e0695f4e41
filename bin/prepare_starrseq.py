#!/usr/bin/env python3
"""Turn tables of activities into a data set."""

from nfexplainn.assays.spec import run_prepare
from nfexplainn.assays.starrseq import prepare
from nfexplainn.errors import run_script

if __name__ == "__main__":
    run_script(lambda: run_prepare(prepare))
