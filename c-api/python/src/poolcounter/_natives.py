"""The native client that serves at the moment: the names of its servers were looked up beside the event loop."""

from __future__ import annotations

import asyncio
import socket
import time
import weakref
from concurrent.futures import Future
from ipaddress import ip_address
from threading import Thread
from typing import NamedTuple

from ._blocking import Blocking
from ._nonblocking import Nonblocking
from ._settings import Settings
from .errors import ConnectError

KEPT = 60.0
"""For how many seconds the addresses of a name are kept without a look whether they have changed."""

SPARED = 10.0
"""For how many seconds a look-up that failed is not repeated."""


class _Look(NamedTuple):
    """What a look-up came to."""

    native: Nonblocking
    found: int
    """How many of the names have an address."""
    at: float


class Natives:
    """The library looks names up when a client is made, and only then. So a new one is made as time goes on.

    A lock ends on the client that it was acquired by.
    """

    def __init__(self, settings: Settings) -> None:
        """Looks nothing up."""
        self._settings = settings
        self._all: weakref.WeakSet[Nonblocking] = weakref.WeakSet()
        self._current: Nonblocking | None = None
        self._found = 0
        self._due = 0.0
        self._looking: Future[_Look] | None = None
        Blocking(settings)  # It is checked as the other, and looks nothing up.
        self._names = [name for name in settings.names if _host(name)]
        if not self._names:
            self._use(Nonblocking(settings))

    def current(self) -> Nonblocking | None:
        """The one that serves; None before the names were looked up."""
        if self._names:
            self._refresh()
        return self._current

    async def first(self) -> Nonblocking:
        """Waits for the first look-up, which goes on if that takes too long."""
        while (native := self.current()) is None:
            assert self._looking is not None
            try:
                await asyncio.wait_for(asyncio.wrap_future(self._looking), self._settings.answer_timeout)
            except asyncio.TimeoutError:
                server, cause = self._names[0], "its name is still being looked up"
                raise ConnectError(f"cannot connect to {server}: {cause}", server, cause) from None
        return native

    def close(self) -> None:
        """Closes the connections of all."""
        for native in list(self._all):
            native.close()

    def after_fork(self) -> None:
        """The child has no thread that looks anything up."""
        self._looking = None
        self.close()

    def _use(self, native: Nonblocking) -> None:
        self._current = native
        self._all.add(native)

    def _refresh(self) -> None:
        looking = self._looking
        if looking is None:
            if time.monotonic() >= self._due:
                self._looking = _begin(self._settings, self._names)
        elif looking.done():
            self._looking = None
            self._settle(looking.result())

    def _settle(self, look: _Look) -> None:
        self._due = look.at + (KEPT if look.found == len(self._names) else SPARED)
        # If a name is not found any more, what was known of it goes on to serve.
        if self._current is None or look.found >= self._found:
            self._found = look.found
            self._use(look.native)


def _begin(settings: Settings, names: list[str]) -> Future[_Look]:
    future: Future[_Look] = Future()
    # Now nobody who waits for it can cancel it.
    future.set_running_or_notify_cancel()

    def look_up() -> None:
        try:
            native = Nonblocking(settings)
            future.set_result(_Look(native, sum(map(_is_found, names)), time.monotonic()))
        except BaseException as error:
            future.set_exception(error)

    # Not of a pool: the end of the program would wait for it.
    Thread(target=look_up, name="poolcounter-names", daemon=True).start()
    return future


def _is_found(name: str) -> bool:
    try:
        return bool(socket.getaddrinfo(_host(name), None))
    except (OSError, UnicodeError):
        return False


def _host(server: str) -> str:
    """The name that is to be looked up; empty for an address or a path."""
    if server.startswith("unix:"):
        return ""
    if server.startswith("["):
        host = server[1:].partition("]")[0]
    else:
        host = server if server.count(":") > 1 else server.partition(":")[0]
    try:
        ip_address(host)
    except ValueError:
        return host
    return ""
