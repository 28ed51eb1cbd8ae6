"""The fixtures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import pytest
from support.any_client import AnyClient, MakeClient, Tasks, Threads
from support.daemon import Daemon

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
def make(request: pytest.FixtureRequest, cleanup: ExitStack) -> MakeClient:
    """Makes either client, which is closed at the end."""

    def any_client(servers: Sequence[str | RingServer], **options: Any) -> AnyClient:
        made: AnyClient = request.param(servers, **options)
        cleanup.callback(made.close)
        return made

    return any_client


def started(daemon: Daemon, cleanup: ExitStack) -> Daemon:
    """Sees to it that the daemon is stopped."""
    cleanup.callback(daemon.close)
    return daemon
