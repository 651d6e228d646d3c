"""A receipt in words: subject, text and HTML, in the buyer's language and the merchant's time zone."""

from services.notify.domain.receipt import Receipt
from services.notify.mailers.wording import Wording, known, worded, words
from shared.web.formats import format_moment, format_money


def word_receipt(receipt: Receipt, locale: str, *, url: str) -> Wording:
    locale = known(locale)
    t = words(locale)
    amount = format_money(receipt.total.minor, receipt.total.currency, locale)
    method = t(f"method_{receipt.method}")
    return worded(
        "receipt",
        locale,
        receipt,
        subject=t("subject", merchant=receipt.merchant_name, amount=amount),
        why=t("why", merchant=receipt.merchant_name),
        preview=t("preview", title=receipt.link_title, number=receipt.number),
        url=url,
        amount=amount,
        rows=[
            (t("row_title"), receipt.link_title),
            (t("row_date"), format_moment(receipt.paid_at, locale, zone=receipt.timezone)),
            (t("row_method"), f"{method} · {_unbroken(receipt.payer_hint)}" if receipt.payer_hint else method),
            (t("row_receipt_number"), receipt.number),
        ],
    )


def _unbroken(text: str) -> str:
    """A masked number in one piece, at the end of a line or the beginning of the next."""
    return text.replace(" ", "\u00a0")
