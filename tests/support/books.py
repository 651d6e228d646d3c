"""Thousands of charges of several links, by the real code of checkout and links, told in every wrong order."""

import random
from typing import Any, Final, cast
from uuid import UUID

import msgspec

from services.checkout.domain.charge import Charge, PaymentState
from services.checkout.domain.refund import RefundState, judge_refund
from services.checkout.domain.routing import Route
from services.checkout.domain.session import Session
from services.checkout.store import charge as charges
from services.checkout.store import refund as refunds
from services.checkout.store import session as sessions
from services.checkout.use_cases.apply_signals import ApplySignals, Word
from services.checkout.use_cases.live import Live
from services.checkout.use_cases.refund_charge import RefundCharge, write_refund_change
from services.links.use_cases.settle_use import take_in_facts
from shared.contracts.catalogue import EVENTS
from shared.contracts.checkout import CustomerView, SessionOpened
from shared.contracts.envelope import Received
from shared.contracts.links import LinkView
from shared.kernel.ids import new_id
from shared.kernel.moment import utc_now
from shared.kernel.money import Money
from shared.runtime.outbox import Wake
from shared.runtime.postgres import Postgres
from tests.support.checkout import a_link
from tests.support.links import LinksService

ACCOUNT: Final = "acct_books"
BATCH: Final = 100
NO_CHOICE: Final = charges.Choice(route=Route(candidates=(), left_out=()))
COMES_BACK_EACH: Final = 5
"""So many refunds go through until one of them is sent back by the payer's bank."""
PRICES: Final = (Money(50_000, "UGX"), Money(1_999, "USD"), Money(7_500, "XOF"))


class _Refunds:
    """All that giving back asks of a provider here."""

    refunds = "partial"


class _Providers:
    def find(self, _: str) -> _Refunds:
        return _Refunds()


class _Attempts:
    """Nobody here tries cards."""

    def failed(self, charge: Charge) -> None:
        """Counts nothing."""


