"""A run whose files, labels, sequences and motifs have names that are shell, markup or formulas.

Nothing of them is run: no file that a name would plant is there, and no page runs script of theirs.
"""

from __future__ import annotations

import csv
import gzip
import json
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from nextflow_runs import DEMO, ROOT, Run, newest_trace, run_nextflow, write_sheet

# In every name, with a number of its own: what would run in a shell, a heredoc, Groovy or a page.
SHELL = "'\"$(touch PWN_{0}_A)`touch PWN_{0}_B`;touch PWN_{0}_C&|#!%PWN_{0}_D\\"
MARKUP = "<img src=x onerror=alert({0})>"
SCRIPT = "</script><script>alert({0})</script><!--"
FORMULA = "=1+{0}"

_PROBE = """<script>
window.__ran = [];
for (const name of ["alert", "confirm", "prompt"])
  window[name] = one => { window.__ran.push(one); };
window.addEventListener("load", () => setTimeout(() => {
  // the tables of Nextflow's report show some rows only
  try { jQuery.fn.dataTable.tables({api: true}).page.len(-1).draw(); } catch (error) {}
  setTimeout(() => {
    const pre = document.createElement("pre");
    pre.id = "probe"; pre.textContent = JSON.stringify(window.__ran);
    document.body.appendChild(pre);
  }, 1500);
}, 1500));
</script>"""


def hostile(number: int, end: str) -> str:
    """A file's name: no slash, so the closing tags of :data:`SCRIPT` are for texts alone."""
    return f"a b{number}{SHELL.format(number)}{MARKUP.format(number)}é{end}"


def planted(count: int, motif: str, seed: int) -> list[str]:
    draw = random.Random(seed)
    found = []
    for _ in range(count):
        letters = "".join(draw.choice("ACGT") for _ in range(60))
        at = draw.randrange(60 - len(motif))
        found.append(letters[:at] + motif + letters[at + len(motif) :])
    return found


def fasta(path: Path, count: int, motif: str, number: int) -> Path:
    lines = [
        f">s{at}{SCRIPT.format(number)}{MARKUP.format(number)}\n{bases}\n"
        for at, bases in enumerate(planted(count, motif, number))
    ]
    path.write_text("".join(lines))
    return path


