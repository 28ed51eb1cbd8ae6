"""A request for a lock, in the form of the library."""

from __future__ import annotations

from typing import Optional, Union

from ._functions import Request
from ._settings import Server, integer, milliseconds
from .outcomes import Mode

Key = Union[str, bytes]

Limits = tuple[Mode, int, int, int, Optional[float]]
"""Mode, workers, maxqueue, timeout and answer_timeout. A tuple, because one is made and compared for each lock."""

_SHOWN = 60
"""How many bytes of a key `repr()` shows."""


class ReusedRequest:
    """A pc_request that is filled in for each lock."""

    __slots__ = ("_limits", "request")

    def __init__(self) -> None:
        """Makes an empty request."""
        self._limits: Limits | None = None
        self.request = Request()

    def fill(self, key: bytes, limits: Limits) -> None:
        """Writes the fields that differ from those of the last lock."""
        request = self.request
        if limits != self._limits or not _whole(limits):
            self._write(limits)
        request.key = key
        request.key_length = len(key)

    def _write(self, limits: Limits) -> None:
        self._limits = None
        request = self.request
        mode, workers, maxqueue, timeout, answer_timeout = limits
        request.mode = Mode(integer(mode, "mode"))
        request.workers = integer(workers, "workers")
        request.maxqueue = integer(maxqueue, "maxqueue")
        request.timeout_seconds = integer(timeout, "timeout")
        request.answer_timeout_ms = _answer_timeout_ms(answer_timeout)
        self._limits = limits


def _whole(limits: Limits) -> bool:
    # 1.0 equals 1, but is refused.
    return type(limits[0]) is Mode and type(limits[1]) is type(limits[2]) is type(limits[3]) is int


def described(kind: type, key: bytes, limits: Limits, servers: tuple[Server, ...], state: str) -> str:
    """The `repr()` of a lock. The limits are not checked yet, so they may be invalid."""
    mode, workers, maxqueue, timeout, _ = limits
    shown = repr(key) if len(key) <= _SHOWN else f"{key[:_SHOWN]!r}..."
    numbers = f"workers={workers!r}, maxqueue={maxqueue!r}, timeout={timeout!r}"
    return (
        f"<{kind.__module__}.{kind.__qualname__} key={shown}, mode={getattr(mode, 'name', mode)}, {numbers},"
        f" servers={list(servers)!r}, {state}>"
    )


def encoded(key: Key) -> bytes:
    """The bytes of a key."""
    if isinstance(key, str):
        return key.encode()
    if isinstance(key, bytes):
        return key
    raise TypeError(f"a key is str or bytes, not {type(key).__name__}")


def _answer_timeout_ms(seconds: float | None) -> int:
    # 0 means the library's default.
    if seconds is None:
        return 0
    value = milliseconds(seconds, "answer_timeout")
    if value <= 0:
        raise ValueError("answer_timeout must be above 0")
    return value
