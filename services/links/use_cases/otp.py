"""The gate of a link: a code by mail proves who reads an address, and a token says so for a day.

Whether a link waits for an address must not show: an answer is the same, and takes the same time, for every address.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.links.domain.emails import check_email
from services.links.domain.link import Link
from services.links.domain.pace import HOUR, Pace, Rule, retry_at
from services.links.peers.notify import Notify
from services.links.store import otp as store
from services.links.store.otp import Waiting
from services.links.use_cases.signing_keys import SigningKeys
from shared.contracts.otp import NO_ORGANIZATION, LinkToken, OtpAsked, OtpRequested, OtpVerified
from shared.kernel.faults import Fault
from shared.runtime import outbox
from shared.runtime.edge import LOOPBACK
from shared.runtime.limits import RateLimited
from shared.runtime.postgres import Postgres, Transaction

CODE_LIFETIME: Final = timedelta(minutes=10)
ANSWER_SECONDS: Final = 0.1
"""Every request for a code takes so long. Known addresses cost the machine a mail a moment later, and its work for one
buyer would else be seen in the time of the next answer."""


class OtpRejected(Fault):
    """Wrong, used, run out, or never mailed: which of them is not said."""

    code = "otp_rejected"


class Otp:
    """What every surface asks of the gate. `client_ip` None sets no limit for the place that a request comes from."""

    def __init__(
        self,
        pg: Postgres,
        *,
        notify: Notify,
        keys: SigningKeys,
        pace: Pace,
        test_mode: bool,
        committed: Callable[[], None],
    ) -> None:
        self._pg = pg
        self._notify = notify
        self._keys = keys
        self._pace = pace
        self._test_mode = test_mode
        self._committed = committed

    async def request_otp(
        self,
        email: str,
        *,
        now: datetime,
        org_id: UUID | None = None,
        link_id: UUID | None = None,
        client_ip: str | None = None,
        locale: str | None = None,
    ) -> OtpAsked:
        """Has a code mailed, if a link waits for the address; the answer does not tell.

        Raises:
            Invalid: that is no address.
            RateLimited: with the seconds until the next one may be asked for.
        """
        answered_at = time.monotonic() + ANSWER_SECONDS
        email = address_of(email)
        place = self._place(client_ip)
        rules = self._pace.of_request(email, org_id=org_id, link_id=link_id, client_ip=place)
        async with self._pg.transaction() as tx:
            await _keep_pace(tx, rules, now, kind="otp")
            waiting = await store.find_waiting(tx, email, org_id=org_id, link_id=link_id, now=now)
            fact = _requested(email, waiting, org_id=org_id, link_id=link_id, locale=locale)
            await outbox.add(tx, [fact], now=now)
        self._committed()
        await asyncio.sleep(answered_at - time.monotonic())
        return OtpAsked(resend_at=now + self._pace.resend_after, expires_at=now + CODE_LIFETIME)

    async def verify_otp(
        self,
        email: str,
        code: str,
        *,
        now: datetime,
        org_id: UUID | None = None,
        link_id: UUID | None = None,
        client_ip: str | None = None,
    ) -> LinkToken:
        """A token for the address; `org_id` and `link_id` are those that the code was asked with.

        Raises:
            Invalid: that is no address.
            OtpRejected: the code is not right, whyever.
            RateLimited: no attempt is left, or too many came from this place; with the seconds until there is one.
            Unavailable: notify does not answer.
        """
        email = address_of(email)
        if rules := self._pace.of_guess(self._place(client_ip)):
            async with self._pg.transaction() as tx:
                await _keep_pace(tx, rules, now, kind="otp_guess")
        answer = await self._notify.verify(email, code.strip(), org_id=org_id, link_id=link_id)
        if isinstance(answer, OtpVerified):
            return await self._keys.issue(email, org_id=org_id, link_id=link_id, now=now)
        if answer.retry_at is not None:
            raise _limited("otp_guess", answer.retry_at, now)
        raise OtpRejected

    async def was_just_verified(self, email: str, code: str) -> datetime | None:
        """When the address proved itself with this code, now or in the last 15 minutes. A wrong code costs an attempt.

        Raises:
            Invalid: that is no address.
            Unavailable: notify does not answer.
        """
        verified = await self._notify.just_verified(address_of(email), code.strip())
        return verified.verified_at if verified else None

    async def verify_payment_link_token(self, token: str, link: Link, *, now: datetime) -> bool:
        """Whether the token opens this link as it is now: not ended, and for the address that it is made for now."""
        claims = await self._keys.read(token, now)
        if claims is None or link.ended_at is not None:
            return False
        recipient = link.recipient.email if link.recipient else None
        return claims.open(org_id=link.org_id, link_id=link.id, recipient=recipient)

    def _place(self, client_ip: str | None) -> str | None:
        """Scripts on the machine of a test-mode stack are not held up; what one address may ask for stays limited."""
        return None if self._test_mode and client_ip in LOOPBACK else client_ip

    async def forget_asks(self, now: datetime) -> None:
        await store.forget(self._pg, now - HOUR)


def address_of(email: str) -> str:
    """As addresses are compared: trimmed and lower-cased.

    Raises:
        Invalid: that is no address.
    """
    email = email.strip().lower()
    check_email("email", email)
    return email


async def _keep_pace(tx: Transaction, rules: list[Rule], now: datetime, *, kind: str) -> None:
    """Raises: RateLimited: nothing is written down then, so that waiting helps."""
    until = retry_at(rules, await store.full_since(tx, rules, now))
    if until is not None:
        raise _limited(kind, until, now)
    await store.note(tx, rules, now)


def _limited(kind: str, until: datetime, now: datetime) -> RateLimited:
    return RateLimited(kind, max(1, -(-(until - now) // timedelta(seconds=1))))


def _requested(
    email: str, waiting: Waiting | None, *, org_id: UUID | None, link_id: UUID | None, locale: str | None
) -> OtpRequested:
    if waiting is None:
        return OtpRequested(
            org_id=org_id or NO_ORGANIZATION, link_id=link_id, email=email, known=False, locale=locale or "en"
        )
    return OtpRequested(
        org_id=waiting.org_id,
        link_id=link_id,
        email=email,
        known=waiting.known,
        locale=locale or waiting.locale,
        merchant_name=waiting.name,
        merchant_support_email=waiting.support_email,
        livemode=waiting.livemode,
        merchant_color=waiting.color,
    )
