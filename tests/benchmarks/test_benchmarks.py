"""Every benchmark starts and prints its lines, in small, so that none can rot."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import contrasts
import harness
import pytest
import traced

from nextflow_runs import first_of

FOLDER = Path(harness.__file__).parent
ONE = ("--seeds", "1", "--epochs", "1")
# What makes a benchmark small, and the beginning of a line that it prints then.
SMALL: dict[str, tuple[tuple[str, ...], str]] = {
    "discovery": (("--sizes", "300", "--epochs", "1", "--threads", "1"), "discovery\tp300_t1"),
    "homology": (("--n", "2000", "--seeds", "1", "--epochs", "1"), "homology\tn2000 cpu_s"),
    "interactions": (
        (
            *("--only", "and", "--sets", "1", "--n", "600", "--units", "4", "--epochs", "1"),
            *("--data", "none"),
        ),
        "interactions\tand: sets with another pair",
    ),
    "interpretation": (
        ("--case", "n100_s1000_t1", "--pairs", "1"),
        "interpretation\tn100_s1000_t1",
    ),
    "contrasts": (
        ("--only", "planted", "--sets", "1", "--units", "5", "--epochs", "1"),
        "contrasts\tplanted, richer in A: sets with it on that side",
    ),
    "contrast_values": (
        ("--only", "planted", "--sets", "1", "--n", "500", "--units", "5", "--epochs", "1"),
        "contrast_values\tplanted, raises a: sets with it on that side",
    ),
    "large": (("--n", "2000"), "large\tn2000_l200_k50_interpret"),
    "learning_curve": (
        ("--sets", "MAFK", "--seeds", "1", "--positives", "600", "--epochs", "1"),
        "learning_curve\tMAFK_s1\t",
    ),
    "load": (("--n", "500"), "load\tn500_l200"),
    "memory": (("--n", "3000"), "memory\tn3000_l200_mib"),
    "names": (("--motifs", "3"), "names\twhole known 0.67 0.8 0.5"),
    "parity": (("--units", "3", "--epochs", "1", "--seeds", "2"), "parity\tmafk_n3_s2_auprc"),
    "predict": (("--n", "500"), "predict\tn500_l200_u100_r3_gib"),
    "planted": (
        (
            *("--models", "explainn", "--sequences", "600", "--epochs", "1", "--units", "5"),
            *("--backbones", "4", "--step", "40"),
        ),
        "planted\texplainn",
    ),
    "evidence": (
        (
            *("--only", "null", "--kinds", "random", "--positives", "150", "--sets", "1"),
            *("--replicates", "1", "--units", "4", "--epochs", "1"),
        ),
        "evidence\tnull random 150 robust 1 1 4: sets with a supported row",
    ),
    "hits": (
        ("--data", "none", "--positives", "200", "--units", "4", "--epochs", "2"),
        "hits\tplanted 0.2 variants",
    ),
    "samples": (
        ("--only", "twice", "--sets", "1", "--n", "1500"),
        "samples\ttwice: sets with the planted known motif",
    ),
    "step": (
        ("--kernel", "torch", "--case", "n50_b100_t1", "--pairs", "1"),
        "step_torch\tn50_b100_t1",
    ),
    "variants": (("--alleles", "400", "--sequences", "2"), "variants\tindel_1e6_r3_t1"),
    "verdicts": (
        ("--only", "demo CTCF", "--replicates", "1", "--epochs", "1", "--shared", "none"),
        "verdicts\tdemo CTCF\t",
    ),
}
# Those that run Nextflow, as a stub.
STUBS: dict[str, tuple[tuple[str, ...], str]] = {
    "scale": (("--cases", "reads", "--shrink", "2000", "-stub"), "scale\treads wall_s"),
    "small": (("--factors", "REST", "--sizes", "100", "-stub"), "small\tcpu\t"),
    "test_profile": (("-stub",), "test_profile\tcpu\t"),
}
# On a cluster of its own.
CLUSTERS: dict[str, tuple[tuple[str, ...], str]] = {
    "facility": (
        ("--rows", "2", "--tasks", "15", "--down", "5", "--profile", "slurm", "-stub"),
        "facility\tpeaks data_sets\t2",
    ),
}
ON_FIXTURES: dict[str, tuple[tuple[str, ...], str]] = {
    "best_pwm": (
        ("--factors", "REST", "--sizes", "100", "--yeast", "Cbf1", "--replicates", "1", *ONE),
        "best_pwm\tREST_100 sites",
    ),
    "partners": (
        ("--factors", "REST", "--size", "200", "--recipes", "robust", "--epochs", "2"),
        "partners\tREST_200 robust",
    ),
    "figure3": (
        ("--factors", "REST", "--sizes", "200", "--yeast", "--recipes", "robust", *ONE),
        "figure3\tREST_200 robust",
    ),
    "robust": (
        ("--factors", "REST", "--sizes", "200", "--recipes", "robust", *ONE),
        "robust\tREST_200_pwm_robust",
    ),
}
ON_DATA: dict[str, tuple[tuple[str, ...], str]] = {
    "assays": (("--only", "prdm13", "--seeds", "101", "--epochs", "1"), "assays\tprdm13 r1"),
    "pbm_variants": (
        ("--only", "Sp1", "--probes", "4000", "--seeds", "101", "--epochs", "1"),
        "pbm_variants\tSp1 all spearman",
    ),
    "figure1": (("--models", "explainn", "cnn1", "--units", *ONE), "figure1\texplainn"),
    "plug_and_play": (("--count", "3", "--ways", "frozen", *ONE), "plug_and_play\tfrozen"),
    "transfer": (ONE, "transfer\tnam "),
}


def start(name: str, arguments: tuple[str, ...], folder: Path) -> str:
    """Run a benchmark by itself in a folder; give what it prints."""
    done = subprocess.run(
        [sys.executable, str(FOLDER / f"{name}.py"), *arguments],
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1", "NXF_OFFLINE": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def check(some: dict[str, tuple[tuple[str, ...], str]], name: str, folder: Path) -> None:
    arguments, line = some[name]
    said = start(name, arguments, folder)
    assert any(found.startswith(line) for found in said.splitlines()), said


def test_every_benchmark_has_its_trial() -> None:
    assert sorted({**SMALL, **STUBS, **CLUSTERS, **ON_FIXTURES, **ON_DATA}) == harness.names()
    assert set(harness.QUICK) <= set(harness.names())


@pytest.mark.parametrize("name", SMALL)
def test_starts(name: str, tmp_path: Path) -> None:
    check(SMALL, name, tmp_path)


def test_a_contrast_trained_twice_gives_the_same_rows_with_sides_exchanged(tmp_path: Path) -> None:
    few = ("--sets", "1", "--units", "5", "--epochs", "1", "--check")
    said = start("contrasts", ("--only", "swap", *few), tmp_path)
    assert "contrasts\tswap: sets with the same rows\t1\t1\t1" in said.splitlines()


def test_a_bar_that_is_missed_ends_with_a_failure() -> None:
    assert not contrasts.Bar("a", 2, 1, 3).met and contrasts.Bar("a", 1, 1, 3).met
    assert not contrasts.Bar("a", 1, 2, 3, at_least=True).met
    line = {"kind": "null", "supported": "0", "p": "0.2", "seconds": "9"}
    lines = [line] * 16 + [line | {"supported": "1", "p": "0.01"}] * 4
    found = {bar.label: (bar.ours, bar.asked, bar.met) for bar in contrasts.summary("null", lines)}
    assert found["null: sets with a supported motif"] == (4, 3, False)
    assert found["null: sets with global p <= .05"] == (4, 3, False)
    assert found["null: CPU seconds, mean"] == (9, 30, True)
    real = {"a": "CTCF", "b": "JUND", "n_a": "421", "n_b": "193", "seconds": "9"}
    real |= {"motifs": "FOSL2::JUND@JUND:0.128:2e-27 CTCF@CTCF:0.044:5e-03"}
    (first, sure, _) = contrasts.summary("real", [real])
    assert first.met and sure.met  # .01 is enough of fewer than 340 windows
    other = real | {"motifs": "CTCF@CTCF:0.1:1e-9 SP1@JUND:0.1:1e-9 FOS@JUND:0.0:1e-9"}
    assert not next(contrasts.summary("real", [other])).met


def test_lines_that_are_kept_are_read_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = ("kind", "p")
    lines = [harness.as_texts({"kind": "null", "p": p}, columns) for p in (0.25, 1e-9)]
    harness.keep(lines, columns, tmp_path / "table.tsv")
    assert harness.read_lines(tmp_path / "table.tsv", columns) == lines
    assert capsys.readouterr().err == "# null 1e-09\n"
    harness.keep(lines, columns, None)


def test_a_bar_that_was_not_measured_is_missed(tmp_path: Path) -> None:
    command = [sys.executable, str(FOLDER / "contrasts.py"), "--only", "real", "--data", "none"]
    done = subprocess.run(
        [*command, "--check"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and "Missed: real: not all sets were run." in done.stderr
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("name", STUBS)
def test_starts_a_stub_run(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if name == "small":
        request.getfixturevalue("data_dir")
    check(STUBS, name, tmp_path)


@pytest.mark.slurm
@pytest.mark.parametrize("name", CLUSTERS)
def test_starts_on_a_cluster(name: str, tmp_path: Path, data_dir: Path) -> None:
    if os.getuid() != 0 or not Path("/etc/debian_version").exists():
        pytest.skip("needs root on Debian: tests/engines/two_nodes.sh starts a SLURM of two nodes")
    arguments, line = CLUSTERS[name]
    check({name: ((*arguments, "--data", str(data_dir)), line)}, name, tmp_path)


@pytest.mark.parametrize("name", ON_FIXTURES)
def test_starts_on_fixtures(name: str, tmp_path: Path, fixtures_dir: Path) -> None:
    arguments, line = ON_FIXTURES[name]
    given = (*arguments, "--fixtures", str(fixtures_dir / "streme"))
    check({name: (given, line)}, name, tmp_path)


@pytest.mark.minutes
@pytest.mark.parametrize("name", first_of([[name] for name in sorted(ON_DATA)], 3))
def test_starts_on_real_data(name: str, tmp_path: Path, data_dir: Path) -> None:
    assert data_dir.is_dir()
    check(ON_DATA, name, tmp_path)


def test_no_such_benchmark() -> None:
    command = [sys.executable, str(FOLDER / "harness.py"), "load", "lode"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "there is no benchmark lode" in done.stderr and "load" in done.stderr


def test_a_trace_is_summed_up(tmp_path: Path) -> None:
    trace = tmp_path / "trace.txt"
    trace.write_text(
        "name\tstatus\tstart\tcomplete\trealtime\t%cpu\tpeak_rss\n"
        "A:B:TRAIN (x.r1)\tCOMPLETED\t10000\t14000\t4000\t150.0\t3000000000\n"
        "A:B:TRAIN (x.r2)\tCOMPLETED\t11000\t13000\t2000\t50.0\t2000000000\n"
        "PREPARE (x)\tCOMPLETED\t16000\t17000\t1000\t-\t-\n"
        "PREPARE (y)\tFAILED\t16000\t19000\t3000\t100.0\t9000000000\n"
    )
    found = traced.summary(traced.read_trace(trace), 8.0, 20.0)
    assert found.cpu == {"TRAIN": 7.0, "PREPARE": 0.0}
    assert found.longest == {"TRAIN": 6.0, "PREPARE": 0.0}
    assert found.peak == {"TRAIN": 3.0, "PREPARE": 0.0}
    assert (found.tasks, found.wall) == (3, 12.0)
    assert found.idle == pytest.approx(1 - 5 / 12)


def test_lines_of_a_pair(capsys: pytest.CaptureFixture[str]) -> None:
    ours = traced.Measured({"TRAIN": 6.0, "SUMMARISE": 1.0}, 2, 10.0, 0.25)
    other = traced.Measured({"TRAIN": 9.0, "ANNOTATE": 5.0}, 3, 20.0, 0.5)
    traced.print_measured("small", ours, other)
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert ["small", "cpu_TRAIN", "6", "9", "1.5"] in lines
    assert ["small", "cpu_ANNOTATE", "0", "5", "inf"] in lines
    assert ["small", "cpu_SUMMARISE", "1", "0", "0.0"] in lines
    assert ["small", "cpu", "7", "14", "2.0"] in lines
    assert ["small", "idle", "0.25", "0.5", "2.0"] in lines
    traced.print_measured("small", ours, None)
    assert "small\tcpu\t7\tnan\tnan" in capsys.readouterr().out
