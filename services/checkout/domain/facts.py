"""The facts that a change of a charge announces."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from services.checkout.domain.charge import Charge, payer_hint
from services.checkout.domain.lifecycle import ENDED_UNPAID, SessionStatus
from services.checkout.domain.session import receipt_number
from shared.contracts.checkout import (
    BuyerView,
    ChargeCreated,
    ChargeEvent,
    ChargeExpired,
    ChargeFailed,
    ChargePending,
    ChargeSucceeded,
    CustomerView,
)
from shared.contracts.links import LinkView, PlanView


class Story(Struct, frozen=True):
    """What facts about a charge tell of its session."""

    link: LinkView
    customer: CustomerView
    locale: str
    session_status: SessionStatus


def facts_of(before: Charge, after: Charge, story: Story) -> list[ChargeEvent]:
    """In the order in which they are published; empty when only the bookkeeping changed."""
    if after.version == before.version:
        return []
    facts: list[ChargeEvent] = []
    if before.version == 0:
        facts.append(ChargeCreated(**_common(msgspec.structs.replace(after, version=1, updated_at=before.created_at))))
    match after.status:
        case "pending":
            facts.append(ChargePending(**_common(after), pending_until=after.held_until))
        case "failed":
            facts.append(
                ChargeFailed(**_common(after), reason=after.failure_reason or "provider_error", **_ended(before, story))
            )
        case "expired":
            facts.append(ChargeExpired(**_common(after), **_ended(before, story)))
        case "succeeded":
            facts.append(_succeeded(before, after, story))
        case "created":
            raise AssertionError("a charge never goes back to created")
    return facts


def _succeeded(before: Charge, after: Charge, story: Story) -> ChargeSucceeded:
    merchant = story.link.merchant
    return ChargeSucceeded(
        **_common(after),
        customer=story.customer,
        link_title=story.link.title,
        merchant_name=merchant.name,
        merchant_support_email=merchant.support_email,
        locale=story.locale,
        timezone=merchant.timezone,
        receipt_number=receipt_number(after.id, after.updated_at),
        payer_hint=payer_hint(after),
        merchant_color=merchant.color,
        pending_since=_pending_since(before),
        plan=pricing if isinstance(pricing := story.link.pricing, PlanView) else None,
        late=before.status in ENDED_UNPAID or story.session_status != "paying",
    )


def _ended(before: Charge, story: Story) -> dict[str, Any]:
    link = story.link
    buyer = BuyerView(
        customer=story.customer,
        locale=story.locale,
        link_slug=link.slug,
        link_title=link.title,
        merchant=link.merchant,
    )
    return {"buyer": buyer, "pending_since": _pending_since(before)}


def _pending_since(before: Charge) -> datetime | None:
    return before.updated_at if before.status == "pending" else None


def _common(charge: Charge) -> dict[str, Any]:
    return {
        "org_id": charge.org_id,
        "link_id": charge.link_id,
        "charge_id": charge.id,
        "session_id": charge.session_id,
        "version": charge.version,
        "total": charge.total,
        "method": charge.method,
        "provider": charge.provider,
        "livemode": charge.livemode,
        "at": charge.updated_at,
    }
