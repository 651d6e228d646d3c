"""One account whose sealing key is lost holds up nobody else's money."""

from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import pytest

from services.checkout.providers.port import Accepted, Account, StatusResult
from services.checkout.store import charge as charges
from services.checkout.store.charge import DueCharge
from services.checkout.use_cases.accounts import Accounts
from services.checkout.use_cases.apply_signals import Word
from services.checkout.use_cases.ask_provider import AskProvider
from services.checkout.use_cases.poll_charges import PollCharges
from services.checkout.use_cases.reconcile import Reconcile
from shared.kernel.faults import Unavailable
from shared.kernel.ids import new_id
from tests.unit.checkout.build import NOW, TOTAL, a_state
from tests.unit.checkout.test_sandbox_adapter import ACCOUNT

LOST = new_id()


def due(account_id: UUID) -> DueCharge:
    charge_id = new_id()
    return DueCharge(
        id=charge_id, org_id=new_id(), link_id=new_id(), session_id=new_id(), account_id=account_id, provider="sandbox",
        reference=charge_id.hex, provider_id=None, method="card", total_minor=TOTAL.minor, currency=TOTAL.currency,
        created_at=NOW, status="pending", held_until=NOW + timedelta(days=1), absent_after=NOW,
        absent_reason="not_started", next_poll_at=NOW,
    )  # fmt: skip


class Played:
    """Accounts, providers and breakers, as far as somebody who asks needs them."""

    def __init__(self) -> None:
        self.applied: list[Word] = []

    async def by_id(self, account_id: UUID) -> Account:
        if account_id == LOST:
            raise Unavailable("secret_key")
        return ACCOUNT

    if_opened = Accounts.if_opened

    def find(self, _: str) -> "Played":
        return self

    async def status(self, *_: object) -> StatusResult:
        return Accepted(a_state("succeeded"))

    def heard(self, *_: object) -> None:
        return

    async def words(self, words: list[Word]) -> None:
        self.applied += words


async def test_charges_of_other_accounts_are_polled_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    played, known = Played(), due(ACCOUNT.id)

    async def claimed(*_: object, **__: object) -> list[DueCharge]:
        return [due(LOST), known, due(LOST)]

    monkeypatch.setattr(charges, "claim_due", claimed)
    anything = cast("Any", played)
    ask = AskProvider(anything, anything, breakers=anything, at_once_max=2)
    poll = PollCharges(anything, ask=ask, apply_signals=anything, links=anything, clock=lambda: NOW)
    assert await poll() == 3
    assert [word.reference for word in played.applied] == [known.reference]


async def test_the_days_of_other_accounts_are_compared_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    played = cast("Any", Played())
    reconcile = Reconcile(played, played, played, learned=played.words, clock=lambda: NOW)
    compared: list[UUID] = []

    async def ids(*_: object, **__: object) -> list[UUID]:
        return [LOST, ACCOUNT.id]

    async def compare(account: Account, *_: object, **__: object) -> None:
        compared.append(account.id)

    monkeypatch.setattr(reconcile, "_ids", ids)
    monkeypatch.setattr(reconcile, "_account", compare)
    await reconcile(NOW.date())
    assert compared == [ACCOUNT.id]
