"""The mail with a one-time code.

The code is in the body only. A subject and a preview are shown on locked phones, kept in the logs of mail servers and
in the search of whoever shares the mailbox; opening the mail is a small price, and mail apps find the code in the
body as well when they offer to fill it in.
"""

from typing import Final

from services.notify.domain.otp import LIFETIME, OtpMail
from services.notify.mailers.wording import Wording, known, worded, words

_MINUTES: Final = str(int(LIFETIME.total_seconds() // 60))


def word_otp(mail: OtpMail, locale: str, *, code: str) -> Wording:
    locale = known(locale)
    t = words(locale)
    return worded(
        "otp",
        locale,
        mail,
        subject=t("otp_subject", merchant=mail.merchant_name),
        why=t("otp_why", merchant=mail.merchant_name),
        preview=t("otp_preview", minutes=_MINUTES),
        code=code,
        minutes=_MINUTES,
    )
