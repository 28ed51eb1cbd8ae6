"""The exceptions. All of them are a `ClientError`, and every name ends in `Error`."""

from __future__ import annotations


class ClientError(Exception):
    """The base class of all exceptions."""


class RefusedError(ClientError):
    """The server did not grant the lock: serve an old result, or an error."""


class QueueFullError(RefusedError):
    """As many as `maxqueue` work on the key or wait for it."""


class WaitTimeoutError(RefusedError):
    """No lock was free within `timeout`."""


class LockHeldError(RefusedError):
    """The connection has as many locks as it may have."""


class UnavailableError(ClientError):
    """There is no answer: do the work unprotected."""

    def __init__(self, message: str, server: str = "", cause: str = "") -> None:
        """Takes the whole message, and its two parts."""
        super().__init__(message, server, cause)
        self.server = server
        """The server, as it was configured."""
        self.cause = cause
        """The reason: the message of the system or of the server."""

    def __str__(self) -> str:
        """The whole message."""
        return str(self.args[0])


class ConnectError(UnavailableError):
    """No server could be connected to, or the remaining servers are avoided at the moment.

    `server` is the last one of the key's order.
    """


class WriteError(UnavailableError):
    """The connection broke while the command was sent."""


class ReadError(UnavailableError):
    """The answer did not come, or cannot be understood."""


class RemoteError(UnavailableError):
    """The server answered with an error, which is the `cause`."""


class NotLockedError(ClientError):
    """A lock was released that is not held: it was never acquired, was released before, or was lost.

    The end of a block raises this only with `await_release`, if the server no longer has the lock.
    """


class BadKeyError(ClientError, ValueError):
    """A key that cannot be sent. Nothing was sent."""


class BadServerError(ClientError, ValueError):
    """A text that names no server, or no server at all."""


class LibraryError(ClientError):
    """A fault within libpoolcounter or this package."""
