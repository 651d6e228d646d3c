from typing import Final

from services.links.domain import pace
from services.links.domain.pace import Limits
from shared.runtime.settings import ServiceSettings

TEST_MODE_PER_KEY_PER_SECOND: Final = 2_000
"""One key of a test-mode stack may do this much, so that scripts and load tests are not held up."""


class Settings(ServiceSettings, frozen=True, kw_only=True):
    """Limits of codes by mail: read from `PAYLINKS_OTP_RESEND_SECONDS` and so on; a resend of 0 seconds is no limit.

    `gated_jwt_*` say whose tokens the clients of the `gated` dialect come with; see docs/dialects/gated.md.
    """

    otp_resend_seconds: int = pace.RESEND_SECONDS
    otp_per_link_per_hour: int = pace.PER_LINK_PER_HOUR
    otp_per_address_per_hour: int = pace.PER_ADDRESS_PER_HOUR
    otp_per_ip_per_hour: int = pace.PER_IP_PER_HOUR
    otp_per_organization_per_hour: int = pace.PER_ORGANIZATION_PER_HOUR
    otp_guesses_per_ip_per_hour: int = pace.GUESSES_PER_IP_PER_HOUR

    gated_jwt_secret: str = ""
    gated_jwt_jwks_url: str = ""
    gated_jwt_jwks: str = ""
    gated_jwt_audience: str = "paylinks"
    gated_jwt_issuer: str = ""
    gated_jwt_algorithms: str = ""

    def per_key_per_second(self) -> int:
        floor = TEST_MODE_PER_KEY_PER_SECOND if self.test_mode else 0
        return max(self.rate_per_key_per_second, floor)

    def otp_limits(self) -> Limits:
        return Limits(
            resend_seconds=self.otp_resend_seconds,
            per_link_per_hour=self.otp_per_link_per_hour,
            per_address_per_hour=self.otp_per_address_per_hour,
            per_ip_per_hour=self.otp_per_ip_per_hour,
            per_organization_per_hour=self.otp_per_organization_per_hour,
            guesses_per_ip_per_hour=self.otp_guesses_per_ip_per_hour,
        )
