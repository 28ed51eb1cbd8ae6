#!/usr/bin/env python3
"""Tests of the judge: each of its checks finds its own faults and no others. The last line counts the tests."""

import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1] / "wiki"), str(HERE.parents[1] / "python")]
sys.dont_write_bytecode = True

result = unittest.TextTestRunner(stream=sys.stdout).run(unittest.TestLoader().discover(str(HERE)))
bad = len(result.failures) + len(result.errors)
print(f"{result.testsRun - bad} passed, {bad} failed", flush=True)
sys.exit(1 if bad or not result.testsRun else 0)
