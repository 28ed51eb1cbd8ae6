"""Puts the Rust sources of libpoolcounter into the source distribution, as a workspace of their own."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MEMBERS = ["core", "c-api", "c-api/macros"]

LICENCES = ["LICENSE-APACHE", "LICENSE-MIT"]

COPIED = [
    "Cargo.lock",
    "core/src",
    "c-api/abi/number",
    "c-api/build.rs",
    "c-api/src",
    "c-api/macros/src",
]


class RustHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the folder `rust`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before the archive is made. A source distribution has the folder already."""
        del version
        package = Path(self.root)
        self.folder = Path(tempfile.mkdtemp())
        if (package / "rust").exists():
            rust = package / "rust"
        else:
            rust = self.folder / "rust"
            stage(package.parents[1], rust)
        for name in LICENCES:
            # In the project they are links, which lead out of the archive.
            build_data["force_include"].pop(str(package / name), None)
            build_data["force_include"][str((package / name).resolve())] = name
        for file in sorted(rust.rglob("*")):
            if file.is_file() and "target" not in file.relative_to(rust).parts:
                build_data["force_include"][str(file)] = f"rust/{file.relative_to(rust)}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Called when the archive is there."""
        del version, build_data, artifact_path
        shutil.rmtree(self.folder)


def stage(workspace: Path, rust: Path) -> None:
    """Copies what libpoolcounter is built from. Its tests stay behind, and so do the crates that only they need."""
    for name in COPIED:
        source, copy = workspace / name, rust / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy)
        else:
            shutil.copyfile(source, copy)
    members = ", ".join(f'"{member}"' for member in MEMBERS)
    manifest = (workspace / "Cargo.toml").read_text(encoding="utf-8")
    manifest = re.sub(r"(?m)^members = .*$", f"members = [{members}]", manifest)
    manifest = re.sub(r"(?m)^(# .*\n)*(exclude|default-members) = .*\n", "", manifest)
    (rust / "Cargo.toml").write_text(manifest, encoding="utf-8")
    for member in MEMBERS:
        manifest = (workspace / member / "Cargo.toml").read_text(encoding="utf-8")
        manifest = re.sub(r"(?ms)^\[(dev-dependencies|\[test\])\]\n.*?(?=^\[|\Z)", "", manifest)
        (rust / member / "Cargo.toml").write_text(manifest, encoding="utf-8")
    # Removes the packages that are not needed any more from Cargo.lock. All others keep their versions.
    try:
        subprocess.run(["cargo", "update", "--quiet", "--workspace"], cwd=rust, check=True)
    except FileNotFoundError:
        raise SystemExit("the source distribution of poolcounter is made with cargo, which is not installed") from None
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"cargo update fails, so the source distribution cannot be made: {error}") from None
