"""What the merchant routes of notify work with."""

from collections.abc import Callable
from typing import Final

import msgspec

from services.notify.use_cases.webhook_endpoints import Owner, Rules, SecretBox
from shared.kernel.answer import Seal
from shared.kernel.moment import Clock
from shared.runtime.callers import Callers
from shared.runtime.merchant import AnyRequest, Call, begin
from shared.runtime.postgres import Postgres

READ: Final = "webhooks:read"
WRITE: Final = "webhooks:write"


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """`seal` keeps answers that hold a secret; `due` is called when an event is to be sent, `mail_due` for a mail."""

    pg: Postgres
    callers: Callers
    box: SecretBox
    seal: Seal
    rules: Rules
    clock: Clock
    due: Callable[[], None]
    mail_due: Callable[[], None]
    message_host: str

    async def begin(self, request: AnyRequest, scope: str) -> Call:
        return await begin(request, self.callers, scope, clock=self.clock)


def owner_of(call: Call) -> Owner:
    return Owner(call.caller.org_id, call.caller.livemode)
