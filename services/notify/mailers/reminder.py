"""The mail that reminds of a link that is not paid, in words."""

from services.notify.domain.link_mail import LinkMail
from services.notify.mailers.link import items, price
from services.notify.mailers.wording import Wording, known, worded, words
from shared.web.formats import format_moment


def word_reminder(mail: LinkMail, locale: str, *, url: str, unsubscribe_url: str) -> Wording:
    locale = known(locale)
    t = words(locale)
    amount, beside = price(mail.pricing, t, locale)
    expires = format_moment(mail.expires_at, locale, zone=mail.timezone) if mail.expires_at else None
    return worded(
        "link",
        locale,
        mail,
        subject=t("reminder_subject", merchant=mail.merchant_name, title=mail.title),
        why=t("reminder_why", merchant=mail.merchant_name),
        preview=t("expires", moment=expires) if expires else t("reminder_heading"),
        url=url,
        unsubscribe_url=unsubscribe_url,
        heading=t("reminder_heading"),
        amount=amount,
        beside=beside,
        rows=items(mail.pricing, locale),
        expires=t("expires", moment=expires) if expires else None,
    )
