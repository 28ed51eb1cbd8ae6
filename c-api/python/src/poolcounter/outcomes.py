"""The mode of a request, and its outcome."""

from __future__ import annotations

from enum import Enum, IntEnum


class Mode(IntEnum):
    """Who needs the result of the work."""

    FOR_ME = 1
    """Only the caller needs the result: it waits for the lock."""

    FOR_ANYONE = 2
    """Every waiter can use the result: the caller is told `DONE` when another has finished the work."""


class Outcome(Enum):
    """The outcome of an acquire. The other outcomes are exceptions."""

    LOCKED = 1
    """The lock is held: do the work."""

    DONE = 3
    """Another has done the work: read the cache. Nothing is held."""
