"""The kit's configuration and rules for a test that takes seconds.

Expressions, labels and texts stay. What changes is how often Prometheus scrapes and evaluates, and for how long
something must be so before an alert fires.
"""

import re

LOCK_HELD = 3
"""Seconds for which a lock is held before the quick rules call that too long."""


class UnknownFormError(Exception):
    """The kit's file does not have the form that is expected here."""


def _replaced(pattern, new, text, count):
    text, found = re.subn(pattern, new, text, flags=re.MULTILINE)
    if found < count:
        raise UnknownFormError(f"{pattern!r} is there {found} times")
    return text


def rules(text):
    """Every alert fires a second after its cause, and a lock is held too long after some seconds."""
    text = _replaced(r"^( +for: )\w+$", r"\g<1>1s", text, 5)
    return _replaced(r"^( +expr: poolcounter_oldest_contended_hold_seconds\S* > )60$", rf"\g<1>{LOCK_HELD}", text, 1)


def configuration(text, targets):
    """Scrapes these targets, each second."""
    text = _replaced(r"^( +\w+_interval: )\w+$", r"\g<1>1s", text, 2)
    listed = "".join(f"\n          - {target}" for target in targets)
    return _replaced(r"\n +- 127\.0\.0\.1:7532$", listed, text, 1)
