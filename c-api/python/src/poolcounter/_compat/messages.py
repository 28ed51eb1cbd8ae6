"""What a client sends and what a server answers, in python-poolcounter's interface."""

from __future__ import annotations

import ctypes
from enum import Enum

from .. import _failures
from .._functions import IMMEDIATE, OK
from .._request import Key, Limits, ReusedRequest, encoded
from ..outcomes import Mode
from .errors import PoolcounterError, PoolcounterQueueError, PoolcounterTimeoutError


class RequestType(Enum):
    """What a request asks for."""

    LOCK_EXC = "for me"
    """A lock, for work whose result only the caller needs."""

    LOCK_ANY = "for anyone"
    """A lock, for work whose result every waiter can use."""

    RELEASE = "release"
    """The release of a lock."""


_MODES = {RequestType.LOCK_EXC: Mode.FOR_ME, RequestType.LOCK_ANY: Mode.FOR_ANYONE}


class Request:
    """A line for a server."""

    def __init__(
        self,
        action: RequestType,
        key: Key,
        concurrency: int | None = None,
        max_queue: int | None = None,
        timeout: int | None = None,
    ) -> None:
        """A release needs no numbers."""
        self.action = action
        self.key = key
        self.concurrency = concurrency
        self.max_queue = max_queue
        self.timeout = timeout

    def limits(self) -> Limits:
        """The numbers in the form of the native client.

        Raises:
            ValueError: It is no request for a lock, or a number is missing.
        """
        if self.action not in _MODES:
            raise ValueError(f"{self.action} is not a request for a lock: use LOCK_EXC or LOCK_ANY of RequestType")
        if self.concurrency is None or self.max_queue is None or self.timeout is None:
            raise ValueError("a request for a lock needs concurrency, max_queue and timeout")
        return _MODES[self.action], self.concurrency, self.max_queue, self.timeout, None

    def wire(self) -> bytes:
        """The bytes that are sent. A release does not name its key: a server releases the lock of the connection.

        Raises:
            ValueError: The key cannot be sent, or a number is missing or out of its range.
        """
        if self.action is RequestType.RELEASE:
            return bytes(IMMEDIATE.pc_release_line())
        form, line = ReusedRequest(), ctypes.c_void_p()
        form.fill(encoded(self.key), self.limits())
        number = IMMEDIATE.pc_request_line(ctypes.byref(form.request), ctypes.byref(line))
        if number != OK:
            raise _failures.of_error(number, IMMEDIATE.pc_error_message(number))
        try:
            return ctypes.string_at(line.value or 0)
        finally:
            IMMEDIATE.pc_string_free(ctypes.byref(line))


def _word(outcome: int) -> str:
    return bytes(IMMEDIATE.pc_outcome_name(outcome)).decode()


class Response:
    """An answer of a server."""

    LOCKED = _word(1)
    RELEASED = _word(2)
    DONE = _word(3)
    NOT_LOCKED = _word(-2)
    QUEUE_FULL = _word(-3)
    TIMEOUT = _word(-4)
    LOCK_HELD = _word(-5)

    def __init__(self, key: Key, msg: str | bytes) -> None:
        """Takes the answer, with or without its line feed.

        Raises:
            PoolcounterTimeoutError: It is TIMEOUT.
            PoolcounterQueueError: It is QUEUE_FULL.
            PoolcounterError: It is an ERROR.
        """
        self.key = key
        self.msg = _text(msg)
        if self.status_is(self.TIMEOUT):
            raise PoolcounterTimeoutError(f"no lock of {key!r} was free in time")
        if self.status_is(self.QUEUE_FULL):
            raise PoolcounterQueueError(f"the queue of {key!r} is full")
        if self.msg.startswith("ERROR"):
            raise PoolcounterError(f"the server refused a request about {key!r}: {self.msg}")

    def status_is(self, status: str | bytes) -> bool:
        """Whether this is the answer."""
        return self.msg == _text(status)


def _text(message: str | bytes) -> str:
    return (message.decode(errors="replace") if isinstance(message, bytes) else message).strip()
