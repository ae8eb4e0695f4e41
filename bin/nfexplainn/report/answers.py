"""The page of a run that asked the models of an earlier one: what was asked comes first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath

from nfexplainn.io.text import write_text
from nfexplainn.motifs.logos import glyph_defs
from nfexplainn.order import natural_key
from nfexplainn.page.chapters import METHODS, STATUS, SUMMARY, Answer, Chapter, Content, Part
from nfexplainn.page.load import Inputs
from nfexplainn.page.mqc import Page, escape, lines, plural
from nfexplainn.report.analyses import analysis_parts
from nfexplainn.report.methods import MethodsText, write_parameters, write_versions
from nfexplainn.report.methods_analyses import analyses_text
from nfexplainn.report.summary import style_markup

QUESTIONS = ("input", "predict", "explain", "variants", "hits")
"""Parameters that name a file which is asked about."""


def build_answers(inputs: Inputs, folder: str | Path) -> None:
    """Write every ``*_mqc.*`` file and ``tables/*.tsv`` of a run with ``--apply``.

    Parameters
    ----------
    inputs : Inputs
    folder : path
        Made where it is missing.
    """
    page = Page(folder)
    for part in _parts():
        part.write(page, Content(inputs, inputs, {}, {}))
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
        "<p>These data sets, or the files given for them, could not be read; the others are not"
        ' affected.</p><div class="table-responsive"><table class="table'
        ' nfx-plain"><thead><tr><th>Data'
        f" set</th><th>Why</th></tr></thead><tbody>{rows}</tbody></table></div>",
    )


def _write_methods(page: Page, inputs: Inputs) -> None:
    """Write the methods text of a run that trained nothing: what was asked, and of what."""
    text = MethodsText()
    body = (
        f"Models trained by an earlier run (ExplaiNN {text.cite('explainn')} and the networks"
        " compared with it) were loaded from its results."
    )
    said = analyses_text(inputs, text.cite)
    steps = (
        f"The steps were run with Nextflow {text.cite('nextflow')}, and this report was made with"
        f" MultiQC {text.cite('multiqc')}."
    )
    html = (
        '<div class="nfx-text"><p class="nfx-faint">Text for a paper, in addition to the methods'
        f" of the training run.</p><p>{body}"
        f" {said}</p><p>{steps}</p><h4>References</h4>{text.references()}</div>"
    )
    page.section(METHODS, "", "html", html)
    write_text(page.folder / "methods.html", html + "\n")


def _write_summary(page: Page, inputs: Inputs) -> None:
    """Write the first screen: per data set what the models answer, and what to mind."""
    asked = [
        (part.chapter, answer)
        for part in _parts()
        if part.answers
        for answer in part.answers(inputs)
    ]
    several = len({chapter.key for chapter, _ in asked}) > 1
    datasets = sorted({answer.dataset for _, answer in asked}, key=natural_key)
    rows = "".join(
        _row(name, [one for one in asked if one[1].dataset == name], several) for name in datasets
    )
    applied = PurePath(str(inputs.params.get("apply") or "")).name
    earlier = f" of <code>{escape(applied)}</code>" if applied else " of an earlier run"
    given = [str(inputs.params[name]) for name in QUESTIONS if inputs.params.get(name)]
    source = " and ".join(dict.fromkeys(map(_source, given)))
    # rows of a new sheet are other data sets than those of the models
    count = "" if inputs.params.get("input") else f" of {plural(len(datasets), 'data set')}"
    models = f"the models{count}{earlier}"
    page.section(
        SUMMARY,
        "",
        "html",
        f'{style_markup()}<svg width="0" height="0"'
        f' aria-hidden="true"><defs>{glyph_defs()}</defs></svg><p class="nfx-headline">Results of'
        f" {models}{f' for {source}' if source else ''}; nothing was trained. <span"
        ' class="nfx-how">How to read this page: <code>docs/usage/apply.md</code> of the'
        ' pipeline</span></p><div class="table-responsive"><table class="table nfx-summary'
        ' mqc_per_sample_table" id="nfx_summary_table"><thead><tr><th>Data'
        f" set</th><th>Answer</th><th>Caveats</th></tr></thead><tbody>{rows}</tbody></table></div>",
    )


def _source(given: str) -> str:
    """Name what was given with a question: a file, or what its word stands for."""
    words = {"peaks": "their own positives", "genome": "the genome"}
    return words.get(given) or f"<code>{escape(PurePath(given).name)}</code>"


def _parts() -> list[Part]:
    """Give what the analyses write, in the order of the page."""
    return sorted(analysis_parts(), key=lambda part: (-part.chapter.position, part.place))


def _row(dataset: str, asked: Sequence[tuple[Chapter, Answer]], several: bool) -> str:
    """Write a data set's answers, each under its chapter where there are several."""
    blocks = []
    for chapter, answer in asked:
        title = f'<a href="#mqc-module-section-{chapter.key}">{escape(chapter.title)}</a>: '
        about = f"{title if several else ''}{answer.about}"
        blocks.append(f'<div class="nfx-faint">{about}</div>{"".join(answer.said)}')
    minded = "".join(
        f'<span class="nfx-next">{said}</span>'
        for said in dict.fromkeys(said for _, answer in asked for said in answer.minded)
    )
    return (
        '<tr><th scope="row"><span'
        f' class="nfx-name">{escape(dataset)}</span></th><td>{"".join(blocks)}</td><td'
        f' class="nfx-why">{minded or "None."}</td></tr>'
    )
