"""`/v1/mails` and `/v1/suppressions`: what became of mails, sending one again, and addresses that get none."""

from collections.abc import Mapping
from typing import Any, Final, get_args
from uuid import UUID

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from services.notify.use_cases import merchant_mails
from services.notify.use_cases.merchant_mails import Filters, Suppression
from services.notify.web import mail_wire as wire
from services.notify.web.desk import Desk
from shared.contracts.notify import MailKind, MailState, MailView
from shared.kernel.answer import Answer
from shared.kernel.faults import Invalid
from shared.runtime.listing import choice, identifier
from shared.runtime.merchant import AnyRequest, answer_of, ok, respond
from shared.runtime.once import once
from shared.runtime.postgres import Transaction

ROOT: Final = "/v1/mails"
SUPPRESSIONS: Final = "/v1/suppressions"
READ: Final = "mails:read"
WRITE: Final = "mails:write"
FILTERS: Final = ("kind", "state", "link_id", "charge_id", "address")
_KINDS: Final[tuple[MailKind, ...]] = get_args(MailKind)
_STATES: Final[tuple[MailState, ...]] = get_args(MailState)


def routes(desk: Desk) -> list[Any]:
    @get(ROOT)
    async def all_mails(request: AnyRequest) -> ASGIResponse:
        call = await desk.begin(request, READ)
        listing = call.listing(FILTERS)
        found = await merchant_mails.list_own(
            desk.pg,
            call.caller.org_id,
            filters_of(listing.filters),
            livemode=call.caller.livemode,
            before=listing.before,
            limit=listing.limit,
        )
        return ok(listing.page(found, mail_out, place=lambda mail: mail.id))

    @get(ROOT + "/{mail_id:uuid}")
    async def one_mail(request: AnyRequest, mail_id: FromPath[UUID]) -> ASGIResponse:
        call = await desk.begin(request, READ)
        org_id, livemode = call.caller.org_id, call.caller.livemode
        return ok(mail_out(await merchant_mails.find_own(desk.pg, org_id, mail_id, livemode=livemode)))

    @post(ROOT + "/{mail_id:uuid}/resend")
    async def resend(request: AnyRequest, mail_id: FromPath[UUID]) -> ASGIResponse:
        call = await desk.begin(request, WRITE)

        async def act(tx: Transaction) -> Answer:
            mail = await merchant_mails.resend(
                tx,
                call.caller.org_id,
                mail_id,
                livemode=call.caller.livemode,
                message_host=desk.message_host,
                now=call.now,
            )
            return answer_of(mail_out(mail), status=202)

        answer = await once(desk.pg, await call.once("mails/resend"), act, now=call.now)
        desk.mail_due()
        return respond(answer)

    return [all_mails, one_mail, resend, *_suppression_routes(desk)]


def _suppression_routes(desk: Desk) -> list[Any]:
    @get(SUPPRESSIONS)
    async def all_suppressions(request: AnyRequest) -> ASGIResponse:
        call = await desk.begin(request, READ)
        listing = call.listing(("address",))
        found = await merchant_mails.list_suppressed(
            desk.pg,
            call.caller.org_id,
            address=listing.filters.get("address"),
            before=listing.before,
            limit=listing.limit,
        )
        return ok(listing.page(found, suppression_out, place=lambda one: one.id))

    @delete(SUPPRESSIONS + "/{suppression_id:uuid}", status_code=204)
    async def lift(request: AnyRequest, suppression_id: FromPath[UUID]) -> None:
        call = await desk.begin(request, WRITE)
        await merchant_mails.lift(desk.pg, call.caller.org_id, suppression_id)

    return [all_suppressions, lift]


def filters_of(given: Mapping[str, str]) -> Filters:
    """Raises: Invalid."""
    return Filters(
        kind=choice(given, "kind", _KINDS),
        state=choice(given, "state", _STATES),
        link_id=identifier(given, "link_id"),
        charge_id=identifier(given, "charge_id"),
        address=_text("address", given),
    )


def mail_out(mail: MailView) -> wire.Mail:
    return wire.Mail(
        id=mail.id,
        kind=mail.kind,
        state=mail.state,
        skip_reason=mail.skip_reason,
        address=mail.to_address,
        link_id=mail.link_id,
        charge_id=mail.charge_id,
        locale=mail.locale,
        message_id=mail.message_id,
        attempts=mail.attempts,
        last_error=mail.last_error,
        due_at=mail.due_at,
        scheduled_at=mail.scheduled_at,
        resend_of=mail.resend_of,
        livemode=bool(mail.livemode),
        created_at=mail.created_at,
        sent_at=mail.sent_at,
    )


def suppression_out(one: Suppression) -> wire.Suppression:
    return wire.Suppression(**msgspec.structs.asdict(one))


def _text(name: str, given: Mapping[str, str]) -> str | None:
    text = given.get(name)
    if text is not None and "\0" in text:
        raise Invalid(name, "must hold no NUL")
    return text
