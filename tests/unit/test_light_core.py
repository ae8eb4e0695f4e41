"""What each step loads: the main path works without torch, and most of it without pandas.

Every script is run in a process in which a finder refuses what it must do without.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

import report_fixtures
from nfexplainn import dna
from nfexplainn.data.dataset import write_dataset
from nfexplainn.native import library
from training_fixtures import LENGTH, planted

# Loaded in a second each, or more.
HEAVY = ("torch", "sklearn", "scipy", "pandas", "matplotlib")
# Those that need torch for what they do, not for their start.
WITH_TORCH = {
    "attribute.py": "DeepLIFT goes backwards through a network's layers",
    "denoise_cells.py": "PeakVI, in the image of scvi-tools",
    "judge_filters.py": "networks are computed without some filters",
    "interpret_transfer.py": "trained models of any kind are the units",
    "read_filters.py": "the first layer of networks without units",
    "read_pretrained.py": "trained models of any kind are looked at",
}
# Those that load more than Arrow at their start, and what.
LOADED = {
    "annotate.py": ("pandas",),
    "compare_discovery.py": ("pandas",),
    "denoise_cells.py": ("scipy",),
    "drift_units.py": ("pandas",),
    "summarise.py": ("pandas",),
}
OPTIONS = {
    "motif_db": "few.meme",
    "units": 6,
    "filter_length": 9,
    "hidden": 10,
    "max_epochs": 4,
    "batch_size": 32,
    "recipe": "robust",
    "cooperativity": "TGACTCAT:CACGTG",
    "cooperativity_backbones": 4,
    "explain_pictures": 1,
    "min_sites": 5,
}
_REFUSE = """
import runpy, sys

class Refusal:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in REFUSED:
            # Told at once: a library may go on without, which loads it where it is there.
            sys.stderr.write(name + " is refused\\n")
            raise ModuleNotFoundError(name=name)

