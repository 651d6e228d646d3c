"""What starting a charge does when the process was stopped in the middle of it."""

from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest
from msgspec.structs import replace

from services.checkout.domain.charge import RECOVER_AFTER
from services.checkout.domain.faults import LinkRefused
from services.checkout.domain.means import ByPhone
from services.checkout.domain.routing import Offer, Route
from services.checkout.domain.session import Session, SessionState
from services.checkout.store import charge as charges
from services.checkout.use_cases.breakers import Breakers
from services.checkout.use_cases.limit_attempts import FailuresPerHour, LimitAttempts
from services.checkout.use_cases.live import Live
from services.checkout.use_cases.start_charge import StartCharge
from shared.contracts.checkout import CustomerView
from shared.contracts.links import UseIsHeld, UseIsRefused
from shared.kernel.faults import Unavailable
from shared.kernel.ids import new_id
from shared.kernel.money import Money
from shared.runtime.outbox import Wake
from tests.support.checkout import a_link
from tests.unit.checkout.build import NOW
from tests.unit.checkout.test_sandbox_adapter import ACCOUNT

LIMITS = FailuresPerHour(cards_per_link=1, cards_per_address=1, tries_per_card=1, prompts_per_phone=1)


class Played:
    """Everything that StartCharge talks to; holding a use takes as long as it is told."""

    name = "sandbox"
    takes = {"mobile_money": None, "card": None}  # noqa: RUF012

    def __init__(self, *, holding_takes: timedelta) -> None:
        self.now = NOW
        self.created = 0
        self.undone: list[UUID] = []
        self._holding_takes = holding_takes
        link = a_link()
        session = Session(
            id=new_id(), org_id=link.org_id, link=link, customer=CustomerView(), total=Money(50_000, "UGX"),
            locale="en", status="open", version=1, created_at=NOW, expires_at=NOW + timedelta(minutes=30),
        )  # fmt: skip
        self.state = SessionState(session, None)

    def clock(self) -> datetime:
        return self.now

    async def read_session(self, _: UUID) -> SessionState:
        return self.state

    async def of_offer(self, *_: object) -> Any:
        return ACCOUNT

    async def used(self, _: object) -> None:
        return

    async def payable_methods(self, *_: object) -> Any:
        return ("mobile_money",)

    async def route(self, *_: object) -> Route:
        return Route((Offer(account_id=None, provider="sandbox", takes=self.takes),), ())

    async def hold(self, *_: object, held_until: datetime, **__: object) -> UseIsHeld:
        self.now += self._holding_takes
        return UseIsHeld(held_until)

    async def create(self, *_: object) -> Any:
        self.created += 1
        raise AssertionError("asked the provider")

    async def undo(self, _: object, charge_id: UUID, __: datetime) -> None:
        self.undone.append(charge_id)


def starter(played: Played, monkeypatch: pytest.MonkeyPatch) -> StartCharge:
    async def reserved(*_: object) -> bool:
        return True

    monkeypatch.setattr(charges, "reserve_charge", reserved)
    monkeypatch.setattr(charges, "undo_reservation", played.undo)
    part = cast("Any", played)
    return StartCharge(
        part, read_session=cast("Any", played.read_session), links=part, providers=part, accounts=part, routing=part,
        breakers=Breakers(), attempts=LimitAttempts(LIMITS, test_mode=True), public_url="http://127.0.0.1",
        live=Live(), wake=Wake(), clock=played.clock,
    )  # fmt: skip


async def test_after_a_long_stop_the_provider_is_not_asked_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever recovers charges may have given this one up, and the buyer may be paying by another."""
    played = Played(holding_takes=RECOVER_AFTER)
    start = starter(played, monkeypatch)
    with pytest.raises(Unavailable):
        await start(played.state.session.id, ByPhone("+256772123456"))
    assert (played.created, len(played.undone)) == (0, 1)


@pytest.mark.parametrize("paid", [True, False])
async def test_a_late_success_of_the_charge_before_ends_the_next_try(
    monkeypatch: pytest.MonkeyPatch, *, paid: bool
) -> None:
    """While the next one is being started links hears that the session is paid, and holds nothing for it."""
    played = Played(holding_takes=timedelta())
    start = starter(played, monkeypatch)

    async def refused(*_: object, **__: object) -> UseIsRefused:
        status = "paid" if paid else "open"
        played.state = SessionState(replace(played.state.session, status=status, paid_at=NOW if paid else None), None)
        return UseIsRefused("exhausted")

    monkeypatch.setattr(played, "hold", refused)
    if paid:
        started = await start(played.state.session.id, ByPhone("+256772123456"))
        assert (started.joined, started.state.session.status) == (True, "paid")
    else:
        with pytest.raises(LinkRefused):
            await start(played.state.session.id, ByPhone("+256772123456"))
    assert (played.created, len(played.undone)) == (0, 1)
