"""Whose request it is: the address of the client, also behind proxies."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Union

Address = Union[IPv4Address, IPv6Address]
Network = Union[IPv4Network, IPv6Network, None]
"""Who is trusted to name a client; None stands for all who connect by a Unix socket."""


def parse_network(text: str) -> Network:
    """Reads an address, a network or `unix:`; a ValueError says what is wrong with it."""
    return None if text == "unix:" else ip_network(text)


def client_address(request: Any, trusted: tuple[Network, ...]) -> str | None:
    """The address of the client, or None where a request came by a Unix socket that no trusted proxy names one for.

    X-Forwarded-For is read from its end: an entry was written by the one behind it, and is believed if that one is
    trusted.
    """
    address = _peer(request)
    claims = ",".join(request.headers.get_list("X-Forwarded-For")).split(",")
    while claims and _is_trusted(address, trusted):
        claim = _parse(claims.pop().strip())
        if claim is None:
            break
        address = claim
    return None if address is None else str(address)


def _peer(request: Any) -> Address | None:
    # Not request.remote_ip: Thumbor has Tornado believe every X-Forwarded-For and X-Real-Ip.
    context = request.connection.context
    if context.address_family not in (socket.AF_INET, socket.AF_INET6):
        return None
    return _parse(context.address[0])


def _parse(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # A socket for both families shows an IPv4 client as ::ffff:192.0.2.1.
    return getattr(address, "ipv4_mapped", None) or address


def _is_trusted(address: Address | None, trusted: tuple[Network, ...]) -> bool:
    if address is None:
        return None in trusted
    return any(network is not None and address in network for network in trusted)