def motifs(path: Path, number: int) -> Path:
    """Motifs in MEME format, whose identifiers and names are hostile."""
    text = "MEME version 4\n\nALPHABET= ACGT\n\n"
    for at, word in enumerate(("TGACTCAGCA", "GGGCGGGGCT")):
        text += f"MOTIF <svg/onload=alert({number}{at})> {SCRIPT.format(number)}\n"
        text += f"letter-probability matrix: alength= 4 w= {len(word)} nsites= 50\n"
        for letter in word:
            text += " ".join("0.97" if letter == base else "0.01" for base in "ACGT") + "\n"
        text += "\n"
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One run with all of it, in which a data set is in error and ``--strict`` fails."""
    folder = tmp_path_factory.mktemp("hostile")
    given = folder / "given"
    given.mkdir()
    positives = [
        fasta(given / hostile(1, ".fa"), 100, "TGACTCAGCA", 1),
        fasta(given / hostile(2, ".fa"), 100, "GGGCGGGGCT", 2),
    ]
    known = motifs(given / hostile(3, ".meme"), 3)
    explained = fasta(given / hostile(4, ".fa"), 3, "TGACTCAGCA", 4)
    clusters = given / hostile(5, ".tsv")
    rows = [f"<svg/onload=alert(3{at})>\t{MARKUP.format(5)}{at}\n" for at in (0, 1)]
    clusters.write_text("".join(rows))
    genome = given / hostile(6, ".fa.gz")
    chromosomes = ("".join(planted(200, "TGACTCAGCA", seed)) for seed in (7, 8, 9))
    with gzip.open(genome, "wt") as handle:
        handle.writelines(f">chr{at}\n{bases}\n" for at, bases in enumerate(chromosomes, 1))
    peaks = given / hostile(10, ".bed")
    peaks.write_text(
        "".join(f"chr{c}\t{at}\t{at + 60}\n" for c in (1, 2, 3) for at in range(200, 1400, 240))
    )
    blacklist = given / hostile(11, ".bed")
    blacklist.write_text("chr1\t10\t20\n")
    model = given / hostile(12, ".model.safetensors")
    shutil.copy(DEMO / "OCT4.explainn.r1.model.safetensors", model)
    broken = given / hostile(13, ".fa")
    broken.write_text(f">x{MARKUP.format(13)}{SCRIPT.format(13)}\nMKLV$(touch PWN_13)\n")
    columns = [
        "sample",
        "assay",
        "data",
        "dataset",
        "label",
        "explain",
        "hits",
        "models",
        "pretrained",
        "genome",
        "width",
    ]
    labels = [MARKUP.format(14), f'"{FORMULA.format(15)}{SCRIPT.format(15)}{SHELL.format(15)}']
    both = {"dataset": "D", "models": "explainn,single_layer", "pretrained": model.name}
    cells = [
        both | {"data": one.name, "label": label, "explain": explained.name, "hits": explained.name}
        for one, label in zip(positives, labels, strict=True)
    ]
    cells.append({"assay": "peaks", "data": peaks.name, "genome": genome.name, "width": "60"})
    cells.append({"data": broken.name})
    for name, row in zip(("S1", "S2", "P", "E"), cells, strict=True):
        row |= {"sample": name, "assay": row.get("assay", "sequences")}
    rows_of_sheet = [[row.get(column, "") for column in columns] for row in cells]
    sheet = write_sheet(given / hostile(16, ".csv"), columns, *rows_of_sheet)
    outdir = folder / f"results {MARKUP.format(17)} $(touch PWN_17)"
    settings = {
        "input": str(sheet), "outdir": str(outdir), "motif_db": str(known), "strict": True,
        "mode_clusters": str(clusters), "binding_modes": True, "blacklist": str(blacklist),
        "initial_motifs": str(known), "initial_count": "all",
        "max_epochs": 1, "replicates": 1, "min_positives": 20, "negatives": "shuffle",
    }  # fmt: skip
    (folder / "params.json").write_text(json.dumps(settings))
    run = run_nextflow(folder, ROOT, "-params-file", "params.json")
    assert run.code == 1 and "Data sets in error: E." in run.said, run.said
    outdir.rename(run.results)
    return run


def seen(page: Path, browser: str) -> list[object]:
    """Open a page, and tell what script has called for a dialog."""
    probe = page.parent / f"probe_{page.stem}.html"
    probe.write_text(page.read_text().replace("<head>", f"<head>{_PROBE}", 1))
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += ["--disable-background-networking", f"--user-data-dir={page.parent / 'profile'}"]
    command += ["--virtual-time-budget=8000", "--host-resolver-rules=MAP * ~NOTFOUND"]
    done = subprocess.run([*command, probe.as_uri()], capture_output=True, text=True, check=True)
    found = re.search(r'<pre id="probe">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stdout[-2000:]
    ran: list[object] = json.loads(found[1])
    return ran


def test_nothing_is_planted(finished: Run) -> None:
    assert [path for path in finished.folder.rglob("PWN*") if path.is_file()] == []


def test_all_steps_took_part(finished: Run) -> None:
    """Else nothing of the above would have been tried."""
    ran = finished.trace()
    names = {name.partition(" ")[0] for name in ran}
    assert names >= {
        "GENOME_INDEX", "SHARED_READ", "MOTIFS_COLLECT", "MOTIFS_CLUSTER", "MOTIFS_CHOOSE",
        "PRETRAINED_READ", "EXPLANATION_READ", "EXPLANATION_MAKE", "MODES_COUNT", "UNITS_TRANSFER",
        "DATASET_PREPARE", "MODEL_TRAIN", "REPORT_MULTIQC", "REPORT_CHECK",
    }  # fmt: skip
    assert {name for name, status in ran.items() if status != "COMPLETED"} == {"REPORT_CHECK (1)"}


def test_tasks_are_called_by_ids_and_their_scripts_hold_no_name(finished: Run) -> None:
    for name in finished.trace():
        assert re.fullmatch(r"[A-Z_]+ \([A-Za-z0-9_. -]+\)|[A-Z_]+", name), name
    scripts = [path.read_text() for path in (finished.folder / "work").rglob(".command.sh")]
    assert len(scripts) > 20
    for text in scripts:
        assert not re.search(r"<(img|script|/script|svg|!--)", text), text
        if "FAULTS" not in text:  # sentences, which name files
            assert text.isascii()


def test_users_still_see_their_own_names(finished: Run) -> None:
    with (finished.results / "tables" / "status.tsv").open(newline="") as handle:
        told = {row["dataset"]: row for row in csv.DictReader(handle, delimiter="\t")}
    # what becomes of peaks was tried; a model of them would take its time
    assert (told["D"]["state"], told["P"]["state"]) == ("ok", "unusable")
    assert hostile(13, ".fa") in told["E"]["reason"]
    shown = json.loads((finished.results / "pipeline_info" / "params.json").read_text())
    assert shown["motif_db"].endswith(hostile(3, ".meme"))
    with (finished.results / "D" / "data" / "D.counts.tsv").open(newline="") as handle:
        tasks = {row["task"] for row in csv.DictReader(handle, delimiter="\t")}
    assert len(tasks) == 3 and MARKUP.format(14) in tasks
    with (finished.results / "D" / "single_layer" / "D.single_layer.r1.transfer.tsv").open(
        newline=""
    ) as handle:
        sources = {row["source"] for row in csv.DictReader(handle, delimiter="\t")}
    assert sources == {hostile(12, "")}
    published = {path.name for path in (finished.results / "D").rglob("*.parquet")}
    assert published >= {"D.dataset.parquet", "D.explainn.r1.predictions.parquet"}


def test_no_page_runs_what_the_names_hold(finished: Run, browser: str, tmp_path: Path) -> None:
    info = finished.results / "pipeline_info"
    pages = [finished.results / "multiqc_report.html", *sorted(info.glob("*.html"))]
    assert len(pages) == 5  # ours with its methods, and Nextflow's report, timeline and graph
    for page in pages:
        copy = tmp_path / f"{page.stem}.html"
        text = page.read_text()
        copy.write_text(text if "<head>" in text else f"<html><head></head>{text}</html>")
        assert seen(copy, browser) == [], page.name
    # what is looked for is seen where it is
    bad = tmp_path / "bad.html"
    bad.write_text(f"<html><head></head><body>{MARKUP.format(1)}{SCRIPT.format(2)}</body></html>")
    assert set(seen(bad, browser)) == {1, 2}


def test_a_fault_that_ends_the_run_is_no_script_either(browser: str, tmp_path: Path) -> None:
    """Nextflow's report holds the message of an error as it is."""
    fasta(tmp_path / "s.fa", 30, "TGACTCAGCA", 1)
    (tmp_path / hostile(1, ".meme")).write_text(f"MOTIF {MARKUP.format(2)}\nno motif\n")
    sheet = write_sheet(
        tmp_path / "sheet.csv", ("sample", "assay", "data"), ("s", "sequences", "s.fa")
    )
    settings = {"input": str(sheet), "motif_db": hostile(1, ".meme")}
    (tmp_path / "params.json").write_text(json.dumps(settings))
    run = run_nextflow(tmp_path, ROOT, "-params-file", "params.json")
    assert run.code == 1 and hostile(1, ".meme").replace("<img", "\\u003cimg") in run.said
    (page,) = (run.results / "pipeline_info").glob("execution_report_*.html")
    assert "no motif" in page.read_text() or ".meme" in page.read_text()
    assert seen(page, browser) == []
    assert not list(tmp_path.rglob("PWN*"))
    assert newest_trace(run.results).is_file()
