"""From what we believe to what we tell over JSON."""

from datetime import datetime
from typing import assert_never

import msgspec

from services.checkout.domain.charge import Charge, Dial, Prompt, Redirect, Transfer, payer_hint, pending_reason
from services.checkout.domain.lifecycle import UNDER_WAY
from services.checkout.domain.pricing import listed_total
from services.checkout.domain.refusal import uses_remaining
from services.checkout.domain.session import Session, SessionState, receipt_number
from services.checkout.use_cases.tokens import SessionTokens
from services.checkout.web.api_wire import (
    CartItemOut,
    CartOut,
    CartTotalOut,
    ChargeOut,
    DialOut,
    DiscountOut,
    FixedOut,
    FlexibleOut,
    ItemOut,
    LinkOut,
    MerchantOut,
    NextActionOut,
    NoneOut,
    OpenedOut,
    OpenOut,
    PlanOut,
    PricingOut,
    ProductOut,
    PromptOut,
    ReceiptOut,
    RedirectOut,
    SessionLinkOut,
    SessionOut,
    TransferOut,
    WaitOut,
)
from shared.contracts.links import (
    CartView,
    FixedView,
    FlexibleView,
    LinkView,
    MerchantView,
    Method,
    OpenView,
    PlanView,
    PricingView,
    ProductView,
)
from shared.web.catalogs import catalog


def link_out(link: LinkView, methods: tuple[Method, ...]) -> LinkOut:
    return LinkOut(
        slug=link.slug,
        title=link.title,
        description=link.description,
        merchant=_merchant(link.merchant),
        pricing=_pricing(link.pricing),
        total=listed_total(link.pricing),
        methods=methods,
        collect=link.collect,
        coupons_allowed=link.coupons_allowed,
        uses_remaining=uses_remaining(link),
        expires_at=link.expires_at,
        livemode=link.livemode,
    )


def session_out(
    state: SessionState, tokens: SessionTokens, *, methods: tuple[Method, ...], now: datetime
) -> SessionOut:
    session, charge, aftermath = state.session, state.charge, state.aftermath
    return SessionOut(
        id=session.id,
        status=state.status_at(now),
        version=session.version,
        link=_session_link(session.link, methods),
        total=session.total,
        discount=DiscountOut(session.discount.code, session.discount.off.minor) if session.discount else None,
        customer=session.customer,
        address=session.address,
        livemode=session.livemode,
        locale=session.locale,
        charge=_charge(charge, session.locale) if charge else None,
        next_action=_next_action(charge),
        receipt=_receipt(session, charge, tokens),
        review="open" if aftermath and aftermath.review == "open" else None,
        refunding=aftermath.refunding if aftermath and aftermath.refunding.minor else None,
        refunded=aftermath.refunded if aftermath and aftermath.refunded.minor else None,
        charged_back=aftermath.charged_back if aftermath and aftermath.charged_back.minor else None,
        created_at=session.created_at,
        expires_at=session.expires_at,
        paid_at=session.paid_at,
        url=tokens.url(session.id),
    )


def opened_out(session: Session, tokens: SessionTokens, *, methods: tuple[Method, ...]) -> OpenedOut:
    shown = session_out(SessionState(session, None), tokens, methods=methods, now=session.created_at)
    return OpenedOut(**msgspec.structs.asdict(shown), token=tokens.token(session.id))


def _merchant(merchant: MerchantView) -> MerchantOut:
    return MerchantOut(merchant.name, merchant.logo_url, merchant.color, merchant.support_email)


def _session_link(link: LinkView, methods: tuple[Method, ...]) -> SessionLinkOut:
    return SessionLinkOut(
        slug=link.slug,
        title=link.title,
        description=link.description,
        merchant=_merchant(link.merchant),
        methods=methods,
        success_url=link.success_url,
        cancel_url=link.cancel_url,
        pricing=_pricing(link.pricing),
    )


def _pricing(pricing: PricingView) -> PricingOut:
    match pricing:
        case FixedView(total=total):
            return FixedOut(total.minor, total.currency)
        case ProductView(total=total):
            item = ItemOut(pricing.name, pricing.description, pricing.image_url)
            return ProductOut(item, total.minor, total.currency)
        case FlexibleView():
            return FlexibleOut(pricing.currency, pricing.min_minor, pricing.max_minor)
        case OpenView():
            return OpenOut(pricing.currency)
        case PlanView(total=total):
            return PlanOut(pricing.name, total.minor, total.currency, pricing.interval, pricing.interval_count)
        case CartView():
            return _cart(pricing)
        case _:
            assert_never(pricing)


def _cart(cart: CartView) -> CartOut:
    return CartOut(
        items=tuple(
            CartItemOut(
                name=item.name,
                description=item.description,
                image_url=item.image_url,
                quantity=item.quantity,
                unit_minor=item.unit.minor,
                tax_minor=item.tax_minor,
                tax_name=item.tax_name,
            )
            for item in cart.items
        ),
        amount_minor=cart.total.minor,
        currency=cart.total.currency,
        tax_mode=cart.tax_mode,
        tax_minor=cart.tax_minor,
        also=tuple(CartTotalOut(other.total.minor, other.total.currency, other.tax_minor) for other in cart.also),
    )


def _charge(charge: Charge, locale: str) -> ChargeOut:
    reason = pending_reason(charge)
    return ChargeOut(
        id=charge.id,
        status=charge.status,
        method=charge.method,
        pending_reason=reason,
        pending_text=str(catalog(locale)(f"pending_{reason}")) if reason else None,
        failure_reason=charge.failure_reason,
        payer_hint=payer_hint(charge),
        created_at=charge.created_at,
    )


def _next_action(charge: Charge | None) -> NextActionOut:
    if charge is None or charge.status not in UNDER_WAY:
        return NoneOut()
    match charge.next_action:
        case Prompt(phone=phone, expires_at=expires_at):
            return PromptOut(phone, expires_at)
        case Redirect(url=url):
            return RedirectOut(url)
        case Dial(code=code, expires_at=expires_at):
            return DialOut(code, expires_at)
        case Transfer() as transfer:
            return TransferOut(
                bank=transfer.bank,
                account_number=transfer.account_number,
                account_name=transfer.account_name,
                amount=transfer.amount,
                reference=transfer.reference,
                expires_at=transfer.expires_at,
            )
        case None:
            return WaitOut()
        case _:
            assert_never(charge.next_action)


def _receipt(session: Session, charge: Charge | None, tokens: SessionTokens) -> ReceiptOut | None:
    if charge is None or charge.status != "succeeded":
        return None
    # The charge's own time, as in the fact that notify mails from: both must show the same number.
    return ReceiptOut(receipt_number(charge.id, charge.updated_at), tokens.url(session.id))
