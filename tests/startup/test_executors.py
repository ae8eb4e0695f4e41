"""The GPU switch and the executors' profiles: what Nextflow makes of them, without a GPU."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nextflow as startup_nextflow
import pytest

from nextflow_runs import first_of
from startup import mini
from startup.conftest import ROOT, executable

GPU_FLAGS = ("--gpus all", "--nv", "--gres=gpu:1")


def generated(folder: Path, profiles: str, *more: str) -> dict[str, str]:
    """Run the small pipeline and return each process's task script as Nextflow wrote it.

    The engines are shams that refuse the task, and the cluster is one that runs it at once: what
    is looked at is what they were told to do.
    """
    mini.write(folder)
    for name in ("docker", "podman", "apptainer", "singularity", "squeue"):
        executable(folder / "bin" / name, "exit 1")
    executable(folder / "bin" / "sbatch", 'bash "$1" >/dev/null 2>&1; echo Submitted batch job 7')
    (folder / "cache").mkdir()
    for name in ("image", "torch"):
        (folder / "cache" / f"registry-{name}-1.img").write_text("")
    command = [str(ROOT / "nextflow"), "run", "main.nf", "--container_image", "registry/image:1"]
    command += ["-ansi-log", "false", *more]
    if profiles:
        command += ["-profile", profiles]
    variables = dict(
        os.environ,
        PATH=f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        NXF_APPTAINER_CACHEDIR=str(folder / "cache"),
        NXF_SINGULARITY_CACHEDIR=str(folder / "cache"),
        NXF_OFFLINE="true",
    )
    finished = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, timeout=100
    )
    scripts = [path.read_text() for path in folder.glob("work/*/*/.command.run")]
    assert len(scripts) == 2, finished.stdout + finished.stderr
    return {name: next(s for s in scripts if name in s) for name in ("ON_GPU", "ON_CPU")}


@pytest.mark.parametrize(
    ("profiles", "arguments", "flags"),
    first_of(
        [
            ("docker", (), ()),
            ("docker,gpu", (), ("--gpus all",)),
            ("singularity,gpu", (), ("--nv",)),
            ("slurm,apptainer", ("--device", "gpu"), ("--gres=gpu:1", "--nv")),
            ("docker", ("--device", "cpu"), ()),
            ("docker", ("--device", "gpu"), ("--gpus all",)),
            ("gpu,apptainer", (), ("--nv",)),
            ("gpu", (), ()),
            ("slurm", (), ()),
            ("slurm,gpu", (), ("--gres=gpu:1",)),
        ],
        4,
    ),
)
def test_gpu_flags_are_where_they_belong_and_nowhere_else(
    tmp_path: Path, profiles: str, arguments: tuple[str, ...], flags: tuple[str, ...]
) -> None:
    scripts = generated(tmp_path, profiles, *arguments)
    assert {flag for flag in GPU_FLAGS if flag in scripts["ON_GPU"]} == set(flags)
    assert not any(flag in scripts["ON_CPU"] for flag in GPU_FLAGS)


def test_containers_keep_the_gpu_that_the_cluster_gave(tmp_path: Path) -> None:
    assert "CUDA_VISIBLE_DEVICES" in generated(tmp_path, "slurm,apptainer,gpu")["ON_GPU"]


@pytest.mark.parametrize(("profile", "images"), [("docker", "/{}:1"), ("apptainer", "-{}-1.img")])
def test_each_task_gets_the_image_that_it_needs(tmp_path: Path, profile: str, images: str) -> None:
    scripts = generated(tmp_path, profile)
    core, torch = images.format("image"), images.format("torch")
    assert core in scripts["ON_CPU"] and torch not in scripts["ON_CPU"]
    assert torch in scripts["ON_GPU"] and core not in scripts["ON_GPU"]


def test_docker_runs_tasks_as_the_user(tmp_path: Path) -> None:
    assert "-u $(id -u):$(id -g)" in generated(tmp_path, "docker")["ON_CPU"]


CLOSURES = """
def engine = args[1] ?: null
def config = nextflow.config.ConfigParserFactory.create()
    .setProfiles(args[0].tokenize(',')).parse(java.nio.file.Path.of(args[2]))
