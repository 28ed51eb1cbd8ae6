"""The client for threads, and the names that programs written for python-poolcounter import from here."""

from __future__ import annotations

import os
import threading
import weakref
from contextlib import suppress
from types import TracebackType
from typing import NoReturn

from . import _section, _statistics
from ._blocking import Blocking
from ._compat.client import PoolcounterClient
from ._compat.errors import PoolcounterError, PoolcounterQueueError, PoolcounterTimeoutError
from ._compat.messages import Request, RequestType, Response
from ._compat.server import Server
from ._request import Key, Limits, described, encoded
from ._section import Section
from ._settings import ClientBase
from ._statistics import Value
from .errors import NotLockedError
from .outcomes import Mode, Outcome

__all__ = [
    "Client",
    "Lock",
    "PoolcounterClient",
    "PoolcounterError",
    "PoolcounterQueueError",
    "PoolcounterTimeoutError",
    "Request",
    "RequestType",
    "Response",
    "Server",
]


class Client(ClientBase):
    """Locks for threads. Connections are kept from one lock to the next.

    Threads may share it, and both sides of a fork may use it. A copied or unpickled client has the
    same settings and no connection.

    In a process that gevent has patched it works for greenlets in the same way: while one waits, the others run. In a
    process that eventlet has patched, locks and statistics raise a RuntimeError.
    """

    __slots__ = ("_all", "_idle", "_max_idle")

    def _open(self) -> None:
        self._max_idle = self._settings.max_idle_connections
        # Each serves one lock at a time. The one that was used last comes first: its connection is the freshest.
        self._idle: list[Section] = []
        self._all: weakref.WeakSet[Section] = weakref.WeakSet()
        # This only checks the settings; no name is looked up.
        self._idle.append(self._another(Blocking))
        _clients.add(self)

    def lock(
        self,
        key: Key,
        *,
        workers: int,
        maxqueue: int,
        timeout: int,
        mode: Mode = Mode.FOR_ANYONE,
        answer_timeout: float | None = None,
    ) -> Lock:
        """A lock, for a `with` block or `acquire()`. A lock inside a lock of the same key waits for itself.

        Args:
            key: The name of the work. Text is sent as UTF-8. A space is sent as `%20`.
            workers: How many may work on the key at once.
            maxqueue: How many may work on it or wait for it.
            timeout: Whole seconds to wait for the lock; with 0 there is no wait.
            mode: Who needs the result.
            answer_timeout: Seconds to wait for the server's answer, including the wait for the lock; by default 1.5
                times `timeout`, and at least the client's `min_answer_timeout`. With `timeout` 0 the server answers at
                once, and this can only shorten the time.

        Raises:
            ValueError: The key is a text that cannot be encoded in UTF-8.
        """
        return Lock(self, encoded(key), (mode, workers, maxqueue, timeout, answer_timeout))

    def stats(self, name: str = "FULL", server: str | None = None) -> dict[str, dict[str, Value]]:
        """Asks every server, or one of them, for a counter, for `UPTIME` or for all statistics (`FULL`).

        Returns:
            For each server, as it was configured, the value of each name: an int if it is one, else its text.

        Raises:
            UnavailableError: A server gave no answer, or has no such statistic.
            ValueError: The server is none of the client's, or the name cannot be sent.
        """
        asked, names = _statistics.checked(name), self._settings.names
        section = self._take()
        try:
            return {
                names[index]: _statistics.parse(section.stats(index, asked))
                for index in _statistics.indices(names, server)
            }
        finally:
            self._give(section)

    def close(self) -> None:
        """Closes the connections without a held lock. The client remains usable, and makes new ones."""
        closed = []
        with suppress(IndexError):
            while True:
                section = self._idle.pop()
                section.close()
                closed.append(section)
        self._idle.extend(closed)

    def __enter__(self) -> Client:
        """Closes at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes."""
        self.close()

    def _take(self) -> Section:
        kind = _section.kind()
        try:
            while type(section := self._idle.pop()) is not kind:
                section.free()  # gevent has come since.
        except IndexError:
            return self._another(kind)
        return section

    def _give(self, section: Section) -> None:
        if len(self._idle) < self._max_idle:
            self._idle.append(section)
        else:
            section.free()

    def _another(self, kind: type[Section]) -> Section:
        section = kind(self._settings)
        self._all.add(section)
        return section

    def _state(self) -> str:
        return f"in_use={len(self._all) - len(self._idle)}"

    def _after_fork(self) -> None:
        # If a thread of the parent was waiting in it, freeing is refused, and it is left: no thread uses it here.
        for section in self._all:
            section.close()


