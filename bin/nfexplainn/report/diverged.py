"""Trainings that left the finite numbers: results, which say why there is no model."""

from __future__ import annotations

import dataclasses
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from nfexplainn.page.load import DatasetResult, Inputs, ModelResult
from nfexplainn.page.mqc import Page

COLUMNS = ("dataset", "model", "replicate", "seed", "reason", "advice")
Record = Mapping[str, Any]


def with_diverged(page: Page, inputs: Inputs) -> Inputs:
    """Say of data sets and models which trainings diverged, and write ``diverged.tsv``.

    A data set without any model is unusable; a model of which some replicates are left says so in
    its verdict's reason; one of which none is left is there with an unusable verdict.
    """
    # The names tell models of one architecture apart (explainn_u5), which the files do not.
    records = [
        {
            **json.loads(path.read_text()),
            **{"dataset": dataset, "model": model, "replicate": replicate},
        }
        for dataset, model, replicate, path in inputs.ending(".diverged.json")
    ]
    if not records:
        return inputs
    page.tsv("diverged", COLUMNS, records)
    of: dict[str, dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        of[record["dataset"]][record["model"]].append(record)
    datasets = tuple(
        _told(dataset, of[dataset.id]) if dataset.id in of else dataset
        for dataset in inputs.datasets
    )
    return dataclasses.replace(inputs, datasets=datasets)


def _told(dataset: DatasetResult, records: Mapping[str, Sequence[Record]]) -> DatasetResult:
    if not dataset.models:
        found = [record for some in records.values() for record in some]
        reason = f"No model could be trained ({len(found)} diverged). {found[0]['reason']}"
        return dataclasses.replace(
            dataset, state="unusable", reason=reason, advice=found[0]["advice"]
        )
    models = {model.name: model for model in dataset.models}
    for name, some in records.items():
        model = models.get(name, ModelResult(dataset.id, name))
        reason, advice = some[0]["reason"], some[0]["advice"]
        verdict: dict[str, Any] = {"verdict": "unusable", "reason": reason, "advice": advice}
        if model.metrics:
            numbers = sorted(int(record["replicate"]) for record in some)
            which = " and ".join(f"r{number}" for number in numbers)
            known = str(model.verdict.get("reason") or "")
            verdict = {
                **model.verdict,
                "reason": f"{known} Diverged and left out: {which}. {advice}".strip(),
            }
        models[name] = dataclasses.replace(model, verdict=verdict)
    return dataclasses.replace(dataset, models=tuple(models.values()))
