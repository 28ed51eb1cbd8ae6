"""The fixtures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import pytest
from support.daemon import Daemon
from support.faces import Face, MakeFace, Tasks, Threads

from poolcounter import RingServer


@pytest.fixture
def cleanup() -> Iterator[ExitStack]:
    """What is done at the end of a test."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture(params=["ours", "reference"])
def daemon(request: pytest.FixtureRequest, cleanup: ExitStack) -> Daemon:
    """Each of the daemons."""
    return started(Daemon.ours() if request.param == "ours" else Daemon.reference(), cleanup)


@pytest.fixture
def ours(cleanup: ExitStack) -> Daemon:
    """Our daemon."""
    return started(Daemon.ours(), cleanup)


@pytest.fixture
def three(cleanup: ExitStack) -> list[Daemon]:
    """Three of our daemons."""
    return [started(Daemon.ours(), cleanup) for _ in range(3)]


@pytest.fixture(params=[Threads, Tasks])
def make(request: pytest.FixtureRequest, cleanup: ExitStack) -> MakeFace:
    """Makes either client, which is closed at the end."""

    def face(servers: Sequence[str | RingServer], **options: Any) -> Face:
        made: Face = request.param(servers, **options)
        cleanup.callback(made.close)
        return made

    return face


def started(daemon: Daemon, cleanup: ExitStack) -> Daemon:
    """Sees to it that the daemon is stopped."""
    cleanup.callback(daemon.close)
    return daemon
