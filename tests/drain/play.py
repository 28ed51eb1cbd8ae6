#!/usr/bin/env python3
"""Drains two servers in turn under the load of all clients, and judges it: play.py FOLDER. The last line counts the checks."""

import contextlib
import itertools
import json
import pathlib
import signal
import socket
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / name) for name in ("farm", "wiki", "python")]
sys.dont_write_bytecode = True

from farm import clients  # noqa: E402
from loopback import PORT, free_address  # noqa: E402
from stage import places, waiting  # noqa: E402
from stage.process import Process  # noqa: E402
from stage.wiki import Wiki  # noqa: E402

KEYS = [f"page:{number}" for number in range(8)]
WORKERS = 4
"""So many processes have MediaWiki's own client."""
LONGEST = 600
"""Seconds after which the clients end by themselves."""
TIMEOUT = 3
"""Seconds that a request waits at most. All but those of timeout 0 have this one."""
CALM = 4.0
"""Seconds without a drain, between two of them and at both ends."""
DRAINED = 60
"""Seconds in which a server must have drained. Work takes 50 ms, a wait 3 s, and who is idle is disconnected after 5 s."""
SECOND = 1_000_000_000


class Here:
    """The network of this machine, for programs that expect one of their own."""

    clients = servers = None

    @staticmethod
    def within(_, command):
        """The command as it is."""
        return command


class Server:
    """A daemon with an admin interface."""

    def __init__(self, folder):
        self.address = free_address()
        self._admin = folder / f"{self.address}.admin"
        self._log = folder / f"{self.address}.log"
        self.start()

    def start(self):
        """Starts a process, which listens when this returns."""
        self._process = Process([places.daemon(), "-l", self.address, f"--admin=unix:{self._admin}"], self._log)
        self._process.ready(self._listens, "listens")

    def _listens(self):
        with contextlib.suppress(OSError), socket.create_connection((self.address, PORT), timeout=waiting.PATIENCE):
            return True
        return False

    def ask(self, path):
        """Asks the admin interface to do something, and gives its answer."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(DRAINED + waiting.PATIENCE)
            connection.connect(str(self._admin))
            connection.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        return json.loads(answer.partition(b"\r\n\r\n")[2])

    def stop(self):
        """Ends its process."""
        self._process.stop()

    def said(self):
        """What it printed."""
        return self._log.read_text(errors="replace").strip()


class MediaWiki(clients.Client):
    """A process that has MediaWiki's own client."""

    def __init__(self, wiki, number, folder):
        super().__init__(f"mediawiki-{number}", 100 + number, 1, wiki.command(HERE / "mediawiki.php"), folder)
        self._wiki = wiki

    def start(self, _, end, seed, servers, keys, slow):
        """Starts it."""
        self._events.touch()
        words = [end, self._first, self._events, clients.CONNECT_MS / 1000, ",".join(servers), ",".join(keys), TIMEOUT]
        environment = self._wiki.environment(DRAIN_WORKER="|".join(map(str, words)))
        self._process = Process(self._command, self._log, environment)


def play(folder):
    """Runs everyone, drains each server in turn, and gives what was found."""
    with contextlib.ExitStack() as stack:
        wiki = stack.enter_context(Wiki(extension=False))
        servers = [Server(folder) for _ in range(2)]
        for server in servers:
            stack.callback(server.stop)
        addresses = [server.address for server in servers]
        programs = [*clients.everyone(folder), *(MediaWiki(wiki, number, folder) for number in range(WORKERS))]
        end = time.monotonic_ns() + LONGEST * SECOND
        for program in programs:
            stack.callback(program.stop)
            program.start(Here, end, 7, addresses, KEYS, [])
        undrained, drains = [], []
        for restart, server in itertools.product((False, True), servers):
            time.sleep(CALM)
            begun = time.monotonic_ns()
            answer = server.ask(f"/v1/drain?wait={DRAINED}")
            drains.append((begun, time.monotonic_ns()))
            print(f"{server.address}: {answer} after {(drains[-1][1] - begun) / SECOND:.1f} s", flush=True)
            undrained += [] if answer["drained"] else [f"{server.address}: {answer}"]
            if restart:
                server.stop()
                time.sleep(1)
                server.start()
            else:
                server.ask("/v1/undrain")
        time.sleep(CALM)
        finish = time.monotonic_ns()
        for program in programs:
            program.stop()
        requests = [request for program in programs for request in program.requests().values()]
        said = [f"{server.address} said {server.said()}" for server in servers if server.said()]
    return requests, undrained, drains, said, finish


def language(request):
    """The client without its number."""
    return request.client.rstrip("-0123456789")


def show_waits(requests, drains):
    """Prints how long requests took, outside of drains and within."""
    rows = {}
    for request in filter(lambda request: request.answered, requests):
        client, asked, answered = language(request), request.asked, request.answered
        within = any(asked <= end and answered >= begin for begin, end in drains)
        rows.setdefault((client, within), []).append((answered - asked) / SECOND)
    print(f"\n{'waits in seconds':<20}{'':<8}{'requests':>10}{'median':>9}{'p99':>9}{'longest':>9}")
    for (client, within), times in sorted(rows.items()):
        times.sort()
        figures = (times[len(times) // 2], times[len(times) * 99 // 100], times[-1])
        head = f"{client:<20}{'drain' if within else 'calm':<8}{len(times):>10}"
        print(head + "".join(f"{seconds:>9.3f}" for seconds in figures))


def show_double(requests):
    """Prints how often two clients held a key at once, and for how long at most."""
    held = sorted(
        (request.key, request.answered, request.given_back)
        for request in requests
        if request.outcome == "locked" and request.given_back
    )
    double = [
        (min(end, other_end) - other) / SECOND
        for (key, _, end), (other_key, other, other_end) in itertools.pairwise(held)
        if key == other_key and other < end
    ]
    print(f"\nkeys that two clients held at once: {len(double)} x, for {max(double, default=0):.3f} s at most\n")


def main():
    """Plays and judges; the exit status is 1 if a check fails."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    requests, undrained, drains, said, finish = play(pathlib.Path(sys.argv[1]))
    show_waits(requests, drains)
    show_double(requests)
    bound = 2 * (TIMEOUT + clients.CONNECT_MS / 1000)
    # Those of the last moment were ended with their program.
    failures = [
        (language(request), f"{request.client}: {request.kind} {request.cause}")
        for request in requests
        if request.outcome == "failed" and request.asked < finish
    ]
    late = [request for request in requests if request.answered and request.answered - request.asked > bound * SECOND]
    checks = {
        "every server drains": undrained,
        "every client works": [
            f"{name} made {count} requests"
            for name in ("php", "python-threads", "python-asyncio", "node", "c", "mediawiki")
            if (count := sum(language(request) == name for request in requests)) < 100
        ],
        "no request of our clients fails": [text for name, text in failures if name != "mediawiki"],
        "no request of MediaWiki's own client fails": [text for name, text in failures if name == "mediawiki"],
        "no request waits longer than it may": [
            f"{request.client}: {(request.answered - request.asked) / SECOND:.3f} s" for request in late
        ],
        "the daemons have nothing to say": said,
    }
    for name, wrong in checks.items():
        print(f"{'FAILED' if wrong else 'passed'}: {name}" + (f": {len(wrong)}" if wrong else ""))
        for text in wrong[:5]:
            print(f"    {text}")
    bad = sum(map(bool, checks.values()))
    print(f"{len(checks) - bad} passed, {bad} failed", flush=True)
    sys.exit(1 if bad else 0)


main()
