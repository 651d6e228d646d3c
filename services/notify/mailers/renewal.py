"""The mails to a buyer of a plan before and after the end of what they have paid for, in words.

Nothing is charged by itself, and these mails say so: whoever does not want to go on has nothing to do.
"""

from services.notify.domain.renewal import RenewalKind, RenewalMail
from services.notify.mailers.link import price
from services.notify.mailers.wording import Wording, known, worded, words
from shared.web.formats import format_day, format_moment


def word_renewal(mail: RenewalMail, kind: RenewalKind, locale: str, *, url: str, unsubscribe_url: str) -> Wording:
    locale = known(locale)
    t = words(locale)
    link = mail.link
    day = format_day(mail.paid_until, locale, zone=link.timezone)
    amount, beside = price(link.pricing, t, locale)
    # In one piece: a heading is large, and its lines are short.
    heading = t(f"{kind}_heading", title=link.title, day=day.replace(" ", "\u00a0"))
    return worded(
        "renewal",
        locale,
        mail,
        subject=t(f"{kind}_subject", merchant=mail.merchant_name, title=link.title, day=day),
        why=t("renewal_why", merchant=mail.merchant_name, title=link.title),
        preview=t(f"{kind}_advice"),
        url=url,
        unsubscribe_url=unsubscribe_url,
        heading=heading,
        advice=t(f"{kind}_advice"),
        amount=amount,
        beside=beside,
        rows=[(t(f"{kind}_until"), format_moment(mail.paid_until, locale, zone=link.timezone))],
        after=t(f"{kind}_after"),
        gate_otp=link.gate_otp,
    )
