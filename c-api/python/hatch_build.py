"""Puts the library into the wheel.

Four environment variables change how:

POOLCOUNTER_LIBRARY: a built library. Otherwise cargo builds one for this machine.
POOLCOUNTER_LICENCES: a file with the licences of the crates in the library, for a wheel that others install.
POOLCOUNTER_PLATFORM: the platform in the tag of the wheel, such as `manylinux_2_17_aarch64`.
STRIP: the program that strips the library. That of another architecture is needed for its library.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NAME = "libpoolcounter.so.0"

INSTEAD = "or install a wheel, or name a built libpoolcounter in POOLCOUNTER_LIBRARY"


class LibraryHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the library, stripped."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before the wheel is made; an editable one finds an installed library, as any program does."""
        if version == "editable":
            return
        built = self._library()
        self.folder = Path(tempfile.mkdtemp())
        library = self.folder / NAME
        shutil.copyfile(built, library)
        strip(library)
        build_data["pure_python"] = False
        tag = os.environ.get("POOLCOUNTER_PLATFORM") or f"linux_{platform.machine()}"
        build_data["tag"] = f"py3-none-{tag}"
        build_data["force_include"][str(library)] = f"poolcounter/{NAME}"
        licences = os.environ.get("POOLCOUNTER_LICENCES")
        if licences:
            build_data["force_include"][existing("POOLCOUNTER_LICENCES", licences)] = "poolcounter/THIRD-PARTY"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Called when the wheel is there."""
        del build_data, artifact_path
        if version != "editable":
            shutil.rmtree(self.folder)

    def _library(self) -> Path:
        named = os.environ.get("POOLCOUNTER_LIBRARY")
        if not named:
            return build(Path(self.root))
        return Path(existing("POOLCOUNTER_LIBRARY", named))


def existing(variable: str, name: str) -> str:
    """The absolute name of a file that an environment variable names."""
    if not Path(name).is_file():
        raise SystemExit(f"{variable} names {name}, which is not a file")
    return str(Path(name).resolve())


def build(package: Path) -> Path:
    """Builds the library from the source distribution or from the whole project."""
    # The source distribution has the Rust sources in `rust`.
    workspaces = [folder for folder in (package / "rust", package.parents[1]) if (folder / "Cargo.toml").exists()]
    if not workspaces:
        raise SystemExit("The source of libpoolcounter is not here: name a built library in POOLCOUNTER_LIBRARY")
    workspace = workspaces[0]
    check_tools(workspace)
    # First, so that it is known what failed.
    run_cargo(workspace, "fetch", "cargo cannot download the crates that libpoolcounter needs from the network")
    run_cargo(workspace, "build", "cargo cannot build libpoolcounter", "--release", "-p", "poolcounter_c")
    target = workspace / os.environ.get("CARGO_TARGET_DIR", "target")
    return target / "release" / "libpoolcounter_c.so"


def check_tools(workspace: Path) -> None:
    """Ends the build with one sentence if a tool is missing or too old."""
    manifest = (workspace / "Cargo.toml").read_text(encoding="utf-8")
    needed = re.findall(r'^rust-version = "([\d.]+)"', manifest, re.MULTILINE)[0]
    if shutil.which("cargo") is None:
        raise SystemExit(f"poolcounter needs cargo to be built: install Rust {needed} or later, {INSTEAD}")
    asked = subprocess.run(["cargo", "--version"], cwd=workspace, capture_output=True, text=True, check=False)
    found = re.findall(r"^cargo ([\d.]+)", asked.stdout)
    if not found:
        raise SystemExit(f"cargo --version fails, so poolcounter cannot be built: {last_line(asked.stderr)}")
    if numbers(found[0]) < numbers(needed):
        raise SystemExit(f"cargo {found[0]} is too old for poolcounter: install Rust {needed} or later, {INSTEAD}")
    if shutil.which("cc") is None:
        raise SystemExit(f"poolcounter needs a linker to be built: install a C compiler such as gcc, {INSTEAD}")


def run_cargo(workspace: Path, command: str, failure: str, *arguments: str) -> None:
    """Runs cargo, and ends the build with one sentence if it fails. Its other output is printed."""
    done = subprocess.run(
        ["cargo", command, "--locked", *arguments], cwd=workspace, stderr=subprocess.PIPE, text=True, check=False
    )
    print(done.stderr, end="", flush=True)
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if line.startswith("error")]
        raise SystemExit(f"{failure}: {errors[0] if errors else last_line(done.stderr)}")


def strip(library: Path) -> None:
    """Removes what only a debugger needs."""
    program = os.environ.get("STRIP") or "strip"
    if shutil.which(program) is None:
        raise SystemExit(f"poolcounter needs {program} to be built: install binutils")
    subprocess.run([program, "--strip-unneeded", library], check=True)


def numbers(version: str) -> tuple[int, ...]:
    """The version as numbers, which can be compared."""
    return tuple(int(part) for part in version.split("."))


def last_line(text: str) -> str:
    """The last line of a program's output."""
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it prints nothing"
