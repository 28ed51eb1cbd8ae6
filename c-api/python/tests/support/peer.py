"""Another, simple client of the daemon."""

from __future__ import annotations

import socket

from . import deadline


class Peer:
    """One connection."""

    def __init__(self, address: str, port: int) -> None:
        self._socket = socket.create_connection((address, port), timeout=deadline.SECONDS)
        self._lines = self._socket.makefile("rb")

    def send(self, line: str | bytes) -> None:
        self._socket.sendall((line if isinstance(line, bytes) else line.encode()) + b"\n")

    def line(self) -> str:
        """The next line of an answer; empty if the daemon has closed the connection."""
        return self._lines.readline().decode().rstrip("\n")

    def ask(self, line: str | bytes) -> str:
        self.send(line)
        return self.line()

    def close(self) -> None:
        self._lines.close()
        self._socket.close()
