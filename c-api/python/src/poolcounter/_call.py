"""A call under way, for every kind of wait."""

from __future__ import annotations

import ctypes

from . import _failures
from ._functions import IMMEDIATE, OK, Wait

_progress = IMMEDIATE.pc_call_progress


class Call:
    """A pc_call. It must be freed in any case."""

    __slots__ = ("__weakref__", "handle", "lock", "text", "wait")

    def __init__(self) -> None:
        """Prepares a call, which begins when the library writes to `handle`."""
        self.handle = ctypes.c_void_p()
        self.wait = Wait()

    def advance(self) -> bool:
        """Continues the call as far as possible without waiting. If this is false, `wait` says what the call waits for.

        Remove the descriptor from the event loop before.
        """
        number = _progress(self.handle, ctypes.byref(self.wait))
        if number != OK:
            raise _failures.of_error(number, IMMEDIATE.pc_error_message(number))
        return bool(self.wait.finished)

    def result(self) -> tuple[int, int]:
        """The error number and the outcome of a call that has finished; `lock` and `text` are there from now on."""
        lock, outcome = ctypes.c_uint64(), ctypes.c_int32()
        number = IMMEDIATE.pc_call_result(self.handle, ctypes.byref(lock), ctypes.byref(outcome))
        self.lock = lock.value
        self.text: bytes = IMMEDIATE.pc_call_text(self.handle) or b""
        return number, outcome.value

    def free(self) -> None:
        """Cancels it if it has not finished: its connection is closed."""
        IMMEDIATE.pc_call_free(ctypes.byref(self.handle))
