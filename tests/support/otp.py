"""Requests for codes, and the codes themselves out of the mails that they went out in."""

import re
from datetime import datetime
from typing import Any

from deploy.local.mailbox.mail import Mail
from shared.contracts.envelope import Received, type_of
from shared.contracts.otp import OtpRequested
from shared.kernel.ids import new_id

BUYER = "amina@example.com"
_CODE = re.compile(r"^(\d{6})\r?$", re.MULTILINE)


def asked(email: str = BUYER, **over: Any) -> OtpRequested:
    return OtpRequested(
        **{
            "org_id": new_id(),
            "email": email,
            "known": True,
            "merchant_name": "Kampala Coffee",
            "merchant_support_email": "help@kampala.example",
        }
        | over
    )


def taken(event: OtpRequested, at: datetime) -> Received:
    return Received(id=new_id(), type=type_of(OtpRequested), at=at, sequence=None, traceparent=None, event=event)


def code_in(mail: Mail) -> str:
    (code,) = _CODE.findall(mail.text)
    return code


def wrong_code(right: str) -> str:
    return f"{(int(right) + 1) % 1_000_000:06d}"
