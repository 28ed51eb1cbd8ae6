"""A real gunicorn, whose two workers were forked from a process that had a connection."""

from __future__ import annotations

import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback import free_address
from support import deadline
from support.background import Background
from support.daemon import Daemon
from support.process import Process


class Site:
    """What is served, and by whom."""

    def __init__(self, daemon: Daemon, worker_class: str) -> None:
        """Starts it, and waits for both workers."""
        # A port of its own: one that was free a moment ago.
        with socket.socket() as probe:
            address = free_address()
            probe.bind((address, 0))
            self.bound = f"{address}:{probe.getsockname()[1]}"
        command = [sys.executable, "-m", "gunicorn", "--preload", "--workers=2", "--threads=16", f"--bind={self.bound}"]
        command += ["--worker-class", worker_class, "--no-control-socket"]
        command += ["--chdir", str(Path(__file__).parent), "support.site:application", "--log-level=critical"]
        self.seen: set[str] = set()
        self.process = Process(command, {"DAEMON": daemon.address, "PYTHONDONTWRITEBYTECODE": "1"})
        deadline.until(lambda: len(self.workers()) == 2 and self.answers(), "gunicorn")
        # A worker that is not there yet would miss the signal that stops it.
        deadline.until(self.is_complete, "an answer of each worker")

    def workers(self) -> list[str]:
        """The ids of the processes that serve."""
        pid = self.process.pid
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()

    def get(self, path: str) -> str:
        """The text of a page."""
        with urllib.request.urlopen(f"http://{self.bound}{path}", timeout=deadline.SECONDS) as page:
            text: str = page.read().decode()
            return text

    def is_complete(self) -> bool:
        """Whether each worker has given one of many answers, for which they take turns."""
        visitors = [Background(lambda: self.get("/")) for _ in range(8)]
        answers = [visitor.result().split() for visitor in visitors]
        assert all(outcome == "LOCKED" for _, outcome in answers)
        self.seen.update(pid for pid, _ in answers)
        return self.seen == set(self.workers())

    def answers(self) -> bool:
        """Whether it serves."""
        if not self.process.is_running():
            raise RuntimeError(f"gunicorn has ended: {self.process.output()}")
        try:
            return bool(self.get("/"))
        except urllib.error.URLError:
            return False


@pytest.fixture(params=["gthread", "gevent"])
def site(request: pytest.FixtureRequest, daemon: Daemon) -> Iterator[Site]:
    """A site, which is stopped."""
    made = Site(daemon, request.param)
    yield made
    made.process.stop()
    made.process.close()


def test_both_workers_take_turns(site: Site, daemon: Daemon) -> None:
    assert site.is_complete()
    daemon.until("processing_workers", 0)


def test_one_makes_what_all_are_served(site: Site, daemon: Daemon) -> None:
    visitors = [Background(lambda: site.get("/cached")) for _ in range(16)]
    assert sorted(visitor.result().split()[1] for visitor in visitors) == ["DONE"] * 15 + ["LOCKED"]
    daemon.until("processing_workers", 0)


def test_a_request_that_fails_leaves_no_lock(site: Site, daemon: Daemon) -> None:
    released = daemon.counter("total_releases")
    with pytest.raises(urllib.error.HTTPError) as caught:
        site.get("/fail")
    caught.value.close()
    daemon.until("processing_workers", 0)
    assert daemon.counter("total_releases") == released
    assert site.get("/").endswith(" LOCKED")
