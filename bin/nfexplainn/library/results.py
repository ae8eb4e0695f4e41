"""Results as a library: ``from nfexplainn import open_results``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nfexplainn.data.dataset import Dataset, DatasetMeta, read_dataset, read_meta
from nfexplainn.errors import UserError
from nfexplainn.evaluation.likeness import Likeness, fit_likeness
from nfexplainn.library.frames import get_one, joined
from nfexplainn.library.models import ModelResults
from nfexplainn.models.checkpoint import ModelHeader
from nfexplainn.results.ensemble import (
    check_dataset,
)
from nfexplainn.results.files import DatasetFiles, ReplicateFiles, find_files
from nfexplainn.results.windows import Shape, kept, shape_of_meta

if TYPE_CHECKING:
    import pandas as pd


def open_results(folder: str | Path, *, threads: int = 1, trust_programs: bool = False) -> Results:
    """Open a results folder, or the folder of one data set in it, wherever it was moved to.

    Parameters
    ----------
    folder : path
        Files are read when they are asked for.
    threads : int
        CPU threads of the predictions.
    trust_programs : bool
        Whether model files may hold programs of others, which are code.

    Returns
    -------
    Results

    Raises
    ------
    UserError
        If there is no such folder, or no model in it.

    Examples
    --------
    >>> results = open_results("results")              # doctest: +SKIP
    >>> results["CTCF"].motifs                         # doctest: +SKIP
    >>> results["CTCF"].predict(["ACGT" * 50])         # doctest: +SKIP
    """
    how = {"threads": threads, "trust_programs": trust_programs}
    found = find_files(folder)
    return Results(
        Path(folder), {name: DatasetResults(files, how) for name, files in found.items()}
    )


@dataclass(frozen=True)
class Results:
    """A results folder.

    Attributes
    ----------
    folder : Path
    datasets : mapping of str to DatasetResults
    """

    folder: Path
    datasets: Mapping[str, DatasetResults]

    def __getitem__(self, name: str) -> DatasetResults:
        """Give a data set by its name.

        Raises
        ------
        UserError
            If there is none; which there are.
        """
        return get_one(self.datasets, name, f"{self.folder}: there is no data set")

    def __iter__(self) -> Iterator[str]:
        """Give the names of the data sets, as a mapping does."""
        return iter(self.datasets)

    def __len__(self) -> int:
        """Count the data sets."""
        return len(self.datasets)

    def __repr__(self) -> str:
        """Show the data sets."""
        return f"Results({str(self.folder)!r}, datasets={list(self.datasets)})"

    @property
    def motifs(self) -> pd.DataFrame:
        """The units of all data sets with their motifs (``units.tsv``)."""
        return joined([one.motifs for one in self.datasets.values()])

    @property
    def evidence(self) -> pd.DataFrame:
        """The evidence on the groups of units of all data sets (``evidence.tsv``)."""
        return joined([one.evidence for one in self.datasets.values()])

    @property
    def metrics(self) -> pd.DataFrame:
        """The scores of all models (``metrics.tsv``)."""
        return joined([one.metrics for one in self.datasets.values()])

    def predict(self, sequences: Any) -> pd.DataFrame:
        """Predict sequences with all models of all data sets; columns as of a data set's own."""
        sequences = kept(sequences)
        return joined([one.predict(sequences) for one in self.datasets.values()])


