"""Many callbacks at once: stored together, applied in batches, each with an outcome of its own."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from services.checkout.domain.charge import PaymentState
from services.checkout.domain.means import ByRedirect
from services.checkout.store import callback as store
from services.checkout.use_cases.accounts import Accounts
from services.checkout.use_cases.apply_signals import BATCH, ApplySignals
from services.checkout.use_cases.intake import Intake
from services.checkout.use_cases.limit_attempts import FailuresPerHour, LimitAttempts
from services.checkout.use_cases.live import Live
from services.checkout.use_cases.record_callback import RecordCallback
from shared.kernel.faults import Unavailable
from shared.kernel.money import Money
from shared.runtime.outbox import Wake
from tests.support.teller import ACCOUNT, SIGNATURE, Told
from tests.support.till import Till, Tills, tills

PRICE = Money(50_000, "UGX")


@pytest.fixture(scope="module")
async def room(databases: Any) -> AsyncGenerator[Tills]:
    checkout, links = await databases.clone("checkout"), await databases.clone("links")
    async with tills(checkout, links) as made:
        yield made
    for dsn in (checkout, links):
        await databases.drop(dsn)


@pytest.fixture
async def till(room: Tills) -> Till:
    return await room.fresh()


async def pending(till: Till, count: int) -> list[PaymentState]:
    """Payments that the provider has, and that wait for their payers."""
    link = await till.link(title="Crowd", pricing={"type": "fixed", "amount_minor": PRICE.minor, "currency": "UGX"})
    before = set(till.teller.payments)
    for _ in range(count):
        await till.start_charge(await till.open(link, PRICE), ByRedirect())
    return [state for reference, state in till.teller.payments.items() if reference not in before]


def paid(till: Till, payments: Sequence[PaymentState]) -> list[Told]:
    return [Told(id=f"ev_{one.reference}", payment=till.teller.become(one.reference, "succeeded")) for one in payments]


async def record(till: Till, told: Told | bytes, *, genuine: bool = True) -> Any:
    return await till.record(
        "teller",
        ACCOUNT,
        headers={SIGNATURE: "genuine" if genuine else "forged"},
        body=told if isinstance(told, bytes) else msgspec.json.encode(told),
        client_ip="203.0.113.7",
        now=till.now,
    )


async def verdicts(till: Till) -> Counter[str]:
    return Counter(row["verdict"] for row in await till.pg.fetch("SELECT verdict FROM callback"))


async def totals(till: Till) -> tuple[int, int, int]:
    """Charges that succeeded, facts that say so, and what the ledger has."""
    row = await till.pg.fetchrow(
        "SELECT (SELECT count(*) FROM charge WHERE status = 'succeeded') AS paid,"
        " (SELECT count(*) FROM outbox WHERE type = 'checkout.charge.succeeded') AS told,"
        " (SELECT coalesce(sum(amount_minor), 0) FROM ledger_entry"
        "  WHERE kind = 'charge' AND account = 'provider') AS booked"
    )
    assert row is not None
    return row["paid"], row["told"], abs(int(row["booked"]))


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many callbacks each statement stored."""
    sizes: list[int] = []
    insert = store.insert_callbacks

    async def counted(postgres: Any, new: Sequence[Any]) -> None:
        sizes.append(len(new))
        await insert(postgres, new)

    monkeypatch.setattr(store, "insert_callbacks", counted)
    return sizes


async def test_those_that_come_at_once_are_stored_together_and_each_is_applied_once(
    till: Till, statements: list[int]
) -> None:
    told = paid(till, await pending(till, 20))
    assert await asyncio.gather(*(record(till, one) for one in told)) == ["received"] * 20
    assert sum(statements) == 20
    assert len(statements) <= 3, statements
    assert await till.apply.waiting_callbacks() == 20
    assert await verdicts(till) == {"accepted": 20}
    assert await totals(till) == (20, 20, 20 * PRICE.minor)


async def test_one_alone_is_stored_at_once(till: Till, statements: list[int]) -> None:
    (told,) = paid(till, await pending(till, 1))
    assert await record(till, told) == "received"
    assert statements == [1]


async def test_forged_repeated_altered_unknown_and_misread_ones_among_good_ones_change_nothing(till: Till) -> None:
    payments = await pending(till, 8)
    told = paid(till, payments)
    stranger = msgspec.structs.replace(told[0].payment, reference="nobody", provider_id="pay_nobody")
    lower = msgspec.structs.replace(told[1].payment, total=Money(1, "UGX"))
    outcomes = await asyncio.gather(
        *(record(till, one) for one in told[2:]),
        *(record(till, one) for one in told[2:5]),
        record(till, told[0], genuine=False),
        record(till, Told(id="ev_stranger", payment=stranger)),
        record(till, Told(id="ev_lower", payment=lower)),
    )
    assert Counter(outcomes) == {"received": 11, "bad_signature": 1}
    while await till.apply.waiting_callbacks():
        pass
    assert await verdicts(till) == {
        "accepted": 6,
        "duplicate": 3,
        "bad_signature": 1,
        "unknown_reference": 1,
        "amount_mismatch": 1,
    }
    assert await totals(till) == (6, 6, 6 * PRICE.minor)


