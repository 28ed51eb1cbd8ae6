"""Which requests are served and which are refused: many requests for one original, for one format, from one client."""

from __future__ import annotations

from collections import Counter
from urllib.parse import quote

import pytest
from site_of_thumbors import Site

ONE_RENDERS = {"workers": 1, "maxqueue": 1, "timeout": 60}
TWO_RENDER = {"workers": 2, "maxqueue": 10, "timeout": 60}


def test_a_flood_for_one_original(site: Site) -> None:
    site.start(thumbors=2, POOLCOUNTER_CONFIG_PER_ORIGINAL=TWO_RENDER)
    with site.renders_held():
        requests = [site.ask("heavy.png") for _ in range(40)]
        site.daemon.until("full_queues", 30)
        site.wait_for_renders(2)
        site.wait_for_locks(keys=1, held=2, waited_for=8)
    assert Counter(request.result() for request in requests) == {200: 10, 429: 30}
    assert site.most_renders_at_once() == 2
    site.wait_for_no_lock()


@pytest.mark.parametrize("threads", [0, 8])
def test_a_flood_that_nothing_holds(site: Site, threads: int) -> None:
    site.start(thumbors=2, processes=2, threads=threads, POOLCOUNTER_CONFIG_PER_ORIGINAL=TWO_RENDER)
    requests = [site.ask("heavy.jpg", size="1800x1200") for _ in range(40)]
    answers = Counter(request.result() for request in requests)
    assert answers[200] >= 10
    assert answers == {200: site.daemon.counter("total_acquired"), 429: site.daemon.counter("full_queues")}
    assert 1 <= site.most_renders_at_once() <= 2
    assert "unthrottled" not in site.log()
    site.wait_for_no_lock()


def test_what_a_client_sees(site: Site) -> None:
    site.start(POOLCOUNTER_CONFIG_PER_ORIGINAL={"workers": 1, "maxqueue": 1, "timeout": 9})
    with site.renders_held():
        served = site.ask("heavy.jpg")
        site.wait_for_renders(1)
        refused = site.ask("heavy.jpg")
        assert refused.result() == 429
        assert refused.headers["Retry-After"] == "9"
        assert refused.body == b""
    assert served.result() == 200
    assert served.headers["Content-Type"] == "image/jpeg"
    assert site.log().count("[PoolCounter] 429 for /unsafe/300x200/heavy.jpg: thumbor-original-") == 1


def test_one_that_waited_too_long_is_turned_away(site: Site) -> None:
    site.start(POOLCOUNTER_CONFIG_PER_ORIGINAL={"workers": 1, "maxqueue": 9, "timeout": 1})
    with site.renders_held():
        first = site.ask("heavy.jpg")
        site.wait_for_renders(1)
        assert site.ask("heavy.jpg").result() == 429
    assert first.result() == 200
    site.wait_for_no_lock()


def test_each_original_has_its_own_pool(site: Site) -> None:
    site.start(POOLCOUNTER_CONFIG_PER_ORIGINAL=ONE_RENDERS)
    with site.renders_held():
        served = [site.ask("light-1.jpg"), site.ask("light-2.jpg")]
        site.wait_for_renders(2)
        assert site.ask("light-1.jpg", size="90x60").result() == 429
    assert [request.result() for request in served] == [200, 200]


def test_an_original_is_the_same_however_its_name_is_encoded(site: Site) -> None:
    site.start(POOLCOUNTER_CONFIG_PER_ORIGINAL=ONE_RENDERS)
    name = "größe 1.jpg"
    with site.renders_held():
        served = site.ask(quote(name))
        site.wait_for_renders(1)
        everything = "".join(f"%{byte:02x}" for byte in name.encode())
        assert site.ask(everything).result() == 429
    assert served.result() == 200


def test_each_client_has_its_own_pool(site: Site) -> None:
    site.start(POOLCOUNTER_CONFIG_PER_IP=ONE_RENDERS)
    with site.renders_held():
        served = [site.ask("light-1.jpg", source="127.0.0.2"), site.ask("light-1.jpg", source="127.0.0.3")]
        site.wait_for_renders(2)
        assert site.ask("light-2.jpg", source="127.0.0.2").result() == 429
        claim = {"X_Forwarded_For": "192.0.2.7", "X_Real_Ip": "192.0.2.7"}
        assert site.ask("light-2.jpg", source="127.0.0.3", **claim).result() == 429
    assert [request.result() for request in served] == [200, 200]


def test_a_trusted_proxy_names_the_client(site: Site) -> None:
    site.start(POOLCOUNTER_CONFIG_PER_IP=ONE_RENDERS, POOLCOUNTER_TRUSTED_PROXIES=["127.0.0.1"])
    with site.renders_held():
        served = [site.ask("light-1.jpg", X_Forwarded_For=client) for client in ("192.0.2.1", "2001:db8::1")]
        site.wait_for_renders(2)
        assert site.ask("light-2.jpg", X_Forwarded_For="192.0.2.1").result() == 429
        assert site.ask("light-2.jpg", X_Forwarded_For="192.0.2.9, 2001:db8::1").result() == 429
    assert [request.result() for request in served] == [200, 200]


