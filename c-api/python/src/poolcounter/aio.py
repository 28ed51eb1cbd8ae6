"""The client for asyncio.

    from poolcounter import Outcome, aio

    client = aio.Client(["10.0.0.1"])
    async with client.lock("page:1", workers=1, maxqueue=100, timeout=15) as outcome:
        if outcome is Outcome.LOCKED:
            await compute_and_save()

A cancelled wait closes its connection, so that the server removes the request from the queue.

It works with every loop of asyncio, also with uvloop and anyio's "asyncio". If no loop runs, as under trio, locks and
statistics raise a RuntimeError that says so.
"""

from __future__ import annotations

import asyncio
import os
import weakref
from collections.abc import Callable
from types import TracebackType
from typing import NoReturn

from . import _failures, _statistics
from ._awaited import Awaited
from ._failures import NOT_LOCKED, OUTCOMES
from ._functions import NO_SUCH_LOCK
from ._nonblocking import Nonblocking
from ._request import Key, Limits, described, encoded
from ._settings import ClientBase
from ._statistics import Value
from .errors import NotLockedError
from .outcomes import Mode, Outcome

__all__ = ["Client", "Lock"]

_Held = tuple[Nonblocking, int]
"""A lock, with the native client that acquired it."""


class Client(ClientBase):
    """Locks for the tasks of one event loop. Each lock has its own connection, which is kept for the next lock.

    Any number of tasks may wait at once. A thread looks up the name of a server when the client connects: at most once
    a minute for each name and process, or once in ten seconds if it is not found or its addresses do not answer. Known
    addresses are used meanwhile. In the child of a fork the client works with the
    child's own loop. A copied or unpickled client has the same settings, no connection
    and no loop.
    """

    __slots__ = ("_calls", "_held", "_loop", "_native")

    def _open(self) -> None:
        # All are weak references: when a loop is collected, its tasks and their calls are collected with it.
        self._loop: weakref.ref[asyncio.AbstractEventLoop] | None = None
        self._calls: weakref.WeakSet[Awaited] = weakref.WeakSet()
        self._held: weakref.WeakSet[Lock] = weakref.WeakSet()
        self._native = Nonblocking(self._settings)
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
        """A lock, for an `async with` block or `acquire()`; the arguments are those of `poolcounter.Client.lock`."""
        return Lock(self, encoded(key), (mode, workers, maxqueue, timeout, answer_timeout))

    async def stats(self, name: str = "FULL", server: str | None = None) -> dict[str, dict[str, Value]]:
        """As `poolcounter.Client.stats`."""
        asked, names = _statistics.checked(name), self._settings.names
        indices = _statistics.indices(names, server)
        return {names[index]: await self._stats(index, asked) for index in indices}

    def close(self) -> None:
        """Closes every connection: held locks are abandoned, waits fail.

        The client remains usable, and makes new connections.
        """
        calls = list(self._calls)
        for call in calls:
            call.unwatch()
        for lock in list(self._held):
            lock._fail()
        self._native.close()
        for call in calls:
            call.go_on()

    async def __aenter__(self) -> Client:
        """Closes at the end of the block."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Closes."""
        self.close()

    async def _acquire(self, key: bytes, limits: Limits) -> tuple[Outcome, _Held]:
        loop = self._bind()
        native = self._native
        call = Awaited(loop, native)
        native.check(native.acquire(call, key, limits))
        outcome = await self._finish(native, call)
        if outcome not in OUTCOMES:
            raise _failures.of_outcome(outcome)
        return OUTCOMES[outcome], (native, call.lock)

    async def _release(self, call: Awaited, held: _Held) -> None:
        native, lock = held
        number = native.release(call, lock)
        if number == NO_SUCH_LOCK:
            return
        native.check(number)
        if await self._finish(native, call) == NOT_LOCKED:
            raise _failures.of_outcome(NOT_LOCKED)

    async def _stats(self, server: int, name: bytes) -> dict[str, Value]:
        loop = self._bind()
        native = self._native
        call = Awaited(loop, native)
        native.check(native.stats(call, server, name))
        await self._finish(native, call)
        return _statistics.parse(call.text)

    def _bind(self, leaving: Lock | None = None) -> asyncio.AbstractEventLoop:
        """The running loop, which becomes the client's loop. A lock that is being left may have an earlier loop."""
        loop = _running_loop()
        bound = self._loop() if self._loop else None
        if bound is not loop:
            if bound is not None and not bound.is_closed():
                raise RuntimeError("the client belongs to another event loop, which is not closed")
            self._give_up(leaving)
            self._loop = weakref.ref(loop, self._when_forgotten())
        return loop

    def _when_forgotten(self) -> Callable[[object], None]:
        """Called when a loop is collected, unless the client was collected first."""
        client = weakref.ref(self)

        def give_up(loop: object) -> None:
            one = client()
            if one is not None and one._loop is loop:
                one._give_up()

        return give_up

    def _give_up(self, leaving: Lock | None = None) -> None:
        """The loop is closed: its waits would get locks that no task releases; the work under held locks has failed."""
        for call in list(self._calls):
            call.free()
        for lock in list(self._held):
            if lock is not leaving:
                lock._fail()

    async def _finish(self, native: Nonblocking, call: Awaited) -> int:
        """Waits for the end of a call that has begun, and returns its outcome."""
        self._calls.add(call)
        try:
            await call.finish()
            number, outcome = call.result()
            native.check(number)
            return outcome
        finally:
            self._calls.discard(call)
            call.free()

    def _state(self) -> str:
        return f"held={len(self._held)}, waiting={len(self._calls)}"

    def _after_fork(self) -> None:
        # Both processes share the loop's epoll instance. A closed descriptor cannot be removed from it any more.
        self._native.close()
        self._calls.clear()
        for lock in list(self._held):
            lock._held = None
        self._held.clear()
        self._loop = None


