"""Money goes back through the gateway, and everybody who counts follows: links, its feed, the ledger's check."""

from typing import Any
from uuid import UUID

import pytest

from tests.e2e.api import Api, until
from tests.support.cli import ended
from tests.support.stack import Stack

pytestmark = pytest.mark.stack


async def charge_of(api: Api, link: dict[str, Any]) -> str:
    (charge,) = await api.charges(link)
    return charge["id"]


async def refunded(api: Api, link: dict[str, Any], amount: int) -> dict[str, Any]:
    """The stats, once so much has gone back."""
    return await until(
        lambda: api.stats(link), lambda stats: sum(one["amount_minor"] for one in stats["refunded"]) >= amount
    )


async def types(api: Api, link: dict[str, Any]) -> list[str]:
    feed = await api.merchant("GET", f"/v1/payment-links/{link['id']}/events?limit=100")
    return [one["type"] for one in feed.json()["data"]]


async def test_a_refund_reaches_the_stats_and_the_feed_and_the_books_agree(api: Api, stack: Stack) -> None:
    link = await api.link(uses_max=2)
    await api.paid(link)
    await api.settled(link)
    charge = await charge_of(api, link)
    for amount in (15_000, 5_000):
        body = {"charge_id": charge, "amount_minor": amount}
        answer = await api.merchant("POST", "/v1/refunds", body, Idempotency_Key=f"{charge}-{amount}")
        assert answer.status_code == 202, answer.text
    numbers = await refunded(api, link, 20_000)
    assert [one["amount_minor"] for one in numbers["revenue"]] == [50_000]
    assert numbers["refunded"][0]["of_revenue_minor"] == 20_000
    assert (numbers["uses"]["used"], numbers["paid_count"]) == (1, 1)
    told = await until(lambda: types(api, link), lambda found: found.count("checkout.charge.refunded") == 2)
    assert told.count("checkout.refund.created") == told.count("checkout.refund.succeeded") == 2
    code, output, errors = await ended("ledger", "check", PAYLINKS_HOME=str(stack.home))
    assert (code, errors, output.splitlines()[-1]) == (0, "", "No differences.")


@pytest.mark.parametrize("policy", ["review", "refund"])
async def test_a_success_after_the_end_goes_by_the_policy_of_the_link(api: Api, policy: str) -> None:
    link = await api.link(late_payment_policy=policy)
    session = await api.session(link)
    await api.pay(session, method="mobile_money", phone="+256772000004")
    payment = await api.payment(session)
    assert (await api.merchant("DELETE", f"/v1/payment-links/{link['id']}")).status_code < 300
    await api.sandbox("POST", f"/control/payments/{payment['id']}/succeed")
    await api.becomes(session, "paid")
    charge = await charge_of(api, link)

    async def shown() -> dict[str, Any]:
        return (await api.merchant("GET", f"/v1/charges/{charge}")).json()

    if policy == "refund":
        await until(shown, lambda now: now["refund_status"] == "full")
        (row,) = await api.rows("checkout", "SELECT count(*) FROM refund WHERE charge_id = $1", UUID(charge))
        assert row["count"] == 1
        numbers = await refunded(api, link, 50_000)
        assert (numbers["revenue"], numbers["refunded"][0]["of_revenue_minor"]) == ([], 0)
        return
    await until(shown, lambda now: now["review"] is not None)
    listed = (await api.merchant("GET", "/v1/charges?review=true")).json()["data"]
    assert charge in [one["id"] for one in listed]
    assert (await api.merchant("POST", f"/v1/charges/{charge}/accept")).status_code == 200
    numbers = await api.settled(link)
    assert (numbers["uses"]["used"], numbers["unsettled"]) == (1, [])
