"""`/v1/webhook-endpoints`."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from services.notify.use_cases import webhook_deliveries as log
from services.notify.use_cases import webhook_endpoints as use
from services.notify.web import mapping, wire
from services.notify.web.desk import READ, WRITE, Desk, owner_of
from services.notify.web.filters import FILTERS, delivery_filters, utc
from shared.kernel.answer import Answer
from shared.runtime.merchant import AnyRequest, answer_of, ok, respond
from shared.runtime.once import once
from shared.runtime.postgres import Transaction

ROOT: Final = "/v1/webhook-endpoints"
_CREATE: Final = msgspec.json.Decoder(wire.CreateWebhookEndpoint)
_PATCH: Final = msgspec.json.Decoder(wire.PatchWebhookEndpoint)
_ROTATE: Final = msgspec.json.Decoder(wire.RotateSecret)
_RANGE: Final = msgspec.json.Decoder(wire.RedeliverRange)


def routes(desk: Desk) -> list[Any]:
    return [*_keeping(desk), *_sending(desk)]


def _keeping(desk: Desk) -> list[Any]:
    @post(ROOT)
    async def create(request: AnyRequest) -> ASGIResponse:
        call = await desk.begin(request, WRITE)
        draft = mapping.draft_of(await call.body(_CREATE))

        async def act(tx: Transaction) -> Answer:
            made = await use.create_endpoint(
                tx, owner_of(call), draft=draft, rules=desk.rules, box=desk.box, now=call.now
            )
            return answer_of(mapping.new_endpoint_out(*made), status=201)

        key = await call.once("webhook-endpoints")
        return respond(await once(desk.pg, key, act, now=call.now, seal=desk.seal))

    @get(ROOT)
    async def listed(request: AnyRequest) -> ASGIResponse:
        call = await desk.begin(request, READ)
        asked = call.listing()
        found = await use.list_endpoints(desk.pg, owner_of(call), before=asked.before, limit=asked.limit + 1)
        return ok(asked.page(found, mapping.endpoint_out, place=lambda endpoint: endpoint.id))

    @get(ROOT + "/{endpoint_id:uuid}")
    async def one(request: AnyRequest, endpoint_id: FromPath[UUID]) -> ASGIResponse:
        call = await desk.begin(request, READ)
        return ok(mapping.endpoint_out(await use.get_endpoint(desk.pg, owner_of(call), endpoint_id)))

    @patch(ROOT + "/{endpoint_id:uuid}")
    async def change(request: AnyRequest, endpoint_id: FromPath[UUID]) -> ASGIResponse:
        call = await desk.begin(request, WRITE)
        draft = mapping.draft_of(await call.body(_PATCH))
        changed = await use.change_endpoint(
            desk.pg, owner_of(call), endpoint_id, draft=draft, rules=desk.rules, now=call.now
        )
        return ok(mapping.endpoint_out(changed))

    @delete(ROOT + "/{endpoint_id:uuid}", status_code=204)
    async def remove(request: AnyRequest, endpoint_id: FromPath[UUID]) -> None:
        call = await desk.begin(request, WRITE)
        await use.delete_endpoint(desk.pg, owner_of(call), endpoint_id, now=call.now)

    @post(ROOT + "/{endpoint_id:uuid}/rotate-secret")
    async def rotate(request: AnyRequest, endpoint_id: FromPath[UUID]) -> ASGIResponse:
        call = await desk.begin(request, WRITE)
        body = await call.body(_ROTATE) if await request.body() else wire.RotateSecret()
        overlap = timedelta(seconds=body.overlap_seconds)

        async def act(tx: Transaction) -> Answer:
            made = await use.rotate_secret(tx, owner_of(call), endpoint_id, overlap=overlap, box=desk.box, now=call.now)
            return answer_of(mapping.new_endpoint_out(*made), status=200)

        key = await call.once("webhook-endpoints/rotate-secret")
        return respond(await once(desk.pg, key, act, now=call.now, seal=desk.seal))

    return [create, listed, one, change, remove, rotate]


def _sending(desk: Desk) -> list[Any]:
    @post(ROOT + "/{endpoint_id:uuid}/test")
    async def test(request: AnyRequest, endpoint_id: FromPath[UUID]) -> ASGIResponse:
        call = await desk.begin(request, WRITE)

        async def act(tx: Transaction) -> Answer:
            delivery = await use.send_test(tx, owner_of(call), endpoint_id, now=call.now)
            return answer_of(mapping.delivery_out(delivery), status=202)

        answer = await once(desk.pg, await call.once("webhook-endpoints/test"), act, now=call.now)
        desk.due()
        return respond(answer)

    @post(ROOT + "/{endpoint_id:uuid}/redeliver")
    async def redeliver(request: AnyRequest, endpoint_id: FromPath[UUID]) -> ASGIResponse:
        call = await desk.begin(request, WRITE)
        body = await call.body(_RANGE)

        async def act(tx: Transaction) -> Answer:
            done = await log.redeliver_range(
                tx,
                owner_of(call),
                endpoint_id,
                begin=utc("from", body.from_),
                end=utc("to", body.to),
                only_failed=body.only_failed,
                after=body.after,
                now=call.now,
            )
            return answer_of(wire.Redelivered(count=done.count, next_after=done.next_after), status=202)

        answer = await once(desk.pg, await call.once("webhook-endpoints/redeliver"), act, now=call.now)
        desk.due()
        return respond(answer)

    @get(ROOT + "/{endpoint_id:uuid}/deliveries")
    async def deliveries(request: AnyRequest, endpoint_id: FromPath[UUID]) -> ASGIResponse:
        call = await desk.begin(request, READ)
        asked = call.listing(FILTERS)
        found = await log.list_deliveries(
            desk.pg,
            owner_of(call),
            endpoint_id,
            filters=delivery_filters(asked.filters),
            before=asked.before,
            limit=asked.limit + 1,
        )
        return ok(asked.page(found, mapping.delivery_out, place=lambda delivery: delivery.id))

    return [test, redeliver, deliveries]
