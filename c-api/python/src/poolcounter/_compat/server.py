"""One server, in python-poolcounter's interface."""

from __future__ import annotations

import os
import socket
import weakref

from .. import _section
from .._request import Key, encoded
from .._section import Section
from .._settings import Settings
from ..errors import (
    ClientError,
    LockHeldError,
    NotLockedError,
    QueueFullError,
    RemoteError,
    UnavailableError,
    WaitTimeoutError,
)
from ..outcomes import Outcome
from .errors import PoolcounterError, PoolcounterTimeoutError
from .messages import Request, RequestType, Response

_TIMED_OUT = "Connection timed out"
"""The library's cause if a server is silent."""

_ANSWERS: dict[type[Exception], str] = {
    WaitTimeoutError: Response.TIMEOUT,
    QueueFullError: Response.QUEUE_FULL,
    LockHeldError: Response.LOCK_HELD,
    NotLockedError: Response.NOT_LOCKED,
}


class Server:
    """A server, and one connection to it, which holds one lock at most. One thread at a time may use it."""

    def __init__(self, fqdn: str, port: int = 7531, weight: int = 1, label: str | None = None) -> None:
        """Looks up the name, and makes no connection yet.

        Raises:
            OSError: The name has no IPv4 address.
        """
        self.fqdn = fqdn
        self.port = port
        self.weight = int(weight)
        self.label = label or fqdn
        self.ipaddr = socket.gethostbyname(fqdn)
        self.connection_timeout: float = 2
        """Seconds to connect, and the least number of seconds to wait for an answer."""
        self.has_lock = False
        self._connected = False
        self._section: Section | None = None
        _servers.add(self)

    def __str__(self) -> str:
        """The label, the address and the port."""
        return f"{self.label} ({self.ipaddr}:{self.port})"

    def get_lock(
        self, lock_type: RequestType, key: Key, concurrency: int = 1, max_queue: int = 1000, timeout: int = 1
    ) -> Response:
        """Waits for a lock: the answer is LOCKED or DONE.

        Args:
            lock_type: LOCK_EXC or LOCK_ANY.
            key: The name of the work.
            concurrency: How many may work on the key at once.
            max_queue: How many may work on it or wait for it.
            timeout: Whole seconds to wait for the lock.

        Raises:
            PoolcounterTimeoutError: No lock was free in time, or the server did not answer in time.
            PoolcounterQueueError: The queue is full.
            PoolcounterError: The server holds a lock for this object already, refused, or cannot be reached; or the
                request cannot be sent.
        """
        if self.has_lock:
            raise PoolcounterError(f"{self} has a lock already: release it first")
        request = Request(lock_type, key, concurrency, max_queue, timeout)
        try:
            section = self._open()
            outcome = self._acquired(section, request)
            failure = None if outcome else section.failure()
        except (ClientError, ValueError) as error:
            raise PoolcounterError(f"{self}: {error}") from error
        response = self._answer(key, Response.LOCKED if outcome is Outcome.LOCKED else Response.DONE, failure)
        if response.status_is(Response.LOCK_HELD):
            raise PoolcounterError(f"{self} holds a lock for this connection already")
        self.has_lock = outcome is Outcome.LOCKED
        return response

    def lock_release(self, key: Key) -> Response:
        """Releases the lock: the answer is RELEASED, or NOT_LOCKED if there was none.

        Raises:
            PoolcounterTimeoutError: The server did not answer in time. The connection is closed, so the lock is free.
            PoolcounterError: There is no connection, or it broke, so the lock is free.
        """
        if not self._connected or self._section is None:
            raise PoolcounterError(f"{self} has no connection")
        if not self.has_lock:
            return Response(key, Response.NOT_LOCKED)
        self.has_lock = False
        failure = None if self._section.release() else self._section.failure()
        return self._answer(key, Response.RELEASED, failure)

    def shutdown(self) -> None:
        """Closes the connection. A lock that is held is abandoned. The object remains usable."""
        self.has_lock = self._connected = False
        section, self._section = self._section, None
        if section is not None:
            section.free()

    def _open(self) -> Section:
        kind = _section.kind()
        if type(self._section) is not kind:
            self.shutdown()
            self._section = kind(self._settings())
        assert self._section is not None
        return self._section

    def _settings(self) -> Settings:
        return Settings(
            servers=(f"{self.ipaddr}:{self.port}",),
            connect_timeout=self.connection_timeout,
            connect_twice=False,
            min_answer_timeout=self.connection_timeout,
            first_answer_timeout=4.0,
            avoid_for=1.0,
            max_idle_time=60.0,
            max_idle_connections=1,
            await_release=True,
        )

    def _acquired(self, section: Section, request: Request) -> Outcome | None:
        try:
            return section.acquire(encoded(request.key), request.limits())
        except BaseException:
            # A signal handler has raised, perhaps after the lock was acquired, or an argument was invalid.
            self.shutdown()
            raise

    def _answer(self, key: Key, message: str, failure: Exception | None) -> Response:
        """The answer of the server, unless the call failed."""
        self._connected = not isinstance(failure, UnavailableError) or isinstance(failure, RemoteError)
        if failure is None:
            return Response(key, message)
        if type(failure) in _ANSWERS:
            return Response(key, _ANSWERS[type(failure)])
        if isinstance(failure, UnavailableError) and failure.cause == _TIMED_OUT:
            raise PoolcounterTimeoutError(f"{self}: {failure}") from failure
        raise PoolcounterError(f"{self}: {failure}") from failure

    def _after_fork(self) -> None:
        # The lock and the connection are the parent's.
        self.has_lock = self._connected = False
        if self._section is not None:
            self._section.close()


_servers: weakref.WeakSet[Server] = weakref.WeakSet()


def _after_fork() -> None:
    for server in _servers:
        server._after_fork()


os.register_at_fork(after_in_child=_after_fork)
