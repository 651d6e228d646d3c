"""Every JSON route of checkout."""

from typing import Any

from services.checkout.use_cases.checkout import Checkout
from services.checkout.use_cases.merchant import Merchant
from services.checkout.web import (
    api_callbacks,
    api_charges,
    api_events,
    api_gate,
    api_links,
    api_openapi,
    api_refunds,
    api_sessions,
    merchant_accounts,
    merchant_callbacks,
    merchant_reconciliations,
)
from services.checkout.web.api_problems import EXCEPTION_HANDLERS
from services.checkout.web.money_room import MoneyRoom
from shared.runtime.openapi import serve

__all__ = ["EXCEPTION_HANDLERS", "merchant_routes", "money_routes", "routes"]


def routes(checkout: Checkout) -> list[Any]:
    return [
        *api_links.routes(checkout),
        *api_gate.routes(checkout),
        *api_sessions.routes(checkout),
        *api_events.routes(checkout),
        *api_callbacks.routes(checkout),
        serve(api_openapi.document()),
    ]


def merchant_routes(merchant: Merchant) -> list[Any]:
    return [
        *merchant_accounts.routes(merchant),
        *merchant_callbacks.routes(merchant),
        *merchant_reconciliations.routes(merchant),
    ]


def money_routes(room: MoneyRoom) -> list[Any]:
    return [*api_charges.routes(room), *api_refunds.routes(room)]
