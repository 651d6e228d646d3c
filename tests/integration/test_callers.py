"""Who asks checkout and notify: keys and sign-ins that links knows, remembered for a moment."""

import base64
from collections.abc import AsyncGenerator
from typing import Any, cast

import pytest

from services.links.use_cases.find_caller import find_caller
from shared.contracts.callers import FindCaller
from shared.kernel.faults import Forbidden, Unauthorized, Unavailable
from shared.kernel.moment import utc_now
from shared.runtime.broker import Broker
from shared.runtime.callers import KNOWN_WITHOUT_LINKS_SECONDS, Callers
from shared.runtime.limits import Limiter
from shared.runtime.member_tokens import TokenReader
from shared.runtime.postgres import Postgres
from tests.support.links import SECRET_KEY, LinksService, links_service
from tests.support.members import someone


class Bus:
    """Asks links in this process; `away` is links not answering."""

    def __init__(self, pg: Postgres) -> None:
        self._pg = pg
        self.away = False
        self.asked: list[FindCaller] = []

    async def request(self, _: str, ask: FindCaller, __: Any) -> Any:
        self.asked.append(ask)
        if self.away:
            raise Unavailable("links")
        return await find_caller(self._pg, ask, now=utc_now())


class Desk:
    def __init__(self, service: LinksService) -> None:
        self.bus = Bus(service.pg)
        self.seconds = 0.0
        self._callers = Callers(
            cast("Broker", self.bus),
            TokenReader(base64.urlsafe_b64decode(SECRET_KEY + "=" * (-len(SECRET_KEY) % 4))),
            Limiter("key", per_second=1000, burst=1000),
            monotonic=lambda: self.seconds,
        )

    async def ask(self, scope: str, **headers: str) -> Any:
        return await self._callers.caller(headers, scope, now=utc_now())


@pytest.fixture(scope="module")
async def service(databases: Any) -> AsyncGenerator[LinksService]:
    dsn = await databases.clone("links")
    async with links_service(dsn) as running:
        yield running
    await databases.drop(dsn)


@pytest.fixture
def desk(service: LinksService) -> Desk:
    return Desk(service)


async def test_a_key_is_known_with_its_organization_mode_and_rights(service: LinksService, desk: Desk) -> None:
    tenant = await service.tenant(scopes=("charges:read",))
    for headers in ({"authorization": f"Bearer {tenant.bearer}"}, {"x-api-key": tenant.bearer}):
        caller = await desk.ask("charges:read", **headers)
        assert (caller.org_id, caller.livemode, caller.by) == (tenant.organization.id, False, f"key:{tenant.key_id}")
    with pytest.raises(Forbidden):
        await desk.ask("refunds:write", authorization=f"Bearer {tenant.bearer}")


async def test_what_is_not_quite_a_key_is_refused_and_no_secret_is_asked_about(
    service: LinksService, desk: Desk
) -> None:
    good = (await service.tenant()).bearer
    for bad in ("", good[:-1], good + "x", good.replace("_test_", "_live_"), "plk_test__", "x" * 500, "a.b.c"):
        with pytest.raises(Unauthorized):
            await desk.ask("charges:read", authorization=f"Bearer {bad}")
    with pytest.raises(Unauthorized):
        await desk.ask("charges:read", authorization=f"Basic {good}")
    with pytest.raises(Unauthorized):
        await desk.ask("charges:read")
    _, _, _, secret = good.split("_", 3)  # it may have underscores
    assert secret not in repr(desk.bus.asked)


async def test_a_revoked_key_stops_within_moments(service: LinksService, desk: Desk) -> None:
    owner = await service.tenant()
    other = await service.tenant(of=owner.organization)
    await desk.ask("charges:read", authorization=f"Bearer {other.bearer}")
    assert (await owner.client.delete(f"/v1/api-keys/{other.key_id}")).is_success
    desk.seconds += 3
    with pytest.raises(Unauthorized):
        await desk.ask("charges:read", authorization=f"Bearer {other.bearer}")


async def test_who_was_known_a_moment_ago_is_let_in_while_links_is_away_but_not_for_long(
    service: LinksService, desk: Desk
) -> None:
    tenant = await service.tenant()
    await desk.ask("charges:read", authorization=f"Bearer {tenant.bearer}")
    desk.bus.away = True
    desk.seconds += 30
    assert (await desk.ask("charges:read", authorization=f"Bearer {tenant.bearer}")).org_id == tenant.organization.id
    desk.seconds += KNOWN_WITHOUT_LINKS_SECONDS
    with pytest.raises(Unavailable):
        await desk.ask("charges:read", authorization=f"Bearer {tenant.bearer}")


async def test_a_member_who_signed_in_is_known_until_they_sign_out(service: LinksService, desk: Desk) -> None:
    member = await someone(service, await service.tenant())
    authorization = member.client.headers["authorization"]
    assert (await desk.ask("refunds:write", authorization=authorization)).by == f"member:{member.id}"
    assert (await member.client.post("/v1/logout")).is_success
    desk.seconds += 3
    with pytest.raises(Unauthorized):
        await desk.ask("refunds:write", authorization=authorization)
