"""Verdicts on real sets by the paper's recipe and by the robust one, and why they differ.

``before``: ``--recipe paper``, and no supported motif lifts a verdict. ``after``: ``--recipe
robust``, and one may. Both train three replicates on the same split of each set, also where a run
by default makes folds (below 2,000 positives). The sets are the demo's and, where they are, those
of ``../shared/data/chipseq`` and ``../shared/fixtures/streme`` (``--shared DIR``).

Lines ``verdicts <set>`` tell both verdicts by numbers (2 usable, 1 weak, 0 unusable) and their
difference; ``--table FILE`` keeps a line per set with the rules that spoke, and what is in it is
not run again. An hour; ``--only SET ...`` is shorter.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from evidence_sets import DEMO, Fitted, evidence_tables, fit, quietly

from nfexplainn.assays.spec import check_dataset, read_spec
from nfexplainn.cpu import prepare_cpu
from nfexplainn.data.dataset import SPLITS, Dataset
from nfexplainn.errors import UnusableError
from nfexplainn.evaluation import metrics
from nfexplainn.evaluation.baselines import BASELINES, baseline_logits
from nfexplainn.evaluation.gather import gather_evidence
from nfexplainn.evaluation.lift import NOT_TESTED, SupportedMotifs, supported_motifs
from nfexplainn.evaluation.verdict import ORDER, verdict_record
from nfexplainn.io.genome import index_genome
from nfexplainn.motifs.complexity import low_complexity
from nfexplainn.motifs.formats import read_motifs
from nfexplainn.motifs.motif import MotifSet

TOP = Path(__file__).resolve().parent.parent
SIDES = (("before", "paper"), ("after", "robust"))
OF_SIDE = ("verdict", "auroc", "range", "gc", "kmer4", "rules")
COLUMNS = (
    *("set", "positives", "test_positives", "replicates"),
    *(f"{side}_{name}" for side, _ in SIDES for name in OF_SIDE),
    *("supported", "motifs", "lifted_by", "why", "seconds"),
)
HUMAN_GENOME = "genome/chr22_hg19_partial.fa.gz"
YEAST = ("Abf1", "Cbf1", "Rap1", "Reb1")


@dataclass(frozen=True)
class Source:
    """A set as a user's sheet would name it; ``genome`` makes it one of peaks."""

    name: str
    path: Path
    genome: Path | None = None
    yeast: bool = False


def sources(shared: Path) -> Iterator[Source]:
    """Give the sets that are there."""
    for name in ("MAFK_H1hESC_200bp", "OCT4_H1hESC_200bp", "CTCF_GM12878_top500_200bp"):
        yield Source(f"demo {name.partition('_')[0]}", DEMO / f"{name}.fa.gz")
    yeast = DEMO / "sacCer3_R64.fa.gz"
    yield Source("demo yeast promoters", DEMO / "sacCer3_promoters_5462.bed", yeast, True)
    for folder in sorted((shared / "fixtures" / "streme").glob("*_*")):
        if folder.is_dir():
            own = folder.name.startswith("yeast")
            yield Source(f"streme {folder.name}", folder / "pos.fa.gz", yeast=own)
    chip = shared / "data" / "chipseq"
    human = shared / "data" / HUMAN_GENOME
    for path in sorted(chip.glob("yeast_*.bed")):
        yield Source(f"peaks {path.name.removesuffix('_chexmix.bed')}", path, yeast, True)
    for path in sorted([*chip.glob("chr22_hg19/*.narrowPeak"), *chip.glob("*.narrowPeak")]):
        yield Source(f"peaks {path.name.removesuffix('.narrowPeak')}", path, human)
    for path in sorted(chip.glob("*.fa.gz")):
        yield Source(f"chipseq {path.name.removesuffix('.fa.gz')}", path)


