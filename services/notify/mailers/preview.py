"""Every mail with made-up contents, for whoever wants to see one without sending it."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from services.notify.domain.link_mail import LinkMail
from services.notify.domain.otp import OtpMail
from services.notify.domain.payment_failed import PaymentFailed
from services.notify.domain.receipt import Receipt
from services.notify.domain.renewal import RenewalMail
from services.notify.domain.webhook_disabled import WebhookDisabled
from services.notify.mailers.link import word_link
from services.notify.mailers.otp import word_otp
from services.notify.mailers.payment_failed import word_payment_failed
from services.notify.mailers.receipt import word_receipt
from services.notify.mailers.reminder import word_reminder
from services.notify.mailers.renewal import word_renewal
from services.notify.mailers.webhook_disabled import word_webhook_disabled
from services.notify.mailers.wording import Wording
from shared.contracts.links import FixedView, PlanView
from shared.contracts.notify import MailKind
from shared.kernel.money import Money

_MOMENT: Final = datetime(2027, 3, 5, 11, 5, tzinfo=UTC)
_EXPIRES: Final = datetime(2027, 3, 12, 20, 59, tzinfo=UTC)
_MERCHANT: Final = "Kampala Coffee"
_SUPPORT: Final = "help@kampala.example"
_ZONE: Final = "Africa/Kampala"
_COLOR: Final = "#6f4e37"
_TITLE: Final = "Invoice #123"
_TOTAL: Final = Money(50_000, "UGX")


def preview(kind: MailKind, locale: str, *, public_url: str) -> Wording:
    public_url = public_url.rstrip("/")
    url, stop = f"{public_url}/checkout/{_LINK.slug}", f"{public_url}/unsubscribe/…"
    match kind:
        case "receipt":
            page = f"{public_url}/checkout/sessions/{_RECEIPT.session_id}?token=…"
            wording = word_receipt(_RECEIPT, locale, url=page)
        case "otp":
            about = OtpMail(merchant_name=_MERCHANT, support_email=_SUPPORT, livemode=True, color=_COLOR)
            wording = word_otp(about, locale, code="481516")
        case "link":
            wording = word_link(_LINK, locale, url=url)
        case "reminder":
            wording = word_reminder(_LINK, locale, url=url, unsubscribe_url=stop)
        case "renewal" | "dunning":
            wording = word_renewal(_RENEWAL, kind, locale, url=url, unsubscribe_url=stop)
        case "payment_failed":
            wording = word_payment_failed(_FAILED, locale, url=url)
        case "webhook_disabled":
            wording = word_webhook_disabled(_DISABLED, locale)
    return wording


_RECEIPT: Final = Receipt(
    number="R-20270305-7K2QX9AB",
    session_id=UUID("01930000-0000-7000-8000-000000000003"),
    total=_TOTAL,
    paid_at=_MOMENT,
    method="mobile_money",
    payer_hint="+256 77• ••• 456",
    link_title=_TITLE,
    merchant_name=_MERCHANT,
    support_email=_SUPPORT,
    timezone=_ZONE,
    late=False,
    livemode=True,
    color=_COLOR,
    waited=True,
)
_LINK: Final = LinkMail(
    slug="invoice-123",
    title=_TITLE,
    pricing=FixedView(_TOTAL),
    scheduled_at=_MOMENT,
    expires_at=_EXPIRES,
    gate_otp=True,
    merchant_name=_MERCHANT,
    support_email=_SUPPORT,
    color=_COLOR,
    timezone=_ZONE,
    livemode=True,
)
_RENEWAL: Final = RenewalMail(
    link=msgspec.structs.replace(
        _LINK,
        title="Coffee club",
        pricing=PlanView(plan_id=UUID(int=8), name="Coffee club", total=_TOTAL, interval="month"),
        scheduled_at=None,
        expires_at=None,
        gate_otp=False,
    ),
    paid_until=_EXPIRES,
    merchant_name=_MERCHANT,
    support_email=_SUPPORT,
    color=_COLOR,
    livemode=True,
)
_FAILED: Final = PaymentFailed(
    reason="expired",
    total=_TOTAL,
    began_at=_MOMENT,
    failed_at=_MOMENT,
    method="mobile_money",
    session_id=_RECEIPT.session_id,
    link_slug=_LINK.slug,
    link_title=_TITLE,
    merchant_name=_MERCHANT,
    support_email=_SUPPORT,
    color=_COLOR,
    timezone=_ZONE,
    checkout_url=None,
    livemode=True,
)
_DISABLED: Final = WebhookDisabled(
    endpoint_id=UUID("01930000-0000-7000-8000-00000000000b"),
    url="https://shop.example/hooks/paylinks",
    description="Orders",
    reason="failing",
    failing_since=_MOMENT - timedelta(days=5),
    disabled_at=_MOMENT,
    merchant_name=_MERCHANT,
    timezone=_ZONE,
    livemode=True,
)
