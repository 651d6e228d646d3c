"""Which mails may be sent again because somebody asks, and how often."""

from typing import Final, Literal

from shared.contracts.notify import MailView
from shared.kernel.faults import Fault

RESENDS_MAX: Final = 10
RESENDABLE: Final = frozenset({"receipt", "link", "payment_failed"})
"""A code has ten minutes, and its page sends another; a reminder may be sent once a day."""

Why = Literal["kind", "under_way", "no_address", "no_longer_true"]


class MailNotResendable(Fault):
    code = "mail_not_resendable"

    def __init__(self, why: Why) -> None:
        super().__init__(why=why)


class TooManyResends(Fault):
    code = "too_many_resends"

    def __init__(self) -> None:
        super().__init__(resends_max=RESENDS_MAX)


def refusal(mail: MailView) -> Why | None:
    """Why this mail is not sent again; None when it may be."""
    if mail.kind not in RESENDABLE:
        return "kind"
    if mail.state in {"due", "sending"}:
        return "under_way"
    if mail.to_address is None or mail.skip_reason == "no_address":
        return "no_address"
    return "no_longer_true" if mail.state == "skipped" else None
