"""The gate of a link, as checkout keeps it: a code is asked for and exchanged over the bus, a token is checked here."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from services.checkout.domain.faults import NotGated, OtpRejected, OtpRequired
from services.checkout.peers.gate import GatePeer
from shared.contracts.links import LinkView
from shared.contracts.otp import LinkToken, OtpAsked, OtpDenied, OtpLimited, OtpMalformed, PublicKey
from shared.kernel.faults import Invalid, Unavailable
from shared.kernel.moment import Clock
from shared.runtime import link_tokens
from shared.runtime.limits import RateLimited
from shared.runtime.link_tokens import LinkClaims, UnknownKey
from shared.runtime.logs import logger

REFRESH_SECONDS: Final = 300.0
"""How old our list of keys gets; links publishes a key a day before it signs."""
ASK_AGAIN_SECONDS: Final = 5.0
"""Between two questions for keys that we lack: tokens that name made-up keys must not cost links anything."""

_log = logger("gate")


class TokenKeys:
    """The keys that tokens are checked with, remembered: with links away, tokens still open what they open."""

    def __init__(self, peer: GatePeer, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._peer = peer
        self._monotonic = monotonic
        self._keys: dict[str, PublicKey] = {}
        self._asked_at: float | None = None

    async def run(self) -> None:
        """Asks by itself, so that the keys are there before the first token that needs them comes."""
        while True:
            await self._refresh_quietly()
            await asyncio.sleep(REFRESH_SECONDS if self._keys else ASK_AGAIN_SECONDS)

    async def read(self, token: str, *, issuer: str, now: datetime) -> LinkClaims | None:
        """What a genuine token says; None for any other.

        Raises:
            Unavailable: links does not answer, and there is no key to check with.
        """
        try:
            return link_tokens.read(token, self._keys, issuer=issuer, now=now)
        except UnknownKey:
            if not self._may_ask():
                return None
        await self._refresh()
        try:
            return link_tokens.read(token, self._keys, issuer=issuer, now=now)
        except UnknownKey:
            return None

    async def learn(self, token: str) -> None:
        """For a token that links has just issued: its key is asked for now, while links answers."""
        if not link_tokens.names_one_of(token, self._keys):
            await self._refresh_quietly()

    def _may_ask(self) -> bool:
        if not self._keys or self._asked_at is None:
            return True
        return self._monotonic() - self._asked_at >= ASK_AGAIN_SECONDS

    async def _refresh(self) -> None:
        keys = await self._peer.keys()
        self._asked_at = self._monotonic()
        self._keys = {key.kid: key for key in keys}

    async def _refresh_quietly(self) -> None:
        try:
            await self._refresh()
        except Unavailable as error:
            _log.info("gate.keys_not_read", error=repr(error))


class Gate:
    """`issuer` is the gateway's origin."""

    def __init__(self, peer: GatePeer, keys: TokenKeys, *, issuer: str, clock: Clock) -> None:
        self._peer = peer
        self._keys = keys
        self._issuer = issuer
        self._clock = clock

    async def opens(self, link: LinkView, token: str | None, now: datetime) -> bool:
        """Whether who bears the token may see and pay the link, as it is now. A link without a gate is open to all."""
        if not link.gate_otp:
            return True
        claims = await self._keys.read(token, issuer=self._issuer, now=now) if token else None
        recipient = link.recipient.email if link.recipient else None
        return claims is not None and claims.open(org_id=link.org_id, link_id=link.id, recipient=recipient)

    async def require(self, link: LinkView, token: str | None, now: datetime) -> None:
        """Raises: OtpRequired: the link has a gate, and the token does not open it."""
        if not await self.opens(link, token, now):
            raise OtpRequired(link)

    async def send_code(self, link: LinkView, email: str, *, client_ip: str, locale: str | None) -> OtpAsked:
        """Has a code mailed, if the link is for this address; the answer does not tell.

        Raises:
            NotGated: there is nothing to prove.
            Invalid: that is no address.
            RateLimited: with the seconds until the next one may be asked for.
        """
        _require_gated(link)
        answer = await self._peer.request(
            email, org_id=link.org_id, link_id=link.id, client_ip=client_ip, locale=locale
        )
        match answer:
            case OtpAsked():
                return answer
            case OtpLimited(retry_at=retry_at):
                raise self._limited("otp", retry_at)
            case OtpMalformed():
                raise Invalid("email", "is not an e-mail address")

    async def exchange(self, link: LinkView, email: str, code: str, *, client_ip: str) -> LinkToken:
        """The token for a code that is right.

        Raises:
            NotGated: there is nothing to prove.
            OtpRejected: the code is wrong, used, run out, or was never mailed.
            RateLimited: no attempt is left for now.
        """
        _require_gated(link)
        answer = await self._peer.exchange(email, code, org_id=link.org_id, link_id=link.id, client_ip=client_ip)
        match answer:
            case LinkToken():
                await self._keys.learn(answer.token)
                return answer
            case OtpLimited(retry_at=retry_at):
                raise self._limited("otp_guess", retry_at)
            case OtpDenied():
                raise OtpRejected

    def _limited(self, kind: str, retry_at: datetime) -> RateLimited:
        return RateLimited(kind, max(1, -(-(retry_at - self._clock()) // timedelta(seconds=1))))


def _require_gated(link: LinkView) -> None:
    if not link.gate_otp:
        raise NotGated
