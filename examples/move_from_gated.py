"""Moving over from the `gated` API: the same calls at a new base URL, next to the native API, up to a paid link.

With `make up` running:  python examples/move_from_gated.py var/local.json
"""

import json
import re
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

PATIENCE_SECONDS = 30


def main(local: dict[str, Any]) -> None:
    buyer = f"amina.{time.time_ns()}@example.com"
    gated = httpx.Client(base_url=f"{local['gateway']}/gated", headers=local["credentials"]["gated"], timeout=30)
    public = httpx.Client(base_url=f"{local['gateway']}/gated", timeout=30)
    native = httpx.Client(base_url=f"{local['gateway']}/v1", headers=local["credentials"]["native"], timeout=30)

    print("1. Your code as it is, at the new base URL")
    made = ok(
        gated.post(
            "/payment-links",
            json={
                "email": buyer,
                "org_id": local["organization_id"],
                "transaction_id": "TX-2041",
                "payment_amount": 50000,
                "currency": "UGX",
            },
        )
    )
    print(f"   {made['status']} until {made['expires_at']}: {made['url']}")

    print("2. The same link in the native API")
    link = ok(native.get(f"/payment-links/{made['link_id']}"))
    print(f"   {link['pricing']}, gate {link['gate']}, reference {link['reference']}")

    print("3. Changed there, read here: nothing is lost")
    ok(native.patch(f"/payment-links/{made['link_id']}", json={"title": "Order 2041", "metadata": {"crm": "42"}}))
    whole = ok(gated.get(f"/payment-links/{made['link_id']}"))
    print(f"   for {whole['email']}, {whole['payment_amount']} {whole['currency']}, metadata {whole['metadata']}")

    print("4. The public sees no recipient; who proves the address does")
    print(f"   {ok(public.get(made_path(made)))['email']}")
    asked_at = datetime.now(UTC)
    ok(public.post("/payment-links/otp", json={"email": buyer}))
    code = code_mailed(local["mailbox_json"], buyer, after=asked_at)
    proof = ok(public.put("/payment-links/otp", json={"email": buyer, "otp": code}))
    bearer = {"Authorization": f"Bearer {proof['token']}"}
    print(f"   {ok(public.get(made_path(made), headers=bearer))['email']}, for {proof['expires_in'] // 3600} hours")

    print("5. Paid in test mode, with the token that opens the page")
    status = pay(local["gateway"], made["url"], bearer)
    print(f"   {status}")
    print(f"   {earned(native, made['link_id'])}")

    print("6. Revoked by its recipient")
    print(f"   {ok(gated.request('DELETE', '/payment-links', json={'email': buyer}))}")
    print(f"   valid: {ok(public.post('/payment-links/verify', json={'link_id': made['link_id']}))['valid']}")


def made_path(made: dict[str, Any]) -> str:
    return f"/payment-links/{made['link_id']}"


def pay(gateway: str, url: str, bearer: dict[str, str]) -> str:
    """As the buyer's page does it: open a session, pay by mobile money, look until it is decided."""
    slug = url.rsplit("/", 1)[1]
    with httpx.Client(base_url=f"{gateway}/v1/checkout", timeout=30) as checkout:
        opened = ok(checkout.post(f"/{slug}/sessions", json={"customer": {"name": "Amina"}}, headers=bearer))
        session = {"Authorization": f"Bearer {opened['token']}"}
        means = {"method": "mobile_money", "phone": "+256772123456"}
        ok(checkout.post(f"/sessions/{opened['id']}/pay", json=means, headers=session))
        ends = time.monotonic() + PATIENCE_SECONDS
        while (status := ok(checkout.get(f"/sessions/{opened['id']}", headers=session))["status"]) != "paid":
            if time.monotonic() > ends:
                sys.exit(f"not paid within {PATIENCE_SECONDS} s: {status}")
            time.sleep(0.5)
    return str(status)


def earned(native: httpx.Client, link_id: str) -> Any:
    """The link's revenue, once the payment has arrived there."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while not (revenue := ok(native.get(f"/payment-links/{link_id}/stats"))["revenue"]):
        if time.monotonic() > ends:
            sys.exit(f"nothing earned within {PATIENCE_SECONDS} s")
        time.sleep(0.25)
    return revenue


def code_mailed(mailbox: str, address: str, *, after: datetime) -> str:
    ends = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < ends:
        for mail in httpx.get(mailbox, params={"to": address, "limit": 5}).json():
            code = re.search(r"^(\d{6})\r?$", mail["text"], re.MULTILINE)
            if code and datetime.fromisoformat(mail["received_at"]) >= after:
                return code[1]
        time.sleep(0.25)
    sys.exit(f"no code within {PATIENCE_SECONDS} s")


def ok(answer: httpx.Response) -> Any:
    if answer.is_error:
        sys.exit(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}")
    return answer.json()


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
