"""Every magic phone number, card token and test card, and what it makes happen."""

import re
from typing import Literal

import msgspec

from deploy.simulators.pages.cards import Brand
from deploy.simulators.sandbox.records import CallbackStyle, Card, FailureCode

Course = Literal["succeed", "fail", "stay_pending", "late_success", "authenticate"]
CreateFault = Literal["answer_500", "hang"]


class Outcome(msgspec.Struct, frozen=True):
    course: Course
    failure_code: FailureCode | None = None
    callbacks: CallbackStyle = "normal"
    create_fault: CreateFault | None = None
    at_once: bool = False


APPROVED = Outcome("succeed")
_MAGIC_PHONE = re.compile(r"0000(\d\d)\Z")
_MAGIC_AMOUNT = re.compile(r"9900(\d\d)")
PHONES: dict[str, Outcome] = {
    "01": Outcome("fail", "insufficient_funds"),
    "02": Outcome("fail", "rejected_by_payer"),
    "03": Outcome("fail", "expired"),
    "04": Outcome("stay_pending"),
    "05": Outcome("late_success", "expired"),
    "06": Outcome("succeed", callbacks="lost"),
    "07": Outcome("succeed", callbacks="duplicate_reordered"),
    "08": Outcome("succeed", create_fault="answer_500"),
    "09": Outcome("succeed", create_fault="hang"),
    "10": Outcome("succeed", callbacks="wrong_amount"),
    "11": Outcome("fail", "payer_not_found", at_once=True),
}


def phone_outcome(phone: str) -> Outcome:
    magic = _MAGIC_PHONE.search(phone)
    return PHONES.get(magic.group(1), APPROVED) if magic else APPROVED


def amount_outcome(amount: int) -> Outcome:
    """USSD codes and bank transfers name nobody: their magic is in the amount."""
    magic = _MAGIC_AMOUNT.fullmatch(str(amount))
    return PHONES.get(magic.group(1), APPROVED) if magic else APPROVED


class TestCard(msgspec.Struct, frozen=True):
    """`token` is the reusable literal; `number` makes single-use tokens with the same outcome."""

    __test__ = False  # pytest would take the name for a test class

    token: str
    number: str
    brand: Brand
    outcome: Outcome

    @property
    def card(self) -> Card:
        return Card(brand=self.brand, last4=self.number[-4:])


_PAID = Outcome("succeed", at_once=True)
TEST_CARDS: tuple[TestCard, ...] = (
    TestCard("tok_visa", "4242424242424242", "visa", _PAID),
    TestCard("tok_mastercard", "5555555555554444", "mastercard", _PAID),
    TestCard("tok_verve", "5060990580000217499", "verve", _PAID),
    TestCard("tok_amex", "378282246310005", "amex", _PAID),
    TestCard("tok_declined", "4000000000000002", "visa", Outcome("fail", "declined", at_once=True)),
    TestCard("tok_insufficient_funds", "4000000000009995", "visa", Outcome("fail", "insufficient_funds", at_once=True)),
    TestCard("tok_3ds", "4000000000003220", "visa", Outcome("authenticate")),
    TestCard("tok_pending", "4000000000001018", "visa", Outcome("stay_pending")),
    TestCard("tok_late_success", "4000000000001026", "visa", Outcome("late_success", "expired")),
    TestCard("tok_callback_lost", "4000000000001034", "visa", Outcome("succeed", callbacks="lost", at_once=True)),
    TestCard(
        "tok_callback_duplicate", "4000000000001042", "visa", Outcome("succeed", callbacks="duplicate", at_once=True)
    ),
    TestCard(
        "tok_callback_reordered", "4000000000001059", "visa", Outcome("succeed", callbacks="reordered", at_once=True)
    ),
)
CARDS_BY_TOKEN = {card.token: card for card in TEST_CARDS}
CARDS_BY_NUMBER = {card.number: card for card in TEST_CARDS}
