"""Servers that are named, while the names change."""

from __future__ import annotations

import hashlib
import sys
import textwrap
from pathlib import Path

import pytest
from support import deadline
from support.daemon import Daemon
from support.names import Names
from support.process import Process

# Takes one lock after the other, says how that goes when it changes, and keeps another lock from the first success on.
SCRIPT = """
    import asyncio, sys
    from pathlib import Path
    from poolcounter import ConnectError, _natives, aio
    _natives.KEPT = _natives.SPARED = 0.05
    end, key, *servers = sys.argv[1:]
    client = aio.Client(servers, answer_timeout=1)

    async def once():
        try:
            async with client.lock(key, workers=1, maxqueue=10, timeout=0) as outcome:
                return outcome.name
        except ConnectError as error:
            return error.cause

    async def main():
        said, kept = "", None
        while not Path(end).exists():
            if (says := await once()) != said:
                print(said := says, flush=True)
            if said == "LOCKED" and not kept:
                kept = client.lock("kept", workers=1, maxqueue=10, timeout=0)
                await kept.__aenter__()
            await asyncio.sleep(0.01)
        await kept.__aexit__(None, None, None)

    asyncio.run(main())
"""


@pytest.fixture
def names(tmp_path: Path) -> Names:
    """The names that the script knows."""
    return Names(tmp_path)


def script(names: Names, end: Path, *servers: str, key: str = "key") -> Process:
    """It ends when there is such a file."""
    return Process([sys.executable, "-c", textwrap.dedent(SCRIPT), str(end), key, *servers], names.environment)


def wait_for_locks(daemon: Daemon) -> None:
    """Waits until the daemon has granted some more."""
    before = daemon.counter("total_acquired")
    deadline.until(lambda: daemon.counter("total_acquired") >= before + 30, "locks")


def test_a_name_that_is_found_later(names: Names, ours: Daemon, tmp_path: Path) -> None:
    with script(names, tmp_path / "end", "pc.test") as client:
        assert "not known" in client.line()
        names.are(pc_test=ours.address)
        assert client.line() == "LOCKED"


def test_one_of_two_names_that_is_found_later(names: Names, three: list[Daemon], tmp_path: Path) -> None:
    named, numbered, _ = three
    servers = ("pc.test", numbered.address)
    keys = (f"key-{number}" for number in range(100))
    key = next(key for key in keys if min(servers, key=lambda name: digest(name, key)) == "pc.test")
    with script(names, tmp_path / "end", *servers, key=key) as client:
        assert client.line() == "LOCKED"
        wait_for_locks(numbered)
        names.are(pc_test=named.address)
        wait_for_locks(named)


def digest(server: str, key: str) -> str:
    """MediaWiki's rule: the least comes first."""
    return hashlib.md5((server + key).encode()).hexdigest()


def test_a_name_that_moves(names: Names, three: list[Daemon], tmp_path: Path) -> None:
    old, new, _ = three
    names.are(pc_test=old.address)
    with script(names, tmp_path / "end", "pc.test:7531") as client:
        assert client.line() == "LOCKED"
        wait_for_locks(old)
        names.are(pc_test=new.address)
        wait_for_locks(new)
        # That which is kept ends where it began.
        old.until("processing_workers", 1)
        (tmp_path / "end").touch()
        assert client.output() == ""
    old.until("processing_workers", 0)
    assert old.counter("total_releases") == old.counter("total_acquired")


def test_a_name_that_vanishes(names: Names, ours: Daemon, tmp_path: Path) -> None:
    names.are(pc_test=ours.address)
    with script(names, tmp_path / "end", "pc.test") as client:
        assert client.line() == "LOCKED"
        names.are()
        wait_for_locks(ours)
        (tmp_path / "end").touch()
        assert client.output() == ""


def test_a_look_up_that_takes_long(names: Names, tmp_path: Path) -> None:
    names.keep_silent()
    with script(names, tmp_path / "end", "pc.test") as client:
        assert client.line() == "its name is still being looked up"
        names.know_nothing()
        assert "not known" in client.line()
