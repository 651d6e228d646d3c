"""What every simulator with a ledger is told by its environment."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from deploy.simulators.process.environment import integer, key, required

APPROVE_AFTER_MS_DEFAULT = 1_000
APPROVE_AFTER_MS_MAX = 3_600_000


class Common(msgspec.Struct, frozen=True, kw_only=True):
    """`url` is its own origin."""

    host: str
    port: int
    data: Path
    url: str
    control_key: str
    approve_after_ms: int


def load_common(environ: Mapping[str, str], prefix: str) -> Common:
    """Raises: SettingsError: a variable is missing or unusable."""
    port = integer(environ, f"{prefix}_PORT", maximum=65_535)
    host = environ.get(f"{prefix}_HOST", "127.0.0.1")
    return Common(
        host=host,
        port=port,
        data=Path(required(environ, f"{prefix}_DATA")),
        url=environ.get(f"{prefix}_URL", f"http://{host}:{port}").rstrip("/"),
        control_key=key(environ, f"{prefix}_CONTROL_KEY"),
        approve_after_ms=integer(
            environ, f"{prefix}_APPROVE_AFTER_MS", maximum=APPROVE_AFTER_MS_MAX, default=APPROVE_AFTER_MS_DEFAULT
        ),
    )
