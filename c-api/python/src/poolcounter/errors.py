"""The exceptions. All of them are a `ClientError`, and every name ends in `Error`."""

from __future__ import annotations


class ClientError(Exception):
    """The parent of all."""


class RefusedError(ClientError):
    """The server's answer is no lock: serve something stale, or an error."""


class QueueFullError(RefusedError):
    """As many as `maxqueue` work on the key or wait for it."""


class WaitTimeoutError(RefusedError):
    """Nothing came free within `timeout`."""


class LockHeldError(RefusedError):
    """The connection has as many locks as it may have."""


class UnavailableError(ClientError):
    """There is no answer: do the work unprotected."""

    def __init__(self, message: str, server: str = "", cause: str = "") -> None:
        """With the whole sentence, and its two parts."""
        super().__init__(message, server, cause)
        self.server = server
        """The server, as it was configured."""
        self.cause = cause
        """The reason, in the words of the system or of the server."""

    def __str__(self) -> str:
        """The whole sentence."""
        return str(self.args[0])


class ConnectError(UnavailableError):
    """No server could be connected to, or the only ones left are not asked at the moment.

    `server` is the last of the key's order.
    """


class WriteError(UnavailableError):
    """The connection broke while the question was sent."""


class ReadError(UnavailableError):
    """The answer did not come, or cannot be understood."""


class RemoteError(UnavailableError):
    """The server answered with an error, which is the `cause`."""


class NotLockedError(ClientError):
    """A lock was released that is not held: it was never acquired, was released before, or is gone.

    The end of a block raises this only with `await_release`, if the server does not know the lock any more.
    """


class BadKeyError(ClientError, ValueError):
    """A key that cannot be sent. Nothing was."""


class BadServerError(ClientError, ValueError):
    """A text that names no server, or no server at all."""


class LibraryError(ClientError):
    """A fault within libpoolcounter or this package."""
