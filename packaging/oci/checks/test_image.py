"""What is in the image, and what its configuration says."""

from __future__ import annotations

import os
import pathlib
import re
import stat
import subprocess
import unittest

import stage

ROOT = pathlib.Path(__file__).resolve().parents[3]
VERSION = re.search(r'^version = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)


class TheImage(unittest.TestCase):
    """The image as it is in the archive."""

    def test_is_for_its_architecture(self):
        self.assertEqual((stage.image.config["architecture"], stage.image.config["os"]), (stage.architecture, "linux"))
        header = {"amd64": "X86-64", "arm64": "AArch64"}[stage.architecture]
        for program in ("poolcounterd", "poolcounterctl"):
            self.assertIn(header, readelf("--file-header", program))

    def test_its_programs_need_no_library(self):
        for program in ("poolcounterd", "poolcounterctl"):
            self.assertNotIn("INTERP", readelf("--program-headers", program))
            self.assertNotIn("NEEDED", readelf("--dynamic", program))

    def test_its_configuration(self):
        config = stage.image.config["config"]
        self.assertEqual(config["User"], "65534:65534")
        self.assertEqual(config["Entrypoint"][0], "/usr/bin/poolcounterd")
        self.assertFalse(config.get("Cmd"), "options of a container are added, and replace nothing")
        self.assertEqual(set(config["ExposedPorts"]), {"7531/tcp", "7532/tcp"})
        self.assertEqual(set(config["Volumes"]), {"/run/poolcounter"})
        self.assertEqual(config["StopSignal"], "SIGTERM")

    def test_its_labels(self):
        labels = stage.image.config["config"]["Labels"]
        assert VERSION
        self.assertEqual(labels["org.opencontainers.image.version"], VERSION[1])
        self.assertEqual(labels["org.opencontainers.image.licenses"], "MIT OR Apache-2.0")
        self.assertEqual(labels["org.opencontainers.image.created"], stage.image.config["created"])
        for name in ("title", "description", "authors", "documentation"):
            self.assertTrue(labels[f"org.opencontainers.image.{name}"], name)

    def test_its_files(self):
        found = {
            str(path.relative_to(stage.image.files))
            for path in stage.image.files.rglob("*")
            if not path.is_dir() and path.name != "emulator"
        }
        self.assertEqual(
            found,
            {"etc/group", "etc/nsswitch.conf", "etc/passwd", "usr/bin/poolcounterctl", "usr/bin/poolcounterd"}
            | {f"usr/share/doc/poolcounter/{name}" for name in ("LICENSE-APACHE", "LICENSE-MIT", "THIRD-PARTY")},
        )

    def test_all_files_are_roots_and_nobody_else_can_change_them(self):
        # The runtime makes other folders, for what it mounts.
        for path in [path for top in ("etc", "run", "usr") for path in (stage.image.files / top).rglob("*")]:
            status = path.lstat()
            self.assertEqual((status.st_uid, status.st_gid), (0, 0), path)
            mode = stat.S_IMODE(status.st_mode)
            expected = 0o1777 if path == stage.image.files / "run/poolcounter" else mode & 0o755
            self.assertEqual(mode, expected, path)
            self.assertTrue(mode & 0o444 == 0o444, path)

    def test_its_licences(self):
        folder = stage.image.files / "usr/share/doc/poolcounter"
        for name in ("LICENSE-MIT", "LICENSE-APACHE"):
            self.assertEqual((folder / name).read_text(), (ROOT / name).read_text())
        others = (folder / "THIRD-PARTY").read_text()
        for component in ("tokio 1.", "hyper 1.", "clap 4.", "the GNU C library"):
            self.assertIn(f"\n{component}", others)
        self.assertIn("GNU LESSER GENERAL PUBLIC LICENSE", others)

    def test_nothing_names_the_place_where_it_was_built(self):
        places = {str(ROOT).encode(), os.fsencode(pathlib.Path.home() / ".cargo")}
        for program in ("poolcounterd", "poolcounterctl"):
            content = (stage.image.files / "usr/bin" / program).read_bytes()
            for place in places:
                self.assertNotIn(place, content, program)


def readelf(what: str, program: str) -> str:
    """What readelf says of a program of the image."""
    command = ["readelf", "--wide", what, str(stage.image.files / "usr/bin" / program)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
