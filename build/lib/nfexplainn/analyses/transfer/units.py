"""What each plug-in unit, an output of a trained model, does in each task (paper, Figure 6F)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from nfexplainn.data.dataset import Dataset
from nfexplainn.dna import Codes, reverse_complement
from nfexplainn.interpret.importance import EffectSums, undefined_effect
from nfexplainn.interpret.run import select_rows
from nfexplainn.models.model import UnitModel
from nfexplainn.models.transfer_config import TransferConfig

TRANSFER_COLUMNS = (
    "unit",
    "source",
    "source_task",
    "task",
    "weight",
    "contribution_median",
    "contribution_q25",
    "contribution_q75",
    "contribution_n",
    "effect",
    "effect_basis",
    "rank",
    "source_length",
    "source_digest",
)


def plugged_units(
    model: UnitModel, dataset: Dataset, logits: np.ndarray, *, both_strands: bool
) -> pd.DataFrame:
    """Tabulate the units of a model over trained models.

    Effects are those of ExplaiNN's units: weight x (mean output over label 1 - mean over label 0),
    or for regression weight x covariance of output and target / variance of the target. A unit
    here may be negative, so the sign of a contribution is that of weight x output.

    Parameters
    ----------
    model : UnitModel
        Its configuration is a ``TransferConfig``.
    dataset : Dataset
    logits : float32 array, shape (n, tasks)
        Of the model, for choosing the well-predicted sequences; NaN where there is none.
    both_strands : bool
        Whether each strand is a sequence of its own.

    Returns
    -------
    DataFrame
        A row per unit and task, columns :data:`TRANSFER_COLUMNS`; ``rank`` is by effect, 1 the
        largest, empty where the effect is undefined.
    """
    config = model.config
    assert isinstance(config, TransferConfig)
    selection = select_rows(dataset, logits)
    regression = dataset.meta.task_type == "regression"
    weights = model.final_weight.astype(np.float64)
    rows = np.flatnonzero(selection.chosen | selection.effect_rows.any(axis=1))
    sums = EffectSums(dataset.labels, selection.effect_rows, regression, weights.shape[1])
    well: list[np.ndarray] = []
    for strand in (False, True) if both_strands else (False,):
        codes: Codes = dataset.codes[rows]
        outputs = model.unit_outputs(reverse_complement(codes) if strand else codes)
        sums.add(rows, outputs)
        well.append(outputs[selection.chosen[rows]])
    seen = np.concatenate(well).astype(np.float64)
    effect = sums.effect(weights)
    undefined = undefined_effect(dataset.labels, selection.effect_rows, regression)
    basis = [why or basis for why, basis in zip(undefined, selection.effect_basis, strict=True)]
    sources = [(source, task) for source in config.sources for task in source.tasks]
    ranks = np.argsort(np.argsort(-np.nan_to_num(effect, nan=-np.inf), axis=0, kind="stable"), 0)
    table: list[dict[str, Any]] = []
    for unit, (source, source_task) in enumerate(sources):
        for column, task in enumerate(dataset.meta.tasks):
            weight = weights[column, unit]
            # Of no sequence there are no quantiles.
            low, middle, high = (
                np.quantile(seen[:, unit] * weight, (0.25, 0.5, 0.75))
                if len(seen)
                else [np.nan] * 3
            )
            known = np.isfinite(effect[unit, column])
            table.append(
                {
                    "unit": f"unit_{unit + 1:03d}",
                    "source": source.name,
                    "source_task": source_task,
                    "task": task,
                    "weight": weight,
                    "contribution_median": middle,
                    "contribution_q25": low,
                    "contribution_q75": high,
                    "contribution_n": len(seen),
                    "effect": effect[unit, column],
                    "effect_basis": basis[column],
                    "rank": int(ranks[unit, column]) + 1 if known else None,
                    "source_length": source.length,
                    "source_digest": source.digest,
                }
            )
    frame = pd.DataFrame(table, columns=list(TRANSFER_COLUMNS))
    return frame.astype({"rank": "Int64"})
