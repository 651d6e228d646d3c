"""What holds for every answer of a stack: request ids, limits that leave room, documents that are served."""

import asyncio
import re
import time

import pytest

from tests.e2e.api import Api

pytestmark = pytest.mark.stack
# What a client that is not on the machine of a test stack may do.
OTHERS_PER_SECOND = 50
OTHERS_BURST = 200
ASKED = 1500


@pytest.mark.parametrize(
    "path",
    [
        "/v1/payment-links",
        "/v1/checkout/none",
        "/checkout/none",
        "/v1/mails",
        "/nowhere",
        "/callbacks/sandbox/none",
        "/docs/asyncapi.json",
        "/docs",
        "/",
    ],
)
async def test_every_answer_bears_a_request_id(api: Api, path: str) -> None:
    answer = await api.send.get(path)
    assert len(answer.headers["x-request-id"]) >= 8
    named = await api.send.get(path, headers={"X-Request-Id": "my-own-id-0001"})
    assert named.headers.get_list("x-request-id") == ["my-own-id-0001"]
    if named.headers.get("content-type") == "application/problem+json":
        assert named.json()["request_id"] == "my-own-id-0001"


async def test_one_client_of_a_test_stack_may_ask_five_hundred_times_a_second(api: Api) -> None:
    link = await api.link()
    began = time.monotonic()
    answers: list[int] = []

    def others_would_be_refused() -> bool:
        """However slow the machine is: sooner or later so many questions are more than others may ask."""
        return len(answers) > OTHERS_BURST + OTHERS_PER_SECOND * (time.monotonic() - began)

    async def ask() -> None:
        while len(answers) < ASKED or not others_would_be_refused():
            answer = await api.send.get(f"/v1/checkout/{link['slug']}")
            answers.append(answer.status_code)

    await asyncio.gather(*(ask() for _ in range(15)))
    assert set(answers) == {200}


@pytest.mark.parametrize("path", ["/docs", "/docs/"])
async def test_the_page_of_documents_leads_to_each(api: Api, path: str) -> None:
    page = await api.send.get(path)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    documents = re.findall(r'href="([^"]+)"', page.text)
    assert len(documents) > 10
    for document in documents:
        assert (await api.send.get(document)).status_code == 200, document


@pytest.mark.parametrize("service", ["links", "checkout", "notify"])
async def test_the_http_apis_are_described_at_the_gateway(api: Api, service: str) -> None:
    document = (await api.send.get(f"/docs/openapi/{service}.json")).json()
    assert document["openapi"].startswith("3.1")
    paths = set(document["paths"])
    wanted = {
        "links": {"/v1/payment-links", "/v1/payment-links/{link_id}/stats", "/v1/products"},
        "checkout": {"/v1/checkout/{slug}", "/v1/checkout/{slug}/sessions", "/v1/checkout/sessions/{session_id}/pay"},
        "notify": set(),
    }
    assert wanted[service] <= paths
    assert not [path for path in paths if path.startswith("/checkout")], "pages are not an API"


async def test_the_bus_is_described_at_the_gateway(api: Api) -> None:
    document = (await api.send.get("/docs/asyncapi.json")).json()
    assert document["asyncapi"].startswith("3.")
    text = str(document)
    for fact in ("charge.succeeded", "use.settled", "mail.sent", "link.created"):
        assert fact in text
