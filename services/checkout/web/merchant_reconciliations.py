"""`/v1/reconciliations`: ours against theirs, one report for each account and day."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import get
from litestar.response.base import ASGIResponse
from msgspec import Struct
from msgspec.structs import asdict

from services.checkout.domain.reconciliation import Difference, Reconciliation
from services.checkout.use_cases.merchant import Merchant
from services.checkout.web.merchant_accounts import READ
from services.checkout.web.owner import owner_of
from shared.kernel.faults import Invalid
from shared.runtime.listing import Listing, identifier
from shared.runtime.merchant import AnyRequest, begin, ok


class ReconciliationOut(Struct, frozen=True, kw_only=True):
    """Of `differing` differences a thousand are listed. `unanswered` questions the provider did not answer.

    `listed`: entries on the provider's own list of that day and an hour around it; null where it gave none.
    """

    id: UUID
    account_id: UUID
    provider: str
    livemode: bool
    day: date
    compared: int
    refunds_compared: int
    listed: int | None
    unanswered: int
    differing: int
    differences: tuple[Difference, ...]
    made_at: datetime


def routes(merchant: Merchant) -> list[Any]:
    @get("/v1/reconciliations")
    async def list_reconciliations(request: AnyRequest) -> ASGIResponse:
        call = await begin(request, merchant.callers, READ, clock=merchant.clock)
        asked = call.listing(("day", "account"))
        found = await merchant.reconcile.list(
            owner_of(call),
            before=asked.before,
            day=_day(asked),
            account_id=identifier(asked.filters, "account"),
            limit=asked.limit,
        )
        return ok(asked.page(found, _out, place=lambda one: one.id))

    return [list_reconciliations]


def _out(one: Reconciliation) -> ReconciliationOut:
    return ReconciliationOut(**{name: value for name, value in asdict(one).items() if name != "org_id"})


def _day(asked: Listing) -> date | None:
    value = asked.filters.get("day")
    if value is None:
        return None
    try:
        return msgspec.convert(value, date)
    except msgspec.ValidationError:
        raise Invalid("day", "must be a day such as 2027-03-05") from None
