"""The base of the tests: a system for each test, whose journal is shown if the test fails."""

from __future__ import annotations

import unittest

from .root import Root


class Case(unittest.TestCase):
    """A booted system with some packages of Debian."""

    packages: tuple[str, ...] = ("systemd-sysv",)

    def setUp(self) -> None:
        """Starts it."""
        self.root = self.enterContext(Root(*self.packages))
        self.root.boot()
        self.addCleanup(self._show_journal)

    def _show_journal(self) -> None:
        result = self._outcome.result  # type: ignore[attr-defined]
        if any(test is self for test, _ in result.failures + result.errors) or not self._outcome.success:  # type: ignore[attr-defined]
            print(f"\nThe journal of {self.id()}:\n{self.root.journal()}", flush=True)

    def assert_no_compiler(self) -> None:
        """The minimal system has none, and our packages bring none."""
        for tool in ("cargo", "rustc", "gcc", "cc", "c++", "clang", "node", "php-config"):
            self.assertEqual(self.root.run("sh", "-c", f"command -v {tool}", check=False), "", tool)

    def assert_same_files(self, before: dict[str, str]) -> None:
        """The system has the files that it had before, and those below /etc have the same content."""
        after = self.root.files()
        self.assertEqual({name: after[name] for name in after if after[name] != before.get(name)}, {}, "new or changed")
        self.assertEqual([name for name in before if name not in after], [], "gone")
