"""A program that runs during the test, and ends with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from . import deadline


class Process:
    """It is killed when its block is left, and when the test dies."""

    def __init__(self, command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> None:
        self._child = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **(environment or {})},
        )

    @classmethod
    def python(cls, code: str, *arguments: str) -> Process:
        """A Python script."""
        return cls(cls.command(code, *arguments))

    @staticmethod
    def command(code: str, *arguments: str) -> list[str]:
        """What runs it."""
        return [sys.executable, "-c", textwrap.dedent(code), *arguments]

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kills it, if it still runs."""
        self.stop(signal.SIGKILL)
        assert self._child.stdout is not None
        self._child.stdout.close()

    @property
    def pid(self) -> int:
        return self._child.pid

    def is_running(self) -> bool:
        return self._child.poll() is None

    def send(self, number: int) -> None:
        self._child.send_signal(number)

    def line(self) -> str:
        """The next line that it prints; empty at the end, which comes if it is silent for too long."""
        assert self._child.stdout is not None
        patience = threading.Timer(deadline.SECONDS, self.send, [signal.SIGKILL])
        patience.start()
        try:
            return self._child.stdout.readline().rstrip("\n")
        finally:
            patience.cancel()

    def output(self) -> str:
        """All that it prints until its end."""
        return self._child.communicate(timeout=deadline.SECONDS)[0]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ends it, and gives its exit status."""
        if self.is_running():
            self.send(number)
        return self._child.wait(deadline.SECONDS)
