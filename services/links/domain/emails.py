"""E-mail addresses that a merchant names."""

import re
from typing import Final

from shared.kernel.faults import Invalid

EMAIL_CHARS_MAX: Final = 254
_EMAIL: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
"""What HTML's e-mail field accepts (https://html.spec.whatwg.org/#valid-e-mail-address), with a dot in the domain."""


def check_email(field: str, address: str) -> None:
    """Raises: Invalid: it is no address that a mail could be sent to."""
    if len(address) > EMAIL_CHARS_MAX or not _EMAIL.fullmatch(address):
        raise Invalid(field, "is not an e-mail address")
