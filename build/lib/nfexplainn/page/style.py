"""What all chapters share: limits, colours, and how models and cut tables are named."""

from __future__ import annotations

from collections.abc import Sequence

from nfexplainn.features import architecture_facts
from nfexplainn.page.load import ModelResult
from nfexplainn.training.sweep import units_of_name

# Rows of a table, panels of a plot.
ROW_LIMIT = 300
PANEL_LIMIT = 12
# Okabe and Ito's colours, which people with colour blindness tell apart.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")

REFERENCE = "explainn"


def name_of(model: str) -> str:
    """Name of a model as the paper writes it; of a sweep's, with its number of units."""
    units = units_of_name(model)
    titles = {name: facts.title for name, facts in architecture_facts().items()}
    return titles.get(model, model) if units is None else f"{titles[REFERENCE]}, {units} units"


def title_of(model: ModelResult, models: Sequence[ModelResult]) -> str:
    """Name a model by its data set, and by its architecture where there are several."""
    if len({other.name for other in models}) > 1:
        return f"{model.dataset} · {model.name}"
    return model.dataset


def capped(total: int, shown: int, table: str) -> str:
    """Say that a table of the page is cut, and where the whole of it is."""
    if shown >= total:
        return ""
    return f" Shown: {shown} of {total} rows; all are in <code>tables/{table}.tsv</code>."
