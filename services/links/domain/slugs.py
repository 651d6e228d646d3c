import re
import unicodedata
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from shared.kernel.faults import Invalid

_SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_ROOM_FOR_SUFFIX: Final = 55
_SUFFIX_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"

# What the gateway and the checkout page use, or may come to use, where a slug stands.
RESERVED: Final = frozenset(
    {
        "about", "account", "admin", "api", "app", "assets", "auth", "callback", "callbacks", "cancel", "charges",
        "checkout", "dashboard", "docs", "events", "favicon", "health", "help", "link", "links", "login", "logout",
        "me", "metrics", "new", "null", "openapi", "pay", "payment", "payments", "paylinks", "public", "ready",
        "receipt", "receipts", "robots", "session", "sessions", "settings", "signup", "start", "static", "status",
        "success", "support", "system", "undefined", "v1", "v2", "webhook", "webhooks", "well-known", "www",
    }
)  # fmt: skip


def check(slug: str) -> None:
    """Raises: Invalid: no slug, or one that we need for ourselves."""
    if not _SLUG.fullmatch(slug):
        raise Invalid("slug", "must be 1 to 64 of a-z, 0-9 and '-', and neither begin nor end with '-'")
    if slug in RESERVED:
        raise Invalid("slug", "is a reserved word")


def from_title(title: str, seed: int) -> str:
    """`Invoice #123` as `invoice-123`; a title without letters we know becomes a random one drawn from `seed`."""
    ascii_only = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_only)[:_ROOM_FOR_SUFFIX].strip("-")
    if not slug or slug in RESERVED:
        return with_suffix(slug or "pay", seed)
    return slug


def with_suffix(slug: str, seed: int) -> str:
    """`invoice-123-x7k2wq`: the digits of `seed` make it other than every slug before."""
    letters: list[str] = []
    for _ in range(6):
        seed, digit = divmod(seed, len(_SUFFIX_ALPHABET))
        letters.append(_SUFFIX_ALPHABET[digit])
    return f"{slug[:_ROOM_FOR_SUFFIX].rstrip('-')}-{''.join(letters)}"


class Availability(msgspec.Struct, frozen=True, kw_only=True):
    """`reason` None: nobody has it. `rule` says what is wrong with a slug that cannot be one."""

    slug: str
    reason: Literal["taken", "reserved", "malformed"] | None = None
    rule: str | None = None
    suggestions: tuple[str, ...] = ()


def fault_of(slug: str) -> Availability | None:
    """Why this can be no link's slug, whoever asks; None when it can."""
    try:
        check(slug)
    except Invalid as fault:
        reason = "reserved" if slug in RESERVED else "malformed"
        return Availability(slug=slug, reason=reason, rule=str(fault.values["rule"]))
    return None


def suggested(text: str, seeds: Sequence[int]) -> list[str]:
    """Slugs near `text`, the plainest first; each seed makes one more."""
    base = from_title(text, seeds[0])
    numbered = f"{base[:_ROOM_FOR_SUFFIX].rstrip('-')}-2"
    return [base, numbered, *(with_suffix(base, seed) for seed in seeds)]
