"""How often one e-mail address or phone number may be used to begin or pay: against prompt bombing and guessing."""

from typing import Final

from shared.runtime.edge import LOOPBACK, LOOPBACK_TEST_PER_SECOND
from shared.runtime.limits import Limiter


class LimitAddresses:
    def __init__(self, per_minute: int, *, test_mode: bool) -> None:
        self._strict: Final = Limiter("address", per_second=per_minute / 60, burst=per_minute)
        self._loose: Final = Limiter("address", per_second=LOOPBACK_TEST_PER_SECOND, burst=2 * LOOPBACK_TEST_PER_SECOND)
        self._test_mode = test_mode

    def __call__(self, *addresses: str | None, client_ip: str) -> None:
        """Raises: RateLimited. Scripts on the machine of a test-mode stack are not held up."""
        limiter = self._loose if self._test_mode and client_ip in LOOPBACK else self._strict
        for address in addresses:
            if address:
                limiter.spend(address.strip().lower())
