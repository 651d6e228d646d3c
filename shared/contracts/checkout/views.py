"""Who pays, why it failed, and what can be taken, in the words of every service."""

from typing import Final, Literal

import msgspec

from shared.contracts.links import MerchantView, Method

FailureReason = Literal[
    "declined",
    "insufficient_funds",
    "rejected_by_payer",
    "expired",
    "payer_not_found",
    "authentication_failed",
    "provider_error",
    "not_started",
]

ReviewReason = Literal["not_counted", "refund_failed"]
"""It came too late or over the cap, or the session was paid before; or the policy's refund was refused."""

RefundOrigin = Literal["merchant", "policy", "provider"]
"""Who began it: the merchant here, the link's policy for late payments, or somebody at the provider's dashboard."""

METHODS_TAKEN: Final[dict[bool, tuple[Method, ...]]] = {
    False: ("mobile_money", "card", "ussd", "bank_transfer"),
    True: (),
}
"""What is taken without any account that a merchant has connected: in test mode (False) by the sandbox, live (True) by
nobody. Facts about provider accounts tell what else is. A test holds checkout to it."""


class CustomerView(msgspec.Struct, frozen=True):
    email: str | None = None
    name: str | None = None
    phone: str | None = None


class BuyerView(msgspec.Struct, frozen=True, kw_only=True):
    """Who pays what, and whom: what a mail to them needs, so that nobody has to ask back."""

    customer: CustomerView
    locale: str
    link_slug: str
    link_title: str
    merchant: MerchantView


class Taken(msgspec.Struct, frozen=True):
    """A method that an account takes. `currencies` None: every one."""

    method: Method
    currencies: tuple[str, ...] | None = None
