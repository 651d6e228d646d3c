"""Moving from a core API to Paylinks: the same calls at a new base URL, and what is won.

With `make up` running in another terminal: `.venv/bin/python examples/move_from_core.py var/local.json`
"""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

WAIT_SECONDS = 20


def main(local_file: Path) -> None:
    local = json.loads(local_file.read_text())
    gateway = local["gateway"]
    with (
        httpx.Client(base_url=f"{gateway}/core", headers=local["credentials"]["core"]) as client,
        httpx.Client(base_url=gateway, headers=local["credentials"]["native"]) as native,
        httpx.Client(base_url=gateway) as buyer,
    ):
        link = create(client)
        slug = read_natively(native, link)
        change_there_and_here(native, client, link)
        pay(buyer, link, slug)
        reconcile(client, native, link)
        sell_a_plan(client, local["plans"][0])


def create(client: httpx.Client) -> dict[str, Any]:
    """The call that the old client makes, byte for byte. The price is in the smallest unit."""
    body = {
        "link_type": "instant",
        "title": "Donation",
        "price": 5000,
        "currency_code": "XOF",
        "public_description": "Support our cause!",
        "success_url": "https://example.com/thank-you",
    }
    answer = answered(client.post("/payment-links", json=body))
    assert answer["success"] is True
    link = answer["data"]
    print(f"made       {link['url']}: {link['price']:.0f} {link['currency_code']}")
    return link


def read_natively(native: httpx.Client, link: dict[str, Any]) -> str:
    """The same link, in the API that knows all of it; its slug, by which checkout knows it."""
    found = answered(native.get(f"/v1/payment-links/{link['link_id']}"))
    assert found["pricing"] == {"type": "fixed", "amount_minor": 5_000, "currency": "XOF"}
    assert found["description"] == link["public_description"]
    print(f"native     {found['pricing']['amount_minor']} minor units, slug {found['slug']}")
    return found["slug"]


def change_there_and_here(native: httpx.Client, client: httpx.Client, link: dict[str, Any]) -> None:
    """What one API cannot say survives the changes of the other."""
    answered(native.patch(f"/v1/payment-links/{link['link_id']}", json={"uses_max": 1}))
    body = {"allowed_providers": ["SANDBOX"], "metadata": {"updated_via": "api"}}
    changed = answered(client.patch(f"/payment-links/{link['link_id']}", json=body))["data"]
    after = answered(native.get(f"/v1/payment-links/{link['link_id']}"))
    assert (after["metadata"], after["providers"], after["uses"]["max"]) == (changed["metadata"], ["sandbox"], 1)
    refused = client.patch(f"/payment-links/{link['link_id']}", json={"title": "Gift"})
    assert (refused.status_code, refused.json()["error"]["field"]) == (400, "title"), "as the document says"
    print(f"changed    {changed['allowed_providers']} here, {after['uses']['max']} use there")


def pay(buyer: httpx.Client, link: dict[str, Any], slug: str) -> None:
    """A buyer: the page at the documented address, then the sandbox's test card."""
    page = buyer.get(link["url"])
    assert (page.status_code, link["public_description"] in page.text) == (200, True)
    session = answered(buyer.post(f"/v1/checkout/{slug}/sessions", json={}))
    path, headers = f"/v1/checkout/sessions/{session['id']}", {"Authorization": f"Bearer {session['token']}"}
    answered(buyer.post(f"{path}/pay", json={"method": "card", "card_token": "tok_visa"}, headers=headers))
    for _ in seconds():
        if answered(buyer.get(path, headers=headers))["status"] == "paid":
            return
    raise SystemExit("It was not paid in time.")


def reconcile(client: httpx.Client, native: httpx.Client, link: dict[str, Any]) -> None:
    """The native revenue is what the link asked for, and the link is used up."""
    for _ in seconds():
        stats = answered(native.get(f"/v1/payment-links/{link['link_id']}/stats"))
        if stats["paid_count"] == 1:
            break
    (revenue,) = stats["revenue"]
    assert (revenue["amount_minor"], revenue["currency"]) == (link["price"], link["currency_code"])
    assert answered(client.get(f"/payment-links/{link['link_id']}"))["data"]["is_active"] is False
    print(f"paid       {revenue['amount_minor']} {revenue['currency']}, and the link is no longer active")


def sell_a_plan(client: httpx.Client, plan: dict[str, Any]) -> None:
    """The first payment of a plan, found again by the filters of the list."""
    body = {"link_type": "plan", "title": plan["name"], "currency_code": plan["currency"], "plan_id": plan["id"]}
    link = answered(client.post("/payment-links", json=body))["data"]
    query = {"link_type": "plan", "currency_code": plan["currency"], "is_active": "true"}
    found = answered(client.get("/payment-links", params=query))
    assert (found["data"][0]["link_id"], found["data"][0]["plan_amount"]) == (link["link_id"], plan["amount_minor"])
    assert client.delete(f"/payment-links/{link['link_id']}").content == b""
    print(f"plan       {link['plan_name']!r} for {link['plan_amount']:.0f} {link['currency_code']}")


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
