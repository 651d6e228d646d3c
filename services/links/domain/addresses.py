"""Addresses that a merchant sets: where buyers are sent, and pictures they are shown."""

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from shared.kernel.faults import Invalid

URL_CHARS_MAX: Final = 2000
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
_PORTS: Final = {"https": 443, "http": 80}
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


def check_origin(field: str, origin: str, *, test_mode: bool) -> None:
    """Raises Invalid unless `origin` is one as browsers write it (https://html.spec.whatwg.org/#ascii-serialisation-of-an-origin).

    Scheme, host in lower case and, where it is not the usual one, the port; nothing after it.
    """
    check_url(field, origin, test_mode=test_mode)
    if origin != origin_of(origin):
        raise Invalid(field, "must be an origin such as 'https://shop.example.com': no path, no blanks, lower case")


def origin_of(url: str) -> str | None:
    """The origin of an address, as browsers write it; None when it has none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or "\\" in url or parts.username is not None:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    usual = port is None or port == _PORTS[parts.scheme]
    return f"{parts.scheme}://{host}" if usual else f"{parts.scheme}://{host}:{port}"


def _is_private(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return not ip_address(host).is_global
    except ValueError:
        return False