class Lock:
    """A lock for an `async with` block, or for `acquire()` and `release()`; `Client.lock` makes it.

    After a release it may be acquired again. If it is acquired and forgotten, it is abandoned when its object is
    collected; until then the server keeps it, because a held lock has no time limit.
    """

    __slots__ = ("__weakref__", "_client", "_entering", "_held", "_key", "_limits")

    def __init__(self, client: Client, key: bytes, limits: Limits) -> None:
        """Acquires nothing yet."""
        self._held: _Held | None = None
        self._entering = False
        self._client = client
        self._key = key
        self._limits = limits

    def __del__(self) -> None:
        """Abandons a lock that is still held when its object is collected."""
        # An interrupt may have come before the attributes were set.
        if getattr(self, "_held", None):
            self._fail()

    def __repr__(self) -> str:
        """The key, the limits, the servers and the state."""
        state = "held" if self._held else "waiting" if self._entering else "not held"
        return described(type(self), self._key, self._limits, self._client._settings.servers, state)

    def __reduce__(self) -> NoReturn:
        """A lock is bound to its connection, which cannot be copied."""
        raise TypeError("a lock cannot be pickled or copied, as its connection cannot: pickle the client, which can")

    async def acquire(self) -> Outcome:
        """Waits for the lock. After `Outcome.LOCKED`, and only then, release or abandon it.

        Returns:
            `Outcome.LOCKED` or `Outcome.DONE`. Both are true.

        Raises:
            RefusedError: The server gave another answer than `Outcome.LOCKED` and `Outcome.DONE`.
            UnavailableError: There is no answer: do the work unprotected.
            ValueError: The key cannot be sent (`BadKeyError`), or a number is out of its range.
            RuntimeError: The lock is held or waited for already, by this task or by another. Or no event loop of
                asyncio runs, or the client belongs to another loop that is not closed.
        """
        if self._held or self._entering:
            raise RuntimeError("the lock is held or waited for already: each task needs one of its own")
        self._entering = True
        try:
            outcome, held = await self._client._acquire(self._key, self._limits)
        finally:
            self._entering = False
        if outcome is Outcome.LOCKED:
            self._held = held
            self._client._held.add(self)
        return outcome

    async def release(self) -> None:
        """Releases the lock after the work; the waiters are told so. Any task may call it, as with `asyncio.shield()`.

        Raises:
            NotLockedError: The lock is not held: it was never acquired, it was released or abandoned already, its
                client was closed, or the parent of a fork acquired it. With `await_release` also if the server no
                longer has the lock.
            UnavailableError: The server gave no answer; with `await_release` only. The lock is gone in any case.
            RuntimeError: The event loop is not the client's. The lock is still held.
        """
        if not self._held:
            raise NotLockedError("the lock is not held: it was not acquired, or it is released already")
        await self._end(self._held)

    def abandon(self) -> None:
        """Abandons the lock after failed work: the next waiter does the work. Does nothing if the lock is not held."""
        if self._held:
            self._fail()

    async def __aenter__(self) -> Outcome:
        """Acquires the lock, as `acquire` does."""
        return await self.acquire()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Releases the lock; the waiters are told that the work is done. After an exception the next waiter does it.

        Raises:
            UnavailableError: The server gave no answer; with `await_release` only.
        """
        if not self._held:
            return
        if kind is not None:
            self._fail()
            return
        await self._end(self._held)

    async def _end(self, held: _Held) -> None:
        client = self._client
        call = Awaited(client._bind(self), client._native)
        self._held = None
        client._held.discard(self)
        await client._release(call, held)

    def _fail(self) -> None:
        """Abandons the lock."""
        held, self._held = self._held, None
        self._client._held.discard(self)
        if held:
            native, lock = held
            native.abandon(lock)


def _running_loop() -> asyncio.AbstractEventLoop:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise RuntimeError(
            "poolcounter.aio needs a running asyncio event loop, and none runs in this thread. Under trio, use"
            " poolcounter.Client in a thread: trio.to_thread.run_sync()"
        ) from None


_clients: weakref.WeakSet[Client] = weakref.WeakSet()


def _after_fork() -> None:
    for client in _clients:
        client._after_fork()


os.register_at_fork(after_in_child=_after_fork)
