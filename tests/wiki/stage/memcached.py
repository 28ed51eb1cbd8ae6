"""A private memcached."""

import contextlib
import os
import pwd
import socket

from . import places
from .process import Process
from .web import free_port


class Memcached:
    """Runs until its context is left."""

    def __init__(self, folder):
        self._port = free_port()
        self.address = f"127.0.0.1:{self._port}"
        program, environment = places.server("memcached", "usr/bin/memcached")
        user = pwd.getpwuid(os.getuid()).pw_name
        command = [program, "-l", "127.0.0.1", "-p", str(self._port), "-U", "0", "-m", "64", "-u", user]
        self._process = Process(command, folder / "memcached.log", environment)
        self._process.ready(self._answers, "listens")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stop()

    def flush(self):
        """Removes all items."""
        assert self._ask("flush_all", "OK\r\n") == "OK\r\n"

    def items(self):
        """How many items it holds."""
        lines = self._ask("stats", "END\r\n").splitlines()
        return next(int(line.split()[2]) for line in lines if line.startswith("STAT curr_items "))

    def _ask(self, command, end):
        with socket.create_connection(("127.0.0.1", self._port), timeout=10) as connection:
            connection.sendall(f"{command}\r\n".encode())
            text = ""
            while not text.endswith(end) and (data := connection.recv(65536)):
                text += data.decode()
            return text

    def _answers(self):
        with contextlib.suppress(OSError):
            return bool(self._ask("version", "\r\n"))
        return False
