"""What a buyer reads of a payment that kept them waiting."""

from datetime import timedelta
from typing import get_args

import msgspec
import pytest

from services.notify.domain.payment_failed import PaymentFailed, payment_failed_of
from services.notify.domain.receipt import receipt_of
from services.notify.domain.waiting import waited
from services.notify.mailers.payment_failed import word_payment_failed
from services.notify.mailers.receipt import word_receipt
from shared.contracts.checkout import FailureReason
from shared.web.catalogs import read_messages
from shared.web.locales import LOCALES
from tests.support.mails import PAID_AT, failed, paid

URL = "https://pay.example/checkout/invoice-123"
LONG = timedelta(minutes=5)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("reason", get_args(FailureReason))
def test_every_reason_has_its_words_and_the_link_in_every_language(reason: FailureReason, locale: str) -> None:
    charge = failed(reason=reason)
    assert charge.buyer is not None
    wording = word_payment_failed(payment_failed_of(charge, charge.buyer, pending_since=PAID_AT), locale, url=URL)
    heading = read_messages(locale)[f"failure_{reason}_heading"]
    for body in (wording.text, wording.html.replace("&#39;", "'")):
        assert heading in body
        assert URL in body
        assert "{" not in body.split("</style>")[-1]
    assert "Kampala Coffee" in wording.subject


def test_it_survives_the_ledger() -> None:
    charge = failed()
    assert charge.buyer is not None
    about = payment_failed_of(charge, charge.buyer, pending_since=PAID_AT)
    assert msgspec.json.decode(msgspec.json.encode(about), type=PaymentFailed) == about


def test_a_receipt_says_that_all_is_well_to_who_has_waited_only() -> None:
    at_once = word_receipt(receipt_of(paid(pending_since=PAID_AT)), "en", url=URL).text
    late = word_receipt(receipt_of(paid(pending_since=PAID_AT - LONG)), "en", url=URL).text
    assert "took a while" in late
    assert "took a while" not in at_once
    assert (
        "took a while"
        not in word_receipt(receipt_of(paid(pending_since=PAID_AT - LONG, late=True)), "en", url=URL).text
    )


def test_two_minutes_are_not_long() -> None:
    assert not waited(None, PAID_AT)
    assert not waited(PAID_AT - timedelta(minutes=2), PAID_AT)
    assert waited(PAID_AT - timedelta(minutes=2, seconds=1), PAID_AT)
