"""Every rule that a link fails now. `Gate.refusal` names the one that a buyer is told; here are all of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from services.links.domain.link import Link
from services.links.domain.pricing import Cart, OfPlan, OfProduct, Pricing, currency_of
from shared.contracts.checkout import Taken
from shared.contracts.links import Method, RefusalReason

Rule = (
    RefusalReason
    | Literal["all_held", "no_payable_method", "recipient_unverified", "product_archived", "plan_archived"]
)


class Failing(msgspec.Struct, frozen=True, kw_only=True):
    """`since` and `until` None are not known, or for ever. What is not `blocking` keeps no buyer out for good."""

    rule: Rule
    since: datetime | None = None
    until: datetime | None = None
    blocking: bool = True
    about: UUID | None = None


class Archived(msgspec.Struct, frozen=True):
    """A product or plan that is no longer sold."""

    rule: Literal["product_archived", "plan_archived"]
    id: UUID
    since: datetime


class AccountTakes(msgspec.Struct, frozen=True):
    """An account with a payment provider, and what it takes."""

    provider: str
    takes: tuple[Taken, ...]


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What a link does not know itself.

    `methods_taken` without any account that the merchant has connected; `accounts` are those. `retry_at` is when the
    first of its held uses may be free again.
    """

    methods_taken: Sequence[Method]
    accounts: Sequence[AccountTakes] = ()
    retry_at: datetime | None = None
    archived: Sequence[Archived] = ()


def failing(link: Link, around: Surroundings, now: datetime) -> tuple[Failing, ...]:
    """All that stands in a buyer's way at `now`, what ends a link first; empty when nothing does."""
    found: list[Failing] = []
    if link.ended_at is not None and link.ended_as is not None:
        found.append(Failing(rule=link.ended_as, since=link.ended_at))
    if link.expires_at is not None and link.expires_at <= now:
        found.append(Failing(rule="expired", since=link.expires_at))
    if link.uses.exhausted_at is not None:
        found.append(Failing(rule="exhausted", since=link.uses.exhausted_at))
    elif link.uses.remaining == 0:
        found.append(Failing(rule="all_held", until=around.retry_at))
    if link.paused_at is not None:
        found.append(Failing(rule="paused", since=link.paused_at))
    if link.starts_at is not None and now < link.starts_at:
        found.append(Failing(rule="not_started", since=link.created_at, until=link.starts_at))
    if not any(_is_taken(link, method, around) for method in link.methods):
        found.append(Failing(rule="no_payable_method"))
    return (*found, *_warnings(link, around))


def _is_taken(link: Link, method: Method, around: Surroundings) -> bool:
    """In the link's currency; a cart that is sold in several is judged by its first, as its page shows it."""
    if method in around.methods_taken:
        return True
    currency = currency_of(link.pricing)
    return any(
        taken.method == method and (taken.currencies is None or currency is None or currency in taken.currencies)
        for account in around.accounts
        if not link.providers or account.provider in link.providers
        for taken in account.takes
    )


def _warnings(link: Link, around: Surroundings) -> list[Failing]:
    """A buyer can pass a gate, and a link keeps the price that it was made with."""
    found = [Failing(rule=one.rule, since=one.since, blocking=False, about=one.id) for one in around.archived]
    if link.gate_otp and link.verified_at is None:
        found.append(Failing(rule="recipient_unverified", since=link.created_at, blocking=False))
    return found


def products_of(pricing: Pricing) -> tuple[UUID, ...]:
    match pricing:
        case OfProduct(product_id):
            return (product_id,)
        case Cart(items=items):
            return tuple(dict.fromkeys(item.product_id for item in items if item.product_id is not None))
        case _:
            return ()


def plan_of(pricing: Pricing) -> UUID | None:
    return pricing.plan_id if isinstance(pricing, OfPlan) else None
