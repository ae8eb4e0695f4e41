"""A page for each of many data sets, and a short one that leads to them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from nfexplainn.page.chapters import SUMMARY, Content
from nfexplainn.page.load import Inputs
from nfexplainn.page.mqc import Page, escape
from nfexplainn.page.task_blocks import badge
from nfexplainn.report.build import build_report
from nfexplainn.report.data import STATUS_PART
from nfexplainn.report.methods import PARAMETERS_PART, PART, write_versions
from nfexplainn.report.summary import headline, style_markup, verdict_of

# Above this one page of all data sets passes 10 MB, which is what Seqera Platform shows of a file.
MANY = 10
SHARED = (STATUS_PART, PART, PARAMETERS_PART)
"""What the short page holds beside its list."""


def build_pages(inputs: Inputs, folder: str | Path) -> None:
    """Write ``*_mqc.*`` of the short page, and of each data set into ``pages/<dataset>/``.

    Parameters
    ----------
    inputs : Inputs
    folder : path
        Made where it is missing. Its ``tables/*.tsv`` hold all data sets, as of one page.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as whole:
        build_report(inputs, whole)
        shutil.move(Path(whole, "tables"), folder)
    for own in each(inputs):
        (dataset,) = own.datasets
        place = folder / "pages" / dataset.id
        build_report(own, place)
        shutil.rmtree(place / "tables")  # those of all data sets hold theirs
        (place / "methods.html").unlink()
    page = Page(folder)
    for part in SHARED:
        part.write(page, Content(inputs, inputs, {}, {}))
    write_versions(page, inputs.versions)
    page.section(SUMMARY, "", "html", _list(inputs))


def each(inputs: Inputs) -> Iterator[Inputs]:
    """Give what belongs to each data set alone, in their order."""
    ids = sorted((dataset.id for dataset in inputs.datasets), key=len, reverse=True)
    owner = {
        name: next((id for id in ids if name.startswith(f"{id}.")), None) for name in inputs.files
    }
    for dataset in inputs.datasets:
        own = {name: inputs.files[name] for name in owner if owner[name] in (dataset.id, None)}
        yield replace(inputs, datasets=(dataset,), files=own)


def _list(inputs: Inputs) -> str:
    """Write how many data sets have which verdict, and a link to the page of each."""
    rows = []
    for dataset in inputs.datasets:
        states = [verdict_of(dataset, model) for model in dataset.models or (None,)]
        badges = " ".join(badge(state) for state in dict.fromkeys(states))
        link = f"pages/{quote(dataset.id)}.html"
        reasons = [dataset.reason, *(str(m.verdict.get("reason") or "") for m in dataset.models)]
        why = " ".join(dict.fromkeys(escape(reason) for reason in reasons if reason))
        rows.append(
            f'<tr><td><a href="{link}">{escape(dataset.id)}</a></td><td>{badges}</td>'
            f"<td>{why}</td></tr>"
        )
    return (
        f"{style_markup()}{headline(inputs)}"
        '<p>Each data set has a page of its own. <a href="overview.html">All data sets</a> are'
        " sorted and searched by verdict, score and motif, and drawn as motifs by data sets, in"
        " the overview; <code>tables/</code> holds everything.</p>"
        '<div class="table-responsive"><table class="table"><thead><tr><th>Data set</th>'
        f"<th>Verdict</th><th>Why</th></tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )
