"""Every mail with made-up contents, for whoever wants to see one without sending it."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from services.notify.domain.link_mail import LinkMail
from services.notify.domain.otp import OtpMail
from services.notify.domain.receipt import Receipt
from services.notify.mailers.link import word_link
from services.notify.mailers.otp import word_otp
from services.notify.mailers.receipt import word_receipt
from services.notify.mailers.wording import Wording
from shared.contracts.links import FixedView
from shared.contracts.notify import MailKind
from shared.kernel.money import Money

_MOMENT: Final = datetime(2027, 3, 5, 11, 5, tzinfo=UTC)
_EXPIRES: Final = datetime(2027, 3, 12, 20, 59, tzinfo=UTC)
_MERCHANT: Final = "Kampala Coffee"
_SUPPORT: Final = "help@kampala.example"
_ZONE: Final = "Africa/Kampala"
_TITLE: Final = "Invoice #123"
_TOTAL: Final = Money(50_000, "UGX")


def preview(kind: MailKind, locale: str, *, public_url: str) -> Wording:
    public_url = public_url.rstrip("/")
    match kind:
        case "receipt":
            return word_receipt(_RECEIPT, locale, url=f"{public_url}/checkout/sessions/{_RECEIPT.session_id}?token=…")
        case "otp":
            about = OtpMail(merchant_name=_MERCHANT, support_email=_SUPPORT, livemode=True)
            return word_otp(about, locale, code="481516")
        case "link":
            return word_link(_LINK, locale, url=f"{public_url}/checkout/{_LINK.slug}")


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
    color=None,
    timezone=_ZONE,
    livemode=True,
)
