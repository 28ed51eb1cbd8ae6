"""A log line that many requests give cause for: said at once, then at most once a minute."""

from __future__ import annotations

import time

from thumbor.utils import logger  # type: ignore[import-untyped]

_INTERVAL = 60.0


class Seldom:
    """Counts what happens, and says so now and then: clients must not be able to fill the log."""

    def __init__(self, level: int, what: str) -> None:
        """Nothing was said yet."""
        self._level = level
        self._what = what
        self._unsaid = 0
        self._said_at: float | None = None

    def report(self, cause: object) -> None:
        """It has happened once more."""
        self._unsaid += 1
        now = time.monotonic()
        if self._said_at is not None and now - self._said_at < _INTERVAL:
            return
        logger.log(self._level, "[PoolCounter] %s: %d; %s", self._what, self._unsaid, cause)
        self._unsaid = 0
        self._said_at = now
