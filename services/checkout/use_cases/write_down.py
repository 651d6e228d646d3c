"""What a provider has said to a new charge is written down."""

from datetime import datetime, timedelta
from typing import Final, assert_never

from services.checkout.domain.charge import ABSENT_AFTER_ERROR, Charge, fail, judge
from services.checkout.domain.facts import Story, facts_of
from services.checkout.domain.lifecycle import ENDED_UNPAID
from services.checkout.domain.session import Session, SessionState, session_after
from services.checkout.providers.port import Accepted, Account, CreateResult, NotSent, Refused, Unknown
from services.checkout.store import charge as charges
from services.checkout.store.charge import Changes
from services.checkout.use_cases.limit_attempts import LimitAttempts
from shared.contracts.checkout import FailureReason
from shared.kernel.faults import Invalid
from shared.kernel.moment import Clock
from shared.runtime.crash import crash_point
from shared.runtime.outbox import Wake
from shared.runtime.postgres import Postgres

ASK_AFTER_TIMEOUT: Final = timedelta(seconds=2)
ASK_AFTER_ERROR: Final = ABSENT_AFTER_ERROR
BUYERS: Final = frozenset({"phone", "card_token", "bank"})
"""Fields of an order that the buyer filled in: what one provider finds wrong with them, another would, too."""


class WriteDown:
    def __init__(self, postgres: Postgres, *, attempts: LimitAttempts, wake: Wake, clock: Clock) -> None:
        self._postgres = postgres
        self._attempts = attempts
        self._wake = wake
        self._clock = clock

    async def __call__(
        self, session: Session, charge: Charge, account: Account, *, result: CreateResult
    ) -> SessionState | None:
        """The session as it was written; None when somebody else has to be asked how it stands.

        Raises:
            Invalid: the provider refused what the buyer wrote.
        """
        now = self._clock()
        match result:
            case Accepted(state=state):
                judgement = judge(charge, state, account=account.external_id, event_id=None, now=now)
                if judgement.charge is charge:
                    # The provider answered for something else than what was asked: its status will tell.
                    await self._ask_later(charge, now + ASK_AFTER_TIMEOUT)
                    return None
                return await self._write(session, charge, judgement.charge, now=now)
            case Refused(field=field):
                written = await self._write(session, charge, fail(charge, "provider_error", now=now), now=now)
                if field in BUYERS:
                    raise Invalid(field, "the provider does not accept it")
                return written
            case NotSent():
                return await self._write(session, charge, fail(charge, "provider_error", now=now), now=now)
            case Unknown(answered=True):
                await self._ask_later(
                    charge,
                    now + ASK_AFTER_ERROR,
                    absent_after=now + ABSENT_AFTER_ERROR,
                    absent_reason="provider_error",
                )
            case Unknown():
                await self._ask_later(charge, now + ASK_AFTER_TIMEOUT)
            case _:
                assert_never(result)
        return None

    async def _write(self, session: Session, before: Charge, after: Charge, *, now: datetime) -> SessionState | None:
        """Unless a callback was faster: then its word, which is newer, stands."""
        story = Story(session.link, session.customer, session.locale, "paying")
        facts = facts_of(before, after, story)
        changes = Changes(charges=[(before, after)], facts=[(fact, before.traceparent, before.id) for fact in facts])
        crash_point("pay.before-commit")
        written = await charges.write_changes(self._postgres, changes, now)
        self._wake()
        if after.status in ENDED_UNPAID:
            self._attempts.failed(after)
        return SessionState(session_after(session, after, now), after) if after.id in written else None

    async def _ask_later(
        self,
        charge: Charge,
        at: datetime,
        *,
        absent_after: datetime | None = None,
        absent_reason: FailureReason = "not_started",
    ) -> None:
        await charges.ask_soon(self._postgres, charge.id, at=at, absent_after=absent_after, absent_reason=absent_reason)
