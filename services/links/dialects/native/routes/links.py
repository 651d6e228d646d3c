from decimal import Decimal
from typing import Final, get_args
from uuid import UUID

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from services.links.dialects.native.mapping.charges import charge_out, stats_out
from services.links.dialects.native.mapping.links import draft_of, link_out
from services.links.dialects.native.routes.call import Call, NativeRequest, answer_of, begin, ok, respond
from services.links.dialects.native.routes.expand import links_out
from services.links.dialects.native.routes.query import dry_run, query
from services.links.dialects.native.wire.links import CreatePaymentLink, PatchPaymentLink
from services.links.domain.charge import ChargeStatus
from services.links.domain.lifecycle import Verb
from services.links.domain.link import Link, State
from services.links.use_cases.change_link import move_link, patch_link, preview_patch
from services.links.use_cases.create_link import Render, create_link, preview_link
from services.links.use_cases.read_links import get_link, link_stats, list_charges, list_links
from shared.kernel.answer import Answer
from shared.kernel.faults import Invalid
from shared.runtime.body import decode
from shared.runtime.listing import choice

ROOT: Final = "/v1/payment-links"
_CREATE: Final = msgspec.json.Decoder(CreatePaymentLink, float_hook=Decimal)
_PATCH: Final = msgspec.json.Decoder(PatchPaymentLink, float_hook=Decimal)
_STATES: Final[tuple[State, ...]] = get_args(State)
_STATUSES: Final[tuple[ChargeStatus, ...]] = get_args(ChargeStatus)


@post(ROOT)
async def create(request: NativeRequest) -> ASGIResponse:
    call = await begin(request, "links:write")
    body = decode(await call.raw(), _CREATE)
    draft = draft_of(body)
    if dry_run(request):
        link = await preview_link(call.pg, call.actor, draft=draft, now=call.now, test_mode=call.surface.test_mode)
        return ok(_out(call, link))
    answer = await create_link(
        call.pg,
        call.actor,
        into=call.surface.new_links,
        draft=draft,
        once=await call.once("payment-links"),
        render=_rendered(call, status=201),
        now=call.now,
        test_mode=call.surface.test_mode,
    )
    call.surface.wake.soon()
    return respond(answer)


@get(ROOT)
async def listed(request: NativeRequest) -> ASGIResponse:
    call = await begin(request, "links:read")
    asked = call.listing(("state", "slug", "currency", "expand"))
    found = await list_links(
        call.pg,
        call.actor,
        before=asked.before,
        limit=asked.limit + 1,
        slug=_plain(asked.filters.get("slug"), "slug"),
        currency=_plain(asked.filters.get("currency"), "currency"),
        state=choice(asked.filters, "state", _STATES),
        now=call.now,
    )
    return ok(asked.page(found, await links_out(call, found), place=lambda link: link.id))


@get(ROOT + "/{link_id:uuid}")
async def one(request: NativeRequest, link_id: FromPath[UUID]) -> ASGIResponse:
    call = await begin(request, "links:read")
    query(request, ("expand",))
    link = await get_link(call.pg, call.actor, link_id)
    out = await links_out(call, [link])
    return ok(out(link), revision=link.revision)


@patch(ROOT + "/{link_id:uuid}")
async def change(request: NativeRequest, link_id: FromPath[UUID]) -> ASGIResponse:
    call = await begin(request, "links:write")
    body = decode(await call.raw(), _PATCH)
    dry = dry_run(request)
    change_or_preview = preview_patch if dry else patch_link
    link = await change_or_preview(
        call.pg,
        call.actor,
        link_id,
        draft=draft_of(body),
        expects=call.expects(),
        now=call.now,
        test_mode=call.surface.test_mode,
    )
    if not dry:
        call.surface.wake()
    return ok(_out(call, link), revision=None if dry else link.revision)


@delete(ROOT + "/{link_id:uuid}", status_code=200)
async def remove(request: NativeRequest, link_id: FromPath[UUID]) -> ASGIResponse:
    """Archives: a link that was ever paid is part of the books."""
    return await _move(request, link_id, "archive", once=False)


@post(ROOT + "/{link_id:uuid}/pause", status_code=200)
async def pause(request: NativeRequest, link_id: FromPath[UUID]) -> ASGIResponse:
    return await _move(request, link_id, "pause")


@post(ROOT + "/{link_id:uuid}/resume", status_code=200)
async def resume(request: NativeRequest, link_id: FromPath[UUID]) -> ASGIResponse:
    return await _move(request, link_id, "resume")


@post(ROOT + "/{link_id:uuid}/archive", status_code=200)
async def archive(request: NativeRequest, link_id: FromPath[UUID]) -> ASGIResponse:
    return await _move(request, link_id, "archive")


@get(ROOT + "/{link_id:uuid}/charges")
async def charges(request: NativeRequest, link_id: FromPath[UUID]) -> ASGIResponse:
    call = await begin(request, "charges:read")
    asked = call.listing(("status",))
    found = await list_charges(
        call.pg,
        call.actor,
        link_id,
        before=asked.before,
        limit=asked.limit + 1,
        status=choice(asked.filters, "status", _STATUSES),
    )
    return ok(asked.page(found, charge_out, place=lambda charge: charge.id))


@get(ROOT + "/{link_id:uuid}/stats")
async def stats(request: NativeRequest, link_id: FromPath[UUID]) -> ASGIResponse:
    call = await begin(request, "links:read")
    link, numbers = await link_stats(call.pg, call.actor, link_id)
    return ok(stats_out(link, numbers))


async def _move(request: NativeRequest, link_id: UUID, verb: Verb, *, once: bool = True) -> ASGIResponse:
    call = await begin(request, "links:write")
    query(request, ())
    answer = await move_link(
        call.pg,
        call.actor,
        link_id,
        verb=verb,
        expects=call.expects(),
        key=await call.once(f"payment-links/{verb}") if once else None,
        render=_rendered(call, status=200),
        now=call.now,
    )
    call.surface.wake()
    return respond(answer)


def _rendered(call: Call, *, status: int) -> Render:
    def render(link: Link) -> Answer:
        return answer_of(_out(call, link), status=status, revision=link.revision)

    return render


def _out(call: Call, link: Link) -> msgspec.Struct:
    return link_out(link, public_url=call.pages_url, now=call.now)


def _plain(value: str | None, field: str) -> str | None:
    if value is not None and not (value.isascii() and value.isprintable() and len(value) <= 64):  # noqa: PLR2004 - a slug's
        raise Invalid(field, "must be at most 64 printable ASCII characters")
    return value


HANDLERS: Final = [create, listed, one, change, remove, pause, resume, archive, charges, stats]
