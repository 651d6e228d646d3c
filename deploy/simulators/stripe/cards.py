"""Stripe's own test cards. https://docs.stripe.com/testing."""

import msgspec

from deploy.simulators.stripe.records import Failure

_DECLINED = "Your card was declined."


class TestCard(msgspec.Struct, frozen=True):
    """`refunds_wait`: how a refund of it ends, some moments after it was asked for."""

    __test__ = False  # pytest would take the name for a test class

    brand: str
    failure: Failure | None = None
    three_ds: bool = False
    refunds_wait: str | None = None


TEST_CARDS: dict[str, TestCard] = {
    "4242424242424242": TestCard("visa"),
    "4000056655665556": TestCard("visa"),
    "5555555555554444": TestCard("mastercard"),
    "2223003122003222": TestCard("mastercard"),
    "378282246310005": TestCard("amex"),
    "4000000000000002": TestCard("visa", Failure("card_declined", "generic_decline", _DECLINED)),
    "4000000000009995": TestCard(
        "visa", Failure("card_declined", "insufficient_funds", "Your card has insufficient funds.")
    ),
    "4000000000009987": TestCard("visa", Failure("card_declined", "lost_card", _DECLINED)),
    "4000000000000069": TestCard("visa", Failure("expired_card", None, "Your card has expired.")),
    "4000000000000127": TestCard("visa", Failure("incorrect_cvc", None, "Your card's security code is incorrect.")),
    "4000000000000119": TestCard(
        "visa", Failure("processing_error", None, "An error occurred while processing your card. Try again.")
    ),
    "4000000000003220": TestCard("visa", three_ds=True),
    "4000000000007726": TestCard("visa", refunds_wait="succeeded"),
    "4000000000005126": TestCard("visa", refunds_wait="failed"),
}
AUTHENTICATION_FAILED = Failure(
    "payment_intent_authentication_failure", None, "We are unable to authenticate your payment method."
)
