"""The exceptions of python-poolcounter's interface."""

from __future__ import annotations


class PoolcounterError(Exception):
    """There is no lock, or its release failed."""


class PoolcounterTimeoutError(PoolcounterError):
    """No lock was free in time, or the server did not answer in time."""


class PoolcounterQueueError(PoolcounterError):
    """As many as `max_queue` work on the key or wait for it."""
