"""Links that are mailed, as their facts tell of them."""

from datetime import UTC, datetime
from typing import Any

from services.notify.domain.link_mail import LinkMail, known_of
from shared.contracts.links import (
    CartItemView,
    CartView,
    FixedView,
    FlexibleView,
    LinkView,
    MerchantView,
    OpenView,
    PlanView,
    RecipientView,
    UsesView,
)
from shared.kernel.ids import new_id
from shared.kernel.money import Money

SCHEDULED_AT = datetime(2027, 3, 5, 11, 5, tzinfo=UTC)
KAMPALA = MerchantView(
    name="Kampala Coffee", support_email="help@kampala.example", locale="en", timezone="Africa/Kampala"
)
PRICINGS: dict[str, Any] = {
    "fixed": FixedView(Money(50_000, "UGX")),
    "flexible": FlexibleView("KWD", min_minor=1_500, max_minor=20_250),
    "open": OpenView("USD"),
    "plan": PlanView(plan_id=new_id(), name="Gold", total=Money(1999, "USD"), interval="quarter"),
    "cart": CartView(
        items=(
            CartItemView(name="Arabica 1 kg", unit=Money(45_000, "RWF"), quantity=2),
            CartItemView(name="Filter paper", unit=Money(3_500, "RWF"), quantity=1),
        ),
        total=Money(93_500, "RWF"),
    ),
}


def view(email: str | None = "amina@example.com", **over: Any) -> LinkView:
    """An active link that is scheduled, at its first revision."""
    return LinkView(
        **{
            "id": new_id(),
            "org_id": new_id(),
            "slug": "invoice-123",
            "title": "Invoice #123",
            "pricing": PRICINGS["fixed"],
            "methods": ("mobile_money", "card"),
            "merchant": KAMPALA,
            "livemode": True,
            "revision": 1,
            "uses": UsesView(0, 0, 0),
            "recipient": RecipientView(email) if email else None,
            "scheduled_at": SCHEDULED_AT,
        }
        | over
    )


def mail_of(**over: Any) -> LinkMail:
    about = known_of(view(**over), at=SCHEDULED_AT).about
    assert about is not None
    return about
