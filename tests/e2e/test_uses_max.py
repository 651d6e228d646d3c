"""Three uses and sixty buyers at once: exactly three pay, and everybody else is told so."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.e2e.api import Api, until

pytestmark = pytest.mark.stack
USES, BUYERS = 3, 60
AMOUNT = 51_203
"""A price that no other test asks for: the provider's ledger is searched by it."""


async def attempt(api: Api, link: dict[str, Any], number: int) -> httpx.Response:
    """One buyer's whole way; the answer that let them in, or kept them out."""
    opened = await api.open(link, {"customer": {"email": f"buyer-{number}@crowd.example"}})
    if opened.status_code != 201:
        return opened
    session = opened.json()
    answer = await api.pay(session, method="mobile_money", phone=f"+2567721{number:05}")
    return answer if answer.status_code != 202 else httpx.Response(202, json=session)


def require_clear_refusal(answer: httpx.Response) -> None:
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["next_step"]
    if answer.status_code == 409:
        assert problem["code"] == "all_uses_held"
        assert problem["retry_at"]
        assert int(answer.headers["retry-after"]) > 0
    else:
        assert (answer.status_code, problem["code"], problem["reason"]) == (410, "link_exhausted", "exhausted")
        assert problem["since"]


async def ledger(api: Api) -> list[dict[str, Any]]:
    """Every payment of this test's price that the provider knows, over all pages."""
    found, after = [], None
    while True:
        page = await api.sandbox("GET", "/control/payments", limit=100, **({"after": after} if after else {}))
        found += [payment for payment in page["data"] if payment["amount"] == AMOUNT]
        after = page.get("next_after")
        if not after:
            return found


async def test_sixty_buyers_of_three_uses_pay_three_times(api: Api) -> None:
    pricing = {"type": "fixed", "amount_minor": AMOUNT, "currency": "UGX"}
    link = await api.link(title="Three seats", pricing=pricing, uses_max=USES)
    answers = await asyncio.gather(*(attempt(api, link, number) for number in range(BUYERS)))
    let_in = [answer.json() for answer in answers if answer.status_code == 202]
    assert len(let_in) == USES
    for answer in answers:
        if answer.status_code != 202:
            require_clear_refusal(answer)

    for session in let_in:
        assert (await api.becomes(session, "paid"))["receipt"]
    stats = await api.settled(link, paid=USES)
    assert stats["uses"] == {"max": USES, "used": USES, "held": 0, "remaining": 0}
    (revenue,) = stats["revenue"]
    assert (revenue["amount_minor"], revenue["paid_count"]) == (USES * AMOUNT, USES)
    assert stats["unsettled"] == []
    assert (await api.one(link))["state"] == "exhausted"

    late = await asyncio.gather(*(attempt(api, link, number) for number in range(BUYERS, BUYERS + 5)))
    assert {answer.status_code for answer in late} == {410}
    for answer in late:
        require_clear_refusal(answer)

    async def receipts() -> list[str]:
        mails = await asyncio.gather(*(api.mails(f"buyer-{number}@crowd.example") for number in range(BUYERS)))
        return [to["to"] for inbox in mails for to in inbox]

    assert len(await until(receipts, lambda mails: len(mails) >= USES)) == USES
    payments = await ledger(api)
    assert [payment["captured"] for payment in payments] == [1] * USES, "nobody else reached the provider"
    assert sum(payment["captured_amount"] for payment in payments) == USES * AMOUNT
