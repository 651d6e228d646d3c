"""Who asks, as links knows it: checkout and notify have merchant routes, and the keys and sign-ins live in links."""

from uuid import UUID

import msgspec


class FindCaller(msgspec.Struct, frozen=True, kw_only=True):
    """Of an API key: its id and the SHA-256 of its secret in hexadecimal, so that no secret is on the bus.

    Of a sign-in: the id in its token, whose signature the asking service has checked.
    """

    key_id: str | None = None
    secret_sha256: str = ""
    login_id: UUID | None = None
    livemode: bool = False


class CallerKnown(msgspec.Struct, frozen=True, kw_only=True, tag_field="outcome", tag="known"):
    """`by` names the caller in histories: `key:<id>`, `member:<id>`."""

    org_id: UUID
    livemode: bool
    by: str
    scopes: tuple[str, ...]
    organization_name: str


class CallerUnknown(msgspec.Struct, frozen=True, tag_field="outcome", tag="unknown"):
    """No such key or sign-in, or one that does not work any more."""


FindCallerReply = CallerKnown | CallerUnknown
