"""Conditions with three samples a side, simulated, so that the truth is known.

Windows of 200 bp, each of its own GC content; ten of JASPAR's clusters open those in which they are
planted (a tenth each), by as much in each sample as a motif's own variation between samples lets
them; counts are drawn, and transformed as tracks with conditions are (``log2_scaled``).
``null``: no difference;
``gc``: GC content raises each sample by a curve of its own, and those of one condition more;
``depth``: one condition has half the reads; ``sparse``: both have few, and one half of that;
``twice``: one motif does twice as much in one condition; ``twice_gc``: with ``gc``; ``half_more``:
it does half as much again.

Known clusters are tested on all windows, and "rows" on a fifth: the ten planted motifs at their
true places, and twenty words that do nothing. ``plain`` is what a linear model of each sample on
sites alone gives (no composition), ``limma`` what the usual prior of all known motifs gives,
which expects none to vary more than another; ``quantile`` what ``log2_quantile`` gives.

``--table FILE`` keeps a line per set; what is in it already is not run again. Lines
``samples <case>``: ``ours``, the bar as ``reference``, ``ratio`` the number of sets.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from harness import as_texts, keep, read_lines
from scipy.special import stdtr

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bin"))

from nfexplainn import dna
from nfexplainn.analyses.conditions.moderated import fit_conditions, squeezed
from nfexplainn.analyses.conditions.options import ConditionOptions, Sample
from nfexplainn.analyses.conditions.run import (
    CLUSTER,
    ROW,
    Motifs,
    compare_conditions,
    told_clusters,
)
from nfexplainn.analyses.conditions.sites import Sites, cluster_sites, known_clusters
from nfexplainn.analyses.conditions.slopes import adjusted_slopes, composition_space
from nfexplainn.assays.signal import quantile_normalise, scale_to_mean
from nfexplainn.cpu import prepare_cpu
from nfexplainn.data.dataset import Dataset, DatasetMeta
from nfexplainn.motifs.jaspar import jaspar_motifs
from nfexplainn.simulation.sequences import plant

COLUMNS = (
    *("kind", "set", "n", "tests", "idle_p05", "active_p05", "false", "found", "side", "p_planted"),
    *("rows_idle_p05", "rows_active_p05", "rows_false", "rows_found", "plain_p05", "plain_false"),
    *("limma_active_p05", "quantile_false", "prior_degrees"),
)
NULLS = ("null", "gc", "depth", "sparse")
GAINS = {"twice": 1.0, "twice_gc": 1.0, "half_more": 0.5}
KINDS = (*NULLS, *GAINS)
LEAST = {"twice": 0.7, "twice_gc": 0.6, "half_more": 0.25}
LENGTH, SHARE, WORDS, PER_SIDE = 200, 0.1, 20, 3
ACTIVE = tuple(range(4, 200, 20))
"""Places of the clusters that open windows; the first is the one that differs."""
SAMPLES = tuple(
    Sample(f"{condition}_{number}", condition, str(number))
    for condition in ("control", "treated")
    for number in range(1, PER_SIDE + 1)
)
TREATED = np.array([one.condition == "treated" for one in SAMPLES])


@dataclass(frozen=True)
class Setting:
    """Windows, and what is known of them."""

    dataset: Dataset
    clusters: Motifs
    rows: Motifs
    has: np.ndarray


@cache
def setting(n: int, seed: int) -> Setting:
    """Draw windows with planted motifs."""
    rng = np.random.default_rng([seed, n])
    content = np.clip(rng.normal(0.45, 0.08, n), 0.2, 0.75)[:, None]
    strong, either = rng.random((n, LENGTH)) < content, rng.integers(0, 2, (n, LENGTH))
    codes = np.where(strong, 1 + either, 3 * either).astype(np.uint8)
    clusters = known_clusters(jaspar_motifs())
    motifs = [clusters[place].motif for place in ACTIVE]
    codes, sites = plant(codes, motifs, rng, probability=[SHARE] * len(motifs))
    has = np.zeros((n, len(motifs)))
    for site in sites:
        has[site.sequence, site.motif] = 1
    tasks = tuple(one.task for one in SAMPLES)
    meta = DatasetMeta("D", "accessibility", "regression", tasks, LENGTH, True, seed)
    split = np.where(np.arange(n) % 5 == 0, "test", "train")
    blank = np.zeros((n, len(tasks)), dtype=np.float32)
    dataset = Dataset(meta, [f"s{row}" for row in range(n)], codes, split, blank)
    unseen = np.flatnonzero(split == "test")
    texts = dna.decode(codes[unseen])
    words = ["".join("ACGT"[i] for i in row) for row in rng.integers(0, 4, (WORDS, 5))]
    idle = np.array([[word in text for text in texts] for word in words])
    names = [clusters[place].id for place in ACTIVE] + words
    told = tuple({"motif": name, "name": name, "family": "", "consensus": ""} for name in names)
    rows = Motifs(ROW, told, Sites(unseen, np.concatenate([has[unseen].T > 0, idle])))
    return Setting(dataset, told_clusters(clusters, cluster_sites(dataset, clusters)), rows, has)


def draw_counts(kind: str, of: Setting, seed: int) -> np.ndarray:
    """Draw the counts of all samples, shape (windows, samples)."""
    rng = np.random.default_rng([seed, len(of.has), KINDS.index(kind)])
    n, motifs = of.has.shape
    content = dna.gc_content(of.dataset.codes) - 0.45
    mean = np.full(len(SAMPLES), 4.0 if kind == "sparse" else 20.0)
    mean[TREATED] /= 2 if kind in ("depth", "sparse") else 1
    shared = rng.normal(0, 0.8, n)
    # Each motif varies between samples by an amount of its own.
    varies = 0.15 * np.sqrt(4 / rng.chisquare(4, motifs))
    counts = np.empty((n, len(SAMPLES)))
    for at, treated in enumerate(TREATED):
        does = 1 + varies * rng.normal(size=motifs)
        does[0] += GAINS.get(kind, 0) * treated
        values = np.log2(mean[at]) + shared + of.has @ does + rng.normal(0, 0.3, n)
        if kind.endswith("gc"):
            a, b, c = 0.3 * (rng.normal(size=3) + np.array([1, 1, 0]) * treated)
            values += a * 10 * content + b * 100 * content**2 + c * np.sin(30 * content)
        counts[:, at] = rng.poisson(2**values)
    return counts


def share(p: np.ndarray) -> float:
    """Give the share of tests with p <= .05; 0 without one."""
    own = p[~np.isnan(p)]
    return float((own <= 0.05).mean()) if len(own) else 0.0


def run_set(kind: str, n: int, seed: int) -> dict[str, object]:
    """Make a set and compare its conditions, as the pipeline does and more simply."""
    of = setting(n, seed)
    counts = draw_counts(kind, of, seed)
    scaled = np.log2(1 + scale_to_mean(counts)).astype(np.float32)
    dataset = replace(of.dataset, labels=scaled)
    found = compare_conditions(dataset, ConditionOptions(SAMPLES), of.rows, of.clusters)
    line: dict[str, object] = {"kind": kind, "set": seed, "n": n}
    planted = kind in GAINS
    for motifs, prefix in ((of.clusters, ""), (of.rows, "rows_")):
        own = [one for one in found.tests if one["kind"] == motifs.kind]
        names = [words["motif"] for words in motifs.words]
        opening = (
            [names[place] for place in ACTIVE] if motifs.kind == CLUSTER else names[: len(ACTIVE)]
        )
        p = {str(one["motif"]): float(str(one.get("p", "nan"))) for one in own}
        q = dict.fromkeys(names, 1.0)
        q |= {str(one["motif"]): float(str(one["q"])) for one in own if "q" in one}
        differs = opening[0] if planted else ""
        line |= {
            f"{prefix}idle_p05": share(
                np.array([p[name] for name in names if name not in opening])
            ),
            f"{prefix}active_p05": share(
                np.array([p[name] for name in opening if name != differs])
            ),
            f"{prefix}false": sum(q[name] <= 0.05 for name in names if name != differs),
        }
        if planted:
            line[f"{prefix}found"] = int(q[differs] <= 0.05)
        if motifs.kind == CLUSTER:
            first = next(one for one in own if one["motif"] == opening[0])
            line |= {"tests": own[0]["tests"], "prior_degrees": own[0]["prior_degrees"]}
            line |= (
                {"side": first.get("higher_in", ""), "p_planted": first.get("p", "")}
                if planted
                else {}
            )
    quantiles = quantile_normalise(np.log2(1 + counts).astype(np.float32))
    ranked = replace(of.dataset, labels=quantiles)
    other = compare_conditions(ranked, ConditionOptions(SAMPLES), of.rows, of.clusters)
    wrong = {str(one["motif"]) for one in other.tests if float(str(one.get("q", 1))) <= 0.05}
    first = {of.rows.words[0]["motif"]} if planted else set()
    line["quantile_false"] = len(wrong - first)
    return line | simpler(dataset, of, planted)


def simpler(dataset: Dataset, of: Setting, planted: bool) -> dict[str, object]:
    """Compare without composition, and with the usual prior."""
    values = dataset.labels.astype(np.float64)
    flat = np.full((len(values), 1), 1 / np.sqrt(len(values)))
    condition = TREATED.astype(np.int64)
    line: dict[str, object] = {}
    for name, space in (
        ("plain", flat),
        ("limma", composition_space(dataset, of.clusters.sites.windows)),
    ):
        slopes = adjusted_slopes(of.clusters.sites.present, values, space)
        tested = np.flatnonzero(slopes.known)
        noise = slopes.noise[tested] if name == "plain" else None
        fit = fit_conditions(slopes.values[tested], condition, ["control", "treated"], noise)
        others = ~np.isin(tested, ACTIVE[:1]) if planted else np.ones(len(tested), dtype=bool)
        if name == "plain":
            test = fit.compare(0, 1)
            line |= {
                "plain_p05": share(test.p[others]),
                "plain_false": int((test.q[others] <= 0.05).sum()),
            }
            continue
        own = np.full(len(tested), float(fit.degrees))
        variance = squeezed(fit.variance, own, fit.prior)
        t = (fit.means[:, 1] - fit.means[:, 0]) / np.sqrt(variance * 2 / PER_SIDE)
        p = 2 * stdtr(np.minimum(own + fit.prior.degrees, own.sum()), -np.abs(t))
        line["limma_active_p05"] = share(p[np.isin(tested, ACTIVE) & others])
    return line


def summary(kind: str, lines: Sequence[Mapping[str, str]]) -> Iterator[tuple[str, float, float]]:
    """Give name, measured number and bar of what the sets of a kind show together."""

    def mean(column: str) -> float:
        return float(np.mean([float(one[column]) for one in lines]))

    n = len(lines)
    yield f"{kind}: known motifs that do nothing, share with p <= .05", mean("idle_p05"), 0.06
    yield f"{kind}: known motifs that do not differ but open, share", mean("active_p05"), 0.06
    yield f"{kind}: rows that do nothing, share with p <= .05", mean("rows_idle_p05"), 0.06
    yield f"{kind}: rows that do not differ but open, share", mean("rows_active_p05"), 0.06
    yield (
        f"{kind}: sets with a false known motif",
        sum(one["false"] != "0" for one in lines),
        0.15 * n,
    )
    yield f"{kind}: sets with a false row", sum(one["rows_false"] != "0" for one in lines), 0.15 * n
    yield f"{kind}: known motifs, share with p <= .05 without composition", mean("plain_p05"), 0.06
    yield f"{kind}: those that open, share with limma's prior", mean("limma_active_p05"), 0.06
    ranked = sum(one["quantile_false"] != "0" for one in lines)
    yield f"{kind}: sets with a false one, known or row, of quantiles", ranked, 0.3 * n
    if kind in NULLS:
        return
    yield f"{kind}: sets with the planted known motif", mean("found") * n, LEAST[kind] * n
    yield f"{kind}: sets with the planted row", mean("rows_found") * n, LEAST[kind] * n
    right = sum(one["side"] == "treated" for one in lines)
    yield f"{kind}: sets with it on the right side", right, n


def main() -> None:
    """Run what is asked for, and print lines of the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--sets", type=int, default=20, help="of each kind")
    parser.add_argument("--n", type=int, default=6_000, help="windows")
    parser.add_argument("--table", type=Path, help="keep a line per set here, and go on from it")
    args = parser.parse_args()
    prepare_cpu(1)
    lines = read_lines(args.table, COLUMNS)
    for seed in range(1, args.sets + 1):
        for kind in args.only:
            if (kind, str(seed), str(args.n)) in {
                (one["kind"], one["set"], one["n"]) for one in lines
            }:
                continue
            lines.append(as_texts(run_set(kind, args.n, seed), COLUMNS))
            keep(lines, COLUMNS, args.table)
        setting.cache_clear()
    for kind in args.only:
        own = [one for one in lines if one["kind"] == kind and one["n"] == str(args.n)]
        for label, ours, bar in summary(kind, own) if own else ():
            print("samples", label, f"{ours:.4g}", f"{bar:.4g}", len(own), sep="\t")


if __name__ == "__main__":
    main()
