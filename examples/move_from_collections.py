"""Moving from a collections API to Paylinks: the same calls at a new base URL, and what is won.

With `make up` running in another terminal: `.venv/bin/python examples/move_from_collections.py var/local.json`
"""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

PATH = "/generation/v2/payment-links"
WAIT_SECONDS = 20


def main(local_file: Path) -> None:
    local = json.loads(local_file.read_text())
    gateway = local["gateway"]
    with (
        httpx.Client(base_url=f"{gateway}/collections", headers=local["credentials"]["collections"]) as client,
        httpx.Client(base_url=gateway, headers=local["credentials"]["native"]) as native,
        httpx.Client(base_url=gateway) as payer,
    ):
        link = create(client)
        read_natively(native, link)
        change_there_and_here(native, client, link)
        pay(payer, link)
        reconcile(client, native, link)


def create(client: httpx.Client) -> dict[str, Any]:
    """The call that the old client makes, as it is."""
    body = {
        "title": "Invoice #123",
        "amount_type": "fixed",
        "amount": 50000,
        "currency": "RWF",
        "payment_types": ["card", "mobile_money"],
        "max_uses": 1,
        "metadata": {"old_id": "25a5643d-31de-490d-808d-82af72fdd097"},
    }
    answer = answered(client.post(PATH, json=body))
    assert (answer["status"], answer["message"]) == ("success", "Payment link created")
    link = answer["link"]
    print(f"made       {link['url']}: {link['amount']} {link['currency']}")
    return link


def read_natively(native: httpx.Client, link: dict[str, Any]) -> None:
    """The same link, in the API that knows all of it."""
    found = answered(native.get(f"/v1/payment-links/{link['id']}"))
    assert found["metadata"] == link["metadata"]
    assert found["pricing"] == {"type": "fixed", "amount_minor": 50_000, "currency": "RWF"}
    print(f"native     {found['pricing']['amount_minor']} minor units, by {', '.join(found['methods'])}")


def change_there_and_here(native: httpx.Client, client: httpx.Client, link: dict[str, Any]) -> None:
    """What one API cannot say survives the changes of the other."""
    answered(native.patch(f"/v1/payment-links/{link['id']}", json={"private_note": "Paid late last time"}))
    body = {"title": "Invoice #123, corrected", "amount": 45_000, "expires_at": "2031-12-31 23:59:59"}
    changed = answered(client.patch(f"{PATH}/{link['id']}", json=body))["link"]
    after = answered(native.get(f"/v1/payment-links/{link['id']}"))
    assert (changed["amount"], after["pricing"]["amount_minor"]) == (45_000, 45_000)
    assert (after["title"], after["private_note"]) == (changed["title"], "Paid late last time")
    print(f"changed    {changed['title']!r} here, {after['private_note']!r} there")


def pay(payer: httpx.Client, link: dict[str, Any]) -> None:
    """A payer: the page at the documented address, then the sandbox's prompt on a phone."""
    for _ in seconds():
        # The page hears of a change a moment later.
        if "Invoice #123, corrected" in payer.get(link["url"]).text:
            break
    session = answered(payer.post(f"/v1/checkout/{link['slug']}/sessions", json={}))
    path, headers = f"/v1/checkout/sessions/{session['id']}", {"Authorization": f"Bearer {session['token']}"}
    means = {"method": "mobile_money", "phone": "+250788123456"}
    answered(payer.post(f"{path}/pay", json=means, headers=headers))
    for _ in seconds():
        if answered(payer.get(path, headers=headers))["status"] == "paid":
            return
    raise SystemExit("It was not paid in time.")


def reconcile(client: httpx.Client, native: httpx.Client, link: dict[str, Any]) -> None:
    """The details, the charges and the native revenue agree to the franc, and the link is used up."""
    for _ in seconds():
        details = answered(client.get(f"{PATH}/{link['id']}"))
        if details["stats"]["successful_charges"] == 1 and details["link"]["status"] == "exhausted":
            break
    (charge,) = details["recent_charges"]
    assert (details["link"]["use_count"], charge["status"], charge["amount"]) == (1, "success", "45000.00")
    (revenue,) = answered(native.get(f"/v1/payment-links/{link['id']}/stats"))["revenue"]
    assert (revenue["amount_minor"], revenue["currency"]) == (details["stats"]["total_collected"], charge["currency"])
    print(f"paid       {details['stats']['total_collected']} {charge['currency']}, now {details['link']['status']}")


def answered(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_error:
        raise SystemExit(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}")
    return answer.json()


def seconds() -> Iterator[None]:
    ends = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < ends:
        yield
        time.sleep(0.25)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "var/local.json"))
