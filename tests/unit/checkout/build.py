"""Builders: a test names only what matters to it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.checkout.domain.charge import Charge, PaymentState
from shared.kernel.ids import new_id
from shared.kernel.money import Money

NOW = datetime(2027, 1, 15, 9, 44, 25, tzinfo=UTC)
TOTAL = Money(50_000, "UGX")
ACCOUNT = "acct_1"


def a_charge(**over: Any) -> Charge:
    return Charge(
        **{
            "id": new_id(),
            "session_id": new_id(),
            "org_id": new_id(),
            "link_id": new_id(),
            "livemode": False,
            "account_id": new_id(),
            "provider": "sandbox",
            "method": "mobile_money",
            "reference": "ref",
            "total": TOTAL,
            "status": "pending",
            "version": 2,
            "provider_id": "pay_1",
            "held_until": NOW + timedelta(minutes=15),
            "created_at": NOW,
            "updated_at": NOW,
        }
        | over
    )


def a_state(status: str, **over: Any) -> PaymentState:
    return PaymentState(
        **{
            "provider_id": "pay_1",
            "account": ACCOUNT,
            "reference": "ref",
            "status": status,
            "total": TOTAL,
            "reason": "declined" if status == "failed" else None,
        }
        | over
    )
