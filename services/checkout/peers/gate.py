"""What checkout asks links about gates, over the bus."""

from typing import Any, cast
from uuid import UUID

from shared.contracts.otp import (
    ExchangeOtp,
    ExchangeOtpReply,
    KeySet,
    ListKeys,
    PublicKey,
    RequestOtp,
    RequestOtpReply,
)
from shared.contracts.subjects import KEYS_LIST, OTP_EXCHANGE, OTP_REQUEST
from shared.runtime.broker import Broker


class GatePeer:
    """Every question raises Unavailable when links does not answer."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def request(
        self, email: str, *, org_id: UUID, link_id: UUID, client_ip: str, locale: str | None
    ) -> RequestOtpReply:
        ask = RequestOtp(email=email, org_id=org_id, link_id=link_id, client_ip=client_ip, locale=locale)
        return await self._broker.request(OTP_REQUEST, ask, cast("Any", RequestOtpReply))

    async def exchange(self, email: str, code: str, *, org_id: UUID, link_id: UUID, client_ip: str) -> ExchangeOtpReply:
        ask = ExchangeOtp(email=email, code=code, org_id=org_id, link_id=link_id, client_ip=client_ip)
        return await self._broker.request(OTP_EXCHANGE, ask, cast("Any", ExchangeOtpReply))

    async def keys(self) -> tuple[PublicKey, ...]:
        answer: KeySet = await self._broker.request(KEYS_LIST, ListKeys(), KeySet)
        return answer.keys
