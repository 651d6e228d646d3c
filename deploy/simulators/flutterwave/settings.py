"""What Flutterwave's simulator is told by its environment."""

import os
from collections.abc import Mapping

import msgspec

from deploy.simulators.flutterwave.wire import AccountRequest
from deploy.simulators.ledger.settings import Common, load_common
from deploy.simulators.process.environment import SettingsError, key

PREFIX = "PAYLINKS_FLUTTERWAVE_SIM"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """`account` is there from the start; the control API opens more."""

    common: Common
    account: AccountRequest


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Raises: SettingsError: a variable is missing or unusable."""
    common = load_common(environ, PREFIX)
    told = {
        "secret_key": key(environ, f"{PREFIX}_SECRET_KEY"),
        "secret_hash": key(environ, f"{PREFIX}_SECRET_HASH"),
        "webhook_url": environ.get(f"{PREFIX}_WEBHOOK_URL") or None,
    }
    try:
        return Settings(common=common, account=msgspec.convert(told, AccountRequest))
    except msgspec.ValidationError as error:
        raise SettingsError(f"The account of {PREFIX}_… is not one: {error}.") from error
