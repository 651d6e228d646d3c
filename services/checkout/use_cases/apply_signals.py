"""What providers say becomes what we believe: charges, sessions, verdicts and facts in one transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, assert_never
from uuid import UUID

from msgspec import Struct
from prometheus_client import Histogram

from services.checkout.domain.charge import Charge, PaymentState, Verdict, fail, judge
from services.checkout.domain.facts import Story, facts_of
from services.checkout.domain.lifecycle import ENDED_UNPAID
from services.checkout.providers.port import Ask, CallbackContent, DisputeSignal, Ignored, RefundSignal, Signal
from services.checkout.providers.registry import Providers
from services.checkout.store import callback as callbacks
from services.checkout.store import charge as charges
from services.checkout.store.callback import WaitingCallback
from services.checkout.store.charge import Changes
from services.checkout.use_cases.apply_money_back import apply_money_back
from services.checkout.use_cases.learn_more import learn_more, tells_more
from services.checkout.use_cases.limit_attempts import LimitAttempts
from services.checkout.use_cases.live import Live
from shared.contracts.checkout import CallbackRefused, FailureReason
from shared.contracts.envelope import Event
from shared.kernel.faults import Unavailable
from shared.kernel.moment import Clock
from shared.runtime.crash import crash_point
from shared.runtime.logs import logger
from shared.runtime.outbox import Wake
from shared.runtime.postgres import Postgres, Transaction
from shared.runtime.tracing import continue_trace

BATCH: Final = 100
APPLIED_SECONDS: Final = Histogram(
    "paylinks_callback_applied_seconds",
    "Time from when a callback came in until it was applied.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
)
SET_ASIDE_FOR: Final = timedelta(minutes=1)

_log = logger("callbacks")


class Word(Struct, frozen=True):
    """A provider's answer about one charge of an account: its name at the provider, and our id of it.

    `state` None: it has none such, and that is final (`absent_reason`).
    """

    reference: str
    account: str
    account_id: UUID
    state: PaymentState | None
    absent_reason: FailureReason = "not_started"


class _Desk:
    """One batch: the locked charges as they were and as they are becoming, and what is to be written."""

    def __init__(self, locked: dict[str, tuple[Charge, Story]], now: datetime) -> None:
        self._befores = {reference: charge for reference, (charge, _) in locked.items()}
        self._stories = {reference: story for reference, (_, story) in locked.items()}
        self._charges = dict(self._befores)
        self._now = now
        self._facts: list[tuple[Event, str | None, UUID | None]] = []
        self._verdicts: list[tuple[UUID, str, UUID | None]] = []
        self.told_more: dict[UUID, PaymentState] = {}

    def take(
        self,
        account: str,
        state: PaymentState,
        *,
        account_id: UUID,
        event_id: str | None,
        repeated: bool = False,
    ) -> tuple[Verdict, UUID | None]:
        """`repeated`: this event was accepted before, however long ago."""
        charge = self._charges.get(state.reference)
        if charge is None or charge.account_id != account_id:
            return "unknown_reference", None
        if repeated:
            return "duplicate", charge.id
        judgement = judge(charge, state, account=account, event_id=event_id, now=self._now)
        self._become(charge, judgement.charge)
        if judgement.verdict in ("accepted", "duplicate") and tells_more(charge, state):
            self.told_more[charge.id] = state
        return judgement.verdict, charge.id

    def take_absent(self, reference: str, reason: FailureReason) -> None:
        charge = self._charges.get(reference)
        if charge is not None and charge.status == "created":
            self._become(charge, fail(charge, reason, now=self._now))

    def say(self, callback: WaitingCallback, verdict: Verdict, charge_id: UUID | None) -> None:
        self._verdicts.append((callback.id, verdict, charge_id))
        # Providers repeat themselves until they are heard: that is in the inbox, and no news for anybody.
        if verdict in ("accepted", "duplicate", "ignored"):
            return
        charge = next((one for one in self._charges.values() if one.id == charge_id), None)
        refused = CallbackRefused(
            org_id=callback.org_id,
            link_id=charge.link_id if charge else None,
            callback_id=callback.id,
            provider=callback.provider,
            verdict=verdict,
            charge_id=charge_id,
        )
        self._facts.append((refused, charge.traceparent if charge else None, None))

    def changes(self) -> Changes:
        pairs = [(before, self._charges[reference]) for reference, before in self._befores.items()]
        return Changes(
            charges=[(before, after) for before, after in pairs if before is not after],
            verdicts=self._verdicts,
            facts=self._facts,
        )

    def _become(self, before: Charge, after: Charge) -> None:
        if after is before:
            return
        story = self._stories[before.reference]
        facts = facts_of(before, after, story)
        self._facts += [(fact, before.traceparent, before.id) for fact in facts]
        self._charges[before.reference] = after


class ApplySignals:
    def __init__(
        self,
        postgres: Postgres,
        providers: Providers,
        *,
        attempts: LimitAttempts,
        live: Live,
        wake: Wake,
        clock: Clock,
    ) -> None:
        self._postgres = postgres
        self._providers = providers
        self._attempts = attempts
        self._live = live
        self._wake = wake
        self._clock = clock

    async def waiting_callbacks(self) -> int:
        """Applies up to BATCH stored callbacks, oldest first; returns how many there were (BATCH: there is more).

        Where they cannot be applied together, fewer are tried, and one that cannot be applied alone is put off: it
        holds up nobody.
        """
        limit = BATCH
        while True:
            try:
                found = await self._apply_callbacks(limit)
            except Unavailable:
                raise
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one must not stop the others
                if limit == 1:
                    await self._set_aside(error)
                    return BATCH
                _log.warning("callbacks.batch_failed", limit=limit, error=repr(error))
                limit //= 2
            else:
                # There is more, where only a part of them was tried: the others of that batch.
                return found if limit == BATCH else BATCH

    async def _set_aside(self, error: Exception) -> None:
        now = self._clock()
        aside = await callbacks.set_aside(self._postgres, now, until=now + SET_ASIDE_FOR)
        _log.error("callbacks.set_aside", callback=str(aside), exc_info=error)

    async def words(self, words: Sequence[Word]) -> None:
        """Applies answers to status requests."""
        now = self._clock()
        continue_trace(None)
        async with self._postgres.transaction() as tx:
            desk = await self._desk(tx, [word.reference for word in words], now)
            for word in words:
                if word.state is None:
                    desk.take_absent(word.reference, word.absent_reason)
                else:
                    desk.take(word.account, word.state, account_id=word.account_id, event_id=None)
            changes = desk.changes()
            if changes.charges:
                await charges.write_changes(tx, changes, now)
            await learn_more(tx, desk.told_more, now=now)
            crash_point("recover.before-commit")
        self._tell(changes, desk)

    async def _apply_callbacks(self, limit: int) -> int:
        now = self._clock()
        async with self._postgres.transaction() as tx:
            waiting = await callbacks.take_callbacks(tx, now, limit=limit)
            if not waiting:
                return 0
            said = [(callback, self._read(callback)) for callback in waiting]
            references = [content.state.reference for _, content in said if isinstance(content, Signal)]
            desk = await self._desk(tx, references, now)
            for callback, content in said:
                self._take(desk, callback, content)
            changes = desk.changes()
            await charges.write_changes(tx, changes, now)
            await learn_more(tx, desk.told_more, now=now)
            # Afterwards: what a payment's callback in this very batch has captured may be disputed in the next one.
            money_back = [(one, content) for one, content in said if isinstance(content, RefundSignal | DisputeSignal)]
            if money_back:
                await self._apply_money_back(tx, money_back, now)
            crash_point("apply.before-commit")
        crash_point("apply.committed")
        self._tell(changes, desk)
        applied_at = self._clock()
        for callback in waiting:
            APPLIED_SECONDS.observe((applied_at - callback.received_at).total_seconds())
        if money_back:
            self._wake()
        return len(waiting)

    async def _apply_money_back(
        self, tx: Transaction, signals: Sequence[tuple[WaitingCallback, RefundSignal | DisputeSignal]], now: datetime
    ) -> None:
        desk = _Desk({}, now)
        for callback, said in signals:
            if judged := await apply_money_back(tx, callback, said, now=now):
                desk.say(callback, *judged)
        await charges.write_changes(tx, desk.changes(), now)

    async def answered(self, callback_id: UUID, state: PaymentState | None) -> None:
        """Applies what the provider said when it was asked about a callback that proves nothing by itself.

        `state` None: there is no such payment, here or there.
        """
        now = self._clock()
        async with self._postgres.transaction() as tx:
            callback = await callbacks.take_callback(tx, callback_id)
            if callback is None:
                return
            desk = await self._desk(tx, [state.reference] if state else [], now)
            if state is None:
                desk.say(callback, "unknown_reference", None)
            else:
                self._judge(desk, callback, state, event_id=callback.event_id)
            changes = desk.changes()
            await charges.write_changes(tx, changes, now)
            await learn_more(tx, desk.told_more, now=now)
            crash_point("ask.before-commit")
        self._tell(changes, desk)

    def _take(self, desk: _Desk, callback: WaitingCallback, content: CallbackContent) -> None:
        match content:
            case Signal(event_id=event_id, state=state):
                self._judge(desk, callback, state, event_id=event_id)
            case RefundSignal() | DisputeSignal():
                return  # after the payments of its batch
            case Ignored() | Ask():
                desk.say(callback, "ignored", None)
            case _:
                assert_never(content)

    def _judge(self, desk: _Desk, callback: WaitingCallback, state: PaymentState, *, event_id: str | None) -> None:
        verdict, charge_id = desk.take(
            callback.external_id,
            state,
            account_id=callback.account_id,
            event_id=event_id,
            repeated=callback.repeated,
        )
        desk.say(callback, verdict, charge_id)

    def _read(self, callback: WaitingCallback) -> CallbackContent:
        """Raises: ValueError: the provider is gone from this installation, or reads the body no more."""
        provider = self._providers.find(callback.provider)
        content = provider.read(callback.external_id, callback.body) if provider else None
        if content is None:
            raise ValueError(f"nobody reads callbacks of {callback.provider}")
        return content

    async def _desk(self, tx: Transaction, references: Sequence[str], now: datetime) -> _Desk:
        return _Desk(await charges.lock_charges(tx, references), now)

    def _tell(self, changes: Changes, desk: _Desk) -> None:
        if changes.facts or desk.told_more:
            self._wake()
        for before, after in changes.charges:
            self._live.changed(after.session_id)
            if after.status in ENDED_UNPAID and before.status != after.status:
                self._attempts.failed(after)
