"""Every wait has a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

SECONDS = 30.0

T = TypeVar("T")


def until(condition: Callable[[], T], what: str) -> T:
    """Calls the function until its result is true, and returns the result."""
    end = time.monotonic() + SECONDS
    while not (answer := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"waited too long for {what}")
        time.sleep(0.005)
    return answer
