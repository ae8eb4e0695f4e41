"""What the texts on methods of all analyses share: settings, and in which data sets they held."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from nfexplainn.page.chapters import Cite, Values
from nfexplainn.page.load import Inputs
from nfexplainn.page.mqc import escape, thousands
from nfexplainn.page.style import name_of
from nfexplainn.training.sweep import units_of_name

Say = Callable[[Values, Sequence[str], Cite], str]
# With more data sets their number stands for their names.
NAMED = 10


def values_of(inputs: Inputs, dataset: str) -> Values:
    """Give the settings of a data set: the run's, where it has none of its own."""
    general = {key: value for key, value in inputs.params.items() if key != "datasets"}
    return general | dict((inputs.params.get("datasets") or {}).get(dataset) or {})


def told(inputs: Inputs, where: Mapping[str, Sequence[str]], say: Say, cite: Cite) -> str:
    """Say what was done, once per way in which it was, and in which data sets."""
    of: dict[str, list[str]] = {}
    known = [dataset.id for dataset in inputs.datasets]
    # where models of an earlier run are asked, their data sets are not read anew
    for name in dict.fromkeys([*known, *where]):
        if name in where:
            text = say(values_of(inputs, name), where[name], cite)
            of.setdefault(text, []).append(name)
    every = sum(1 for dataset in inputs.datasets if dataset.models)
    return " ".join(
        text if len(some) >= every else f"In {_names(some)}: {text}" for text, some in of.items()
    )


def _names(some: Sequence[str]) -> str:
    return escape(", ".join(some)) if len(some) <= NAMED else f"{len(some)} of the data sets"


def most(values: Values, name: str, default: int) -> str:
    """Show a setting that limits a number of sequences."""
    return thousands(float(values.get(name) or default))


def is_explainn(model: str) -> bool:
    """Tell whether a model is an ExplaiNN, of a sweep or alone."""
    return model == "explainn" or units_of_name(model) is not None


def listed_models(models: Sequence[str]) -> str:
    """Name architectures as the paper does, each once."""
    names = ["ExplaiNN" if is_explainn(model) else name_of(model) for model in models]
    return escape(", ".join(dict.fromkeys(names)))
