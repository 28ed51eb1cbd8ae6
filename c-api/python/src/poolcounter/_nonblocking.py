"""The library's client for event loops."""

from __future__ import annotations

import ctypes

from . import _failures
from ._functions import BLOCKING, IMMEDIATE, NO_SUCH_LOCK, OK
from ._settings import Settings
from ._wish import Form, Limits


class Nonblocking:
    """A pc_async. What it begins is a pc_call, written to a handle."""

    __slots__ = ("__weakref__", "_form", "_handle")

    def __init__(self, settings: Settings) -> None:
        """Looks up the names of the servers, which may block, and makes no connection yet."""
        self._handle = ctypes.c_void_p()
        self._form = Form()
        with settings.configuration() as config:
            number = BLOCKING.pc_async_new(config, ctypes.byref(self._handle))
            if number != OK:
                raise _failures.of_error(number, BLOCKING.pc_config_error_cause(config))

    def __del__(self) -> None:
        """Frees it; locks that it holds are abandoned."""
        if hasattr(self, "_handle"):  # An interrupt may have come before.
            IMMEDIATE.pc_async_free(ctypes.byref(self._handle))

    def acquire(self, call: ctypes.c_void_p, key: bytes, limits: Limits) -> None:
        """Begins to acquire a lock."""
        self._form.fill(key, limits)
        number = IMMEDIATE.pc_async_acquire(self._handle, ctypes.byref(self._form.request), ctypes.byref(call))
        if number != OK:
            raise self.error(number)

    def release(self, call: ctypes.c_void_p, lock: int) -> bool:
        """Begins to release a lock, if it is there; after a fork it is the parent's."""
        number = IMMEDIATE.pc_async_release(self._handle, lock, ctypes.byref(call))
        if number not in (OK, NO_SUCH_LOCK):
            raise self.error(number)
        return bool(number == OK)

    def stats(self, call: ctypes.c_void_p, server: int, name: bytes) -> None:
        """Begins to ask for a statistic."""
        number = IMMEDIATE.pc_async_stats(self._handle, server, name, ctypes.byref(call))
        if number != OK:
            raise self.error(number)

    def abandon(self, lock: int) -> None:
        """The work failed."""
        IMMEDIATE.pc_async_abandon(self._handle, lock)

    def close(self) -> None:
        """Closes every connection; locks that are held are abandoned, and calls under way fail."""
        IMMEDIATE.pc_async_close(self._handle)

    def error(self, number: int) -> Exception:
        """The last error."""
        handle = self._handle
        return _failures.of_error(
            number,
            IMMEDIATE.pc_async_error_message(handle),
            IMMEDIATE.pc_async_error_server(handle),
            IMMEDIATE.pc_async_error_cause(handle),
        )
