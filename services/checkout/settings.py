"""What checkout is told by its environment."""

from shared.runtime.settings import ServiceSettings


class Settings(ServiceSettings, frozen=True, kw_only=True):
    """`sandbox_url` is the origin of the sandbox provider: its API and its card field."""

    sandbox_url: str
    sandbox_platform_key: str
    provider_timeout_seconds: float = 10.0
