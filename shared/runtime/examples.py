"""One example of every message, made from its type, so that no example can be out of step with it.

A field's example goes by its name first and by its type otherwise. The same type always gives the same example.
"""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import inspect

_BY_NAME: Final[dict[str, Any]] = {
    "id": "01930000-0000-7000-8000-00000000000a",
    "org_id": "01930000-0000-7000-8000-000000000001",
    "link_id": "01930000-0000-7000-8000-000000000002",
    "session_id": "01930000-0000-7000-8000-000000000003",
    "charge_id": "01930000-0000-7000-8000-000000000004",
    "mail_id": "01930000-0000-7000-8000-000000000005",
    "callback_id": "01930000-0000-7000-8000-000000000006",
    "account_id": "01930000-0000-7000-8000-00000000000b",
    "CallbackTold.headers": {"sandbox-signature": "t=1700000000,v1=…"},
    "CallbackTold.applied_at": "2027-03-05T11:05:00Z",
    "CallbackTold.retry_at": None,
    "CallbackTold.event_id": "evt_4be1c0",
    "ListCallbacks.provider": None,
    "Reconcile.org_id": None,
    "product_id": "01930000-0000-7000-8000-000000000007",
    "plan_id": "01930000-0000-7000-8000-000000000008",
    "refund_id": "01930000-0000-7000-8000-00000000000b",
    "dispute_id": "01930000-0000-7000-8000-00000000000c",
    "RefundCreated.reason": "ordered twice",
    "RefundSucceeded.reason": "ordered twice",
    "RefundFailed.reason": "ordered twice",
    "failure": "insufficient_balance",
    "ChargeDisputed.reason": "fraudulent",
    "ChargeAccepted.by": "key:4f0c2a",
    "event_id": "01930000-0000-7000-8000-000000000009",
    "endpoint_id": "01930000-0000-7000-8000-00000000000b",
    "livemode": False,
    "amount_minor": 50000,
    "currency": "UGX",
    "currencies": ["UGX"],
    "slug": "invoice-123",
    "title": "Invoice #123",
    "link_title": "Invoice #123",
    "name": "Kampala Coffee",
    "CustomerView.name": "Amina Nakato",
    "OrganizationCreated.link_id": None,
    "OrganizationUpdated.link_id": None,
    "WebhookEndpointDisabled.link_id": None,
    "MailFailed.reason": "550 5.1.1 No such mailbox",
    "DeadLetter.error": "ValueError('…')",
    "DeadLetter.replayed_at": None,
    "MailView.last_error": None,
    "merchant_name": "Kampala Coffee",
    "merchant_support_email": "help@kampala.example",
    "support_email": "help@kampala.example",
    "email": "buyer@example.com",
    "to_address": "buyer@example.com",
    "phone": "+256772123456",
    "payer_hint": "+256 77• ••• 456",
    "locale": "en",
    "timezone": "Africa/Kampala",
    "method": "mobile_money",
    "methods": ["card", "mobile_money"],
    "provider": "sandbox",
    "providers": ["sandbox"],
    "code": "481516",
    "token": "eyJhbGciOiJFZERTQSJ9.…",
    "kid": "2027-03-01-5f3a9c10",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    "client_ip": "203.0.113.7",
    "receipt_number": "R-20270305-7K2QX9AB",
    "message_id": "<01930000-0000-7000-8000-000000000005@pay.example>",
    "color": "#0a6b5a",
    "merchant_color": "#0a6b5a",
    "revision": 1,
    "version": 2,
    "uses_max": 2,
    "before_expiry_hours": [24],
    "unpaid_days": [3],
    "renewal_days": [3],
    "dunning_days": [1, 3, 7],
    "interval": "month",
    "attempts": 1,
    "deliveries": 8,
    "limit": 50,
    "service": "links",
    "consumer": "charges",
    "subject": "checkout.evt.v1.01930000-0000-7000-8000-000000000001.charge.succeeded",
    "outcomes": {"charges": "done"},
    "headers": {"ce-type": "checkout.charge.succeeded"},
    "body": "{…}",
}
_MOMENTS: Final = {
    "expires_at": "2027-12-31T23:59:59Z",
    "held_until": "2027-03-05T11:20:00Z",
    "pending_until": "2027-03-05T11:20:00Z",
    "retry_at": "2027-03-05T11:20:00Z",
    "ends_at": "2027-04-05T11:05:00Z",
    "paid_until": "2027-04-05T11:05:00Z",
}
_MOMENT: Final = "2027-03-05T11:05:00Z"


def example_of(kind: Any) -> Any:
    """A JSON-ready example of a Struct, a list of one, or the first member of a union."""
    return _value("", inspect.type_info(kind))


def _struct(info: inspect.StructType) -> dict[str, Any]:
    fields: dict[str, Any] = {info.tag_field: info.tag} if info.tag_field else {}
    for field in info.fields:
        own = f"{info.cls.__name__}.{field.encode_name}"
        fields[field.encode_name] = _BY_NAME[own] if own in _BY_NAME else _value(field.encode_name, field.type)
    return fields


def _union(name: str, info: inspect.UnionType) -> Any:
    """What may be absent is, unless its name has something worth showing."""
    if info.includes_none and name not in _BY_NAME:
        return None
    return _value(name, next(kind for kind in info.types if not isinstance(kind, inspect.NoneType)))


_BY_KIND: Final[dict[type, Callable[[str, Any], Any]]] = {
    inspect.StructType: lambda _, info: _struct(info),
    inspect.UnionType: _union,
    inspect.LiteralType: lambda name, info: _BY_NAME[name] if _BY_NAME.get(name) in info.values else info.values[0],
    inspect.ListType: lambda name, info: [_value(name, info.item_type)],
    inspect.VarTupleType: lambda name, info: [_value(name, info.item_type)],
    inspect.DictType: lambda _, __: {},
    inspect.DateTimeType: lambda name, _: _MOMENTS.get(name, _MOMENT),
    inspect.DateType: lambda _, __: _MOMENT[: len("2027-03-05")],
    inspect.UUIDType: lambda _, __: str(UUID(int=0)),
    inspect.BoolType: lambda _, __: False,
    inspect.IntType: lambda _, __: 0,
    inspect.StrType: lambda _, __: "…",
}
_NOT_BY_NAME: Final = (inspect.StructType, inspect.UnionType, inspect.LiteralType)


def _value(name: str, info: inspect.Type) -> Any:
    if name in _BY_NAME and not isinstance(info, _NOT_BY_NAME):
        return _BY_NAME[name]
    return _BY_KIND[type(info)](name, info)


def checked_example(kind: Any) -> Any:
    """The example, after a check that it is one.

    Raises:
        msgspec.ValidationError: a name in the table above gives something that the type does not allow.
    """
    example = example_of(kind)
    msgspec.convert(example, kind)
    return example
