"""Which requests share a lock."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from site_of_thumbors import Site

from poolcounter.thumbor.keys import Keys

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
