"""What links asks checkout, over the bus."""

from typing import Any, cast

from shared.contracts.checkout import OpenCheckoutSession, OpenSessionReply
from shared.contracts.subjects import SESSION_OPEN
from shared.runtime.broker import Broker


class Checkout:
    """Every question raises Unavailable when checkout does not answer."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def open_session(self, ask: OpenCheckoutSession) -> OpenSessionReply:
        """With an idempotency key it may be asked again, and is the same session then."""
        return await self._broker.request(SESSION_OPEN, ask, cast("Any", OpenSessionReply))
