"""The library's blocking client, for one thread at a time."""

from __future__ import annotations

import ctypes

from . import _failures
from ._failures import NOT_LOCKED, OUTCOMES
from ._functions import BLOCKING, IMMEDIATE, INTERRUPTED, NO_SUCH_LOCK, OK
from ._request import Limits, ReusedRequest
from ._settings import Settings
from .outcomes import Outcome

# Without declared argument types a call costs half as much. The arguments have the right types already.
_acquire = BLOCKING["pc_client_acquire_until_signal"]
_resume = BLOCKING["pc_client_resume"]
_release = BLOCKING["pc_client_release"]


class Blocking:
    """A pc_client that holds at most one lock, with its arguments, which are made once."""

    __slots__ = ("__weakref__", "_arguments", "_form", "_handle", "_lock", "_number", "_outcome", "_outcome_pointer")

    def __init__(self, settings: Settings) -> None:
        """Makes no connection yet."""
        self._handle = ctypes.c_void_p()
        self._form = ReusedRequest()
        self._lock = ctypes.c_uint64()
        self._number = OK
        self._outcome = ctypes.c_int32()
        self._outcome_pointer = ctypes.byref(self._outcome)
        with settings.configuration() as config:
            number = BLOCKING.pc_client_new(config, ctypes.byref(self._handle))
            if number != OK:
                raise _failures.of_error(number, BLOCKING.pc_config_error_cause(config))
        self._arguments = (
            self._handle,
            ctypes.byref(self._form.request),
            ctypes.byref(self._lock),
            self._outcome_pointer,
        )

    def __del__(self) -> None:
        """Frees it in any state; a lock that it holds is abandoned."""
        if hasattr(self, "_handle"):  # An interrupt may have come before.
            self.free()

    def free(self) -> None:
        """Closes its connections; a lock that it holds is abandoned."""
        IMMEDIATE.pc_client_free(ctypes.byref(self._handle))

    def close(self) -> None:
        """Closes its connections; a lock that it holds is abandoned. After a fork, the parent keeps its own."""
        IMMEDIATE.pc_client_close(self._handle)

    def acquire(self, key: bytes, limits: Limits) -> Outcome | None:
        """Waits for a lock. Returns None if there is an error, which `failure` describes.

        Exceptions come from a signal handler or an invalid argument. After one it is not known whether a lock is held.
        """
        self._form.fill(key, limits)
        number = _acquire(*self._arguments)
        while number == INTERRUPTED:
            # Python has run its handler of the signal by now; that of Ctrl-C raises an exception.
            number = _resume(self._handle, *self._arguments[2:])
        self._number = number
        return OUTCOMES.get(self._outcome.value) if number == OK else None

    def release(self) -> bool:
        """Releases the lock after the work; the lock is gone in any case. If this is false, `failure` says why."""
        self._number = number = _release(self._handle, self._lock, self._outcome_pointer)
        # After a fork the lock is the parent's.
        return number == NO_SUCH_LOCK or (number == OK and self._outcome.value != NOT_LOCKED)

    def abandon(self) -> bool:
        """Abandons the lock, because the work failed. This never fails."""
        IMMEDIATE.pc_client_abandon(self._handle, self._lock)
        return True

    def failure(self) -> Exception:
        """The last error, as an exception."""
        number = self._number
        return _failures.of_outcome(self._outcome.value) if number == OK else self._error(number)

    def stats(self, server: int, name: bytes) -> bytes:
        """The text of a statistic."""
        text = ctypes.c_void_p()
        number = BLOCKING.pc_client_stats(self._handle, server, name, ctypes.byref(text))
        if number != OK:
            raise self._error(number)
        try:
            return ctypes.string_at(text.value or 0)
        finally:
            IMMEDIATE.pc_string_free(ctypes.byref(text))

    def _error(self, number: int) -> Exception:
        handle = self._handle
        return _failures.of_error(
            number,
            IMMEDIATE.pc_client_error_message(handle),
            IMMEDIATE.pc_client_error_server(handle),
            IMMEDIATE.pc_client_error_cause(handle),
        )
