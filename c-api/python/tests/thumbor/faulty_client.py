"""The tests' engine, for a Thumbor whose client also raises exceptions that a daemon cannot cause.

TEST_FAULTY_METHOD names the method of a lock that raises, TEST_FAULTS the exceptions, one call after the other.
"""

from __future__ import annotations

import builtins
import os
from itertools import cycle
from typing import Any

from counting_engine import Engine

from poolcounter import aio, errors

__all__ = ["Engine"]

_METHOD = os.environ["TEST_FAULTY_METHOD"]
_FAULTS = cycle({**vars(builtins), **vars(errors)}[name] for name in os.environ["TEST_FAULTS"].split())
_work = getattr(aio.Lock, _METHOD)


async def _faulty(lock: aio.Lock, *arguments: Any) -> None:
    # A lock that was not acquired is none; one whose release failed has ended all the same.
    if _METHOD == "release":
        await _work(lock, *arguments)
    raise next(_FAULTS)("a fault of the test")


setattr(aio.Lock, _METHOD, _faulty)
