"""The exceptions. All of them are a `PoolCounterError`."""

from __future__ import annotations


class PoolCounterError(Exception):
    """The parent of all."""


class Refused(PoolCounterError):
    """The server's answer is no lock: serve something stale, or an error."""


class QueueFull(Refused):
    """As many as `maxqueue` work on the key or wait for it."""


class WaitTimeout(Refused):
    """Nothing came free within `timeout`."""


class LockHeld(Refused):
    """The connection has as many locks as it may have."""


class Failure(PoolCounterError):
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


class ConnectError(Failure):
    """No server could be connected to, or the only ones left are not asked at the moment.

    `server` is the last of the key's order.
    """


class WriteError(Failure):
    """The connection broke while the question was sent."""


class ReadError(Failure):
    """The answer did not come, or cannot be understood."""


class RemoteError(Failure):
    """The server answered with an error, which is the `cause`."""


class NotLocked(PoolCounterError):
    """The server knew nothing of the lock any more when it was released. Only with `await_release`."""


class BadKey(PoolCounterError, ValueError):
    """A key that cannot be sent. Nothing was."""


class BadServer(PoolCounterError, ValueError):
    """A text that names no server, or no server at all."""


class LibraryError(PoolCounterError):
    """A fault within libpoolcounter or this package."""
