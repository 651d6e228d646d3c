"""The simulators of real providers that a local stack starts, one entry each: nothing else names them."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

SECRET_CHARS = 40

Secret = Callable[[str], str]
"""`secret("api-key")`: the same for as long as the data folder, and known to this stack alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulator:
    """`python -m deploy.simulators.<name>`, told its own by `PAYLINKS_<NAME>_SIM_…`.

    `keys` are what it is told besides its port, data, url and control key. `credentials` are those of the demo account
    that checkout is connected with, and `account` what `PUT /control/accounts` is told of it: of those credentials, by
    name, and of the URL that its callbacks go to. None where a callback's address comes with each payment.
    """

    name: str
    keys: Callable[[Secret], Mapping[str, str]]
    credentials: Callable[[Secret], Mapping[str, str]]
    account: Callable[[Secret, str], Mapping[str, Any]] | None = None
    currencies: tuple[str, ...] = field(default=())

    @property
    def module(self) -> str:
        return f"deploy.simulators.{self.name}"

    @property
    def url_variable(self) -> str:
        """By which checkout is told to speak to the simulator instead of the provider."""
        return f"PAYLINKS_{self.name.upper()}_URL"

    def secrets_of(self, root: str) -> Secret:
        def secret(purpose: str) -> str:
            return hmac.digest(root.encode(), f"{self.name}/{purpose}".encode(), hashlib.sha256).hex()[:SECRET_CHARS]

        return secret

    def environment(self, *, port: int, data: str, url: str, secret: Secret) -> dict[str, str]:
        told = {"PORT": str(port), "DATA": data, "URL": url, "CONTROL_KEY": secret("control"), **self.keys(secret)}
        return {f"PAYLINKS_{self.name.upper()}_SIM_{name}": value for name, value in told.items()}


def _mtn_user(secret: Secret) -> str:
    return str(UUID(secret("api-user")[:32]))


SIMULATORS: tuple[Simulator, ...] = (
    Simulator(
        name="stripe",
        keys=lambda secret: {"SECRET_KEY": f"sk_test_{secret('secret-key')}"},
        credentials=lambda secret: {
            "secret_key": f"sk_test_{secret('secret-key')}",
            "webhook_secret": f"whsec_{secret('webhook')}",
        },
        account=lambda given, url: {
            "secret_key": given("secret_key"),
            "webhook_url": url,
            "webhook_secrets": [given("webhook_secret")],
        },
        currencies=("USD", "EUR"),
    ),
    Simulator(
        name="wave",
        keys=lambda secret: {"API_KEY": f"wave_sn_test_{secret('api-key')}"},
        credentials=lambda secret: {
            "api_key": f"wave_sn_test_{secret('api-key')}",
            "webhook_secret": f"wave_sn_WHS_{secret('webhook')}",
        },
        account=lambda given, url: {
            "api_key": given("api_key"),
            "webhook_url": url,
            "webhook_secrets": [given("webhook_secret")],
        },
    ),
    Simulator(
        name="flutterwave",
        keys=lambda secret: {
            "SECRET_KEY": f"FLWSECK_TEST-{secret('secret-key')}",
            "SECRET_HASH": secret("secret-hash"),
        },
        credentials=lambda secret: {
            "secret_key": f"FLWSECK_TEST-{secret('secret-key')}",
            "secret_hash": secret("secret-hash"),
            "email": "buyers@paylinks.test",
        },
        account=lambda given, url: {
            "secret_key": given("secret_key"),
            "secret_hash": given("secret_hash"),
            "webhook_url": url,
        },
        currencies=("NGN", "RWF"),
    ),
    Simulator(
        name="mtn",
        keys=lambda secret: {
            "API_USER": _mtn_user(secret),
            "API_KEY": secret("api-key"),
            "SUBSCRIPTION_KEY": secret("subscription"),
            "DISBURSEMENT_KEY": secret("disbursement"),
        },
        credentials=lambda secret: {
            "api_user": _mtn_user(secret),
            "api_key": secret("api-key"),
            "subscription_key": secret("subscription"),
            "target_environment": "mtnuganda",
            "disbursement_subscription_key": secret("disbursement"),
        },
        currencies=("UGX",),
    ),
)
"""What each of them is connected for is told apart by currency, so that every one has something to take."""
