"""What a link would do, did and was, and how its address looks."""

import hashlib
from typing import Final, cast, get_args
from uuid import UUID

from litestar import get
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from services.links.dialects.native.mapping.insight import availability_out, eligibility_out, entry_out, feed_out
from services.links.dialects.native.mapping.links import link_out, page_url
from services.links.dialects.native.qr import MEDIA_TYPES, SIZE_DEFAULT, SIZE_MAX, SIZE_MIN, Format, qr_code
from services.links.dialects.native.routes.call import NativeRequest, begin, ok
from services.links.dialects.native.routes.query import SEQ_MAX, moment, query, whole
from services.links.dialects.native.wire.insight import Timeline
from services.links.use_cases.find_slug import find_slug
from services.links.use_cases.judge_link import judge_link
from services.links.use_cases.keep_feed import read_feed
from services.links.use_cases.read_history import Order, read_history
from services.links.use_cases.read_links import get_link
from shared.kernel.faults import Invalid
from shared.runtime.listing import LIMIT_MAX, cursor_of

ROOT: Final = "/v1/payment-links"
QR_SECONDS: Final = 300
"""A change of the slug changes the picture; what is on paper already points to the old one."""
_NOT_MODIFIED: Final = 304
_FORMATS: Final = get_args(Format)
_ORDERS: Final = get_args(Order)
_REVISION_MAX: Final = 2**31


@get(ROOT + "/{link_id:uuid}/eligibility")
async def eligibility(request: NativeRequest, link_id: FromPath[UUID]) -> ASGIResponse:
    call = await begin(request, "links:read")
    query(request, ())
    link, failing = await judge_link(call.pg, call.actor, link_id, now=call.now)
    return ok(eligibility_out(link, failing, call.now))


@get(ROOT + "/{link_id:uuid}/timeline")
async def timeline(request: NativeRequest, link_id: FromPath[UUID]) -> ASGIResponse:
    call = await begin(request, "links:read")
    asked = call.listing(("as_of", "order"))
    order = asked.filters.get("order", "newest")
    if order not in _ORDERS:
        raise Invalid("order", f"must be one of {', '.join(_ORDERS)}")
    text = asked.filters.get("as_of")
    as_of = None if text is None else moment("as_of", text)
    found = await read_history(
        call.pg,
        call.actor,
        link_id,
        as_of=as_of,
        order=cast("Order", order),
        beyond=None if asked.after is None else whole("cursor", asked.after, 1, most=_REVISION_MAX),
        limit=asked.limit,
        now=call.now,
    )
    public_url = call.pages_url
    body = Timeline(
        link=link_out(found.link, public_url=public_url, now=as_of or call.now),
        as_of=as_of,
        data=[entry_out(entry, public_url=public_url) for entry in found.entries],
        has_more=found.beyond is not None,
        next_cursor=None if found.beyond is None else cursor_of(str(found.beyond)),
    )
    return ok(body)


@get(ROOT + "/{link_id:uuid}/events")
async def events(request: NativeRequest, link_id: FromPath[UUID]) -> ASGIResponse:
    call = await begin(request, "links:read")
    asked = query(request, ("after_seq", "limit"))
    after_seq = whole("after_seq", asked.get("after_seq", "0"), 0, most=SEQ_MAX)
    limit = whole("limit", asked.get("limit", str(LIMIT_MAX)), 1, most=LIMIT_MAX)
    found = await read_feed(call.pg, call.actor, link_id, after_seq=after_seq, limit=limit + 1)
    return ok(feed_out(found, after_seq=after_seq, limit=limit))


@get(ROOT + "/{link_id:uuid}/qr")
async def qr(request: NativeRequest, link_id: FromPath[UUID]) -> ASGIResponse:
    call = await begin(request, "links:read")
    asked = query(request, ("format", "size"))
    kind = asked.get("format", "svg")
    if kind not in _FORMATS:
        raise Invalid("format", f"must be one of {', '.join(_FORMATS)}")
    size = whole("size", asked.get("size", str(SIZE_DEFAULT)), SIZE_MIN, most=SIZE_MAX)
    link = await get_link(call.pg, call.actor, link_id)
    picture = qr_code(page_url(link, call.pages_url), cast("Format", kind), size)
    etag = f'"{hashlib.sha256(picture).hexdigest()[:32]}"'
    headers = [
        ("etag", etag),
        ("cache-control", f"private, max-age={QR_SECONDS}"),
        ("vary", "Authorization, X-API-Key"),
        ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'"),
        ("x-content-type-options", "nosniff"),
    ]
    known = (call.header(b"if-none-match") or "").replace("W/", "")
    if etag in {part.strip() for part in known.split(",")}:
        return ASGIResponse(body=b"", status_code=_NOT_MODIFIED, headers=headers)
    return ASGIResponse(body=picture, media_type=MEDIA_TYPES[cast("Format", kind)], headers=headers)


@get(ROOT + "/slug-availability")
async def slug_availability(request: NativeRequest) -> ASGIResponse:
    """Slugs are everybody's: who asks for many learns who else is here, so that few may be asked for."""
    call = await begin(request, "links:read")
    slug = query(request, ("slug",)).get("slug")
    if not slug:
        raise Invalid("slug", "is required")
    call.surface.slug_questions.spend(str(call.actor.org_id))
    return ok(availability_out(await find_slug(call.pg, call.actor, slug)))


HANDLERS: Final = [eligibility, timeline, events, qr, slug_availability]
