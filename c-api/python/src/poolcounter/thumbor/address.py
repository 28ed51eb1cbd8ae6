"""The address of the client of a request, also behind proxies."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Union

Address = Union[IPv4Address, IPv6Address]
Network = Union[IPv4Network, IPv6Network, None]
"""The networks of trusted proxies; None means all connections over a Unix socket."""

# An IPv6 address with a port needs brackets: without them the port could be its last group.
_WITH_PORT = re.compile(r"\[([^\]]*)\](?::[0-9]{0,5})?|([^:]*):[0-9]{0,5}")
# The name of a network interface, which Linux keeps below 16 bytes, or its number.
_ZONE = re.compile("[!-~]{1,15}")
_SHOWN = 60


def parse_network(text: str) -> Network:
    """Reads an address, a network or `unix:`; a ValueError says what is wrong with it."""
    return None if text == "unix:" else _unmapped(ip_network(text))


def client_address(
    request: Any, trusted: tuple[Network, ...], report: Callable[[str], object] = lambda _: None
) -> Address | None:
    """The address of the client, or None where a request came by a Unix socket that no trusted proxy names one for.

    X-Forwarded-For is read from its end: an entry was written by the one behind it, and is believed if that one is
    trusted. An entry that is no address is reported, and who wrote it counts as the client.
    """
    address = _peer(request)
    entries = ",".join(request.headers.get_list("X-Forwarded-For")).split(",")
    while entries and _is_trusted(address, trusted):
        entry = entries.pop().strip()
        if not entry:
            continue
        named = parse_entry(entry)
        if named is None:
            instead = "nobody" if address is None else address
            report(f"{entry[:_SHOWN]!r}; counts as the client instead: {instead}")
            break
        address = named
    return address


def parse_entry(entry: str) -> Address | None:
    """The address in an entry of X-Forwarded-For: alone, with a port, in brackets, in quotation marks."""
    if len(entry) > 1 and entry[0] == entry[-1] == '"':
        entry = entry[1:-1]
    found = _WITH_PORT.fullmatch(entry)
    return _parse(entry if found is None else found[1] or found[2] or "")


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
    if isinstance(address, IPv4Address):
        return address
    if address.scope_id is not None:
        if not _ZONE.fullmatch(address.scope_id):
            return None
        if not address.is_link_local:
            address = IPv6Address(int(address))  # A zone is useful only for link-local addresses.
    # A socket for both families shows an IPv4 client as ::ffff:192.0.2.1.
    return address.ipv4_mapped or address


def _unmapped(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    # The addresses of clients are compared as _parse makes them.
    mapped = network.network_address
    if isinstance(mapped, IPv4Address) or mapped.ipv4_mapped is None or network.prefixlen < 96:
        return network
    return IPv4Network((mapped.ipv4_mapped, network.prefixlen - 96))


def _is_trusted(address: Address | None, trusted: tuple[Network, ...]) -> bool:
    if address is None:
        return None in trusted
    return any(network is not None and address in network for network in trusted)
