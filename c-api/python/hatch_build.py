"""Puts the library into the wheel."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NAME = "libpoolcounter.so.0"


class LibraryHook(BuildHookInterface):  # type: ignore[type-arg]
    """Builds the library with cargo, unless POOLCOUNTER_LIBRARY names one, and adds it, stripped."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before the wheel is made; an editable one finds an installed library, as any program does."""
        if version == "editable":
            return
        self.folder = Path(tempfile.mkdtemp())
        library = self.folder / NAME
        shutil.copyfile(self._library(), library)
        subprocess.run(["strip", "--strip-unneeded", library], check=True)
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-linux_{platform.machine()}"
        build_data["force_include"][str(library)] = f"poolcounter/{NAME}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Called when the wheel is there."""
        del build_data, artifact_path
        if version != "editable":
            shutil.rmtree(self.folder)

    def _library(self) -> Path:
        named = os.environ.get("POOLCOUNTER_LIBRARY")
        return Path(named) if named else self._build()

    def _build(self) -> Path:
        workspace = Path(self.root).parents[1]
        if not (workspace / "Cargo.toml").exists():
            raise SystemExit("name a built libpoolcounter in POOLCOUNTER_LIBRARY: its source is not here")
        subprocess.run(["cargo", "build", "--release", "--locked", "-p", "poolcounter_c"], cwd=workspace, check=True)
        target = workspace / os.environ.get("CARGO_TARGET_DIR", "target")
        return target / "release" / "libpoolcounter_c.so"
