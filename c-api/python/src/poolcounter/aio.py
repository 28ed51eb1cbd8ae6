"""The client for asyncio.

    from poolcounter import Outcome, aio

    client = aio.Client(["10.0.0.1"])
    async with client.lock("page:1", workers=1, maxqueue=100, timeout=15) as outcome:
        if outcome is Outcome.LOCKED:
            await compute_and_save()

A wait that is cancelled closes its connection, so that the server forgets it.
"""

from __future__ import annotations

import asyncio
import os
import weakref
from types import TracebackType

from . import _failures, _statistics
from ._call import Call
from ._functions import OK
from ._nonblocking import Nonblocking
from ._settings import Configured
from ._statistics import Value
from ._wish import Key, Limits, encoded
from .outcomes import Mode, Outcome

__all__ = ["Client", "Lock"]

_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
_NOT_LOCKED = -2


class Client(Configured):
    """Locks for the tasks of one event loop, each over a connection of its own, which is kept for the next lock.

    Any number may wait at once. Names of servers are looked up when the client is made, which may block; an address
    spares that. In the child of a fork it serves the child's own loop.
    """

    def _open(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._calls: set[Call] = set()
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
        """A lock, to be entered by `async with`; the arguments are those of `poolcounter.Client.lock`."""
        return Lock(self, encoded(key), (mode, workers, maxqueue, timeout, answer_timeout))

    async def stats(self, name: str = "FULL", server: str | None = None) -> dict[str, dict[str, Value]]:
        """As `poolcounter.Client.stats`."""
        asked, names = _statistics.checked(name), self._settings.names
        indices = _statistics.indices(names, server)
        return {names[index]: await self._stats(index, asked) for index in indices}

    def close(self) -> None:
        """Closes every connection: locks that are held are abandoned, what waits fails.

        The client can be used on, and makes new connections then.
        """
        calls = list(self._calls)
        for call in calls:
            call.unwatch()
        self._native.close()
        for call in calls:
            call.go_on()

    async def __aenter__(self) -> Client:
        """Closes at the end of the block."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Closes."""
        self.close()

    async def _acquire(self, key: bytes, limits: Limits) -> tuple[Outcome, int]:
        call = self._new_call()
        self._native.acquire(call.handle, key, limits)
        outcome = await self._finish(call)
        if outcome not in _OUTCOMES:
            raise _failures.of_outcome(outcome)
        return _OUTCOMES[outcome], call.lock

    async def _release(self, lock: int) -> None:
        call = self._new_call()
        if self._native.release(call.handle, lock) and await self._finish(call) == _NOT_LOCKED:
            raise _failures.of_outcome(_NOT_LOCKED)

    async def _stats(self, server: int, name: bytes) -> dict[str, Value]:
        call = self._new_call()
        self._native.stats(call.handle, server, name)
        await self._finish(call)
        return _statistics.parse(call.text)

    def _abandon(self, lock: int) -> None:
        self._native.abandon(lock)

    def _new_call(self) -> Call:
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            if self._loop is not None and not self._loop.is_closed():
                raise RuntimeError("the client belongs to another event loop, which is not closed")
            self._loop = loop
        return Call(loop)

    async def _finish(self, call: Call) -> int:
        """Waits for the end of a call that has begun, and gives its outcome."""
        self._calls.add(call)
        try:
            await call.finish()
            number, outcome = call.result()
            if number != OK:
                raise self._native.error(number)
            return outcome
        finally:
            self._calls.discard(call)
            call.free()

    def _after_fork(self) -> None:
        # Both processes share the kernel's list of the loop's descriptors. Of it a closed one cannot be taken any more.
        self._native.close()
        self._calls.clear()
        self._loop = None


class Lock:
    """A lock that an `async with` block holds; `Client.lock` makes it. It may be entered again when it was left."""

    __slots__ = ("_client", "_held", "_key", "_limits")

    def __init__(self, client: Client, key: bytes, limits: Limits) -> None:
        """Acquires nothing yet."""
        self._client = client
        self._key = key
        self._limits = limits
        self._held = 0

    def __del__(self) -> None:
        """A lock that nobody can release any more is abandoned."""
        if self._held:
            self._client._abandon(self._held)

    async def __aenter__(self) -> Outcome:
        """Waits for the lock.

        Raises:
            Refused: The server gave another answer than `Outcome.LOCKED` and `Outcome.DONE`.
            Failure: There is no answer: the work is to be done unprotected.
            ValueError: The key cannot be sent, which is a `BadKey`, or a number is out of its range.
        """
        if self._held:
            raise RuntimeError("the lock is entered already")
        outcome, self._held = await self._client._acquire(self._key, self._limits)
        return outcome

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Releases the lock: those who wait are told that the work is done. After an exception the next one does it.

        Raises:
            Failure: The server gave no answer; with `await_release` only.
        """
        held, self._held = self._held, 0
        if not held:
            return
        if kind is None:
            await self._client._release(held)
        else:
            self._client._abandon(held)


_clients: weakref.WeakSet[Client] = weakref.WeakSet()


def _after_fork() -> None:
    for client in _clients:
        client._after_fork()


os.register_at_fork(after_in_child=_after_fork)
