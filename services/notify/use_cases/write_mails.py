"""From a row of the ledger to a letter, or to the reason why there is none: asked right before it goes out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, assert_never

from services.notify.domain.delivery import Early, Obsolete
from services.notify.mailers.port import Letter
from services.notify.store.mail import ClaimedMail
from services.notify.use_cases.compose_mail import (
    compose_link_mail,
    compose_mail,
    compose_otp_mail,
    compose_payment_failed,
    compose_reminder,
    compose_renewal,
    compose_webhook_disabled,
)
from services.notify.use_cases.fresh_links import FreshLinks
from services.notify.use_cases.intend_receipts import was_paid_since
from services.notify.use_cases.link_mails import why_withheld
from services.notify.use_cases.otp import Codes, code_to_mail
from services.notify.use_cases.reminders import why_not_reminded
from services.notify.use_cases.renewals import why_not_renewed
from services.notify.use_cases.unsubscribe import Unsubscribing
from shared.runtime.postgres import Postgres
from shared.runtime.session_pages import SessionPages

_WITH_PAGES: Final = {"receipt": compose_mail, "link": compose_link_mail, "payment_failed": compose_payment_failed}

_ASKS_TO_PAY: Final = frozenset({"link", "reminder", "renewal", "dunning"})


class Writer:
    """`sender` is the address in the envelope and in From."""

    def __init__(
        self, postgres: Postgres, *, sender: str, pages: SessionPages, codes: Codes, unsubscribing: Unsubscribing
    ) -> None:
        self._postgres = postgres
        self._sender = sender
        self._pages = pages
        self._codes = codes
        self._unsubscribing = unsubscribing
        self._links = FreshLinks(postgres)

    def expect(self, mails: Sequence[ClaimedMail]) -> None:
        """These letters are asked for next."""
        self._links.expect(mail.link_id for mail in mails if mail.link_id is not None and mail.kind in _ASKS_TO_PAY)

    async def letter(self, mail: ClaimedMail, now: datetime) -> Letter | Obsolete | Early:
        """A mail may have waited for days: whether it is still true is looked up, never remembered."""
        if unsent := await self._why_not(mail, now):
            return unsent
        match mail.kind:
            case "receipt" | "link" | "payment_failed" as kind:
                return _WITH_PAGES[kind](mail, sender=self._sender, pages=self._pages)
            case "otp":
                code = await code_to_mail(self._postgres, mail.id, codes=self._codes, now=now)
                return compose_otp_mail(mail, sender=self._sender, code=code) if code is not None else Obsolete()
            case "reminder":
                unsubscribing = self._unsubscribing
                return compose_reminder(mail, sender=self._sender, pages=self._pages, unsubscribing=unsubscribing)
            case "renewal" | "dunning" as kind:
                unsubscribing = self._unsubscribing
                return compose_renewal(mail, kind, sender=self._sender, pages=self._pages, unsubscribing=unsubscribing)
            case "webhook_disabled":
                return compose_webhook_disabled(mail, sender=self._sender)
            case _:
                assert_never(mail.kind)

    async def _why_not(self, mail: ClaimedMail, now: datetime) -> Obsolete | Early | None:
        match mail.kind:
            case "link":
                reason = await why_withheld(self._links, mail, now=now)
                return Obsolete(reason) if reason else None
            case "reminder":
                return await why_not_reminded(self._postgres, self._links, mail, now=now)
            case "renewal" | "dunning" as kind:
                return await why_not_renewed(self._postgres, self._links, mail, kind=kind, now=now)
            case "payment_failed":
                return Obsolete("paid") if await was_paid_since(self._postgres, mail) else None
            case _:
                return None
