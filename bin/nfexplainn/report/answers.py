"""The page of a run that asked the models of an earlier one: what was asked comes first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from nfexplainn.analyses.predict.report import (
    Predicted,
    predicted_of,
    warnings_of,
    write_predicted,
)
from nfexplainn.io.text import write_text
from nfexplainn.page.chapters import METHODS, STATUS, SUMMARY
from nfexplainn.page.load import Inputs
from nfexplainn.page.mqc import DASH, Page, escape, lines, plural, short, thousands
from nfexplainn.page.style import name_of
from nfexplainn.report.methods import MethodsText, write_parameters, write_versions
from nfexplainn.report.methods_analyses import analyses_text

_STYLE = Path(__file__).with_name("page.css")
TASKS = 6
"""Tasks of a model on the first screen."""


def build_answers(inputs: Inputs, folder: str | Path) -> None:
    """Write every ``*_mqc.*`` file and ``tables/*.tsv`` of a run with ``--apply``.

    Parameters
    ----------
    inputs : Inputs
    folder : path
        Made where it is missing.
    """
    page = Page(folder)
    write_predicted(page, inputs)
    _write_status(page, inputs)
    _write_methods(page, inputs)
    write_parameters(page, inputs)
    write_versions(page, inputs.versions)
    _write_summary(page, inputs)


def _write_status(page: Page, inputs: Inputs) -> None:
    """Write which data sets' models could not be asked, and ``status.tsv``."""
    bad = [dataset for dataset in inputs.datasets if dataset.state == "error"]
    columns = ("dataset", "state", "reason", "advice")
    page.tsv(
        "status",
        columns,
        [
            dict(zip(columns, (d.id, d.state, d.reason, d.advice), strict=True))
            for d in inputs.datasets
        ],
    )
    if not bad:
        return
    rows = "".join(
        f'<tr><th scope="row">{escape(d.id)}</th><td>{lines(d.reason)}</td></tr>' for d in bad
    )
    page.section(
        STATUS,
        "",
        "html",
        "<p>The models of these data sets could not be asked; the others are not touched by"
        ' that.</p><div class="table-responsive"><table class="table nfx-plain"><thead><tr>'
        f"<th>Data set</th><th>Why</th></tr></thead><tbody>{rows}</tbody></table></div>",
    )


def _write_methods(page: Page, inputs: Inputs) -> None:
    """Write the methods text of a run that trained nothing: what was asked, and of what."""
    text = MethodsText()
    body = (
        f"Models that an earlier run had trained (ExplaiNN {text.cite('explainn')} and what was"
        " compared with it) were loaded from its results."
    )
    said = analyses_text(inputs, text.cite)
    steps = (
        f"The steps were run by Nextflow {text.cite('nextflow')}, and this page was made by MultiQC"
        f" {text.cite('multiqc')}."
    )
    html = (
        '<div class="nfx-text"><p class="nfx-faint">Ready to be pasted into a paper, beside the'
        f" methods of the run that trained.</p><p>{body} {said}</p><p>{steps}</p>"
        f"<h4>References</h4>{text.references()}</div>"
    )
    page.section(METHODS, "", "html", html)
    write_text(page.folder / "methods.html", html + "\n")


def _write_summary(page: Page, inputs: Inputs) -> None:
    """Write the first screen: how many sequences, what each model says, what to mind."""
    found = predicted_of(inputs)
    style = re.sub(r"\s+", " ", _STYLE.read_text(encoding="utf-8"))
    models = sum(len(one.told["models"]) for one in found)
    asked = PurePath(str(inputs.params.get("predict") or "")).name
    source = f"<code>{escape(asked)}</code>, " if asked else ""
    applied = PurePath(str(inputs.params.get("apply") or "")).name
    earlier = f" of <code>{escape(applied)}</code>" if applied else ""
    counts = sorted({one.sequences for one in found})
    several = DASH.join(thousands(count) for count in (counts[0], counts[-1])) if counts else "0"
    number = several if len(counts) > 1 else plural(counts[0] if counts else 0, "sequence")
    number += " sequences" if len(counts) > 1 else ""
    rows = "".join(_row(one) for one in found)
    page.section(
        SUMMARY,
        "",
        "html",
        f'<style>{style}</style><p class="nfx-headline">What {plural(models, "model")}{earlier}'
        f" predict{'s' if models == 1 else ''} of {source}{number}; nothing was trained. "
        '<span class="nfx-how">How to read this page: <code>docs/usage/apply.md</code> of the'
        " pipeline</span></p>"
        '<div class="table-responsive"><table class="table nfx-summary mqc_per_sample_table"'
        ' id="nfx_summary_table"><thead><tr><th>Data set</th><th>Predictions</th>'
        f"<th>What to mind</th></tr></thead><tbody>{rows}</tbody></table></div>",
    )


def _row(one: Predicted) -> str:
    blocks = [_task(one, model, task) for model, task in one.tasks[:TASKS]]
    left = len(one.tasks) - len(blocks)
    if left > 0:
        blocks.append(
            f'<div class="nfx-more">{plural(left, "more task")}: tables/predictions.tsv</div>'
        )
    minded = "".join(f'<span class="nfx-next">{said}</span>' for said in warnings_of(one))
    about = f"{plural(one.sequences, 'sequence')}, {one.told['length']} bp"
    return (
        f'<tr><th scope="row"><span class="nfx-name">{escape(one.dataset)}</span>'
        f'<span class="nfx-faint">{about}</span></th><td>{"".join(blocks)}</td>'
        f'<td class="nfx-why">{minded or "Nothing."}</td></tr>'
    )


def _task(one: Predicted, model: Mapping[str, Any], task: Mapping[str, Any]) -> str:
    """Say in a line how the predictions of a task are distributed."""
    shares = task["quantiles"]
    names = [name_of(str(model["model"]))] if len(one.told["models"]) > 1 else []
    names += [str(task["task"])] if task["task"] != one.dataset else []
    title = f'<span class="nfx-taskname">{escape(" · ".join(names))}</span>' if names else ""
    if not shares:
        return f"<div>{title}no sequence</div>"
    middle, low, high = (short(shares[share], 2) for share in ("50", "5", "95"))
    if task["calibrated"]:
        above = int(task["above_half"])
        share = f"{100 * above / one.sequences:.0f}&nbsp;%"
        said = f"{thousands(above)} ({share}) with a probability of at least 0.5; median {middle}"
    else:
        said = f"median {middle}"
    count = len(model["replicates"])
    apart = f"; {plural(count, 'replicate')}"
    if count > 1 and task["range"] is not None:
        what = "logit" if task["calibrated"] else "value"
        apart += f" that differ by {short(task['range'], 2)} in the {what} (median range)"
    return (
        f'<div class="nfx-one">{title}{said}'
        f'<span class="nfx-faint">5&nbsp;% below {low}, 5&nbsp;% above {high}{apart}</span></div>'
    )
