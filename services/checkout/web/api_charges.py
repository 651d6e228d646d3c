"""`/v1/charges`: what was paid, and the decision about what was paid too late."""

from datetime import datetime
from typing import Any, Final, Protocol, get_args
from uuid import UUID

from litestar import get, post
from litestar.response.base import ASGIResponse

from services.checkout.domain.lifecycle import ChargeStatus
from services.checkout.domain.refund import ChargeFilters
from services.checkout.web.money_room import MoneyRoom
from services.checkout.web.money_wire import charge_out, whole_charge_out
from services.checkout.web.owner import owner_of
from shared.contracts.links import Method
from shared.runtime.listing import choice, identifier, moment
from shared.runtime.merchant import AnyRequest, Call, begin, ok
from shared.runtime.postgres import Transaction

FILTERS: Final = ("link_id", "status", "method", "from", "to", "review")


def routes(room: MoneyRoom) -> list[Any]:
    @get("/v1/charges")
    async def list_charges(request: AnyRequest) -> ASGIResponse:
        call = await begin(request, room.callers, "charges:read", clock=room.clock)
        listing = call.listing(FILTERS)
        wanted = ChargeFilters(
            link_id=identifier(listing.filters, "link_id"),
            status=choice(listing.filters, "status", get_args(ChargeStatus)),
            method=choice(listing.filters, "method", get_args(Method)),
            since=moment(listing.filters, "from"),
            until=moment(listing.filters, "to"),
            in_review=choice(listing.filters, "review", ("true",)) is not None,
        )
        found = await room.read.charges(owner_of(call), wanted, before=listing.before, limit=listing.limit + 1)
        return ok(listing.page(found, charge_out, place=lambda listed: listed.captured.id))

    @get("/v1/charges/{charge_id:uuid}")
    async def show_charge(request: AnyRequest, charge_id: UUID) -> ASGIResponse:
        call = await begin(request, room.callers, "charges:read", clock=room.clock)
        return await _shown(room, call, charge_id)

    # Both decisions may be repeated: the second time nothing is left to decide, and the charge is answered as it is.
    @post("/v1/charges/{charge_id:uuid}/accept", status_code=200)
    async def accept_charge(request: AnyRequest, charge_id: UUID) -> ASGIResponse:
        return await _decided(request, room, charge_id, room.refund_charge.accept_reviewed)

    @post("/v1/charges/{charge_id:uuid}/refund", status_code=200)
    async def refund_charge(request: AnyRequest, charge_id: UUID) -> ASGIResponse:
        return await _decided(request, room, charge_id, room.refund_charge.refund_reviewed)

    return [list_charges, show_charge, accept_charge, refund_charge]


class _Decide(Protocol):
    async def __call__(
        self, tx: Transaction, charge_id: UUID, *, org_id: UUID, livemode: bool, by: str, now: datetime
    ) -> None: ...


async def _decided(request: AnyRequest, room: MoneyRoom, charge_id: UUID, decide: _Decide) -> ASGIResponse:
    """May be repeated: the second time nothing is left to decide, and the charge is answered as it is."""
    call = await begin(request, room.callers, "refunds:write", clock=room.clock)
    caller = call.caller
    async with room.postgres.transaction() as tx:
        await decide(tx, charge_id, org_id=caller.org_id, livemode=caller.livemode, by=caller.by, now=call.now)
    room.refund_charge.asked()
    return await _shown(room, call, charge_id)


async def _shown(room: MoneyRoom, call: Call, charge_id: UUID) -> ASGIResponse:
    found, conflicts = await room.read.charge(owner_of(call), charge_id)
    return ok(whole_charge_out(found, conflicts))
