"""Finds the Checkout Session of a payment."""

from datetime import timedelta
from typing import Final

import msgspec

from services.checkout.providers.http import NoAnswer
from services.checkout.providers.port import Account, Payment
from services.checkout.providers.stripe.client import OK, StripeApi, is_missing
from services.checkout.providers.stripe.wire import SessionList, WireSession

SESSIONS: Final = "/v1/checkout/sessions"
_CHARGE: Final = "payment_intent.latest_charge"
EXPANDED: Final = [f"{_CHARGE}.balance_transaction", f"{_CHARGE}.refunds"]
SEARCH_BEFORE: Final = timedelta(minutes=2)
SEARCH_AFTER: Final = timedelta(minutes=10)
"""Around the moment when we asked for a session: clocks differ, and a request may be on its way for a while."""
PAGE: Final = 100
PAGES_MAX: Final = 20

_session: Final = msgspec.json.Decoder(WireSession)
_sessions: Final = msgspec.json.Decoder(SessionList)


async def session_of(api: StripeApi, account: Account, payment: Payment) -> WireSession | None:
    """The session with its payment and fee; None: Stripe has none.

    Raises:
        NotConnected, NoAnswer, msgspec.MsgspecError: ask again later.
    """
    session_id = await session_id_of(api, account, payment)
    return None if session_id is None else await session_by_id(api, account, session_id)


async def session_by_id(api: StripeApi, account: Account, session_id: str) -> WireSession | None:
    """None: Stripe has none of this id.

    Raises:
        NotConnected, NoAnswer, msgspec.MsgspecError: ask again later.
    """
    heard = await api.get(account, f"{SESSIONS}/{session_id}", **{"expand[]": EXPANDED})
    if is_missing(heard):
        return None
    if heard.answer.status != OK:
        raise NoAnswer(f"status {heard.answer.status}")
    return _session.decode(heard.answer.body)


async def session_id_of(api: StripeApi, account: Account, payment: Payment) -> str | None:
    """Stripe cannot search sessions by our reference, so one that we do not know is looked for in its minutes.

    Raises:
        NotConnected, NoAnswer, msgspec.MsgspecError: ask again later.
    """
    if payment.provider_id is not None:
        return payment.provider_id
    window = {
        "created[gte]": str(int((payment.created_at - SEARCH_BEFORE).timestamp())),
        "created[lte]": str(int((payment.created_at + SEARCH_AFTER).timestamp())),
        "limit": str(PAGE),
    }
    for _ in range(PAGES_MAX):
        heard = await api.get(account, SESSIONS, **window)
        if heard.answer.status != OK:
            raise NoAnswer(f"status {heard.answer.status}")
        page = _sessions.decode(heard.answer.body)
        for session in page.data:
            if session.is_ours and session.client_reference_id == payment.reference:
                return session.id
        if not page.has_more or not page.data:
            return None
        window["starting_after"] = page.data[-1].id
    raise NoAnswer("more sessions than are searched")


async def reference_of(api: StripeApi, account: Account, payment_intent: str) -> str | None:
    """Ours, of what was paid by this payment intent; None: it is no payment of ours.

    Raises:
        NotConnected, NoAnswer, msgspec.MsgspecError: ask again later.
    """
    heard = await api.get(account, SESSIONS, payment_intent=payment_intent)
    if is_missing(heard):
        return None
    if heard.answer.status != OK:
        raise NoAnswer(f"status {heard.answer.status}")
    ours = [one for one in _sessions.decode(heard.answer.body).data if one.is_ours]
    return ours[0].client_reference_id if ours else None
