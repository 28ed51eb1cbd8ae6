"""A site for gunicorn, whose client was made before the workers were forked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from poolcounter import Client, Mode

client = Client([os.environ["DAEMON"]], connect_timeout=20)
with client.lock("start", workers=1, maxqueue=10, timeout=20):
    pass


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Answers with its process and the outcome; /fail raises while it holds the lock."""
    with client.lock("page", workers=1, maxqueue=100, timeout=20, mode=Mode.FOR_ME) as outcome:
        if environ["PATH_INFO"] == "/fail":
            raise ZeroDivisionError
        answer = f"{os.getpid()} {outcome.name}"
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [answer.encode()]
