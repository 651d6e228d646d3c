"""Access tokens of MTN: one for each user and product, kept until shortly before it ends, asked for once at a time."""

import asyncio
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Final, Literal

import msgspec
from msgspec import Struct

from services.checkout.providers.http import HttpClient, NoAnswer, NotConnected
from services.checkout.providers.mtn.wire import TokenAnswer

Product = Literal["collection", "disbursement"]

SPARED_SECONDS: Final = 60.0
"""A token that ends this soon is not used any more: a request with it may arrive too late."""
KEPT_MAX: Final = 1_000
_OK: Final = 200
_REFUSED: Final = frozenset({400, 401, 403})
_token: Final = msgspec.json.Decoder(TokenAnswer)


class Keys(Struct, frozen=True):
    """Of one account for one product."""

    api_user: str
    api_key: str
    subscription_key: str

    def __repr__(self) -> str:
        return f"Keys({self.api_user})"


class TokenRefused(Exception):  # noqa: N818 - says what happened
    """The keys are not valid."""


class NoToken(Exception):  # noqa: N818 - says what happened
    """There was no usable answer; nothing else has been sent."""


class _Kept(Struct):
    token: str
    ends: float


class Tokens:
    def __init__(self, http: HttpClient, *, monotonic: Callable[[], float]) -> None:
        self._http = http
        self._monotonic = monotonic
        self._kept: dict[str, _Kept] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    async def get(self, product: Product, keys: Keys, *, instead_of: str | None = None) -> str:
        """A token that should be good; never `instead_of`, which was refused.

        Raises:
            TokenRefused, NoToken.
        """
        # The keys are part of the name: after they were changed, an old token is not found any more.
        name = sha256(f"{product} {keys.api_user} {keys.api_key} {keys.subscription_key}".encode()).hexdigest()
        async with self._asking.setdefault(name, asyncio.Lock()):
            kept = self._kept.get(name)
            if kept and kept.token != instead_of and kept.ends - SPARED_SECONDS > self._monotonic():
                return kept.token
            fresh = await self._ask(product, keys)
            if len(self._kept) >= KEPT_MAX:
                self._kept.clear()
                self._asking = {name: self._asking[name]}
            self._kept[name] = _Kept(fresh.access_token, self._monotonic() + fresh.expires_in)
            return fresh.access_token

    async def _ask(self, product: Product, keys: Keys) -> TokenAnswer:
        basic = b64encode(f"{keys.api_user}:{keys.api_key}".encode()).decode()
        headers = {"authorization": f"Basic {basic}", "ocp-apim-subscription-key": keys.subscription_key}
        try:
            answer = await self._http.send("POST", f"/{product}/token/", headers=headers)
            if answer.status == _OK:
                return _token.decode(answer.body)
        except (NotConnected, NoAnswer, msgspec.MsgspecError) as error:
            raise NoToken(repr(error)) from error
        if answer.status in _REFUSED:
            raise TokenRefused
        raise NoToken(f"answered {answer.status}")
