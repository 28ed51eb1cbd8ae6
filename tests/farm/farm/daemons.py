"""The lock daemons, their processes (lives), and their faults."""

import contextlib
import dataclasses
import random
import signal
import socket
import time

from stage import places, waiting
from stage.process import Process

from .network import SERVERS
from .packets import PORT


@dataclasses.dataclass(eq=False)
class Life:
    """One process of a daemon. It holds no lock before it began, and grants none after it ended."""

    server: str
    began: int
    killed: int = 0
    """When its end began; 0 if it lived on."""
    ended: int = 0


@dataclasses.dataclass(eq=False)
class Fault:
    """A fault of a server, with its begin and end."""

    server: str
    kind: str
    began: int
    ended: int = 0


class Daemon:
    """A daemon at an address of the servers' namespace. It may have several processes, one after the other."""

    def __init__(self, network, address, folder):
        self.address = address
        self.lives = []
        self._network = network
        self._log = folder / f"{address}.log"
        self._process = None
        self.start()

    def start(self):
        """Starts a process, and waits until it answers."""
        self.lives.append(Life(self.address, time.monotonic_ns()))
        command = self._network.within(self._network.servers, [places.daemon(), "-l", self.address])
        self._process = Process(command, self._log)
        self._process.ready(self._answers, "listens")

    def end(self, number):
        """Ends its process by a signal."""
        life = self.lives[-1]
        life.killed = time.monotonic_ns()
        self._process.signal(number)
        waiting.until(lambda: not self._process.alive(), "the daemon has ended")
        life.ended = time.monotonic_ns()

    def freeze(self):
        """Stops it (SIGSTOP)."""
        self._process.signal(signal.SIGSTOP)

    def thaw(self):
        """Continues it (SIGCONT)."""
        self._process.signal(signal.SIGCONT)

    def stop(self):
        """Ends it."""
        self._process.stop()

    def said(self):
        """What it printed."""
        return self._log.read_text(errors="replace").strip()

    def statistics(self):
        """Its counters, as name and text."""
        with socket.create_connection((self.address, PORT), timeout=waiting.PATIENCE) as connection:
            connection.sendall(b"STATS FULL\n")
            with connection.makefile("r", encoding="utf-8") as lines:
                return dict(line.rstrip("\n").split(": ", 1) for line in iter(lines.readline, "\n"))

    def _answers(self):
        with contextlib.suppress(OSError):
            return bool(self.statistics())
        return False


class Schedule:
    """Breaks each daemon in each way. The seed decides the order and the durations."""

    KINDS = ("killed", "frozen", "cut off", "restarted")
    SLOT = 6.8
    """Seconds for a fault and the time until the next."""
    LONGEST = 5.0
    """The longest fault in seconds. Within this time a client whose network is away keeps its locks."""
    LONG = 21.0
    """Duration of the last freeze in seconds: a wait without a deadline would exceed its bound."""
    CALM = 24.0
    """Seconds without a fault before the end: in this time avoided servers are asked again."""

    def __init__(self, network, daemons, seed, seconds):
        self.faults = []
        self._network = network
        self._daemons = {daemon.address: daemon for daemon in daemons}
        self._chance = random.Random(seed)
        faults = len(SERVERS) * len(self.KINDS)
        rounds = max(1, int((seconds - self.CALM - self.LONG) / (self.SLOT * (faults - 1))))
        self._slot = (seconds - self.CALM - self.LONG) / (rounds * faults - 1)
        self._plan = [fault for _ in range(rounds) for fault in self._round()]
        self._long = max(number for number, (_, kind) in enumerate(self._plan) if kind == "frozen")

    def play(self, say):
        """Breaks and mends until the calm at the end begins."""
        begin = time.monotonic()
        for number, (server, kind) in enumerate(self._plan):
            slot = self.LONG if number == self._long else self._slot
            _sleep_until(begin + self._chance.uniform(0, 0.2) * self._slot)
            length = slot if number == self._long else self._chance.uniform(0.25, 0.7) * min(slot, self.LONGEST / 0.7)
            say(f"{server} is {kind}" + ("" if kind == "restarted" else f" for {length:.1f} s"))
            self._break(self._daemons[server], kind, length)
            begin += slot
        _sleep_until(begin)

    def _round(self):
        """Every fault of every server once, if possible no server twice in a row."""
        faults = [(server, kind) for server in SERVERS for kind in self.KINDS]
        self._chance.shuffle(faults)
        for place in range(1, len(faults)):
            others = [later for later in range(place, len(faults)) if faults[later][0] != faults[place - 1][0]]
            if others:
                faults[place], faults[others[0]] = faults[others[0]], faults[place]
        return faults

    def _break(self, daemon, kind, length):
        fault = Fault(daemon.address, kind, time.monotonic_ns())
        self.faults.append(fault)
        if kind == "killed":
            daemon.end(signal.SIGKILL)
            time.sleep(length)
            daemon.start()
        elif kind == "restarted":
            daemon.end(signal.SIGTERM)
            daemon.start()
        elif kind == "frozen":
            daemon.freeze()
            time.sleep(length)
            daemon.thaw()
        else:
            self._network.cut(daemon.address)
            time.sleep(length)
            self._network.mend(daemon.address)
        fault.ended = time.monotonic_ns()


def _sleep_until(moment):
    time.sleep(max(0.0, moment - time.monotonic()))
