"""Results of a run, as the steps before the report write them, drawn at random from a seed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from nfexplainn.motifs.formats import write_meme
from nfexplainn.motifs.motif import Motif, MotifSet

MODEL = "explainn"
PROFILES = {
    "POU5F1": ("MA1115.2", "ATTTGCATAA"),
    "Pou5f1::Sox2": ("MA0142.1", "CTTTGTTATGCAAAT"),
    "SOX2": ("MA0143.5", "CCATTGTTC"),
    "MAFK": ("MA0496.4", "TGCTGAGTCAGCA"),
    "NFE2L2": ("MA0150.3", "TGACTCAGCAA"),
    "CTCF": ("MA0139.2", "CCACCAGGGGGCGC"),
    "REB1": ("MA0363.3", "TTACCCGG"),
    "CBF1": ("MA0281.3", "GTCACGTGA"),
    "ABF1": ("MA0265.3", "CGTATATAGTGATA"),
    "RAP1": ("MA0359.3", "ACACCCATACATT"),
}
PARAMS: dict[str, Any] = {
    "input": "samplesheet.csv",
    "outdir": "results",
    "seed": 42,
    "width": 200,
    "replicates": 3,
    "device": "auto",
}
VERSIONS = {
    "NFEXPLAINN:TRAIN": {"python": "3.11.2", "torch": "2.10.0", "nfexplainn": "0.1.0"},
    "NFEXPLAINN:ANNOTATE": {"numpy": "2.4.0"},
}


@dataclass(frozen=True)
class Spec:
    """One data set of the made-up run: what kind of result it gives, and its motifs."""

    id: str
    kind: str = "usable"
    tasks: tuple[str, ...] = ("bound",)
    motifs: tuple[str, ...] = ("POU5F1", "SOX2")
    regression: bool = False
    reason: str = "The file holds 31 peaks after the blacklist; training needs at least 50."
    advice: str = "Give more peaks, or take the blacklist out."


DEMO = (
    Spec("MAFK", motifs=("MAFK", "NFE2L2")),
    Spec("OCT4", motifs=("POU5F1", "Pou5f1::Sox2", "SOX2")),
    Spec("H3K9me3_broad", kind="weak", motifs=()),
    Spec("TAp73_chrX", kind="not trained"),
    Spec("starr", tasks=("dev", "hk"), motifs=("CTCF", "REB1"), regression=True),
    Spec(
        "yeast_promoters",
        tasks=("Abf1", "Cbf1", "Rap1", "Reb1"),
        motifs=("ABF1", "CBF1", "RAP1", "REB1"),
    ),
)


def many(count: int) -> tuple[Spec, ...]:
    """Data sets of a big sheet, some of them weak or not usable."""
    names = sorted(PROFILES)
    kinds = {7: "weak", 11: "not trained"}
    return tuple(
        Spec(
            f"sample_{number}",
            kind=next((kind for step, kind in kinds.items() if number % step == 0), "usable"),
            motifs=(names[number % len(names)], names[(number + 3) % len(names)]),
        )
        for number in range(1, count + 1)
    )


def write_results(
    folder: Path, specs: Iterable[Spec], replicates: int = 3, units: int = 40, seed: int = 0
) -> Path:
    """Write the files of every data set into `folder`, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for spec in specs:
        random = np.random.default_rng([seed, *spec.id.encode()])
        _write_dataset(folder, spec, random)
        if spec.kind != "not trained":
            _write_model(folder, spec, replicates, units, random)
    return folder


def write_run(folder: Path) -> tuple[Path, Path]:
    """Write ``params.json`` and ``versions.yml``."""
    folder.mkdir(parents=True, exist_ok=True)
    params, versions = folder / "params.json", folder / "versions.yml"
    params.write_text(json.dumps(PARAMS))
    lines = []
    for step, tools in VERSIONS.items():
        lines.append(f'"{step}":')
        lines += [f"    {tool}: {version}" for tool, version in tools.items()]
    versions.write_text("\n".join(lines) + "\n")
    return params, versions


