"""Translates the library's error numbers and outcomes into exceptions and `Outcome`."""

from __future__ import annotations

from .errors import (
    BadKeyError,
    BadServerError,
    ConnectError,
    LibraryError,
    LockHeldError,
    NotLockedError,
    QueueFullError,
    ReadError,
    RefusedError,
    RemoteError,
    UnavailableError,
    WaitTimeoutError,
    WriteError,
)
from .outcomes import Outcome

OUTCOMES = {outcome.value: outcome for outcome in Outcome}
"""The outcomes that are not exceptions."""

NOT_LOCKED = -2

_INVALID = 2
_OF_AN_ARGUMENT: dict[int, type[BadServerError] | type[BadKeyError]] = {
    3: BadServerError,
    4: BadServerError,
    5: BadKeyError,
}
_OF_A_SERVER: dict[int, type[UnavailableError]] = {6: ConnectError, 7: WriteError, 8: ReadError, 9: RemoteError}

_REFUSALS: dict[int, tuple[type[RefusedError] | type[NotLockedError], str]] = {
    NOT_LOCKED: (NotLockedError, "the lock was gone already"),
    -3: (QueueFullError, "the queue is full"),
    -4: (WaitTimeoutError, "the wait was too long"),
    -5: (LockHeldError, "the connection has too many locks"),
}


def of_error(number: int, message: bytes, server: bytes = b"", cause: bytes = b"") -> Exception:
    """The exception for an error number and the library's texts."""
    sentence = _text(message)
    if number in _OF_A_SERVER:
        return _OF_A_SERVER[number](sentence, _text(server), _text(cause))
    if number in _OF_AN_ARGUMENT:
        return _OF_AN_ARGUMENT[number](sentence)
    return ValueError(sentence) if number == _INVALID else LibraryError(sentence)


def of_outcome(number: int) -> Exception:
    """The exception for an answer of the server that is not in `OUTCOMES`."""
    if number not in _REFUSALS:
        return LibraryError(f"unknown outcome {number}")
    kind, message = _REFUSALS[number]
    return kind(message)


def _text(text: bytes) -> str:
    return text.decode(errors="replace")
