"""Opening a session for another service, over the bus: refusals are answers, and redirects are the caller's."""

import hashlib
from typing import Final

import msgspec

from services.checkout.domain.faults import LinkRefused
from services.checkout.domain.session import Address
from services.checkout.use_cases.open_session import Details, Idempotency, OpenSession
from services.checkout.use_cases.tokens import SessionTokens
from shared.contracts.checkout import OpenCheckoutSession, OpenSessionReply, SessionIsOpen, SessionRefused
from shared.kernel.faults import Fault, Invalid, Unavailable
from shared.kernel.moment import Clock

CLIENT: Final = "peer"
_encode: Final = msgspec.json.Encoder(order="deterministic").encode


class OpenForPeer:
    def __init__(self, open_session: OpenSession, tokens: SessionTokens, clock: Clock) -> None:
        self._open_session = open_session
        self._tokens = tokens
        self._clock = clock

    async def __call__(self, ask: OpenCheckoutSession) -> OpenSessionReply:
        """Raises: Unavailable: something that is needed does not answer; the same may be asked again."""
        try:
            where = ask.link_id or ask.slug
            if where is None:
                raise Invalid("link_id", "name the link by link_id or slug")
            opened = await self._open_session(where, _details(ask), now=self._clock(), idempotency=_idempotency(ask))
        except Unavailable:
            raise
        except LinkRefused as fault:
            return SessionRefused(
                code=f"link_{fault.reason}", reason=fault.reason, since=fault.since, values=fault.values
            )
        except Fault as fault:
            return SessionRefused(code=fault.code, values=fault.values)
        session = opened.session
        return SessionIsOpen(
            session_id=session.id,
            url=self._tokens.url(session.id),
            token=self._tokens.token(session.id),
            expires_at=session.expires_at,
        )


def _details(ask: OpenCheckoutSession) -> Details:
    return Details(
        customer=ask.customer,
        address=Address(**msgspec.structs.asdict(ask.address)) if ask.address else None,
        amount_minor=ask.amount_minor,
        currency=ask.currency,
        coupon_code=ask.coupon_code,
        success_url=ask.success_url,
        cancel_url=ask.cancel_url,
        locale=ask.locale,
    )


def _idempotency(ask: OpenCheckoutSession) -> Idempotency | None:
    if ask.idempotency_key is None:
        return None
    return Idempotency(ask.idempotency_key, hashlib.sha256(_encode(ask)).digest(), CLIENT)