def table(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write a TSV as the steps do."""
    lines = ["\t".join(rows[0])]
    lines += ["\t".join(_cell(value) for value in row.values()) for row in rows]
    path.write_text("\n".join(lines) + "\n")


def ppm(consensus: str, strength: float) -> np.ndarray:
    """Probabilities that favour a consensus."""
    rows = np.full((len(consensus), 4), (1 - strength) / 3)
    rows[np.arange(len(consensus)), ["ACGT".index(base) for base in consensus]] = strength
    return rows


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _write_dataset(folder: Path, spec: Spec, random: np.random.Generator) -> None:
    usable = spec.kind != "not trained"
    status = {
        "dataset": spec.id,
        "state": "ok" if usable else "unusable",
        "reason": "" if usable else spec.reason,
        "advice": "" if usable else spec.advice,
    }
    (folder / f"{spec.id}.status.json").write_text(json.dumps(status))
    if not usable:
        return
    counts: list[dict[str, Any]] = []
    for split, share in {"train": 0.8, "valid": 0.1, "test": 0.1}.items():
        total = int(4000 * share)
        for task in ("*", *spec.tasks):
            hits = int(total * (0.5 if len(spec.tasks) == 1 else 0.2))
            known = not spec.regression and task != "*"
            counts.append(
                {
                    "split": split,
                    "task": task,
                    "sequences": total,
                    "positives": hits if known else None,
                    "negatives": total - hits if known else None,
                    "unknown": 0,
                    "mean": 1.5 if spec.regression and task != "*" else None,
                }
            )
    table(folder / f"{spec.id}.counts.tsv", counts)
    table(
        folder / f"{spec.id}.dropped.tsv",
        [
            {"source": f"{spec.id}.bed", "reason": "on the blacklist", "count": 12},
            {"source": f"{spec.id}.bed", "reason": "window over the chromosome's end", "count": 3},
        ],
    )
    table(
        folder / f"{spec.id}.readings.tsv",
        [
            {"source": f"{spec.id}.bed", "item": "records", "value": "1,500"},
            {"source": f"{spec.id}.bed", "item": "tasks", "value": spec.id},
        ],
    )
    audit = {
        "exact_duplicates": 0,
        "reverse_complement_duplicates": 0,
        "shuffle_pairs": 0,
        "overlapping_windows": 0,
        "shared_kmers": 8,
        "unknown_bases": 0,
    }
    table(
        folder / f"{spec.id}.audit.tsv",
        [
            {
                "check": check,
                # Results of earlier versions say pass where there is nothing to look at.
                "state": "warn" if count else "pass",
                "count": count,
                "total": 0 if check == "shuffle_pairs" else 1400,
                "example": "chr1:100-300(+) and chr1:5000-5200(+)" if count else "",
            }
            for check, count in audit.items()
        ],
    )
    rows = []
    for model, value in (("gc", 0.55), ("kmer4", 0.7 if spec.kind == "usable" else 0.62)):
        rows += _metrics(spec, model, 1, value, random)
    table(folder / f"{spec.id}.baseline.tsv", rows)


def _metrics(
    spec: Spec, model: str, replicate: int, value: float, random: np.random.Generator
) -> list[dict[str, Any]]:
    rows = []
    names = ("pearson", "spearman", "mse") if spec.regression else ("auprc", "auroc")
    for split in ("train", "valid", "test"):
        for task in spec.tasks:
            for metric in names:
                rows.append(
                    {
                        "dataset": spec.id,
                        "model": model,
                        "replicate": replicate,
                        "split": split,
                        "task": task,
                        "against": "all",
                        "metric": metric,
                        "value": float(np.clip(value + random.normal(0, 0.01), 0, 1)),
                        "n": 400,
                        "positives": None if spec.regression else 200,
                        "prevalence": None if spec.regression else 0.5,
                        "note": "",
                    }
                )
    return rows


def _write_model(
    folder: Path, spec: Spec, replicates: int, units: int, random: np.random.Generator
) -> None:
    level = 0.94 if spec.kind == "usable" else 0.64
    final: list[dict[str, Any]] = []
    hits: list[dict[str, Any]] = []
    supports: list[dict[str, Any]] = []
    for replicate in range(1, replicates + 1):
        run = f"{spec.id}.{MODEL}.r{replicate}"
        _write_history(folder / f"{run}.history.tsv", random)
        table(
            folder / f"{run}.metrics.tsv",
            _metrics(spec, MODEL, replicate, level - 0.01 * replicate, random),
        )
        rows, motifs, effects, parts = [], [], [], []
        for index in range(1, units + 1):
            name = spec.motifs[index - 1] if index <= len(spec.motifs) else None
            status = "annotated" if name else _status(index)
            motif = _motif(index, name, status, random)
            if motif is not None:
                motifs.append(motif)
            row: dict[str, Any] = {
                "dataset": spec.id,
                "model": MODEL,
                "replicate": replicate,
                "unit": f"unit_{index:03d}",
                "status": status,
                "sites": int(motif.nsites) if motif else 0,
                "width": len(motif.ppm) if motif else 19,
                "information": _information(motif),
                "consensus": _consensus(motif),
                "annotation": name or "",
                "target_id": PROFILES[name][0] if name else "",
                "q_value": float(10 ** -random.uniform(2, 9)) if name else None,
                "matched_in": replicates if name else 1,
                "replicates": replicates,
            }
            for position, task in enumerate(spec.tasks):
                mine = name is not None and (len(spec.tasks) == 1 or position == index - 1)
                weight = float(random.normal(0, 0.1) + (0.8 if mine else 0))
                count = int(random.integers(20, 400)) if motif else 0
                values = random.normal(weight * 2, 0.3, count)
                row |= {
                    f"weight:{task}": weight,
                    f"importance:{task}": float(np.median(values)) if count else None,
                    f"importance_n:{task}": count,
                    f"effect:{task}": weight * (1.8 if mine else 0.3) if motif else 0.0,
                    f"site_effect:{task}": 1.5 * weight if motif else None,
                    f"direction:{task}": ("raises" if weight > 0 else "lowers") if motif else "",
                }
                quartiles = np.quantile(values, (0.25, 0.75)) if count else (None, None)
                effects.append(
                    {
                        "unit": row["unit"],
                        "task": task,
                        "weight": weight,
                        "importance_median": row[f"importance:{task}"],
                        "importance_q25": quartiles[0],
                        "importance_q75": quartiles[1],
                        "importance_n": count,
                        "effect": row[f"effect:{task}"],
                        "effect_basis": "well-predicted sequences",
                        "site_effect": row[f"site_effect:{task}"],
                        "direction": row[f"direction:{task}"],
                    }
                )
                parts.append((index, task, values))
            rows.append(row)
            supports.append(
                {
                    "replicate": replicate,
                    "unit": row["unit"],
                    "matched_in": row["matched_in"],
                    "replicates": replicates,
                    "matches": "",
                }
            )
            if name:
                hits += _hits(replicate, row, random)
        for task in spec.tasks:
            order = sorted(rows, key=lambda row: -row[f"effect:{task}"])
            for rank, row in enumerate(order, 1):
                row[f"rank:{task}"] = None if row["status"] == "dead" else rank
        final += [{**row, "reason": ""} for row in rows]
        write_meme(MotifSet(tuple(motifs)), folder / f"{run}.units.meme")
        table(folder / f"{run}.effects.tsv", effects)
        _write_importances(folder / f"{run}.importances.parquet", parts)
    stem = f"{spec.id}.{MODEL}"
    table(folder / f"{stem}.units.tsv", final)
    table(folder / f"{stem}.support.tsv", supports)
    if hits:
        table(folder / f"{stem}.tomtom.tsv", hits)
    _write_verdict(folder / f"{stem}.verdict.json", spec, level)


def _status(index: int) -> str:
    kinds = ("unannotated", "low_information", "few_sites", "dead", "no_sites")
    return kinds[index % len(kinds)]


def _motif(index: int, name: str | None, status: str, random: np.random.Generator) -> Motif | None:
    if status in ("dead", "no_sites"):
        return None
    if name:
        consensus, strength = PROFILES[name][1], 0.9
    else:
        consensus = "".join("ACGT"[base] for base in random.integers(0, 4, 12))
        strength = 0.4 if status == "low_information" else 0.75
    flank = (19 - len(consensus)) // 2
    rows = np.full((19, 4), 0.25)
    rows[flank : flank + len(consensus)] = ppm(consensus, strength)
    sites = 9 if status == "few_sites" else int(random.integers(20, 400))
    return Motif(f"unit_{index:03d}", "", rows, float(sites))


def _information(motif: Motif | None) -> float:
    if motif is None:
        return 0.0
    return float((2 + (motif.ppm * np.log2(np.maximum(motif.ppm, 1e-9))).sum(axis=1)).sum())


def _consensus(motif: Motif | None) -> str:
    if motif is None:
        return ""
    best = motif.ppm.max(axis=1) > 0.5
    letters = ["ACGT"[base] for base in motif.ppm.argmax(axis=1)]
    return "".join(base if good else "N" for base, good in zip(letters, best, strict=True))


def _hits(
    replicate: int, row: Mapping[str, Any], random: np.random.Generator
) -> list[dict[str, Any]]:
    names = [row["annotation"], *sorted(set(PROFILES) - {row["annotation"]})[:6]]
    return [
        {
            "replicate": replicate,
            "unit": row["unit"],
            "target_id": PROFILES[name][0],
            "target_name": name,
            "offset": place,
            "p_value": float(row["q_value"] / 100 * 20**place),
            "e_value": float(row["q_value"] * 8 * 20**place),
            "q_value": float(row["q_value"] * 20**place),
            "overlap": 10,
            "orientation": "+-"[int(random.integers(2))],
            "coverage": 1 - 0.05 * place,
            "explained": 0.95 - 0.06 * place,
            "part": 0,
        }
        for place, name in enumerate(names)
    ]


def _write_history(path: Path, random: np.random.Generator) -> None:
    epochs = int(random.integers(14, 22))
    losses = 0.3 + 0.4 * np.exp(-np.arange(epochs) / 4)
    valid = losses + 0.02 * np.maximum(np.arange(epochs) - 8, 0) + random.normal(0, 0.005, epochs)
    best = int(valid.argmin())
    table(
        path,
        [
            {
                "epoch": epoch + 1,
                "train_loss": float(losses[epoch] - 0.01 * epoch),
                "valid_loss": float(valid[epoch]),
                "valid_metric": float(1 - valid[epoch] / 2),
                "seconds": 1.25,
                "sequences_per_second": 5200.0,
                "learning_rate": 0.003,
                "device": "cpu",
                "best": int(epoch == best),
            }
            for epoch in range(epochs)
        ],
    )


def _write_importances(path: Path, parts: Sequence[tuple[int, str, np.ndarray]]) -> None:
    units = np.concatenate([np.full(len(values), unit) for unit, _, values in parts])
    tasks = [task for _, task, values in parts for _ in values]
    values = np.concatenate([values for _, _, values in parts]).astype(np.float32)
    names = [f"seq{number}" for number in range(len(values))]
    pq.write_table(
        pa.table(
            {
                "unit": pa.array(units, pa.int32()),
                "task": pa.array(tasks).dictionary_encode(),
                "sequence": pa.array(names).dictionary_encode(),
                "strand": pa.array(np.ones(len(values)), pa.int8()),
                "contribution": pa.array(values, pa.float32()),
            }
        ),
        path,
    )


def _write_verdict(path: Path, spec: Spec, level: float) -> None:
    usable = spec.kind == "usable"
    verdict = {
        "dataset": spec.id,
        "model": MODEL,
        "verdict": spec.kind,
        "reason": (
            f"The mean test score, {level - 0.02:.2f}, is well above the 4-mer baseline (0.70)."
            if usable
            else "The test score is only 0.02 above the 4-mer baseline."
        ),
        "advice": (
            "Trust motifs that all replicates support."
            if usable
            else "Check the peaks' quality or give more of them; do not read the motifs yet."
        ),
        "metric": "pearson" if spec.regression else "auroc",
        "value": level - 0.02,
        "range": 0.01,
        "baseline_gc": 0.55,
        "baseline_kmer4": 0.7 if usable else 0.62,
        "best_replicate": 1,
        "thresholds": {"margin_usable": 0.1, "margin_weak": 0.02},
    }
    path.write_text(json.dumps(verdict))
