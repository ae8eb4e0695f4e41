"""A model of a results folder: its replicates, loaded when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nfexplainn import dna
from nfexplainn.errors import UserError
from nfexplainn.library.frames import joined, led, read
from nfexplainn.models.checkpoint import LoadedModel, ModelHeader, read_checkpoint
from nfexplainn.results.ensemble import (
    Prediction,
    Replicate,
    load_replicates,
    predict_ensemble,
)
from nfexplainn.results.files import ReplicateFiles
from nfexplainn.results.windows import cut_windows

if TYPE_CHECKING:
    import pandas as pd

    from nfexplainn.interpret.motif_rows import MotifRows
    from nfexplainn.library.results import DatasetResults


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
        return joined([read(path) for path in paths])

    def _table(self, ending: str) -> pd.DataFrame:
        path = self._file(ending)
        return read(path) if path else joined([])

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

        if not 0 < fdr <= 1:
            raise UserError(f"hits: fdr is {fdr}; give a rate above 0 and at most 1, such as 0.05.")
        self.dataset.check(self._files, self.header)
        stem = f"{self._files[0].model.parent}: {self.dataset.name}.{self.name}"
        loaded = {one.number: one.loaded for one in self._loaded} if self.motif_rows else {}
        finder = finder_of(stem, self.motif_rows, loaded, self.dataset.dataset, fdr)
        names = {"dataset": self.dataset.name, "model": self.name}
        return hits_of(finder, sequences, **where).assign(**names)[[*names, *COLUMNS]]

    def split(self, sequences: Any) -> pd.DataFrame:
        """Split predictions over its motifs, exactly.

        Parameters
        ----------
        sequences : as of :meth:`DatasetResults.predict`

        Returns
        -------
        DataFrame
            ``dataset model name task logit bias``, a column per motif row of the evidence, and
            ``other``: units in no row. ``logit``, the mean over the replicates, is the sum of what
            stands behind it.

        Raises
        ------
        UserError
            If it is no ExplaiNN, or its motifs are not in the folder.
        """
        from nfexplainn.library.effects import split_frame

        self.dataset.check(self._files, self.header)
        length = int(self.header.config["length"])
        names, codes = cut_windows(sequences, self.dataset.shape(length))
        found = split_frame(self._by_number, self._motif_rows(), names, codes)
        return led(found, {"dataset": self.dataset.name, "model": self.name})

    def variants(
        self, variants: str | Path | pd.DataFrame, genome: str | Path, *, offsets: str = "0"
    ) -> pd.DataFrame:
        """Judge variants, split by motif; see :meth:`DatasetResults.variants`."""
        from nfexplainn.library.effects import variants_frame

        rows = self._motif_rows()
        self.dataset.check(self._files, self.header)
        units = {number: self._file(f"r{number}.units.tsv") for number in self.replicates}
        there = {number: path for number, path in units.items() if path}
        if len(there) < len(units):
            raise UserError(self._no_motifs)
        known = self.dataset.dataset
        found = variants_frame(self._by_number, there, rows, known, variants, genome, offsets)
        return led(found, {"dataset": self.dataset.name, "model": self.name})

    @property
    def _by_number(self) -> dict[int, LoadedModel]:
        return {one.number: one.loaded for one in self._loaded}

    @property
    def _no_motifs(self) -> str:
        return (
            f"{self.dataset.name}.{self.name}: its motifs (motifs/*.units.tsv) are missing in the"
            " folder; copy the whole results folder."
        )

    def _motif_rows(self) -> MotifRows:
        """Read the rows that its units are in.

        Raises
        ------
        UserError
        """
        from nfexplainn.interpret.motif_rows import read_rows_file

        if self.header.architecture != "explainn":
            raise UserError(
                f"{self.dataset.name}.{self.name}: only predictions of ExplaiNN can be split over"
                f" motifs, and this model is {self.header.architecture}; use a model called"
                " explainn."
            )
        path = self._file("evidence.tsv") or self._file("units.tsv")
        if path is None:
            raise UserError(self._no_motifs)
        return read_rows_file(path, centred=self.header.task_type == "multiclass")

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
