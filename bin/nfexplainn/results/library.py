"""Results as a library: ``from nfexplainn import open_results``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nfexplainn import dna
from nfexplainn.data.dataset import Dataset, DatasetMeta, read_dataset, read_meta
from nfexplainn.errors import UserError
from nfexplainn.evaluation.likeness import Likeness, fit_likeness
from nfexplainn.models.checkpoint import LoadedModel, ModelHeader, read_checkpoint
from nfexplainn.results.ensemble import (
    Prediction,
    Replicate,
    check_dataset,
    load_replicates,
    predict_ensemble,
)
from nfexplainn.results.files import DatasetFiles, ReplicateFiles, find_files
from nfexplainn.results.windows import Shape, cut_windows, kept, shape_of_meta

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
        return _get(self.datasets, name, f"{self.folder}: there is no data set")

    def __repr__(self) -> str:
        """Show the data sets."""
        return f"Results({str(self.folder)!r}, datasets={list(self.datasets)})"

    @property
    def motifs(self) -> pd.DataFrame:
        """The units of all data sets with their motifs (``units.tsv``)."""
        return _joined([one.motifs for one in self.datasets.values()])

    @property
    def evidence(self) -> pd.DataFrame:
        """The evidence on the groups of units of all data sets (``evidence.tsv``)."""
        return _joined([one.evidence for one in self.datasets.values()])

    @property
    def metrics(self) -> pd.DataFrame:
        """The scores of all models (``metrics.tsv``)."""
        return _joined([one.metrics for one in self.datasets.values()])

    def predict(self, sequences: Any) -> pd.DataFrame:
        """Predict sequences with all models of all data sets; columns as of a data set's own."""
        sequences = kept(sequences)
        return _joined([one.predict(sequences) for one in self.datasets.values()])


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
        return _get(self.models, name, f"{self.name}: there is no model")

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
        return _joined([model.motifs for model in self.models.values()])

    @property
    def evidence(self) -> pd.DataFrame:
        """The evidence on the groups of units of all its models."""
        return _joined([model.evidence for model in self.models.values()])

    @property
    def metrics(self) -> pd.DataFrame:
        """The scores of all its models."""
        return _joined([model.metrics for model in self.models.values()])

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
        return _joined([model.predict(sequences) for model in self.models.values()])

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
            ``dataset model chrom start end name strand contribution support log_odds motif``, a
            row per model and site, as in ``M.hits.bed.gz``. What cannot be read is a UserError.
        """
        sequences = None if sequences is None else kept(sequences)
        models = list(self.models.values())
        chosen = [model for model in models if model.motif_rows] or models  # whose sentence tells
        where = {"regions": regions, "genome": genome}
        return _joined([model.hits(sequences, fdr=fdr, **where) for model in chosen])


class ModelResults:
    """A model of a data set: its replicates, loaded when they are asked for.

    Attributes
    ----------
    name : str
    dataset : DatasetResults
    """

    def __init__(
        self,
        dataset: DatasetResults,
        name: str,
        files: Sequence[ReplicateFiles],
        how: Mapping[str, Any],
    ) -> None:
        self.name, self.dataset = name, dataset
        self._files, self._how = files, how

    def __repr__(self) -> str:
        """Show the replicates."""
        return f"ModelResults({self.dataset.name}.{self.name}, replicates={self.replicates})"

    @property
    def replicates(self) -> list[int]:
        """Numbers of its replicates."""
        return [one.number for one in self._files]

    @cached_property
    def header(self) -> ModelHeader:
        """What the file of its first replicate says: architecture, tasks, length, options."""
        return read_checkpoint(self._files[0].model)[0]

    @cached_property
    def _loaded(self) -> list[Replicate]:
        try:
            return load_replicates(self._files, **self._how)
        except ModuleNotFoundError as error:
            raise UserError(
                f"{self._files[0].model}: this model needs {error.name}, which is not installed;"
                f" install {error.name}, or use the models called explainn."
            ) from error

    def load(self, replicate: int) -> LoadedModel:
        """Load one replicate: its model (arrays in, arrays out) and what its file says.

        Raises
        ------
        UserError
            If there is no such replicate, or its file is broken.
        """
        found = [one.loaded for one in self._loaded if one.number == replicate]
        if not found:
            raise UserError(
                f"{self.dataset.name}.{self.name}: there is no replicate {replicate}; there are"
                f" {', '.join(map(str, self.replicates))}."
            )
        return found[0]

    @property
    def motifs(self) -> pd.DataFrame:
        """Its units with their motifs; empty for a network without units."""
        return self._table("units.tsv")

    @property
    def evidence(self) -> pd.DataFrame:
        """The evidence on its groups of units; empty where the run made none."""
        return self._table("evidence.tsv")

    @property
    def metrics(self) -> pd.DataFrame:
        """The scores of its replicates."""
        paths = [one.metrics for one in self._files if one.metrics is not None]
        return _joined([_read(path) for path in paths])

    def _table(self, ending: str) -> pd.DataFrame:
        path = self._file(ending)
        return _read(path) if path else _joined([])

    def _file(self, ending: str) -> Path | None:
        name = f"{self.dataset.name}.{self.name}.{ending}"
        folder = self._files[0].model.parent
        places = folder / "motifs" / name, folder / name
        return next((one for one in places if one.is_file()), None)

    @property
    def motif_rows(self) -> tuple[Path, list[Path]] | None:
        """Files of its rows and their motifs, by which sites are found; None without them."""
        units = [self._file(f"r{number}.units.meme") for number in self.replicates]
        pairs = (("evidence.tsv", [self._file("evidence.meme")]), ("units.tsv", units))
        tables = ((self._file(ending), [one for one in some if one]) for ending, some in pairs)
        return next(((table, some) for table, some in tables if table and some), None)

    def hits(self, sequences: Any = None, *, fdr: float = 0.05, **where: Any) -> pd.DataFrame:
        """Find the sites of its motifs; see :meth:`DatasetResults.hits`."""
        from nfexplainn.results.hits.frames import COLUMNS, finder_of, hits_of

        self.dataset.check(self._files, self.header)
        stem = f"{self._files[0].model.parent}: {self.dataset.name}.{self.name}"
        loaded = {one.number: one.loaded for one in self._loaded} if self.motif_rows else {}
        finder = finder_of(stem, self.motif_rows, loaded, self.dataset.dataset, fdr)
        names = {"dataset": self.dataset.name, "model": self.name}
        return hits_of(finder, sequences, **where).assign(**names)[[*names, *COLUMNS]]

    def predict_codes(self, codes: dna.Codes) -> Prediction:
        """Predict sequences of the model's length, uint8 (n, length), with all replicates."""
        return predict_ensemble(self._loaded, codes)

    def predict(self, sequences: Any) -> pd.DataFrame:
        """Predict sequences; see :meth:`DatasetResults.predict`."""
        import pandas as pd

        self.dataset.check(self._files, self.header)
        names, codes = cut_windows(sequences, self.dataset.shape(int(self.header.config["length"])))
        known = self.dataset.likeness
        columns = {
            "dataset": self.dataset.name,
            "model": self.name,
            "name": names,
            "likeness": known.percentiles(codes) if known else np.full(len(codes), np.nan),
        }
        return pd.DataFrame(columns | self.predict_codes(codes).columns())


def _get(known: Mapping[str, Any], name: str, opening: str) -> Any:
    if name not in known:
        raise UserError(f"{opening} '{name}'; there are {', '.join(known)}.")
    return known[name]


def _read(path: Path) -> pd.DataFrame:
    from nfexplainn.interpret.unit_files import read_tsv

    return read_tsv(path, ())


def _joined(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put frames one under the other; what has no rows takes no part."""
    import pandas as pd

    some = [frame for frame in frames if len(frame)]
    return pd.concat(some, ignore_index=True) if some else pd.DataFrame()
