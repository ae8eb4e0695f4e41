"""What is left of each model, and what it scores."""

from __future__ import annotations

from collections.abc import Sequence

from nfexplainn.page.chapters import EVIDENCE, Cite, Methods, Part, Values
from nfexplainn.page.load import Inputs, Row, number, read_table
from nfexplainn.page.mqc import DASH, Cell, Page, cell
from nfexplainn.page.style import ROW_LIMIT, capped

_TEXT = (
    "Models with only the units of the fewest groups that suffice, and the bias refitted"
    " (<code>R.pruned.safetensors</code>). The scores are those of the test part."
)
_FOLDED = (
    " With folds, the groups are those that at least half of the folds choose, some of them with"
    " test sequences of others: the pruned model's score is slightly too high."
)


def write_pruned(page: Page, inputs: Inputs) -> None:
    """Write a row per replicate, and ``pruned.tsv``; nothing where no data set asked for it."""
    everything = [
        {"dataset": dataset, "model": model, "replicate": str(replicate or 1), **row}
        for dataset, model, replicate, path in inputs.ending(".pruned.tsv")
        for row in read_table(path)
    ]
    if not everything:
        return
    page.tsv("pruned", list(everything[0]), everything)
    several = len({row["model"] for row in everything}) > 1
    rows: dict[str, dict[str, Cell]] = {}
    for row in everything[:ROW_LIMIT]:
        title = f"{row['dataset']} · {row['model']}" if several else row["dataset"]
        rows[f"{title} · r{row['replicate']}"] = _cells(row)
    headers: dict[str, dict[str, object]] = {
        "kept": {"title": "Units left"},
        "groups": {"title": "Groups"},
        "metric": {"title": "Score of"},
        "score": {"title": "Pruned", "format": "{:,.3f}"},
        "whole": {"title": "Whole model", "format": "{:,.3f}"},
    }
    said = _TEXT + (_FOLDED if inputs.folded else "")
    text = f"<p>{said}{capped(len(everything), ROW_LIMIT, 'pruned')}</p>"
    page.table(EVIDENCE, "Pruned models", rows, headers, first="Run", description=text)


def _cells(row: Row) -> dict[str, Cell]:
    return {
        "kept": cell(f"{row['n_kept']} of {row['n_units']}"),
        "groups": cell(row["groups"].replace(",", ", ") or DASH),
        "metric": cell(row["metric"].upper()),
        "score": number(row["value"]),
        "whole": number(row["whole_value"]),
    }


def _methods(_values: Values, _models: Sequence[str], _cite: Cite) -> str:
    return (
        "Models were pruned to the units of the groups that forward selection on the validation"
        " part had chosen; their biases were refitted on the training part."
    )


PART = Part(
    EVIDENCE,
    lambda page, content: write_pruned(page, content.inputs),
    place=2,
    methods=Methods("pruned", _methods),
)
