"""Moving from a catalog API to Paylinks: the same calls at a new base URL, and what is won.

With `make up` running in another terminal: `.venv/bin/python examples/move_from_catalog.py var/local.json`
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import httpx

WAIT_SECONDS = 20


def main(local_file: Path) -> None:
    local = json.loads(local_file.read_text())
    gateway = local["gateway"]
    product = next(product for product in local["products"] if product["currency"] == "USD")
    with (
        httpx.Client(base_url=f"{gateway}/catalog", headers=local["credentials"]["catalog"]) as members,
        httpx.Client(base_url=f"{gateway}/catalog") as buyers,
        httpx.Client(base_url=gateway, headers=local["credentials"]["native"]) as native,
    ):
        link = create(members, product["id"])
        read_natively(native, link)
        change_there_and_here(native, members, link)
        pay(gateway, buyers, link)
        reconcile(members, link)
        sell_without_a_catalog(gateway, local)


def create(members: httpx.Client, product_id: str) -> dict[str, Any]:
    """The call that the old client makes, byte for byte."""
    body = {
        "name": "Spring campaign",
        "products": [{"product_id": product_id, "quantity": 2}],
        "currency": "USD",
        "max_uses": 100,
        "metadata": {"channel": "newsletter"},
    }
    link = answered(members.post("/api/payment-links/", json=body))
    print(f"made       {link['url']}: {link['total']} {link['currency']}, tax {link['tax_amount']}")
    return link


def read_natively(native: httpx.Client, link: dict[str, Any]) -> None:
    """The same link, in the API that knows all of it."""
    found = answered(native.get(f"/v1/payment-links/{link['id']}"))
    assert found["metadata"] == link["metadata"]
    print(f"native     {found['pricing']['type']} of {found['pricing']['amount_minor']} minor units")


def change_there_and_here(native: httpx.Client, members: httpx.Client, link: dict[str, Any]) -> None:
    """What one API cannot say survives the changes of the other."""
    answered(native.patch(f"/v1/payment-links/{link['id']}", json={"description": "Arrives by e-mail."}))
    path = f"/api/payment-links/{link['id']}/"
    changed = answered(members.patch(path, json={"name": "Spring campaign, extended", "max_uses": 200}))
    after = answered(native.get(f"/v1/payment-links/{link['id']}"))
    assert (changed["max_uses"], after["uses"]["max"], after["description"]) == (200, 200, "Arrives by e-mail.")
    print(f"changed    {changed['name']!r} here, {after['description']!r} there")


def pay(gateway: str, buyers: httpx.Client, link: dict[str, Any]) -> None:
    """A buyer: preview, start, and the sandbox's test card."""
    public = f"/api/payment-links/public/{link['id']}"
    preview = answered(buyers.get(f"{public}/"))
    assert "Spring" not in json.dumps(preview), "the internal name is the merchant's own"
    billing = {"email": "buyer@example.com", "first_name": "Amina", "last_name": "Okello", "currency": "EUR"}
    session = answered(buyers.post(f"{public}/start/", json=billing))
    print(f"started    {session['checkout_url'].partition('?')[0]}")
    pay_session(gateway, session)


def pay_session(gateway: str, session: dict[str, Any]) -> None:
    path = f"{gateway}/v1/checkout/sessions/{session['id']}"
    headers = {"Authorization": f"Bearer {session['token']}"}
    answered(httpx.post(f"{path}/pay", json={"method": "card", "card_token": "tok_visa"}, headers=headers))
    for _ in seconds():
        if answered(httpx.get(path, headers=headers))["status"] == "paid":
            return
    raise SystemExit("It was not paid in time.")


def reconcile(members: httpx.Client, link: dict[str, Any]) -> None:
    """The list, the details and the payments agree to the cent."""
    path = f"/api/payment-links/{link['id']}/"
    for _ in seconds():
        details = answered(members.get(path))
        payments = answered(members.get(f"{path}payments/"))
        if details["paid_count"] == 1 and payments["count"] == 1:
            break
    (payment,) = payments["results"]
    assert details["revenue_by_currency"] == {payment["currency"]: payment["amount"]}
    print(f"paid       {payment['amount']} {payment['currency']}, receipt {payment['receipt_number']}")


def sell_without_a_catalog(gateway: str, local: dict[str, Any]) -> None:
    """A server, by its API key. Sent twice with one Idempotency-Key, it is one checkout."""
    key = local["credentials"]["native"]["Authorization"].removeprefix("Bearer ")
    body = {"email": "buyer@example.com", "line_items": [{"name": "Setup", "unit_price": "49.00"}]}
    headers = {"Authorization": f"Api-Key {key}", "Idempotency-Key": f"order-{time.time_ns()}"}
    first, again = (
        answered(httpx.post(f"{gateway}/catalog/checkout/create/", json=body, headers=headers)) for _ in range(2)
    )
    assert first == again
    pay_session(gateway, first)
    print("own items  49.00 USD, paid once")


def answered(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_error:
        raise SystemExit(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}")
    return answer.json()


def seconds() -> Any:
    ends = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < ends:
        yield
        time.sleep(0.25)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "var/local.json"))
