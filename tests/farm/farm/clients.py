"""The client programs, one for each language and way of working.

Each gets: when to end (CLOCK_MONOTONIC, nanoseconds), a seed, the number of its first worker, how many workers, the
file of its events, milliseconds to connect, servers and keys (each with commas between), and the keys of its first
worker, if that is to be a slow one: most work takes 10 to 50 ms, slow work 20 to 40 s, or as long as there is time.
"""

import os
import pathlib
import signal
import subprocess
import time

from stage import places
from stage.process import Process

from . import events

HERE = pathlib.Path(__file__).resolve().parents[1] / "clients"
CONNECT_MS = 500
"""Longer than the clients' default, so that a busy machine does not look like a broken server."""


class Client:
    """A client program that runs until its time is over."""

    def __init__(self, name, first, workers, command, folder, environment=None):
        self.name = name
        self._workers = workers
        self._slow = name not in ("php-2", "php-3", "php-4")
        self._first = first
        self._command = command
        self._events = folder / f"{name}.events"
        self._log = folder / f"{name}.log"
        self._environment = environment or {}
        self._process = None

    def start(self, network, end, seed, servers, keys, slow):
        """Starts it in the clients' namespace."""
        self._events.touch()
        words = [
            end,
            seed,
            self._first,
            self._workers,
            self._events,
            CONNECT_MS,
            ",".join(servers),
            ",".join(keys),
            ",".join(slow) if self._slow else "",
        ]
        self._process = Process(network.within(network.clients, [*self._command, *words]), self._log, self._environment)

    def wait(self, until):
        """Waits for its end. Returns what was wrong, or an empty text."""
        while self._process.alive() and time.monotonic() < until:
            time.sleep(0.05)
        if self._process.alive():
            self._process.signal(signal.SIGABRT)
            self.stop()
            return f"{self.name} does not end"
        said = self._log.read_text(errors="replace").strip()
        return f"{self.name} ended with {self._process.status}: {said[-2000:]}" if self._process.status or said else ""

    def stop(self):
        """Kills it."""
        if self._process is not None and self._process.alive():
            self._process.kill()

    def requests(self):
        """Its events."""
        return events.read(self.name, self._events)


def everyone(folder):
    """All client programs. Their libraries must be built."""
    library = folder / "libpoolcounter.so.0"
    library.symlink_to(places.c_library().resolve())
    python = {
        "PYTHONPATH": str(places.ROOT / "c-api" / "python" / "src"),
        "POOLCOUNTER_LIBRARY": str(library),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    php = [places.PHP, "-n", "-d", f"extension={places.php_extension()}", HERE / "client.php"]
    node = [os.environ.get("NODE") or "node", HERE / "client.mjs", places.ROOT / "wasm" / "npm" / "lib" / "index.mjs"]
    made = [
        *((f"php-{number}", 1, php, None) for number in range(1, 5)),
        ("python-threads", 6, ["/usr/bin/python3", HERE / "client_threads.py"], python),
        ("python-asyncio", 6, ["/usr/bin/python3", HERE / "client_asyncio.py"], python),
        ("node", 6, node, None),
        ("c", 6, [_compile(folder, library)], {"LD_LIBRARY_PATH": str(folder)}),
    ]
    first = 1
    clients = []
    for name, workers, command, environment in made:
        clients.append(Client(name, first, workers, command, folder, environment))
        first += workers
    return clients


def _compile(folder, library):
    program = folder / "client"
    command = [
        "cc",
        "-std=c99",
        "-Wall",
        "-Wextra",
        "-Wpedantic",
        "-Werror",
        "-O1",
        "-pthread",
        "-I",
        places.ROOT / "c-api" / "include",
        "-o",
        program,
        HERE / "client.c",
        library,
    ]
    subprocess.run(command, check=True, timeout=120)
    return program
