"""Who is not let in is told how to ask: a 401 names its scheme (RFC 9110 section 11.6.1)."""

import httpx
import pytest

from services.links.app import DIALECTS
from services.links.dialects.surface.openapi import Operation
from shared.kernel.ids import new_id
from tests.support import gated
from tests.support.links import LinksService
from tests.support.members import client_of, someone

SCHEMES = {
    "collections": 'ApiKey header="X-DGS-API-Key"',
    "core": 'ApiKey header="X-API-Key"',
    "digital": 'Cookie cookie-name="session", form-action="/dashboard/login"',
    "catalog": "Token",
    "gated": "Bearer",
}
WRONG = {
    "collections": {"X-DGS-API-Key": "plk_test_x_y"},
    "core": {"X-API-Key": "plk_test_x_y"},
    "digital": {"Cookie": "session=x"},
    "catalog": {"Authorization": "Token x"},
    "gated": {"Authorization": "Bearer x"},
}
ASKING = [
    (dialect.name, dialect.root + operation.path, operation)
    for dialect in DIALECTS
    for operation in dialect.document.operations
    if not operation.open
]


@pytest.fixture(scope="module")
def http(shared_links: LinksService) -> httpx.AsyncClient:
    return client_of(shared_links)


@pytest.mark.parametrize(
    ("dialect", "path", "operation"), ASKING, ids=[f"{name}-{operation.id}" for name, _, operation in ASKING]
)
async def test_every_route_that_wants_credentials_names_their_scheme(
    http: httpx.AsyncClient, *, dialect: str, path: str, operation: Operation
) -> None:
    address = path.format(link_id=new_id(), org_id=new_id())
    body = None if operation.body is None else operation.body_example
    for headers in ({}, WRONG[dialect]):
        answer = await http.request(operation.method, address, json=body, headers=headers)
        assert answer.status_code == 401, answer.text
        servers_own = operation.path.startswith("/checkout/")
        assert answer.headers["www-authenticate"] == ("Api-Key" if servers_own else SCHEMES[dialect])


async def test_wrong_passwords_and_codes_are_answered_with_the_scheme_of_their_api(
    shared_links: LinksService, http: httpx.AsyncClient
) -> None:
    owner = await someone(shared_links, await shared_links.tenant())
    body = {"email": owner.email, "password": "wrong"}
    gated.believe_code(shared_links)
    code = {"email": gated.EMAIL, "otp": "000000"}
    for method, path, sent, scheme in (
        ("POST", "/v1/login", body, "Bearer"),
        ("POST", "/catalog/api/login/", body, "Token"),
        ("PUT", "/gated/payment-links/otp", code, "Bearer"),
    ):
        answer = await http.request(method, path, json=sent)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, scheme)


async def test_only_a_401_names_a_scheme(http: httpx.AsyncClient) -> None:
    for path in ("/core/nothing", "/v1/nothing", f"/catalog/api/payment-links/public/{new_id()}/"):
        answer = await http.get(path)
        assert (answer.status_code, "www-authenticate" in answer.headers) == (404, False)
