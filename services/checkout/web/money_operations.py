"""The merchant's operations on money, as the OpenAPI document has them: charges, refunds, disputes."""

from typing import Any, Final, get_args

from services.checkout.domain.lifecycle import ChargeStatus, DisputeStatus, RefundStatus
from services.checkout.web import money_examples as examples
from services.checkout.web.money_wire import (
    MerchantCharge,
    MerchantChargeWhole,
    MerchantDispute,
    MerchantRefund,
    RefundBody,
)
from shared.contracts.links import Method
from shared.runtime.listing import Page
from shared.runtime.operation import PAGE, UUID_TEXT, Operation, Query

_CHARGE: Final = "/v1/charges/{charge_id}"


def _status(known: object) -> Query:
    about: dict[str, Any] = {"enum": list(get_args(known)), "description": "Only those in this state."}
    return (("status", about),)


_OF_CHARGE: Final = ("charge", UUID_TEXT | {"description": "Only those of this charge."})
_MOMENT: Final[dict[str, Any]] = {"format": "date-time"}
_CHARGES: Final[Query] = (
    ("link_id", UUID_TEXT | {"description": "Only those of this link."}),
    ("method", {"enum": list(get_args(Method)), "description": "Only those paid this way."}),
    ("from", _MOMENT | {"description": "Only those made at this moment or later."}),
    ("to", _MOMENT | {"description": "Only those made before this moment."}),
)
_IN_REVIEW: Final = ("review", {"enum": ["true"], "description": "Only those that a person is to decide about."})
_CHARGE_OPERATIONS: Final = (
    Operation(
        method="get",
        path="/v1/charges",
        id="list_charges",
        summary="Charges, newest first",
        scope="charges:read",
        answer=Page[MerchantCharge],
        answer_example=examples.PAGES["list_charges"],
        query=(*PAGE, *_status(ChargeStatus), *_CHARGES, _IN_REVIEW),
    ),
    Operation(
        method="get",
        path=_CHARGE,
        id="show_charge",
        summary="A charge, and what was said against it",
        scope="charges:read",
        answer=MerchantChargeWhole,
        answer_example=examples.CHARGE,
    ),
    Operation(
        method="post",
        path=_CHARGE + "/accept",
        id="accept_charge",
        summary="Keep late money: it counts if a use is left",
        about="May be repeated.",
        scope="refunds:write",
        once=False,
        answer=MerchantChargeWhole,
        answer_example=examples.CHARGE,
        codes=("not_in_review",),
    ),
    Operation(
        method="post",
        path=_CHARGE + "/refund",
        id="refund_charge",
        summary="Give late money back",
        about="May be repeated.",
        scope="refunds:write",
        once=False,
        answer=MerchantChargeWhole,
        answer_example=examples.CHARGE,
        codes=("not_in_review", "charge_not_captured", "refund_too_large", "refund_not_taken"),
    ),
)
_REFUND_OPERATIONS: Final = (
    Operation(
        method="get",
        path="/v1/refunds",
        id="list_refunds",
        summary="Refunds, newest first",
        scope="charges:read",
        answer=Page[MerchantRefund],
        answer_example=examples.PAGES["list_refunds"],
        query=(*PAGE, *_status(RefundStatus), _OF_CHARGE),
    ),
    Operation(
        method="post",
        path="/v1/refunds",
        id="make_refund",
        summary="Give money back",
        about="Stored at once, then asked of the provider: follow `status`. A full refund gives no use of the link "
        "back.",
        scope="refunds:write",
        status=202,
        body=RefundBody,
        body_example=examples.REFUND_PART,
        answer=MerchantRefund,
        answer_example=examples.REFUND,
        codes=("not_found", "charge_not_captured", "refund_too_large", "refund_not_taken"),
    ),
    Operation(
        method="get",
        path="/v1/refunds/{refund_id}",
        id="show_refund",
        summary="A refund",
        scope="charges:read",
        answer=MerchantRefund,
        answer_example=examples.REFUND,
    ),
)
_DISPUTE_OPERATIONS: Final = (
    Operation(
        method="get",
        path="/v1/disputes",
        id="list_disputes",
        summary="Disputes, newest first",
        scope="charges:read",
        answer=Page[MerchantDispute],
        answer_example=examples.PAGES["list_disputes"],
        query=(*PAGE, *_status(DisputeStatus), _OF_CHARGE),
    ),
)
MONEY_OPERATIONS: Final = (*_CHARGE_OPERATIONS, *_REFUND_OPERATIONS, *_DISPUTE_OPERATIONS)
