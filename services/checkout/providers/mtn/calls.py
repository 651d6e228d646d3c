"""One call of MTN's API with a token of the account, which is renewed once where MTN does not know it any more."""

import time
from collections.abc import Callable
from typing import Final

import msgspec

from services.checkout.providers.http import Answer, HttpClient
from services.checkout.providers.mtn.tokens import Keys, Product, Tokens
from services.checkout.providers.mtn.wire import Problem
from services.checkout.providers.port import Account

_UNAUTHORIZED: Final = 401
_problem: Final = msgspec.json.Decoder(Problem)


class Calls:
    def __init__(self, http: HttpClient, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._http = http
        self._tokens = Tokens(http, monotonic=monotonic)

    async def send(
        self,
        account: Account,
        product: Product,
        *,
        path: str,
        request_id: str | None = None,
        callback_url: str | None = None,
        body: bytes = b"",
    ) -> Answer:
        """`request_id` and a body make it a POST, which may safely be sent again.

        Raises:
            KeyError: the account has no key for this product.
            TokenRefused, NoToken: nothing was sent.
            NotConnected, NoAnswer.
        """
        keys = keys_of(account, product)
        token = await self._tokens.get(product, keys)
        headers = {
            "ocp-apim-subscription-key": keys.subscription_key,
            "x-target-environment": account.credentials["target_environment"],
        }
        if request_id is not None:
            headers |= {"x-reference-id": request_id, "content-type": "application/json"}
        if callback_url is not None:
            headers["x-callback-url"] = callback_url
        method = "POST" if request_id else "GET"
        for renewed in (False, True):
            answer = await self._http.send(
                method, f"/{product}{path}", headers=headers | {"authorization": f"Bearer {token}"}, body=body
            )
            if answer.status != _UNAUTHORIZED or renewed:
                return answer
            token = await self._tokens.get(product, keys, instead_of=token)
        raise AssertionError("unreachable")


def keys_of(account: Account, product: Product) -> Keys:
    """Raises: KeyError: the account has none for this product."""
    credentials = account.credentials
    name = "subscription_key" if product == "collection" else "disbursement_subscription_key"
    return Keys(credentials["api_user"], credentials["api_key"], credentials[name])


def code_of(answer: Answer) -> str:
    """MTN's own code of an error, or empty."""
    try:
        return _problem.decode(answer.body).code[:64].upper()
    except msgspec.MsgspecError:
        return ""
