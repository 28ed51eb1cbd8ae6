"""The keys of the locks: requests with the same key share its limits."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Network

from poolcounter.thumbor.address import Address
from poolcounter.thumbor.original import extension, file_format, name_hash, sha1

_NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True)
class Keys:
    """The keys of this package."""

    ipv6_prefix: int
    """How many bits of an IPv6 address make a client."""

    def of_client(self, address: Address) -> str:
        """All addresses of one client have the same key, as far as addresses can show it."""
        return f"thumbor-ip-{self._client(address)}"

    def of_original(self, image_url: str) -> str:
        """All sizes of one original have the same key; `image_url` is its name as Thumbor has it, percent-encoded."""
        return f"thumbor-original-{name_hash(image_url)}"

    def of_expensive(self, name: str) -> str:
        """All originals of one format have the same key."""
        return f"thumbor-expensive-{name}"

    def file_format(self, image_url: str) -> str:
        """What an expensive format is called, or an empty string."""
        return file_format(image_url)

    def _client(self, address: Address) -> Address | IPv6Network:
        if isinstance(address, IPv4Address):
            return address
        if address in _NAT64:
            return IPv4Address(address.packed[-4:])
        # All neighbours have the same link-local network.
        if address.is_link_local or self.ipv6_prefix == address.max_prefixlen:
            return address
        return IPv6Network((address, self.ipv6_prefix), strict=False)


class WikimediaKeys(Keys):
    """The keys of Wikimedia's plugin, to share limits with Thumbors that have it."""

    def of_client(self, address: Address) -> str:
        """The whole address."""
        return f"thumbor-ip-{address}"

    def of_original(self, image_url: str) -> str:
        """The sha1 is that of the percent-encoded name."""
        return f"thumbor-render-{sha1(image_url)}"

    def of_expensive(self, name: str) -> str:
        """Like the default keys."""
        return f"thumbor-render-expensive-{name}"

    def file_format(self, image_url: str) -> str:
        """Each spelling of an extension has its own key."""
        return extension(image_url)


KEYS = {"default": Keys, "wikimedia": WikimediaKeys}
"""The keys for each value of POOLCOUNTER_KEYS."""
