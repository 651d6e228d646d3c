"""The operations on mails, as the OpenAPI document has them."""

from typing import Any, Final, get_args

from services.notify.web import mail_wire as wire
from shared.contracts.notify import MailKind, MailState
from shared.runtime.listing import Page
from shared.runtime.operation import PAGE, UUID_TEXT, Operation, page_example

_MAIL_ID: Final = "01930000-0000-7000-8000-000000000005"
_AT: Final = "2027-03-05T11:05:00Z"
MAIL: Final[dict[str, Any]] = {
    "id": _MAIL_ID,
    "kind": "receipt",
    "state": "sent",
    "skip_reason": None,
    "address": "buyer@example.com",
    "link_id": "01930000-0000-7000-8000-000000000002",
    "charge_id": "01930000-0000-7000-8000-000000000004",
    "locale": "en",
    "message_id": f"<{_MAIL_ID}@pay.example>",
    "attempts": 1,
    "last_error": None,
    "due_at": _AT,
    "scheduled_at": None,
    "resend_of": None,
    "livemode": False,
    "created_at": _AT,
    "sent_at": _AT,
}
RESENT: Final = MAIL | {
    "id": "01930000-0000-7000-8000-00000000000d",
    "message_id": "<01930000-0000-7000-8000-00000000000d@pay.example>",
    "state": "due",
    "attempts": 0,
    "sent_at": None,
    "resend_of": _MAIL_ID,
}
SUPPRESSION: Final[dict[str, Any]] = {
    "id": "01930000-0000-7000-8000-00000000000e",
    "address": "gone@example.com",
    "answer": "550 5.1.1 No such user",
    "mail_id": _MAIL_ID,
    "created_at": _AT,
}


_ADDRESS: Final = ("address", {"type": "string", "example": "buyer@example.com", "description": "In any case."})
_FILTERS: Final = (
    *PAGE,
    ("kind", {"enum": list(get_args(MailKind))}),
    ("state", {"enum": list(get_args(MailState))}),
    ("link_id", UUID_TEXT),
    ("charge_id", UUID_TEXT),
    _ADDRESS,
)
MAIL_OPERATIONS: Final = (
    Operation(
        method="get",
        path="/v1/mails",
        id="list_mails",
        summary="What was, is and will be mailed about the links of the key's mode, newest first",
        scope="mails:read",
        answer=Page[wire.Mail],
        answer_example=page_example(MAIL),
        query=_FILTERS,
    ),
    Operation(
        method="get",
        path="/v1/mails/{mail_id}",
        id="get_mail",
        summary="One mail, and what became of it",
        scope="mails:read",
        answer=wire.Mail,
        answer_example=MAIL,
    ),
    Operation(
        method="post",
        path="/v1/mails/{mail_id}/resend",
        id="resend_mail",
        summary="Send a receipt, a link or word of a failed payment again, as a mail of its own",
        scope="mails:write",
        status=202,
        answer=wire.Mail,
        answer_example=RESENT,
        codes=("mail_not_resendable", "too_many_resends"),
    ),
    Operation(
        method="get",
        path="/v1/suppressions",
        id="list_suppressions",
        summary="Addresses that get no mail, because a mail server said that they do not exist",
        scope="mails:read",
        answer=Page[wire.Suppression],
        answer_example=page_example(SUPPRESSION),
        query=(*PAGE, _ADDRESS),
    ),
    Operation(
        method="delete",
        path="/v1/suppressions/{suppression_id}",
        id="lift_suppression",
        summary="Write to the address again from now on",
        scope="mails:write",
        status=204,
    ),
)
