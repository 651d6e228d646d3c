"""From a row of the ledger to the bytes that the mail server gets."""

import msgspec

from services.notify.domain.receipt import Receipt
from services.notify.mailers.message import Message, compose, is_address, one_line
from services.notify.mailers.port import Letter
from services.notify.mailers.receipt import word_receipt
from services.notify.store.mail import ClaimedMail
from shared.runtime.session_pages import SessionPages

_receipt = msgspec.json.Decoder(Receipt)


def compose_mail(mail: ClaimedMail, *, sender: str, pages: SessionPages) -> Letter:
    """`sender` is the address all mails come from; the name beside it is the merchant's, who also gets the answers.

    `pages` makes the receipt's address: the token in it is stored nowhere.

    Nothing that a buyer typed is in it but the address: a stranger's address with a text of one's choice would make
    a fine tool for spam.
    """
    receipt = _receipt.decode(mail.context)
    wording = word_receipt(receipt, mail.locale, url=pages.url(receipt.session_id))
    reply_to = receipt.support_email if receipt.support_email and is_address(receipt.support_email) else None
    message = Message(
        message_id=mail.message_id,
        date=mail.created_at,
        from_name=one_line(receipt.merchant_name) or "Paylinks",
        from_address=sender,
        to_address=mail.to_address,
        reply_to=reply_to,
        language=mail.locale,
        subject=wording.subject,
        text=wording.text,
        html=wording.html,
        boundary_seed=mail.id.hex,
    )
    return Letter(sender=sender, recipient=mail.to_address, content=compose(message))
