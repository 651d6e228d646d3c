"""The OpenAPI 3.1 document of notify's API for merchants, from one table of operations and the wire's Structs.

Bodies are decoded by hand (exactly, and with every bound), so the document is put together by hand, too; a test holds
it to the routes and to what they answer.
"""

import re
from typing import Any, Final

import msgspec
from litestar import get
from litestar.response.base import ASGIResponse

from services.notify.web import examples, wire
from services.notify.web.mail_operations import MAIL_OPERATIONS
from services.notify.web.operation import PAGE, Operation
from services.notify.web.problems import OURS
from shared.runtime import problems
from shared.runtime.listing import Page

_REF: Final = "#/components/schemas/{name}"
_JSON: Final = "application/json"
_ENDPOINTS: Final = "/v1/webhook-endpoints"
_ENDPOINT: Final = _ENDPOINTS + "/{endpoint_id}"
_DELIVERY: Final = "/v1/webhook-deliveries/{delivery_id}"
_LOG: Final = (
    *PAGE,
    ("state", {"enum": ["pending", "delivered", "failed"]}),
    ("event", {"type": "string", "example": "charge.succeeded"}),
    ("link_id", {"type": "string", "format": "uuid"}),
)


OPERATIONS: Final = (
    Operation(
        method="post",
        path=_ENDPOINTS,
        id="create_webhook_endpoint",
        summary="Have events sent to a URL; the answer shows the signing secret, once",
        scope="webhooks:write",
        status=201,
        answer=wire.NewWebhookEndpoint,
        answer_example=examples.NEW_ENDPOINT,
        body=wire.CreateWebhookEndpoint,
        body_example=examples.CREATE,
        codes=("too_many_endpoints",),
    ),
    Operation(
        method="get",
        path=_ENDPOINTS,
        id="list_webhook_endpoints",
        summary="The endpoints of the key's mode",
        scope="webhooks:read",
        answer=Page[wire.WebhookEndpoint],
        answer_example=examples.page(examples.ENDPOINT),
        query=PAGE,
    ),
    Operation(
        method="get",
        path=_ENDPOINT,
        id="get_webhook_endpoint",
        summary="One endpoint",
        scope="webhooks:read",
        answer=wire.WebhookEndpoint,
        answer_example=examples.ENDPOINT,
    ),
    Operation(
        method="patch",
        path=_ENDPOINT,
        id="change_webhook_endpoint",
        summary="Change what is named; switch it off and on",
        scope="webhooks:write",
        answer=wire.WebhookEndpoint,
        answer_example=examples.ENDPOINT,
        body=wire.PatchWebhookEndpoint,
        body_example=examples.PATCH,
    ),
    Operation(
        method="delete",
        path=_ENDPOINT,
        id="delete_webhook_endpoint",
        summary="Send nothing there any more, and forget its secrets",
        scope="webhooks:write",
        status=204,
    ),
    Operation(
        method="post",
        path=_ENDPOINT + "/rotate-secret",
        id="rotate_webhook_secret",
        summary="A new signing secret, shown once; the old one signs as well until the overlap is over",
        scope="webhooks:write",
        answer=wire.NewWebhookEndpoint,
        answer_example=examples.NEW_ENDPOINT,
        body=wire.RotateSecret,
        body_example=examples.ROTATE,
        body_required=False,
    ),
    Operation(
        method="post",
        path=_ENDPOINT + "/test",
        id="test_webhook_endpoint",
        summary="Have a `webhook.test` event sent, whatever the filters are",
        scope="webhooks:write",
        status=202,
        answer=wire.WebhookDelivery,
        answer_example=examples.DELIVERY,
        codes=("endpoint_disabled",),
    ),
    Operation(
        method="post",
        path=_ENDPOINT + "/redeliver",
        id="redeliver_webhooks",
        summary="Send again what was written down in a range of time, at most 1,000 events at once",
        scope="webhooks:write",
        status=202,
        answer=wire.Redelivered,
        answer_example=examples.REDELIVERED,
        body=wire.RedeliverRange,
        body_example=examples.RANGE,
        codes=("endpoint_disabled",),
    ),
    Operation(
        method="get",
        path=_ENDPOINT + "/deliveries",
        id="list_webhook_deliveries",
        summary="What was, is and will be sent there; kept for 30 days",
        scope="webhooks:read",
        answer=Page[wire.WebhookDelivery],
        answer_example=examples.page(examples.DELIVERY),
        query=_LOG,
    ),
    Operation(
        method="get",
        path=_DELIVERY,
        id="get_webhook_delivery",
        summary="One event on its way to one endpoint: the request as it was sent, and every attempt with its answer",
        scope="webhooks:read",
        answer=wire.WebhookDeliveryDetail,
        answer_example=examples.DETAIL,
    ),
    Operation(
        method="post",
        path=_DELIVERY + "/redeliver",
        id="redeliver_webhook",
        summary="Send it again under the same `webhook-id`, behind what waits for the same link",
        scope="webhooks:write",
        status=202,
        answer=wire.WebhookDelivery,
        answer_example=examples.DELIVERY,
        codes=("endpoint_disabled",),
    ),
    *MAIL_OPERATIONS,
)


