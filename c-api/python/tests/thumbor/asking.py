"""A client that asks a Thumbor for a picture."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from typing import Union

# For the slowest of forty renders on a machine that does other things too.
ANSWERED_WITHIN = 120.0

Server = Union[tuple[str, int], str]
"""An address and a port, or the path of a Unix socket."""


class Request:
    """One client that asks for one picture, in a thread of its own."""

    def __init__(self, server: Server, path: str, source: str = "127.0.0.1", **headers: str) -> None:
        """Sends the request; an underscore in the name of a header stands for a hyphen."""
        self.status: int | None = None
        self.headers: dict[str, str] = {}
        self.body = b""
        self._socket = _connect(server, source)
        self._connection = http.client.HTTPConnection("thumbor.test")
        self._connection.sock = self._socket
        self._connection.request("GET", path, headers={name.replace("_", "-"): headers[name] for name in headers})
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def result(self) -> int | None:
        """Waits for the status of the answer; None where the connection was closed."""
        self._thread.join(ANSWERED_WITHIN)
        if self._thread.is_alive():
            raise TimeoutError("no answer")
        return self.status

    def hang_up(self) -> None:
        """Closes the connection without waiting for the answer."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(ANSWERED_WITHIN)

    def _read(self) -> None:
        with contextlib.suppress(http.client.HTTPException, OSError):
            response = self._connection.getresponse()
            self.body = response.read()
            self.headers = dict(response.headers)
            self.status = response.status
        self._connection.close()


def _connect(server: Server, source: str) -> socket.socket:
    if not isinstance(server, str):
        return socket.create_connection(server, ANSWERED_WITHIN, (source, 0))
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(ANSWERED_WITHIN)
        connection.connect(server)
    except OSError:
        connection.close()
        raise
    return connection
