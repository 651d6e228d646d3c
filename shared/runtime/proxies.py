"""Who of those that pass requests on is believed about where a request came from."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

ADDRESS_CHARS_MAX = 64
KNOWN_MAX = 4096


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
