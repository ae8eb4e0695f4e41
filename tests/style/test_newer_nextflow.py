"""Patterns that Nextflow 26 refuses or deprecates, and that the lint of 25.04 does not see."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Find = Callable[[str], list[str]]


def code_of(text: str) -> str:
    """The text without its comments, and with the content of its strings blanked."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    kept = re.sub(r'"""(?:\\.|.)*?"""', '""', text, flags=re.DOTALL)
    kept = re.sub(r"'''(?:\\.|.)*?'''", "''", kept, flags=re.DOTALL)
    kept = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', kept)
    kept = re.sub(r"'(?:\\.|[^'\\\n])*'", "''", kept)
    return re.sub(r"//[^\n]*", "", kept)


def bare_types(text: str) -> list[str]:
    """`x instanceof T ? a : b` and `x as T ? a : b`: the type reads as the nullable `T?`."""
    return re.findall(r"\b(?:instanceof|as)\s+[\w.<>\[\]]+\s*\?(?![.:])[^\n]*", code_of(text))


def bodies(text: str) -> list[str]:
    """What stands in the braces of each workflow."""
    found = []
    for start in re.finditer(r"(?m)^workflow\b[^{\n]*\{", text):
        depth, at = 1, start.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(text[at], 0)
            at += 1
        found.append(text[start.end() : at - 1])
    return found


def returns(text: str) -> list[str]:
    """`return` in the body of a workflow."""
    return [line for body in bodies(code_of(text)) for line in re.findall(r"\breturn\b.*", body)]


def emitted_twice(text: str) -> list[str]:
    """`emit: files = summary` beside a `files` of the body, which the newer parser emits."""
    found = []
    for body in bodies(code_of(text)):
        above, _, emitted = body.partition("emit:")
        for name in re.findall(r"(?m)^\s*(\w+) *=", emitted):
            found += re.findall(rf"(?m)^\s*(?:def )?{name} *=|^\s*{name}\s*$", above)
    return found


def deprecated(text: str) -> list[str]:
    """What has had another way since before 25.04."""
    patterns = (
        r"\bChannel\.\w+",  # channel.of
        r"\.(?:set|tap)\s*\{",  # an assignment
        r"\baddParams\b",
        r"\bchannel\.from\(",  # channel.of, channel.fromList
        r"\bshell:\s*$",  # script:
        r"\beach\s+(?:val|path)\b",  # combine
        r"\bbaseDir\b",  # projectDir
        r"\bdefaultBranch\b",
        r"[{(]\s*it\b(?!\s*->)",  # a parameter with a name
    )
    code = code_of(text)
    return [found[0] for one in patterns for found in re.finditer(one, code, re.MULTILINE)]


@pytest.mark.parametrize(
    ("find", "bad", "good"),
    [
        (bare_types, "x instanceof List ? x : [x]", "(x instanceof List) ? x : [x]"),
        (bare_types, "n as int ? 1 : 2", "(n as int) ? 1 : 2 // n as int ? 1 : 2"),
        (bare_types, "a as Map<K> ? 1 : 2", "plan as int)?.name + 'x as y ? z'"),
        (returns, "workflow A {\n if (x) { return }\n}", "workflow A {\n}\ndef f() { return 1 }"),
        (
            emitted_twice,
            "workflow A {\n a = b\n emit:\n a = c\n}",
            "workflow A {\n b = c\n emit:\n a = b\n}",
        ),
        (
            emitted_twice,
            "workflow A {\n take:\n a\n emit:\n a = c\n}",
            "workflow A {\n emit:\n a\n}",
        ),
        (deprecated, "x.set { y }", "y = x.set"),
        (deprecated, "Channel.of(1)", "channel.of(1)"),
        (deprecated, "x.map { it * 2 }", "x.map { it -> it * 2 }"),
        (deprecated, "defaultBranch = 'main'", "// defaultBranch"),
    ],
)
def test_the_patterns_themselves(find: Find, bad: str, good: str) -> None:
    assert find(bad) and not find(good)


@pytest.mark.parametrize("find", [bare_types, returns, emitted_twice, deprecated])
def test_no_file_holds_such_a_pattern(root: Path, find: Find) -> None:
    names = subprocess.check_output(["git", "ls-files", "*.nf", "*.config"], cwd=root, text=True)
    files = [root / name for name in names.splitlines() if (root / name).exists()]
    assert len(files) > 80
    found = {f"{path.relative_to(root)}: {one}" for path in files for one in find(path.read_text())}
    assert not found


def test_the_entry_only_chooses_and_calls(root: Path) -> None:
    """The pipeline is a named workflow, which the entry calls."""
    pipeline = root / "subworkflows" / "local" / "pipeline" / "main.nf"
    named = re.findall(r"(?m)^workflow ?(\w*)", code_of(pipeline.read_text()))
    assert named == ["EXPLAINN", "APPLY"]
    (entry,) = bodies(code_of((root / "main.nf").read_text()))
    assert all(f"{name}(" in entry for name in named) and "channel" not in entry


def test_files_of_code_of_each_process(root: Path) -> None:
    """`python assets/generate.py` writes what Groovy hashes."""
    spec = importlib.util.spec_from_file_location("generate", root / "assets" / "generate.py")
    assert spec and spec.loader
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    for name, content in generate.files(root).items():
        assert (root / name).read_text(encoding="utf-8") == content, "run python assets/generate.py"
    code = generate.steps(root)
    scripts = {path.name for path in (root / "bin").glob("*.py")}
    started = {name.removeprefix("bin/") for files in code.values() for name in files}
    # what no process starts is for a developer, or kept for one model at a time
    assert scripts - started == {"evaluate.py", "motif_set.py", "simulate_assays.py"}
    used = {
        name
        for path in (root / "subworkflows").rglob("*.nf")
        for name in re.findall(r"\bcode\.([A-Z_]+)", path.read_text())
    }
    used |= set(re.findall(r"\bcode\.([A-Z_]+)", (root / "main.nf").read_text()))
    of_assays = {name for name in code if name.startswith("DATASET_PREPARE_")}
    assert used == set(code) - of_assays
    assert "bin/nfexplainn/native/source/kernel.cpp" in code["MODEL_TRAIN"]
    assert "bin/nfexplainn/report/page.css" in code["REPORT_COLLECT"]
    assert not any("/report/" in name for name in code["MODEL_TRAIN"])
    assert not any("/assays/" in name for name in code["MODEL_TRAIN"])
    # importlib and find_modules are given whole names or patterns, which the generator finds
    known = re.compile(r'import_module\((f?"nfexplainn|NATIVE\b)|find_modules\("nfexplainn')
    dynamic = [
        line
        for path in (root / "bin").rglob("*.py")
        if path.name != "modules.py"
        for line in path.read_text().splitlines()
        if ("import_module(" in line or "find_modules(" in line) and not known.search(line)
    ]
    assert not dynamic
