"""Phone numbers of payers, by `phonenumbers`: only parsing and validity, whose data is loaded country by country."""

from typing import Final

import phonenumbers

from services.checkout.domain.operators import countries_for
from shared.kernel.faults import Invalid

_TEXT_CHARS_MAX: Final = 40


def payer_phone(text: str, *, currency: str, field: str = "phone") -> str:
    """E.164 (`+256772123456`). A number without a country code is read as one of the currency's first country.

    Raises:
        Invalid: not a number that exists in its country's numbering plan.
    """
    region = next(iter(countries_for(currency)), None)
    try:
        if len(text) > _TEXT_CHARS_MAX:
            raise Invalid(field, "is not a phone number")
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise Invalid(field, "is not a phone number; write it as +256772123456") from None
    if not phonenumbers.is_possible_number(number) or not phonenumbers.is_valid_number(number):
        raise Invalid(field, "is not a valid phone number; write it as +256772123456")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
