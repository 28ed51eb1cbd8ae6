#!/usr/bin/env python3
"""The stampede of tests/wiki, all from packages: MediaWiki, PHP, our extensions, and the service at 127.0.0.1."""

import pathlib
import sys
import unittest

WIKI = pathlib.Path(__file__).resolve().parent / "tests" / "wiki"
sys.path[:0] = [str(WIKI), str(WIKI.parent / "python")]
sys.dont_write_bytecode = True

import counted  # noqa: E402
from checks import test_end_to_end  # noqa: E402
from stage.daemon import Server  # noqa: E402
from stage.wire import Recorder  # noqa: E402


class Installed(test_end_to_end.Main, unittest.TestCase):
    """The tests with the installed service."""

    version = "installed"

    def setUp(self):
        self.daemon = Server("127.0.0.1")
        self.recorder = self.enterContext(Recorder(self.daemon))
        self._log_seen = len(self.wiki.log())


counted.run(unittest.TestSuite(Installed(name) for name in ("test_purge", "test_cold_cache", "test_fast_stale")))
