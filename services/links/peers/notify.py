"""What links asks notify, over the bus."""

from typing import Any, cast
from uuid import UUID

from shared.contracts.otp import CheckOtp, OtpVerified, VerifyOtp, VerifyOtpReply
from shared.contracts.subjects import OTP_CHECK, OTP_VERIFY
from shared.runtime.broker import Broker


class Notify:
    """Every question raises Unavailable when notify does not answer."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def verify(self, email: str, code: str, *, org_id: UUID | None, link_id: UUID | None) -> VerifyOtpReply:
        """An answer that is lost has used up the code: who asks again is refused, and asks for another code."""
        ask = VerifyOtp(email=email, code=code, org_id=org_id, link_id=link_id)
        return await self._broker.request(OTP_VERIFY, ask, cast("Any", VerifyOtpReply))

    async def just_verified(self, email: str, code: str) -> OtpVerified | None:
        answer = await self._broker.request(OTP_CHECK, CheckOtp(email=email, code=code), cast("Any", VerifyOtpReply))
        return answer if isinstance(answer, OtpVerified) else None