def test_a_trusted_proxy_names_the_client_with_a_port(site: Site) -> None:
    site.start(POOLCOUNTER_CONFIG_PER_IP=ONE_RENDERS, POOLCOUNTER_TRUSTED_PROXIES=["127.0.0.1"])
    with site.renders_held():
        served = [site.ask("light-1.jpg", X_Forwarded_For=at) for at in ("192.0.2.7:4711", "[2001:db8::7]:4711")]
        site.wait_for_renders(2)
        for same in ("192.0.2.7", "192.0.2.7:4712", "[2001:db8::7]", "[2001:db8::7]:4712"):
            assert site.ask("light-2.jpg", X_Forwarded_For=same).result() == 429
    assert [request.result() for request in served] == [200, 200]
    assert "X-Forwarded-For" not in site.log()


@pytest.mark.parametrize("nobody", ["unknown", f"fe80::1%{'x' * 2000}"])
def test_a_trusted_proxy_that_names_no_address(site: Site, nobody: str) -> None:
    site.start(
        POOLCOUNTER_CONFIG_PER_IP={"workers": 9, "maxqueue": 9, "timeout": 60},
        POOLCOUNTER_CONFIG_PER_ORIGINAL=ONE_RENDERS,
        POOLCOUNTER_TRUSTED_PROXIES=["127.0.0.1"],
    )
    with site.renders_held():
        served = site.ask("light-1.jpg", X_Forwarded_For=nobody)
        site.wait_for_renders(1)
        assert [site.ask("light-1.jpg", X_Forwarded_For=nobody).result() for _ in range(5)] == [429] * 5
        site.wait_for_locks(keys=2, held=2, waited_for=0)
    assert served.result() == 200
    assert site.log().count("[PoolCounter] entries of X-Forwarded-For that are no address: 1; ") == 1
    assert site.log().count("counts as the client instead: 127.0.0.1\n") == 1
    assert "unthrottled" not in site.log()


def test_a_trusted_proxy_on_a_unix_socket_names_the_client(site: Site) -> None:
    site.start_on_unix_socket(POOLCOUNTER_CONFIG_PER_IP=ONE_RENDERS, POOLCOUNTER_TRUSTED_PROXIES=["unix:"])
    with site.renders_held():
        served = [site.ask("light-1.jpg", X_Forwarded_For=client) for client in ("192.0.2.1", "192.0.2.2")]
        site.wait_for_renders(2)
        assert site.ask("light-2.jpg", X_Forwarded_For="192.0.2.1").result() == 429
    assert [request.result() for request in served] == [200, 200]


def test_nobody_is_known_behind_a_unix_socket_that_is_not_trusted(site: Site) -> None:
    site.start_on_unix_socket(POOLCOUNTER_CONFIG_PER_IP=ONE_RENDERS)
    with site.renders_held():
        served = [site.ask("light-1.jpg", X_Forwarded_For="192.0.2.1") for _ in range(2)]
        site.wait_for_renders(2)
    assert [request.result() for request in served] == [200, 200]
    assert site.daemon.counter("total_acquired") == 0


def test_each_expensive_format_has_its_own_pool(site: Site) -> None:
    site.start(POOLCOUNTER_CONFIG_EXPENSIVE={**ONE_RENDERS, "extensions": ["tif", ".png"]})
    with site.renders_held():
        served = [site.ask(name) for name in ("one.tif", "heavy.png", "heavy.jpg", "light-1.jpg")]
        site.wait_for_renders(4)
        assert site.ask("two.tiff").result() == 429
        assert site.ask("three.TIFF").result() == 429
    assert [request.result() for request in served] == [200] * 4
    site.wait_for_no_lock()


def test_a_later_refusal_gives_the_earlier_locks_back(site: Site) -> None:
    site.start(
        POOLCOUNTER_CONFIG_PER_IP={"workers": 9, "maxqueue": 9, "timeout": 9},
        POOLCOUNTER_CONFIG_PER_ORIGINAL={"workers": 9, "maxqueue": 9, "timeout": 9},
        POOLCOUNTER_CONFIG_EXPENSIVE={**ONE_RENDERS, "extensions": ["tiff"]},
    )
    with site.renders_held():
        served = site.ask("one.tif", source="127.0.0.2")
        site.wait_for_renders(1)
        refused = [site.ask("two.tiff", source="127.0.0.3") for _ in range(5)]
        assert [request.result() for request in refused] == [429] * 5
        site.wait_for_locks(keys=3, held=3, waited_for=0)
    assert served.result() == 200
    site.wait_for_no_lock()


def test_a_stored_result_needs_no_lock(site: Site) -> None:
    site.start(
        POOLCOUNTER_CONFIG_PER_ORIGINAL=ONE_RENDERS,
        RESULT_STORAGE="thumbor.result_storages.file_storage",
        RESULT_STORAGE_FILE_STORAGE_ROOT_PATH=str(site.folder / "results"),
        RESULT_STORAGE_STORES_UNSAFE=True,
    )
    assert site.ask("light-1.jpg").result() == 200
    site.wait_for_no_lock()
    with site.renders_held():
        other = site.ask("light-1.jpg", size="90x60")
        site.wait_for_renders(1)
        assert site.ask("light-1.jpg").result() == 200
    assert other.result() == 200
    assert site.daemon.counter("total_acquired") == 2
