"""Contrasts held against pairs of real data sets, and against sets without a difference.

``real``: pairs of factors, whose own motifs (or those of their families) should be supported on the
right side. ``null``: one CTCF set cut in two, 1,000 a side; ``unequal``: 2,000 of it against 500;
``shifted`` and ``matched``: two draws from it that differ in GC content, as they are and matched.
None should have a supported motif, and of ``shifted`` composition should be what tells them apart.
``planted``: a word in 30 % of one side and 15 % of the other (of A in odd sets, of B in even ones),
another in 20 % of both, 2,000 a side; ``large``: the same, 5,000 a side. ``swap``: ``planted``
asked for as A:B and as B:A, trained anew each time; the rows should be equal but for the sides.
5 folds, one training each, recipe robust, and everything as the pipeline does it.

``--table FILE`` keeps a line per set; what is in it already is not run again. Lines ``contrasts
<case>``: ``ours``, the bar as ``reference``, ``ratio`` the number of sets. ``--check`` ends with 1
where a bar is missed, so that each is a command: ``--only null --check``, ``--only unequal --sets 6
--check``, ``--only shifted matched --sets 5 --check``, ``--only planted --sets 10 --check``,
``--only large --sets 5 --check``, ``--only real --check``, ``--only swap --sets 1 --check``. Needs
``shared/data``: ``--data DIR``; without it says so and runs what is simulated alone.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from contrast_sets import FOLDS, KINDS, NULLS, PAIRS, SIMULATED, WORDS, make_sides
from evidence_sets import PLANTED, evidence_tables, fit, motif
from harness import FOLDER, as_texts, keep, read_lines

from nfexplainn.analyses.contrasts.report import as_asked
from nfexplainn.assays.common import PrepLog
from nfexplainn.assays.contrast import Side, compare
from nfexplainn.assays.spec import Options, Spec
from nfexplainn.cpu import prepare_cpu
from nfexplainn.data.dataset import Dataset
from nfexplainn.data.splits import make_groups
from nfexplainn.errors import UserError
from nfexplainn.evidence.contrast import answer_of, motif_table
from nfexplainn.interpret.unit_files import write_tsv
from nfexplainn.io.coordinates import read_names
from nfexplainn.io.tsv import iterate_tsv
from nfexplainn.motifs.formats import read_motifs
from nfexplainn.motifs.motif import MotifSet

COLUMNS = (
    *("kind", "set", "units", "a", "b", "n_a", "n_b", "answer", "auroc", "auroc_low", "auroc_high"),
    *("p", "composition_auroc", "above_p", "supported", "motifs", "least_q", "least_fisher"),
    *("rows", "seconds"),
)
# Of a side with fewer windows q need only be .01.
MANY = 340
# What a factor's own motif, or one of its family, is called.
OWN = {
    "ABF1": "ABF1",
    "REB1": "REB1",
    "CEBPB": "CEBP",
    "FOXA1": "FOX",
    "CTCF": "CTCF",
    "JUND": "FOS|JUN|BATF|ATF|CREB",
    "REST": "REST",
    "GABPA": "GABPA|EL[FK]|ETV|ETS|ER[FG]|FLI1|FEV|EHF|SPI|SPDEF",
    "MAFK": "MAF|NFE2|BACH",
    "OCT4": "POU|SOX",
}


@dataclass(frozen=True)
class Bar:
    """What sets show together, beside what is asked of them.

    Attributes
    ----------
    label : str
    ours, asked : float
    sets : int
    at_least : bool
        Whether `asked` is the least; else it is the most.
    """

    label: str
    ours: float
    asked: float
    sets: int
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether it is met."""
        return self.ours >= self.asked if self.at_least else self.ours <= self.asked


def run_set(
    kind: str, name: str, seed: int, units: int, epochs: int, data: Path, known: MotifSet
) -> dict[str, object]:
    """Make a set, train its five models, and judge."""
    sides = make_sides(kind, name, seed, data)
    matching = "gc" if kind in ("real", "matched") else "none"
    started = time.process_time()
    answer, motifs = asked_for(sides, matching, units, epochs, seed, known)
    line = described(answer.iloc[0], motifs) | {"seconds": time.process_time() - started}
    if kind == "swap":
        tables = asked_for(sides[::-1], matching, units, epochs, seed, known)
        line["answer"] = f"swap: {unequal_cells((answer, motifs), tables)} cells differ"
    return {"kind": kind, "set": name or seed, "units": units} | line


