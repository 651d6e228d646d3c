"""Sends what is due: claimed under a lease, handed to the mail server, settled with its fact in one statement."""

import asyncio
import random
import re
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID, uuid4

import msgspec
from prometheus_client import Counter

from services.notify.domain.delivery import Deferred, Early, Obsolete, Outcome, Unreachable, Unwanted, Verdict, verdict
from services.notify.domain.pacing import DomainPace
from services.notify.mailers.port import Mailer
from services.notify.store import mail as ledger
from services.notify.store.mail import ClaimedMail, Settled
from services.notify.use_cases.write_mails import Writer
from shared.contracts.notify import MailEvent, MailFailed, MailSent, MailSkipped, MailSuppressed, SkipReason
from shared.kernel.faults import Unavailable
from shared.kernel.moment import Clock
from shared.runtime.crash import crash_point
from shared.runtime.logs import logger
from shared.runtime.postgres import Postgres

BATCH: Final = 50
CONNECTIONS: Final = 4
LEASE: Final = timedelta(seconds=15)
RENEW_SECONDS: Final = 5
FINISH_SECONDS_MAX: Final = 1
"""How long a service that stops waits for answers of the mail server, so that nothing is sent twice for no reason."""
SETTLE_AGAIN_SECONDS: Final = 0.5

MAILS: Final = Counter("paylinks_mails_total", "What became of attempts to send a mail.", ["state"])


class _Mode(msgspec.Struct, frozen=True):
    """What every mail's context says."""

    livemode: bool | None = None


_MODE: Final = msgspec.json.Decoder(_Mode)
_ADDRESS: Final = re.compile(r"[^\s<>\"]+@[^\s<>\"]+")
_log = logger("mails")


class Batch:
    """Claimed mails: `waiting` to be tried, `outcomes` of those that were, `left` until they are settled."""

    def __init__(self, mails: Sequence[ClaimedMail]) -> None:
        self.token = uuid4()
        self.claimed = 0
        self.waiting: deque[ClaimedMail] = deque()
        self.outcomes: dict[UUID, Outcome] = {}
        self.left: dict[UUID, ClaimedMail] = {}
        self.unreachable = False
        self.fill(mails)

    def fill(self, mails: Sequence[ClaimedMail]) -> None:
        self.claimed = len(mails)
        self.waiting.extend(mails)
        self.left.update((mail.id, mail) for mail in mails)


