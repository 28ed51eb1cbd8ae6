"""Thumbor's own engine, which also writes down when a render begins and ends, and can be held in the middle of one."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from thumbor.engines.pil import Engine as PillowEngine  # type: ignore[import-untyped]

DEADLINE = 120.0


class Engine(PillowEngine):  # type: ignore[misc]
    """Writes to the file that the configuration calls TEST_EVENTS; the file TEST_GATE holds renders while it exists."""

    def resize(self, width: float, height: float) -> None:
        """The costly part of a render: it decodes the picture too."""
        with self._counted():
            self._wait_at_gate()
            super().resize(width, height)

    def read(self, extension: str | None = None, quality: int | None = None) -> Any:
        """The end of a render: encodes the result."""
        with self._counted():
            return super().read(extension, quality)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._write("+")
        try:
            yield
        finally:
            self._write("-")

    def _write(self, event: str) -> None:
        # One append each: the file has the events of all processes in their true order.
        with open(self.context.config.TEST_EVENTS, "a") as events:
            events.write(event)

    def _wait_at_gate(self) -> None:
        deadline = time.monotonic() + DEADLINE
        while os.path.exists(self.context.config.TEST_GATE):
            if time.monotonic() > deadline:
                raise TimeoutError("nobody opened the gate")
            time.sleep(0.005)
