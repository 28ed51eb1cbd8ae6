"""Runs tests of unittest, and counts them in the last line of what is printed."""

from __future__ import annotations

import sys
import unittest


class _Result(unittest.TextTestResult):
    """Counts tests, and not their parts."""

    passed = 0

    def addSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802 (unittest's name)
        """A test of which no part has failed."""
        super().addSuccess(test)
        self.passed += 1

    def failed(self) -> int:
        """How many failed, in whichever part; a class that cannot be set up counts as one."""
        return len({getattr(test, "test_case", test).id() for test, _ in self.failures + self.errors})


def run(suite: unittest.TestSuite) -> None:
    """Runs them and ends this program; its exit status is 1 if one fails, or if there is none."""
    result = unittest.TextTestRunner(verbosity=2, resultclass=_Result).run(suite)  # type: ignore[arg-type]
    assert isinstance(result, _Result)
    print(f"{result.passed} passed, {result.failed()} failed", flush=True)
    sys.exit(0 if result.wasSuccessful() and result.passed else 1)
