"""Where the daemons of tests in Python listen."""

from __future__ import annotations

import contextlib
import ipaddress
import itertools
import random
import socket

PORT = 7531
"""The port of every daemon: the reference has no other."""

_ATTEMPTS = 100

# From a random start, so that two test programs do not use the same address.
_numbers = itertools.count(random.randrange(1 << 16, 255 << 16))


def free_address() -> str:
    """An address of 127.0.0.0/8 that was not given before and whose port is free.

    If the reference was stopped with clients connected, its port is in use for a minute, also for our daemon.
    """
    for number in itertools.islice(_numbers, _ATTEMPTS):
        address = str(ipaddress.IPv4Address(0x7F000000 + number))
        # Without SO_REUSEADDR, which would also accept ports in TIME_WAIT.
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((address, PORT))
            return address
    raise RuntimeError(f"port {PORT} is taken on every address of 127.0.0.0/8: does a daemon listen on 0.0.0.0?")