class SendMails:
    def __init__(
        self,
        postgres: Postgres,
        mailer: Mailer,
        *,
        writer: Writer,
        pace: DomainPace,
        clock: Clock,
        committed: Callable[[], None],
    ) -> None:
        self._postgres = postgres
        self._mailer = mailer
        self._writer = writer
        self._pace = pace
        self._clock = clock
        self._committed = committed

    async def once(self) -> Batch:
        """Claims, sends and settles one batch. Cancelled, it still writes down what it knows."""
        batch = Batch([])
        now = self._clock()
        batch.fill(
            await ledger.claim(self._postgres, lease_token=batch.token, now=now, leased_until=now + LEASE, limit=BATCH)
        )
        if not batch.claimed:
            return batch
        crash_point("mails.claimed")
        self._writer.expect(list(batch.left.values()))
        workers = [asyncio.create_task(self._work(batch)) for _ in range(min(CONNECTIONS, batch.claimed))]
        try:
            while (await asyncio.wait(workers, timeout=RENEW_SECONDS))[1]:
                await self._keep(batch)
        except asyncio.CancelledError:
            batch.waiting.clear()
            _, late = await asyncio.wait(workers, timeout=FINISH_SECONDS_MAX)
            for worker in late:
                worker.cancel()
            await self._settle(batch, last=True)
            raise
        await self._settle_surely(batch)
        return batch

    async def _work(self, batch: Batch) -> None:
        while batch.waiting:
            mail = batch.waiting.popleft()
            outcome = await self._send(mail)
            batch.outcomes[mail.id] = outcome
            if isinstance(outcome, Unreachable):
                # The same server would not answer for the others either.
                batch.unreachable = True
                batch.waiting.clear()

    async def _send(self, mail: ClaimedMail) -> Outcome:
        try:
            letter = await self._writer.letter(mail, self._clock())
        except Exception as error:  # noqa: BLE001 - whatever a template raises
            # A mail that cannot be written must not stop the others; a mended template sends it after all.
            _log.error("mail.not_composed", mail_id=str(mail.id), exc_info=error)
            return Deferred(f"not composed: {error!r}")
        if isinstance(letter, Obsolete | Early):
            return letter
        if mail.suppressed:
            return Unwanted()
        if later := self._pace.turn(letter.recipient, self._clock()):
            return Early(later)
        outcome = await self._mailer.deliver(letter)
        crash_point("mails.delivered")
        return outcome

    async def _keep(self, batch: Batch) -> None:
        """While a slow server keeps some waiting: the others are written down, and the lease is made longer."""
        try:
            await self._settle(batch)
            until = self._clock() + LEASE
            await ledger.renew(self._postgres, batch.token, mail_ids=list(batch.left), leased_until=until)
        except Unavailable as error:
            _log.warning("mails.not_kept", error=repr(error))

    async def _settle_surely(self, batch: Batch) -> None:
        """Until the database has it: forgetting that a mail was sent would send it again.

        Nothing goes wrong if another sender takes over meanwhile, because the token fences this one off.
        """
        while True:
            try:
                await self._settle(batch, last=True)
            except Unavailable as error:
                _log.warning("mails.not_settled", error=repr(error))
                await asyncio.sleep(SETTLE_AGAIN_SECONDS)
            else:
                return

    async def _settle(self, batch: Batch, *, last: bool = False) -> None:
        """Writes down the outcomes so far; the `last` time it also gives back what there was no time for."""
        now = self._clock()
        settled = [
            self._judged(mail, batch.outcomes[mail.id], now)
            for mail in batch.left.values()
            if mail.id in batch.outcomes
        ]
        if last:
            untried = Verdict("due", now, counts=False)
            settled += [Settled(mail, untried, None) for mail in batch.left.values() if mail.id not in batch.outcomes]
        if not settled:
            return
        await ledger.settle(self._postgres, batch.token, settled=settled, now=now)
        self._committed()
        for one in settled:
            del batch.left[one.mail.id]
            MAILS.labels(one.verdict.state).inc()

    def _judged(self, mail: ClaimedMail, outcome: Outcome, now: datetime) -> Settled:
        jitter = random.random()  # noqa: S311 - spreading load, not guarding a secret
        decided = verdict(outcome, attempts=mail.attempts, created_at=mail.created_at, now=now, jitter=jitter)
        if decided.error:
            _log.warning(
                "mail.not_sent", mail_id=str(mail.id), state=decided.state, error=without_addresses(decided.error)
            )
        return Settled(mail, decided, _fact(mail, decided))


def without_addresses(text: str) -> str:
    """Servers like to repeat the address that they refuse; it belongs in the ledger only."""
    return _ADDRESS.sub("(address)", text)


def _fact(mail: ClaimedMail, decided: Verdict) -> MailEvent | None:
    about: dict[str, Any] = {
        "org_id": mail.org_id,
        "link_id": mail.link_id,
        "mail_id": mail.id,
        "kind": mail.kind,
        "charge_id": mail.charge_id,
        "livemode": _MODE.decode(mail.context).livemode,
    }
    if decided.state == "sent":
        return MailSent(**about, message_id=mail.message_id)
    if decided.state == "failed":
        return MailFailed(**about, reason=without_addresses(decided.error or ""))
    if decided.state == "skipped":
        return MailSkipped(**about, reason=cast("SkipReason", decided.error))
    if decided.state == "suppressed":
        return MailSuppressed(**about)
    return None
