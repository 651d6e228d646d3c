"""The headers that every page carries."""

import base64
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from shared.kernel.chance import random_bytes

SECURITY_HEADERS: Final[dict[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(self)",
    "Cache-Control": "private, no-store",
    "Vary": "Accept-Language, Cookie",
}


def new_nonce() -> str:
    """128 random bits; only letters, digits, `-` and `_`, so it needs no escaping anywhere."""
    return base64.urlsafe_b64encode(random_bytes(16)).rstrip(b"=").decode()


def content_security_policy(nonce: str, *, frame_origins: Iterable[str] = (), form_origins: Iterable[str] = ()) -> str:
    """Nothing runs or loads but what we wrote.

    `frame_origins` hold card fields. `form_origins` are where a posted form may be sent on to: Chromium applies
    `form-action` to the redirect after a POST, so the provider's hosted card page has to be named.
    """
    frames = _origins(frame_origins) or "'none'"
    forms = " ".join(("'self'", _origins(form_origins))).rstrip()
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self' https: data:; "
        f"connect-src 'self'; frame-src {frames}; form-action {forms}; base-uri 'none'; frame-ancestors 'none'"
    )


def origin_of(url: str) -> str | None:
    """`https://pay.example:8443` of an http(s) URL; None for anything else."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return None
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _origins(urls: Iterable[str]) -> str:
    """Only origins, each once: a URL that is none is dropped, so that nothing can add a directive of its own."""
    found = (origin_of(url) for url in urls)
    return " ".join(dict.fromkeys(o for o in found if o and not set(o) & set(" ;,'\"\n\r\t")))
