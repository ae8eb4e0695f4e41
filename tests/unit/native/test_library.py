"""Where the kernel comes from: an image's folder, the cache, a compiler, or nowhere."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nfexplainn.errors import UserError
from nfexplainn.models.explainn import ExplaiNNConfig
from nfexplainn.native import build, library, units


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A cache of its own, the smallest object, and nothing loaded yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv(library.ISA_VARIABLE, "portable")
    monkeypatch.delenv(library.FOLDER_VARIABLE, raising=False)
    monkeypatch.setattr(
        build, "COMMON_FLAGS", tuple("-O0" if f == "-O3" else f for f in build.COMMON_FLAGS)
    )
    library._load.cache_clear()
    build.source_digest.cache_clear()
    yield
    library._load.cache_clear()
    build.source_digest.cache_clear()


@pytest.fixture
def compiler() -> build.Compiler:
    try:
        return build.find_compiler()
    except build.BuildError as error:
        pytest.skip(f"needs a compiler: {error}")


def built(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.so"))


def test_built_once_into_the_cache(tmp_path: Path, compiler: build.Compiler) -> None:
    kernel = library.load()
    assert kernel.path.is_relative_to(tmp_path / "cache" / "nf-explainn" / "kernel")
    assert built(tmp_path) == [kernel.path]
    assert not list(kernel.path.parent.glob(".build-*"))
    changed = kernel.path.stat().st_mtime_ns
    library._load.cache_clear()
    assert library.load().path == kernel.path
    assert kernel.path.stat().st_mtime_ns == changed
    assert build.cache_dir(compiler) == kernel.path.parent
    assert build.cache_dir(build.Compiler(compiler.command, "another")) != kernel.path.parent


@pytest.mark.usefixtures("compiler")
def test_the_image_s_folder_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = tmp_path / "image"
    monkeypatch.setattr(build, "machine_isas", lambda: ("portable",))
    build.main(["--out", str(image)])
    monkeypatch.setenv(library.FOLDER_VARIABLE, str(image))
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(build.importlib.util, "find_spec", lambda _: None)
    assert library.load().path.parent == image
    assert not (tmp_path / "cache").exists()


@pytest.mark.usefixtures("compiler")
def test_other_sources_object_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = tmp_path / "image"
    image.mkdir()
    (image / "kernel-0123456789abcdef-portable.so").write_bytes(b"old")
    monkeypatch.setenv(library.FOLDER_VARIABLE, str(image))
    assert library.load().path.is_relative_to(tmp_path / "cache")


@pytest.mark.usefixtures("compiler")
def test_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    path = library.load().path
    assert path.is_file()
    assert not path.is_relative_to(tmp_path / "cache")


def again() -> Path:
    """Load the kernel as another process does."""
    library._load.cache_clear()
    return library.load().path


@pytest.mark.usefixtures("compiler")
@pytest.mark.parametrize("damage", ["cut", "emptied", "turned", "without a digest", "other digest"])
def test_a_broken_object_is_built_again_and_never_loaded(
    tmp_path: Path, damage: str, capfd: pytest.CaptureFixture[str]
) -> None:
    (out := tmp_path / "out").mkdir()
    whole = build.build("portable", out, build.find_compiler())
    (folder := build.cache_dir(build.find_compiler())).mkdir(parents=True)
    path = folder / whole.name
    # a name of its own: the object that this process may have loaded must not be written into
    note = build.digest_path(path)
    note.write_text(build.digest_path(whole).read_text())
    content = whole.read_bytes()
    middle = len(content) // 2
    path.write_bytes(
        {
            "cut": content[:middle],
            "emptied": b"",
            "turned": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        }.get(damage, content)
    )
    if damage == "without a digest":
        note.unlink()
    elif damage == "other digest":
        note.write_text("0" * 64)
    assert again() == path
    assert f"{path} is broken" in capfd.readouterr().err
    assert build.fault(path) is None
    assert again() == path
    assert capfd.readouterr().err == ""


@pytest.mark.usefixtures("compiler")
def test_what_a_killed_build_left_is_removed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / ".build-killed").mkdir(parents=True)
    (out / ".build-killed" / "half.so").write_bytes(b"half")
    target = build.build("portable", out, build.find_compiler())
    assert {path.name for path in out.iterdir()} == {
        *(".lock", target.name),
        build.digest_path(target).name,
    }


@pytest.mark.usefixtures("compiler")
def test_a_broken_object_of_an_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a compiler another is built into the cache; without one the sentence says what to do."""
    image = tmp_path / "image"
    ready = build.build("portable", image, build.find_compiler())
    ready.write_bytes(ready.read_bytes()[:5000])
    monkeypatch.setenv(library.FOLDER_VARIABLE, str(image))
    assert again().is_relative_to(tmp_path / "cache")
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(build.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(library.KernelError, match=r"kernel-.*so is broken \(its 5000 bytes.*again"):
        again()


def test_the_digest_of_an_object_costs_under_ten_milliseconds(
    tmp_path: Path, compiler: build.Compiler
) -> None:
    path = build.build("portable", tmp_path, compiler)
    with path.open("ab") as handle:  # as large as the largest, which this -O0 is not
        handle.write(bytes(max(0, 250_000 - path.stat().st_size)))
    content = path.read_bytes()
    build.digest_path(path).write_text(hashlib.sha256(content).hexdigest())
    times = []
    for _ in range(5):
        begun = time.process_time()
        assert build.fault(path) is None
        times.append(time.process_time() - begun)
    assert min(times) < 0.01


def test_without_a_compiler_the_reason_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(build.importlib.util, "find_spec", lambda _: None)
    reason = units.why_unusable(ExplaiNNConfig(60, 1))
    assert reason is not None
    assert "no C++ compiler" in reason
    assert "\n" not in reason


def test_a_compiler_that_fails_gives_its_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "c++"
    version = 'if [ "$1" = --version ]; then echo broken 1.0; exit; fi'
    script.write_text(f'#!/bin/sh\n{version}\necho "x: error: no" >&2; exit 1\n')
    script.chmod(0o755)
    monkeypatch.setenv("CXX", str(script))
    reason = units.why_unusable(ExplaiNNConfig(60, 1))
    assert reason is not None
    assert "broken 1.0 failed: x: error: no" in reason
    assert not built(tmp_path)


def test_unknown_instruction_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(library.ISA_VARIABLE, "sse9")
    with pytest.raises(UserError, match=r"sse9.*avx2"):
        library.load()


@pytest.mark.usefixtures("compiler")
def test_two_builds_at_once_make_one_object(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from nfexplainn.native import build;"
        "build.COMMON_FLAGS = tuple('-O0' if f == '-O3' else f for f in build.COMMON_FLAGS);"
        f"print(build.build('portable', Path({str(tmp_path / 'out')!r}), build.find_compiler()))"
    )
    environment = {"PYTHONPATH": str(Path(build.__file__).parents[2]), "PATH": "/usr/bin:/bin"}
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment
        )
        for _ in range(2)
    ]
    paths = {run.communicate(timeout=300)[0].strip() for run in runs}
    assert [run.returncode for run in runs] == [0, 0]
    assert paths == {str(path) for path in built(tmp_path)}
    assert len(paths) == 1


def test_flags_are_safe_for_other_machines_and_for_nan() -> None:
    flags = [*build.COMMON_FLAGS, *(flag for isa in build.ISA_FLAGS.values() for flag in isa)]
    assert not any("native" in flag or "fast-math" in flag or "finite" in flag for flag in flags)
