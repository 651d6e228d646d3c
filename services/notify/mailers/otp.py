"""The mail with a one-time code.

The code is in the body only. A subject and a preview are shown on locked phones, kept in the logs of mail servers and
in the search of whoever shares the mailbox; opening the mail is a small price, and mail apps find the code in the
body as well when they offer to fill it in.
"""

from functools import cache
from typing import Final

from jinja2 import Template

from services.notify.domain.otp import LIFETIME, OtpMail
from services.notify.mailers.receipt import Wording, mail_link, mail_templates, words
from shared.web.colors import brand
from shared.web.locales import LOCALE_DEFAULT, known_locale

_MINUTES: Final = str(int(LIFETIME.total_seconds() // 60))


@cache
def _templates() -> tuple[Template, Template]:
    return mail_templates("otp")


def warm() -> None:
    _templates()


def word_otp(mail: OtpMail, locale: str, *, code: str) -> Wording:
    """`locale` is a BCP 47 tag; one that there is no translation for reads as English."""
    locale = known_locale(locale) or LOCALE_DEFAULT
    t = words(locale)
    subject = t("otp_subject", merchant=mail.merchant_name)
    values: dict[str, object] = {
        "t": t,
        "locale": locale,
        "mail": mail,
        "code": code,
        "subject": subject if mail.livemode else t("subject_test", subject=subject),
        "preview": t("otp_preview", minutes=_MINUTES),
        "minutes": _MINUTES,
        "brand": brand(None),
        "initial": mail.merchant_name[:1].upper(),
        "support_link": mail_link(mail.support_email),
    }
    text, html = _templates()
    return Wording(str(values["subject"]), text.render(values), html.render(values))