def document() -> dict[str, Any]:
    types = [kind for operation in OPERATIONS for kind in (operation.body, operation.answer) if kind is not None]
    schemas, components = msgspec.json.schema_components([*types, wire.Problem], ref_template=_REF)
    schema_of = {repr(kind): schema for kind, schema in zip(types, schemas, strict=False)}
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Paylinks notify",
            "version": "1.0.0",
            "description": "Webhooks: where events are sent, what was sent, and sending it again. What they say is in "
            "docs/events.md, how to receive them in docs/webhooks.md. An API key sees what is of its own mode.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"header": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "plk_<test|live>_<id>_<secret>"},
                "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
        },
    }


def routes() -> list[Any]:
    body = msgspec.json.encode(document())

    @get("/openapi.json", include_in_schema=False, sync_to_thread=False)
    def openapi() -> ASGIResponse:
        return ASGIResponse(body=body, media_type=_JSON)

    return [openapi]


def _operation(operation: Operation, schema_of: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "description": f"Needs the scope `{operation.scope}`.",
        "tags": [operation.path.split("/")[2]],
        "parameters": _parameters(operation),
        "responses": {str(operation.status): _answer(operation, schema_of), **_problems(operation)},
    }
    if operation.body is not None:
        content = {"schema": schema_of[repr(operation.body)], "example": operation.body_example}
        described["requestBody"] = {"required": operation.body_required, "content": {_JSON: content}}
    return described


def _answer(operation: Operation, schema_of: dict[str, Any]) -> dict[str, Any]:
    headers = {"X-Request-Id": {"schema": {"type": "string"}}}
    if operation.answer is None:
        return {"description": "Done.", "headers": headers}
    content = {"schema": schema_of[repr(operation.answer)], "example": operation.answer_example}
    return {"description": "Done.", "headers": headers, "content": {_JSON: content}}


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    uuid = {"type": "string", "format": "uuid"}
    names: list[str] = re.findall(r"{(\w+)}", operation.path)
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": uuid} for name in names
    ]
    parameters += [{"name": name, "in": "query", "schema": schema} for name, schema in operation.query]
    if operation.method == "post":
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "The same key and request give the same answer, for three days; "
                "another request with the key is refused.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        )
    return parameters


def _problems(operation: Operation) -> dict[str, Any]:
    kinds = problems.KINDS | OURS
    by_status: dict[int, list[str]] = {}
    for code in sorted(operation.refusals()):
        by_status.setdefault(kinds[code].status, []).append(code)
    return {
        str(status): {
            "description": "; ".join(f"`{code}`: {kinds[code].title}" for code in codes),
            "content": {
                problems.MEDIA_TYPE: {
                    "schema": {"$ref": _REF.format(name="Problem")},
                    "example": problems.document(codes[0], {}, request_id=None),
                }
            },
        }
        for status, codes in sorted(by_status.items())
    }
