"""The OpenAPI document says what the routes do."""

import re
from typing import Any, cast

import msgspec
import pytest
from openapi_spec_validator import validate

from services.checkout.use_cases.rendered import Rendered
from services.checkout.web import api, api_charges, api_refunds, merchant_operations
from services.checkout.web import api_examples as examples
from services.checkout.web import money_examples as money
from services.checkout.web.api_gate import LinkTokenOut, OtpBody, OtpOut, ProofBody
from services.checkout.web.api_openapi import document
from services.checkout.web.api_problems import REFUSALS
from services.checkout.web.api_wire import LinkOut, OpenedOut, OpenSessionBody, PayBody, SessionOut
from services.checkout.web.merchant_wire import AccountPatchBody, ConnectBody
from services.checkout.web.money_wire import (
    MerchantCharge,
    MerchantChargeWhole,
    MerchantDispute,
    MerchantRefund,
    RefundBody,
)
from shared.kernel.ids import new_id
from shared.runtime.listing import Page
from shared.runtime.problems import KINDS


def test_the_document_is_openapi_3_1() -> None:
    validate(document())


def test_every_route_is_in_the_document_and_nothing_else() -> None:
    nothing = cast("Any", None)
    routes = {
        (method, re.sub(r"{(\w+):\w+}", r"{\1}", path))
        for handler in (
            *api.routes(nothing),
            *api.merchant_routes(nothing),
            *api_charges.routes(nothing),
            *api_refunds.routes(nothing),
        )
        for path in handler.paths
        for method in handler.http_methods - {"OPTIONS"}
        if path != "/openapi.json"
    }
    said = {(method.upper(), path) for path, operations in document()["paths"].items() for method in operations}
    assert said == routes


@pytest.mark.parametrize(
    ("example", "kind"),
    [
        (examples.LINK, LinkOut),
        (examples.OPEN_SESSION, OpenSessionBody),
        (examples.OPENED, OpenedOut),
        (examples.PAY_MOBILE, PayBody),
        (examples.PAY_CARD, PayBody),
        (examples.PAY_USSD, PayBody),
        (examples.PAY_TRANSFER, PayBody),
        (examples.PAYING, SessionOut),
        (examples.PAID, SessionOut),
        (examples.ASK_CODE, OtpBody),
        (examples.CODE_ASKED, OtpOut),
        (examples.PROVE, ProofBody),
        (examples.LINK_TOKEN, LinkTokenOut),
        (merchant_operations.CONNECT_EXAMPLE, ConnectBody),
        (merchant_operations.PATCH_EXAMPLE, AccountPatchBody),
        (money.REFUND_PART, RefundBody),
        (money.REFUND, MerchantRefund),
        (money.CHARGE, MerchantChargeWhole),
        (money.PAGES["list_charges"], Page[MerchantCharge]),
        (money.PAGES["list_refunds"], Page[MerchantRefund]),
        (money.PAGES["list_disputes"], Page[MerchantDispute]),
    ],
)
def test_every_example_is_what_its_schema_says(example: dict[str, Any], kind: type) -> None:
    shown = msgspec.json.decode(msgspec.json.encode(msgspec.json.decode(msgspec.json.encode(example), type=kind)))
    if kind not in {
        PayBody,
        OpenSessionBody,
        OtpBody,
        ConnectBody,
        AccountPatchBody,
    }:  # what comes in may leave fields out, what goes out may not
        assert shown.keys() == example.keys()
    assert example.keys() <= shown.keys()


def test_every_code_in_the_document_is_a_problem_that_we_answer() -> None:
    answers = msgspec.json.encode(document()).decode()
    named = set(re.findall(r"/problems/([a-z_]+)", answers))
    assert named <= KINDS.keys()
    assert {f"link_{reason}" for reason in REFUSALS} <= KINDS.keys()


def test_kept_answers_are_dropped_with_their_link_and_after_a_second() -> None:
    clock = [0.0]
    kept = Rendered[str](monotonic=lambda: clock[0])
    link, other = new_id(), new_id()
    kept.put("a", link, "en", variant="en")
    kept.put("a", link, "fr", variant="fr")
    kept.put("b", other, "b")
    kept.drop([link])
    assert (kept.get("a", "en"), kept.get("a", "fr"), kept.get("b")) == (None, None, "b")
    clock[0] = 1.1
    assert kept.get("b") is None


def test_what_is_kept_is_bounded() -> None:
    kept = Rendered[int]()
    for number in range(2_500):
        kept.put(f"slug-{number}", new_id(), number)
    assert kept.get("slug-0") is None
    assert kept.get("slug-2499") == 2_499
