"""A site for gunicorn, whose client was made before the workers were forked."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from typing import Any

from poolcounter import Client, Mode, Outcome

client = Client([os.environ["DAEMON"]], connect_timeout=20)
with client.lock("start", workers=1, maxqueue=10, timeout=20):
    pass


def page(path: str) -> Outcome:
    """Handles a request: /fail raises while it holds the lock; /cached is for anyone and waits until 15 others wait."""
    mode = Mode.FOR_ANYONE if path == "/cached" else Mode.FOR_ME
    with client.lock(path, workers=1, maxqueue=100, timeout=20, mode=mode) as outcome:
        if path == "/fail":
            raise ZeroDivisionError
        if path == "/cached" and outcome is Outcome.LOCKED:
            while client.stats("waiting_workers")[os.environ["DAEMON"]]["waiting_workers"] != 15:
                time.sleep(0.01)
    return outcome


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Answers with its process and the outcome."""
    answer = f"{os.getpid()} {page(environ['PATH_INFO']).name}"
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [answer.encode()]
