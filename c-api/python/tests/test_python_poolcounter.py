"""The interface of python-poolcounter: what programs that were written for it rely on."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from loopback import PORT, free_address
from support import deadline
from support.background import Background
from support.daemon import WORKSPACE, Daemon

import poolcounter
from poolcounter.client import (
    PoolcounterClient,
    PoolcounterError,
    PoolcounterQueueError,
    PoolcounterTimeoutError,
    Request,
    RequestType,
    Response,
    Server,
)
from poolcounter.ring import HashRing

VECTORS: dict[str, Any] = json.loads((WORKSPACE / "core/tests/server-choice.json").read_text())

LOCK_EXC, LOCK_ANY = RequestType.LOCK_EXC, RequestType.LOCK_ANY

LOGGER = logging.getLogger("test")

Answer = Callable[[socket.socket], object]


@pytest.fixture
def server(daemon: Daemon, cleanup: ExitStack) -> Server:
    """A server: each of the daemons in turn."""
    return of(daemon.address, cleanup)


@pytest.fixture
def client(server: Server) -> PoolcounterClient:
    """A client of this one server."""
    return client_of(server)


def of(address: str, cleanup: ExitStack) -> Server:
    """A server that is closed at the end of the test."""
    server = Server(address, label="pc1")
    cleanup.callback(server.shutdown)
    return server


def client_of(server: Server) -> PoolcounterClient:
    """A client of one server."""
    client = PoolcounterClient(LOGGER)
    client.add_backend(server)
    return client


class Scripted:
    """A server that answers each connection as the test says, and notes the lines that it received."""

    def __init__(self, *answers: Answer) -> None:
        """Begins to listen."""
        self.address = free_address()
        self.lines: list[bytes] = []
        self._listener = socket.create_server((self.address, PORT))
        self._listener.settimeout(deadline.SECONDS)
        self._served = Background(lambda: self._serve(answers))

    def close(self) -> None:
        """Waits for the last answer."""
        try:
            self._served.result()
        finally:
            self._listener.close()

    def _serve(self, answers: Sequence[Answer]) -> None:
        for answer in answers:
            connection, _ = self._listener.accept()
            with connection:
                connection.settimeout(deadline.SECONDS)
                with connection.makefile("rb") as lines:
                    self.lines.append(lines.readline())
                    answer(connection)
                    self.lines.extend(lines)


@pytest.fixture
def scripted(cleanup: ExitStack) -> Callable[..., tuple[Scripted, Server]]:
    """Makes a scripted server, and its client."""

    def make(*answers: Answer) -> tuple[Scripted, Server]:
        peer = Scripted(*answers)
        cleanup.callback(peer.close)
        # It is closed first.
        return peer, of(peer.address, cleanup)

    return make


def says(*parts: bytes) -> Answer:
    """Sends these pieces, a tenth of a second after each other."""

    def answer(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            connection.sendall(part)
            time.sleep(0.1)

    return answer


# The ring.


@pytest.mark.parametrize("vector", VECTORS["ring"], ids=lambda vector: str(len(vector["nodes"])))
def test_a_ring_gives_each_key_to_the_node_of_the_vectors(vector: dict[str, Any]) -> None:
    ring = HashRing()
    for label, weight in vector["nodes"]:
        ring.add_node(label, weight)
    assert {key: ring.get_node(key) for key in vector["keys"]} == vector["keys"]
    assert {key: ring.get_node(key.encode()) for key in vector["keys"]} == vector["keys"]


def test_a_ring_changes() -> None:
    ring, other = HashRing(), HashRing()
    for label in ("a", "b", "c"):
        ring.add_node(label, 1)
    for label in ("c", "a"):
        other.add_node(label, 1)
    assert ring.has_node("b")
    ring.del_node("b")
    assert not ring.has_node("b")
    keys = [str(number) for number in range(100)]
    assert [ring.get_node(key) for key in keys] == [other.get_node(key) for key in keys]
    assert {ring.get_node(key) for key in keys} == {"a", "c"}


def test_the_number_of_points_of_a_ring_counts() -> None:
    chosen = []
    for ring in (HashRing(), HashRing(vnodes=100), HashRing(vnodes=7)):
        for label in ("a", "b", "c"):
            ring.add_node(label, 1)
        chosen.append([ring.get_node(str(number)) for number in range(100)])
    assert chosen[0] == chosen[1] != chosen[2]


def test_what_a_ring_refuses() -> None:
    ring = HashRing()
    with pytest.raises(ValueError, match="no labels"):
        ring.get_node("a")
    ring.add_node("away", 0)
    with pytest.raises(ValueError, match="all weights are 0"):
        ring.get_node("a")
    with pytest.raises(ValueError, match="'away' is on the ring already"):
        ring.add_node("away", 1)
    with pytest.raises(ValueError, match=r"'here' with the weight 1001 .* from 0 to 1000"):
        ring.add_node("here", 1001)
    with pytest.raises(ValueError, match="'here' is not on the ring"):
        ring.del_node("here")
    with pytest.raises(ValueError, match="vnodes must be from 1 to 1000"):
        HashRing(vnodes=0)
    with pytest.raises(ValueError, match="not a label"):
        ring.add_node("a\0b", 1)
    ring.add_node("here", 1000)
    assert ring.get_node("a") == "here"


# Requests and responses.


def test_the_lines_of_requests() -> None:
    assert Request(LOCK_EXC, "key", 1, 2, 3).wire() == b"ACQ4ME key 1 2 3\n"
    assert Request(LOCK_ANY, "a kéy", 1, 2, 3).wire() == "ACQ4ANY a%20kéy 1 2 3\n".encode()
    assert Request(RequestType.RELEASE, "key").wire() == b"RELEASE\n"


@pytest.mark.parametrize(
    ("request_", "complaint"),
    [
        (Request(LOCK_EXC, "a\nb", 1, 2, 3), "key"),
        (Request(LOCK_EXC, "a", 1, 2), "needs concurrency, max_queue and timeout"),
        (Request(LOCK_EXC, "a", -1, 2, 3), "invalid"),
    ],
)
def test_requests_that_cannot_be_sent(request_: Request, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        request_.wire()


def test_responses() -> None:
    for status in ("LOCKED", "NOT_LOCKED", "DONE", "LOCK_HELD", "RELEASED"):
        response = Response("key", status)
        assert (response.key, response.msg) == ("key", status)
        assert getattr(Response, status) == status
        assert [response.status_is(other) for other in ("DONE", status, status.encode())] == [
            status == "DONE",
            True,
            True,
        ]
    assert Response("key", b"LOCKED\n").status_is(Response.LOCKED)
    with pytest.raises(PoolcounterTimeoutError, match="key"):
        Response("key", Response.TIMEOUT)
    with pytest.raises(PoolcounterQueueError, match="key"):
        Response("key", Response.QUEUE_FULL)
    with pytest.raises(PoolcounterError, match="ERROR BAD_COMMAND"):
        Response("key", "ERROR BAD_COMMAND")
    assert issubclass(PoolcounterTimeoutError, PoolcounterError)
    assert issubclass(PoolcounterQueueError, PoolcounterError)


# A server.


def test_the_attributes_of_a_server() -> None:
    server = Server("localhost")
    assert (server.label, server.fqdn, server.ipaddr) == ("localhost", "localhost", "127.0.0.1")
    assert (server.port, server.weight, server.has_lock, server.connection_timeout) == (7531, 1, False, 2)
    assert str(Server("127.0.0.9", 80, 3, "pc9")) == "pc9 (127.0.0.9:80)"
    with pytest.raises(OSError, match=r".+"):
        Server("name.invalid")


def test_a_lock_is_granted_and_released(daemon: Daemon, server: Server) -> None:
    response = server.get_lock(LOCK_EXC, "key", concurrency=1, max_queue=10, timeout=5)
    assert response.status_is(Response.LOCKED)
    assert server.has_lock
    assert daemon.counter("processing_workers") == 1
    with pytest.raises(PoolcounterError, match="has a lock already"):
        server.get_lock(LOCK_EXC, "other")
    assert server.lock_release("key").status_is(Response.RELEASED)
    assert not server.has_lock
    assert daemon.counter("processing_workers") == 0
    assert server.lock_release("key").status_is(Response.NOT_LOCKED)
    assert server.get_lock(LOCK_EXC, "key").status_is(Response.LOCKED)
    server.shutdown()
    assert not server.has_lock
    daemon.until("processing_workers", 0)
    with pytest.raises(PoolcounterError, match="no connection"):
        server.lock_release("key")


def test_the_other_answers(daemon: Daemon, server: Server) -> None:
    peer = daemon.peer()
    assert peer.ask("ACQ4ANY key 1 10 5") == "LOCKED"
    with pytest.raises(PoolcounterQueueError, match="the queue of 'key' is full"):
        server.get_lock(LOCK_ANY, "key", concurrency=1, max_queue=1, timeout=5)
    with pytest.raises(PoolcounterTimeoutError, match="no lock of 'key' was free"):
        server.get_lock(LOCK_EXC, "key", concurrency=1, max_queue=10, timeout=1)
    with pytest.raises(PoolcounterError, match="BAD_SYNTAX"):
        server.get_lock(LOCK_EXC, "key", concurrency=0)
    waiting = Background(lambda: server.get_lock(LOCK_ANY, "key", concurrency=1, max_queue=10, timeout=20))
    daemon.until("waiting_workers", 1)
    assert peer.ask("RELEASE") == "RELEASED"
    assert waiting.result().status_is(Response.DONE)
    assert not server.has_lock


@pytest.mark.parametrize("key", ["", "a\nb", "k" * 1100])
def test_a_key_that_cannot_be_sent(server: Server, key: str) -> None:
    with pytest.raises(PoolcounterError, match="key"):
        server.get_lock(LOCK_EXC, key)
    assert server.get_lock(LOCK_EXC, "key").status_is(Response.LOCKED)


def test_a_server_that_is_away(cleanup: ExitStack) -> None:
    server = of(free_address(), cleanup)
    with pytest.raises(PoolcounterError, match="Connection refused") as caught:
        server.get_lock(LOCK_EXC, "key")
    assert type(caught.value) is PoolcounterError
    with pytest.raises(PoolcounterError, match="no connection"):
        server.lock_release("key")


def test_a_server_that_comes_back(ours: Daemon, cleanup: ExitStack) -> None:
    server = of(ours.address, cleanup)
    server.get_lock(LOCK_EXC, "key")
    ours.stop()
    with pytest.raises(PoolcounterError, match=ours.address):
        server.lock_release("key")
    assert not server.has_lock
    ours.start()
    assert server.get_lock(LOCK_EXC, "key").status_is(Response.LOCKED)


def test_connecting_has_a_deadline(cleanup: ExitStack) -> None:
    address = free_address()
    listener = cleanup.enter_context(socket.create_server((address, PORT), backlog=0))
    for _ in range(2):
        # The queue of the listener is full.
        full = cleanup.enter_context(socket.socket())
        full.setblocking(False)
        full.connect_ex(listener.getsockname())
    server = of(address, cleanup)
    server.connection_timeout = 0.3
    begun = time.monotonic()
    with pytest.raises(PoolcounterTimeoutError, match="timed out"):
        server.get_lock(LOCK_EXC, "key")
    assert 0.3 <= time.monotonic() - begun < deadline.SECONDS


def test_an_answer_has_a_deadline(ours: Daemon, cleanup: ExitStack) -> None:
    server = of(ours.address, cleanup)
    server.connection_timeout = 0.3
    server.get_lock(LOCK_EXC, "key")
    server.lock_release("key")
    ours.freeze()
    begun = time.monotonic()
    with pytest.raises(PoolcounterTimeoutError, match="timed out"):
        server.get_lock(LOCK_EXC, "key", timeout=1)
    assert 1 <= time.monotonic() - begun < deadline.SECONDS


def test_an_answer_in_pieces(scripted: Callable[..., tuple[Scripted, Server]]) -> None:
    _, server = scripted(says(b"LO", b"CK", b"ED", b"\n"))
    assert server.get_lock(LOCK_EXC, "key").status_is(Response.LOCKED)


def test_a_release_does_not_name_its_key(scripted: Callable[..., tuple[Scripted, Server]]) -> None:
    peer, server = scripted(says(b"LOCKED\n", b"RELEASED\n"))
    server.get_lock(LOCK_EXC, "key", concurrency=2, max_queue=3, timeout=4)
    assert server.lock_release("key").status_is(Response.RELEASED)
    server.shutdown()
    peer.close()
    assert peer.lines == [b"ACQ4ME key 2 3 4\n", b"RELEASE\n"]


def test_a_lock_that_is_gone(scripted: Callable[..., tuple[Scripted, Server]]) -> None:
    _, server = scripted(says(b"LOCKED\n", b"NOT_LOCKED\n"))
    server.get_lock(LOCK_EXC, "key")
    assert server.lock_release("key").status_is(Response.NOT_LOCKED)


def test_a_server_that_holds_a_lock_already(scripted: Callable[..., tuple[Scripted, Server]]) -> None:
    _, server = scripted(says(b"LOCK_HELD\n"))
    with pytest.raises(PoolcounterError, match="holds a lock for this connection"):
        server.get_lock(LOCK_EXC, "key")
    assert not server.has_lock


def test_a_lock_belongs_to_the_parent_of_a_fork(ours: Daemon, tmp_path: Path) -> None:
    code = """
        import os, sys
        from poolcounter.client import RequestType, Server
        server = Server(sys.argv[1])
        server.get_lock(RequestType.LOCK_EXC, "key")
        child = os.fork()
        if child == 0:
            assert not server.has_lock
            print(server.get_lock(RequestType.LOCK_EXC, "other").msg, server.lock_release("other").msg, flush=True)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        print(server.lock_release("key").msg)
    """
    done = script(code, tmp_path, ours.address)
    assert (done.stdout, done.stderr) == ("LOCKED RELEASED\nRELEASED\n", "")


def test_ctrl_c_ends_a_wait(daemon: Daemon, tmp_path: Path) -> None:
    code = """
        import signal, sys, time
        from poolcounter.client import Client, RequestType, Server
        server, observer = Server(sys.argv[1]), Client(sys.argv[1:])

        def waiting():
            return observer.stats("waiting_workers")[sys.argv[1]]["waiting_workers"]

        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        try:
            server.get_lock(RequestType.LOCK_EXC, "key", timeout=600)
        except KeyboardInterrupt:
            end = time.monotonic() + 10
            while waiting() and time.monotonic() < end:
                time.sleep(0.01)
            print("interrupted", server.has_lock, waiting())
    """
    peer = daemon.peer()
    assert peer.ask("ACQ4ME key 1 10 5") == "LOCKED"
    done = script(code, tmp_path, daemon.address)
    assert (done.stdout, done.stderr) == ("interrupted False 0\n", "")


def test_other_greenlets_run_during_a_wait(ours: Daemon, tmp_path: Path) -> None:
    code = """
        from gevent import monkey
        monkey.patch_all()
        import sys
        import gevent
        import poolcounter
        from poolcounter.client import RequestType
        clients = [poolcounter.new([("pc1", sys.argv[1], 1)]) for _ in range(3)]
        work = lambda: gevent.sleep(0.1)
        runs = [gevent.spawn(client.run, RequestType.LOCK_EXC, "key", work, timeout=20) for client in clients]
        print([run.get() for run in runs])
    """
    done = script(code, tmp_path, ours.address)
    assert (done.stdout, done.stderr) == ("[True, True, True]\n", "")


# A client.


def test_the_servers_of_a_client(cleanup: ExitStack) -> None:
    client = PoolcounterClient(LOGGER)
    with pytest.raises(PoolcounterError, match="no server for 'key'"):
        client.backend_for("key")
    servers = [Server("127.0.0.1", label=label, weight=weight) for label, weight in VECTORS["ring"][0]["nodes"]]
    for server in servers:
        cleanup.callback(server.shutdown)
        client.add_backend(server)
    assert client.backends == {server.label: server for server in servers}
    assert client.ring.has_node("foo")
    assert {key: client.backend_for(key).label for key in VECTORS["ring"][0]["keys"]} == VECTORS["ring"][0]["keys"]
    with pytest.raises(PoolcounterError, match="the label 'foo' already"):
        client.add_backend(servers[0])
    client.remove_backend("foo")
    assert list(client.backends) == ["bar", "baz"]
    assert not client.ring.has_node("foo")
    with pytest.raises(PoolcounterError, match="no server with the label 'foo'"):
        client.remove_backend("foo")


def test_keys_go_to_the_servers_of_the_ring(three: list[Daemon]) -> None:
    vector = VECTORS["ring"][0]
    daemons = dict(zip((label for label, _ in vector["nodes"]), three))
    client = poolcounter.new([(label, daemons[label].address, weight) for label, weight in vector["nodes"]])
    asked = dict.fromkeys(daemons, 0)
    for key, label in vector["keys"].items():
        if key:
            assert client.run(LOCK_EXC, key, lambda: None)
            asked[label] += 1
    assert {label: daemon.counter("total_acquired") for label, daemon in daemons.items()} == asked
    for server in client.backends.values():
        server.shutdown()


def test_a_callback_runs_under_the_lock(daemon: Daemon, client: PoolcounterClient) -> None:
    seen: list[object] = []

    def work(*arguments: object) -> None:
        seen.append((arguments, daemon.counter("processing_workers")))

    assert client.run(LOCK_EXC, "key", work, 1, "two") is True
    assert seen == [((1, "two"), 1)]
    assert daemon.counter("processing_workers") == 0


def test_a_callback_runs_after_done_too(daemon: Daemon, client: PoolcounterClient) -> None:
    peer = daemon.peer()
    assert peer.ask("ACQ4ANY key 1 10 5") == "LOCKED"
    seen: list[int] = []
    run = Background(lambda: client.run(LOCK_ANY, "key", seen.append, 7, timeout=20))
    daemon.until("waiting_workers", 1)
    assert peer.ask("RELEASE") == "RELEASED"
    assert run.result() is True
    assert seen == [7]


def test_without_a_lock_errback_is_called(daemon: Daemon, client: PoolcounterClient) -> None:
    assert daemon.peer().ask("ACQ4ANY key 1 10 5") == "LOCKED"
    errors: list[PoolcounterError] = []

    def errback(error: PoolcounterError) -> bool:
        errors.append(error)
        return True

    never = pytest.fail
    assert client.run(LOCK_EXC, "key", never, errback=errback, max_queue=1) is True
    assert client.run(LOCK_EXC, "key", never, errback=errback) is True
    assert [type(error) for error in errors] == [PoolcounterQueueError, PoolcounterTimeoutError]


def test_the_default_errback_logs(daemon: Daemon, client: PoolcounterClient, caplog: pytest.LogCaptureFixture) -> None:
    assert daemon.peer().ask("ACQ4ANY key 1 10 5") == "LOCKED"
    assert client.run(LOCK_EXC, "key", pytest.fail, max_queue=1) is False
    assert caplog.record_tuples == [("test", logging.ERROR, "PoolcounterQueueError: the queue of 'key' is full")]


@pytest.mark.parametrize("kind", [KeyError, PoolcounterError])
def test_a_callback_that_raises(
    kind: type[Exception], daemon: Daemon, client: PoolcounterClient, caplog: pytest.LogCaptureFixture
) -> None:
    errors: list[Exception] = []

    def work() -> None:
        raise kind("it failed")

    def errback(error: PoolcounterError) -> bool:
        errors.append(error)
        return True

    ours = kind is PoolcounterError
    assert client.run(LOCK_EXC, "key", work, errback=errback) is ours
    assert (len(errors), len(caplog.records)) == ((1, 0) if ours else (0, 1))
    assert daemon.counter("processing_workers") == 0


def test_a_callback_that_is_interrupted(daemon: Daemon, client: PoolcounterClient) -> None:
    def work() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.run(LOCK_EXC, "key", work)
    assert daemon.counter("processing_workers") == 0


def test_a_run_within_a_callback(daemon: Daemon, client: PoolcounterClient) -> None:
    errors: list[PoolcounterError] = []

    def errback(error: PoolcounterError) -> bool:
        errors.append(error)
        return False

    def work() -> None:
        assert client.run(LOCK_EXC, "inner", pytest.fail, errback=errback) is False
        assert daemon.counter("processing_workers") == 1

    assert client.run(LOCK_EXC, "outer", work) is True
    assert "has a lock already" in str(errors[0])


def test_a_release_that_fails(ours: Daemon, cleanup: ExitStack) -> None:
    server = of(ours.address, cleanup)
    client = client_of(server)
    with pytest.raises(PoolcounterError, match=f"the lock of 'key' was not released: .*{ours.address}"):
        client.run(LOCK_EXC, "key", ours.stop)
    assert not server.has_lock


@pytest.mark.parametrize(("failures", "released"), [(3, True), (4, False)])
def test_a_release_is_tried_four_times(
    failures: int, released: bool, server: Server, client: PoolcounterClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, tried = server.lock_release, []

    def failing(key: str | bytes) -> Response:
        tried.append(key)
        if len(tried) <= failures:
            raise PoolcounterError("no")
        return release(key)

    monkeypatch.setattr(server, "lock_release", failing)
    assert client.lock_release_retry == 4
    if released:
        assert client.run(LOCK_EXC, "key", lambda: None) is True
    else:
        with pytest.raises(PoolcounterError, match="was not released: no"):
            client.run(LOCK_EXC, "key", lambda: None)
    assert len(tried) == 4


# What makes a client.


def test_a_client_of_tuples() -> None:
    client = poolcounter.new([("pc1", "127.0.0.1", 1), ("pc2", "localhost", "2")], logger_name="mine")
    assert [str(server) for server in client.backends.values()] == ["pc1 (127.0.0.1:7531)", "pc2 (127.0.0.1:7531)"]
    assert [server.weight for server in client.backends.values()] == [1, 2]
    assert client.logger.name == "mine"
    with pytest.raises(PoolcounterError, match="'pc1' already"):
        poolcounter.new([("pc1", "127.0.0.1", 1), ("pc1", "127.0.0.2", 1)])


def test_a_client_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "servers.yaml"
    file.write_text("- pc1:127.0.0.1:1\n- 'pc2:localhost:2'\n")
    for name in (file, str(file)):
        client = poolcounter.from_yaml(name)
        assert isinstance(client, PoolcounterClient)
        assert [(server.label, server.ipaddr, server.weight) for server in client.backends.values()] == [
            ("pc1", "127.0.0.1", 1),
            ("pc2", "127.0.0.1", 2),
        ]
        assert client.logger.name == "poolcounter"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("pc1:127.0.0.1:1", "has no list of texts label:host:weight"),
        ("- pc1:127.0.0.1", "'pc1:127.0.0.1' is not label:host:weight"),
        ("- pc1:127.0.0.1:heavy", "'pc1:127.0.0.1:heavy' is not label:host:weight"),
        ("- 7", "7 is not label:host:weight"),
        ("- [", "is not YAML"),
    ],
)
def test_a_file_of_something_else(text: str, complaint: str, tmp_path: Path) -> None:
    file = tmp_path / "servers.yaml"
    file.write_text(text)
    with pytest.raises(PoolcounterError, match=complaint) as caught:
        poolcounter.from_yaml(file)
    assert str(file) in str(caught.value)


def test_without_pyyaml(tmp_path: Path) -> None:
    code = """
        import sys
        sys.modules["yaml"] = None
        import poolcounter
        try:
            poolcounter.from_yaml("servers.yaml")
        except ImportError as error:
            print(error)
    """
    done = script(code, tmp_path)
    assert (done.stdout, done.stderr) == ("poolcounter.from_yaml() needs PyYAML: pip install 'poolcounter[yaml]'\n", "")


def script(code: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a program of its own."""
    lines = code.splitlines()[1:]
    indent = len(lines[0]) - len(lines[0].lstrip())
    file = folder / "program.py"
    file.write_text("\n".join(line[indent:] for line in lines))
    return subprocess.run(
        [sys.executable, file, *arguments], capture_output=True, text=True, timeout=deadline.SECONDS, check=False
    )
