"""Callbacks that must change nothing: states, counts, revenue and mails stay, and the inbox says why."""

import asyncio
import hashlib
import hmac
import json
import time
from typing import Any
from uuid import UUID

import pytest

from tests.e2e.api import Api, until

pytestmark = pytest.mark.stack
WAIT_FOR_EVER = (f"+2567{number}000004" for number in range(70, 79))
"""One phone for each payment that is left pending: a phone shows one prompt at a time."""
SUCCESS = "payment.succeeded"
FACTS = "SELECT type FROM outbox WHERE link_id = $1"


async def everything(api: Api, link: dict[str, Any], session: dict[str, Any], email: str) -> dict[str, Any]:
    """All that a callback could change, as the buyer, the merchant, the mailbox and the database have it."""
    tables = {
        "charges": ("checkout", "SELECT * FROM charge WHERE link_id = $1 ORDER BY id"),
        "facts": ("checkout", f"{FACTS} AND type <> 'checkout.callback.refused' ORDER BY position"),
        "uses": ("links", "SELECT * FROM use WHERE link_id = $1 ORDER BY session_id"),
        "mails": ("notify", "SELECT * FROM mail WHERE link_id = $1 ORDER BY id"),
    }
    # Polling is not a callback: when it comes next may change meanwhile.
    bookkeeping = {"next_poll_at", "polls", "held_until", "event_ids"}
    rows = {
        name: [
            {column: value for column, value in row.items() if column not in bookkeeping}
            for row in await api.rows(service, query, UUID(link["id"]))
        ]
        for name, (service, query) in tables.items()
    }
    return {
        **rows,
        "session": await api.read(session),
        "link": await api.one(link),
        "stats": await api.stats(link),
        "inbox": await api.mails(email),
    }


async def pending(api: Api, email: str) -> tuple[dict[str, Any], dict[str, Any]]:
    link = await api.link(title="Callbacks", uses_max=5)
    session = await api.session(link, customer={"email": email})
    await api.pay(session, method="mobile_money", phone=next(WAIT_FOR_EVER))
    return link, session


async def paid(api: Api, email: str) -> tuple[dict[str, Any], dict[str, Any]]:
    link, session = await pending(api, email)
    await api.sandbox("POST", f"/control/payments/{(await api.payment(session))['id']}/succeed")
    await api.becomes(session, "paid")
    await api.settled(link)
    await api.one_mail(email)
    await verdicts(api, since=0, count=1)
    return link, session


async def seen(api: Api) -> int:
    ((row),) = await api.rows("checkout", "SELECT count(*) AS n FROM callback")
    return row["n"]


async def verdicts(api: Api, *, since: int, count: int) -> list[str]:
    """Those of the callbacks after the first `since`, once none waits any more."""

    async def read() -> list[str]:
        rows = await api.rows("checkout", "SELECT verdict FROM callback ORDER BY received_at, id OFFSET $1", since)
        return [row["verdict"] for row in rows]

    return await until(read, lambda got: len(got) >= count and "received" not in got)


@pytest.mark.parametrize(
    ("tamper", "verdict"),
    [
        ("amount", "amount_mismatch"),
        ("currency", "amount_mismatch"),
        ("reference", "unknown_reference"),
        ("account", "unknown_reference"),
        ("signature", "bad_signature"),
    ],
)
async def test_a_tampered_success_pays_nothing(api: Api, tamper: str, verdict: str) -> None:
    email = f"tampered-{tamper}@callbacks.example"
    link, session = await pending(api, email)
    payment = await api.payment(session)
    before, count = await everything(api, link, session, email), await seen(api)
    await api.sandbox("POST", f"/control/payments/{payment['id']}/callback", {"type": SUCCESS, "tamper": tamper})
    assert await verdicts(api, since=count, count=1) == [verdict]
    assert await everything(api, link, session, email) == before
    assert before["session"]["status"] == "paying"
    await api.sandbox("POST", f"/control/payments/{payment['id']}/succeed")
    assert (await api.becomes(session, "paid"))["charge"]["status"] == "succeeded", "the true one still counts"


