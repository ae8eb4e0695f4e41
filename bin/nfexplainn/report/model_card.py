"""A card for every trained model: what it is, what it was made of, how good it is, and its limits.

After the proposal of Mitchell et al., Model cards for model reporting (FAT* 2019).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from nfexplainn.evaluation.intervals import score_interval
from nfexplainn.features import architecture_facts, assay_facts
from nfexplainn.io.text import write_text
from nfexplainn.page import scores as sc
from nfexplainn.page.evidence import ModelEvidence, evidence_of, found_in, row_name, share_of
from nfexplainn.page.load import DatasetResult, Inputs, ModelResult, Row, number
from nfexplainn.page.methods import is_explainn, values_of
from nfexplainn.page.mqc import plural, power, short, thousands
from nfexplainn.page.style import name_of
from nfexplainn.report.card_limits import limits
from nfexplainn.report.markdown import bullets, code, md, plain, table
from nfexplainn.report.methods_splits import split_text
from nfexplainn.report.references import REFERENCES
from nfexplainn.report.summary import held_out_part

MOST_TASKS, MOST_MOTIFS, MOST_FILES, MOST_READINGS = 20, 10, 20, 20
_SHOWN = ("auprc", "auroc", "pearson", "accuracy")
_PARTS = {"train": "training", "valid": "validation", "test": "test", "all": "all folds"}
_KINDS = {
    "binary": "the logit of being positive, and a calibrated probability",
    "multilabel": "a logit per task, and calibrated probabilities",
    "multiclass": "a logit per class, and calibrated probabilities that sum to 1",
    "regression": "the value itself",
}


def write_cards(inputs: Inputs, folder: str | Path) -> list[Path]:
    """Write ``<dataset>/<model>/<dataset>.<model>.model_card.md`` for every model with scores.

    Parameters
    ----------
    inputs : Inputs
        With the models that are only compared.
    folder : path
        Made where it is missing.

    Returns
    -------
    list of Path
        In the order of the page.
    """
    known = evidence_of(inputs)
    written = []
    for dataset in inputs.datasets:
        for model in dataset.models:
            if not model.metrics:
                continue
            name = f"{dataset.id}.{model.name}.model_card.md"
            path = Path(folder) / dataset.id / model.name / name
            path.parent.mkdir(parents=True, exist_ok=True)
            card = model_card(inputs, dataset, model, known.get((dataset.id, model.name)))
            write_text(path, card)
            written.append(path)
    return written


def model_card(
    inputs: Inputs, dataset: DatasetResult, model: ModelResult, known: ModelEvidence | None
) -> str:
    """Write the card of one model, as Markdown.

    Parameters
    ----------
    inputs : Inputs
        Of the whole run.
    dataset : DatasetResult
    model : ModelResult
    known : ModelEvidence or None
        What unseen sequences say of its motifs.
    """
    parts = [
        [f"# Model card: {md(dataset.id)}, {md(name_of(model.name))}"],
        _verdict(model),
        ["## What it is", "", *_what(inputs, dataset, model)],
        ["## Data", "", *_data(dataset)],
        ["## How it was split", "", *_split(inputs, dataset)],
        ["## Scores", "", *_scores(dataset, model)],
        ["## Motifs", "", *_motifs(model, known)],
        ["## Limitations", "", *bullets(limits(inputs, dataset, model, known))],
        ["## How to use it again", "", *_use(dataset, model)],
        ["## Licence and citation", "", *_licence(inputs, model)],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _verdict(model: ModelResult) -> list[str]:
    verdict = str(model.verdict.get("verdict") or "")
    if not verdict:
        return ["Trained for comparison with ExplaiNN; it has no verdict."]
    reason, advice = (str(model.verdict.get(key) or "") for key in ("reason", "advice"))
    return [f"**{md(verdict)}.** {md(plain(reason))} {md(plain(advice))}".rstrip()]


def _what(inputs: Inputs, dataset: DatasetResult, model: ModelResult) -> list[str]:
    meta = dataset.meta
    version = next((v for _, tool, v in inputs.versions if tool == "nf-explainn"), "")
    runs = sorted(model.metrics)
    weights = sorted(set(model.sizes.values()))
    tasks = meta.get("tasks") or model.tasks
    extra = meta.get("extra") or {}
    length = int(meta.get("length") or 0)
    pad = int(extra.get("pad") or 0)
    padded = f" ({length - 2 * pad} bp of DNA and {pad} N on either side)" if pad else ""
    strands = ""
    if "strand_symmetric" in meta:
        strands = (
            "It reads both strands, and its predictions are their mean."
            if meta["strand_symmetric"]
            else "It reads the given strand only."
        )
    seed = values_of(inputs, dataset.id).get("seed")
    return bullets(
        (
            f"{md(name_of(model.name))}, trained by nf-explainn {md(version)}".rstrip()
            + (f" with run seed {md(seed)}." if seed is not None else "."),
            f"{plural(len(runs), 'replicate')}"
            f" ({', '.join(f'`r{run}`' for run in runs)}), each a file"
            f" {code(f'{dataset.id}.{model.name}.r<replicate>.model.safetensors')}"
            + (f" with {thousands(weights[0])} trained weights and biases" if weights else "")
            + f"; the best on validation is `r{model.best_replicate}`. A prediction is the mean"
            " of all.",
            f"It reads DNA of {length} bp{padded}. {strands}" if length else strands,
            f"It predicts {_KINDS.get(str(meta.get('task_type')), 'a number per task')};"
            f" {plural(len(tasks), 'task')}: {_named(tasks)}.",
        )
    )


def _data(dataset: DatasetResult) -> list[str]:
    meta = dataset.meta
    label = assay_facts(meta.get("assay")).label or str(meta.get("assay") or "")
    sources = list(meta.get("sources") or ())
    files = [
        (code(one.get("name", "")), code(one.get("sha256", ""))) for one in sources[:MOST_FILES]
    ]
    out = [f"Assay: {md(label)}." if label else ""]
    if files:
        out += ["", *table(("file", "sha256"), files), _cut(len(sources), MOST_FILES)]
    read = [row for row in dataset.readings if row["item"] != "records"]
    records = [row for row in dataset.readings if row["item"] == "records"]
    if records or read:
        rows = [
            (md(row["source"]), md(row["item"]), md(row["value"]))
            for row in (records + read)[:MOST_READINGS]
        ]
        out += ["", "How the files were read:", ""]
        out += [*table(("file", "what", "read as"), rows), _cut(len(read + records), MOST_READINGS)]
    if dataset.dropped:
        out += ["", "Left out:", ""]
        out += table(
            ("file", "reason", "records"),
            [
                (md(row["source"]), md(row["reason"]), thousands(number(row["count"])))
                for row in dataset.dropped[:MOST_READINGS]
            ],
        )
        out.append(_cut(len(dataset.dropped), MOST_READINGS))
    notes = [md(note) for note in meta.get("notes") or ()]
    out += ["", *bullets(notes)] if notes else []
    return _without_gaps(out)


def _split(inputs: Inputs, dataset: DatasetResult) -> list[str]:
    told = plain(split_text(dataclasses.replace(inputs, datasets=(dataset,))))
    tasks = list(dict.fromkeys(row["task"] for row in dataset.counts if row["task"] != "*"))
    rows = [
        (
            md(_PARTS.get(row["split"], row["split"].replace("_", " "))),
            "" if row["task"] == "*" else md(row["task"]),
            *(
                thousands(number(row.get(key))) if row.get(key) else ""
                for key in ("sequences", "positives", "negatives", "unknown")
            ),
        )
        for row in dataset.counts
        if row["task"] == "*" or row["task"] in tasks[:MOST_TASKS]
    ]
    header = ("part", "task", "sequences", "positives", "negatives", "label unknown")
    warned: dict[str, list[Row]] = {}
    for row in dataset.audit:
        if row["state"] == "warn":
            warned.setdefault(row["check"].replace("_", " "), []).append(row)
    leaks = []
    for check, found in warned.items():
        worst = max(found, key=lambda row: number(row["count"]) or 0)
        often = f" in {len(found)} of {dataset.folds} folds" if dataset.folds > 1 else ""
        leaks.append(
            f"The audit warns of {md(check)}{often}: {worst['count']} of {worst['total']} sequences"
            f" ({md(worst['example'])})."
        )
    fine = "The audit found no overlap between the parts." if dataset.audit and not warned else ""
    return _without_gaps(
        [
            md(told),
            "",
            *(table(header, rows) if rows else []),
            _cut(len(tasks), MOST_TASKS, "tasks", "counts"),
            "",
            *bullets([*leaks, fine]),
        ]
    )


def _scores(dataset: DatasetResult, model: ModelResult) -> list[str]:
    scores = sc.model_scores(model)
    tested = held_out_part(dataset.meta, sc.tested_folds(model))
    some = [s for s in scores if (s.split, s.against) == ("test", "all") and s.metric in _SHOWN]
    tasks = list(dict.fromkeys(score.task for score in some))
    shown = [score for score in some if score.task in tasks[:MOST_TASKS]]
    rows = [
        (
            "all together" if score.task == "*" else md(score.task),
            sc.label(score.metric, score.task),
            short(score.mean, 3),
            _interval(score),
            short(score.sd, 3) if score.sd is not None else "",
            *(_baseline(dataset, baseline, score) for baseline in sc.BASELINES),
            short(score.prevalence, 3) if score.metric == "auprc" and score.prevalence else "",
        )
        for score in shown
    ]
    header = ("task", "score", "test", "95 % interval", "sd of replicates", "GC", "4-mers")
    note = (
        "Means over the replicates on the test part"
        + (f" ({md(tested)})" if tested else "")
        + ", which was used neither for training nor for selection. The interval is the sampling"
        " interval of a test part of this size with independent sequences (Hanley and McNeil for"
        " AUROC, Boyd's logit interval for AUPRC, Fisher's z, Wilson); the standard deviation is"
        " over replicates. GC and 4-mers are logistic (linear) baselines on the same parts;"
        " chance is the AUPRC of guessing."
    )
    together = [score for score in model.ensemble if score["metric"] in _SHOWN]
    joint = [
        f"{sc.label(row['metric'], row['task'])} of the mean of all replicates"
        f" ({md(row['task'])}): {short(number(row['value']), 3)}."
        for row in together[:MOST_TASKS]
        if (row["split"], row["against"]) == ("test", "all") and row["value"]
    ]
    return _without_gaps(
        [
            note,
            "",
            *table((*header, "chance"), rows),
            _cut(len(tasks), MOST_TASKS, "tasks", "performance"),
            "",
            *bullets(joint),
        ]
    )


def _interval(score: sc.Score) -> str:
    if score.mean is None:
        return md(score.note)
    found = score_interval(score.metric, score.mean, score.n, score.positives)
    return f"{short(found[0], 3)} to {short(found[1], 3)}" if found else ""


def _baseline(dataset: DatasetResult, baseline: str, score: sc.Score) -> str:
    found = sc.pick(sc.baseline_scores(dataset, baseline), score.task, score.metric)
    return short(found.mean, 3) if found and found.mean is not None else ""


def _motifs(model: ModelResult, known: ModelEvidence | None) -> list[str]:
    if known is None:
        return [
            "Its motifs were not tested on unseen sequences"
            + (
                "."
                if is_explainn(model.name)
                else ": this network has no units of one motif each (`--nullification`)."
            )
        ]
    supported = [row for row in known.rows if row["supported"] == "true"]
    if not supported:
        return [
            f"No group of {known.members} is supported by unseen sequences: its motifs cannot be"
            " distinguished from noise and should not be reported."
        ]
    shown: list[Row] = []
    tasks = list(dict.fromkeys(row["task"] for row in known.rows))
    for task in tasks[:MOST_TASKS]:
        shown += [row for row in supported if row["task"] == task][:MOST_MOTIFS]
    header = (
        "task",
        "motif",
        "name",
        "consensus",
        "gain",
        "95 % interval",
        "share",
        "q",
        "found in",
    )
    rows = [
        (
            "all together" if row["task"] == "*" else md(row["task"]),
            code(row["motif"]),
            md(row["family"] or row_name(row)),
            code(row["consensus"]),
            _digits(row["gain"]),
            f"{_digits(row['gain_low'])} to {_digits(row['gain_high'])}",
            share_of(row),
            power(number(row["q"])),
            found_in(row),
        )
        for row in shown
    ]
    return _without_gaps(
        [
            f"Groups of {known.members} with similar motifs that unseen sequences support"
            f" ({len(supported)}). The gain is the increase of the loss without the group, in"
            " nats per sequence (squared units for values); the files are"
            f" {code(f'motifs/{model.dataset}.{model.name}.evidence.tsv')} and `.evidence.meme`.",
            "",
            *table(header, rows),
            _cut(len(supported), len(shown), "groups", f"motifs/{model.dataset}.{model.name}"),
        ]
    )


def _use(dataset: DatasetResult, model: ModelResult) -> list[str]:
    repeats = int(dataset.meta.get("length") or 200) // 4 + 1
    return [
        "Predict new sequences (`results` is the output folder of this run):",
        "",
        "```bash",
        f"./nextflow run . --apply results --datasets {dataset.id} --predict sequences.fa"
        " --outdir answers",
        "```",
        "",
        "or in Python, after `pip install .` in a clone of nf-explainn"
        + ("" if is_explainn(model.name) else " (this network needs torch, too)")
        + ":",
        "",
        "```python",
        "from nfexplainn import open_results",
        "",
        f'model = open_results("results")["{dataset.id}"]["{model.name}"]',
        f'print(model.predict(["ACGT" * {repeats}]))  # longer sequences: the middle is read',
        "print(model.evidence)  # its motifs and their evidence",
        "```",
    ]


def _licence(inputs: Inputs, model: ModelResult) -> list[str]:
    jaspar = values_of(inputs, model.dataset).get("motif_db") is None and is_explainn(model.name)
    facts = architecture_facts().get(model.name)
    cited = [REFERENCES["explainn"], *([facts.reference] if facts and facts.reference else [])]
    cited += [REFERENCES["jaspar"]] if jaspar else []
    return [
        "nf-explainn, which made and reads this model, is under the MIT licence. Use of the"
        " weights may be subject to the terms of the training data, which are not known here:"
        " cite the source of the data and keep to its licence."
        + (" The names of the motifs come from JASPAR (CC BY 4.0)." if jaspar else ""),
        "",
        *bullets(f"{md(words)} doi:{md(doi)}" for words, doi in cited),
    ]


def _digits(text: str) -> str:
    value = number(text)
    return "" if value is None else f"{value:.3g}"


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(md(name) for name in names[:MOST_TASKS])
    rest = len(names) - MOST_TASKS
    return f"{shown} and {rest} more" if rest > 0 else shown


def _cut(total: int, shown: int, what: str = "rows", name: str = "") -> str:
    """Say that a table is cut; nothing where it is whole."""
    if total <= shown:
        return ""
    where = f"; all are in `{name}`" if "/" in name else f"; all are in `tables/{name}.tsv`"
    return f"\n{shown} of {total} {what} are shown{where if name else ''}."


def _without_gaps(lines: Sequence[str]) -> list[str]:
    """Join lines so that no two empty ones follow each other, nor any at the ends."""
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    while kept and not kept[-1]:
        kept.pop()
    return kept
