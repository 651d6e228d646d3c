import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.links.dialects.native.batch_rows import draft_of_row
from services.links.domain.keys import SCOPES
from services.links.use_cases.open_batch import WAITING_MAX
from services.links.use_cases.run_batches import Batches
from tests.support.links import FIXED, ROOT, LinksService, Tenant
from tests.support.links_process import links_process

BATCHES = f"{ROOT}/batches"
ITEM: dict[str, Any] = {"title": "Invoice", "pricing": FIXED}


def worker(service: LinksService) -> Batches:
    return Batches(service.pg, service.now, read=draft_of_row, wake=service.runtime.wake, test_mode=True)


async def opened(shop: Tenant, items: list[Any], **headers: str) -> dict[str, Any]:
    answer = await shop.client.post(BATCHES, json={"items": items}, headers=headers)
    assert answer.status_code == 202, answer.text
    return answer.json()


async def read(shop: Tenant, batch: dict[str, Any]) -> dict[str, Any]:
    return (await shop.client.get(f"{BATCHES}/{batch['id']}")).json()


async def rows(shop: Tenant, batch: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
    answer = await shop.client.get(f"{BATCHES}/{batch['id']}/rows?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def links_made(service: LinksService) -> int:
    return await service.pg.fetchval("SELECT count(*) FROM link")


async def test_rows_become_links_in_the_background_and_bad_ones_say_what_is_wrong(
    service: LinksService, shop: Tenant
) -> None:
    await shop.make(slug="taken")
    batch = await opened(
        shop,
        [
            ITEM | {"slug": "first"},
            ITEM | {"pricing": FIXED | {"amount_minor": 0}},
            ITEM | {"slug": "taken"},
            ITEM | {"nonsense": 1},
            "no object",
            ITEM | {"pricing": FIXED | {"currency": "XXX"}},
            ITEM | {"title": "4242 4242 4242 4242"},
            ITEM,
            ITEM,
        ],
    )
    assert (batch["state"], batch["total"], batch["pending"]) == ("queued", 9, 9)
    await worker(service).work()
    after = await read(shop, batch)
    assert (after["state"], after["created"], after["failed"], after["pending"]) == ("finished", 3, 6, 0)
    found = await rows(shop, batch)
    assert [one["row"] for one in found] == list(range(1, 10))
    errors = {one["row"]: (one["error"]["code"], one["error"]["field"]) for one in found if one["error"]}
    assert errors == {
        2: ("invalid", "pricing.amount_minor"),
        3: ("slug_taken", "slug"),
        4: ("invalid", "nonsense"),
        5: ("invalid", ""),
        6: ("unknown_currency", "pricing.currency"),
        7: ("invalid", "title"),
    }
    made = await shop.read(found[0]["link_id"])
    assert (made["slug"], made["created_by"], made["url"]) == ("first", f"key:{shop.key_id}", found[0]["url"])
    assert found[7]["slug"] != found[8]["slug"]
    assert sum(type_ == "links.link.created" for type_, _ in await service.facts()) == 4


async def test_a_csv_file_makes_links(service: LinksService, shop: Tenant) -> None:
    text = "\ufefftitle,currency,amount_minor,slug\r\nOne,UGX,5000,one\r\nTwo,UGX,much,two\r\nThree,UGX\r\n"
    answer = await shop.client.post(BATCHES, content=text, headers={"Content-Type": "Text/CSV; charset=utf-8"})
    assert (answer.status_code, answer.json()["failed"]) == (202, 0)
    await worker(service).work()
    found = await rows(shop, answer.json())
    assert [one["state"] for one in found] == ["created", "failed", "failed"]
    assert found[1]["error"]["field"] == "pricing.amount_minor"
    assert found[2]["error"]["rule"] == "has 2 cells, and the header 4"
    assert (await shop.read(found[0]["link_id"]))["pricing"]["amount_minor"] == 5000


async def test_a_dry_run_says_what_would_be_and_makes_nothing(service: LinksService, shop: Tenant) -> None:
    await shop.make(slug="taken")
    items = [ITEM | {"slug": slug} for slug in ("fresh", "taken", "fresh")]
    before = await links_made(service)
    answer = await shop.client.post(f"{BATCHES}?dry_run=true", json={"items": items})
    await worker(service).work()
    after = await read(shop, answer.json())
    assert (after["dry_run"], after["valid"], after["failed"], after["created"]) == (True, 1, 2, 0)
    assert [one["error"] and one["error"]["code"] for one in await rows(shop, after)] == [
        None,
        "slug_taken",
        "slug_taken",
    ]
    assert await links_made(service) == before


async def test_a_batch_is_made_once_however_often_it_is_sent(service: LinksService, shop: Tenant) -> None:
    first = await shop.client.post(BATCHES, json={"items": [ITEM]}, headers={"Idempotency-Key": "a"})
    again = await shop.client.post(BATCHES, json={"items": [ITEM]}, headers={"Idempotency-Key": "a"})
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
    other = await shop.client.post(BATCHES, json={"items": [ITEM, ITEM]}, headers={"Idempotency-Key": "a"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    tried = await shop.client.post(f"{BATCHES}?dry_run=true", json={"items": [ITEM]}, headers={"Idempotency-Key": "a"})
    assert (tried.status_code, tried.json()["dry_run"]) == (202, True)
    await worker(service).work()
    assert await links_made(service) == 1


async def test_several_workers_make_every_link_once(service: LinksService, shop: Tenant) -> None:
    batches = [await opened(shop, [ITEM] * 60) for _ in range(3)]
    workers = [worker(service) for _ in range(4)]
    await asyncio.gather(*(one.work() for one in workers))
    # Also two that hold the same batch, as when one was thought dead: the row decides.
    for batch in batches:
        assert (await read(shop, batch))["created"] == 60
    assert await links_made(service) == 180


@pytest.mark.parametrize(("place", "made"), [("batch.before-commit:4", 3), ("batch.committed:4", 4)])
async def test_a_worker_that_is_killed_in_the_middle_makes_no_second_link(
    service: LinksService, shop: Tenant, nats_url: str, tmp_path: Path, *, place: str, made: int
) -> None:
    batch = await opened(shop, [ITEM | {"reference": f"row {number}"} for number in range(10)])
    dsn = str(service.runtime.settings.postgres_dsn)
    doomed = links_process(dsn, nats_url=nats_url, folder=tmp_path, crash=place)
    try:
        await doomed.start()
        assert await asyncio.wait_for(doomed.exited(), 20) == -9
    finally:
        await doomed.stop()
    assert await links_made(service) == made
    halfway = await read(shop, batch)
    assert (halfway["state"], halfway["created"]) == ("running", made)
    assert await worker(service).bite() is False  # it may yet be alive
    await service.pg.execute("UPDATE link_batch SET taken_until = now() - interval '1 second'")
    await worker(service).work()
    assert ((await read(shop, batch))["created"], await links_made(service)) == (10, 10)
    references = await service.pg.fetch("SELECT reference FROM link ORDER BY id")
    assert [row["reference"] for row in references] == [f"row {number}" for number in range(10)]


async def test_rows_page_in_order_and_by_state(service: LinksService, shop: Tenant) -> None:
    batch = await opened(shop, [ITEM, {}] * 5)
    await worker(service).work()
    seen: list[int] = []
    params = {"limit": "2", "state": "failed"}
    while True:
        page = (await shop.client.get(f"{BATCHES}/{batch['id']}/rows", params=params)).json()
        seen += [one["row"] for one in page["data"]]
        if not page["has_more"]:
            break
        params["cursor"] = page["next_cursor"]
    assert seen == [2, 4, 6, 8, 10]
    for query in ("state=gone", "cursor=x", "limit=0", "x=1"):
        assert (await shop.client.get(f"{BATCHES}/{batch['id']}/rows?{query}")).status_code == 400


async def test_errors_come_as_a_file_that_no_spreadsheet_runs(service: LinksService, shop: Tenant) -> None:
    batch = await opened(shop, [ITEM, ITEM | {"=HYPERLINK(0)": 1}, ITEM | {"metadata": {"=1+1": "\x07"}}])
    await worker(service).work()
    answer = await shop.client.get(f"{BATCHES}/{batch['id']}/errors")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment")
    header, *lines = answer.text.splitlines()
    assert header == '"row","code","field","rule"'
    assert [line.split(",")[0] for line in lines] == ['"2"', '"3"']
    assert not any(cell.strip('"').startswith(("=", "+", "-", "@")) for line in lines for cell in line.split(","))


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (b"", "application/json"),
        (b"[]", "application/json"),
        (b'{"items": []}', "application/json"),
        (b'{"items": {}}', "application/json"),
        (b'{"items": [{}], "x": 1}', "application/json"),
        (b'{"items": [' + b"[" * 5000 + b"]" * 5000 + b"]}", "application/json"),
        (msgspec.json.encode({"items": [{}] * 501}), "application/json"),
        (b"title\r\n", "text/csv"),
        (b"nonsense\r\nx\r\n", "text/csv"),
        (b"title\r\n\xff\r\n", "text/csv"),
        (b'{"items": [{}]}', "text/plain"),
    ],
)
async def test_what_is_no_batch_is_refused_whole(service: LinksService, shop: Tenant, body: bytes, media: str) -> None:
    answer = await shop.client.post(BATCHES, content=body, headers={"Content-Type": media})
    if answer.status_code == 202:  # nested beyond reading: the row says so
        await worker(service).work()
        assert (await read(shop, answer.json()))["failed"] == 1
        return
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert await service.pg.fetchval("SELECT count(*) FROM link_batch") == 0


async def test_a_batch_may_have_a_mebibyte_and_a_single_link_may_not(service: LinksService, shop: Tenant) -> None:
    large = ITEM | {"description": "x" * 4_900}
    body = msgspec.json.encode({"items": [large] * 200})
    assert 900_000 < len(body) < 1024 * 1024
    answer = await shop.client.post(BATCHES, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 202
    too_large = await shop.client.post(BATCHES, content=body * 2, headers={"Content-Type": "application/json"})
    assert too_large.status_code in {400, 413}
    single = await shop.client.post(ROOT, json=ITEM | {"description": "x" * 70_000})
    assert single.status_code == 400


async def test_an_organization_cannot_pile_up_batches(shop: Tenant) -> None:
    for _ in range(WAITING_MAX):
        await opened(shop, [ITEM])
    answer = await shop.client.post(BATCHES, json={"items": [ITEM]})
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")


async def test_a_foreign_batch_is_a_404_and_a_reader_makes_none(service: LinksService, shop: Tenant) -> None:
    batch = await opened(shop, [ITEM])
    stranger = await service.tenant()
    for path in ("", "/rows", "/errors"):
        assert (await stranger.client.get(f"{BATCHES}/{batch['id']}{path}")).status_code == 404
    reader = await service.tenant(scopes=tuple(scope for scope in SCOPES if scope != "links:write"))
    answer = await reader.client.post(BATCHES, json={"items": [ITEM]})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
