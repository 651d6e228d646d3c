"""The mail about a payment that was pending for long and came to nothing, in words: why, and what to do next."""

from services.notify.domain.payment_failed import PaymentFailed
from services.notify.mailers.wording import Wording, known, worded, words
from shared.web.formats import format_moment, format_money


def word_payment_failed(mail: PaymentFailed, locale: str, *, url: str) -> Wording:
    locale = known(locale)
    t = words(locale)
    amount = format_money(mail.total.minor, mail.total.currency, locale)
    # The page's advice for this one speaks of the page.
    advice = "payment_failed_expired" if mail.reason == "expired" else f"failure_{mail.reason}_advice"
    return worded(
        "payment_failed",
        locale,
        mail,
        subject=t("payment_failed_subject", merchant=mail.merchant_name, amount=amount),
        why=t("why", merchant=mail.merchant_name),
        preview=t(f"failure_{mail.reason}_heading"),
        url=url,
        heading=t(f"failure_{mail.reason}_heading"),
        advice=t(advice),
        amount=amount,
        rows=[
            (t("row_title"), mail.link_title),
            (t("row_date"), format_moment(mail.began_at, locale, zone=mail.timezone)),
            (t("row_method"), t(f"method_{mail.method}")),
        ],
    )
