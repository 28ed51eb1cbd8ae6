"""Plays protected sections on request: sections.py package|keeping|connecting ADDRESS.

Each line on standard input, "sections microseconds", is the number of sections to run and the pause before each. The
answer is a line of JSON: wall and CPU time inside acquire and release, in microseconds. In the pause Python is busy.
"""

from __future__ import annotations

import json
import socket
import sys
from statistics import median
from time import perf_counter, process_time
from typing import Protocol

from poolcounter import Client, Outcome

KEY = "wiki:pcache:idhash:3-0!canonical"


class Section(Protocol):
    """What is measured."""

    def acquire(self) -> None:
        """Take the lock."""

    def release(self) -> None:
        """Give it back."""


class ByPackage:
    """The package poolcounter."""

    def __init__(self, address: str) -> None:
        """Make a client."""
        self.client = Client([address], connect_timeout=1.0)
        self.locked = Outcome.LOCKED

    def acquire(self) -> None:
        """Take the lock."""
        self.lock = self.client.lock(KEY, workers=1, maxqueue=100, timeout=15)
        if self.lock.acquire() is not self.locked:
            sys.exit("the lock was not granted")

    def release(self) -> None:
        """Give it back."""
        self.lock.release()


class Connecting:
    """A client in Python alone, with a connection for each section."""

    def __init__(self, address: str) -> None:
        """Keep the address."""
        self.address = address

    def connect(self) -> None:
        """Make the connection."""
        self.socket = socket.create_connection((self.address, 7531), timeout=1.0)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(22.5)

    def acquire(self) -> None:
        """Take the lock."""
        self.connect()
        self.ask(f"ACQ4ANY {KEY.replace(' ', '%20')} 1 100 15\n", "LOCKED")

    def release(self) -> None:
        """Give it back."""
        self.ask("RELEASE\n", "RELEASED")
        self.socket.close()

    def ask(self, command: str, expected: str) -> None:
        """Send a command and wait for its answer."""
        self.socket.sendall(command.encode())
        answer = b""
        while not answer.endswith(b"\n"):
            answer += self.socket.recv(4096)
        if answer.decode().rstrip() != expected:
            sys.exit(f"{answer!r} is not {expected}")


class Keeping(Connecting):
    """The same with one connection, which is kept."""

    def __init__(self, address: str) -> None:
        """Make the connection."""
        super().__init__(address)
        self.connect()

    def acquire(self) -> None:
        """Take the lock."""
        self.ask(f"ACQ4ANY {KEY.replace(' ', '%20')} 1 100 15\n", "LOCKED")

    def release(self) -> None:
        """Give it back."""
        self.ask("RELEASE\n", "RELEASED")


def work(microseconds: int) -> None:
    """Be busy for this time."""
    end = perf_counter() + microseconds / 1e6
    while perf_counter() < end:
        pass


def play(section: Section, sections: int, pause: int) -> dict[str, float]:
    """Give the median section's wall time and the mean CPU time."""
    walls = []
    cpu = 0.0
    for _ in range(sections):
        work(pause)
        cpu_before, before = process_time(), perf_counter()
        section.acquire()
        acquired, cpu_acquired = perf_counter(), process_time()
        cpu_releasing, releasing = process_time(), perf_counter()
        section.release()
        released, cpu_after = perf_counter(), process_time()
        walls.append(acquired - before + released - releasing)
        cpu += cpu_acquired - cpu_before + cpu_after - cpu_releasing
    return {"wall": median(walls) * 1e6, "cpu": cpu / sections * 1e6}


def main() -> None:
    """Read requests and answer them."""
    players: dict[str, type[ByPackage | Connecting]] = {
        "package": ByPackage,
        "keeping": Keeping,
        "connecting": Connecting,
    }
    section = players[sys.argv[1]](sys.argv[2])
    print("{}", flush=True)
    for line in sys.stdin:
        sections, pause = map(int, line.split())
        print(json.dumps(play(section, sections, pause)), flush=True)


main()
