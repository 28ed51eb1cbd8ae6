"""What the client raises by its documentation fails no request. Other exceptions are faults of a program, and show."""

from __future__ import annotations

import inspect

import pytest
from site_of_thumbors import Site

from poolcounter import ClientError, RefusedError, errors

LIMITS = {"workers": 9, "maxqueue": 9, "timeout": 9}
DOCUMENTED = [
    name
    for name, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, ClientError) and not issubclass(kind, RefusedError)
]


def start(site: Site, monkeypatch: pytest.MonkeyPatch, method: str, *faults: str) -> None:
    monkeypatch.setenv("TEST_FAULTY_METHOD", method)
    monkeypatch.setenv("TEST_FAULTS", " ".join(faults))
    site.start(ENGINE="faulty_client", POOLCOUNTER_CONFIG_PER_IP=LIMITS, POOLCOUNTER_CONFIG_PER_ORIGINAL=LIMITS)


def test_a_lock_that_cannot_be_had(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    start(site, monkeypatch, "acquire", *DOCUMENTED)
    for _ in DOCUMENTED:
        assert site.ask("light-1.jpg").result() == 200
    assert site.log().count("[PoolCounter] unthrottled requests: 1; a fault of the test\n") == 1
    assert "Traceback" not in site.log()


def test_a_lock_that_cannot_be_given_back(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    start(site, monkeypatch, "release", *DOCUMENTED)
    for _ in DOCUMENTED:
        assert site.ask("light-1.jpg").result() == 200
    site.wait_for_no_lock()
    # Each request has two locks, and each of them is ended.
    assert site.daemon.counter("processed_count") == 2 * len(DOCUMENTED)
    assert site.log().count("[PoolCounter] releases that failed: 1; a fault of the test\n") == 1
    assert "Traceback" not in site.log()


@pytest.mark.parametrize("fault", ["RuntimeError", "ValueError"])
def test_another_exception_is_not_hidden(site: Site, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    start(site, monkeypatch, "acquire", fault)
    assert site.ask("light-1.jpg").result() == 500
    assert f"{fault}: a fault of the test\n" in site.log()
    assert "unthrottled" not in site.log()
