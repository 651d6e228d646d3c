"""Which account a callback belongs to, and what asking for one that nobody has costs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.checkout.store import provider_account as store
from services.checkout.use_cases.accounts import UNKNOWN_FOR, UNKNOWN_MAX, Accounts

NOTHING: Any = None


class Watch:
    def __init__(self) -> None:
        self.now = datetime(2027, 3, 5, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []

    async def find(_pg: object, _provider: str, external_id: str) -> None:
        names.append(external_id)

    monkeypatch.setattr(store, "find_account_by_external_id", find)
    return names


async def test_an_account_that_nobody_has_is_looked_up_once_in_a_few_seconds(asked: list[str]) -> None:
    watch = Watch()
    accounts = Accounts(NOTHING, NOTHING, vault=NOTHING, clock=watch)
    for _ in range(10):
        assert await accounts.by_external_id("sandbox", "acct_nobody") is None
    assert asked == ["acct_nobody"]
    watch.now += UNKNOWN_FOR + timedelta(milliseconds=1)
    assert await accounts.by_external_id("sandbox", "acct_nobody") is None
    assert asked == ["acct_nobody"] * 2


async def test_no_more_than_so_many_unknown_accounts_are_remembered(asked: list[str]) -> None:
    accounts = Accounts(NOTHING, NOTHING, vault=NOTHING, clock=Watch())
    for number in range(UNKNOWN_MAX + 1):
        await accounts.by_external_id("sandbox", str(number))
    asked.clear()
    await accounts.by_external_id("sandbox", str(UNKNOWN_MAX))
    await accounts.by_external_id("sandbox", "0")
    assert asked == ["0"]
