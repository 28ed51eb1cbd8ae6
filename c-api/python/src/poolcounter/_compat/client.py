"""Several servers, in python-poolcounter's interface."""

from __future__ import annotations

import logging
from collections.abc import Callable

from .._request import Key
from ..ring import HashRing
from .errors import PoolcounterError
from .messages import RequestType
from .server import Server


class PoolcounterClient:
    """Runs functions under locks. A ring says which server a key belongs to. No other server is asked for it."""

    lock_release_retry = 4
    """How often a release is tried."""

    def __init__(self, logger: logging.Logger) -> None:
        """Begins without servers."""
        self.logger = logger
        self.backends: dict[str, Server] = {}
        """The servers by their labels."""
        self.ring = HashRing()

    def add_backend(self, server: Server) -> None:
        """Adds a server.

        Raises:
            PoolcounterError: There is one with this label.
            ValueError: The weight is out of its range.
        """
        if server.label in self.backends:
            raise PoolcounterError(f"there is a server with the label {server.label!r} already")
        self.ring.add_node(server.label, server.weight)
        self.backends[server.label] = server

    def remove_backend(self, label: str) -> None:
        """Removes a server, and closes its connection if it has no lock.

        Raises:
            PoolcounterError: There is none with this label.
        """
        if label not in self.backends:
            raise PoolcounterError(f"there is no server with the label {label!r}")
        self.ring.del_node(label)
        server = self.backends.pop(label)
        if not server.has_lock:
            server.shutdown()

    def backend_for(self, key: Key) -> Server:
        """The server of a key.

        Raises:
            PoolcounterError: There is no server, or all weights are 0.
        """
        try:
            return self.backends[self.ring.get_node(key)]
        except ValueError as error:
            raise PoolcounterError(f"there is no server for {key!r}: {error}") from error

    def run(
        self,
        lock_type: RequestType,
        key: Key,
        callback: Callable[..., object],
        *args: object,
        errback: Callable[[PoolcounterError], bool] | None = None,
        concurrency: int = 1,
        max_queue: int = 1000,
        timeout: int = 1,
    ) -> bool:
        """Calls `callback(*args)` after LOCKED and after DONE, and releases the lock.

        Args:
            lock_type: LOCK_EXC or LOCK_ANY.
            key: The name of the work.
            callback: The work.
            args: Its arguments.
            errback: Called with the PoolcounterError if there is no lock; by default `default_errback`.
            concurrency: How many may work on the key at once.
            max_queue: How many may work on it or wait for it.
            timeout: Whole seconds to wait for the lock.

        Returns:
            True after the callback, the value of `errback` if there was no lock, and False if the callback raised.

        Raises:
            PoolcounterError: The release failed.
        """
        server, free = None, False
        try:
            server = self.backend_for(key)
            # Otherwise a run within a callback would release the lock of the outer one.
            free = not server.has_lock
            server.get_lock(lock_type, key, concurrency=concurrency, max_queue=max_queue, timeout=timeout)
            callback(*args)
        except PoolcounterError as error:
            return (errback or self.default_errback)(error)
        except Exception as error:
            return self.default_errback(error)
        finally:
            if server is not None and free and server.has_lock:
                self._release(server, key)
        return True

    def default_errback(self, error: Exception) -> bool:
        """Logs the error, and returns False."""
        self.logger.error("%s: %s", type(error).__name__, error)
        return False

    def _release(self, server: Server, key: Key) -> None:
        first: PoolcounterError | None = None
        for _ in range(self.lock_release_retry):
            error = _refusal(server, key)
            if error is None:
                return
            first = first or error
        raise PoolcounterError(f"the lock of {key!r} was not released: {first}") from first


def _refusal(server: Server, key: Key) -> PoolcounterError | None:
    try:
        server.lock_release(key)
    except PoolcounterError as error:
        return error
    return None
