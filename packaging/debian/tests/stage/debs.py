"""The packages under test."""

from __future__ import annotations

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable

FOLDER = pathlib.Path(os.environ["PACKAGES"])


def deb(name: str, arch: str) -> pathlib.Path:
    """The file of a package."""
    found = [*FOLDER.glob(f"{name}_*_{arch}.deb"), *FOLDER.glob(f"{name}_*_all.deb")]
    assert len(found) == 1, f"{FOLDER} has {len(found)} files of {name} for {arch}"
    return found[0]


def field(file: pathlib.Path, name: str) -> str:
    """A field of a package."""
    command = ["dpkg-deb", "--field", str(file), name]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


def newer(file: pathlib.Path, folder: pathlib.Path, change: Callable[[pathlib.Path], None]) -> pathlib.Path:
    """The same package with a higher version, in this folder, after a change of its unpacked content."""
    version = field(file, "Version") + "+newer"
    made = folder / f"{field(file, 'Package')}_{version}_{field(file, 'Architecture')}.deb"
    with tempfile.TemporaryDirectory() as private:
        content = pathlib.Path(private) / "content"
        subprocess.run(["dpkg-deb", "--raw-extract", str(file), str(content)], check=True, timeout=60)
        control = content / "DEBIAN" / "control"
        control.write_text(re.sub(r"(?m)^Version: .*$", f"Version: {version}", control.read_text()))
        change(content)
        sums = content / "DEBIAN" / "md5sums"
        names = [line.split("  ", 1)[1] for line in sums.read_text().splitlines()]
        sums.write_text(
            "".join(f"{hashlib.md5((content / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
        )
        # -Zgzip, because it is only for this test.
        command = ["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", str(content), str(made)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        shutil.rmtree(content)
    return made
