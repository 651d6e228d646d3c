"""One-time codes: drawn when a request for one is taken in, mailed, and guessed at most five times."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from services.notify.domain.otp import (
    ATTEMPTS_MAX,
    BUDGET,
    CODES,
    LIFETIME,
    NO_LINK,
    OtpMail,
    came_too_late,
    code_of,
    looks_like_code,
    refusal,
    scope_of,
)
from services.notify.mailers.message import is_address
from services.notify.store import mail, otp
from services.notify.store.mail import Intent
from services.notify.store.otp import Challenge
from shared.contracts.envelope import Received
from shared.contracts.notify import MailSkipped
from shared.contracts.otp import CheckOtp, OtpRefused, OtpRequested, OtpVerified, VerifyOtp, VerifyOtpReply
from shared.runtime.postgres import Postgres, Transaction
from shared.runtime.secrets import derive, sealer

_HASH_BYTES: Final = 32
_encoder = msgspec.json.Encoder()


class Codes:
    """What makes a code unreadable at rest: a keyed hash to compare with, a sealed copy to write the mail from."""

    def __init__(self, root_secret: bytes) -> None:
        self._key = derive(root_secret, "otp-code-hash")
        self._box = sealer(root_secret, "otp-code-sealed")

    def hash(self, email: str, scope: UUID, code: str) -> bytes:
        """The address and the link go in, so that no hash can be moved from one challenge to another."""
        return hmac.digest(self._key, f"{scope}\n{email}\n{code}".encode(), hashlib.sha256)

    def seal(self, code: str) -> bytes:
        return self._box.encrypt(code.encode())

    def unseal(self, sealed: bytes) -> str:
        return self._box.decrypt(sealed).decode()


async def take_otp_requests(
    tx: Transaction, received: Sequence[Received], *, codes: Codes, message_host: str, now: datetime
) -> None:
    """A challenge for each request, and the intent of a mail where a link waits for the address."""
    intents: list[Intent] = []
    skipped: list[MailSkipped] = []
    for one in received:
        asked = one.event
        if not isinstance(asked, OtpRequested):
            continue
        late = came_too_late(one.at, now)
        if not late and not await _challenged(tx, one, asked, codes=codes, now=now):
            continue
        if not (asked.known and is_address(asked.email)):
            continue
        intent = _intent(one, asked, message_host=message_host, state="skipped" if late else "due")
        intents.append(intent)
        if late:
            skipped.append(
                MailSkipped(
                    org_id=asked.org_id,
                    link_id=asked.link_id,
                    mail_id=intent.id,
                    kind="otp",
                    livemode=asked.livemode,
                    reason="no_longer_due",
                )
            )
    await mail.intend(tx, intents, skipped, now=now)


async def verify_otp(pg: Postgres, ask: VerifyOtp, *, codes: Codes, now: datetime) -> VerifyOtpReply:
    """Uses up an attempt, then compares. Of any number of guesses at once at most five are compared, one is right."""
    scope = scope_of(ask.link_id)
    compared = None
    if looks_like_code(ask.code):
        code_hash = codes.hash(ask.email, scope, ask.code)
        compared = await otp.guess(pg, ask.email, scope, code_hash=code_hash, now=now)
    if compared is not None and compared.verified_at is not None:
        return OtpVerified(challenge_id=compared.id, email=ask.email, verified_at=compared.verified_at)
    return await _refused(pg, ask.email, scope, counted=compared is not None, now=now)


async def check_otp(pg: Postgres, ask: CheckOtp, *, codes: Codes, now: datetime) -> VerifyOtpReply:
    """Whether the code is, or was a quarter of an hour ago, the right one of the address; asking again is fine."""
    compared = None
    if looks_like_code(ask.code):
        code_hash = codes.hash(ask.email, NO_LINK, ask.code)
        compared = await otp.confirm(pg, ask.email, NO_LINK, code_hash=code_hash, now=now)
    if compared is not None and compared.verified_at is not None:
        return OtpVerified(challenge_id=compared.id, email=ask.email, verified_at=compared.verified_at)
    return await _refused(pg, ask.email, NO_LINK, counted=compared is not None, now=now)


async def code_to_mail(pg: Postgres, challenge_id: UUID, *, codes: Codes, now: datetime) -> str | None:
    """The code for its mail; None once it is used, over or replaced."""
    sealed = await otp.find_sealed(pg, challenge_id, now)
    return codes.unseal(sealed) if sealed is not None else None


async def forget_codes(pg: Postgres, now: datetime) -> None:
    await otp.forget(pg, now)


async def _challenged(tx: Transaction, one: Received, asked: OtpRequested, *, codes: Codes, now: datetime) -> bool:
    """Whether there is a new challenge, with attempts left: a code that no guess can use is not worth a mail."""
    code = code_of(secrets.randbelow(CODES))
    scope = scope_of(asked.link_id)
    hashed = codes.hash(asked.email, scope, code) if asked.known else secrets.token_bytes(_HASH_BYTES)
    new = Challenge(
        id=one.id,
        email=asked.email,
        scope=scope,
        org_id=asked.org_id,
        code_hash=hashed,
        sealed_code=codes.seal(code) if asked.known else None,
        budget_until=now + BUDGET,
        asked_at=one.at,
        expires_at=now + LIFETIME,
    )
    gone = await otp.challenge(tx, new, now=now)
    return gone is not None and gone < ATTEMPTS_MAX


def _intent(one: Received, asked: OtpRequested, *, message_host: str, state: str) -> Intent:
    context = OtpMail(
        merchant_name=asked.merchant_name,
        support_email=asked.merchant_support_email,
        livemode=asked.livemode,
        color=asked.merchant_color,
    )
    return Intent(
        # The fact's id: told again, it finds its own mail.
        id=one.id,
        org_id=asked.org_id,
        link_id=asked.link_id,
        charge_id=None,
        kind="otp",
        to_address=asked.email,
        locale=asked.locale,
        context=_encoder.encode(context).decode(),
        message_id=f"<{one.id}@{message_host}>",
        state=state,
        traceparent=one.traceparent,
    )


async def _refused(pg: Postgres, email: str, scope: UUID, *, counted: bool, now: datetime) -> OtpRefused:
    reason, retry_at = refusal(await otp.find_standing(pg, email, scope), counted=counted, now=now)
    return OtpRefused(reason=reason, retry_at=retry_at)
