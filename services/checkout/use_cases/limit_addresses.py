"""How often one e-mail address or phone number may be used to begin or pay: against prompt bombing and guessing."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from services.checkout.domain.faults import CouponRefused
from shared.runtime.edge import LOOPBACK, LOOPBACK_TEST_PER_SECOND
from shared.runtime.limits import Limiter


class LimitAddresses:
    def __init__(self, per_minute: int, *, test_mode: bool) -> None:
        self._strict: Final = Limiter("address", per_second=per_minute / 60, burst=per_minute)
        self._loose: Final = Limiter("address", per_second=LOOPBACK_TEST_PER_SECOND, burst=2 * LOOPBACK_TEST_PER_SECOND)
        self._test_mode = test_mode

    def __call__(self, *addresses: str | None, client_ip: str) -> None:
        """Raises: RateLimited. Scripts on the machine of a test-mode stack are not held up."""
        limiter = self._limiter(client_ip)
        for address in addresses:
            if address:
                limiter.spend(address.strip().lower())

    @contextmanager
    def guessing(self, coupon_code: str | None, *, client_ip: str) -> Generator[None]:
        """Around whatever tells whether a code is good. Codes that take nothing off count for where they come from.

        Raises:
            RateLimited: too many did, and this one is not looked at.
        """
        limiter, guesses = self._limiter(client_ip), f"coupon {client_ip}"
        if coupon_code is not None:
            # Taken first: of many at once, none is looked at for nothing.
            limiter.spend(guesses)
        wrong = False
        try:
            yield
        except CouponRefused:
            wrong = True
            raise
        finally:
            if coupon_code is not None and not wrong:
                limiter.spend(guesses, -1)

    def _limiter(self, client_ip: str) -> Limiter:
        return self._loose if self._test_mode and client_ip in LOOPBACK else self._strict
