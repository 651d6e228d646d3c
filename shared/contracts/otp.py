"""One-time codes on the bus: who asked for one, whether one is right, and the token that follows.

No code is in any fact. Whoever was given one asks with it, and the answer never repeats it.
"""

from datetime import datetime
from typing import ClassVar, Final, Literal
from uuid import UUID

import msgspec

from shared.contracts.envelope import Event

NO_ORGANIZATION: Final = UUID(int=0)
"""`org_id` of a request that named no link and no organization, for an address that nobody waits for."""


class OtpRequested(Event, frozen=True, kw_only=True):
    """Somebody wants to prove that they read the mail of `email` (lower-cased); with `link_id`, for that link only.

    `known` is whether an active link with a gate waits for this address. Where it is not, no mail goes out and no code
    would be right, but guesses are counted and answered just the same.
    """

    owner: ClassVar[str] = "links"
    entity: ClassVar[str] = "otp"
    fact: ClassVar[str] = "requested"

    email: str
    known: bool
    locale: str = "en"
    merchant_name: str = ""
    merchant_support_email: str | None = None
    livemode: bool = True
    merchant_color: str | None = None


# Asked of notify, by links


class VerifyOtp(msgspec.Struct, frozen=True, kw_only=True):
    """Is this the code that was mailed? Asking uses up one of five attempts."""

    email: str
    code: str
    link_id: UUID | None = None
    org_id: UUID | None = None


class CheckOtp(msgspec.Struct, frozen=True, kw_only=True):
    """Is this the live code of the address, or the one that it proved itself with in the last 15 minutes?

    Only codes that were asked for without a link count. A wrong one uses up an attempt.
    """

    email: str
    code: str


class OtpVerified(msgspec.Struct, frozen=True, kw_only=True, tag_field="outcome", tag="verified"):
    challenge_id: UUID
    email: str
    verified_at: datetime


class OtpRefused(msgspec.Struct, frozen=True, kw_only=True, tag_field="outcome", tag="refused"):
    """`reason` is for us: from outside all but `too_many`, which has a `retry_at`, look alike."""

    reason: Literal["wrong", "expired", "used", "too_many", "unknown"]
    retry_at: datetime | None = None


VerifyOtpReply = OtpVerified | OtpRefused


# Asked of links, by checkout


class RequestOtp(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for a code to be mailed. `client_ip` None sets no limit for the place that the request came from."""

    email: str
    org_id: UUID | None = None
    link_id: UUID | None = None
    client_ip: str | None = None
    locale: str | None = None


class OtpAsked(msgspec.Struct, frozen=True, kw_only=True, tag_field="outcome", tag="asked"):
    """The same for every address: it does not say whether a mail goes out."""

    resend_at: datetime
    expires_at: datetime


class OtpLimited(msgspec.Struct, frozen=True, kw_only=True, tag_field="outcome", tag="limited"):
    """Too often, by address, by place or by organization."""

    retry_at: datetime


class OtpMalformed(msgspec.Struct, frozen=True, kw_only=True, tag_field="outcome", tag="malformed"):
    """That is no address."""


RequestOtpReply = OtpAsked | OtpLimited | OtpMalformed


class ExchangeOtp(msgspec.Struct, frozen=True, kw_only=True):
    """Gives a code for a token. The ids are those that the code was asked with."""

    email: str
    code: str
    org_id: UUID | None = None
    link_id: UUID | None = None
    client_ip: str | None = None


class LinkToken(msgspec.Struct, frozen=True, kw_only=True, tag_field="outcome", tag="token"):
    """A JWT of type `payment_link`, good for 24 hours."""

    token: str
    expires_at: datetime


class OtpDenied(msgspec.Struct, frozen=True, kw_only=True, tag_field="outcome", tag="denied"):
    """Wrong, used, run out, or never mailed: which of them is not said."""


ExchangeOtpReply = LinkToken | OtpDenied | OtpLimited


class ListKeys(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for the keys that tokens of this purpose are checked with."""

    purpose: Literal["payment_link"] = "payment_link"


class PublicKey(msgspec.Struct, frozen=True, kw_only=True):
    """A JWK (RFC 8037): `x` is the raw Ed25519 key in urlsafe base64."""

    kid: str
    x: str
    kty: Literal["OKP"] = "OKP"
    crv: Literal["Ed25519"] = "Ed25519"
    alg: Literal["EdDSA"] = "EdDSA"
    use: Literal["sig"] = "sig"


class KeySet(msgspec.Struct, frozen=True):
    """A JWK set (RFC 7517 section 5), also served at `/.well-known/jwks.json`."""

    keys: tuple[PublicKey, ...]
