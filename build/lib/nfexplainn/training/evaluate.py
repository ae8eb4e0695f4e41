"""Predict a data set with a trained model, measure the predictions, and calibrate them."""

from __future__ import annotations

import re
from pathlib import Path

from nfexplainn.data.dataset import Dataset
from nfexplainn.evaluation import metrics
from nfexplainn.evaluation.calibration import calibrate, write_calibration
from nfexplainn.evaluation.predict import predict_logits, write_predictions
from nfexplainn.io.tsv import write_tsv
from nfexplainn.models.checkpoint import ModelHeader
from nfexplainn.models.model import Model


def evaluate(
    model: Model,
    header: ModelHeader,
    dataset: Dataset,
    *,
    run: str,
    folder: str | Path = ".",
) -> None:
    """Write the logits of all sequences, the scores of every part, and the calibration.

    Parameters
    ----------
    model : Model
    header : ModelHeader
        What the model's file says of it.
    dataset : Dataset
        Of the model's length and tasks.
    run : str
        Prefix of the files written, ``R.predictions.parquet``, ``R.metrics.tsv`` and
        ``R.calibration.json``.
    folder : path
        To write to; it is there.
    """
    logits = predict_logits(model, dataset.codes, average_strands=header.strand_symmetric)
    write_predictions(dataset, logits, Path(folder, f"{run}.predictions.parquet"))
    # The run's name of the model, which of several sizes of one architecture is not the latter's.
    named = re.fullmatch(r".+\.([^.]+)\.r\d+", run)
    name = named[1] if named else header.architecture
    rows = metrics.rows(dataset, logits, model=name, replicate=header.replicate)
    table = [[row[column] for column in metrics.COLUMNS] for row in rows]
    write_tsv(Path(folder, f"{run}.metrics.tsv"), metrics.COLUMNS, table)
    meta = dataset.meta
    found = calibrate(dataset.labels, logits, dataset.split, meta.tasks, meta.task_type)
    write_calibration(found, Path(folder, f"{run}.calibration.json"))
