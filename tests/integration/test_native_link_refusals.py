from collections.abc import AsyncGenerator
from typing import Any

import pytest

from tests.support.links import FIXED, ROOT, LinksService, Tenant, links_service
from tests.support.servers import Databases


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncGenerator[LinksService]:
    """Shared by the tests of this file: each has organizations of its own."""
    dsn = await databases.clone("links")
    async with links_service(dsn) as running:
        yield running
    await databases.drop(dsn)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "   "}, "title"),
        ({"title": "Invoice\r\nBcc: x@example.com"}, "title"),
        ({"title": "Invoice\t#1"}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": None}, "title"),
        ({"title": 7}, "title"),
        ({"title": "Pay with 4242 4242 4242 4242"}, "title"),
        ({"description": "4242-4242-4242-4242"}, "description"),
        ({"private_note": "x" * 5001}, "private_note"),
        ({"metadata": {"k": "5555555555554444"}}, "metadata.k"),
        ({"metadata": {f"k{n}": "v" for n in range(51)}}, "metadata"),
        ({"metadata": [1]}, "metadata"),
        ({"metadata": {"k": 5555555555554444}}, "metadata.k"),
        ({"metadata": {"k": {"deep": ["5555 5555 5555 4444"]}}}, "metadata.k.deep"),
        ({"metadata": {"k": 10**70}}, "metadata.k"),
        ({"metadata": {"k" * 101: "v"}}, "metadata"),
        ({"metadata": {"k": "v" * 2001}}, "metadata.k"),
        ({"metadata": {f"k{n}": "v" * 1999 for n in range(9)}}, "metadata"),
        ({"pricing": {"type": "fixed", "amount_minor": 0, "currency": "UGX"}}, "pricing.amount_minor"),
        ({"pricing": {"type": "fixed", "amount_minor": -5, "currency": "UGX"}}, "pricing.amount_minor"),
        ({"pricing": {"type": "fixed", "amount_minor": 2**70, "currency": "UGX"}}, "pricing.amount_minor"),
        ({"pricing": {"type": "fixed", "amount_minor": 1.5, "currency": "UGX"}}, "pricing.amount_minor"),
        ({"pricing": {"type": "fixed", "amount_minor": "5", "currency": "UGX"}}, "pricing.amount_minor"),
        ({"pricing": {"type": "fixed", "amount_minor": True, "currency": "UGX"}}, "pricing.amount_minor"),
        ({"pricing": {"type": "fixed", "currency": "UGX"}}, "pricing"),
        ({"pricing": {"type": "fixed", "amount_minor": 5, "currency": "ugx"}}, "pricing.currency"),
        ({"pricing": {"type": "fixed", "amount_minor": 5, "currency": "UGX", "tip": 1}}, "pricing"),
        ({"pricing": {"type": "flexible", "currency": "UGX", "min_minor": 9, "max_minor": 5}}, "pricing.max_minor"),
        ({"pricing": {"type": "gift"}}, "pricing.type"),
        ({"pricing": {"type": "plan", "plan_id": "x"}}, "pricing.type"),
        ({"pricing": {"type": "cart", "items": []}}, "pricing.type"),
        ({"slug": "Invoice"}, "slug"),
        ({"slug": "-x"}, "slug"),
        ({"slug": "x-"}, "slug"),
        ({"slug": "x" * 65}, "slug"),
        ({"slug": "sessions"}, "slug"),
        ({"slug": "a/b"}, "slug"),
        ({"slug": "x\n"}, "slug"),
        ({"uses_max": 0}, "uses_max"),
        ({"uses_max": 10**9 + 1}, "uses_max"),
        ({"uses_max": 2**70}, "uses_max"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "2050-01-01T00:00:00"}, "expires_at"),
        ({"expires_at": "2999-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-14:00"}, "expires_at"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"expires_at": 1893456000}, "expires_at"),
        ({"starts_at": "0001-01-01T00:00:00+14:00"}, "starts_at"),
        ({"starts_at": "2051-01-01T00:00:00Z", "expires_at": "2050-01-01T00:00:00Z"}, "expires_at"),
        ({"methods": []}, "methods"),
        ({"methods": ["card", "card"]}, "methods"),
        ({"methods": ["cash"]}, "methods.0"),
        ({"methods": ["card"] * 5}, "methods"),
        ({"providers": ["Not A Provider"]}, "providers.0"),
        ({"collect": {"email": "maybe"}}, "collect.email"),
        ({"collect": {"shoe_size": "no"}}, "collect.shoe_size"),
        ({"success_url": "http://shop.example.com"}, "success_url"),
        ({"success_url": "javascript:alert(1)"}, "success_url"),
        ({"success_url": "//shop.example.com"}, "success_url"),
        ({"success_url": "https://a.example.com//b"}, "success_url"),
        ({"success_url": "https://a.example.com\\b"}, "success_url"),
        ({"success_url": "https://user:pw@a.example.com/"}, "success_url"),
        ({"success_url": "https://a.example.com/\tx"}, "success_url"),
        ({"success_url": "https://10.0.0.1/"}, "success_url"),
        ({"success_url": "https://[::1"}, "success_url"),
        ({"success_url": "https://a.example.com:99999/"}, "success_url"),
        ({"success_url": "https://"}, "success_url"),
        ({"cancel_url": "ftp://a.example.com/"}, "cancel_url"),
        ({"branding": {"color": "red"}}, "branding.color"),
        ({"branding": {"logo_url": "http://a.example.com/l.png"}}, "branding.logo_url"),
        ({"late_payment_policy": "keep"}, "late_payment_policy"),
        ({"nonsense": 1}, "nonsense"),
        ({"pricing": {"type": "fixed", "currency": "UGX"}}, "pricing.amount_minor"),
        ({"pricing": FIXED | {"amount": 5}}, "pricing.amount"),
        ({"private_note": "a\u001bb"}, "private_note"),
    ],
)
async def test_what_cannot_be_accepted_is_named(shop: Tenant, fields: dict[str, Any], field: str) -> None:
    answer = await shop.client.post(ROOT, json={"title": "x", "pricing": FIXED} | fields)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (400, "invalid"), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["field"].replace("[", ".").replace("]", "").startswith(field.split(".", maxsplit=1)[0])


async def test_an_unknown_currency_is_its_own_problem(shop: Tenant) -> None:
    pricing = {"type": "fixed", "amount_minor": 5, "currency": "XXZ"}
    answer = await shop.client.post(ROOT, json={"title": "x", "pricing": pricing})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_currency")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe",
        b'{"title": "a\\u0000b", "pricing": {"type": "open"}}',
        b'{"title": "a", "title": "b", "pricing": {"type": "open"}}',
        b'{"title": "\\ud800", "pricing": {"type": "open"}}',
        b'{"title": "a", "metadata": {"\\u0000": "b"}, "pricing": {"type": "open"}}',
        b'{"title": "a", "pricing": {"type": "open", "type": "fixed"}}',
        b"[" * 5000,
        b'{"title": "' + b"x" * 70_000 + b'"}',
    ],
)
async def test_a_body_that_is_not_one_of_ours_is_a_400(shop: Tenant, raw: bytes) -> None:
    answer = await shop.client.post(ROOT, content=raw)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


async def test_raw_control_characters_are_refused(shop: Tenant) -> None:
    answer = await shop.client.post(ROOT, json={"title": "a\x07b", "pricing": FIXED})
    assert answer.status_code == 400
