"""A function that runs in a thread during a test."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from . import deadline

T = TypeVar("T")


class Background(Generic[T]):
    """A thread, and its result."""

    def __init__(self, function: Callable[[], T]) -> None:
        """Begins."""
        self._function = function
        self._result: T | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def result(self) -> T:
        """Waits for the function, and returns its result or raises its exception."""
        self._thread.join(deadline.SECONDS)
        if self._thread.is_alive():
            raise TimeoutError("waited too long for a thread")
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]

    def _run(self) -> None:
        try:
            self._result = self._function()
        except BaseException as error:
            self._error = error
