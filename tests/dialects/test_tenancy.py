"""Every route of every dialect against ids that belong to another organization."""

from datetime import timedelta
from typing import Any

import pytest

from services.links.app import DIALECTS
from services.links.dialects.surface.openapi import Operation
from tests.support.dialects import VOICES, Shop, shop_of
from tests.support.links import LinksService


@pytest.fixture
def links(shared_links: LinksService) -> LinksService:
    shared_links.ahead = timedelta()
    return shared_links


WITH_ID = [
    (dialect.name, dialect.root + operation.path, operation)
    for dialect in DIALECTS
    for operation in dialect.document.operations
    if "{" in operation.path and not operation.open
]


@pytest.mark.parametrize(
    ("dialect", "path", "operation"), WITH_ID, ids=[f"{name}-{operation.id}" for name, _, operation in WITH_ID]
)
async def test_what_belongs_to_another_organization_does_not_exist(
    links: LinksService, *, dialect: str, path: str, operation: Operation
) -> None:
    theirs = await shop_of(links)
    voice = next(voice for voice in VOICES if voice.name == dialect)
    link_id = await voice.make(theirs, voice.currencies[-1])
    before = await theirs.native(link_id)
    address = path.format(link_id=voice.address(link_id), org_id=theirs.tenant.organization.id)
    seen = await _asked(theirs, voice.name, operation, address) if operation.method == "get" else None
    assert seen in {None, 200}
    mine = await shop_of(links)
    assert await _asked(mine, voice.name, operation, address) == 404
    assert await theirs.native(link_id) == before


async def _asked(shop: Shop, dialect: str, operation: Operation, path: str) -> int:
    body: Any = None if operation.body is None else operation.body_example
    return (await shop.ask(dialect, operation.method.upper(), path, body)).status_code


@pytest.mark.parametrize("voice", VOICES, ids=lambda voice: voice.name)
async def test_a_list_shows_nothing_of_another_organization(links: LinksService, *, voice: Any) -> None:
    theirs, mine = await shop_of(links), await shop_of(links)
    link_id = await voice.make(theirs, voice.currencies[-1])
    names = {voice.address(link_id), (await theirs.native(link_id))["slug"]}
    seen = (await voice.list(theirs)).text
    assert any(name in seen for name in names)
    listed = await voice.list(mine)
    assert listed.status_code == 200
    assert not any(name in listed.text for name in names)
