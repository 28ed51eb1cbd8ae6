"""A daemon for one test, on its own address."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
from pathlib import Path

from loopback import PORT, free_address

from . import deadline
from .peer import Peer
from .process import Process

WORKSPACE = Path(__file__).resolve().parents[4]


class Daemon:
    """It can be stopped, started, frozen and asked."""

    def __init__(self, program: Path, environment: dict[str, str], *options: str) -> None:
        self.address = free_address()
        self._command: list[str | Path] = [program, "-l", self.address, *options]
        self._environment = environment
        self._peers: list[Peer] = []
        self.start()

    @classmethod
    def ours(cls, *options: str) -> Daemon:
        """Ours."""
        return cls(_program(), {}, *options)

    @classmethod
    def reference(cls) -> Daemon:
        """The reference."""
        program = Path(os.environ.get("POOLCOUNTER_REFERENCE") or WORKSPACE / "build/reference/poolcounterd")
        if not program.exists():
            raise FileNotFoundError(f"the reference daemon is not at {program}: run scripts/setup")
        libraries = program.parent / "lib"
        return cls(program, {"LD_LIBRARY_PATH": str(libraries)} if libraries.is_dir() else {})

    @property
    def pid(self) -> int:
        return self._process.pid

    def start(self) -> None:
        """Starts it, and waits until it answers and has no connection."""
        self._process = Process(self._command, self._environment)
        deadline.until(self._answers, "the daemon")
        deadline.until(lambda: self.connections() == 0, "the daemon to be alone")

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Ends it, and with it every connection."""
        self._process.stop(number)
        self._process.close()

    def freeze(self) -> None:
        """Stops it (SIGSTOP)."""
        self._process.send(signal.SIGSTOP)
        stat = Path(f"/proc/{self.pid}/stat")
        deadline.until(lambda: stat.read_text().rpartition(") ")[2][0] == "T", "the daemon to stand still")

    def thaw(self) -> None:
        """Continues it (SIGCONT)."""
        self._process.send(signal.SIGCONT)

    def close(self) -> None:
        """Ends it."""
        for peer in self._peers:
            peer.close()
        if self._process.is_running():
            self.thaw()
            self.stop()

    def peer(self) -> Peer:
        """Another client."""
        peer = Peer(self.address, PORT)
        self._peers.append(peer)
        return peer

    def counter(self, name: str) -> int:
        """A counter, asked for over a connection of its own."""
        peer = Peer(self.address, PORT)
        try:
            return int(peer.ask(f"STATS {name}").partition(": ")[2])
        finally:
            peer.close()

    def until(self, name: str, value: int) -> None:
        """Waits until a counter has a value."""
        deadline.until(lambda: self.counter(name) == value, f"{name} to be {value}")

    def connections(self) -> int:
        """How many connections are established, seen from the daemon."""
        packed = "".join(f"{byte:02X}" for byte in reversed(socket.inet_aton(self.address)))
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
        # While connections are made and closed, the kernel may list one of them several times.
        return len({row[2] for row in rows if row[1] == f"{packed}:{PORT:04X}" and row[3] == "01"})

    def _answers(self) -> bool:
        if not self._process.is_running():
            raise RuntimeError(f"the daemon has ended: {self._process.output()}")
        with contextlib.suppress(OSError):
            return bool(self.counter("total_acquired") == 0)
        return False


def _program() -> Path:
    named = os.environ.get("POOLCOUNTERD")
    if named:
        return Path(named)
    subprocess.run(["cargo", "build", "--quiet", "--locked", "-p", "poolcounterd"], cwd=WORKSPACE, check=True)
    return WORKSPACE / os.environ.get("CARGO_TARGET_DIR", "target") / "debug" / "poolcounterd"
