"""Whether everybody tells the same story afterwards: the provider, links, and the mail server."""

from collections import Counter
from typing import Any

import httpx

from tests.bench.context import Bench

PAGE = 10_000
_BUYER = b"@bench.example"


async def check(bench: Bench, links: list[dict[str, Any]]) -> str:
    """One sentence with the numbers.

    Raises:
        RuntimeError: they differ, or a payment was captured, counted or mailed twice.
    """
    captured = await _captured(bench)
    counted = [await _counted(bench, link["id"]) for link in links]
    receipts = _receipts(bench)
    most = max((*captured.values(), *receipts.values()), default=0)
    numbers = sum(captured.values()), sum(counted), sum(receipts.values())
    if len(set(numbers)) != 1 or most > 1:
        raise RuntimeError(f"captured {numbers[0]}, counted {numbers[1]}, receipts {numbers[2]}; most of one: {most}")
    return f"Afterwards: {numbers[0]} captured by the provider, {numbers[1]} counted by links, {numbers[2]} receipts."


async def _captured(bench: Bench) -> Counter[str]:
    """How often money was captured, by payment, for links of this experiment."""
    sandbox = bench.local["sandbox"]
    captured: Counter[str] = Counter()
    after: str | None = None
    async with httpx.AsyncClient(timeout=60) as http:
        while True:
            params = {"limit": PAGE} | ({"after": after} if after else {})
            answer = await http.get(f"{sandbox['url']}/control/payments", params=params, headers=sandbox["control"])
            page = answer.raise_for_status().json()
            for payment in page["data"]:
                if payment["description"].startswith("Payments "):
                    captured[payment["id"]] += payment["captured"]
            after = page["next_after"]
            if after is None:
                return captured


async def _counted(bench: Bench, link_id: str) -> int:
    async with httpx.AsyncClient(timeout=60) as http:
        url = f"{bench.services['links']}/v1/payment-links/{link_id}/stats"
        stats = (await http.get(url, headers=bench.credentials)).raise_for_status().json()
    paid = stats["paid_count"]
    if stats["uses"]["used"] != paid or any(one["amount_minor"] != paid * 50_000 for one in stats["revenue"]):
        raise RuntimeError(f"link {link_id} contradicts itself: {stats}")
    return paid


def _receipts(bench: Bench) -> Counter[str]:
    """How many mails each buyer got, from the first line of each file of the Maildir."""
    receipts: Counter[str] = Counter()
    for path in (bench.stack.home / "mailbox" / "new").iterdir():
        with path.open("rb") as file:
            line = file.readline()
        if _BUYER in line:
            receipts[line.decode()] += 1
    return receipts
