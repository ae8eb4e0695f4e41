#!/usr/bin/env python3
"""Turn the reads of HT-SELEX cycles into a data set."""

from nfexplainn.assays.htselex import prepare
from nfexplainn.assays.spec import run_prepare
from nfexplainn.errors import run_script

if __name__ == "__main__":
    run_script(lambda: run_prepare(prepare))