@cache
def indexed(genome: Path, scratch: Path) -> Path:
    """Unpack and index a genome."""
    target = scratch / f"{genome.name.partition('.')[0]}.fa"
    index_genome(genome, genome.name, target)
    return target


def prepared(source: Source, scratch: Path) -> Dataset:
    """Prepare a set as the pipeline does: shuffles for sequences, windows of the genome for peaks.

    Raises
    ------
    UnusableError
        If nothing can be trained from it.
    """
    assay = "peaks" if source.genome else "sequences"
    spec: dict[str, Any] = {
        "id": source.name.replace(" ", "_"),
        "assay": assay,
        "seed": 42,
        "rows": [{"sample": source.name.rpartition(" ")[2], "line": 2, "data": 0}],
        "files": [{"name": source.path.name, "path": str(source.path)}],
    }
    if source.genome:
        path = indexed(source.genome, scratch)
        spec["genome"] = {"name": source.genome.name, "path": str(path)}
    (scratch / "spec.json").write_text(json.dumps(spec))
    module = importlib.import_module(f"nfexplainn.assays.{assay}")
    dataset: Dataset = quietly(
        lambda: module.ASSAY.prepare(read_spec(scratch / "spec.json"))
    ).dataset
    check_dataset(dataset)
    return dataset


@cache
def known_motifs(shared: Path, yeast: bool) -> MotifSet:
    """Read the known motifs that name rows."""
    (path,) = (TOP / "assets" / "motifs").glob("*vertebrates*.meme")
    if yeast and (own := sorted((shared / "data" / "jaspar").glob("*fungi*.meme"))):
        path = own[-1]
    return read_motifs(path, name=path.name)


def motifs_of(
    dataset: Dataset, fits: Sequence[Fitted], known: MotifSet
) -> tuple[SupportedMotifs, str]:
    """Give what unseen sequences say of the motifs, and those supported with their q."""
    found = evidence_tables(dataset, fits, known)
    simple = {one.id for one in found.motifs.motifs if low_complexity(one.ppm)}
    rows = found.rows[found.rows["supported"] == "true"]
    each = zip(rows["name"], rows["consensus"], rows["q"], strict=True)
    said = ", ".join(f"{name or 'none'} {word} {q:.1g}" for name, word, q in each)
    return supported_motifs(found.rows, found.tasks, simple), said


def scores(dataset: Dataset, logits: Mapping[object, np.ndarray], name: str = "") -> pd.DataFrame:
    """Score logits by replicate, or by the name of a baseline."""
    rows = [
        row
        for key, some in logits.items()
        for row in metrics.rows(
            dataset,
            some,
            model=name or str(key),
            replicate=key if name else None,  # type: ignore[arg-type]
        )
    ]
    return pd.DataFrame(rows)


def counted(dataset: Dataset) -> pd.DataFrame:
    """Count the positives of each part."""
    labels, task = dataset.labels[:, 0], dataset.meta.tasks[0]
    each = [(part, task, int((labels[dataset.rows(part)] == 1).sum())) for part in SPLITS]
    return pd.DataFrame(each, columns=["split", "task", "positives"])


def judged(
    dataset: Dataset, fits: Sequence[Fitted], baseline: pd.DataFrame, recipe: str, known: MotifSet
) -> tuple[dict[str, Any], SupportedMotifs, str]:
    """Give the verdict on some replicates, and what is supported; before, nothing was asked."""
    lifting, said = motifs_of(dataset, fits, known) if recipe == "robust" else (NOT_TESTED, "")
    own = scores(dataset, {number: one.logits for number, one in enumerate(fits, 1)}, "explainn")
    evidence, by_task = gather_evidence(
        own,
        baseline,
        counted(dataset),
        ended_early=sum(one.ended_early for one in fits),
        max_epochs=100,
        assay=dataset.meta.assay,
        recipe=recipe,
        motifs=lifting,
    )
    return verdict_record(dataset.meta.id, "explainn", 1, evidence, by_task), lifting, said