class Books:
    """`chance` is seeded: a run that fails can be repeated."""

    def __init__(self, checkout: Postgres, links: LinksService, *, seed: int) -> None:
        self.checkout = checkout
        self.links = links
        self.chance = random.Random(seed)
        self.account_id = new_id()
        self._apply = ApplySignals(
            checkout, cast("Any", None), attempts=cast("Any", _Attempts()), live=Live(), wake=Wake(), clock=utc_now
        )
        self._given = 0
        self._refund = RefundCharge(cast("Any", _Providers()), ring=lambda: None, wake=Wake())

    async def simulate(self, number: int) -> None:
        """So many charges of six links, two of them with room for few; a tenth of what was captured goes back."""
        shop = await self.links.tenant()
        await self.checkout.execute(
            "INSERT INTO provider_account (id, org_id, provider, livemode, external_id, credentials, created_at,"
            " credentials_at, updated_at) VALUES ($1, $2, 'sandbox', false, $3, '', now(), now(), now())",
            self.account_id,
            shop.organization.id,
            ACCOUNT,
        )
        made = [await shop.make(uses_max=number // 40 if place < 2 else None) for place in range(6)]
        views = [a_link(one["slug"], id=UUID(one["id"]), org_id=shop.organization.id) for one in made]
        for start in range(0, number, BATCH):
            batch = [await self._begun(self.chance.choice(views)) for _ in range(min(BATCH, number - start))]
            await self._tell(batch)
            await self._give_back(batch)
        await self.relay()

    async def relay(self) -> None:
        """Everything that checkout said, to links: each fact once or twice, and out of order within reason."""
        rows = await self.checkout.fetch("SELECT id, type, data FROM outbox WHERE sent_at IS NULL ORDER BY position")
        facts = [
            Received(
                row["id"],
                row["type"],
                utc_now(),
                None,
                None,
                msgspec.json.decode(row["data"], type=EVENTS[row["type"]]),
            )
            for row in rows
        ]
        told = facts + [fact for fact in facts if self.chance.random() < 0.2]
        place = {id(fact): number + self.chance.random() * 50 for number, fact in enumerate(told)}
        told.sort(key=lambda fact: place[id(fact)])
        for start in range(0, len(told), BATCH):
            async with self.links.pg.transaction() as tx:
                await take_in_facts(tx, told[start : start + BATCH], now=utc_now())
        await self.checkout.execute("UPDATE outbox SET sent_at = now() WHERE sent_at IS NULL")

    async def _begun(self, link: LinkView) -> Charge:
        now = utc_now()
        session = Session(
            id=new_id(),
            org_id=link.org_id,
            link=link,
            customer=CustomerView(),
            total=self.chance.choice(PRICES),
            locale="en",
            status="open",
            version=1,
            created_at=now,
            expires_at=now.replace(year=now.year + 1),
        )
        opened = SessionOpened(
            org_id=link.org_id,
            link_id=link.id,
            session_id=session.id,
            total=session.total,
            expires_at=session.expires_at,
        )
        await sessions.open_session(self.checkout, session, opened, idempotency=None)
        charge_id = new_id()
        charge = Charge(
            id=charge_id,
            session_id=session.id,
            org_id=link.org_id,
            link_id=link.id,
            livemode=False,
            account_id=self.account_id,
            provider="sandbox",
            method="mobile_money",
            reference=charge_id.hex,
            total=session.total,
            status="created",
            version=0,
            held_until=now,
            created_at=now,
            updated_at=now,
        )
        assert await charges.reserve_charge(self.checkout, charge, NO_CHOICE)
        return charge

    async def _tell(self, batch: list[Charge]) -> None:
        """What the provider says of them, repeated, shuffled, and some of it false."""
        words = [
            Word(charge.reference, ACCOUNT, self.account_id, state) for charge in batch for state in self._story(charge)
        ]
        self.chance.shuffle(words)
        for start in range(0, len(words), BATCH):
            await self._apply.words(words[start : start + BATCH])

    def _story(self, charge: Charge) -> list[PaymentState]:
        ends = self.chance.choices(("succeeded", "failed", "pending"), (80, 15, 5))[0]
        says = ["pending", ends, *(["failed"] if self.chance.random() < 0.1 else [])]
        states = [self._state(charge, said) for said in says for _ in range(self.chance.choice((1, 1, 3)))]
        if self.chance.random() < 0.1:
            wrong = Money(charge.total.minor + 1, charge.total.currency)
            states.append(msgspec.structs.replace(self._state(charge, "succeeded"), total=wrong))
        return states

    def _state(self, charge: Charge, status: Any) -> PaymentState:
        fee = Money(charge.total.minor // 50, charge.total.currency) if status == "succeeded" else None
        return PaymentState(
            provider_id=f"pay_{charge.id.hex}",
            account=ACCOUNT,
            reference=charge.reference,
            status=status,
            total=charge.total,
            reason="declined" if status == "failed" else None,
            fee=fee,
        )

    async def _give_back(self, batch: list[Charge]) -> None:
        for charge in batch:
            if self.chance.random() >= 0.1:
                continue
            async with self.checkout.transaction() as tx:
                captured = await refunds.lock_captured(tx, charge.id)
                if captured is None or captured.status != "succeeded":
                    continue
                amount = self.chance.randint(1, captured.total.minor)
                refund = await self._refund.ask(
                    tx,
                    charge.id,
                    org_id=charge.org_id,
                    livemode=False,
                    amount_minor=amount,
                    reason=None,
                    by="key:tests",
                    now=utc_now(),
                )
                status: Any = self.chance.choice(("succeeded", "succeeded", "failed", "pending"))
                said = RefundState(
                    provider_id=f"re_{refund.id.hex}", reference=None, status=status, amount=refund.amount
                )
                captured = await refunds.lock_captured(tx, charge.id)
                assert captured is not None
                after = judge_refund(refund, said, now=utc_now())[1]
                await write_refund_change(tx, captured, before=refund, after=after, now=utc_now())
                self._given += status == "succeeded"
                if status == "succeeded" and self._given % COMES_BACK_EACH == 0:
                    captured = await refunds.lock_captured(tx, charge.id)
                    assert captured is not None
                    back = msgspec.structs.replace(after, status="failed", failure="lost_or_stolen_card")
                    await write_refund_change(tx, captured, before=after, after=back, now=utc_now())
