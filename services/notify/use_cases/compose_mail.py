"""From a row of the ledger to the bytes that the mail server gets."""

import msgspec

from services.notify.domain.link_mail import LinkMail
from services.notify.domain.otp import OtpMail
from services.notify.domain.payment_failed import PaymentFailed
from services.notify.domain.receipt import Receipt
from services.notify.domain.renewal import RenewalKind, RenewalMail
from services.notify.domain.webhook_disabled import WebhookDisabled
from services.notify.mailers.link import word_link
from services.notify.mailers.message import Message, compose, is_address, one_line
from services.notify.mailers.otp import word_otp
from services.notify.mailers.payment_failed import word_payment_failed
from services.notify.mailers.port import Letter
from services.notify.mailers.receipt import word_receipt
from services.notify.mailers.reminder import word_reminder
from services.notify.mailers.renewal import word_renewal
from services.notify.mailers.webhook_disabled import word_webhook_disabled
from services.notify.mailers.wording import Wording
from services.notify.store.mail import ClaimedMail
from services.notify.use_cases.unsubscribe import Unsubscribing
from shared.runtime.session_pages import SessionPages

_receipt = msgspec.json.Decoder(Receipt)
_renewal = msgspec.json.Decoder(RenewalMail)
_otp = msgspec.json.Decoder(OtpMail)
_link = msgspec.json.Decoder(LinkMail)
_payment_failed = msgspec.json.Decoder(PaymentFailed)
_webhook_disabled = msgspec.json.Decoder(WebhookDisabled)


def compose_mail(mail: ClaimedMail, *, sender: str, pages: SessionPages) -> Letter:
    """`sender` is the address all mails come from; the name beside it is the merchant's, who also gets the answers.

    `pages` makes the receipt's address: the token in it is stored nowhere.

    Nothing that a buyer typed is in it but the address: a stranger's address with a text of one's choice would make
    a fine tool for spam.
    """
    receipt = _receipt.decode(mail.context)
    wording = word_receipt(receipt, mail.locale, url=pages.url(receipt.session_id))
    return _letter(mail, wording, sender=sender, merchant=receipt.merchant_name, answers_to=receipt.support_email)


def compose_otp_mail(mail: ClaimedMail, *, sender: str, code: str) -> Letter:
    """The only place where a code is in clear: in memory, until the mail server has it."""
    about = _otp.decode(mail.context)
    wording = word_otp(about, mail.locale, code=code)
    return _letter(mail, wording, sender=sender, merchant=about.merchant_name, answers_to=about.support_email)


def compose_link_mail(mail: ClaimedMail, *, sender: str, pages: SessionPages) -> Letter:
    about = _link.decode(mail.context)
    wording = word_link(about, mail.locale, url=pages.link_url(about.slug, origin=about.checkout_url))
    return _letter(mail, wording, sender=sender, merchant=about.merchant_name, answers_to=about.support_email)


def compose_reminder(mail: ClaimedMail, *, sender: str, pages: SessionPages, unsubscribing: Unsubscribing) -> Letter:
    about = _link.decode(mail.context)
    stop = unsubscribing.url(mail.id)
    url = pages.link_url(about.slug, origin=about.checkout_url)
    wording = word_reminder(about, mail.locale, url=url, unsubscribe_url=stop)
    return _letter(
        mail,
        wording,
        sender=sender,
        merchant=about.merchant_name,
        answers_to=about.support_email,
        unsubscribe_url=stop,
    )


def compose_renewal(
    mail: ClaimedMail, kind: RenewalKind, *, sender: str, pages: SessionPages, unsubscribing: Unsubscribing
) -> Letter:
    about = _renewal.decode(mail.context)
    stop = unsubscribing.url(mail.id)
    url = pages.link_url(about.link.slug, origin=about.link.checkout_url)
    wording = word_renewal(about, kind, mail.locale, url=url, unsubscribe_url=stop)
    return _letter(
        mail,
        wording,
        sender=sender,
        merchant=about.merchant_name,
        answers_to=about.support_email,
        unsubscribe_url=stop,
    )


def compose_payment_failed(mail: ClaimedMail, *, sender: str, pages: SessionPages) -> Letter:
    about = _payment_failed.decode(mail.context)
    url = pages.link_url(about.link_slug, origin=about.checkout_url)
    wording = word_payment_failed(about, mail.locale, url=url)
    return _letter(mail, wording, sender=sender, merchant=about.merchant_name, answers_to=about.support_email)


def compose_webhook_disabled(mail: ClaimedMail, *, sender: str) -> Letter:
    """To the merchant, from us: nobody answers it."""
    wording = word_webhook_disabled(_webhook_disabled.decode(mail.context), mail.locale)
    return _letter(mail, wording, sender=sender, merchant="Paylinks", answers_to=None)


def _letter(
    mail: ClaimedMail,
    wording: Wording,
    *,
    sender: str,
    merchant: str,
    answers_to: str | None,
    unsubscribe_url: str | None = None,
) -> Letter:
    message = Message(
        message_id=mail.message_id,
        date=mail.created_at,
        from_name=one_line(merchant) or "Paylinks",
        from_address=sender,
        to_address=mail.to_address,
        reply_to=answers_to if answers_to and is_address(answers_to) else None,
        language=mail.locale,
        unsubscribe_url=unsubscribe_url,
        subject=wording.subject,
        text=wording.text,
        html=wording.html,
        boundary_seed=mail.id.hex,
    )
    return Letter(sender=sender, recipient=mail.to_address, content=compose(message))
