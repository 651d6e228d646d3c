"""Who of those that pass requests on is believed about where a request came from."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address, ip_network

ADDRESS_CHARS_MAX = 64
KNOWN_MAX = 4096
PREFIX_BITS = 64
"""What one household or server gets of IPv6 (RFC 6177): whoever has one has all of its addresses."""


@lru_cache(KNOWN_MAX)
def place_of(address: str) -> str:
    """What limits count by: an IPv4 address as it is, of an IPv6 address the first half.

    >>> place_of("2001:db8:1:2:3:4:5:6")
    '2001:db8:1:2::'
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv4Address) or parsed.is_loopback:
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((int(parsed), PREFIX_BITS), strict=False).network_address)


class Proxies:
    """Addresses and networks, separated by commas: `127.0.0.1,::1,10.0.0.0/8`."""

    def __init__(self, text: str) -> None:
        """Raises: ValueError: one of them is neither."""
        self._networks: Sequence[IPv4Network | IPv6Network] = [
            ip_network(part.strip()) for part in text.split(",") if part.strip()
        ]
        self._known: dict[str, bool] = {}

    def __contains__(self, address: str) -> bool:
        known = self._known.get(address)
        if known is None:
            if len(self._known) >= KNOWN_MAX:
                self._known.clear()
            known = self._known[address] = self._holds(address)
        return known

    def origin(self, peer: str, forwarded: str | None) -> str:
        """The peer; or, when the peer is one of ours, the last address in `X-Forwarded-For` that is not.

        What stands before that one was written by the client, who may write what he likes.
        """
        if forwarded is None or peer not in self:
            return peer
        hops = [hop.strip()[:ADDRESS_CHARS_MAX] for hop in forwarded.split(",")]
        return next((hop for hop in reversed(hops) if hop not in self), hops[0])

    def _holds(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)
