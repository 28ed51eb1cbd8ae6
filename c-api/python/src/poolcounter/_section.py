"""Chooses the native client of a protected section: `Blocking`, or `Green` with gevent."""

from __future__ import annotations

import sys
from typing import Protocol

from ._blocking import Blocking
from ._request import Limits
from ._settings import Settings
from .outcomes import Outcome


class Section(Protocol):
    """A native client that holds at most one lock. `Blocking` documents the methods."""

    def __init__(self, settings: Settings) -> None: ...
    def free(self) -> None: ...
    def close(self) -> None: ...
    def acquire(self, key: bytes, limits: Limits) -> Outcome | None: ...
    def release(self) -> bool: ...
    def abandon(self) -> bool: ...
    def failure(self) -> Exception: ...
    def stats(self, server: int, name: bytes) -> bytes: ...


def kind() -> type[Section]:
    """Chooses again for each section: a server may patch its workers after they have loaded the program.

    Raises:
        RuntimeError: eventlet is at work.
    """
    if _patches_sockets("gevent.monkey", "is_module_patched"):
        from ._green import Green  # noqa: PLC0415, it needs gevent

        return Green
    if _patches_sockets("eventlet.patcher", "is_monkey_patched"):
        raise RuntimeError(
            "poolcounter.Client does not work with eventlet, which has patched this process: a wait would stop all of"
            " its green threads. Use gevent or asyncio"
        )
    return Blocking


def _patches_sockets(module: str, question: str) -> bool:
    # If eventlet is not loaded, it has patched nothing.
    ask = getattr(sys.modules.get(module), question, None)
    return ask is not None and bool(ask("socket"))
