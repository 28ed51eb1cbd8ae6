"""A client for greenlets of gevent, over the library's client for event loops. Loaded only if gevent is used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gevent import get_hub, sleep, spawn  # type: ignore[import-untyped]
from gevent.event import Event  # type: ignore[import-untyped]

from . import _failures
from ._call import Call
from ._failures import NOT_LOCKED, OUTCOMES
from ._functions import NO_SUCH_LOCK, OK, READ, Wait
from ._names import look_up, tell
from ._nonblocking import Nonblocking
from ._request import Limits
from ._settings import Settings
from .outcomes import Outcome

_READ, _WRITE = 1, 2
"""The events for which gevent watches a descriptor."""


class Green:
    """A pc_async that holds at most one lock, for one greenlet at a time. It has the methods of `Blocking`."""

    __slots__ = ("__weakref__", "_lock", "_native", "_number", "_outcome", "_watched")

    def __init__(self, settings: Settings) -> None:
        """Makes no connection yet."""
        self._native = Nonblocking(settings)
        self._number = OK
        self._outcome = self._lock = 0
        self._watched: tuple[Any, Event] | None = None

    def free(self) -> None:
        """Closes its connections; a lock that it holds is abandoned."""
        # The traceback of an exception in a call refers to the call.
        self._native.free()

    def close(self) -> None:
        """Closes its connections; a lock that it holds is abandoned. After a fork, the parent keeps its own.

        The child has a copy of each greenlet: if one waits, it fails there.
        """
        if self._watched:
            # libev aborts the process if a descriptor is closed before it is removed from the loop.
            watcher, ready = self._watched
            watcher.stop()
            ready.set()
        self._native.close()

    def acquire(self, key: bytes, limits: Limits) -> Outcome | None:
        """Waits for a lock. Returns None if there is an error, which `failure` describes.

        Exceptions come from another greenlet, a signal handler or an invalid argument. After one it is not known
        whether a lock is held.
        """
        self._run(self._native.acquire, key, limits)
        return OUTCOMES.get(self._outcome) if self._number == OK else None

    def release(self) -> bool:
        """Releases the lock after the work; the lock is gone in any case. If this is false, `failure` says why."""
        self._run(self._native.release, self._lock)
        # After a fork the lock is the parent's.
        return self._number == NO_SUCH_LOCK or (self._number == OK and self._outcome != NOT_LOCKED)

    def abandon(self) -> bool:
        """Abandons the lock, because the work failed. This never fails."""
        self._native.abandon(self._lock)
        return True

    def failure(self) -> Exception:
        """The last error, as an exception."""
        if self._number == OK:
            return _failures.of_outcome(self._outcome)
        return self._native.error(self._number)

    def stats(self, server: int, name: bytes) -> bytes:
        """The text of a statistic."""
        text = self._run(self._native.stats, server, name)
        self._native.check(self._number)
        return text

    def _run(self, begin: Callable[..., int], *arguments: Any) -> bytes:
        call, text = Call(), b""
        try:
            self._number = begin(call, *arguments)
            if self._number == OK:
                while not call.advance():
                    if call.wait.look_up >= 0:
                        spawn(_look_up_beside, self._native.host(call.wait.look_up))
                    else:
                        self._wait(call.wait)
                self._number, self._outcome = call.result()
                self._lock, text = call.lock, call.text
        finally:
            call.free()
        return text

    def _wait(self, wait: Wait) -> None:
        """Lets other greenlets run until the descriptor is ready or the time has passed."""
        seconds = wait.timeout_ms / 1000
        if wait.descriptor < 0:
            sleep(seconds)
            return
        ready = Event()
        watcher = get_hub().loop.io(wait.descriptor, _READ if wait.direction == READ else _WRITE)
        try:
            watcher.start(ready.set)
            self._watched = watcher, ready
            ready.wait(seconds)
        finally:
            self._watched = None
            watcher.close()


def _look_up_beside(host: str) -> None:
    """Looks up a name in a new greenlet, and reports the result. gevent has patched the functions for this."""
    tell(host, look_up(host))
