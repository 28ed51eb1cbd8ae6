"""Without a daemon a site works unthrottled."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from site_of_thumbors import Site
from support import deadline
from support.names import Names

ONE_RENDERS = {"workers": 1, "maxqueue": 20, "timeout": 60}


def test_a_daemon_that_is_away_and_comes_back(site: Site) -> None:
    site.daemon.close()
    site.start(POOLCOUNTER_CONFIG_PER_IP=ONE_RENDERS, POOLCOUNTER_CONFIG_PER_ORIGINAL=ONE_RENDERS)
    with site.renders_held():
        requests = [site.ask("heavy.jpg") for _ in range(12)]
        site.wait_for_renders(4)
    assert [request.result() for request in requests] == [200] * 12
    assert site.log().count("[PoolCounter] unthrottled requests: 1; ") == 1

    site.daemon.start()
    deadline.until(lambda: _is_throttled(site), "a request that takes its locks")
    assert site.log().count("[PoolCounter]") == 1


def test_a_daemon_that_dies_lets_all_in(site: Site) -> None:
    site.start(POOLCOUNTER_CONFIG_PER_ORIGINAL=ONE_RENDERS)
    with site.renders_held():
        requests = [site.ask("heavy.jpg") for _ in range(12)]
        site.wait_for_locks(keys=1, held=1, waited_for=11)
        site.daemon.stop()
        site.wait_for_renders(4)
    assert [request.result() for request in requests] == [200] * 12
    assert site.log().count("[PoolCounter]") == 1
    assert "Traceback" not in site.log()


def test_a_daemon_that_says_nothing(site: Site) -> None:
    site.start(POOLCOUNTER_CONFIG_PER_ORIGINAL={**ONE_RENDERS, "timeout": 1})
    site.daemon.freeze()
    requests = [site.ask("light-1.jpg") for _ in range(4)]
    assert [request.result() for request in requests] == [200] * 4
    site.daemon.thaw()
    assert site.log().count("[PoolCounter] unthrottled requests: 1; ") == 1
    site.wait_for_no_lock()


def test_a_server_that_is_no_daemon(site: Site) -> None:
    with ThreadingHTTPServer((site.daemon.address, 8899), BaseHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            site.start(
                POOLCOUNTER_SERVERS=[f"{site.daemon.address}:8899"],
                POOLCOUNTER_CONFIG_PER_ORIGINAL={**ONE_RENDERS, "timeout": 1},
            )
            assert [site.ask("light-1.jpg").result() for _ in range(3)] == [200] * 3
        finally:
            server.shutdown()
    assert site.log().count("[PoolCounter] unthrottled requests: 1; ") == 1
    assert "Traceback" not in site.log()


def test_a_name_that_is_not_known_yet(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names(tmp_path)
    for name, value in names.environment.items():
        monkeypatch.setenv(name, value)
    site.start(POOLCOUNTER_SERVERS=["pc.test"], POOLCOUNTER_CONFIG_PER_ORIGINAL=ONE_RENDERS)
    assert site.ask("light-1.jpg").result() == 200
    assert site.log().count("[PoolCounter] unthrottled requests: 1; cannot connect to pc.test: ") == 1
    names.are(pc_test=site.daemon.address)
    deadline.until(lambda: _takes_a_lock(site), "a request that takes its lock")
    site.wait_for_no_lock()


def _takes_a_lock(site: Site) -> bool:
    assert site.ask("light-1.jpg").result() == 200
    return site.daemon.counter("total_acquired") > 0


def _is_throttled(site: Site) -> bool:
    assert site.ask("light-1.jpg").result() == 200
    return site.daemon.counter("total_acquired") == 2
