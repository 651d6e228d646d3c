"""Test cards of the hosted page: what becomes of each. The first and the last are Flutterwave's own, the rest ours."""

PIN, OTP = "3310", "12345"
DIGITS = range(13, 20)
OUTCOMES: dict[str, str | None] = {
    "5531886652142950": None,
    "5258585922666506": "Insufficient funds",
    "5143010522339965": "Transaction declined",
    "5438898014560229": "3DS",
}
"""By number: why it fails, None for those that are paid. A card that asks for 3-D Secure goes on without a PIN."""


def digits_of(text: str) -> str:
    return "".join(c for c in text if c in "0123456789")


def shown(number: str) -> dict[str, str]:
    """What a transaction tells of a card; the number itself is never kept."""
    return {
        "first_6digits": number[:6],
        "last_4digits": number[-4:],
        "type": "VISA" if number.startswith("4") else "MASTERCARD",
        "issuer": "MOCK BANK",
        "country": "NG",
        "expiry": "09/32",
    }
