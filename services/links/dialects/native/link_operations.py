"""The operations of payment links themselves: making, reading, changing, moving and counting."""

from typing import Final, get_args

from services.links.dialects.native import examples
from services.links.dialects.native.wire import charges, links
from services.links.domain.keys import Scope
from shared.runtime.listing import Page
from shared.runtime.operation import PAGE, Operation, Query, page_example

LINK: Final = "/v1/payment-links/{link_id}"
DRY_RUN: Final[Query] = (
    (
        "dry_run",
        {
            "type": "boolean",
            "default": False,
            "description": "Checks everything, answers what would be, keeps nothing.",
        },
    ),
)
_LINK_FILTERS: Final[Query] = (
    ("state", {"type": "string", "enum": list(get_args(links.State))}),
    ("slug", {"type": "string", "maxLength": 64}),
    ("currency", {"type": "string", "pattern": "^[A-Z]{3}$"}),
)
_EXPAND: Final[Query] = (("expand", {"type": "string", "enum": ["product"]}),)
_CHARGE_FILTERS: Final[Query] = (("status", {"type": "string", "enum": list(get_args(charges.ChargeStatus))}),)


def _moving(verb: str, summary: str, *, scope: Scope = "links:write") -> Operation:
    return Operation(
        method="post",
        path=f"{LINK}/{verb}",
        id=f"{verb}PaymentLink",
        summary=summary,
        scope=scope,
        answer=links.PaymentLink,
        answer_example=examples.LINK,
        if_match=True,
        has_revision=True,
        codes=() if verb == "archive" else ("link_ended",),
    )


LINKS: Final = (
    Operation(
        method="post",
        path="/v1/payment-links",
        id="createPaymentLink",
        summary="Make a payment link",
        scope="links:write",
        status=201,
        body=links.CreatePaymentLink,
        body_example=examples.CREATE_LINK,
        answer=links.PaymentLink,
        answer_example=examples.LINK,
        query=DRY_RUN,
        also_status=200,
        has_revision=True,
        codes=("slug_taken", "unknown_currency", "not_found", "product_archived"),
    ),
    Operation(
        method="get",
        path="/v1/payment-links",
        id="listPaymentLinks",
        summary="List payment links, newest first",
        scope="links:read",
        answer=Page[links.PaymentLink],
        answer_example=page_example(examples.LINK),
        query=PAGE + _LINK_FILTERS + _EXPAND,
    ),
    Operation(
        method="get",
        path=LINK,
        id="getPaymentLink",
        summary="Read a payment link",
        scope="links:read",
        answer=links.PaymentLink,
        answer_example=examples.LINK,
        query=_EXPAND,
        has_revision=True,
    ),
    Operation(
        method="patch",
        path=LINK,
        id="updatePaymentLink",
        summary="Change what is named; null clears",
        scope="links:write",
        body=links.PatchPaymentLink,
        body_example=examples.PATCH_LINK,
        answer=links.PaymentLink,
        answer_example=examples.LINK,
        query=DRY_RUN,
        if_match=True,
        has_revision=True,
        codes=("slug_taken", "unknown_currency", "link_ended", "product_archived"),
    ),
    Operation(
        method="delete",
        path=LINK,
        id="deletePaymentLink",
        summary="Archive a payment link, for good",
        scope="links:write",
        answer=links.PaymentLink,
        answer_example=examples.LINK,
        if_match=True,
        has_revision=True,
    ),
    _moving("pause", "Stop taking payments for now"),
    _moving("resume", "Take payments again"),
    _moving("archive", "End a payment link, for good"),
    Operation(
        method="get",
        path=f"{LINK}/charges",
        id="listCharges",
        summary="List the charges of a payment link, newest first",
        scope="charges:read",
        answer=Page[charges.Charge],
        answer_example=page_example(examples.CHARGE),
        query=PAGE + _CHARGE_FILTERS,
    ),
    Operation(
        method="get",
        path=f"{LINK}/stats",
        id="getStats",
        summary="Uses, and revenue and paid count by currency, exact",
        scope="links:read",
        answer=charges.Stats,
        answer_example=examples.STATS,
    ),
)
