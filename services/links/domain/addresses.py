"""Addresses that a merchant sets: where buyers are sent, and pictures they are shown."""

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from shared.kernel.faults import Invalid

URL_CHARS_MAX: Final = 2000
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
_PRINTABLE_FROM: Final = 0x21
_DELETE: Final = 0x7F


def check_url(field: str, url: str, *, test_mode: bool) -> None:
    """Raises Invalid unless `url` is absolute https; on a machine of its own (test mode) also http to itself."""
    if len(url) > URL_CHARS_MAX:
        raise Invalid(field, f"must have at most {URL_CHARS_MAX} characters")
    if any(ord(character) < _PRINTABLE_FROM or ord(character) == _DELETE for character in url) or "\\" in url:
        raise Invalid(field, "must not hold blanks, control characters or backslashes")
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        raise Invalid(field, "is not a URL") from None
    local = test_mode and host in _LOOPBACK
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise Invalid(field, "must be an absolute https URL")
    if not host or parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise Invalid(field, "must name a host and hold no credentials")
    if "//" in parts.path:
        raise Invalid(field, "must not hold '//' in its path")
    if not local and _is_private(host):
        raise Invalid(field, "must name a public host")


def _is_private(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return not ip_address(host).is_global
    except ValueError:
        return False
