import secrets
from pathlib import Path

import msgspec

from deploy.local.faults import CannotStartError
from deploy.local.files import replace_file

BYTES = 32


class LocalSecrets(msgspec.Struct, frozen=True, kw_only=True):
    """What this stack alone knows. Made once, because data was sealed and accounts were opened with it."""

    secret_key: str
    postgres_password: str
    sandbox_platform_key: str
    sandbox_control_key: str


def load_or_make_secrets(path: Path) -> LocalSecrets:
    """The secrets kept at `path`, which only its owner can read; made when there are none yet.

    Raises:
        CannotStartError: the file is there and does not hold them.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=LocalSecrets)
    except FileNotFoundError:
        pass
    except (msgspec.DecodeError, OSError) as error:
        raise CannotStartError(
            f"The secrets in '{path}' cannot be read ({error}): bring back the file as it was, "
            f"or move '{path.parent}' away to start anew without its data."
        ) from error
    made = LocalSecrets(
        secret_key=secrets.token_urlsafe(BYTES),
        postgres_password=secrets.token_urlsafe(BYTES),
        sandbox_platform_key=f"pf_sandbox_{secrets.token_urlsafe(BYTES)}",
        sandbox_control_key=f"ctl_sandbox_{secrets.token_urlsafe(BYTES)}",
    )
    replace_file(path, msgspec.json.encode(made))
    return made
