"""API users, their keys and tokens, and who is asking."""

import base64
import binascii
import hmac
import secrets
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from deploy.simulators.control.access import HttpRequest
from deploy.simulators.ledger.http import Refused, ledger_of
from deploy.simulators.ledger.store import LedgerStore
from deploy.simulators.mtn.wire import ENVIRONMENTS, Uuid4, refused

Product = Literal["collection", "disbursement"]
TOKEN_SECONDS = 3_600


class User(msgspec.Struct, frozen=True):
    id: str
    api_key: str
    callback_host: str


class Token(msgspec.Struct, frozen=True):
    user: str
    product: str
    ends_ms: int


def user_of(store: LedgerStore, user_id: str) -> User | None:
    return store.get(User, user_id)


def put_user(store: LedgerStore, user: User) -> None:
    store.put(user, key=user.id, account=user.id)


def require_subscription(request: HttpRequest, product: Product) -> None:
    """Raises: Refused: 401."""
    key: str = request.app.state.subscription_keys[product]
    if not hmac.compare_digest(request.headers.get("ocp-apim-subscription-key", "").encode(), key.encode()):
        raise Refused(401, {"statusCode": 401, "message": "Access denied due to invalid subscription key."})


def reference_id(request: HttpRequest) -> str:
    """Raises: Refused: 400, no UUID of version 4."""
    try:
        return msgspec.convert(request.headers.get("x-reference-id"), Uuid4)
    except msgspec.ValidationError:
        raise refused(400, "INVALID_REFERENCE_ID", "X-Reference-Id is not a UUID of version 4.") from None


def new_token(request: HttpRequest, product: Product) -> str:
    """By Basic authorization of an API user. Raises: Refused: 401."""
    require_subscription(request, product)
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    try:
        user_id, _, api_key = base64.b64decode(credential, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        user_id, api_key = "", ""
    ledger = ledger_of(request)
    user = user_of(ledger.store, user_id)
    if scheme.lower() != "basic" or user is None or not hmac.compare_digest(user.api_key.encode(), api_key.encode()):
        raise Refused(401, {"error": "login_failed"})
    token = secrets.token_urlsafe(32)
    ends_ms = ledger.now_ms() + TOKEN_SECONDS * 1_000
    ledger.store.put(Token(user.id, product, ends_ms), key=token, account=user.id)
    return token


def require_user(request: HttpRequest, product: Product) -> tuple[User, str]:
    """Who asks, and the currency of the environment that they name. Raises: Refused: 401, 500."""
    require_subscription(request, product)
    ledger = ledger_of(request)
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    token = ledger.store.get(Token, bearer)
    good = token is not None and token.product == product and token.ends_ms > ledger.now_ms()
    if scheme.lower() != "bearer" or token is None or not good or ledger.spend("expire_tokens"):
        raise Refused(401, {"statusCode": 401, "message": "Unauthorized. Access token is missing or invalid."})
    currency = ENVIRONMENTS.get(request.headers.get("x-target-environment", ""))
    user = user_of(ledger.store, token.user)
    if currency is None or user is None:
        raise refused(500, "NOT_ALLOWED_TARGET_ENVIRONMENT", "Access to target environment is forbidden.")
    return user, currency


def callback_url(request: HttpRequest, user: User) -> str | None:
    """Raises: Refused: 500, not https, or not of the user's host. http does on this machine only."""
    url = request.headers.get("x-callback-url")
    if url is None:
        return None
    parts = urlsplit(url)
    local = parts.hostname in {"127.0.0.1", "localhost"}
    if parts.hostname != user.callback_host or not (parts.scheme == "https" or (local and parts.scheme == "http")):
        raise refused(500, "INVALID_CALLBACK_URL_HOST", "Callback URL with different host than expected.")
    return url