class DatasetResults:
    """A data set of a results folder.

    Attributes
    ----------
    name : str
    models : mapping of str to ModelResults
    """

    def __init__(self, files: DatasetFiles, how: Mapping[str, Any]) -> None:
        self.name = files.name
        self._files = files
        self.models: Mapping[str, ModelResults] = {
            name: ModelResults(self, name, of_model, how) for name, of_model in files.models.items()
        }

    def __getitem__(self, name: str) -> ModelResults:
        """Give a model by its name.

        Raises
        ------
        UserError
            If there is none; which there are.
        """
        return get_one(self.models, name, f"{self.name}: there is no model")

    def __iter__(self) -> Iterator[str]:
        """Give the names of the models, as a mapping does."""
        return iter(self.models)

    def __len__(self) -> int:
        """Count the models."""
        return len(self.models)

    def __repr__(self) -> str:
        """Show the models."""
        return f"DatasetResults({self.name!r}, models={list(self.models)})"

    @property
    def _path(self) -> Path:
        if self._files.dataset is None:
            raise UserError(
                f"{self._files.folder}: {self.name}.dataset.parquet is not there; copy the whole"
                " results folder."
            )
        return self._files.dataset

    @cached_property
    def meta(self) -> DatasetMeta:
        """What the data set says of itself."""
        return read_meta(self._path)

    @cached_property
    def dataset(self) -> Dataset:
        """Its sequences, labels and parts."""
        return read_dataset(self._path)

    @cached_property
    def likeness(self) -> Likeness | None:
        """Of its training sequences; None where the data set's file is not there."""
        return fit_likeness(self.dataset) if self._files.dataset is not None else None

    def check(self, files: Sequence[ReplicateFiles], header: ModelHeader) -> None:
        """Refuse a model that was trained on other sequences than the data set's file holds.

        Raises
        ------
        UserError
        """
        if self._files.dataset is not None:
            check_dataset(files, header, self._files.dataset, self._digest)

    @cached_property
    def _digest(self) -> str:
        return self.dataset.digest()

    def shape(self, length: int) -> Shape:
        """Give what a model that reads ``length`` bp takes of a sequence, and adds to it."""
        return Shape(length) if self._files.dataset is None else shape_of_meta(self.meta)

    @property
    def motifs(self) -> pd.DataFrame:
        """The units of all its models with their motifs."""
        return joined([model.motifs for model in self.models.values()])

    @property
    def evidence(self) -> pd.DataFrame:
        """The evidence on the groups of units of all its models."""
        return joined([model.evidence for model in self.models.values()])

    @property
    def metrics(self) -> pd.DataFrame:
        """The scores of all its models."""
        return joined([model.metrics for model in self.models.values()])

    def predict(self, sequences: Any) -> pd.DataFrame:
        """Predict sequences with all its models.

        Parameters
        ----------
        sequences : sequence of str, mapping of str to str, Series, or uint8 array (n, length)
            DNA; of longer ones the middle is taken.

        Returns
        -------
        DataFrame
            ``dataset model name likeness`` and, per task, ``mean low high`` over the replicates
            (of logits, or of values) and the calibrated ``probability``; a row per model and
            sequence. ``likeness`` is the percentile among the held-out sequences.

        Raises
        ------
        UserError
            If a sequence is too short, or is no DNA.
        """
        sequences = kept(sequences)
        return joined([model.predict(sequences) for model in self.models.values()])

    def hits(
        self,
        sequences: Any = None,
        *,
        regions: str | Path | None = None,
        genome: str | Path | None = None,
        fdr: float = 0.05,
    ) -> pd.DataFrame:
        """Find the sites of the motifs of all its models that have some.

        Parameters
        ----------
        sequences : as of :meth:`predict`
            Of any length.
        regions, genome : path
            Instead: BED or its relatives with the FASTA in which they lie, or FASTA alone.
        fdr : float
            False discovery rate, per held-out sequence, that a motif's threshold keeps.

        Returns
        -------
        DataFrame
            ``dataset model chrom start end name strand contribution same_sign log_odds motif``, a
            row per model and site, as in ``M.hits.bed.gz``. What cannot be read is a UserError.
        """
        sequences = None if sequences is None else kept(sequences)
        models = list(self.models.values())
        chosen = [model for model in models if model.motif_rows] or models  # whose sentence tells
        where = {"regions": regions, "genome": genome}
        return joined([model.hits(sequences, fdr=fdr, **where) for model in chosen])

    def variants(
        self, variants: str | Path | pd.DataFrame, genome: str | Path, *, offsets: str = "0"
    ) -> pd.DataFrame:
        """Judge variants by all its models of ExplaiNN, split by motif.

        Parameters
        ----------
        variants : path or DataFrame
            VCF, BCF or a table; a frame has the columns ``chrom pos ref alt`` and perhaps ``id``.
        genome : path
            FASTA, plain or (with its index) bgzip.
        offsets : str
            Where the variant lies in its windows, in bp from their middle, comma-separated.

        Returns
        -------
        DataFrame
            ``dataset model`` and the columns of ``M.variants.tsv``, a row per model, allele and
            task. What cannot be judged is left out.

        Raises
        ------
        UserError
            For what cannot be read, and where nothing can be judged.
        """
        models = list(self.models.values())
        chosen = [one for one in models if one.header.architecture == "explainn"] or models
        return joined([one.variants(variants, genome, offsets=offsets) for one in chosen])
