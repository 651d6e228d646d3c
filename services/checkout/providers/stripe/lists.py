"""What an account at Stripe has, page by page: sessions with their fees, refunds with their payments.

A merchant's account may hold much else: only what bears our reference, or pays back what does, is ours.
"""

from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from services.checkout.domain.reconciliation import About, Listed, theirs_of
from services.checkout.providers.http import NoAnswer
from services.checkout.providers.port import Account, Page
from services.checkout.providers.stripe.amounts import NotWhole
from services.checkout.providers.stripe.client import OK, StripeApi
from services.checkout.providers.stripe.refunds import REFUNDS
from services.checkout.providers.stripe.sessions import PAGE, SESSIONS
from services.checkout.providers.stripe.wire import (
    REFERENCE,
    Amount,
    Code,
    Currency,
    Id,
    Metadata,
    NotOurs,
    WireRefund,
    WireSession,
    refund_of,
    state_of,
)
from shared.kernel.money import UnknownCurrency
from shared.runtime.logs import logger

EXPANDED: Final = {
    "charge": "data.payment_intent.latest_charge.balance_transaction",
    "refund": "data.payment_intent",
}
Seconds = Annotated[int, Meta(ge=0, le=2**40)]

_log = logger("stripe")


class ListedSession(WireSession, frozen=True, kw_only=True):
    created: Seconds


class RefundedIntent(Struct, frozen=True):
    id: Id
    metadata: Metadata | None = None


class ListedRefund(Struct, frozen=True, kw_only=True):
    """As `WireRefund`, with the payment that it pays back in full."""

    id: Id
    created: Seconds
    amount: Amount
    currency: Currency
    status: Code | None
    metadata: Metadata | None = None
    payment_intent: Id | RefundedIntent | None = None

    @property
    def is_ours(self) -> bool:
        paid = self.payment_intent.metadata if isinstance(self.payment_intent, RefundedIntent) else None
        return REFERENCE in (self.metadata or {}) or REFERENCE in (paid or {})

    @property
    def plain(self) -> WireRefund:
        return WireRefund(
            id=self.id, amount=self.amount, currency=self.currency, status=self.status, metadata=self.metadata
        )


class Sessions(Struct, frozen=True):
    data: list[ListedSession]
    has_more: bool


class Refunds(Struct, frozen=True):
    data: list[ListedRefund]
    has_more: bool


_sessions: Final = msgspec.json.Decoder(Sessions)
_refunds: Final = msgspec.json.Decoder(Refunds)


async def page_of(
    api: StripeApi, account: Account, about: About, *, since: datetime, until: datetime, after: str | None
) -> Page:
    """Newest first.

    Raises:
        NotConnected, NoAnswer, msgspec.MsgspecError: ask again later.
    """
    path = SESSIONS if about == "charge" else REFUNDS
    query = {
        "created[gte]": str(int(since.timestamp())),
        "created[lt]": str(int(until.timestamp())),
        "limit": str(PAGE),
        "expand[]": EXPANDED[about],
    }
    heard = await api.get(account, path, **(query | ({"starting_after": after} if after else {})))
    if heard.answer.status != OK:
        raise NoAnswer(f"status {heard.answer.status}")
    page = _sessions.decode(heard.answer.body) if about == "charge" else _refunds.decode(heard.answer.body)
    entries = [entry for one in page.data if one.is_ours and (entry := _entry(one, account)) is not None]
    return Page(entries, page.data[-1].id if page.data and page.has_more else None)


def _entry(one: ListedSession | ListedRefund, account: Account) -> Listed | None:
    """None: no amount that we could have asked for. The charge that it is of, if any, is then asked about alone."""
    created_at = datetime.fromtimestamp(one.created, UTC)
    try:
        said = state_of(one, account.external_id) if isinstance(one, ListedSession) else refund_of(one.plain)
    except (NotOurs, NotWhole, UnknownCurrency) as error:
        _log.error("stripe.entry_unreadable", id=one.id, error=repr(error))
        return None
    return Listed(theirs=theirs_of(said), created_at=created_at)
