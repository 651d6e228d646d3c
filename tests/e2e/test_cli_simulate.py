"""`paylinks simulate`: trouble at the provider and crowds, and a check at the end that can fail."""

import json
from typing import Any

import pytest

from deploy.cli.simulation.check import check
from deploy.cli.simulation.crowd import Sale
from tests.e2e.api import Api
from tests.support.cli import called
from tests.support.stack import Stack

pytestmark = pytest.mark.stack


async def simulated(stack: Stack, *arguments: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    code, output, errors = await called("simulate", *arguments, PAYLINKS_HOME=str(stack.home))
    *sales, last = [json.loads(line) for line in output.splitlines()]
    assert (code, errors, last["wrong"]) == (0, "", [])
    return sales, last


async def test_a_payment_whose_callbacks_come_many_times_counts_once(stack: Stack) -> None:
    sales, last = await simulated(stack, "duplicate", "--buyers", "3", "--times", "4")
    assert last["paid"] == 3
    assert [sale["callbacks"] >= 4 for sale in sales] == [True] * 3


async def test_payments_whose_callbacks_come_in_any_order_count_once(stack: Stack) -> None:
    sales, last = await simulated(stack, "reorder", "--buyers", "2")
    assert (last["paid"], [sale["captured"] for sale in sales]) == (2, [1, 1])


async def test_payments_whose_callbacks_are_lost_are_found_by_asking(stack: Stack, api: Api) -> None:
    sales, last = await simulated(stack, "drop", "--buyers", "2")
    assert (last["paid"], [sale["callbacks"] for sale in sales]) == (2, [0, 0])
    assert (await api.sandbox("GET", "/control/faults"))["callbacks"] == "deliver", "the fault ends with the command"


async def test_of_a_crowd_exactly_as_many_pay_as_there_are_uses(stack: Stack) -> None:
    sales, last = await simulated(stack, "buyers", "12", "--uses-max", "2")
    assert last["paid"] == 2
    refused = {sale["outcome"] for sale in sales} - {"paid"}
    assert refused <= {"all_uses_held", "link_exhausted"}
    assert refused


async def test_a_crowd_pays_a_link_that_is_there(stack: Stack, api: Api) -> None:
    link = await api.link(title="Already there", providers=["sandbox"])
    _, last = await simulated(stack, "buyers", "2", "--link", link["slug"])
    assert (last["link"], (await api.stats(link))["paid_count"]) == (link["slug"], 2)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["buyers", "2", "--link", "no-such-link"], "There is no link 'no-such-link'."),
        (["buyers", "2", "--link", "a&state=active"], "There is no link 'a&state=active'."),
        (["buyers", "2", "--link", "gift-card"], "'gift-card' must have a fixed price"),
        (["buyers", "2", "--link", "x", "--uses-max", "1"], "--uses-max is for a new link"),
        (["buyers", "0"], ""),
        (["duplicate", "--times", "1"], ""),
        (["drop", "--buyers", "1001"], ""),
    ],
)
async def test_what_cannot_be_simulated_is_refused(stack: Stack, arguments: list[str], sentence: str) -> None:
    code, output, errors = await called("simulate", *arguments, PAYLINKS_HOME=str(stack.home))
    assert code in {1, 2}
    assert output == "" or not sentence
    assert errors.startswith(sentence)


class Contradiction:
    """A stack that says other things than the buyers."""

    async def merchant(self, *_: object) -> dict[str, Any]:
        revenue = [{"amount_minor": 150}]
        return {"paid_count": 3, "revenue": revenue, "uses": {"max": 2, "used": 3, "held": 1, "remaining": 0}}

    async def payment(self, _: str) -> dict[str, Any]:
        return {"id": "pay_1", "captured": 2}

    async def callbacks(self, _: str) -> list[dict[str, Any]]:
        return [{"attempts": [1], "state": "due"}]

    async def mails(self, _: str) -> int:
        return 2


async def test_the_check_names_everything_that_does_not_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.cli.simulation.check.SETTLES_SECONDS_MAX", 0)
    link = {"id": "1", "pricing": {"amount_minor": 50}}
    before = {"paid_count": 0, "revenue": []}
    sale = Sale(number=1, email="a@b.test", outcome="paid", seconds=1, charge_id="1")
    assert await check(Contradiction(), link, before, [sale]) == [
        "Buyer 1 is paid, and the provider captured 2 times.",
        "1 callbacks about buyer 1 are still on their way.",
        "1 buyers have paid, and 3 payments are counted.",
        "The revenue rose by 150, and 1 payments make 50.",
        "3 uses of 2 were sold.",
        "1 uses are still held.",
        "Buyer 1 is paid, and got 2 mails.",
    ]
