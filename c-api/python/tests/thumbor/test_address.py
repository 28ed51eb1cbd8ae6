"""Whose request it is, and of what."""

from __future__ import annotations

import socket
from types import SimpleNamespace
from typing import Any

import pytest
from tornado.httputil import HTTPHeaders

from poolcounter.thumbor.address import client_address, parse_entry, parse_network
from poolcounter.thumbor.original import extension, file_format, name_hash

TRUSTED = tuple(map(parse_network, ("10.0.0.0/8", "fd00::1")))


def request(peer: str | None, *forwarded: str) -> Any:
    headers = HTTPHeaders()
    for value in forwarded:
        headers.add("X-Forwarded-For", value)
    family = socket.AF_UNIX if peer is None else socket.AF_INET6 if ":" in peer else socket.AF_INET
    context = SimpleNamespace(address=b"" if peer is None else (peer, 40000), address_family=family)
    return SimpleNamespace(headers=headers, connection=SimpleNamespace(context=context))


@pytest.mark.parametrize(
    ("expected", "peer", "forwarded"),
    [
        ("192.0.2.1", "192.0.2.1", []),
        ("192.0.2.1", "192.0.2.1", ["192.0.2.2"]),
        ("192.0.2.2", "10.0.0.1", ["192.0.2.2"]),
        ("192.0.2.2", "10.0.0.1", ["192.0.2.3, 192.0.2.2"]),
        ("192.0.2.2", "10.0.0.1", ["192.0.2.3,192.0.2.2 ,10.0.0.2"]),
        ("192.0.2.2", "10.0.0.1", ["192.0.2.3", "192.0.2.2", "10.0.0.2"]),
        ("10.0.0.1", "10.0.0.1", []),
        ("10.0.0.1", "10.0.0.1", [""]),
        ("192.0.2.2", "10.0.0.1", [", 192.0.2.2, ,10.0.0.2,"]),
        ("192.0.2.2", "10.0.0.1", ["192.0.2.3:80, 192.0.2.2:4711, [::ffff:10.0.0.2]:4711"]),
        ("10.0.0.9", "10.0.0.1", ["10.0.0.9"]),
        ("2001:db8::1", "10.0.0.1", ["2001:DB8:0::1"]),
        ("192.0.2.1", "::ffff:192.0.2.1", ["192.0.2.2"]),
        ("192.0.2.2", "::ffff:10.0.0.1", ["192.0.2.2"]),
        ("192.0.2.2", "fd00::1", ["192.0.2.2"]),
        ("203.0.113.9", "203.0.113.9", ["192.0.2.2:4711"]),
        ("64:ff9b::a00:1", "64:ff9b::a00:1", ["192.0.2.2"]),
    ],
)
def test_address_of_a_client(expected: str, peer: str, forwarded: list[str]) -> None:
    said: list[str] = []
    assert str(client_address(request(peer, *forwarded), TRUSTED, said.append)) == expected
    assert said == []


@pytest.mark.parametrize(
    ("expected", "said", "forwarded"),
    [
        ("10.0.0.1", "'unknown'; counts as the client instead: 10.0.0.1", "192.0.2.2, unknown"),
        ("10.0.0.2", "'unknown'; counts as the client instead: 10.0.0.2", "192.0.2.2, unknown, 10.0.0.2"),
        ("10.0.0.1", f"'fe80::1%{'x' * 52}'; counts as the client instead: 10.0.0.1", f"fe80::1%{'x' * 9999}"),
        ("10.0.0.1", r"'a\x85b'; counts as the client instead: 10.0.0.1", "a\x85b"),
    ],
)
def test_who_names_no_address_counts_as_the_client(expected: str, said: str, forwarded: str) -> None:
    reports: list[str] = []
    assert str(client_address(request("10.0.0.1", forwarded), TRUSTED, reports.append)) == expected
    assert reports == [said]


