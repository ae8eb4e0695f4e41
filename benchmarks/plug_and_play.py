"""The paper's Figure 6B in small: filters that start from JASPAR's profiles, on four yeast factors.

Needs a folder with ``chipseq/yeast_<factor>_chexmix.bed`` of Abf1, Cbf1, Rap1 and Reb1: ``--data
DIR``. Without it says so and measures nothing. About 10 CPU minutes; what lies in ``--work``
already is not computed again.

Lines ``plug_and_play <way>``: test AUPRC, mean over factors and seeds, of filters that are released
or free from the start, or of random ones, against that of frozen ones. Then, per way, how many
units still match their own profile.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import tempfile
from collections import Counter
from pathlib import Path

from figure1 import DATASET, FACTORS, METRIC, TOP, prepare, results, script

from nfexplainn.page.scores import by_replicate

WAYS = ("frozen", "released", "free", "random")
MARGIN = 0.02  # by which frozen filters must trail released ones


def choose(folder: Path, count: str) -> None:
    """Write the profiles to start from."""
    (folder / "known.json").write_text('{"jaspar_taxon": "fungi", "jaspar_release": null}')
    known = folder / "known.meme"
    collected = ("--options", "known.json", "--out", known, "--status", "known.status.json")
    script(folder, "collect_motifs.py", *collected)
    settings = {"initial_motifs": "jaspar", "initial_count": count}
    (folder / "choose.json").write_text(json.dumps(settings))
    chosen = ("--motifs", known, "--options", "choose.json", "--id", DATASET)
    script(folder, "choose_profiles.py", *chosen)


def compute(folder: Path, way: str, replicate: int, units: int, epochs: int) -> None:
    """Train and measure a model, and the drift of its units, unless that was done."""
    run, data = f"{DATASET}.{way}.r{replicate}", f"{DATASET}.dataset.parquet"
    if (folder / f"{run}.metrics.tsv").exists():
        return
    settings = folder / f"{run}.json"
    options: dict[str, object] = {"seed": 41 + replicate, "replicate": replicate, "units": units}
    options |= {"max_epochs": epochs, "recipe": "paper"}
    start: tuple[str, ...] = ()
    if way != "random":
        options["initial_filters"] = way
        start = ("--initial", f"{DATASET}.initial.meme")
    settings.write_text(json.dumps(options))
    common = ("--dataset", data, "--id", run)
    script(folder, "train.py", *common, "--options", settings.name, *start)
    model = f"{run}.model.safetensors"
    script(folder, "evaluate.py", *common, "--model", model)
    if not start:
        return
    predictions = ("--predictions", f"{run}.predictions.parquet")
    script(folder, "interpret.py", *common, "--model", model, *predictions, "--options", settings)
    units_of = ("--units", f"{run}.units.tsv", "--motifs", f"{run}.units.meme")
    script(folder, "drift_units.py", "--model", model, *units_of, *start, *common[2:],
           "--options", settings)  # fmt: skip


def states(folder: Path, way: str) -> Counter[str]:
    """Count the units of all seeds by what became of them."""
    found: Counter[str] = Counter()
    for path in folder.glob(f"{DATASET}.{way}.r*.drift.tsv"):
        with path.open(encoding="utf-8") as rows:
            found.update(row["state"] for row in csv.DictReader(rows, delimiter="\t"))
    return found


def main() -> None:
    """Train everything, print the comparison and the drift."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=TOP.parent / "shared" / "data")
    parser.add_argument("--work", type=Path, help="folder to keep, and to go on from")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--count", default="all", help="profiles, or all")
    parser.add_argument("--ways", nargs="*", default=WAYS)
    parser.add_argument("--epochs", type=int, default=100, help="at most; fewer is a trial")
    args = parser.parse_args()
    if not (args.data / "chipseq").is_dir():
        print(f"# plug_and_play: {args.data} has no folder chipseq; give --data")
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = (args.work or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / f"{DATASET}.dataset.parquet").exists():
            prepare(args.data.resolve(), folder)
        if not (folder / f"{DATASET}.initial.meme").exists():
            choose(folder, args.count)
        profiles = (folder / f"{DATASET}.initial.meme").read_text().count("\nMOTIF ")
        for replicate in range(1, args.seeds + 1):
            for way in args.ways:
                compute(folder, way, replicate, 2 * profiles, args.epochs)
        scores = {
            model.name: list(by_replicate(model, METRIC, FACTORS).values())
            for model in results(folder).models
        }
        print(f"# {profiles} profiles, {2 * profiles} units, {args.seeds} seeds")
        frozen = statistics.fmean(scores["frozen"])
        for way in args.ways:
            said = [f"{value:.4f}" for value in scores[way]]
            counts = states(folder, way)
            print("#", way, *said, *(f"{state}: {counts[state]}" for state in sorted(counts)))
            mean = statistics.fmean(scores[way])
            print("plug_and_play", way, f"{mean:.4g}", f"{frozen:.4g}", f"{mean / frozen:.3f}",
                  sep="\t")  # fmt: skip
        if "released" in scores:
            ahead = statistics.fmean(scores["released"]) - frozen
            verdict = "holds" if ahead >= MARGIN else "is missed"
            print(f"# released ahead of frozen by {ahead:.4f}: the bar of {MARGIN} {verdict}")


if __name__ == "__main__":
    main()