async def test_one_that_cannot_be_stored_fails_alone(till: Till, statements: list[int]) -> None:
    told = paid(till, await pending(till, 3))
    bad = Told(id="no such text in PostgreSQL: \0", payment=told[0].payment)
    outcomes = await asyncio.gather(*(record(till, one) for one in [*told, bad]), return_exceptions=True)
    assert outcomes[:3] == ["received"] * 3
    assert isinstance(outcomes[3], Exception)
    assert not isinstance(outcomes[3], Unavailable)
    assert max(statements) > 1, "it was among others"
    await till.apply.waiting_callbacks()
    assert await verdicts(till) == {"accepted": 3}


async def test_a_provider_that_hangs_up_spoils_nothing(till: Till) -> None:
    told = paid(till, await pending(till, 6))
    tasks = [asyncio.ensure_future(record(till, one)) for one in told]
    for _ in range(3):
        await asyncio.sleep(0)
    tasks[0].cancel()
    tasks[3].cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [outcomes[number] for number in (1, 2, 4, 5)] == ["received"] * 4
    for one in told:  # who heard nothing says it again
        await record(till, one)
    while await till.apply.waiting_callbacks():
        pass
    assert (await verdicts(till))["accepted"] == 6
    assert await totals(till) == (6, 6, 6 * PRICE.minor)


async def test_two_replicas_store_and_apply_the_same_backlog_and_each_payment_counts_once(till: Till) -> None:
    told = paid(till, await pending(till, 40))
    other = _another_apply(till)
    record_there = _another_record(till)
    here, there = told, [*told[20:], *told[:20]]
    await asyncio.gather(
        *(record(till, one) for one in here),
        *(
            record_there(
                "teller",
                ACCOUNT,
                headers={SIGNATURE: "genuine"},
                body=msgspec.json.encode(one),
                client_ip="203.0.113.8",
                now=till.now,
            )
            for one in there
        ),
    )

    async def drain(apply: ApplySignals) -> None:
        while await apply.waiting_callbacks():
            pass

    await asyncio.gather(drain(till.apply), drain(other), drain(till.apply))
    assert await verdicts(till) == {"accepted": 40, "duplicate": 40}
    assert await totals(till) == (40, 40, 40 * PRICE.minor)


async def test_a_poison_among_many_good_ones_is_put_off_alone(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    payments = await pending(till, 30)
    told = paid(till, payments)
    for one in told[:17]:
        await record(till, one)
    await record(till, Told(id="ev_poison", payment=told[17].payment))
    for one in told[18:]:
        await record(till, one)
    read = till.teller.read
    tries: list[int] = []

    def poisoned(account: str, body: bytes) -> Any:
        tries.append(1)
        if b"ev_poison" in body:
            raise RuntimeError("whatever is wrong with it")
        return read(account, body)

    monkeypatch.setattr(till.teller, "read", poisoned)
    rounds = 0
    while await till.apply.waiting_callbacks():
        rounds += 1
        assert rounds <= 12, "one that cannot be applied costs the others little"
    assert await verdicts(till) == {"accepted": 29, "received": 1}
    assert await totals(till) == (29, 29, 29 * PRICE.minor)
    row = await till.pg.fetchrow(
        "SELECT event_id, retry_at > $1 AS later FROM callback WHERE verdict = 'received'", till.now
    )
    assert row is not None
    assert (row["event_id"], row["later"]) == ("ev_poison", True)


async def test_while_the_database_is_away_nothing_is_put_off(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    (told,) = paid(till, await pending(till, 1))
    await record(till, told)

    async def away(*_: Any, **__: Any) -> Any:
        raise Unavailable("postgres")

    with monkeypatch.context() as patched:
        patched.setattr(store, "take_callbacks", away)
        with pytest.raises(Unavailable):
            await till.apply.waiting_callbacks()
    assert await till.apply.waiting_callbacks() == 1 < BATCH
    assert await verdicts(till) == {"accepted": 1}


def _another_apply(till: Till) -> ApplySignals:
    attempts = LimitAttempts(
        FailuresPerHour(cards_per_link=9, cards_per_address=9, tries_per_card=9, prompts_per_phone=9), test_mode=True
    )
    return ApplySignals(till.pg, till.providers, attempts=attempts, live=Live(), wake=Wake(), clock=lambda: till.now)


def _another_record(till: Till) -> RecordCallback:
    accounts = Accounts(till.pg, till.providers, vault=till.vault, clock=lambda: till.now)
    forgeries: Any = SimpleNamespace(spend=lambda _: None)
    return RecordCallback(
        till.pg,
        accounts,
        till.providers,
        forgeries=forgeries,
        intake=Intake(),
        stored=lambda: None,
        asks=lambda: None,
        wake=Wake(),
    )
