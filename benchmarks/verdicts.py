"""Verdicts on real sets by the paper's recipe and by the robust one, and why they differ.

``before``: ``--recipe paper``, and no supported motif lifts a verdict. ``after``: ``--recipe
robust``, and one may. Both train three replicates on the same split of each set, also where a run
by default makes folds (below 2,000 positives). The sets are the demo's and, where they are, those
of ``../shared/data/chipseq`` and ``../shared/fixtures/streme`` (``--shared DIR``).

With ``--folds K`` both are the robust recipe with folds, of the sets below 2,000 positives.
``before``: the positives that the mean model is trained on, all but two folds, must be 100;
``after``: those that any model is trained on. ``--cut N`` takes N of a set's positives at random,
``--null`` deals the labels anew, so that nothing can be learnt.

Lines ``verdicts <set>`` tell both verdicts by numbers (2 usable, 1 weak, 0 unusable) and their
difference; ``--table FILE`` keeps a line per set with the rules that spoke, and what is in it is
not run again. An hour; ``--only SET ...`` is shorter.
"""

from __future__ import annotations

import argparse
import dataclasses
import gzip
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
from nfexplainn.data.dataset import Dataset
from nfexplainn.data.tables import parts_of
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
FEWEST_UNFOLDED = 2000
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


def records_of(source: Source) -> tuple[str, list[str]]:
    """Give the mark before each record of a set's file, and the records."""
    opened = gzip.open if source.path.suffix == ".gz" else open
    with opened(source.path, "rt") as handle:
        text = str(handle.read())
    if text.startswith(">"):
        return ">", text.split(">")[1:]
    return "", text.splitlines(keepends=True)


def count(source: Source) -> int:
    """Count a set's sequences or peaks."""
    return len(records_of(source)[1])


def cut(source: Source, most: int, scratch: Path) -> Source:
    """Take some of a set's sequences or peaks at random."""
    mark, records = records_of(source)
    some = np.random.default_rng(42).permutation(len(records))[:most]
    path = scratch / source.path.name.removesuffix(".gz")
    path.write_text("".join(mark + records[at] for at in sorted(some.tolist())))
    return dataclasses.replace(source, path=path)


def prepared(source: Source, scratch: Path, folds: int = 1) -> Dataset:
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
        "options": {"folds": folds},
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
    """Count the positives of each part, or fold."""
    labels, task = dataset.labels[:, 0], dataset.meta.tasks[0]
    each = [(part, task, int((labels[rows] == 1).sum())) for part, rows in parts_of(dataset)]
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


def judge_folds(
    dataset: Dataset, known: MotifSet, epochs: int
) -> tuple[dict[str, dict[str, Any]], SupportedMotifs, str]:
    """Give the verdicts of a set with folds, by what the mean model trains on and by what any."""
    folds = list(enumerate(dataset.of_folds(), 1))
    baseline = pd.concat(
        scores(part, {fold: baseline_logits(part, name)}, name)
        for name in BASELINES
        for fold, part in folds
    )
    fits = [fit(part, "robust", 100, 41 + fold, epochs) for fold, part in folds]
    own = pd.concat(
        scores(one.dataset, {fold: one.logits}, "explainn") for fold, one in enumerate(fits, 1)
    )
    lifting, said = motifs_of(dataset, fits, known)
    evidence, by_task = gather_evidence(
        own,
        baseline,
        counted(dataset),
        ended_early=sum(one.ended_early for one in fits),
        max_epochs=100,
        assay=dataset.meta.assay,
        recipe="robust",
        motifs=lifting,
        folds=dataset.meta.folds,
    )
    share = 1 - 2 / dataset.meta.folds
    few = dataclasses.replace(evidence, train_positives=share * evidence.train_positives)
    records = {
        side: verdict_record(dataset.meta.id, "explainn", 1, one, by_task)
        for side, one in (("before", few), ("after", evidence))
    }
    return records, lifting, said