def rules(record: Mapping[str, Any]) -> str:
    """Give the sentences of a reason that follow its scores."""
    return str(record["reason"]).partition(". ")[2]


def why(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Say in a word or two what a verdict's change rests on."""
    if before["verdict"] == after["verdict"]:
        return "the same, by a lifting motif" if after["lifted_by"] else "the same"
    if after["lifted_by"]:
        return "a supported motif lifts it"
    rises = ORDER.index(after["verdict"]) < ORDER.index(before["verdict"])
    return "the recipe's scores pass" if rises else "the recipe's scores fail"


def judge_set(
    source: Source, shared: Path, scratch: Path, replicates: int, epochs: int
) -> dict[str, object]:
    """Train and judge a set by either recipe; give its line."""
    started = time.process_time()
    line: dict[str, object] = {"set": source.name, "replicates": replicates}
    try:
        dataset = prepared(source, scratch)
    except UnusableError as error:
        same = {f"{side}_verdict": "unusable" for side, _ in SIDES}
        return (
            line | same | {f"{side}_rules": error.reason for side, _ in SIDES} | {"why": "the same"}
        )
    baseline = scores(dataset, {name: baseline_logits(dataset, name) for name in BASELINES})
    known = known_motifs(shared, source.yeast)
    records = {}
    for side, recipe in SIDES:
        fits = [fit(dataset, recipe, 100, 42 + number, epochs) for number in range(replicates)]
        record, lifting, said = judged(dataset, fits, baseline, recipe, known)
        records[side] = record
        given = ("verdict", "value", "spread", "baseline_gc", "baseline_kmer4")
        line |= {f"{side}_{name}": record[key] for name, key in zip(OF_SIDE, given, strict=False)}
        line[f"{side}_rules"] = rules(record)
    counts = counted(dataset)["positives"]
    lifted = records["after"]["lifted_by"]
    return line | {
        "positives": int(counts.sum()),
        "test_positives": int(counts.iloc[2]),
        "supported": lifting.count(dataset.meta.tasks),
        "motifs": said,
        "lifted_by": (lifted["name"] or lifted["motif"]) if lifted else "",
        "why": why(records["before"], records["after"]),
        "seconds": time.process_time() - started,
    }


def text(value: object) -> str:
    """Write a cell."""
    if value is None:
        return ""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def main() -> None:
    """Judge every set that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=TOP.parent / "shared")
    parser.add_argument("--only", nargs="+", help="beginnings of the names of sets")
    parser.add_argument("--replicates", type=int, default=3)
    parser.add_argument(
        "--large", type=int, default=1, help="replicates where the file is > 250 kB"
    )
    parser.add_argument("--epochs", type=int, default=100, help="at most; fewer is a trial")
    parser.add_argument("--table", type=Path, help="keep a line per set here, and go on from it")
    args = parser.parse_args()
    prepare_cpu(1)
    done = set()
    if args.table and args.table.is_file():
        done = {line.partition("\t")[0] for line in args.table.read_text().splitlines()}
    elif args.table:
        args.table.write_text("\t".join(COLUMNS) + "\n")
    with tempfile.TemporaryDirectory() as scratch:
        for source in sources(args.shared):
            asked = not args.only or source.name.startswith(tuple(args.only))
            if not asked or source.name in done:
                continue
            large = source.path.stat().st_size > 250_000
            replicates = min(args.large, args.replicates) if large else args.replicates
            line = judge_set(source, args.shared, Path(scratch), replicates, args.epochs)
            if args.table:
                with args.table.open("a") as table:
                    table.write("\t".join(text(line.get(name)) for name in COLUMNS) + "\n")
            values = [2 - ORDER.index(line[f"{side}_verdict"]) for side, _ in SIDES]  # type: ignore[arg-type]
            print("verdicts", source.name, values[1], values[0], values[1] - values[0], sep="\t")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
