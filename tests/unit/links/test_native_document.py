from typing import Any, get_args

import msgspec
import pytest
from openapi_spec_validator import validate

from services.checkout.web.merchant_operations import MERCHANT_OPERATIONS
from services.checkout.web.money_operations import MONEY_OPERATIONS
from services.links.dialects.native.openapi import document
from services.links.dialects.native.operations import OPERATIONS
from services.links.dialects.native.routes import HANDLERS
from services.links.dialects.native.wire import account
from services.links.domain import keys
from services.notify.web.openapi import OPERATIONS as NOTIFY_OPERATIONS
from shared.runtime.operation import Operation


def test_the_document_is_openapi_3_1() -> None:
    validate(document())


def test_the_document_names_every_route_and_no_other() -> None:
    routes = {
        (method.lower(), path.replace(":uuid", "").replace(":str", ""))
        for handler in HANDLERS
        for path in handler.paths
        for method in handler.http_methods
        if method in {"GET", "POST", "PATCH", "DELETE"} and path.startswith("/v1")
    }
    assert {(operation.method, operation.path) for operation in OPERATIONS} == routes


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_every_example_is_of_its_type(operation: Operation) -> None:
    def back(kind: Any, example: Any) -> Any:
        return msgspec.to_builtins(msgspec.convert(example, kind, strict=True))

    assert back(operation.answer, operation.answer_example) == operation.answer_example
    if operation.body is not None:
        assert back(operation.body, operation.body_example).items() >= operation.body_example.items()


def test_operation_ids_are_their_own() -> None:
    assert len({operation.id for operation in OPERATIONS}) == len(OPERATIONS)


def test_the_wire_knows_the_scopes_of_the_domain() -> None:
    assert account.Scope == keys.Scope


@pytest.mark.parametrize(
    "operation",
    [*OPERATIONS, *MERCHANT_OPERATIONS, *MONEY_OPERATIONS, *NOTIFY_OPERATIONS],
    ids=lambda operation: operation.id,
)
def test_the_scope_of_every_operation_is_one_that_keys_have(operation: Operation) -> None:
    assert operation.scope in {None, *get_args(keys.Scope)}
