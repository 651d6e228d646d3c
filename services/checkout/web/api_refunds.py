"""`/v1/refunds` and `/v1/disputes`: money that goes back to payers."""

from functools import partial
from typing import Any, get_args
from uuid import UUID

from litestar import get, post
from litestar.response.base import ASGIResponse

from services.checkout.domain.lifecycle import DisputeStatus, RefundStatus
from services.checkout.domain.refund import RefundFilters
from services.checkout.web.money_room import MoneyRoom
from services.checkout.web.money_wire import REFUND, RefundBody, dispute_out, refund_out
from services.checkout.web.owner import owner_of
from shared.kernel.answer import Answer
from shared.runtime.listing import Listing, choice, identifier
from shared.runtime.merchant import AnyRequest, Call, answer_of, begin, ok, respond
from shared.runtime.once import once
from shared.runtime.postgres import Transaction


def routes(room: MoneyRoom) -> list[Any]:
    @post("/v1/refunds", status_code=202)
    async def make_refund(request: AnyRequest) -> ASGIResponse:
        call = await begin(request, room.callers, "refunds:write", clock=room.clock)
        body = await call.body(REFUND)
        act = partial(_make, room, call, body)
        answer = await once(room.postgres, await call.once("POST /v1/refunds"), act, now=call.now)
        room.refund_charge.asked()
        return respond(answer)

    @get("/v1/refunds")
    async def list_refunds(request: AnyRequest) -> ASGIResponse:
        call = await begin(request, room.callers, "charges:read", clock=room.clock)
        listing = call.listing(("charge", "status"))
        wanted = _wanted(listing, get_args(RefundStatus))
        found = await room.read.refunds(owner_of(call), wanted, before=listing.before, limit=listing.limit + 1)
        return ok(listing.page(found, refund_out, place=lambda refund: refund.id))

    @get("/v1/refunds/{refund_id:uuid}")
    async def show_refund(request: AnyRequest, refund_id: UUID) -> ASGIResponse:
        call = await begin(request, room.callers, "charges:read", clock=room.clock)
        return ok(refund_out(await room.read.refund(owner_of(call), refund_id)))

    @get("/v1/disputes")
    async def list_disputes(request: AnyRequest) -> ASGIResponse:
        call = await begin(request, room.callers, "charges:read", clock=room.clock)
        listing = call.listing(("charge", "status"))
        wanted = _wanted(listing, get_args(DisputeStatus))
        found = await room.read.disputes(owner_of(call), wanted, before=listing.before, limit=listing.limit + 1)
        return ok(listing.page(found, dispute_out, place=lambda dispute: dispute.id))

    return [make_refund, list_refunds, show_refund, list_disputes]


def _wanted(listing: Listing, statuses: tuple[str, ...]) -> RefundFilters:
    return RefundFilters(
        charge_id=identifier(listing.filters, "charge"), status=choice(listing.filters, "status", statuses)
    )


async def _make(room: MoneyRoom, call: Call, body: RefundBody, tx: Transaction) -> Answer:
    refund = await room.refund_charge.ask(
        tx,
        body.charge_id,
        org_id=call.caller.org_id,
        livemode=call.caller.livemode,
        amount_minor=body.amount_minor,
        reason=body.reason,
        by=call.caller.by,
        now=call.now,
    )
    return answer_of(refund_out(refund), status=202)
