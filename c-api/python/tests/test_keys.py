"""Keys of every kind."""

from __future__ import annotations

import pytest
from support.any_client import MakeClient
from support.daemon import Daemon

from poolcounter import BadKeyError, Outcome

KEYS: list[tuple[str | bytes, bytes]] = [
    ("page:1", b"page:1"),
    ("with two spaces", b"with%20two%20spaces"),
    (" ", b"%20"),
    ("%20", b"%20"),
    ("Ünï cödé", "Ünï%20cödé".encode()),
    ("\U0001f4a7", b"\xf0\x9f\x92\xa7"),
    (b"\x80\xff\x01\x7f", b"\x80\xff\x01\x7f"),
    ("tab\tand\x0bmore", b"tab\tand\x0bmore"),
    ("k" * 1000, b"k" * 1000),
]


@pytest.mark.parametrize(("key", "sent"), KEYS)
def test_a_key_is_what_others_call_it(make: MakeClient, daemon: Daemon, key: str | bytes, sent: bytes) -> None:
    client, peer = make([daemon.address]), daemon.peer()
    with client.held(key) as outcome:
        assert outcome is Outcome.LOCKED
        assert peer.ask(b"ACQ4ME " + sent + b" 1 1 0") == "QUEUE_FULL"
        assert peer.ask(b"ACQ4ME other" + sent + b" 1 1 0") == "LOCKED"


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("", "is empty"),
        (b"", "is empty"),
        ("a\0b", "contains a NUL byte"),
        (b"\0", "contains a NUL byte"),
        ("a\nRELEASE", "contains a line feed"),
        ("a\r", "contains a carriage return"),
        ("k" * 1024, "is too long"),
        (" " * 400, "is too long"),
    ],
)
def test_nothing_is_sent_of_a_bad_key(make: MakeClient, daemon: Daemon, key: str | bytes, reason: str) -> None:
    client = make([daemon.address])
    with pytest.raises(BadKeyError, match=f"^the key {reason}") as caught:
        client.once(key)
    assert isinstance(caught.value, ValueError)
    assert daemon.connections() == 0


def test_a_text_without_bytes(make: MakeClient, ours: Daemon) -> None:
    with pytest.raises(ValueError, match="surrogates"):
        make([ours.address]).once("\ud800")


@pytest.mark.parametrize("key", [None, 5, bytearray(b"key"), ["key"]])
def test_other_types_are_no_key(make: MakeClient, ours: Daemon, key: object) -> None:
    with pytest.raises(TypeError, match="a key is str or bytes"):
        make([ours.address]).once(key)  # type: ignore[arg-type]
