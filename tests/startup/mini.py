"""A pipeline of two processes over the project's real executor configuration."""

from __future__ import annotations

from pathlib import Path

from startup.conftest import ROOT

MAIN = """
process ON_GPU {
    label 'process_gpu'
    ext environment: 'torch'
    output: stdout
    script: "echo 'accelerator: ${task.accelerator?.request}'"
}
process ON_CPU {
    output: stdout
    script: "echo 'accelerator: ${task.accelerator?.request}'"
}
workflow {
    ON_GPU() | view { text -> "ON_GPU ${text}" }
    ON_CPU() | view { text -> "ON_CPU ${text}" }
}
"""


def write(folder: Path) -> None:
    """Write the pipeline; its profiles are those of nextflow.config, from the same files."""
    names = ("slurm", "gpu", "awsbatch", "google_batch", "k8s")
    profiles = "\n".join(f"{n} {{ includeConfig '{ROOT}/conf/{n}.config' }}" for n in names)
    (folder / "main.nf").write_text(MAIN)
    (folder / "nextflow.config").write_text(
        "params { device = 'auto'; container_image = 'registry/image:1'; image_registry = null }\n"
        "params.torch_container = 'registry/torch:1'\n"
        "process.errorStrategy = 'ignore'\nexecutor.pollInterval = '1 sec'\n"
        f"includeConfig '{ROOT}/conf/engines.config'\n"
        f"profiles {{ {profiles} }}\n"
    )
