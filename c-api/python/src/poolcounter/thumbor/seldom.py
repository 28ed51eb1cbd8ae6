"""Limits a log line that many requests can cause: the first is logged at once, further ones at most once a minute."""

from __future__ import annotations

import time

from thumbor.utils import logger  # type: ignore[import-untyped]

_INTERVAL = 60.0


class Seldom:
    """Counts events and logs the number at most once a minute, so that clients cannot fill the log."""

    def __init__(self, level: int, what: str) -> None:
        """Starts without events."""
        self._level = level
        self._what = what
        self._unsaid = 0
        self._said_at: float | None = None

    def report(self, cause: object) -> None:
        """Counts an event, and logs it if it is time."""
        self._unsaid += 1
        now = time.monotonic()
        if self._said_at is not None and now - self._said_at < _INTERVAL:
            return
        logger.log(self._level, "[PoolCounter] %s: %d; %s", self._what, self._unsaid, cause)
        self._unsaid = 0
        self._said_at = now
