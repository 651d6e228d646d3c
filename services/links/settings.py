from typing import Final

from shared.runtime.settings import ServiceSettings

TEST_MODE_PER_KEY_PER_SECOND: Final = 2_000
"""One key of a test-mode stack may do this much, so that scripts and load tests are not held up."""


class Settings(ServiceSettings, frozen=True, kw_only=True):
    def per_key_per_second(self) -> int:
        floor = TEST_MODE_PER_KEY_PER_SECOND if self.test_mode else 0
        return max(self.rate_per_key_per_second, floor)
