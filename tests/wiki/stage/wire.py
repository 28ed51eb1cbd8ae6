"""Records the lines that clients send to a daemon."""

import contextlib
import socket
import threading

from loopback import PORT, free_address


class Recorder:
    """A proxy in front of a daemon, with its own address."""

    def __init__(self, daemon):
        self.address = free_address()
        self._daemon = daemon
        self._lines = []
        self._connections = 0
        self._listener = socket.create_server((self.address, PORT), backlog=512)
        self._open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # close() does not end a blocked accept; shutdown() does.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in self._open:
            end.close()

    @property
    def lines(self):
        """The lines so far, in the order in which they came."""
        return list(self._lines)

    @property
    def connections(self):
        """How many connections there were."""
        return self._connections

    def cut(self):
        """Ends every connection, as a daemon that restarts does."""
        for end in self._open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._connections += 1
                server = socket.create_connection((self._daemon.address, PORT), timeout=20)
                server.settimeout(None)
                self._open += [client, server]
                threading.Thread(target=self._pass, args=(client, server, self._lines), daemon=True).start()
                threading.Thread(target=self._pass, args=(server, client, None), daemon=True).start()

    @staticmethod
    def _pass(source, sink, lines):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if lines is not None:
                    lines.extend(data.decode("utf-8", "replace").splitlines())
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
