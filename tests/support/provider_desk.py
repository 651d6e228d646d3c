"""A merchant's account at a simulated provider, and the adapter that speaks for it."""

import asyncio
import json
from typing import Any

from services.checkout.domain.charge import PaymentState
from services.checkout.providers.port import Accepted, Account, Order, Payment, Provider
from shared.contracts.links import Method
from shared.kernel.ids import new_id
from shared.kernel.moment import utc_now
from shared.kernel.money import Money
from tests.support.simulators import Receiver, Simulator


class Desk:
    def __init__(self, provider: Provider, account: Account, simulator: Simulator, receiver: Receiver) -> None:
        self.provider, self.account, self.simulator, self.receiver = provider, account, simulator, receiver

    def order(self, method: Method, minor: int, currency: str, **over: Any) -> Order:
        fields = {
            "reference": new_id().hex,
            "total": Money(minor, currency),
            "method": method,
            "phone": None,
            "card_token": None,
            "description": "Invoice #123",
            "callback_url": self.receiver.url,
            "return_url": "http://127.0.0.1:1/checkout/sessions/1",
        }
        return Order(**(fields | over))

    async def accepted(self, order: Order) -> PaymentState:
        result = await self.provider.create(self.account, order)
        assert isinstance(result, Accepted), result
        return result.state

    def payment(self, order: Order, *, known: bool = True) -> Payment:
        """As checkout remembers it; not `known`, where it never heard an answer."""
        return Payment(
            reference=order.reference,
            provider_id=self.provider_id(order) if known else None,
            method=order.method,
            total=order.total,
            created_at=utc_now(),
        )

    def provider_id(self, order: Order) -> str:
        return order.reference

    async def until(self, order: Order, *statuses: str, within: float = 6.0) -> PaymentState:
        async with asyncio.timeout(within):
            while True:
                result = await self.provider.status(self.account, self.payment(order))
                if isinstance(result, Accepted) and result.state.status in statuses:
                    return result.state
                await asyncio.sleep(0.03)


def account(provider: str, external_id: str, **credentials: str) -> Account:
    return Account(
        id=new_id(),
        org_id=new_id(),
        provider=provider,
        livemode=False,
        external_id=external_id,
        credentials=credentials,
    )


def body_of(**fields: Any) -> bytes:
    return json.dumps(fields).encode()