def dealt_anew(dataset: Dataset) -> Dataset:
    """Deal the labels of each fold anew; the negatives are no longer shuffles of the positives."""
    rng = np.random.default_rng(dataset.meta.seed)
    labels = dataset.labels.copy()
    for fold in range(dataset.meta.folds):
        rows = np.flatnonzero(dataset.fold == fold)
        labels[rows] = rng.permutation(labels[rows])
    meta = dataclasses.replace(dataset.meta, extra=dataset.meta.extra | {"negatives": "file"})
    return dataclasses.replace(dataset, labels=labels, meta=meta)


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


def why_folded(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Say what the positives that count have changed; no score differs."""
    if before["verdict"] != after["verdict"]:
        return "each positive counts"
    without = " without a lift" if before["lifted_by"] and not after["lifted_by"] else ""
    return f"the same{without}"


def judge_split(
    dataset: Dataset, known: MotifSet, replicates: int, epochs: int
) -> tuple[dict[str, dict[str, Any]], SupportedMotifs, str]:
    """Give the verdicts of either recipe on one split."""
    baseline = scores(dataset, {name: baseline_logits(dataset, name) for name in BASELINES})
    records = {}
    for side, recipe in SIDES:
        fits = [fit(dataset, recipe, 100, 42 + number, epochs) for number in range(replicates)]
        records[side], lifting, said = judged(dataset, fits, baseline, recipe, known)
    return records, lifting, said


def judge_set(
    source: Source, shared: Path, scratch: Path, replicates: int, asked: argparse.Namespace
) -> dict[str, object]:
    """Train and judge a set both ways; give its line."""
    started = time.process_time()
    line: dict[str, object] = {"set": source.name, "replicates": replicates}
    try:
        dataset = prepared(source, scratch, asked.folds)
    except UnusableError as error:
        same = {f"{side}_verdict": "unusable" for side, _ in SIDES}
        return (
            line | same | {f"{side}_rules": error.reason for side, _ in SIDES} | {"why": "the same"}
        )
    known = known_motifs(shared, source.yeast)
    if asked.folds > 1:
        dataset = dealt_anew(dataset) if asked.null else dataset
        records, lifting, said = judge_folds(dataset, known, asked.epochs)
    else:
        records, lifting, said = judge_split(dataset, known, replicates, asked.epochs)
    for side, record in records.items():
        given = ("verdict", "value", "range", "baseline_gc", "baseline_kmer4")
        line |= {f"{side}_{name}": record[key] for name, key in zip(OF_SIDE, given, strict=False)}
        line[f"{side}_rules"] = rules(record)
    counts = counted(dataset)["positives"]
    lifted = records["after"]["lifted_by"]
    return line | {
        "positives": int(counts.sum()),
        "test_positives": int(counts.sum() if asked.folds > 1 else counts.iloc[2]),
        "supported": lifting.count(dataset.meta.tasks),
        "motifs": said,
        "lifted_by": (lifted["name"] or lifted["motif"]) if lifted else "",
        "why": (why_folded if asked.folds > 1 else why)(records["before"], records["after"]),
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
    parser.add_argument("--folds", type=int, default=1, help="judge sets with folds, by two rules")
    parser.add_argument("--cut", type=int, default=0, help="positives taken of each set")
    parser.add_argument("--null", action="store_true", help="with folds: deal the labels anew")
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
            if args.folds > 1:
                if count(source) >= FEWEST_UNFOLDED or count(source) < args.cut:
                    continue
                replicates = args.folds
            if args.cut:
                source = cut(source, args.cut, Path(scratch))
            line = judge_set(source, args.shared, Path(scratch), replicates, args)
            if args.table:
                with args.table.open("a") as table:
                    table.write("\t".join(text(line.get(name)) for name in COLUMNS) + "\n")
            values = [2 - ORDER.index(line[f"{side}_verdict"]) for side, _ in SIDES]  # type: ignore[arg-type]
            print("verdicts", source.name, values[1], values[0], values[1] - values[0], sep="\t")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
