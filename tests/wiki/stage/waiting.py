"""Every wait has a deadline."""

import time

PATIENCE = 60.0


class TooLate(AssertionError):
    """The wait has passed its deadline."""


def until(condition, what, patience=PATIENCE):
    """Calls the function until its result is true, and returns the result."""
    deadline = time.monotonic() + patience
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TooLate(f"not within {patience:g} s: {what}")
        time.sleep(0.01)
