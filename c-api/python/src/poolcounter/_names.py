"""Looking names of servers up beside an event loop, which must not wait for that."""

from __future__ import annotations

import socket
from collections.abc import Callable
from threading import Thread
from typing import Union

Found = Union[list[str], str]
"""The addresses of a name, or why there are none."""


def look_up(host: str) -> Found:
    """Asks the system, which may take long."""
    try:
        answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return str(getattr(error, "strerror", None) or error)
    return [_numeric(address) for *_, address in answers]


def look_up_beside(host: str, tell: Callable[[Found], None]) -> None:
    """Asks in a thread of its own, which tells the result; if there is no thread to be had, it tells that."""

    def ask() -> None:
        tell(look_up(host))

    try:
        # Not one of a pool: the end of the program would wait for it.
        Thread(target=ask, name="poolcounter-names", daemon=True).start()
    except RuntimeError as error:
        tell(str(error))


def _numeric(address: tuple[object, ...]) -> str:
    """With its zone, where it has one."""
    text = str(address[0])
    scope = address[3] if len(address) > 3 else 0
    return f"{text}%{scope}" if scope and "%" not in text else text
