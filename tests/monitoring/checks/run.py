#!/usr/bin/env python3
"""Runs the tests of the monitoring kit, or those named: checks/run.py [test_files ...]. The last line counts them."""

import pathlib
import signal
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1] / "wiki"), str(HERE.parents[1] / "python")]
sys.dont_write_bytecode = True

import counted  # noqa: E402

# Ends by an exception, so that everything that was started is stopped.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

loader = unittest.TestLoader()
counted.run(loader.loadTestsFromNames(sys.argv[1:]) if sys.argv[1:] else loader.discover(str(HERE)))
