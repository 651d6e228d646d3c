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
from services.checkout.providers.stripe.sessions import EXPANDED, PAGE, SESSIONS
from services.checkout.providers.stripe.wire import (
    REFERENCE,
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

Seconds = Annotated[int, Meta(ge=0, le=2**40)]

_log = logger("stripe")


class ListedSession(WireSession, frozen=True, kw_only=True):
    created: Seconds


class RefundedIntent(Struct, frozen=True):
    id: Id
    metadata: Metadata | None = None


class ListedRefund(WireRefund, frozen=True, kw_only=True):
    created: Seconds
    payment_intent: Id | RefundedIntent | None = None

    @property
    def is_ours(self) -> bool:
        paid = self.payment_intent.metadata if isinstance(self.payment_intent, RefundedIntent) else None
        return REFERENCE in (self.metadata or {}) or REFERENCE in (paid or {})


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
    path, expanded = (SESSIONS, EXPANDED) if about == "charge" else (REFUNDS, "payment_intent")
    query = {
        "created[gte]": str(int(since.timestamp())),
        "created[lt]": str(int(until.timestamp())),
        "limit": str(PAGE),
        "expand[]": f"data.{expanded}",
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
        said = state_of(one, account.external_id) if isinstance(one, ListedSession) else refund_of(one)
    except (NotOurs, NotWhole, UnknownCurrency) as error:
        _log.error("stripe.entry_unreadable", id=one.id, error=repr(error))
        return None
    return Listed(theirs=theirs_of(said), created_at=created_at)
