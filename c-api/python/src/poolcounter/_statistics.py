"""The text of STATS as a dict."""

from __future__ import annotations

from typing import Union

Value = Union[int, str]


def parse(text: bytes) -> dict[str, Value]:
    """Name and value of each line: an int where it is one, else its text."""
    pairs = (line.partition(": ") for line in text.decode(errors="replace").splitlines())
    return {name: _value(value) for name, separator, value in pairs if separator}


def indices(servers: list[str], server: str | None) -> list[int]:
    """The indices of the servers to ask: one, or all."""
    if server is None:
        return list(range(len(servers)))
    if server not in servers:
        raise ValueError(f"{server!r} is not one of the servers")
    return [servers.index(server)]


def checked(name: str) -> bytes:
    """The name in the form of the library."""
    if not isinstance(name, str):
        raise TypeError(f"the name of a statistic is a text, not {type(name).__name__}")
    if "\0" in name:
        raise ValueError("the name of a statistic has no NUL")
    return name.encode()


def _value(text: str) -> Value:
    return int(text) if text.isascii() and text.isdigit() else text
