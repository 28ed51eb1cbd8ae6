"""A call under way on an event loop."""

from __future__ import annotations

import asyncio
import ctypes

from . import _failures
from ._functions import IMMEDIATE, OK, READ, Wait

_progress = IMMEDIATE.pc_call_progress


class Call:
    """A pc_call, waited for by the loop. To be freed, whatever happens."""

    __slots__ = (
        "__weakref__",
        "_descriptor",
        "_direction",
        "_future",
        "_handle",
        "_loop",
        "_timer",
        "_wait",
        "lock",
        "text",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Becomes a call when `handle` is written to."""
        self._loop = loop
        self._handle = ctypes.c_void_p()
        self._wait = Wait()
        self._descriptor = -1
        self._direction = 0
        self._timer: asyncio.TimerHandle | None = None
        self._future: asyncio.Future[None] | None = None

    @property
    def handle(self) -> ctypes.c_void_p:
        """The pc_call."""
        return self._handle

    async def finish(self) -> None:
        """Waits until there is a result."""
        if not self._advance():
            self._future = self._loop.create_future()
            self._watch()
            await self._future

    def result(self) -> tuple[int, int]:
        """The error number and the outcome of a call that has finished; `lock` and `text` are there from now on."""
        lock, outcome = ctypes.c_uint64(), ctypes.c_int32()
        number = IMMEDIATE.pc_call_result(self._handle, ctypes.byref(lock), ctypes.byref(outcome))
        self.lock = lock.value
        self.text: bytes = IMMEDIATE.pc_call_text(self._handle) or b""
        return number, outcome.value

    def free(self) -> None:
        """Cancels it if it has not finished: its connection is closed."""
        self.unwatch()
        IMMEDIATE.pc_call_free(ctypes.byref(self._handle))

    def unwatch(self) -> None:
        """Takes it off the loop, as is to be done before its connection may be closed."""
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
        number = _progress(self._handle, ctypes.byref(self._wait))
        if number != OK:
            raise _failures.of_error(number, IMMEDIATE.pc_error_message(number))
        return bool(self._wait.finished)

    def _watch(self) -> None:
        wait = self._wait
        self._timer = self._loop.call_later(wait.timeout_ms / 1000, self.go_on)
        if wait.descriptor >= 0:
            self._descriptor, self._direction = wait.descriptor, wait.direction
            add = self._loop.add_reader if wait.direction == READ else self._loop.add_writer
            add(wait.descriptor, self.go_on)
