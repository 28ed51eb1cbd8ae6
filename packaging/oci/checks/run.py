#!/usr/bin/env python3
"""Checks the image of an archive by running it: run.py ARCHIVE ARCHITECTURE FOLDER [TEST...].

It needs root and a network namespace of its own. The last line counts the tests.
"""

from __future__ import annotations

import pathlib
import platform
import shutil
import signal
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[2] / "tests" / "python")]
sys.dont_write_bytecode = True

import counted  # noqa: E402
import stage  # noqa: E402
from kit import engine, image  # noqa: E402

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


def main() -> None:
    """Unpacks the image, and runs the tests."""
    archive, architecture, folder = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True, timeout=60)
    stage.architecture = architecture
    stage.image = image.unpack(archive, architecture, folder)
    machine = MACHINES[architecture]
    if machine != platform.machine():
        # The only file of the root that is not the image's. It is static, and runs the programs of the image.
        shutil.copy(f"/usr/bin/qemu-{machine}-static", stage.image.files / "emulator")
        stage.emulator = ["/emulator"]
    with engine.Engine(folder) as stage.engine:
        loader = unittest.TestLoader()
        chosen = loader.loadTestsFromNames(sys.argv[4:]) if sys.argv[4:] else loader.discover(str(HERE))
        counted.run(chosen)


main()
