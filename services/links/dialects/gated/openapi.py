from typing import Any, Final

from services.links.dialects.gated import wire
from services.links.dialects.surface.openapi import ANYWHERE, Answer, Document, Operation

_ID: Final = "01939b1e-7c5a-7d3e-9f00-3c6a1b2d4e5f"
_ORGANIZATION: Final = "0979ec77-9fb1-4c9a-8c55-d7fb6c182c9c"
_URL: Final = "https://pay.example.com/checkout/g-5f0c9d2b7a1e4c38b6d0f1a2c3e4d5b6"
_CREATE: Final[dict[str, Any]] = {
    "email": "amina@example.com",
    "org_id": _ORGANIZATION,
    "transaction_id": "TX-2041",
    "payment_amount": 19.99,
    "currency": "USD",
    "scheduled_at": "2026-12-01T09:00:00Z",
}
_MASKED: Final[dict[str, Any]] = {
    "link_id": _ID,
    "org_id": _ORGANIZATION,
    "email": "a***@example.com",
    "transaction_id": "TX-2041",
    "payment_amount": 19.99,
    "currency": "USD",
    "status": "active",
    "otp_required": True,
    "verified": False,
    "scheduled_at": "2026-12-01T09:00:00Z",
    "expires_at": "2026-12-08T09:00:00Z",
    "created_at": "2026-11-21T10:00:00Z",
    "url": _URL,
    "metadata": {},
}
_LINK: Final = _MASKED | {"email": "amina@example.com"}
_PATH: Final = "/payment-links"
_ONE: Final = _PATH + "/{link_id}"
_NO_LINK: Final = Answer("There is no such link.", wire.Refused)
_NO_ORGANIZATION: Final = Answer("There is no such organization, or it is not yours.", wire.Refused)
_PAGE: Final = (
    ("page", {"type": "integer", "minimum": 1, "maximum": 100000, "default": 1}),
    ("per_page", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 1000}),
)

DOCUMENT: Final = Document(
    root="/gated",
    title="Paylinks: the gated dialect",
    description="Payment links for one recipient, behind a one-time code. Amounts are in major units, times in UTC.",
    security={"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
    refused=wire.Refused,
    refusals={
        400: "A value cannot be accepted; `error.field` names it.",
        401: "The token, or the code, is missing, wrong or over.",
        403: "The token has no role that may do this.",
        **ANYWHERE,
    },
    operations=(
        Operation(
            method="post",
            path=_PATH,
            id="createPaymentLink",
            summary="Create a payment link for a recipient",
            body=wire.CreateLink,
            body_example=_CREATE,
            answers={
                201: Answer(
                    "Created. It is mailed only where it is scheduled.",
                    wire.Created,
                    {"link_id": _ID, "status": "active", "expires_at": "2026-12-08T09:00:00Z", "url": _URL},
                ),
                404: _NO_ORGANIZATION,
            },
        ),
        Operation(
            method="delete",
            path=_PATH,
            id="revokePaymentLinksOfRecipient",
            summary="Revoke all active links of a recipient",
            body=wire.RevokeLinks,
            body_example={"email": "amina@example.com"},
            answers={200: Answer("Revoked.", wire.Revoked, {"message": "3 payment links revoked", "revoked": 3})},
        ),
        Operation(
            method="get",
            path=_ONE,
            id="getPaymentLink",
            summary="Read a payment link: masked, or whole with a token that opens it",
            answers={200: Answer("Found.", wire.Link, _MASKED), 404: _NO_LINK},
            open=True,
        ),
        Operation(
            method="delete",
            path=_ONE,
            id="revokePaymentLink",
            summary="Revoke a payment link, and with an email all active links of that recipient",
            body=wire.RevokeLinks,
            body_required=False,
            answers={
                200: Answer("Revoked.", wire.Revoked, {"message": "Payment link revoked", "revoked": 1}),
                404: _NO_LINK,
            },
        ),
        Operation(
            method="post",
            path=_PATH + "/verify",
            id="verifyPaymentLink",
            summary="Ask whether a payment link is valid",
            body=wire.VerifyLink,
            body_example={"link_id": _ID},
            answers={200: Answer("Looked up.", wire.Verified, {"valid": True, "link": _MASKED}), 404: _NO_LINK},
            open=True,
        ),
        Operation(
            method="post",
            path=_PATH + "/otp",
            id="sendOtp",
            summary="Have a one-time code mailed",
            body=wire.AskOtp,
            body_example={"email": "amina@example.com"},
            answers={
                200: Answer(
                    "The same for every address.",
                    wire.OtpSent,
                    {
                        "message": "If a payment link waits for this address, a code is on its way.",
                        "expires_at": "2026-11-21T10:10:00Z",
                        "resend_at": "2026-11-21T10:01:00Z",
                    },
                )
            },
            open=True,
        ),
        Operation(
            method="put",
            path=_PATH + "/otp",
            id="verifyOtp",
            summary="Give a code for a token of 24 hours",
            body=wire.VerifyOtp,
            body_example={"email": "amina@example.com", "otp": "481516"},
            answers={
                200: Answer(
                    "The address is proven.",
                    wire.LinkToken,
                    {
                        "token": "eyJhbGciOiJFZERTQSJ9.eyJ0eXBlIjoicGF5bWVudF9saW5rIn0.c2ln",
                        "type": "payment_link",
                        "expires_at": "2026-11-22T10:00:00Z",
                        "expires_in": 86400,
                    },
                )
            },
            open=True,
        ),
        Operation(
            method="post",
            path=_PATH + "/scheduled",
            id="sendScheduled",
            summary="Send the mails of a window of schedules now, each once",
            body=wire.SendScheduled,
            body_example={"scheduled_at": "2026-12-01T00:00:00Z", "period": 24},
            answers={
                200: Answer("Asked for.", wire.Scheduled, {"total": 1, "link_ids": [_ID]}),
                404: _NO_ORGANIZATION,
            },
        ),
        Operation(
            method="get",
            path="/orgs/{org_id}/payment-links",
            id="listPaymentLinks",
            summary="List the payment links of an organization, newest first",
            query=_PAGE,
            answers={200: Answer("Found.", wire.Links, {"links": [_LINK], "total": 1}), 404: _NO_ORGANIZATION},
        ),
    ),
)
