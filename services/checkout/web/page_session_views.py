"""From a session and its charge to what their page shows. Pure."""

from datetime import datetime
from typing import Final, assert_never

from services.checkout.domain.banks import ussd_banks
from services.checkout.domain.charge import (
    Charge,
    Dial,
    NextAction,
    PendingReason,
    Prompt,
    Redirect,
    Transfer,
    pending_reason,
)
from services.checkout.domain.lifecycle import UNDER_WAY
from services.checkout.domain.operators import countries_for
from services.checkout.domain.session import Aftermath, Fate, Session, SessionState, receipt_number
from services.checkout.web import bill_view
from services.checkout.web.page_link_views import TEST_NUMBERS_PATH, link_path, merchant_of
from services.checkout.web.views import (
    CardField,
    ChangeView,
    CheckoutView,
    Collect,
    FieldError,
    FixedPrice,
    GivenBack,
    Receipt,
    Retry,
    SessionView,
    TransferShown,
)
from services.checkout.web.views import SessionState as PageState
from shared.contracts.links import Method

NOTHING_ASKED: Final = Collect(email="no")


def session_path(session: Session) -> str:
    return f"/checkout/sessions/{session.id}"


def version_of(state: SessionState, now: datetime) -> str:
    """Changes whenever the page would look different."""
    moved = f"{state.session.version}-{state.status_at(now)}{'-late' if _too_late(state.charge, now) else ''}"
    after = state.aftermath
    if after is None:
        return moved
    back, taken = after.refunded.minor, after.charged_back.minor
    return f"{moved}-{state.fate}-{back}-{taken}" if back or taken or state.fate != "kept" else moved


def _too_late(charge: Charge | None, now: datetime) -> bool:
    """To send a transfer: its account may be closed, though the provider has not said so."""
    if charge is None or charge.status not in UNDER_WAY or not isinstance(charge.next_action, Transfer):
        return False
    until = charge.next_action.expires_at
    return until is not None and until <= now


def choice_view(
    session: Session,
    methods: tuple[Method, ...],
    *,
    card: CardField,
    values: dict[str, str],
    errors: tuple[FieldError, ...] = (),
    attempt: str,
) -> CheckoutView:
    """The choice of methods for a session that is open: who pays and how much is settled already."""
    link = session.link
    return CheckoutView(
        path=session_path(session),
        kept="choose=1",
        merchant=merchant_of(link.merchant),
        title=link.title,
        description=link.description,
        price=FixedPrice(session.total.minor, session.total.currency),
        methods=methods,
        livemode=link.livemode,
        expires_at=session.expires_at,
        time_zone=link.merchant.timezone,
        collect=NOTHING_ASKED,
        countries=countries_for(session.total.currency),
        banks=ussd_banks(session.total.currency),
        card=card,
        values=values,
        errors=errors,
        attempt=attempt,
        cancel_url=link.cancel_url,
        docs_url=None if link.livemode else TEST_NUMBERS_PATH,
        bill=bill_view.bill_of(link.pricing),
        coupon=bill_view.discount_of(session.discount),
    )


def session_view(
    state: SessionState, *, now: datetime, attempt: str, retry_error: FieldError | None = None, sent: bool = False
) -> SessionView:
    """Any session but an open one that has no charge yet: that one still has to choose (`choice_view`).

    `sent`: the buyer has sent the transfer, or comes back from the provider's page.
    """
    session, charge = state.session, state.charge
    link, path = session.link, session_path(session)
    shown = page_state(state, now, sent=sent)
    # A failed charge may still succeed late, and the page should say so before the buyer pays twice.
    waiting = shown in {"prompt_sent", "redirecting", "dial", "transfer", "processing", "failed"}
    action = charge.next_action if charge else None
    return SessionView(
        path=path,
        kept="sent=1" if sent else "",
        state=shown,
        version=version_of(state, now),
        merchant=merchant_of(link.merchant),
        title=link.title,
        minor=session.total.minor,
        currency=session.total.currency,
        livemode=session.livemode,
        now=now,
        time_zone=link.merchant.timezone,
        pending=_pending(charge, sent=shown == "processing"),
        method=charge.method if charge else None,
        phone=charge.payer_phone if charge else None,
        action_expires_at=None if action is None or isinstance(action, Redirect) else action.expires_at,
        redirect_url=action.url if isinstance(action, Redirect) else None,
        dial_code=action.code if isinstance(action, Dial) else None,
        transfer=_transfer(action, path, late=_too_late(charge, now)),
        back_url=path if shown == "processing" and isinstance(action, Transfer | Redirect) else None,
        failure=charge.failure_reason if charge and charge.status != "expired" else ("expired" if charge else None),
        retry=_retry(session, charge, attempt=attempt, error=retry_error) if shown == "failed" else None,
        receipt=_receipt(state) if session.status == "paid" else None,
        stream_url=f"{path}/events" if waiting else None,
        poll_url=f"{path}/version" if waiting else None,
        success_url=link.success_url,
        cancel_url=link.cancel_url,
        restart_url=link_path(link),
        change_url=f"{path}/call-off" if shown in {"prompt_sent", "redirecting", "dial", "transfer"} else None,
    )


