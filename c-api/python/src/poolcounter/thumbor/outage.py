"""The log lines about a daemon that is away: one at once, then at most one a minute."""

from __future__ import annotations

import time

from thumbor.utils import logger  # type: ignore[import-untyped]

from poolcounter import PoolCounterError

_INTERVAL = 60.0


class Outage:
    """Counts the requests that go unthrottled, and says so now and then."""

    def __init__(self) -> None:
        """Nothing was said yet."""
        self._unsaid = 0
        self._said_at: float | None = None

    def report(self, error: PoolCounterError) -> None:
        """One more request goes unthrottled."""
        self._unsaid += 1
        now = time.monotonic()
        if self._said_at is not None and now - self._said_at < _INTERVAL:
            return
        logger.error("[PoolCounter] unthrottled requests: %d; %s", self._unsaid, error)
        self._unsaid = 0
        self._said_at = now
