"""From what we believe to what a page shows. Pure."""

from datetime import datetime
from typing import Final

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
from services.checkout.domain.pricing import in_currency, listed_total
from services.checkout.domain.refusal import uses_remaining
from services.checkout.domain.session import Session, SessionState, receipt_number
from services.checkout.web import bill_view
from services.checkout.web.views import (
    CardField,
    ChangeView,
    CheckoutView,
    ChosenPrice,
    Collect,
    Coupon,
    FieldError,
    FixedPrice,
    Merchant,
    Price,
    Receipt,
    RecentPayment,
    RefusalView,
    Retry,
    SessionView,
    TransferShown,
)
from services.checkout.web.views import (
    SessionState as PageState,
)
from shared.contracts.links import (
    FlexibleView,
    LinkView,
    MerchantView,
    Method,
    OpenView,
    PricingView,
    ProductView,
    RefusalReason,
)
from shared.web.slots import ATTEMPT_SLOT

CURRENCIES_OFFERED: Final = ("UGX", "RWF", "KES", "NGN", "XOF", "USD", "EUR")
"""Where a link names no currency, the buyer picks one of these."""
NOTHING_ASKED: Final = Collect(email="no")
TEST_NUMBERS_PATH: Final = "/docs/sandbox"


def merchant_of(merchant: MerchantView) -> Merchant:
    return Merchant(merchant.name, merchant.logo_url, merchant.color, merchant.support_email)


def link_path(link: LinkView) -> str:
    return f"/checkout/{link.slug}"


def session_path(session: Session) -> str:
    return f"/checkout/sessions/{session.id}"


def checkout_view(
    link: LinkView,
    methods: tuple[Method, ...],
    *,
    card: CardField,
    values: dict[str, str] | None = None,
    errors: tuple[FieldError, ...] = (),
    attempt: str = ATTEMPT_SLOT,
    recent: RecentPayment | None = None,
    currency: str | None = None,
    coupon: Coupon | None = None,
) -> CheckoutView:
    """The page of a link; after a post with `errors`, with what was typed. `currency` is one that a cart is sold in."""
    price = _price(in_currency(link.pricing, currency), coupon)
    shown_currency = price.currency if isinstance(price, FixedPrice) else price.currencies[0]
    product = link.pricing if isinstance(link.pricing, ProductView) else None
    collect = link.collect
    return CheckoutView(
        path=link_path(link),
        merchant=merchant_of(link.merchant),
        title=link.title,
        description=link.description or (product.description if product else None),
        image_url=product.image_url if product else None,
        price=price,
        methods=methods,
        livemode=link.livemode,
        uses_left=uses_remaining(link),
        expires_at=link.expires_at,
        time_zone=link.merchant.timezone,
        collect=Collect(email=collect.email, name=collect.name, phone=collect.phone, address=collect.address),
        countries=countries_for(shown_currency),
        banks=ussd_banks(shown_currency),
        card=card,
        values=values or {},
        errors=errors,
        attempt=attempt,
        recent_payment=recent,
        cancel_url=link.cancel_url,
        docs_url=None if link.livemode else TEST_NUMBERS_PATH,
        bill=bill_view.bill_of(link.pricing, currency),
        coupons=link.coupons_allowed,
        coupon=coupon,
    )


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


def version_of(state: SessionState, now: datetime) -> str:
    """Changes whenever the page would look different."""
    return f"{state.session.version}-{state.status_at(now)}"


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
        phone=charge.payer_phone if charge else None,
        action_expires_at=None if action is None or isinstance(action, Redirect) else action.expires_at,
        redirect_url=action.url if isinstance(action, Redirect) else None,
        dial_code=action.code if isinstance(action, Dial) else None,
        transfer=_transfer(action, path),
        back_url=path if shown == "processing" and isinstance(action, Transfer | Redirect) else None,
        failure=charge.failure_reason if charge and charge.status != "expired" else ("expired" if charge else None),
        retry=_retry(session, charge, attempt=attempt, error=retry_error) if shown == "failed" else None,
        receipt=_receipt(session, charge) if shown == "paid" else None,
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
            return "paid"
        case "expired":
            return "expired"
        case "abandoned":
            return "abandoned"
        case "open":
            return "failed"
        case "paying":
            return _waiting(charge.next_action, sent=sent) if charge and charge.status in UNDER_WAY else "processing"


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


def _transfer(action: NextAction | None, path: str) -> TransferShown | None:
    if not isinstance(action, Transfer):
        return None
    return TransferShown(
        bank=action.bank,
        account_number=action.account_number,
        account_name=action.account_name,
        amount=action.amount,
        reference=action.reference,
        sent_url=f"{path}?sent=1",
    )


def refusal_view(
    link: LinkView, *, reason: RefusalReason, since: datetime | None, starts_at: datetime | None
) -> RefusalView:
    return RefusalView(
        path=link_path(link),
        reason=reason,
        livemode=link.livemode,
        merchant=merchant_of(link.merchant),
        title=link.title,
        since=since,
        starts_at=starts_at,
        time_zone=link.merchant.timezone,
    )


def _price(pricing: PricingView, coupon: Coupon | None) -> Price:
    listed = listed_total(pricing)
    if listed is not None:
        return bill_view.after(listed, coupon)
    match pricing:
        case FlexibleView(currency=currency, min_minor=lowest, max_minor=highest):
            return ChosenPrice((currency,), lowest, highest)
        case OpenView(currency=currency):
            return ChosenPrice((currency,) if currency else CURRENCIES_OFFERED)
        case _:
            raise AssertionError(pricing)


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


def _receipt(session: Session, charge: Charge | None) -> Receipt | None:
    if charge is None:
        return None
    return Receipt(
        reference=receipt_number(charge.id, charge.updated_at),
        paid_at=charge.updated_at,
        method=charge.method,
        payer_hint=charge.payer_last4,
        brand=charge.card_brand,
        email=session.customer.email,
    )
