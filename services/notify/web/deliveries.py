"""`/v1/webhook-deliveries`."""

from typing import Any, Final
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from services.notify.use_cases import webhook_deliveries as log
from services.notify.web import mapping
from services.notify.web.desk import READ, WRITE, Desk, owner_of
from shared.kernel.answer import Answer
from shared.runtime.merchant import AnyRequest, answer_of, ok, respond
from shared.runtime.once import once
from shared.runtime.postgres import Transaction

ROOT: Final = "/v1/webhook-deliveries"


def routes(desk: Desk) -> list[Any]:
    @get(ROOT + "/{delivery_id:uuid}")
    async def one(request: AnyRequest, delivery_id: FromPath[UUID]) -> ASGIResponse:
        call = await desk.begin(request, READ)
        return ok(mapping.detail_out(await log.get_delivery(desk.pg, owner_of(call), delivery_id)))

    @post(ROOT + "/{delivery_id:uuid}/redeliver")
    async def redeliver(request: AnyRequest, delivery_id: FromPath[UUID]) -> ASGIResponse:
        call = await desk.begin(request, WRITE)

        async def act(tx: Transaction) -> Answer:
            delivery = await log.redeliver_one(tx, owner_of(call), delivery_id, now=call.now)
            return answer_of(mapping.delivery_out(delivery), status=202)

        answer = await once(desk.pg, await call.once("webhook-deliveries/redeliver"), act, now=call.now)
        desk.due()
        return respond(answer)

    return [one, redeliver]
