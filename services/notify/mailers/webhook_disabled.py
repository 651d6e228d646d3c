"""The mail to a merchant whose webhook endpoint was switched off, in words: where, why, and what to do."""

from services.notify.domain.webhook_disabled import WebhookDisabled
from services.notify.mailers.wording import Wording, known, worded, words
from shared.web.formats import format_moment


def word_webhook_disabled(mail: WebhookDisabled, locale: str) -> Wording:
    locale = known(locale)
    t = words(locale)
    since = format_moment(mail.failing_since, locale, zone=mail.timezone)
    reason = t(f"webhook_disabled_{mail.reason}", since=since)
    return worded(
        "webhook_disabled",
        locale,
        mail,
        subject=t("webhook_disabled_subject", host=mail.host, merchant=mail.merchant_name),
        why=t("webhook_disabled_why", merchant=mail.merchant_name),
        preview=reason,
        reason=reason,
        rows=[
            *([(t("webhook_disabled_what"), mail.description)] if mail.description else []),
            (t("webhook_disabled_where"), mail.url),
            (t("webhook_disabled_id"), str(mail.endpoint_id)),
            (t("row_date"), format_moment(mail.disabled_at, locale, zone=mail.timezone)),
        ],
    )