def names = [params: [device: args[3]], workflow: [containerEngine: engine]]
def task = [executor: config.process.executor ?: null]
config.process.findAll { name, _ -> name.startsWith('withLabel:') }.each { selector, settings ->
    def pattern = selector - 'withLabel:'
    if ('process_gpu' ==~ pattern) settings.each { name, value ->
        if (value instanceof Closure) {
            value = value.rehydrate(names + [task: task], null, null)
            value.resolveStrategy = Closure.DELEGATE_FIRST
            value = value.call()
        }
        task[name] = value
    }
}
println([task.executor, task.accelerator, task.containerOptions, task.queue].join(';'))
"""


@pytest.mark.parametrize(
    ("profile", "device", "expected"),
    first_of(
        [
            ("awsbatch", "gpu", "awsbatch;1;null;nf-explainn-gpu"),
            ("awsbatch", "auto", "awsbatch;null;null;nf-explainn"),
            ("google_batch", "gpu", "google-batch;[request:1, type:nvidia-tesla-t4];null;null"),
            ("google_batch", "cpu", "google-batch;null;null;null"),
            ("k8s", "gpu", "k8s;[request:1, type:nvidia.com/gpu];null;null"),
            ("k8s", "auto", "k8s;null;null;null"),
            ("docker", "gpu", "null;1;--gpus all;null"),
        ],
        3,
    ),
)
def test_services_get_an_accelerator_and_no_container_flag(
    tmp_path: Path, profile: str, device: str, expected: str
) -> None:
    mini.write(tmp_path)
    script = tmp_path / "closures.groovy"
    script.write_text(CLOSURES)
    java = startup_nextflow.find_java()
    jars = startup_nextflow.locked_jars()
    command = [str(java), "-cp", f"{jars}/*", "groovy.ui.GroovyMain", str(script)]
    said = subprocess.check_output(
        [*command, profile, "docker", str(tmp_path / "nextflow.config"), device], text=True
    )
    assert said.strip().splitlines()[-1] == expected


@pytest.mark.parametrize("parser", ["v1", "v2"])
@pytest.mark.parametrize(
    ("profile", "lines"),
    [
        ("slurm", ["executor = 'slurm'"]),
        ("awsbatch", ["executor = 'awsbatch'", "queue = 'nf-explainn'", "region = "]),
        ("google_batch", ["executor = 'google-batch'", "project = 'my-project'", "spot = true"]),
        ("azurebatch", ["executor = 'azurebatch'", "queue = 'nf-explainn'", "location = "]),
        ("k8s", ["executor = 'k8s'", "namespace = 'default'", "storageClaimName = "]),
        ("test,docker,gpu", ["device = 'gpu'", "runOptions = "]),
        ("conda", ["enabled = true", "conda = 'bioconda::meme=5.5.9'", "peakvi/environment.yml'"]),
        ("docker,arm64", ["arch = 'arm64'", "runOptions = "]),
        ("test,apptainer", ["envWhitelist = 'CUDA_VISIBLE_DEVICES'"]),
    ],
)
def test_each_example_is_a_valid_configuration(profile: str, lines: list[str], parser: str) -> None:
    """Without the plugins of clouds, which are no part of the environment."""
    is_valid(profile, lines, parser)


def test_wave_is_a_valid_configuration() -> None:
    """The newer parser asks for its plugin, which there is none of here."""
    is_valid("wave,apptainer", ["ociAutoPull = true", "strategy = ['container']"], "v1")


def is_valid(profile: str, lines: list[str], parser: str) -> None:
    finished = subprocess.run(
        [str(ROOT / "nextflow"), "config", "-profile", profile, "."],
        cwd=ROOT,
        env=dict(
            os.environ, NXF_OFFLINE="true", NXF_SYNTAX_PARSER=parser, NXF_PLUGINS_DEFAULT="false"
        ),
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr
    assert [line for line in lines if line not in finished.stdout] == []


@pytest.mark.parametrize(
    ("which", "parameter"), [("core", "container_image"), ("torch", "torch_container")]
)
def test_the_configured_image_is_what_nextflow_would_use(which: str, parameter: str) -> None:
    name = subprocess.check_output(
        [sys.executable, str(ROOT / "containers" / "tag.py"), which], text=True
    ).strip()
    command = [str(ROOT / "nextflow"), "config", "-flat", "-profile", "docker", "."]
    said = subprocess.check_output(command, cwd=ROOT, text=True)
    assert f"params.{parameter} = '{name}'" in said


@pytest.mark.parametrize("profile", ["test", "test_all", "test_analyses", "demo"])
def test_demo_profiles_leave_what_a_training_may_ask_for(profile: str) -> None:
    """A block of the same label in a later file replaces the whole one."""
    command = [str(ROOT / "nextflow"), "config", "-profile", profile, "."]
    said = subprocess.check_output(command, cwd=ROOT, text=True)
    block = said.partition("withLabel:process_medium {")[2].partition("}\n   }")[0]
    memory = "((task.ext.environment == 'torch' ? 6.GB : 3.GB) + 20.B * (task.ext.bytes ?: 0))"
    assert "memory = { " + memory + " * task.attempt }" in block
    assert "time = { (8.h + 360.ms" in block
