"""Which requests share a lock."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest
from site_of_thumbors import Site

from poolcounter.thumbor.keys import Keys, WikimediaKeys

ONE_RENDERS = {"workers": 1, "maxqueue": 1, "timeout": 60}


@pytest.mark.parametrize(
    ("expected", "prefix", "address"),
    [
        ("192.0.2.7", 64, "192.0.2.7"),
        ("2001:db8::/64", 64, "2001:db8::7"),
        ("2001:db8:0:7::/64", 64, "2001:db8:0:7:ffff:ffff:ffff:ffff"),
        ("2001:db8:1200::/40", 40, "2001:db8:1234::7"),
        ("2001:db8::7", 128, "2001:db8::7"),
        ("::/64", 64, "::1"),
        ("192.0.2.7", 64, "64:ff9b::192.0.2.7"),
        ("192.0.2.7", 128, "64:ff9b::192.0.2.7"),
        ("64:ff9b:1::/64", 64, "64:ff9b:1::192.0.2.7"),
        ("fe80::7", 64, "fe80::7"),
        ("fe80::7%eth0", 64, "fe80::7%eth0"),
        ("fd00::/64", 64, "fd00::7"),
    ],
)
def test_the_key_of_a_client(expected: str, prefix: int, address: str) -> None:
    assert Keys(prefix).of_client(ip_address(address)) == f"thumbor-ip-{expected}"


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::7", "64:ff9b::c000:207", "fe80::7"])
def test_the_key_of_a_client_as_wikimedia_has_it(address: str) -> None:
    assert WikimediaKeys(64).of_client(ip_address(address)) == f"thumbor-ip-{address}"


def test_a_client_has_a_network_of_ipv6_addresses(site: Site) -> None:
    site.start(POOLCOUNTER_CONFIG_PER_IP=ONE_RENDERS, POOLCOUNTER_TRUSTED_PROXIES=["127.0.0.1"])
    with site.renders_held():
        served = [site.ask("light-1.jpg", X_Forwarded_For=at) for at in ("2001:db8::7", "2001:db8:0:1::7")]
        served += [site.ask("light-1.jpg", X_Forwarded_For=at) for at in ("64:ff9b::192.0.2.7", "fe80::7", "fe80::8")]
        site.wait_for_renders(4)
        site.wait_for_locks(keys=5, held=5, waited_for=0)
        for same in ("2001:db8::8", "192.0.2.7", "::ffff:192.0.2.7", "fe80::8"):
            assert site.ask("light-2.jpg", X_Forwarded_For=same).result() == 429
    assert [request.result() for request in served] == [200] * 5
    assert "429 for /unsafe/300x200/light-2.jpg: thumbor-ip-2001:db8::/64: the queue is full\n" in site.log()


def test_how_much_of_an_ipv6_address_makes_a_client(site: Site) -> None:
    site.start(
        POOLCOUNTER_CONFIG_PER_IP=ONE_RENDERS,
        POOLCOUNTER_TRUSTED_PROXIES=["127.0.0.1"],
        POOLCOUNTER_IPV6_PREFIX=48,
    )
    with site.renders_held():
        served = site.ask("light-1.jpg", X_Forwarded_For="2001:db8::7")
        site.wait_for_renders(1)
        assert site.ask("light-2.jpg", X_Forwarded_For="2001:db8:0:1::7").result() == 429
    assert served.result() == 200
    assert "thumbor-ip-2001:db8::/48: the queue is full\n" in site.log()


PER_IP = {"POOLCOUNTER_CONFIG_PER_IP": ONE_RENDERS}
PER_ORIGINAL = {"POOLCOUNTER_CONFIG_PER_ORIGINAL": ONE_RENDERS}
EXPENSIVE = {"POOLCOUNTER_CONFIG_EXPENSIVE": {**ONE_RENDERS, "extensions": ["tif", "tiff"]}}


@pytest.mark.parametrize(
    ("keys", "key", "picture", "pool"),
    [
        ("default", "thumbor-ip-2001:db8::/64", "light-1.jpg", PER_IP),
        # printf 'größe 1.jpg' | sha1sum
        (
            "default",
            "thumbor-original-0f836112e9a1cfd7c33b248d37936293d96f5ab0",
            "gr%C3%B6%C3%9Fe%201.jpg",
            PER_ORIGINAL,
        ),
        ("default", "thumbor-expensive-tiff", "one.tif", EXPENSIVE),
        ("wikimedia", "thumbor-ip-2001:db8::7", "light-1.jpg", PER_IP),
        # printf gr%%C3%%B6%%C3%%9Fe%%201.jpg | sha1sum
        (
            "wikimedia",
            "thumbor-render-05f7e5622e30878ee6fb26b0966035a3ad49b5b3",
            "gr%C3%B6%C3%9Fe%201.jpg",
            PER_ORIGINAL,
        ),
        (
            "wikimedia",
            "thumbor-render-05f7e5622e30878ee6fb26b0966035a3ad49b5b3",
            "gr%c3%b6%c3%9fe%20%31.jpg",
            PER_ORIGINAL,
        ),
        ("wikimedia", "thumbor-render-expensive-tif", "one.tif", EXPENSIVE),
        ("wikimedia", "thumbor-render-expensive-tiff", "three.TIFF", EXPENSIVE),
    ],
)
def test_limits_are_shared_with_another_program(
    site: Site, keys: str, key: str, picture: str, pool: dict[str, Any]
) -> None:
    site.start(POOLCOUNTER_KEYS=keys, POOLCOUNTER_TRUSTED_PROXIES=["127.0.0.1"], **pool)
    other = site.daemon.peer()
    assert other.ask(f"ACQ4ME {key} 1 1 0") == "LOCKED"
    assert site.ask(picture, X_Forwarded_For="2001:db8::7").result() == 429
    assert f" {key}: the queue is full\n" in site.log()
    assert other.ask("RELEASE") == "RELEASED"
    assert site.ask(picture, X_Forwarded_For="2001:db8::7").result() == 200
    site.wait_for_no_lock()


def test_the_plugin_of_wikimedia_limits_whole_addresses_and_each_spelling_of_a_format(site: Site) -> None:
    site.start(
        POOLCOUNTER_KEYS="wikimedia",
        POOLCOUNTER_TRUSTED_PROXIES=["127.0.0.1"],
        POOLCOUNTER_CONFIG_PER_IP=ONE_RENDERS,
        POOLCOUNTER_CONFIG_EXPENSIVE={**ONE_RENDERS, "extensions": ["tif"]},
    )
    with site.renders_held():
        served = [
            site.ask("one.tif", X_Forwarded_For="2001:db8::7"),
            site.ask("two.tiff", X_Forwarded_For="2001:db8::8"),
        ]
        site.wait_for_renders(2)
        site.wait_for_locks(keys=3, held=3, waited_for=0)
        assert site.ask("light-1.jpg", X_Forwarded_For="2001:db8::7").result() == 429
    assert [request.result() for request in served] == [200, 200]
    assert " thumbor-ip-2001:db8::7: the queue is full\n" in site.log()
