"""Predictions split over motifs, and what variants do to them, as data frames."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nfexplainn import dna
from nfexplainn.analyses.variants.alleles import Checker, check_file
from nfexplainn.analyses.variants.options import VariantOptions
from nfexplainn.analyses.variants.random_variants import make_background
from nfexplainn.analyses.variants.run import Given, judge_all, lengths_of, told
from nfexplainn.analyses.variants.score import VariantScorer, with_thresholds
from nfexplainn.data.dataset import Dataset
from nfexplainn.errors import UserError
from nfexplainn.interpret.motif_rows import OTHER, MotifRows, RowSplitter
from nfexplainn.io.genome import open_genome
from nfexplainn.io.variant_files import read_variants
from nfexplainn.models.checkpoint import LoadedModel
from nfexplainn.results.windows import shape_of_meta

if TYPE_CHECKING:
    import pandas as pd

_ORDER = ("chrom", "pos", "ref", "alt", "id")


def split_frame(
    loaded: Mapping[int, LoadedModel], rows: MotifRows, names: Sequence[str], codes: dna.Codes
) -> pd.DataFrame:
    """Split predictions over motif rows, exactly; the mean over the replicates.

    Parameters
    ----------
    loaded : mapping of replicate to LoadedModel
    rows : MotifRows
    names : sequence of str
    codes : uint8 array, shape (n, length)

    Returns
    -------
    DataFrame
        ``name task logit bias``, a column per motif row, and ``other``, the units of none;
        ``logit`` is the sum of what stands behind it. A row per sequence and task.
    """
    import pandas as pd

    logits, parts, biases = [], [], []
    tasks: tuple[str, ...] = ()
    for number, one in sorted(loaded.items()):
        splitter = RowSplitter(one.model, one.header.strand_symmetric, rows, number)
        outputs = one.model.unit_outputs(codes).astype(np.float64)
        if one.header.strand_symmetric:
            turned = one.model.unit_outputs(dna.reverse_complement(codes))
            outputs = (outputs + turned) / 2
        logits.append(splitter.logits(outputs))
        parts.append(splitter.parts(outputs))
        biases.append(splitter.bias)
        tasks = one.header.tasks
    mean, split = np.mean(logits, axis=0), np.mean(parts, axis=0)
    bias = np.mean(biases, axis=0)
    columns = {
        "name": np.repeat(np.asarray(names, dtype=object), len(tasks)),
        "task": np.tile(np.asarray(tasks, dtype=object), len(codes)),
        "logit": mean.reshape(-1),
        "bias": np.tile(bias, len(codes)),
    }
    flat = split.reshape(-1, split.shape[2])
    columns |= {label: flat[:, at] for at, label in enumerate((*rows.labels, OTHER))}
    return pd.DataFrame(columns)


def variants_frame(
    loaded: Mapping[int, LoadedModel],
    units: Mapping[int, Path],
    rows: MotifRows,
    dataset: Dataset,
    variants: str | Path | pd.DataFrame,
    genome: str | Path,
    offsets: str,
) -> pd.DataFrame:
    """Judge variants by all replicates, as ``--variants`` does.

    Parameters
    ----------
    loaded : mapping of replicate to LoadedModel
    units : mapping of replicate to Path
        ``R.units.tsv``.
    rows : MotifRows
    dataset : Dataset
        Of the models: its held-out windows give the random variants.
    variants : path or DataFrame
        VCF, BCF or a table; a frame has the columns ``chrom pos ref alt`` and perhaps ``id``.
    genome : path
        FASTA, plain or (with its index) bgzip.
    offsets : str
        As of ``--variant_offsets``.

    Returns
    -------
    DataFrame
        The columns of ``M.variants.tsv``; a row per allele and task.

    Raises
    ------
    UserError
        For what cannot be read, and where no allele can be judged.
    """
    from nfexplainn.interpret.unit_files import read_tsv

    shape = shape_of_meta(dataset.meta)
    replicates = with_thresholds(loaded, units)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        path = _file_of(variants, folder)
        named = "the variants" if path.parent == folder else str(path)
        chosen = VariantOptions(variant_offsets=offsets).offsets(shape.inner)
        opened = open_genome(genome, str(genome))
        alleles = folder / "alleles.parquet"
        checker = Checker(named, opened, shape.inner, chosen)
        tally = check_file(read_variants(path, named), checker, alleles, folder / "left.tsv")
        if not tally.judged:
            raise UserError(f"{named}: {told(tally, named, str(genome))['note']}")
        scorer = VariantScorer(replicates, rows, opened, chosen, shape.pad)
        background = make_background(
            scorer, dataset, opened, lengths_of(alleles), chosen, dataset.meta.seed
        )
        given = Given(str(alleles), str(path), named)
        judge_all(scorer, background, opened, given, folder / "M")
        return read_tsv(folder / "M.variants.tsv", ("chrom", "pos", "delta"))


def _file_of(variants: str | Path | pd.DataFrame, folder: Path) -> Path:
    """Give the file of variants, written where they come as a frame."""
    if isinstance(variants, str | Path):
        return Path(variants)
    missing = [name for name in _ORDER[:4] if name not in variants.columns]
    if missing:
        raise UserError(
            f"the frame of variants has no column {missing[0]}; give {', '.join(_ORDER[:4])} and,"
            " if wanted, id."
        )
    path = folder / "variants.tsv"
    columns = [name for name in _ORDER if name in variants.columns]
    variants.loc[:, columns].to_csv(path, sep="\t", index=False)
    return path
