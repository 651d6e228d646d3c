"""Moving from a digital-products API to Paylinks: the same calls at a new base URL, and what is won.

With `make up` running in another terminal: `.venv/bin/python examples/move_from_digital.py var/local.json`
"""

import json
import secrets
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

PATH = "/api/v2/digital/links"
WAIT_SECONDS = 20


def main(local_file: Path) -> None:
    local = json.loads(local_file.read_text())
    gateway = local["gateway"]
    with (
        httpx.Client(base_url=gateway, headers=local["credentials"]["native"]) as native,
        httpx.Client(base_url=f"{gateway}/digital") as member,
        httpx.Client(base_url=gateway) as buyer,
    ):
        sign_in(member, gateway, local["dashboard"])
        product = bring_a_product(native)
        link = create(member, product)
        native_id = read_natively(native, link)
        change_there_and_here(native, member, link, native_id)
        pay(buyer, link)
        reconcile(member, native, link, native_id)


def sign_in(member: httpx.Client, gateway: str, dashboard: dict[str, str]) -> None:
    """As the dashboard does it: the cookie `session` is all that the calls bear."""
    body = {"email": dashboard["email"], "password": dashboard["password"], "kind": "cookie"}
    token = answered(httpx.post(f"{gateway}/v1/login", json=body))["token"]
    member.headers["Cookie"] = f"session={token}"
    print(f"signed in  {dashboard['email']}")


def bring_a_product(native: httpx.Client) -> dict[str, Any]:
    """What was sold before, with its price in minor units. It has a link of its own from now on."""
    body = {
        "name": "Python course",
        "description": "Twelve lessons, for life.",
        "price": {"amount_minor": 50_000, "currency": "UGX"},
    }
    product = answered(native.post("/v1/products", json=body))
    print(f"product    {product['digital_id']}")
    return product


def create(member: httpx.Client, product: dict[str, Any]) -> dict[str, Any]:
    """The call that the old client makes, as it is."""
    body = {
        "product_id": product["digital_id"],
        "slug": f"my-python-course-{secrets.token_hex(4)}",
        "title": "Advanced Python Course",
        "payment_methods": "mobile_money,card",
        "max_uses": 100,
        "expires_at": "2031-12-31T23:59:59Z",
    }
    link = answered(member.post(PATH, json=body))["data"]
    assert {key: link[key] for key in body} == body
    print(f"made       {link['id']}, active: {link['is_active']}")
    return link


def read_natively(native: httpx.Client, link: dict[str, Any]) -> str:
    """The same link, in the API that knows all of it."""
    (found,) = answered(native.get("/v1/payment-links", params={"slug": link["slug"]}))["data"]
    assert (found["pricing"]["type"], found["pricing"]["amount_minor"]) == ("product", 50_000)
    print(f"native     {found['id']}, {found['url']}")
    return found["id"]


def change_there_and_here(native: httpx.Client, member: httpx.Client, link: dict[str, Any], native_id: str) -> None:
    """What one API cannot say survives the changes of the other."""
    answered(native.patch(f"/v1/payment-links/{native_id}", json={"description": "Early birds only."}))
    changed = answered(member.put(f"{PATH}/{link['id']}", json={"price": 40_000, "max_uses": 1}))["data"]
    after = answered(native.get(f"/v1/payment-links/{native_id}"))
    assert (changed["price"], after["pricing"]["amount_minor"]) == (40_000, 40_000)
    assert (after["uses"]["max"], after["description"]) == (1, "Early birds only.")
    print(f"changed    {changed['price']} and {changed['max_uses']} use here, {after['description']!r} there")


def pay(buyer: httpx.Client, link: dict[str, Any]) -> None:
    """A buyer: the page of the slug, then the sandbox's prompt on a phone."""
    assert buyer.get(f"/checkout/{link['slug']}").is_success
    for _ in seconds():
        # Checkout hears of a change a moment later.
        session = answered(buyer.post(f"/v1/checkout/{link['slug']}/sessions", json={}))
        if session["total"]["amount_minor"] == 40_000:  # noqa: PLR2004 - the early birds' price
            break
    path, headers = f"/v1/checkout/sessions/{session['id']}", {"Authorization": f"Bearer {session['token']}"}
    means = {"method": "mobile_money", "phone": "+256772123456"}
    answered(buyer.post(f"{path}/pay", json=means, headers=headers))
    for _ in seconds():
        if answered(buyer.get(path, headers=headers))["status"] == "paid":
            return
    raise SystemExit("It was not paid in time.")


def reconcile(member: httpx.Client, native: httpx.Client, link: dict[str, Any], native_id: str) -> None:
    """Both revenues agree to the shilling, and the quota is reached."""
    for _ in seconds():
        revenue = answered(member.get(f"{PATH}/{link['id']}/revenue"))["data"]
        if revenue["paid_orders"] == 1:
            break
    (earned,) = answered(native.get(f"/v1/payment-links/{native_id}/stats"))["revenue"]
    assert revenue == {"total_revenue": earned["amount_minor"], "paid_orders": 1, "currency": earned["currency"]}
    after = answered(member.get(f"{PATH}/{link['id']}"))["data"]
    assert (after["use_count"], after["is_active"]) == (1, False)
    print(f"paid       {revenue['total_revenue']} {revenue['currency']}, active: {after['is_active']}")


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
