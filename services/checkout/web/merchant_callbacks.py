"""`/v1/callbacks`: what providers sent, what became of it, and applying it again."""

import base64
import re
from typing import Any, Final
from uuid import UUID

from litestar import get, post
from litestar.response.base import ASGIResponse
from msgspec.structs import asdict

from services.checkout.domain.callbacks import VERDICTS, CallbackSeen, Filters
from services.checkout.use_cases.merchant import Merchant
from services.checkout.web.merchant_accounts import READ, WRITE
from services.checkout.web.merchant_wire import CallbackDetail, CallbackListed, ReplayOut
from services.checkout.web.owner import owner_of
from shared.kernel.faults import Invalid
from shared.runtime.listing import Listing, choice, identifier, moment
from shared.runtime.merchant import AnyRequest, begin, ok

_WORD: Final = re.compile("[a-z0-9_]{1,40}")
FILTERS: Final = ("provider", "account", "verdict", "charge", "from", "to")


def routes(merchant: Merchant) -> list[Any]:
    @get("/v1/callbacks")
    async def list_callbacks(request: AnyRequest) -> ASGIResponse:
        call = await begin(request, merchant.callers, READ, clock=merchant.clock)
        asked = call.listing(FILTERS)
        found = await merchant.callbacks.list(
            owner_of(call),
            Filters(
                provider=_word(asked, "provider"),
                account_id=identifier(asked.filters, "account"),
                verdict=choice(asked.filters, "verdict", VERDICTS),
                charge_id=identifier(asked.filters, "charge"),
                since=moment(asked.filters, "from"),
                until=moment(asked.filters, "to"),
            ),
            before=asked.before,
            limit=asked.limit,
        )
        return ok(asked.page(found, listed, place=lambda row: row.id))

    @get("/v1/callbacks/{callback_id:uuid}")
    async def show_callback(request: AnyRequest, callback_id: UUID) -> ASGIResponse:
        call = await begin(request, merchant.callers, READ, clock=merchant.clock)
        whole = await merchant.callbacks.show(callback_id, owner=owner_of(call))
        return ok(
            CallbackDetail(
                **asdict(listed(whole.row)),
                headers=dict(whole.headers),
                body=_text(whole.body),
                body_base64=base64.b64encode(whole.body).decode(),
            )
        )

    @post("/v1/callbacks/{callback_id:uuid}/replay", status_code=200)
    async def replay_callback(request: AnyRequest, callback_id: UUID) -> ASGIResponse:
        call = await begin(request, merchant.callers, WRITE, clock=merchant.clock)
        done = await merchant.callbacks.replay(callback_id, owner=owner_of(call))
        return ok(ReplayOut(replayed=done.replayed, callback=listed(done.row)))

    return [list_callbacks, show_callback, replay_callback]


def listed(row: CallbackSeen) -> CallbackListed:
    return CallbackListed(**{name: getattr(row, name) for name in CallbackListed.__struct_fields__})


def _text(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _word(asked: Listing, name: str) -> str | None:
    value = asked.filters.get(name)
    if value is not None and not _WORD.fullmatch(value):
        raise Invalid(name, "must be one word of small letters")
    return value
