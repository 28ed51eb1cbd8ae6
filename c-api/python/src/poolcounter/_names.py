"""Looks up names of servers in threads, so that the event loop does not wait."""

from __future__ import annotations

import socket
from threading import Thread
from typing import Union

from ._functions import IMMEDIATE

Found = Union[list[str], str]
"""The addresses of a name, or why there are none."""


def look_up(host: str) -> Found:
    """Asks the system's resolver, which may take long."""
    try:
        answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return str(getattr(error, "strerror", None) or error)
    return [_numeric(address) for *_, address in answers]


def tell(host: str, found: Found) -> None:
    """Reports the result to all clients of the process. Calls that need the name check every few milliseconds."""
    if isinstance(found, str):
        IMMEDIATE.pc_looked_up(host.encode(), None, found.replace("\0", "").encode(errors="replace"))
    else:
        IMMEDIATE.pc_looked_up(host.encode(), ",".join(found).encode(), None)


def look_up_beside(host: str) -> None:
    """Looks up a name in a new thread, and reports the result. If no thread can be started, reports this error."""

    def ask() -> None:
        tell(host, look_up(host))

    try:
        # Not a thread of a pool, because the program would wait for it at its end.
        Thread(target=ask, name="poolcounter-names", daemon=True).start()
    except RuntimeError as error:
        tell(host, str(error))


def _numeric(address: tuple[object, ...]) -> str:
    """An address, with its zone if it has one."""
    text = str(address[0])
    scope = address[3] if len(address) > 3 else 0
    return f"{text}%{scope}" if scope and "%" not in text else text
