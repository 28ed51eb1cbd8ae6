"""Servers that are named: a look-up does not stop the event loop, and its failures are documented exceptions."""

from __future__ import annotations

import hashlib
import sys
import textwrap
from pathlib import Path

import pytest
from support.daemon import Daemon
from support.names import Names
from support.process import Process

# Acquires a lock again and again, prints each new outcome, and checks that the loop runs meanwhile.
SCRIPT = """
    import asyncio, sys, time
    from pathlib import Path
    from poolcounter import ConnectError, aio
    end, key, *servers = sys.argv[1:]
    client = aio.Client(servers, connect_timeout=1)

    async def once():
        try:
            async with client.lock(key, workers=1, maxqueue=10, timeout=0) as outcome:
                return outcome.name
        except ConnectError as error:
            return error.cause

    async def turn():
        while True:
            await asyncio.sleep(0.01)
            await turned.put(None)

    async def main():
        global turned
        turned, said = asyncio.Queue(), ""
        turning = asyncio.ensure_future(turn())
        while not Path(end).exists():
            if (says := await once()) != said:
                print(said := says, flush=True)
            await turned.get()
        turning.cancel()

    asyncio.run(main())
"""

# Takes one lock in a process that can have no other thread.
WITHOUT_THREADS = """
    import asyncio, sys, threading
    from poolcounter import ClientError, aio

    def refuse(thread):
        raise RuntimeError("can't start new thread")

    threading.Thread.start = refuse
    client = aio.Client(sys.argv[1:])

    async def main():
        try:
            async with client.lock("key", workers=1, maxqueue=10, timeout=0) as outcome:
                print(outcome.name, flush=True)
        except ClientError as error:
            print(f"{type(error).__name__}: {error}", flush=True)

    asyncio.run(main())
"""


@pytest.fixture
def names(tmp_path: Path) -> Names:
    """The names that the script knows."""
    return Names(tmp_path)


def script(names: Names, end: Path, *servers: str, key: str = "key") -> Process:
    """It ends when there is such a file."""
    return Process([sys.executable, "-c", textwrap.dedent(SCRIPT), str(end), key, *servers], names.environment)


def digest(server: str, key: str) -> str:
    """MediaWiki's rule: the smallest digest is first."""
    return hashlib.md5((server + key).encode()).hexdigest()


def key_of(first: str, *others: str) -> str:
    """A key that is asked for at this server before the others."""
    keys = (f"key-{number}" for number in range(1_000))
    return next(key for key in keys if min((first, *others), key=lambda name: digest(name, key)) == first)


def test_a_name_that_is_found_later(names: Names, ours: Daemon, tmp_path: Path) -> None:
    with script(names, tmp_path / "end", "pc.test") as client:
        assert "not known" in client.line()
        names.are(pc_test=ours.address)
        assert client.line() == "LOCKED"
        names.are()
        (tmp_path / "end").touch()
        assert client.output() == ""


def test_a_look_up_that_takes_long_leaves_the_call_to_the_next_server(
    names: Names, ours: Daemon, tmp_path: Path
) -> None:
    names.keep_silent()
    servers = ("pc.test", ours.address)
    with script(names, tmp_path / "end", *servers, key=key_of(*servers)) as client:
        assert client.line() == "LOCKED"
        (tmp_path / "end").touch()
        assert client.output() == ""


def test_a_look_up_that_takes_long_and_no_other_server(names: Names, tmp_path: Path) -> None:
    names.keep_silent()
    with script(names, tmp_path / "end", "pc.test") as client:
        assert client.line() == "its name is still being looked up"
        names.know_nothing()
        assert "not known" in client.line()
        (tmp_path / "end").touch()


def test_no_thread_to_be_had(names: Names, ours: Daemon) -> None:
    names.are(pc_test=ours.address)
    program = [sys.executable, "-c", textwrap.dedent(WITHOUT_THREADS)]
    with Process([*program, "pc.test"], names.environment) as client:
        assert client.line() == "ConnectError: cannot connect to pc.test: can't start new thread"
    with Process([*program, "pc.test", ours.address], names.environment) as client:
        assert client.line() == "LOCKED"