class Lock:
    """A lock for a `with` block, or for `acquire()` and `release()`; `Client.lock` makes it.

    After a release it may be acquired again. If it is acquired and forgotten, it is abandoned when its object is
    collected; until then the server keeps it, because a held lock has no time limit.
    """

    __slots__ = ("_by", "_client", "_forks", "_held", "_key", "_limits", "_owner")

    def __init__(self, client: Client, key: bytes, limits: Limits) -> None:
        """Acquires nothing yet."""
        self._client = client
        self._key = key
        self._limits = limits
        # The thread that holds the lock or waits for it. A dict, because setdefault is atomic among threads.
        self._by: dict[None, Section] = {}
        self._held: Section | None = None
        self._owner = self._forks = 0

    def __repr__(self) -> str:
        """The key, the limits, the servers and the state."""
        if self._held is None:
            state = "waiting" if self._by else "not held"
        else:
            state = "held" if self._forks == _forks else "not held"
        return described(type(self), self._key, self._limits, self._client._settings.servers, state)

    def __reduce__(self) -> NoReturn:
        """A lock is bound to its connection, which cannot be copied."""
        raise TypeError("a lock cannot be pickled or copied, as its connection cannot: pickle the client, which can")

    def acquire(self) -> Outcome:
        """Waits for the lock. After `Outcome.LOCKED`, and only then, release or abandon it.

        Returns:
            `Outcome.LOCKED` or `Outcome.DONE`. Both are true.

        Raises:
            RefusedError: The server gave another answer than `Outcome.LOCKED` and `Outcome.DONE`.
            UnavailableError: There is no answer: do the work unprotected.
            ValueError: The key cannot be sent (`BadKeyError`), or a number is out of its range.
            RuntimeError: The lock is held or waited for already, by this thread or by another.
        """
        client = self._client
        section = client._take()
        try:
            if self._by.setdefault(None, section) is not section:
                raise RuntimeError("the lock is held or waited for already: each thread needs one of its own")
            outcome = section.acquire(self._key, self._limits)
            if outcome is Outcome.LOCKED:
                self._owner, self._forks = threading.get_ident(), _forks
                self._held = section
                return outcome
            del self._by[None]
        except BaseException:
            self._drop(section)
            raise
        if outcome is None:
            self._fail(section)
        client._give(section)
        return outcome

    def release(self) -> None:
        """Releases the lock after the work; the waiters are told so.

        Raises:
            NotLockedError: This thread does not hold the lock: it was never acquired, it was released or abandoned
                already, or another thread or the parent of a fork acquired it. With `await_release` also if the server
                no longer has the lock.
            UnavailableError: The server gave no answer; with `await_release` only. The lock is gone in any case.
        """
        section = self._held
        if section is None or self._forks != _forks:
            raise NotLockedError("the lock is not held: it was not acquired, or it is released already")
        if self._owner != threading.get_ident():
            raise NotLockedError("the lock is held by another thread, which alone can release it")
        self._end(section, done=True)

    def abandon(self) -> None:
        """Abandons the lock after failed work: the next waiter does it. Does nothing if this thread has no lock."""
        section = self._held
        if section is not None and self._owner == threading.get_ident():
            self._end(section, done=False)

    def __enter__(self) -> Outcome:
        """Acquires the lock, as `acquire` does."""
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Releases the lock; the waiters are told that the work is done. After an exception the next waiter does it.

        Raises:
            UnavailableError: The server gave no answer; with `await_release` only.
        """
        section = self._held
        if section is not None:
            self._end(section, done=kind is None)

    def _end(self, section: Section, *, done: bool) -> None:
        try:
            ended = section.release() if done else section.abandon()
            self._held = None
            del self._by[None]
        except BaseException:
            self._drop(section)
            raise
        if not ended:
            self._fail(section)
        self._client._give(section)

    def _fail(self, section: Section) -> NoReturn:
        try:
            raise section.failure()
        finally:
            self._client._give(section)

    def _drop(self, section: Section) -> None:
        # A signal handler has raised, perhaps while the lock is held, or an argument was invalid.
        if self._by.get(None) is section:
            self._held = None
            del self._by[None]
        section.free()


_clients: weakref.WeakSet[Client] = weakref.WeakSet()
_forks = 0
"""How many forks made this process: a lock of its parent has another number."""


def _after_fork() -> None:
    global _forks  # noqa: PLW0603, there is one for the process
    _forks += 1
    for client in _clients:
        client._after_fork()


os.register_at_fork(after_in_child=_after_fork)
