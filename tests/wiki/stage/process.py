"""Processes that are always stopped, by their id."""

import contextlib
import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import sys

from . import waiting

_TICKS = os.sysconf("SC_CLK_TCK")
_PR_SET_PDEATHSIG = 1


def _end_with_parent():
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Process:
    """A program that runs until it is stopped; its output goes to a file."""

    def __init__(self, command, log, env=None, keep=False):
        self.log = pathlib.Path(log)
        self._name = pathlib.Path(command[0]).name
        with self.log.open("ab") as output:
            self._child = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **(env or {})},
                start_new_session=True,
                preexec_fn=None if keep else _end_with_parent,
            )

    @property
    def pid(self):
        """Its process id."""
        return self._child.pid

    @property
    def status(self):
        """Its exit status once it has ended, negative for a signal."""
        return self._child.returncode

    def alive(self):
        """Whether it still runs."""
        return self._child.poll() is None

    def ready(self, condition, what):
        """Waits until it is ready."""
        waiting.until(lambda: condition() or not self.alive(), f"{self._name} {what}")
        if not self.alive():
            raise RuntimeError(f"{self._name} has ended: {self.log.read_text(errors='replace')[-2000:]}")

    def signal(self, number):
        """Sends it a signal."""
        self._child.send_signal(number)

    def kill(self):
        """Kills it (SIGKILL)."""
        self._child.kill()
        self._child.wait(timeout=waiting.PATIENCE)

    def stop(self):
        """Ends it, with SIGKILL if SIGTERM has no effect."""
        if not self.alive():
            return
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            self._child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.kill()


def children(pid):
    """The ids of a process's children."""
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def sockets_to(pid, address, port):
    """Where a process's TCP connections to this address and port come from, as 127.0.0.1:4444."""
    inodes = set()
    for name in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            inodes.add(os.readlink(name))
    found = []
    for line in pathlib.Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if _endpoint(fields[2]) == f"{address}:{port}" and f"socket:[{fields[9]}]" in inodes:
            found.append(_endpoint(fields[1]))
    return found


def _endpoint(text):
    """The kernel writes the four bytes of an address as a number of the machine's order."""
    address, port = text.split(":")
    return f"{socket.inet_ntoa(int(address, 16).to_bytes(4, sys.byteorder))}:{int(port, 16)}"


def cpu_seconds(pid):
    """User and system time that a process has spent itself."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
