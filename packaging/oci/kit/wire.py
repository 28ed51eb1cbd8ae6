"""What clients say to a daemon: the protocol of port 7531, and HTTP of port 7532."""

from __future__ import annotations

import http.client
import socket

PATIENCE = 60.0
PORT, ADMIN = 7531, 7532


class Client:
    """A connection to a daemon."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self._socket = socket.create_connection((address, PORT), timeout=PATIENCE)
        self._lines = self._socket.makefile("r", encoding="utf-8", newline="\n")

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._socket.close()

    def ask(self, line: str) -> str:
        """Sends a command and gives the answer, which is empty at the end of the stream."""
        self.send(line)
        return self.answer()

    def send(self, line: str) -> None:
        """Sends a command."""
        self._socket.sendall(f"{line}\n".encode())

    def answer(self) -> str:
        """The next answer."""
        return self._lines.readline().removesuffix("\n")


def get(path: str, method: str = "GET", address: str = "127.0.0.1") -> tuple[int, str]:
    """Status and text of an answer of the admin interface."""
    connection = http.client.HTTPConnection(address, ADMIN, timeout=PATIENCE)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode().strip()
    finally:
        connection.close()
