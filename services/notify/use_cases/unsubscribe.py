"""The address in a reminder that stops reminders: signed, and without the reader's own address in it."""

import base64
import binascii
from datetime import datetime
from typing import Final
from uuid import UUID

from services.notify.store import reminders
from services.notify.store.reminders import Subscriber
from shared.kernel.faults import NotFound
from shared.runtime.postgres import Postgres
from shared.runtime.secrets import TokenMaker, derive

PATH: Final = "/unsubscribe"
_ID_CHARS: Final = 22
_TOKEN_CHARS: Final = 66


class Unsubscribing:
    """`public_url` is the gateway's origin. Tokens do not run out: a mail may be read after years."""

    def __init__(self, root_secret: bytes, public_url: str) -> None:
        self._maker = TokenMaker(derive(root_secret, "unsubscribe"))
        self._public_url = public_url.rstrip("/")

    def url(self, mail_id: UUID) -> str:
        name = base64.urlsafe_b64encode(mail_id.bytes).rstrip(b"=").decode()
        return f"{self._public_url}{PATH}/{name}.{self._maker.token_for(name)}"

    def mail_of(self, token: str) -> UUID | None:
        """The reminder that the token came with; None: it is not ours."""
        name, _, proof = token.partition(".")
        if len(token) != _TOKEN_CHARS or len(name) != _ID_CHARS or not token.isascii():
            return None
        if not self._maker.belongs(proof, name):
            return None
        try:
            return UUID(bytes=base64.urlsafe_b64decode(name + "=="))
        except (binascii.Error, ValueError):
            return None

    async def subscriber(self, pg: Postgres, token: str) -> Subscriber:
        """Raises NotFound: the token is not ours."""
        mail_id = self.mail_of(token)
        found = await reminders.find_subscriber(pg, mail_id) if mail_id is not None else None
        if found is None:
            raise NotFound("unsubscribe")
        return found

    async def stop(self, pg: Postgres, token: str, now: datetime) -> Subscriber:
        """No more reminders of this organization to this address. Asked again, it is no fault.

        Raises:
            NotFound: the token is not ours.
        """
        subscriber = await self.subscriber(pg, token)
        await reminders.unsubscribe(pg, subscriber, now)
        return subscriber
