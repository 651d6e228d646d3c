"""What MTN's simulator is told by its environment."""

import os
from collections.abc import Mapping

import msgspec

from deploy.simulators.ledger.settings import Common, load_common
from deploy.simulators.mtn.access import User
from deploy.simulators.process.environment import key, required

PREFIX = "PAYLINKS_MTN_SIM"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """`user` is there from the start; `subscription_keys` by product."""

    common: Common
    user: User
    subscription_keys: dict[str, str]


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Raises: SettingsError: a variable is missing or unusable."""
    return Settings(
        common=load_common(environ, PREFIX),
        user=User(
            required(environ, f"{PREFIX}_API_USER"),
            key(environ, f"{PREFIX}_API_KEY"),
            environ.get(f"{PREFIX}_CALLBACK_HOST", "127.0.0.1"),
        ),
        subscription_keys={
            "collection": key(environ, f"{PREFIX}_SUBSCRIPTION_KEY"),
            "disbursement": key(environ, f"{PREFIX}_DISBURSEMENT_KEY"),
        },
    )
