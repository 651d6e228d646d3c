"""Which addresses a webhook may be sent to. A merchant chooses the URL, so it must not lead into our own network.

`global` is the public internet and all that production allows. `loopback` adds this machine, for a stack on a laptop;
`private` adds its networks, for a stack in containers. Link-local addresses, where clouds keep their credentials, are
in none of these. `any` is for a command that runs on the user's own machine.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, Literal

Reach = Literal["global", "loopback", "private", "any"]
Address = IPv4Address | IPv6Address

_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052
_V4_SPECIAL: Final = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))  # RFC 6890, RFC 7526
_V6_UNICAST: Final = IPv6Network("2000::/3")  # RFC 4291: nothing else is assigned
_V6_SPECIAL: Final = (IPv6Network("2001::/23"), IPv6Network("2001:db8::/32"), IPv6Network("3fff::/20"))
_V4_COMPATIBLE: Final = IPv6Network("::/96")  # RFC 4291, deprecated
_LOW_32: Final = 0xFFFF_FFFF


def refusal_of(text: str, reach: Reach) -> str | None:
    """Why nothing is sent to this address; None when it may be."""
    try:
        address = embedded(ip_address(text.partition("%")[0]))
    except ValueError:
        return "not an address"
    if reach == "any" or _is_global(address):
        return None
    if address.is_loopback and reach in {"loopback", "private"}:
        return None
    if address.is_private and reach == "private" and not (address.is_link_local or address.is_unspecified):
        return None
    return "not on the public internet"


def refusal_of_literal(host: str, reach: Reach) -> str | None:
    """As `refusal_of` for a host that is written as an address; None for a name."""
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return refusal_of(host, reach)


def embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for: mapped, NAT64, 6to4 or compatible; else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64:
        return IPv4Address(int(address) & _LOW_32)
    if address in _V4_COMPATIBLE and not (address.is_loopback or address.is_unspecified):
        return IPv4Address(int(address) & _LOW_32)
    return address


def _is_global(address: Address) -> bool:
    """By Python's table, which differs among its versions, and by the blocks that it has been wrong about."""
    if isinstance(address, IPv4Address):
        named = any(address in block for block in _V4_SPECIAL)
    else:
        named = address not in _V6_UNICAST or any(address in block for block in _V6_SPECIAL)
    return address.is_global and not (named or address.is_multicast or address.is_reserved)