def asked_for(
    asked: tuple[Side, Side], matching: str, units: int, epochs: int, seed: int, known: MotifSet
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make the contrast of two sides, in the order in which they are asked for, and judge it."""
    first, second = sorted(asked, key=lambda one: one.name)  # as the pipeline trains it
    spec = Spec("A_vs_B", "contrast", (), (), Options(folds=FOLDS, seed=seed))
    dataset = compare(spec, (first, second), matching, PrepLog()).dataset
    tables = judged(dataset, units, epochs, seed, known)
    pair = {(first.name, second.name)} if asked[0] is not first else set()
    some = [
        pd.DataFrame([as_asked(row, pair) for row in texts(table)], columns=table.columns)
        for table in tables
    ]
    return some[0], some[1]


def texts(table: pd.DataFrame) -> list[dict[str, str]]:
    """Give the rows of a table as its file holds them."""
    with tempfile.NamedTemporaryFile(suffix=".tsv") as file:
        write_tsv(table, file.name)
        return list(iterate_tsv(Path(file.name)))


def unequal_cells(
    one: tuple[pd.DataFrame, pd.DataFrame], other: tuple[pd.DataFrame, pd.DataFrame]
) -> int:
    """Count cells of A:B that are others in B:A with its sides exchanged again."""
    found = 0
    for own, turned in zip(one, other, strict=True):
        rows = [
            {str(key): value for key, value in row.items()} for row in turned.to_dict("records")
        ]
        back = pd.DataFrame([as_asked(row, {("B", "A")}) for row in rows], columns=own.columns)
        found += int((own.to_numpy() != back.to_numpy()).sum()) if own.shape == back.shape else 1
    return found


def judged(
    dataset: Dataset, units: int, epochs: int, seed: int, known: MotifSet
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train a model per fold, and tell what differs: the answer, and the motifs."""
    fits = [
        fit(dataset.of_replicate(number), "robust", units, seed + number - 1, epochs)
        for number in range(1, FOLDS + 1)
    ]
    evidence = evidence_tables(dataset, fits, known)
    assert evidence.sides is not None
    motifs = motif_table(evidence.rows, evidence.sides)
    logits = {number: one.logits for number, one in enumerate(fits, 1)}
    clusters = make_groups(dataset.codes, read_names(dataset.names))
    return answer_of(dataset, "explainn", logits, clusters, motifs), motifs


def described(answer: pd.Series[Any], motifs: pd.DataFrame) -> dict[str, object]:
    """Give the line of a set."""
    good = motifs[motifs["supported"] == "true"]
    numbers = good[["gain", "q"]].astype(float)
    words = [
        f"{row['name'] or row['consensus']}@{row['side']}:{gain:.3f}:{q:.0e}".replace(" ", "_")
        for (_, row), gain, q in zip(good.iterrows(), numbers["gain"], numbers["q"], strict=True)
    ]
    same = ("a", "b", "n_a", "n_b", "answer", "auroc", "auroc_low", "auroc_high", "p")
    return {key: answer[key] for key in same} | {
        "composition_auroc": answer["composition_auroc"],
        "above_p": answer["above_composition_p"],
        "supported": len(good),
        "motifs": " ".join(words),
        "least_q": pd.to_numeric(motifs["q"]).min(),
        "least_fisher": pd.to_numeric(motifs["fisher_p"]).min(),
        "rows": len(motifs),
    }


def sets_of(kind: str, count: int) -> Iterator[tuple[str, int]]:
    """Give the name and the seed of each set of a kind."""
    if kind == "real":
        yield from ((name, 1) for name in PAIRS)
    else:
        yield from (("", seed) for seed in range(1, count + 1))


def summary(kind: str, lines: Sequence[Mapping[str, str]]) -> Iterator[Bar]:
    """Give what the sets of a kind show together."""
    n = len(lines)

    def count(label: str, holds: Callable[[Mapping[str, str]], bool], *bar: Any) -> Bar:
        return Bar(f"{kind}: {label}", sum(map(holds, lines)), *bar)

    if kind in NULLS:
        most = 0.15 * n if kind == "null" else 1
        yield count("sets with a supported motif", lambda one: one["supported"] != "0", most, n)
    if kind in ("null", "unequal", "matched"):
        small = count("sets with global p <= .05", lambda one: float(one["p"]) <= 0.05, 0.15 * n, n)
        yield small if kind == "null" else replace(small, asked=max(1.0, small.asked))
    if kind == "shifted":
        yield count(
            "sets that say composition", lambda one: one["answer"] == "composition", n, n, True
        )
    if kind in ("planted", "large"):
        yield from _of_planted(kind, lines)
    if kind == "real":
        yield count("pairs with own motifs first on their sides", own_first, n, n, True)
        yield count("pairs with q of these as small as asked", own_sure, n, n, True)
    if kind == "swap":
        same = "swap: 0 cells differ"
        yield count("sets with the same rows", lambda one: one["answer"] == same, n, n, True)
    seconds = float(np.mean([float(one["seconds"]) for one in lines]))
    yield Bar(f"{kind}: CPU seconds, mean", seconds, 30 if kind == "null" else np.inf, n)


def _of_planted(kind: str, lines: Sequence[Mapping[str, str]]) -> Iterator[Bar]:
    n = len(lines)
    found = 0
    for letter, odd in (("A", 1), ("B", 0)):
        some = [one for one in lines if int(one["set"]) % 2 == odd]
        hits = sum(f"{WORDS[0]}@{letter}" in one["motifs"] for one in some)
        found += hits
        least = np.ceil(0.6 * len(some)) if kind == "planted" else len(some)
        yield Bar(
            f"{kind}, richer in {letter}: sets with it on that side", hits, least, len(some), True
        )
    least = np.ceil(0.8 * n) if kind == "planted" else n
    yield Bar(f"{kind}: sets with it on its side", found, least, n, True)
    wrong = sum(WORDS[1] in one["motifs"] for one in lines)
    yield Bar(f"{kind}, as often in both: sets with it", wrong, 0, n)
    other = sum(any(WORDS[0] not in word for word in one["motifs"].split()) for one in lines)
    yield Bar(f"{kind}: sets with any other motif", other, 0.15 * n, n)


def firsts(line: Mapping[str, str]) -> Iterator[tuple[str, str, float, int]]:
    """Give each side with the name and q of its first supported motif, and its windows."""
    for letter in "ab":
        own = [word for word in line["motifs"].split() if f"@{line[letter]}:" in word]
        name, _, rest = own[0].partition("@") if own else ("", "", "::nan")
        yield line[letter], name, float(rest.split(":")[-1]), int(line[f"n_{letter}"])


def own_first(line: Mapping[str, str]) -> bool:
    """Tell whether the first motif of each side is that of its factor's family."""
    return all(re.search(OWN[side], name.upper()) is not None for side, name, *_ in firsts(line))


def own_sure(line: Mapping[str, str]) -> bool:
    """Tell whether these have a q as small as is asked of so many windows."""
    found = list(firsts(line))
    most = 1e-3 if min(count for *_, count in found) >= MANY else 1e-2
    return all(q <= most for _, _, q, _ in found)


def main() -> None:
    """Run what is asked for, and print lines of the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--sets", type=int, default=20, help="of each kind but real")
    parser.add_argument("--pairs", nargs="+", choices=PAIRS, default=list(PAIRS))
    parser.add_argument("--units", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=100, help="at most")
    parser.add_argument("--data", type=Path, default=FOLDER.parent.parent / "shared" / "data")
    parser.add_argument("--table", type=Path, help="keep a line per set here, and go on from it")
    parser.add_argument("--check", action="store_true", help="end with 1 where a bar is missed")
    args = parser.parse_args()
    prepare_cpu(1)
    kinds = list(args.only)
    if not (args.data / "chipseq").is_dir():
        print(f"# no {args.data / 'chipseq'}: simulated sets alone", file=sys.stderr)
        args.only = [kind for kind in args.only if kind in SIMULATED]
    (path,) = (FOLDER.parent / "assets" / "motifs").glob("*vertebrates*.meme")
    vertebrates = read_motifs(path, name=path.name)
    fungi = args.data / "jaspar" / "JASPAR2024_CORE_fungi_nonredundant.meme"
    planted = MotifSet(tuple(motif(word) for word in PLANTED))
    lines = read_lines(args.table, COLUMNS)
    bars: list[Bar] = []
    for kind in args.only:
        for name, seed in sets_of(kind, args.sets):
            key = (kind, name or str(seed), str(args.units))
            if (name and name not in args.pairs) or key in {
                (one["kind"], one["set"], one["units"]) for one in lines
            }:
                continue
            known = planted if kind in SIMULATED else vertebrates
            if name == "REB1:ABF1":
                known = read_motifs(fungi, name=fungi.name)
            try:
                line = run_set(kind, name, seed, args.units, args.epochs, args.data, known)
            except UserError as error:
                print(f"# {kind} {name or seed}: {error}", file=sys.stderr)
                continue
            lines.append(as_texts(line, COLUMNS))
            keep(lines, COLUMNS, args.table)
        own = [one for one in lines if one["kind"] == kind and one["units"] == str(args.units)]
        for bar in summary(kind, own) if own else ():
            ours, asked = (f"{value:.4g}" for value in (bar.ours, bar.asked))
            print("contrasts", bar.label, ours, asked, bar.sets, sep="\t", flush=True)
            bars.append(bar)
    of_gc = [one for one in lines if one["kind"] in ("shifted", "matched")]
    if {"shifted", "matched"} <= set(args.only):
        many = sum(one["supported"] != "0" for one in of_gc)
        bars.append(Bar("shifted and matched: sets with a supported motif", many, 1, len(of_gc)))
        print("contrasts", bars[-1].label, many, 1, len(of_gc), sep="\t", flush=True)
    missed = [bar.label for bar in bars if not bar.met]
    # What was not measured meets no bar: data that are missing, sets that were refused.
    missed += [f"{kind}: not all sets were run" for kind in kinds if unmeasured(kind, args, lines)]
    if args.check and missed:
        sys.exit(f"Missed: {'; '.join(missed)}.")


def unmeasured(kind: str, args: argparse.Namespace, lines: Sequence[Mapping[str, str]]) -> set[str]:
    """Give the sets of a kind that were asked for and have no line."""
    own = {one["set"] for one in lines if one["kind"] == kind and one["units"] == str(args.units)}
    wanted = {name or str(seed) for name, seed in sets_of(kind, args.sets)}
    return {one for one in wanted if kind != "real" or one in args.pairs} - own


if __name__ == "__main__":
    main()
