"""What makes generated requests meet something: bodies that are sound but for a few fields, and ids that exist.

A generator knows the shapes of ids, not the ids. Left alone, it would be told "there is no such product" ten thousand
times, and what comes after that door would never be tried.
"""

import itertools
import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.dialects import VOICES, Shop, Voice
from tests.support.members import Someone

_numbers = itertools.count(1)
FRESH: Mapping[str, Callable[[], str]] = {
    "slug": lambda: f"generated-{next(_numbers)}",
    "code": lambda: f"CODE{next(_numbers)}",
    "digital_id": lambda: f"prod_generated{next(_numbers)}",
}
FIELDS_SPOILED_MAX = 2
CHECKS = (
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


def _spare_email() -> str:
    return f"spare-{next(_numbers)}@example.com"


class Meetable:
    """A shop, and what is in it by the name of a path's parameter or of a body's field."""

    def __init__(self, shop: Shop, voice: Voice, person: Someone) -> None:
        self.shop = shop
        self.voice = voice
        self.person = person
        self.ids: dict[str, list[str]] = {}
        self._make: Mapping[str, Callable[[], Awaitable[list[str]]]] = {
            "link_id": self._links,
            "product_id": self._products,
            "plan_id": lambda: self._made("/v1/plans", PLAN),
            "tax_rate_id": lambda: self._made("/v1/tax-rates", {"name": "VAT", "percent": "18"}),
            "coupon_id": lambda: self._made("/v1/coupons", {"code": FRESH["code"](), "discount": PERCENT}),
            "key_id": lambda: self._made("/v1/api-keys", {"name": "Spare", "scopes": ["links:read"]}),
            "batch_id": lambda: self._made("/v1/payment-links/batches", {"items": [ROW]}),
            "member_id": self._members,
            "org_id": self._organization,
        }

    async def fill(self) -> None:
        self.ids = {name: await make() for name, make in self._make.items()}

    async def refill(self, path: str) -> None:
        """Anew what this path names: the operation before may have ended it."""
        for name in re.findall(r"{(\w+)}", path):
            self.ids[name] = await self._make[name]()

    async def sound_body(self, operation: Any, document: Mapping[str, Any]) -> Any:
        """A body that the operation takes; None where it takes none."""
        described = document["paths"][operation.path][operation.method]
        if "requestBody" not in described:
            return None
        path = document["servers"][0]["url"].rstrip("/") + operation.path.rstrip("/")
        if operation.method == "post" and path == self.voice.path:
            return await self.voice.body(self.shop, self.voice.currencies[0])
        own = {
            "createMember": {"email": _spare_email, "name": "Amina Okello", "role": "viewer"},
            "logIn": {"email": self.person.email, "password": self.person.password},
            "startCheckout": {"email": "buyer@example.com"},
            "updateOrganization": {"support_email": "hello@kampala-coffee.test"},
        }
        example = described["requestBody"]["content"]["application/json"].get("example")
        return own.get(described["operationId"], example)

    async def _made(self, path: str, body: dict[str, Any]) -> list[str]:
        answer = await self.shop.tenant.client.post(path, json=body)
        assert answer.is_success, answer.text
        return [answer.json()["id"]]

    async def _links(self) -> list[str]:
        return [self.voice.address(await each.make(self.shop, each.currencies[0])) for each in VOICES]

    async def _products(self) -> list[str]:
        product = await self.shop.tenant.product(price={"amount_minor": 1_999, "currency": "USD"})
        return [product["digital_id"] if self.voice.name == "digital" else product["id"]]

    async def _members(self) -> list[str]:
        return await self._made("/v1/members", {"email": _spare_email(), "name": "Amina Okello", "role": "viewer"})

    async def _organization(self) -> list[str]:
        return [str(self.shop.tenant.organization.id)]


PLAN = {"name": "Coffee", "price": {"amount_minor": 10_000, "currency": "XOF"}, "interval": "month"}
PERCENT = {"type": "percent", "basis_points": 1_000}
ROW = {"title": "Invoice", "pricing": {"type": "fixed", "amount_minor": 100, "currency": "UGX"}}


def changes(ids: Mapping[str, list[str]], sound: Any) -> st.SearchStrategy[Callable[[Any], None]]:
    """Ways to change a generated request: not at all, real ids put in, or into a sound one with few of its fields."""
    return st.builds(_change, st.sampled_from(("sound", "none", "sound", "ids")), st.randoms(), st.just((ids, sound)))


def _change(how: str, chance: random.Random, meets: tuple[Mapping[str, list[str]], Any]) -> Callable[[Any], None]:
    ids, sound = meets

    def change(case: Any) -> None:
        if how == "none":
            return
        for name in case.path_parameters or {}:
            if name in ids:
                case.path_parameters[name] = chance.choice(ids[name])
        if how == "ids":
            case.body = _placed(case.body, ids, chance)
            return
        case.query = {}
        case.headers = {}
        if isinstance(sound, dict):
            case.body = _placed(sound, ids, chance) | _fresh(sound) | _few_of(case.body, chance)
        elif sound is not None:
            case.body = sound

    return change


def _few_of(generated: Any, chance: random.Random) -> dict[str, Any]:
    """None every second time, so that there is always something sound."""
    if not isinstance(generated, dict) or chance.random() < 0.5:
        return {}
    return dict(chance.sample(sorted(generated.items()), min(chance.randint(1, FIELDS_SPOILED_MAX), len(generated))))


def _fresh(sound: dict[str, Any]) -> dict[str, str]:
    return {name: make() for name, make in FRESH.items() if name in sound}


def _placed(part: Any, ids: Mapping[str, list[str]], chance: random.Random) -> Any:
    """With a real id wherever one is named, and what has to be new each time made anew."""
    if callable(part):
        return part()
    if isinstance(part, dict):
        return {
            name: chance.choice(ids[name]) if name in ids else _placed(value, ids, chance)
            for name, value in part.items()
        }
    if isinstance(part, list):
        return [_placed(item, ids, chance) for item in part]
    return part


def sent(
    root: str, operation: Any, *, headers: Mapping[str, str], change: st.SearchStrategy[Any], count: int
) -> Counter[int]:
    """Sends `count` requests that are made for the operation, each changed as `change` says; how often what came back.

    Raises where an answer is a server's error, or not among those that the document names.
    """
    statuses: Counter[int] = Counter()
    with requests.Session() as http:

        @settings(
            max_examples=count,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(), change=change)
        def send(case: Any, change: Any) -> None:
            change(case)
            response = case.call(base_url=root, headers=headers, session=http)
            statuses[response.status_code] += 1
            case.validate_response(response, checks=CHECKS)

        send()
    return statuses
