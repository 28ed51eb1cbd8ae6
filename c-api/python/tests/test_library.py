"""Which library is loaded, and which is refused."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import deadline

import poolcounter
from poolcounter import _functions, _library

LIBRARY = Path(_functions.BLOCKING._name)
SHOW = "import poolcounter._functions as f; print(f.BLOCKING._name)"


def run(package: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Loads the package of this folder, and prints what it loaded."""
    others = {name: value for name, value in os.environ.items() if name != "POOLCOUNTER_LIBRARY"}
    return subprocess.run(
        [sys.executable, "-B", "-c", SHOW],
        env={**others, "PYTHONPATH": str(package), **environment},
        capture_output=True,
        text=True,
        timeout=deadline.SECONDS,
        check=False,
    )


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder that has the package without a library."""
    folder = tmp_path / "bare"
    ignored = shutil.ignore_patterns("*.so.0", "__pycache__")
    shutil.copytree(Path(poolcounter.__file__).parent, folder / "poolcounter", ignore=ignored)
    return folder


def test_the_one_beside_the_package(bare: Path) -> None:
    beside = bare / "poolcounter" / "libpoolcounter.so.0"
    shutil.copy(LIBRARY, beside)
    assert run(bare).stdout == f"{beside}\n"


def test_the_one_of_the_system(bare: Path, tmp_path: Path) -> None:
    installed = tmp_path / "lib"
    installed.mkdir()
    shutil.copy(LIBRARY, installed / "libpoolcounter.so.0")
    assert run(bare, LD_LIBRARY_PATH=str(installed)).stdout == "libpoolcounter.so.0\n"


def test_the_one_that_is_named(bare: Path, tmp_path: Path) -> None:
    shutil.copy(LIBRARY, bare / "poolcounter" / "libpoolcounter.so.0")
    named = tmp_path / "mine.so"
    shutil.copy(LIBRARY, named)
    assert run(bare, POOLCOUNTER_LIBRARY=str(named)).stdout == f"{named}\n"


def test_none(bare: Path) -> None:
    done = run(bare, LD_LIBRARY_PATH="")
    assert done.returncode == 1
    assert "ImportError: cannot load libpoolcounter: libpoolcounter.so.0" in done.stderr
    assert "POOLCOUNTER_LIBRARY" in done.stderr


def test_something_else(bare: Path) -> None:
    done = run(bare, POOLCOUNTER_LIBRARY="libc.so.6")
    assert done.returncode == 1
    assert "ImportError: libc.so.6 is not libpoolcounter" in done.stderr


@pytest.mark.parametrize(
    ("abi", "version", "complaint"),
    [
        (0, "0.0.9", "libpoolcounter 0.0.9 is too old: version 0.2 or later is needed"),
        (1, "0.2.0", "libpoolcounter 0.2.0 has ABI 1, and ABI 0 is needed"),
        (-1, "1.2.3", "libpoolcounter 1.2.3 has ABI -1, and ABI 0 is needed"),
    ],
)
def test_another_library(bare: Path, tmp_path: Path, abi: int, version: str, complaint: str) -> None:
    library = tmp_path / "other.so"
    source = f'int pc_abi(void) {{ return {abi}; }} const char *pc_version(void) {{ return "{version}"; }}'
    command = ["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", str(library)]
    subprocess.run(command, input=source, text=True, check=True, timeout=deadline.SECONDS)
    done = run(bare, POOLCOUNTER_LIBRARY=str(library))
    assert done.returncode == 1
    assert f"ImportError: {complaint}" in done.stderr


def test_package_and_library_have_the_same_version() -> None:
    assert _functions.BLOCKING.pc_version().decode() == poolcounter.__version__
    # As c-api/abi/number has it.
    assert _library._NAME == "libpoolcounter.so.0"
