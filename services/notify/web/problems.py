"""How notify's own faults are told over HTTP."""

from typing import Final

from services.notify.domain.resend import MailNotResendable, TooManyResends
from services.notify.domain.webhook_endpoint import EndpointDisabled, TooManyEndpoints
from shared.runtime import problems
from shared.runtime.problems import ProblemKind

OURS: Final = {
    TooManyEndpoints.code: ProblemKind(
        409, "There are as many webhook endpoints as there may be", "Delete one that is not needed any more."
    ),
    EndpointDisabled.code: ProblemKind(
        409, "The webhook endpoint is switched off", "Switch it on with PATCH and 'enabled': true, then repeat this."
    ),
    MailNotResendable.code: ProblemKind(
        409,
        "This mail is not sent again",
        "Mails that are on their way, that nobody needs any more or that went to no address are not; nor are codes "
        "and reminders. See 'why'.",
    ),
    TooManyResends.code: ProblemKind(
        409, "This mail was sent again as often as it may be", "Give the buyer the link or the receipt yourself."
    ),
}
problems.register(OURS)
