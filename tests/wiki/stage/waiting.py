"""Every wait has a deadline."""

import time

PATIENCE = 20.0


class TooLate(AssertionError):
    """What was waited for did not come."""


def until(condition, what, patience=PATIENCE):
    """Asks again and again until the answer is true, and gives it."""
    deadline = time.monotonic() + patience
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TooLate(f"not within {patience:g} s: {what}")
        time.sleep(0.01)
