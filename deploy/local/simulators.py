"""The simulators of real providers that a local stack starts, one entry each: nothing else names them."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

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


SIMULATORS: tuple[Simulator, ...] = ()
