"""The methods text on models that start from what is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nfexplainn.features import architecture_facts
from nfexplainn.page.mqc import escape, plural
from nfexplainn.training.options import SEEDED

_LEARN = {
    "free": "were trained further",
    "frozen": "were kept fixed",
    "released": "were frozen until {until}",
}


def starts_text(params: Mapping[str, Any]) -> list[str]:
    """Say by which recipe models were trained, and what filters and models are made of.

    Parameters
    ----------
    params : mapping
        Resolved parameters; ``datasets`` holds, per data set, those that differ.

    Returns
    -------
    list of str
        Sentences as HTML; none where nothing of the kind was asked for.
    """
    own: Mapping[str, Mapping[str, Any]] = params.get("datasets") or {}
    general = {key: value for key, value in params.items() if key != "datasets"}
    settings = {name: general | dict(values) for name, values in own.items()} or {"": general}
    out: dict[str, list[str]] = {}
    for name, values in settings.items():
        for sentence in (_recipe(values), _profiles(values), _pretrained(values)):
            if sentence:
                out.setdefault(sentence, []).append(name)
    everywhere = len(settings)
    return [
        sentence if len(where) == everywhere else f"In {escape(', '.join(where))}: {sentence}"
        for sentence, where in out.items()
    ]


def _recipe(values: Mapping[str, Any]) -> str:
    recipe, heads = values.get("recipe"), _heads(values)
    models = [
        name for name in str(values.get("models", "explainn")).split(",") if name not in heads
    ]
    if not recipe or not models:
        return ""
    if recipe == "paper":
        return "Models were trained by the protocol of the ExplaiNN paper."
    out = (
        "The robust recipe was used: training windows were shifted at random by up to 10 bp in"
        " every epoch, and shuffled training negatives were reshuffled in every epoch."
    )
    if "explainn" not in models:
        return out
    if not values.get("initial_motifs"):
        out += _seeds(values)
    return (
        f"{out} Each motif of a unit was also re-estimated from its best hits in the training"
        " positives."
    )


def _seeds(values: Mapping[str, Any]) -> str:
    """Say what ExplaiNN's filters started from, and how they learnt."""
    used = {name: value for name in SEEDED if (value := values.get(name)) is not None}
    used = SEEDED | used
    pwms = ""
    if used["motif_seeds"]:
        each = plural(int(used["seed_copies"]), "filter")
        pwms = (
            "PWMs refined on the training part and enriched in the validation part (at most"
            f" {used['motif_seeds']}, {each} each), and from "
        )
    out = (
        f" 30 % of ExplaiNN's filters were initialised from {pwms}k-mers of 6 to 8 bp enriched in"
        " the training positives."
    )
    if used["unit_penalty"]:
        out += (
            " Its training loss included an L1 penalty on the contribution of each unit"
            f" ({used['unit_penalty']:g} over the square root of the number of training"
            " sequences)."
        )
    return out


def _profiles(values: Mapping[str, Any]) -> str:
    source = values.get("initial_motifs")
    if not source or "explainn" not in str(values.get("models", "explainn")).split(","):
        return ""
    count = str(values.get("initial_count"))
    known = "the known motifs" if source == "jaspar" else str(source)
    chosen = f"all profiles of {known}" if count == "all" else f"{count} profiles of {known}"
    if count != "all":
        chosen += ", chosen by farthest point sampling on Tomtom's similarity"
    epochs = values.get("initial_epochs")
    until = f"{epochs} epochs had passed" if epochs else "the validation loss no longer improved"
    learn = _LEARN[str(values.get("initial_filters", "free"))].format(until=until)
    return (
        f"The filters of ExplaiNN were initialised from {escape(chosen)}, two units per profile"
        f" (one per strand) instead of the number above, and {learn}."
    )


def _pretrained(values: Mapping[str, Any]) -> str:
    heads = _heads(values)
    if not values.get("pretrained") or not heads:
        return ""
    return (
        f"The units of {' and '.join(heads)} are the outputs of trained models"
        f" ({escape(values['pretrained'])}), frozen with all their statistics; only the layers"
        " that combine them were trained, by the protocol of the ExplaiNN paper."
    )


def _heads(values: Mapping[str, Any]) -> list[str]:
    """Name the models that are made of trained ones."""
    known = architecture_facts()
    models = str(values.get("models", "explainn")).split(",")
    return [name for name in models if name in known and known[name].pretrained]
