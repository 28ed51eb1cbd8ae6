"""The library's client for event loops."""

from __future__ import annotations

import ctypes

from . import _failures
from ._call import Call
from ._functions import BLOCKING, IMMEDIATE, OK
from ._request import Limits, ReusedRequest
from ._settings import Settings


class Nonblocking:
    """A pc_async."""

    __slots__ = ("__weakref__", "_form", "_handle")

    def __init__(self, settings: Settings) -> None:
        """Makes no connection yet."""
        self._handle = ctypes.c_void_p()
        self._form = ReusedRequest()
        with settings.configuration() as config:
            BLOCKING.pc_config_set_look_ups_by_caller(config, 1)
            number = BLOCKING.pc_async_new(config, ctypes.byref(self._handle))
            if number != OK:
                raise _failures.of_error(number, BLOCKING.pc_config_error_cause(config))

    def __del__(self) -> None:
        """Frees it in any state; locks that it holds are abandoned."""
        if hasattr(self, "_handle"):  # An interrupt may have come before.
            self.free()

    def free(self) -> None:
        """Closes its connections; locks that it holds are abandoned."""
        IMMEDIATE.pc_async_free(ctypes.byref(self._handle))

    def acquire(self, call: Call, key: bytes, limits: Limits) -> int:
        """Begins to acquire a lock. Raises an exception for an error number."""
        self._form.fill(key, limits)
        request = ctypes.byref(self._form.request)
        return int(IMMEDIATE.pc_async_acquire(self._handle, request, ctypes.byref(call.handle)))

    def release(self, call: Call, lock: int) -> int:
        """Begins to release a lock. Raises an exception for an error number, as for a parent's lock after a fork."""
        return int(IMMEDIATE.pc_async_release(self._handle, lock, ctypes.byref(call.handle)))

    def stats(self, call: Call, server: int, name: bytes) -> int:
        """Begins to ask for a statistic. Raises an exception for an error number."""
        return int(IMMEDIATE.pc_async_stats(self._handle, server, name, ctypes.byref(call.handle)))

    def abandon(self, lock: int) -> None:
        """The work failed."""
        IMMEDIATE.pc_async_abandon(self._handle, lock)

    def close(self) -> None:
        """Closes every connection; locks that are held are abandoned, and calls under way fail."""
        IMMEDIATE.pc_async_close(self._handle)

    def host(self, server: int) -> str:
        """The host of a server whose name must be looked up for a call."""
        return str((IMMEDIATE.pc_async_server_host(self._handle, server) or b"").decode())

    def check(self, number: int) -> None:
        """Raises the exception for an error number."""
        if number != OK:
            raise self.error(number)

    def error(self, number: int) -> Exception:
        """The last error."""
        handle = self._handle
        return _failures.of_error(
            number,
            IMMEDIATE.pc_async_error_message(handle),
            IMMEDIATE.pc_async_error_server(handle),
            IMMEDIATE.pc_async_error_cause(handle),
        )
