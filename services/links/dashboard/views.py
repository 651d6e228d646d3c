from typing import Literal

from msgspec import Struct

SignInFlaw = Literal["missing", "wrong", "limited", "form"]


class SignInView(Struct, frozen=True, kw_only=True):
    """`flaw` says what was wrong with what was sent: nothing was filled in, it does not fit, too often, an old form."""

    form_token: str
    email: str = ""
    flaw: SignInFlaw | None = None
    seconds: int = 0


InvitationFlaw = Literal["missing", "name", "length", "alike", "address", "wrong", "limited", "form"]


class InvitationView(Struct, frozen=True, kw_only=True):
    """`is_new`: the password becomes theirs; else it must be the one that they have, and the name is known."""

    form_token: str
    organization: str
    color: str | None
    logo_url: str | None
    name: str
    email: str
    role: str
    until: str
    is_new: bool
    flaw: InvitationFlaw | None = None
    seconds: int = 0


class HomeView(Struct, frozen=True, kw_only=True):
    """`csrf_token` is what the page's scripts send in `X-CSRF-Token` to the API of any service."""

    form_token: str
    csrf_token: str
    name: str
    email: str
    role: str
    organization: str
    color: str | None
    logo_url: str | None
    livemode: bool
    signed_in_until: str