def _pending(charge: Charge | None, *, sent: bool) -> PendingReason | None:
    """Whoever says that they have paid at the provider's page is not sent there again: its word is missing."""
    reason = pending_reason(charge) if charge else None
    return "provider_processing" if reason == "provider_page" and sent else reason


def _transfer(action: NextAction | None, path: str, *, late: bool) -> TransferShown | None:
    if not isinstance(action, Transfer):
        return None
    return TransferShown(
        bank=action.bank,
        account_number=action.account_number,
        account_name=action.account_name,
        amount=action.amount,
        reference=action.reference,
        sent_url=f"{path}?sent=1",
        late=late,
    )


def _retry(session: Session, charge: Charge | None, *, attempt: str, error: FieldError | None) -> Retry:
    """Nothing is under way, so another try is safe: the same number with one press, or another way."""
    by_phone = charge is not None and charge.method == "mobile_money"
    return Retry(
        phone=charge.payer_phone if charge and by_phone else None,
        country=next(iter(countries_for(session.total.currency)), ""),
        attempt=attempt,
        error=error,
        other_url=f"{session_path(session)}?choose=1",
    )


def _receipt(state: SessionState) -> Receipt | None:
    """It stays what it was; what went back stands beside what was paid."""
    session, charge = state.session, state.charge
    if charge is None:
        return None
    return Receipt(
        reference=receipt_number(charge.id, charge.updated_at),
        paid_at=charge.updated_at,
        method=charge.method,
        payer_hint=charge.payer_last4,
        brand=charge.card_brand,
        email=session.customer.email,
        given_back=_given_back(state.aftermath),
        charged_back=_charged_back(state.aftermath),
    )


def _given_back(aftermath: Aftermath | None) -> GivenBack | None:
    if aftermath is None or aftermath.refunded_at is None:
        return None
    return GivenBack(aftermath.refunded, aftermath.refunded_at)


def _charged_back(aftermath: Aftermath | None) -> GivenBack | None:
    if aftermath is None or aftermath.charged_back_at is None:
        return None
    return GivenBack(aftermath.charged_back, aftermath.charged_back_at)


def change_view(state: SessionState, *, error: FieldError | None = None) -> ChangeView:
    session, charge = state.session, state.charge
    path = session_path(session)
    return ChangeView(
        path=f"{path}/call-off",
        merchant=merchant_of(session.link.merchant),
        title=session.link.title,
        livemode=session.livemode,
        back_url=path,
        phone=charge.payer_phone if charge else None,
        error=error,
    )


def page_state(state: SessionState, now: datetime, *, sent: bool = False) -> PageState:
    charge = state.charge
    match state.status_at(now):
        case "paid":
            return _paid(state.fate)
        case "expired":
            return "expired"
        case "abandoned":
            return "abandoned"
        case "open":
            return "failed"
        case "paying":
            return _waiting(charge.next_action, sent=sent) if charge and charge.status in UNDER_WAY else "processing"


def _paid(fate: Fate) -> PageState:
    match fate:
        case "kept":
            return "paid"
        case "under_review":
            return "under_review"
        case "going_back":
            return "refunding"
        case "given_back":
            return "refunded"
        case "charged_back":
            return "charged_back"
        case _:
            assert_never(fate)


def _waiting(action: NextAction | None, *, sent: bool) -> PageState:
    match action:
        case Prompt():
            return "prompt_sent"
        case Redirect():
            return "processing" if sent else "redirecting"
        case Dial():
            return "dial"
        case Transfer():
            return "processing" if sent else "transfer"
        case None:
            return "processing"
