"""What is asked for, and how it ends."""

from __future__ import annotations

from enum import Enum, IntEnum


class Mode(IntEnum):
    """Who needs the result of the work."""

    FOR_ME = 1
    """Only the caller, who waits for the lock and nothing else."""

    FOR_ANYONE = 2
    """Anyone: the caller is told `DONE` when another has finished the work."""


class Outcome(Enum):
    """How a lock was come by. The other outcomes are exceptions."""

    LOCKED = 1
    """The lock is held: do the work."""

    DONE = 3
    """Another has done the work: read the cache. Nothing is held."""
