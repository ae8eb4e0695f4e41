"""Input that takes seconds."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from nextflow_runs import DEMO, cut_fasta, write_sheet


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sheet of two assays, cut to seconds, and a data set that is too small."""
    folder = tmp_path_factory.mktemp("tiny")
    cut_fasta(DEMO / "OCT4_H1hESC_200bp.fa.gz", folder / "oct4.fa", 300)
    cut_fasta(DEMO / "OCT4_H1hESC_200bp.fa.gz", folder / "few.fa", 20)
    shutil.copy(DEMO / "sacCer3_R64.fa.gz", folder / "genome.fa.gz")
    shutil.copy(DEMO / "sacCer3_promoters_5462.bed", folder / "promoters.bed")
    write_sheet(
        folder / "sheet.csv",
        ("sample", "assay", "data", "genome", "chromosomes", "jaspar_taxon"),
        ("oct4", "sequences", "oct4.fa", "", "", ""),
        ("few", "sequences", "few.fa", "", "", ""),
        ("yeast", "peaks", "promoters.bed", "genome.fa.gz", "chrI,chrIII,chrVI", "fungi"),
    )
    return folder


@pytest.fixture(scope="module")
def older_parser() -> Iterator[None]:
    """That of the locked Nextflow, which most other tests do without."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NXF_SYNTAX_PARSER", "v1")
        yield
