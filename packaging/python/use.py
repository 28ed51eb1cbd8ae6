"""Uses the installed package: every kind of client takes a lock from the daemon at the address that is given."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import poolcounter
from poolcounter import Client, aio
from poolcounter._functions import BLOCKING
from poolcounter.client import RequestType


async def with_asyncio(address: str) -> str:
    """The client for asyncio."""
    async with aio.Client([address]).lock("asyncio", workers=1, maxqueue=10, timeout=5) as outcome:
        return outcome.name


def main(address: str) -> None:
    """Prints what each client got, and which Python it was."""
    # The library is the one that the package contains.
    assert Path(BLOCKING._name).parent == Path(poolcounter.__file__).parent, BLOCKING._name
    with Client([address]).lock("threads", workers=1, maxqueue=10, timeout=5) as outcome:
        threads = outcome.name
    done: list[str] = []
    client = poolcounter.new([("pc1", address, 1)])
    run = client.run(RequestType.LOCK_EXC, "python-poolcounter", done.append, "LOCKED", timeout=5)
    assert run, "no lock by the interface of python-poolcounter"
    print(
        threads, asyncio.run(with_asyncio(address)), *done, sys.implementation.name, "{}.{}".format(*sys.version_info)
    )


main(*sys.argv[1:])