async def test_repeated_and_reordered_callbacks_of_a_paid_charge_change_nothing(api: Api) -> None:
    email = "again@callbacks.example"
    link, session = await paid(api, email)
    payment = await api.payment(session)
    before, count = await everything(api, link, session, email), await seen(api)
    path = f"/control/payments/{payment['id']}/callback"
    await api.sandbox("POST", path, {"times": 5, "same_event_id": True})
    assert await verdicts(api, since=count, count=5) == ["duplicate"] * 5
    await api.sandbox("POST", path, {"times": 2, "same_event_id": False})
    assert await verdicts(api, since=count + 5, count=2) == ["duplicate"] * 2
    await api.sandbox("POST", path, {"type": "payment.pending"})
    assert await verdicts(api, since=count + 7, count=1) == ["out_of_order"]
    await api.sandbox("POST", path, {"type": "payment.failed"})
    assert await verdicts(api, since=count + 8, count=1) == ["out_of_order"]
    assert await everything(api, link, session, email) == before
    assert before["stats"]["paid_count"] == 1
    assert len(before["inbox"]) == 1


async def test_a_refused_callback_is_told_on_the_bus(api: Api) -> None:
    _, session = await pending(api, "told@callbacks.example")
    payment, count = await api.payment(session), await seen(api)
    path = f"/control/payments/{payment['id']}/callback"
    await api.sandbox("POST", path, {"type": SUCCESS, "tamper": "amount"})
    await verdicts(api, since=count, count=1)
    query = "SELECT convert_from(data, 'UTF8')::jsonb AS data FROM outbox WHERE type = 'checkout.callback.refused'"
    rows = [json.loads(row["data"]) for row in await api.rows("checkout", query)]
    charge = (await api.read(session))["charge"]["id"]
    assert [row["verdict"] for row in rows if row["charge_id"] == charge] == ["amount_mismatch"]


async def test_hand_made_callbacks_are_refused_and_kept_with_the_reason(api: Api) -> None:
    email = "forged@callbacks.example"
    link, session = await pending(api, email)
    payment = await api.payment(session)
    before, count = await everything(api, link, session, email), await seen(api)
    data = {**payment, "status": "succeeded", "version": 9}
    event = {"id": "evt_forged", "type": SUCCESS, "account": payment["account"], "created_at": "2027-01-01T00:00:00Z"}
    body = json.dumps({**event, "data": data}).encode()
    url = f"/callbacks/sandbox/{payment['account']}"

    def signed(secret: str, at: float) -> dict[str, str]:
        stamp = str(int(at))
        mac = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        return {"Sandbox-Signature": f"t={stamp},v1={mac}"}

    now = time.time()
    forgeries: list[dict[str, str]] = [
        {},
        {"Sandbox-Signature": ""},
        {"Sandbox-Signature": "t=1,v1="},
        {"Sandbox-Signature": f"t={int(now)},v1={'0' * 64}"},
        signed("", now),
        signed("whsec_test_vector_0123456789abcdef", now),
        signed(payment["account"], now),
    ]
    for headers in forgeries:
        answer = await api.send.post(url, content=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized"), headers
    assert await verdicts(api, since=count, count=len(forgeries)) == ["bad_signature"] * len(forgeries)
    for path in ("/callbacks/sandbox/acct_nobody", "/callbacks/nobody/acct"):
        assert (await api.send.post(path, content=body)).status_code == 404
    assert (await api.send.post(url, content=b"x" * 70_000)).status_code == 413
    assert await seen(api) == count + len(forgeries), "and what is nobody's is not kept"
    assert await everything(api, link, session, email) == before


async def test_shuffled_and_repeated_callbacks_still_make_one_payment(api: Api) -> None:
    link = await api.link(title="Callbacks")

    async def pay(number: int, phone: str) -> None:
        session = await api.session(link, customer={"email": f"odd-{number}@callbacks.example"})
        await api.pay(session, method="mobile_money", phone=phone)
        await until(lambda: api.read(session), lambda now: now["status"] == "paid", 20)
        assert (await api.payment(session))["captured"] == 1

    phones = ("+256772000006", "+256772000007", "+256772000010")
    await asyncio.gather(*(pay(number, phone) for number, phone in enumerate(phones)))
    stats = await api.settled(link, paid=3)
    (revenue,) = stats["revenue"]
    assert (stats["paid_count"], revenue["amount_minor"]) == (3, 150_000)
    for number in range(3):
        await api.one_mail(f"odd-{number}@callbacks.example")
