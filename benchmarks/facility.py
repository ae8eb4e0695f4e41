"""Forty data sets of ten assays on a SLURM of two nodes with Apptainer, as at a core facility.

The real data of the tests and the demo data, of each file the first 2,000 records, with the
pipeline's defaults (three replicates). One file is broken; a node is killed after a third of the
tasks and comes back; after two thirds the run itself is killed, then resumed once. As root on
Debian: ``tests/engines/two_nodes.sh`` starts a cluster of its own, one core for each node.

Lines ``facility <assay> data_sets``, ``cpu_s`` and ``wall_s`` (of all tasks of a data set, as
Nextflow's trace has them; the mean) and ``gb`` (the largest task); of the whole run ``wall_s``,
``tasks``, ``work_s`` (seconds in which the scripts of the tasks ran) and ``other`` (the share of
both cores' time that is not theirs: starting Nextflow, SLURM and containers, copying results, and
waiting for the killed node). There is no reference.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import itertools
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from harness import print_line
from traced import TOP

DEMO = TOP / "assets" / "demo"
CLUSTER = TOP / "tests" / "engines" / "two_nodes.sh"
RECORDS = 2000
NODES = 2
FACTORS = ("CEBPB", "CTCF", "FOXA1", "HNF4A", "JUND", "REST")
# Nextflow waits 270 s for the exit code of a job that is gone, and asks for jobs once a minute.
CONFIG = """
process.resourceLimits = [cpus: 1, memory: 8.GB]
executor {
    queueStatInterval = '5s'
    pollInterval      = '2s'
    exitReadTimeout   = '30s'
}
trace {
    raw    = true
    fields = 'task_id,name,status,submit,start,complete,realtime,%cpu,peak_rss'
}
"""


def rows(data: Path, folder: Path) -> Iterator[dict[str, str]]:
    """Forty data sets; what is large is cut."""
    hg19 = {"genome": f"{data}/genome/chr22_hg19_partial.fa.gz"}
    yeast = {"genome": f"{data}/genome/sacCer3_R64.fa.gz", "jaspar_taxon": "fungi"}
    chip, demo = data / "chipseq", DEMO / "simulated"
    simulated = {"genome": f"{demo}/simulated_genome.fa.gz"}

    def row(sample: str, assay: str, path: Path | str, **more: str) -> dict[str, str]:
        return {"sample": sample, "assay": assay, "data": str(path), **more}

    for factor in FACTORS:
        path = chip / "chr22_hg19" / f"HepG2.{factor}.narrowPeak"
        for negatives in ("gc", "shuffle"):
            yield row(f"{factor}_{negatives}", "peaks", path, negatives=negatives, **hg19)
    path = chip / "chr22_hg19" / "GM12878.SPI1.narrowPeak"
    yield row("SPI1", "peaks", path, **hg19)
    path = chip / "CTCF_GM12878_chr22_macs3_peaks.hg19.narrowPeak"
    yield row("CTCF_macs3", "peaks", path, **hg19)
    for factor in ("Reb1", "Abf1", "Rap1", "Cbf1"):
        yield row(factor, "peaks", chip / f"yeast_{factor}_chexmix.bed", **yeast)
    path = data / "atac" / "yeast_SRR1822137_hmmratac_accessible_regions.narrowPeak"
    yield row("yeast_atac", "peaks", path, **yeast)
    yield row("promoters", "peaks", DEMO / "sacCer3_promoters_5462.bed", **yeast)
    (folder / "broken.narrowPeak").write_text("<html>404 Not Found</html>\n")
    yield row("broken", "peaks", "broken.narrowPeak", **hg19)
    for name in ("REST_GM12878", "GABPA_GM12878", "FOXA1_HepG2"):
        path = cut(chip / f"{name}.train_pos.fa.gz", folder, ">")
        yield row(name, "sequences", path)
    yield row("CTCF_100bp", "sequences", cut(chip / "CTCF_100bp.fa.gz", folder, ">"))
    yield row("CTCF_top500", "sequences", chip / "CTCF_GM12878_top500.w200.fa.gz")
    for name in ("MAFK", "OCT4"):
        path = cut(DEMO / f"{name}_H1hESC_200bp.fa.gz", folder, ">")
        yield row(name, "sequences", path)
    for name in ("Cebpb", "Esr1", "Sp1"):
        for design, part in (("HK", "train"), ("ME", "test")):
            path = cut(data / "pbm" / f"DREAM5_{name}_{design}.tsv.gz", folder)
            yield row(f"{name}_{design}", "pbm", path, dataset=name, split=part)
    for tissue in ("leaf", "proto"):
        path = cut(data / "starrseq" / f"plant_core_promoters_{tissue}.raw.tsv.gz", folder)
        yield row(tissue, "starrseq", path, jaspar_taxon="plants", split_by="random")
    for cycle in range(5):
        path = cut(data / "htselex" / f"ALX4_TGTGTC20NGA_cycle{cycle}.fastq.gz", folder, lines=4)
        yield row(f"ALX4_c{cycle}", "htselex", path, dataset="ALX4", label=str(cycle))
    path = cut(data / "smileseq" / "PRDM13_DBD_SS014_BC07.part1.fastq.gz", folder, lines=4)
    yield row("PRDM13", "smileseq", path)
    name = "yeast_SRR1822137_200bp_bins"
    path = cut(data / "atac" / f"{name}.3task.explainn.tsv.gz", folder)
    labels = f"{data}/atac/{name}.labels.txt"
    yield row("yeast_bins", "table", path, labels=labels, jaspar_taxon="fungi")
    yield row("sim_matrix", "matrix", demo / "simulated_matrix.tsv.gz", **simulated)
    yield row("sim_bulk", "accessibility", demo / "simulated_accessibility.tsv.gz", **simulated)
    yield row("sim_cells", "single_cell", demo / "simulated_cells.h5ad", **simulated)
    yield row("sim_array", "pbm", demo / "simulated_pbm.tsv.gz")


def cut(source: Path, folder: Path, begin: str = "", lines: int = 1) -> str:
    """Copy the first records of a file; a record begins with a sign, or has so many lines."""
    target = folder / source.name
    with gzip.open(source, "rt") as handle, gzip.open(target, "wt", compresslevel=1) as out:
        if not begin:
            out.writelines(itertools.islice(handle, RECORDS * lines + (lines == 1)))
            return target.name
        left = RECORDS
        for line in handle:
            left -= line.startswith(begin)
            if left < 0:
                break
            out.write(line)
    return target.name


def write_sheet(data: Path, folder: Path, most: int | None = None) -> pd.DataFrame:
    """Write the sheet, or its first rows; give the assay of each data set."""
    table = pd.DataFrame(itertools.islice(rows(data, folder), most)).fillna("")
    if "dataset" not in table:
        table["dataset"] = ""
    table.to_csv(folder / "sheet.csv", index=False)
    table["id"] = table.dataset.where(table.dataset != "", table["sample"])
    return table.drop_duplicates("id")[["id", "assay"]]


def start(folder: Path, *more: str) -> subprocess.Popen[bytes]:
    """Start the run, in a process group of its own."""
    command = [str(TOP / "nextflow"), "-q", "run", str(TOP), "--input", "sheet.csv"]
    command += ["-c", "facility.config", *more]
    with (folder / "log.txt").open("ab") as log:
        return subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True)


def wait_for(run: subprocess.Popen[bytes], folder: Path, tasks: int) -> None:
    """Wait until so many tasks have ended."""
    while len(list(folder.glob("work/*/*/.exitcode"))) < tasks:
        if run.poll() is not None:
            sys.exit(f"ERROR: the run ended before; see {folder / 'log.txt'}.")
        time.sleep(1)


def disturbed(
    folder: Path, cluster: Path, tasks: int, down: float, *arguments: str
) -> tuple[float, int]:
    """Run, kill a node, bring it back, kill the run, resume it; give seconds and exit code."""
    begun = time.time()
    run = start(folder, *arguments)
    wait_for(run, folder, tasks // 3)
    subprocess.run([str(CLUSTER), "kill", str(cluster), "2"], check=True)
    time.sleep(down)
    subprocess.run([str(CLUSTER), "back", str(cluster), "2"], check=True)
    wait_for(run, folder, 2 * tasks // 3)
    os.killpg(run.pid, 9)
    run.wait(60)
    subprocess.run(["scancel", "-u", "root"], check=True)
    code = start(folder, *arguments, "-resume").wait()
    return time.time() - begun, code


def read_traces(folder: Path) -> pd.DataFrame:
    """Every task that has ended well, of both runs, once; with its data set."""
    found = []
    for path in sorted((folder / "results" / "pipeline_info").glob("execution_trace*.txt")):
        with path.open(encoding="utf-8", newline="") as handle:
            found += list(csv.DictReader(handle, delimiter="\t"))
    table = pd.DataFrame(found)
    table = table[table.status == "COMPLETED"].drop_duplicates("name")
    for column in ("realtime", "%cpu", "peak_rss"):
        table[column] = pd.to_numeric(table[column], errors="coerce").fillna(0.0)
    table["wall_s"] = table.realtime / 1e3
    table["cpu_s"] = table.wall_s * table["%cpu"] / 100
    table["gb"] = table.peak_rss / 1e9
    table["id"] = table.name.str.extract(r"\(([^.)]+)", expand=False)
    return table


def main() -> None:
    """Start the cluster, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--data", type=Path, default=TOP.parent / "shared" / "data")
    parser.add_argument("--tasks", type=int, default=450, help="about how many the run has")
    parser.add_argument("--folder", type=Path, help="where the run stays; deleted by default")
    parser.add_argument("--rows", type=int, help="the first of the sheet, instead of all")
    parser.add_argument("--down", type=float, default=60, help="seconds until the node is back")
    parser.add_argument("--profile", default="slurm,apptainer")
    args, others = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = (args.folder or Path(scratch) / "run").resolve()
        folder.mkdir(parents=True, exist_ok=True)
        cluster = Path(scratch) / "cluster"
        cluster.mkdir()
        assays = write_sheet(args.data.resolve(), folder, args.rows)
        (folder / "facility.config").write_text(CONFIG)
        try:
            subprocess.run([str(CLUSTER), "up", str(cluster)], check=True)
            os.environ["SLURM_CONF"] = str(cluster / "slurm.conf")
            arguments = ("-profile", args.profile, *others)
            wall, code = disturbed(folder, cluster, args.tasks, args.down, *arguments)
        finally:
            subprocess.run([str(CLUSTER), "down", str(cluster)], check=False)
        if code:
            sys.exit(f"ERROR: the resumed run ended with exit {code}; see {folder / 'log.txt'}.")
        report(read_traces(folder), assays, wall)


def report(tasks: pd.DataFrame, assays: pd.DataFrame, wall: float) -> None:
    """Print all lines."""
    sums = tasks.groupby("id").agg({"cpu_s": "sum", "wall_s": "sum", "gb": "max"})
    table = assays.merge(sums, left_on="id", right_index=True)
    for assay, some in table.groupby("assay"):
        print_line("facility", f"{assay} data_sets", len(some), math.nan)
        for what, value in (("cpu_s", some.cpu_s.mean()), ("wall_s", some.wall_s.mean())):
            print_line("facility", f"{assay} {what}", value, math.nan)
        print_line("facility", f"{assay} gb", some.gb.max(), math.nan)
    work = tasks.wall_s.sum()
    for what, value in (
        *(("wall_s", wall), ("tasks", len(tasks)), ("work_s", work)),
        ("other", 1 - work / (NODES * wall)),
    ):
        print_line("facility", what, value, math.nan)


if __name__ == "__main__":
    main()
