"""A lock daemon on an address of its own."""

import contextlib
import json
import signal
import socket
import urllib.request

from loopback import PORT, free_address

from . import places
from .process import Process

_ADMIN_PORT = 7532


class Server:
    """A daemon that runs already, such as an installed service."""

    def __init__(self, address):
        self.address = address

    def counters(self):
        """Its statistics, as name and text."""
        with Client(self.address) as client:
            client.send("STATS FULL")
            lines = iter(client.line, "")
            return dict(line.split(": ", 1) for line in lines)

    def counter(self, name):
        """One of its counters."""
        return int(self.counters()[name])


class Daemon(Server):
    """A running daemon, which can also be frozen, killed and asked."""

    def __init__(self, program, folder, env=None, keep=False, more=(), admin=False):
        super().__init__(free_address())
        if admin:
            more = (*more, "--admin", f"{self.address}:{_ADMIN_PORT}")
        self._process = Process([program, "-l", self.address, *more], folder / "daemon.log", env, keep)
        self._process.ready(self._answers, "listens")

    @classmethod
    def ours(cls, folder, keep=False, more=(), admin=False):
        """Our daemon, with more options, and with its page."""
        return cls(places.daemon(), folder, keep=keep, more=more, admin=admin)

    @classmethod
    def reference(cls, folder):
        """The reference."""
        program = places.reference()
        libraries = program.parent / "lib"
        return cls(program, folder, {"LD_LIBRARY_PATH": str(libraries)} if libraries.is_dir() else None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def pid(self):
        """Its process id."""
        return self._process.pid

    @property
    def page(self):
        """Where its page is, if it has one."""
        return f"http://{self.address}:{_ADMIN_PORT}/"

    def admin(self, route):
        """What its admin interface answers."""
        # A proxy of the machine has no business here.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.page + route, timeout=20) as answer:
            return json.load(answer)

    def freeze(self):
        """Stops it (SIGSTOP): it accepts and reads nothing more."""
        self._process.signal(signal.SIGSTOP)

    def thaw(self):
        """Continues it (SIGCONT)."""
        self._process.signal(signal.SIGCONT)

    def kill(self):
        """Kills it."""
        self._process.kill()

    def stop(self):
        """Ends it."""
        self._process.stop()

    def _answers(self):
        with contextlib.suppress(OSError):
            return bool(self.counters())
        return False


class Client:
    """A simple client of the daemon, for tests."""

    def __init__(self, address):
        self._socket = socket.create_connection((address, PORT), timeout=20)
        self._lines = self._socket.makefile("r", encoding="utf-8", newline="\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, line):
        """Sends a line."""
        self._socket.sendall(f"{line}\n".encode())

    def line(self):
        """The next line of an answer."""
        return self._lines.readline().rstrip("\n")

    def ask(self, line):
        """Sends a line and waits for its answer."""
        self.send(line)
        return self.line()

    def own_address(self):
        """Its own address and port, by which the daemon knows it."""
        address, port = self._socket.getsockname()
        return f"{address}:{port}"

    def close(self):
        """Closes the connection."""
        self._lines.close()
        self._socket.close()