sys.meta_path.insert(0, Refusal())
script = sys.argv[1]
sys.argv[:] = sys.argv[1:]
sys.path[0] = script.rpartition("/")[0]
runpy.run_path(script, run_name="__main__")
"""


@dataclass(frozen=True)
class Step:
    """A script that runs, what it may load, and a file that must be there then."""

    script: str
    arguments: str
    made: str
    may: tuple[str, ...] = field(default=())


def refusing(
    root: Path, script: str, *arguments: str, refused: tuple[str, ...], folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run a script where modules are refused."""
    code = f"REFUSED = {refused!r}\n{_REFUSE}"
    command = [sys.executable, "-c", code, str(root / "bin" / script), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def _replicate(number: int, more: str = "") -> list[Step]:
    """Train, measure and interpret a replicate."""
    run = f"demo.explainn.r{number}"
    of = f"--id {run} --dataset demo.dataset.parquet"
    read = f"--model {run}.model.safetensors"
    seed = f"--seed {number} --replicate {number}"
    return [
        Step("train.py", f"{of} --options o.json --evaluate {seed} {more}", f"{run}.model.tsv"),
        Step("evaluate.py", f"{of} {read}", f"{run}.metrics.tsv"),
        Step(
            "interpret.py",
            f"{of} {read} --predictions {run}.predictions.parquet --options o.json",
            f"{run}.pwms.tsv",
        ),
    ]


def _every(end: str) -> str:
    return " ".join(f"demo.explainn.r{number}.{end}" for number in (1, 2))


def _steps() -> list[Step]:
    run, data = "demo.explainn.r1", "--dataset demo.dataset.parquet"
    options, known = "--options o.json", "known.meme"
    model = f"--model {run}.model.safetensors {options} --id {run}"
    replicates = (
        f"--id demo.explainn --units {_every('units.tsv')} {_every('units.meme')}"
        f" --motif-set {known} {options}"
    )
    summary = (
        f" --best 1 --effects {_every('effects.tsv')} --history {_every('history.tsv')}"
        f" --metrics {_every('metrics.tsv')} --predictions {_every('predictions.parquet')} {data}"
        f" --outputs {_every('outputs.npz')}"
        " --baseline demo.baseline.tsv --counts demo.counts.tsv"
    )
    explained = "--sequences demo.explain.parquet --named demo.explainn.units.tsv"
    explained += " --rows demo.explainn.evidence.tsv"
    judged = (
        f"--models {_every('model.safetensors')} --units {_every('units.tsv')} {data} {options}"
        " --rows demo.explainn.evidence.tsv --alleles demo.variants.parquet"
        " --read demo.variants_read.json --variants in.vcf --genome genome.fa --id demo.explainn"
    )
    third = "demo.explainn.r3"
    drift = (
        f"--model {third}.model.safetensors --units {third}.units.tsv --motifs {third}.units.meme"
    )
    return [
        Step("prepare.py", "--spec spec.json", "demo.header.json"),
        Step("index_genome.py", "--genome genome.fa", "genome.fa.fai"),
        Step(
            "baseline.py", f"{data} --id demo", "demo.baseline.tsv", ("sklearn", "scipy", "pandas")
        ),
        Step(
            "collect_motifs.py",
            f"{options} --motif-db few.meme --out {known} --status known.status.json",
            known,
        ),
        *_replicate(1),
        *_replicate(2),
        Step("annotate.py", replicates, "demo.explainn.support.tsv", ("pandas",)),
        Step(
            "summarise.py",
            replicates + summary,
            "demo.explainn.evidence.tsv",
            ("pandas", "scipy"),
        ),
        Step(
            "prune.py",
            f"--model {run}.model.safetensors --outputs {run}.outputs.npz {data} --id {run}"
            " --minimal demo.explainn.minimal.tsv --evidence demo.explainn.evidence.tsv",
            f"{run}.pruned.tsv",
            ("pandas", "scipy"),
        ),
        Step(
            "interactions.py",
            f"--outputs {_every('outputs.npz')} {data} --evidence demo.explainn.evidence.tsv"
            " --id demo.explainn",
            "demo.explainn.interactions.tsv",
            ("pandas", "scipy"),
        ),
        Step(
            "read_explained.py",
            "--spec e.json --sequences in.bed --header demo.header.json --genome genome.fa"
            " --id demo",
            "demo.explain.parquet",
        ),
        Step(
            "explain.py",
            f"{model} --units {run}.units.tsv {explained}",
            f"{run}.explained_01.svg",
        ),
        Step(
            "read_explained.py",
            "--spec e.json --sequences in.bed --header demo.dataset.parquet --genome genome.fa"
            " --id demo --for predict",
            "demo.predict.parquet",
        ),
        Step(
            "predict.py",
            f"--id demo {options} --sequences demo.predict.parquet --files demo.dataset.parquet"
            f" {_every('model.safetensors')} {_every('predictions.parquet')}"
            " demo.explainn.r1.calibration.json",
            "demo.predicted.json",
        ),
        Step(
            "cooperativity_sites.py",
            f"--id demo {options} --known {known} --files .",
            "demo.cooperativity_pairs.tsv",
        ),
        Step(
            "cooperativity.py",
            f"{model} {data} --pairs demo.cooperativity_pairs.tsv",
            f"{run}.cooperativity.tsv",
            ("scipy",),
        ),
        Step(
            "nullify.py",
            f"{model} {data} --predictions {run}.predictions.parquet",
            f"{run}.nullification.tsv",
        ),
        Step(
            "cluster_motifs.py",
            f"--motif-set {known} --out modes.tsv --status modes.status.json",
            "modes.tsv",
            ("scipy",),
        ),
        Step(
            "count_modes.py",
            "--tomtom demo.explainn.tomtom.tsv --modes modes.tsv --id demo.explainn",
            "demo.explainn.modes.tsv",
            ("pandas",),
        ),
        Step("streme_sequences.py", f"{data} --id demo", "demo.streme_tasks.tsv"),
        Step(
            "score_cycles.py",
            f"--units {run}.units.meme --dataset cycles.dataset.parquet --id c",
            "c.cycles.tsv",
        ),
        Step("choose_profiles.py", f"--motifs few.meme {options} --id demo", "demo.initial.meme"),
        *_replicate(3, "--initial demo.initial.meme"),
        Step(
            "drift_units.py",
            f"{drift} --initial demo.initial.meme {options} --id {third}",
            f"{third}.drift.tsv",
            ("pandas",),
        ),
        Step(
            "read_variants.py",
            "--spec v.json --variants in.vcf --header demo.header.json --id demo"
            " --genome genome.fa",
            "demo.variants.parquet",
        ),
        Step("judge_variants.py", judged, "demo.explainn.variants.vcf.gz.tbi"),
        Step(
            "read_hits.py",
            f"--spec h.json --regions in.bed {data} --id demo --genome genome.fa",
            "demo.hits_regions.parquet",
        ),
        Step(
            "find_hits.py",
            f"--models {_every('model.safetensors')} {data} {options} --genome genome.fa"
            " --rows demo.explainn.evidence.tsv --motifs demo.explainn.evidence.meme"
            " --regions demo.hits_regions.parquet --read demo.hits_read.json --id demo.explainn",
            "demo.explainn.hits.bed.gz.tbi",
        ),
        Step("read_shared.py", "--holds motifs --files few.meme", "shared.status.json"),
        Step(
            "report.py",
            "--inputs results --params params.json --versions versions.yml --out report",
            "report/methods.html",
            ("scipy",),
        ),
    ]


STEPS = _steps()


def _fasta(names: list[str], codes: dna.Codes) -> str:
    return "".join(
        f">{name}\n{text}\n" for name, text in zip(names, dna.decode(codes), strict=True)
    )


def _vcf(genome: str) -> str:
    head = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    rows = [
        f"chrA\t{at}\t.\t{genome[at - 1]}\t{'CGTA'['ACGT'.index(genome[at - 1])]}\t.\t.\t.\n"
        for at in (150, 250)
    ]
    return head + "".join(rows)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a user gives, and what the steps are asked."""
    try:
        library.load()
    except library.KernelError as error:
        pytest.skip(f"needs the native kernel, but {error}")
    folder = tmp_path_factory.mktemp("light")
    data = planted(240)
    chosen = np.flatnonzero(data.labels[:, 0] == 1)
    (folder / "in.fa").write_text(_fasta([f"p{row}" for row in chosen], data.codes[chosen]))
    (folder / "genome.fa").write_text(f">chrA\n{''.join(dna.decode(data.codes[:20]))}\n")
    (folder / "in.bed").write_text("chrA\t100\t200\nchrA\t300\t340\n")
    (folder / "in.vcf").write_text(_vcf("".join(dna.decode(data.codes[:20]))))
    motifs = ["MEME version 4\n\nALPHABET= ACGT\n"]
    for name, word in (("M1", "TGACTCAT"), ("M2", "CACGTGAC"), ("M3", "GATAAGGC")):
        rows = "\n".join(" ".join(".91" if b == base else ".03" for b in "ACGT") for base in word)
        motifs.append(f"MOTIF {name} {name}\nletter-probability matrix: alength= 4 w= 8\n{rows}\n")
    (folder / "few.meme").write_text("\n".join(motifs))
    spec = {
        "id": "demo",
        "assay": "sequences",
        "seed": 1,
        "rows": [{"sample": "demo", "data": 0, "negatives": "shuffle"}],
        "files": [{"name": "in.fa", "path": "in.fa"}],
        "options": {"min_positives": 10, "split_by": "random"},
    }
    for name, content in (
        ("spec", spec),
        ("o", OPTIONS),
        ("e", {"name": "in.bed", "genome": "genome.fa"}),
        ("v", {"name": "in.vcf", "genome": "genome.fa", "variant_offsets": "0"}),
        ("h", {"name": "in.bed", "word": None, "genome": "genome.fa"}),
    ):
        (folder / f"{name}.json").write_text(json.dumps(content))
    write_dataset(planted(200, "multiclass"), folder / "cycles.dataset.parquet")
    report_fixtures.write_results(folder / "results", report_fixtures.DEMO[:2])
    report_fixtures.write_run(folder)
    return folder


def test_the_main_path_needs_no_torch_and_little_else(root: Path, inputs: Path) -> None:
    """Step by step, each from what the ones before it wrote."""
    assert planted(2).meta.length == LENGTH
    for step in STEPS:
        refused = tuple(name for name in HEAVY if name not in step.may)
        done = refusing(root, step.script, *step.arguments.split(), refused=refused, folder=inputs)
        told = f"{step.script} {step.arguments}\n{done.stderr}"
        assert done.returncode == 0, told
        made = inputs / step.made
        assert made.is_file() and made.stat().st_size, told
        for status in inputs.glob("*.json"):
            assert '"state": "error"' not in status.read_text(), (told, status.read_text())
        assert "is refused" not in done.stderr, told
    model = (inputs / "demo.explainn.r1.model.tsv").read_text()
    assert model.splitlines()[1].split("\t")[2] in ("avx512", "avx2", "portable")


def test_every_script_starts_light(root: Path, tmp_path: Path) -> None:
    """Also those that load torch later."""
    scripts = sorted(path.name for path in (root / "bin").glob("*.py"))
    run = {step.script for step in STEPS}
    assert {*LOADED, *WITH_TORCH, *run} <= set(scripts) and not run & {*WITH_TORCH}
    for name in scripts:
        refused = tuple(one for one in HEAVY if one not in LOADED.get(name, ()))
        done = refusing(root, name, "--help", refused=refused, folder=tmp_path)
        assert done.returncode == 0 and not done.stderr, f"{name}\n{done.stderr}"


def test_the_refusal_refuses(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "one.py").write_text("import numpy\nimport torch.nn\n")
    done = refusing(tmp_path, "one.py", refused=("torch",), folder=tmp_path)
    assert done.returncode and "torch is refused\n" in done.stderr
