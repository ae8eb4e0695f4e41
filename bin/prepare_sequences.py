#!/usr/bin/env python3
"""Turn FASTA files of sequences into a data set."""

from nfexplainn.assays.sequences import prepare
from nfexplainn.assays.spec import run_prepare
from nfexplainn.errors import run_script

if __name__ == "__main__":
    run_script(lambda: run_prepare(prepare))
