"""The wheel has the right files, and works without any other package."""

from __future__ import annotations

import os
import platform
import subprocess
import venv
import zipfile
from pathlib import Path

import pytest
from support import deadline
from support.daemon import WORKSPACE, Daemon

USE = """
import sys
from pathlib import Path
from poolcounter import Client, _functions
assert Path(_functions.BLOCKING._name).is_relative_to(sys.prefix), _functions.BLOCKING._name
with Client([sys.argv[1]]).lock("key", workers=1, maxqueue=10, timeout=5) as outcome:
    print(outcome.name)
"""


@pytest.fixture(scope="module")
def wheel() -> Path:
    """The one under test, which tests/run builds."""
    return Path(os.environ["POOLCOUNTER_WHEEL"])


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new virtual environment."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, with_pip=True, symlinks=True)
    return folder


def run(fresh: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs the environment's Python, with nothing of this one."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "POOLCOUNTER"))}
    command = [fresh / "bin" / "python", *arguments]
    return subprocess.run(command, env=outside, capture_output=True, text=True, timeout=deadline.SECONDS, check=False)


def test_what_is_in_it(wheel: Path) -> None:
    assert wheel.name == f"poolcounter-0.2.0-py3-none-linux_{platform.machine()}.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = archive.read("poolcounter-0.2.0.dist-info/METADATA").decode()
        kind = archive.read("poolcounter-0.2.0.dist-info/WHEEL").decode()
        for licence in ("LICENSE-MIT", "LICENSE-APACHE"):
            text = archive.read(f"poolcounter-0.2.0.dist-info/licenses/{licence}")
            assert text == (WORKSPACE / licence).read_bytes()
    assert {f"poolcounter/{name}" for name in ("libpoolcounter.so.0", "py.typed", "aio.py")} <= set(names)
    assert not [name for name in names if "test" in name or name.endswith((".rs", ".pyc"))]
    assert [line for line in metadata.splitlines() if line.startswith("Requires-Dist")] == [
        "Requires-Dist: thumbor>=7.5; extra == 'thumbor'",
        "Requires-Dist: pyyaml>=5.4; extra == 'yaml'",
    ]
    assert "Root-Is-Purelib: false" in kind


def test_its_library_is_stripped_and_small(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        library = Path(archive.extract("poolcounter/libpoolcounter.so.0", tmp_path))
    sections = subprocess.run(["readelf", "--wide", "-S", "-d", library], capture_output=True, text=True, check=True)
    assert ".dynsym" in sections.stdout
    assert ".symtab" not in sections.stdout
    assert "soname: [libpoolcounter.so.0]" in sections.stdout
    assert library.stat().st_size < 1_000_000


def test_it_is_installed_used_and_taken_away(wheel: Path, fresh: Path, daemon: Daemon) -> None:
    pip = ("-m", "pip", "--quiet", "--disable-pip-version-check")
    before = sorted(fresh.rglob("*"))
    installed = run(fresh, *pip, "install", "--no-index", "--no-compile", wheel)
    assert installed.returncode == 0, installed.stderr
    used = run(fresh, "-B", "-c", USE, daemon.address)
    assert (used.stdout, used.stderr) == ("LOCKED\n", "")
    removed = run(fresh, *pip, "uninstall", "--yes", "poolcounter")
    assert removed.returncode == 0, removed.stderr
    assert "No module named 'poolcounter'" in run(fresh, "-c", "import poolcounter").stderr
    assert [path for path in sorted(fresh.rglob("*")) if path not in before and path.suffix != ".pyc"] == []
