"""Whose request it is, and of what."""

from __future__ import annotations

import socket
from types import SimpleNamespace
from typing import Any

import pytest
from tornado.httputil import HTTPHeaders

from poolcounter.thumbor.address import client_address, parse_network
from poolcounter.thumbor.original import extension, name_hash


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
        ("10.0.0.2", "10.0.0.1", ["192.0.2.2, unknown, 10.0.0.2"]),
        ("10.0.0.9", "10.0.0.1", ["10.0.0.9"]),
        ("2001:db8::1", "10.0.0.1", ["2001:DB8:0::1"]),
        ("192.0.2.1", "::ffff:192.0.2.1", ["192.0.2.2"]),
        ("192.0.2.2", "::ffff:10.0.0.1", ["192.0.2.2"]),
        ("192.0.2.2", "fd00::1", ["192.0.2.2"]),
    ],
)
def test_address_of_a_client(expected: str, peer: str, forwarded: list[str]) -> None:
    trusted = tuple(map(parse_network, ("10.0.0.0/8", "fd00::1")))
    assert client_address(request(peer, *forwarded), trusted) == expected


def test_address_behind_a_unix_socket() -> None:
    come = request(None, "192.0.2.1")
    assert client_address(come, ()) is None
    assert client_address(come, (parse_network("unix:"),)) == "192.0.2.1"
    assert client_address(request(None), (parse_network("unix:"),)) is None


@pytest.mark.parametrize(
    ("expected", "image_url"),
    [
        ("tiff", "a.tiff"),
        ("tiff", "a.TIF"),
        ("jpg", "b/c.d/a.jpeg"),
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


def test_name_hash() -> None:
    # printf 'größe 1.jpg' | sha1sum
    assert name_hash("gr%C3%B6%C3%9Fe%201.jpg") == "0f836112e9a1cfd7c33b248d37936293d96f5ab0"
