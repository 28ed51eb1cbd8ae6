#!/usr/bin/env python3
"""Prints the licences of all that the programs of the image contain: licences.py TARGET.

These are crates and the GNU C library.
"""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import sys

PROGRAMS = ("poolcounterd", "poolcounterctl")
NAMES = re.compile(r"(?i)^(licen[cs]e|copying|copyright|notice|unlicense)")
GNU = "/usr/share/doc/libc6/copyright"
LGPL = "/usr/share/common-licenses/LGPL-2.1"


def main() -> None:
    """Prints them."""
    target = sys.argv[1]
    metadata = json.loads(cargo("metadata", "--format-version=1", "--filter-platform", target))
    packages = {(package["name"], package["version"]): package for package in metadata["packages"]}
    chosen = [word for program in PROGRAMS for word in ("-p", program)]
    tree = cargo("tree", *chosen, "--target", target, "--edges=normal", "--prefix=none", "--format={p}")
    # A line has the name, the version and, except for a crate of the registry, where it is from.
    crates = {(words[0], words[1].removeprefix("v")) for line in tree.splitlines() if (words := line.split())}
    components: dict[str, list[str]] = {}
    for name, version in sorted(crates):
        package = packages[name, version]
        if package["source"] is not None:
            folder = pathlib.Path(package["manifest_path"]).parent
            add(components, f"{name} {version}, {package['license']}", files(folder))
    add(components, "the GNU C library, LGPL-2.1-or-later and others", [pathlib.Path(GNU), pathlib.Path(LGPL)])
    print("The programs contain Rust's standard library (MIT OR Apache-2.0) and what follows. Each text applies to the")
    print("components that are listed above it.\n")
    for text, titles in components.items():
        print("\n".join(["=" * 80, *titles, "=" * 80, "", text, ""]))


def add(components: dict[str, list[str]], title: str, licences: list[pathlib.Path]) -> None:
    """Adds a component to its texts. Many components have the same text."""
    for licence in licences or [None]:
        text = licence.read_text(errors="replace").strip() if licence else "(no file with a licence)"
        components.setdefault(text, []).append(title)


def files(folder: pathlib.Path) -> list[pathlib.Path]:
    """The files of a crate that have its licences."""
    return sorted(file for file in folder.iterdir() if file.is_file() and NAMES.match(file.name))


def cargo(*words: str) -> str:
    """What cargo prints."""
    command = ["cargo", *words, "--locked"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=300).stdout


main()
