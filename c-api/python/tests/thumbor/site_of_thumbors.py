"""A site for the tests: Thumbors that share a daemon, and whose renders are counted and can be held."""

from __future__ import annotations

import contextlib
import pprint
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from asking import Request, Server
from support import deadline
from support.daemon import Daemon
from thumbor_process import Thumbor


class Site:
    """Thumbors on one address, whose renders are counted and can be held."""

    def __init__(self, daemon: Daemon, pictures: Path, folder: Path) -> None:
        self.daemon = daemon
        self.folder = folder
        self._pictures = pictures
        self._events = folder / "events"
        self._gate = folder / "gate"
        self._servers: list[Server] = []
        self._thumbors: list[Thumbor] = []
        self._requests: list[Request] = []
        self._events.touch()

    def start(self, thumbors: int = 1, processes: int = 1, threads: int = 4, **settings: Any) -> None:
        """Starts Thumbors with these numbers of processes and of threads for renders."""
        self._configure(ENGINE_THREADPOOL_SIZE=threads, **settings)
        self._servers += [(self.daemon.address, 8800 + number) for number in range(thumbors)]
        for number in range(thumbors):
            self._run("-i", self.daemon.address, "-p", str(8800 + number), "--processes", str(processes))
        self._wait_until_up()

    def start_on_unix_socket(self, **settings: Any) -> None:
        """Starts one that listens on a Unix socket."""
        self._configure(ENGINE_THREADPOOL_SIZE=4, **settings)
        path = str(self.folder / "socket")
        self._servers.append(path)
        self._run("--fd", path)
        self._wait_until_up()

    def refuse_to_start(self, **settings: Any) -> str:
        """Starts a Thumbor that has to fail, and returns what it says."""
        self._configure(**settings)
        process = self._run("-i", self.daemon.address)
        assert process.wait() != 0
        return process.log()

    def ask(self, picture: str, *, size: str = "300x200", source: str = "127.0.0.1", **headers: str) -> Request:
        """Sends a request, to one Thumbor after the other."""
        server = self._servers[len(self._requests) % len(self._servers)]
        request = Request(server, f"/unsafe/{size}/{picture}", source, **headers)
        self._requests.append(request)
        return request

    @contextlib.contextmanager
    def renders_held(self) -> Iterator[None]:
        """Within the block no render ends."""
        self._gate.touch()
        try:
            yield
        finally:
            self._gate.unlink()

    def rendering(self) -> int:
        """How many render now."""
        events = self._events.read_text()
        return events.count("+") - events.count("-")

    def most_renders_at_once(self) -> int:
        """The most that rendered at a time since the start."""
        now = most = 0
        for event in self._events.read_text():
            now += 1 if event == "+" else -1
            most = max(most, now)
        return most

    def wait_for_renders(self, count: int) -> None:
        """Waits until this number of renders run at a time."""
        deadline.until(lambda: self.rendering() == count, f"{count} renders")

    def wait_for_locks(self, *, keys: int, held: int, waited_for: int) -> None:
        """Waits until the daemon has these numbers of keys and of locks."""
        counters = {"hashtable_entries": keys, "processing_workers": held, "waiting_workers": waited_for}
        for name, value in counters.items():
            self.daemon.until(name, value)

    def wait_for_no_lock(self) -> None:
        """Waits until no lock is held or waited for: an answer is out before its locks are back."""
        self.wait_for_locks(keys=0, held=0, waited_for=0)

    def log(self) -> str:
        """What the Thumbors said."""
        return "".join(thumbor.log() for thumbor in self._thumbors)

    def kill(self) -> None:
        """Kills every Thumbor."""
        for thumbor in self._thumbors:
            thumbor.kill()

    def close(self) -> None:
        """Ends what is under way, then the Thumbors."""
        self._gate.unlink(missing_ok=True)
        for request in self._requests:
            request.hang_up()
        with contextlib.ExitStack() as stack:
            for thumbor in self._thumbors:
                stack.callback(thumbor.close)

    def _configure(self, **settings: Any) -> None:
        """Writes a configuration, as the owner of a Thumbor would write it."""
        values = {
            "SECURITY_KEY": "a key for tests",
            "LOADER": "thumbor.loaders.file_loader",
            "FILE_LOADER_ROOT_PATH": str(self._pictures),
            "STORAGE": "thumbor.storages.no_storage",
            "ENGINE": "counting_engine",
            "TEST_EVENTS": str(self._events),
            "TEST_GATE": str(self._gate),
            "POOLCOUNTER_SERVERS": [self.daemon.address],
            **settings,
        }
        lines = [f"{name} = {pprint.pformat(value)}" for name, value in values.items()]
        lines.append("from thumbor.handler_lists import BUILTIN_HANDLERS")
        lines.append('HANDLER_LISTS = [*BUILTIN_HANDLERS, "poolcounter.thumbor"]')
        (self.folder / "thumbor.conf").write_text("\n".join(lines) + "\n")

    def _wait_until_up(self) -> None:
        deadline.until(lambda: all(map(_is_up, self._servers)), "the Thumbors")

    def _run(self, *options: str) -> Thumbor:
        log = self.folder / f"thumbor-{len(self._thumbors)}.log"
        thumbor = Thumbor(log, "-c", str(self.folder / "thumbor.conf"), *options)
        self._thumbors.append(thumbor)
        return thumbor


def _is_up(server: Server) -> bool:
    try:
        return Request(server, "/healthcheck").result() == 200
    except OSError:
        return False
