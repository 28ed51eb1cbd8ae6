"""A call that asyncio waits for."""

from __future__ import annotations

import asyncio

from ._call import Call
from ._functions import READ
from ._names import look_up_beside
from ._nonblocking import Nonblocking


class Awaited(Call):
    """A call, with the descriptor and timer that an event loop watches for it."""

    __slots__ = ("_descriptor", "_direction", "_future", "_loop", "_native", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop, native: Nonblocking) -> None:
        """Prepares a call of this client, which begins when the library writes to `handle`."""
        super().__init__()
        self._loop = loop
        self._native = native
        self._descriptor = -1
        self._direction = 0
        self._timer: asyncio.TimerHandle | None = None
        self._future: asyncio.Future[None] | None = None

    async def finish(self) -> None:
        """Waits until there is a result."""
        if not self._advance():
            self._future = self._loop.create_future()
            self._watch()
            await self._future

    def free(self) -> None:
        """Cancels it if it has not finished: its connection is closed."""
        self.unwatch()
        super().free()

    def unwatch(self) -> None:
        """Removes it from the loop. Must be called before its connection may be closed."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0 and not self._loop.is_closed():
            remove = self._loop.remove_reader if self._direction == READ else self._loop.remove_writer
            remove(descriptor)

    def go_on(self) -> None:
        """Called when the descriptor is ready or the time is over."""
        self.unwatch()
        future = self._future
        if future is None or future.done() or self._loop.is_closed():
            return
        try:
            finished = self._advance()
            if not finished:
                self._watch()
        except Exception as error:
            future.set_exception(error)
            return
        if finished:
            future.set_result(None)

    def _advance(self) -> bool:
        """Continues the call as far as possible, and starts look-ups of names."""
        finished = self.advance()
        while not finished and self.wait.look_up >= 0:
            look_up_beside(self._native.host(self.wait.look_up))
            finished = self.advance()
        return finished

    def _watch(self) -> None:
        wait = self.wait
        self._timer = self._loop.call_later(wait.timeout_ms / 1000, self.go_on)
        if wait.descriptor >= 0:
            self._descriptor, self._direction = wait.descriptor, wait.direction
            add = self._loop.add_reader if wait.direction == READ else self._loop.add_writer
            add(wait.descriptor, self.go_on)
