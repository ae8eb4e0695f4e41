"""What reading the code can judge: style, types, sizes, modes, Nextflow's and nf-core's lint."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

PYTHON = ("bin", "tests", "benchmarks", "containers")


def check(root: Path, *command: str, **variables: str) -> str:
    """Run a checker in the project and return what it says, asserting that it is content."""
    finished = subprocess.run(
        command, cwd=root, capture_output=True, text=True, env=dict(os.environ, **variables)
    )
    said = finished.stdout + finished.stderr
    assert finished.returncode == 0, said
    return said


def tracked(root: Path, *patterns: str) -> list[Path]:
    names = subprocess.check_output(["git", "ls-files", *patterns], cwd=root, text=True)
    return [root / name for name in names.splitlines() if (root / name).exists()]


def folders(root: Path) -> list[str]:
    return [name for name in PYTHON if (root / name).is_dir()]


def test_ruff(root: Path) -> None:
    check(root, sys.executable, "-m", "ruff", "check", "--no-cache", *folders(root))


def test_ruff_format(root: Path) -> None:
    check(root, sys.executable, "-m", "ruff", "format", "--no-cache", "--check", *folders(root))


def test_mypy(root: Path, tmp_path: Path) -> None:
    check(root, sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path))


def test_no_module_is_too_long(root: Path) -> None:
    limits = {"bin/*.py": 400, "subworkflows/*.nf": 150, "modules/*.nf": 60, "main.nf": 90}
    long = {
        f"{path.relative_to(root)}: {lines} lines"
        for pattern, limit in limits.items()
        for path in tracked(root, pattern)
        if (lines := path.read_text().count("\n")) > limit
    }
    assert not long


def test_scripts_are_executable_in_git(root: Path) -> None:
    wanted = ("bin/*.py", "nextflow", "tests/run", ".ci/run", "benchmarks/run")
    listed = subprocess.check_output(["git", "ls-files", "-s", *wanted], cwd=root, text=True)
    modes = {line.split("\t")[1]: line.split()[0] for line in listed.splitlines()}
    scripts = {name: mode for name, mode in modes.items() if name.count("/") < 2}
    assert {name for name, mode in scripts.items() if mode != "100755"} == set()


def test_no_file_names_a_path_of_one_machine(root: Path) -> None:
    home = re.compile(r"(?<![\w.$}~>])/(?:home|root|Users)/\w+")
    named = {
        f"{path.relative_to(root)}: {found[0]}"
        for path in tracked(root, "bin", "conf", "modules", "subworkflows", "containers", "docs")
        if path.suffix in (".py", ".config", ".nf", ".md", ".sh")
        and (found := home.search(path.read_text()))
    }
    assert named <= {"conf/awsbatch.config: /home/ec2"}  # where the service's own image keeps it


def test_the_image_is_the_one_of_this_lock(root: Path) -> None:
    for which in ("core", "torch", "peakvi"):
        name = check(root, sys.executable, "containers/tag.py", which).strip()
        assert f"'{name}'" in (root / "nextflow.config").read_text()
        assert f'"{name}"' in (root / "nextflow_schema.json").read_text()


def test_nextflow_lint(root: Path) -> None:
    names = ("main.nf", "nextflow.config", "conf", "modules", "subworkflows")
    parts = [name for name in names if (root / name).exists()]
    said = check(root, "./nextflow", "lint", *parts)
    assert "had no errors" in said


def test_every_label_of_a_process_says_what_it_asks_for(root: Path) -> None:
    known = set()
    for name in ("base", "engines"):
        text = (root / f"conf/{name}.config").read_text()
        known |= set(re.findall(r"withLabel: '(\w+)'", text))
    used = {
        label
        for path in tracked(root, "modules")
        for label in re.findall(r"^ *label '(\w+)'", path.read_text(), re.MULTILINE)
    }
    assert "process_high" in used and used <= known


NFCORE_KEYS = """
nextflow_config schema_lint schema_params schema_description base_config modules_config
modules_structure local_component_structure system_exit merge_markers pipeline_todos
pipeline_if_empty_null template_strings
"""


def test_nf_core_lint_of_what_needs_no_network(root: Path, tmp_path: Path) -> None:
    keys = [word for key in NFCORE_KEYS.split() for word in ("-k", key)]
    command = [sys.executable, "-m", "nf_core", "--log-file", str(tmp_path / "log")]
    said = check(
        root,
        *command,
        *("pipelines", "lint", "--dir", ".", "--plain-text", *keys),
        PATH=f"{root}{os.pathsep}{os.environ['PATH']}",
        NO_COLOR="1",
    )
    assert "0 Tests Failed" in said


def test_no_two_modules_of_tests_have_one_name(root: Path) -> None:
    """Or pytest collects only the first, where both are asked for."""
    names = [path.name for path in tracked(root, "tests/*.py") if path.name.startswith("test_")]
    assert {name for name in names if names.count(name) > 1} == set()


# From the ground up: a folder may import those before it and itself ("" is the package's root).
LAYERS = ("", "native", "io", "data", "evaluation", "motifs", "models", "assays", "training")
LAYERS += ("interpret", "evidence", "results", "simulation", "page", "analyses", "library")
LAYERS += ("report",)


IMPORTED = re.compile(r'(?:from|import|_module\("|_modules\(") ?nfexplainn\.([\w.*]+)')


def test_imports_go_one_way(root: Path) -> None:
    package = root / "bin" / "nfexplainn"
    found = {path.name for path in package.iterdir() if (path / "__init__.py").exists()}
    assert found == set(LAYERS) - {""}
    backwards = []
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).parts
        own = parts[0] if len(parts) > 1 else ""
        # what the package's root loads late is for notebooks
        late = path == package / "__init__.py"
        for named in [] if late else IMPORTED.findall(path.read_text()):
            top = named.split(".")[0]
            if top in LAYERS and LAYERS.index(top) > LAYERS.index(own):
                backwards.append(f"{path.relative_to(package)} names nfexplainn.{named}")
    assert not backwards


def test_tests_of_a_folder_are_found_by_its_name(root: Path) -> None:
    folders = {path.name for path in (root / "tests" / "unit").iterdir() if path.is_dir()}
    assert folders - {"__pycache__"} <= {*LAYERS, "page"}