@pytest.mark.parametrize(
    ("expected", "entry"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7", "192.0.2.7:4711"),
        ("192.0.2.7", "192.0.2.7:"),
        ("192.0.2.7", '"192.0.2.7:4711"'),
        ("192.0.2.7", "::ffff:192.0.2.7"),
        ("192.0.2.7", "::FFFF:c000:207"),
        ("192.0.2.7", "[::ffff:192.0.2.7]:4711"),
        ("192.0.2.7", "[192.0.2.7]:4711"),
        ("2001:db8::7", "2001:db8::7"),
        ("2001:db8::7", "2001:0DB8:0:0:0:0:0:7"),
        ("2001:db8::7", "[2001:db8::7]"),
        ("2001:db8::7", "[2001:db8::7]:4711"),
        ("2001:db8::7", '"[2001:db8::7]:4711"'),
        ("2001:db8::7", "2001:db8::7%eth0"),
        ("2001:db8::7:4711", "2001:db8::7:4711"),
        ("64:ff9b::c000:207", "64:ff9b::192.0.2.7"),
        ("fe80::1", "fe80::1"),
        ("fe80::1%2", "fe80::1%2"),
        ("fe80::1%eth0.4094", "[fe80::1%eth0.4094]:4711"),
        ("fe80::1%fifteen-letters", "fe80::1%fifteen-letters"),
    ],
)
def test_an_entry_that_is_an_address(expected: str, entry: str) -> None:
    assert str(parse_entry(entry)) == expected


@pytest.mark.parametrize(
    "entry",
    [
        "unknown",
        "unknown:4711",
        "_hidden",
        "localhost",
        "-",
        "1234",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.07",
        "192.0.2.7:http",
        "192.0.2.7:471100",
        "192.0.2.7:80:80",
        "192.0.2.7/32",
        "192.0.2.7 192.0.2.8",
        "192.0.2.7%eth0",
        "\u0661.1.1.1",
        "for=192.0.2.7",
        'for="[2001:db8::7]:4711"',
        "2001:db8:0:0:0:0:0:7:4711",
        "[2001:db8::7",
        "[2001:db8::7]4711",
        "[[2001:db8::7]]",
        "fe80::1%",
        "fe80::1%a b",
        "fe80::1%sixteen--letters",
        "2001:db8::7%sixteen--letters",
        "[]",
        "[]:",
        ":",
        ":4711",
        "[",
        '"',
        '""',
    ],
)
def test_an_entry_that_is_no_address(entry: str) -> None:
    assert parse_entry(entry) is None


def test_address_behind_a_unix_socket() -> None:
    come = request(None, "192.0.2.1")
    assert client_address(come, ()) is None
    assert str(client_address(come, (parse_network("unix:"),))) == "192.0.2.1"
    assert client_address(request(None), (parse_network("unix:"),)) is None
    said: list[str] = []
    assert client_address(request(None, "unknown"), (parse_network("unix:"),), said.append) is None
    assert said == ["'unknown'; counts as the client instead: nobody"]


@pytest.mark.parametrize("proxy", ["::ffff:10.0.0.1", "::ffff:10.0.0.0/104", "10.0.0.1"])
def test_a_proxy_is_trusted_however_its_address_is_written(proxy: str) -> None:
    for peer in ("10.0.0.1", "::ffff:10.0.0.1"):
        assert str(client_address(request(peer, "192.0.2.2"), (parse_network(proxy),))) == "192.0.2.2"


@pytest.mark.parametrize(
    ("expected", "image_url"),
    [
        ("tiff", "a.tiff"),
        ("tif", "a.TIF"),
        ("jpeg", "b/c.d/a.jpeg"),
        ("pdf", "a.tiff.pdf"),
        ("tiff", "a%2Etiff"),
        ("tiff", "http%3A//host/a.tiff%3Fsize%3D9"),
        ("tiff", "http%3A//host/a.tiff%23.jpg"),
        ("", "a"),
        ("", "b.tiff/a"),
        ("", ".tiff"),
    ],
)
def test_extension(expected: str, image_url: str) -> None:
    assert extension(image_url) == expected


@pytest.mark.parametrize(
    ("expected", "image_url"),
    [("tiff", "a.tif"), ("tiff", "a.TIFF"), ("jpg", "a.jpeg"), ("jpg", "a.JPG"), ("pdf", "a.pdf"), ("", "a")],
)
def test_file_format(expected: str, image_url: str) -> None:
    assert file_format(image_url) == expected


def test_name_hash() -> None:
    # printf 'größe 1.jpg' | sha1sum
    assert name_hash("gr%C3%B6%C3%9Fe%201.jpg") == "0f836112e9a1cfd7c33b248d37936293d96f5ab0"
